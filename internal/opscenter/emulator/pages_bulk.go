package emulator

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// deed is what can be done with several OpsItems at once. All of them ask first.
type deed struct {
	Action, Verb, Past string   // "resolve", "Resolve", "resolved"
	Meaning            []string // what to know before
	Danger             bool
	did                func(Item) bool // whether there is nothing left to do
	do                 func(ctx context.Context, e *Emulator, id string) error
}

var deeds = []deed{
	{
		Action: "resolve", Verb: "Resolve", Past: "resolved",
		Meaning: []string{
			"Their status becomes Resolved, as a change of yours. Whoever follows these OpsItems, people or programs, hears of it at once and may take the work as done and tell others so.",
			"An OpsItem can be opened again later. That does not take back what was told.",
		},
		did: func(it Item) bool { return it.Status == StatusResolved && !it.Deleting },
		do: func(ctx context.Context, e *Emulator, id string) error {
			return e.Edit(ctx, id, Edit{Status: StatusResolved})
		},
	},
	{
		Action: "delete", Verb: "Delete", Past: "deleted", Danger: true,
		Meaning: []string{"This cannot be undone. Whoever follows these OpsItems hears nothing of it: AWS sends no event when one is deleted."},
		did:     func(it Item) bool { return it.Deleting },
		do:      func(ctx context.Context, e *Emulator, id string) error { return e.Delete(ctx, id) },
	},
}

func deedOf(action string) (deed, bool) {
	i := slices.IndexFunc(deeds, func(d deed) bool { return d.Action == action })
	if i < 0 {
		return deed{}, false
	}
	return deeds[i], true
}

// Why an OpsItem was left as it is. They travel in addresses; leftText words them.
const (
	leftDone     = "done" // somebody did it before
	leftGone     = "gone"
	leftDeleting = "deleting"
	leftFailed   = "failed" // for all else; the log says more
)

// left is an OpsItem that a deed left as it is.
type left struct{ ID, Why string }

type confirmPage struct {
	deed

	Items []Item   // to be changed
	Left  leftOver // not to be changed, though they were selected
	Back  string   // where to go when it is done
	Keep  string   // where to go instead
}

// bulk does something with the items that were ticked: it asks, does what can be done, and says what could not.
func (c *console) bulk(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	d, ok := deedOf(r.PostForm.Get("action"))
	if !ok {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	var ids []string
	for _, id := range r.PostForm["id"] {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		if len(ids) > defaultMaxResults { // what a page lists
			c.problem(w, errRule("At most %d OpsItems can be selected at once.", defaultMaxResults))
			return
		}
	}
	back := c.safeBack(r.PostForm.Get("back"))
	if len(ids) == 0 {
		http.Redirect(w, r, withNotice(back, "none", 0, nil), http.StatusSeeOther)
		return
	}
	todo, rest := c.plan(r.Context(), d, ids)
	if r.PostForm.Get("sure") != "yes" && len(todo) > 0 {
		p := confirmPage{deed: d, Items: todo, Left: c.leftOver(r.Context(), d, rest), Back: back, Keep: c.ticked(back, ids)}
		c.show(w, http.StatusOK, "confirm", d.Verb+" "+counted(len(todo))+"?", notice{}, p)
		return
	}
	n := 0
	for _, it := range todo {
		err := d.do(r.Context(), c.e, it.ID)
		if err == nil {
			n++
			continue
		}
		why := whyLeft(err)
		if why == leftFailed {
			c.e.cfg.Log.ErrorContext(r.Context(), "change an OpsItem in the console", "action", d.Action, "ops_item", it.ID, "error", err)
		}
		rest = append(rest, left{it.ID, why})
	}
	http.Redirect(w, r, withNotice(back, d.Action, n, rest), http.StatusSeeOther)
}

// plan parts what a deed is to change from what it leaves as it is.
func (c *console) plan(ctx context.Context, d deed, ids []string) (todo []Item, rest []left) {
	for _, id := range ids {
		it, err := c.e.Item(ctx, id)
		switch {
		case err != nil:
			rest = append(rest, left{id, whyLeft(err)})
		case d.did(it):
			rest = append(rest, left{id, leftDone})
		case it.Deleting:
			rest = append(rest, left{id, leftDeleting})
		default:
			todo = append(todo, it)
		}
	}
	return todo, rest
}

// leftOver is what a page says of OpsItems that a deed left as they are.
type leftOver struct {
	Title string
	Items []leftItem
}

type leftItem struct{ ID, Title, Why string }

func (c *console) leftOver(ctx context.Context, d deed, rest []left) leftOver {
	out := leftOver{Title: counted(len(rest)) + " not " + d.Past + ":"}
	for _, l := range rest {
		shown := leftItem{ID: l.ID, Why: leftText(d, l.Why)}
		if it, err := c.e.Item(ctx, l.ID); err == nil {
			shown.Title = it.Title
		}
		out.Items = append(out.Items, shown)
	}
	return out
}

func leftText(d deed, why string) string {
	switch why {
	case leftDone:
		return fmt.Sprintf("It was %s before.", d.Past)
	case leftGone:
		return "It is not there any more."
	case leftDeleting:
		return "It is being deleted and can no longer be changed."
	}
	return "Something went wrong here; the log says what."
}
