package emulator

import (
	"net/http"
)

type itemPage struct {
	Item
	Statuses, Severities, Categories, Priorities []choice

	Linked       []Item // related OpsItems; those that are gone have an id only
	Associations []Association
	SameTitle    []Item
	SameResource []Item
	History      []Change
	Trouble      string
}

func (c *console) item(w http.ResponseWriter, r *http.Request) {
	c.showItem(w, r, http.StatusOK, "")
}

func (c *console) showItem(w http.ResponseWriter, r *http.Request, status int, trouble string) {
	ctx := r.Context()
	it, err := c.e.Item(ctx, r.PathValue("id"))
	if err != nil {
		c.problem(w, err)
		return
	}
	p := itemPage{
		Item: it, Statuses: choose(statusChoices[1:4], it.Status),
		Severities:   unlessSet(severities, it.Severity),
		Categories:   unlessSet(categoryChoices(), it.Category),
		Priorities:   unlessSet(priorities, digits(it.Priority)),
		Associations: c.e.Associations(ctx, it.ID), History: c.e.History(ctx, it.ID), Trouble: trouble,
	}
	for _, id := range it.Related {
		other, err := c.e.Item(ctx, id)
		if err != nil {
			other = Item{ID: id}
		}
		p.Linked = append(p.Linked, other)
	}
	p.SameTitle, p.SameResource = c.e.Similar(ctx, it)
	c.show(w, status, "item", it.Title, doneText(r.URL.Query()), p)
}

// unlessSet is choose for what can be set but, as in AWS, not taken back.
func unlessSet(list []choice, value string) []choice {
	if value == "" {
		return orNone("Not set", list, value)
	}
	return choose(list, value)
}
