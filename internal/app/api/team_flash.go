package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/web"
)

// A page that something was done on says so when it is drawn next. What was done travels in the address as ids, never as
// words: whoever makes up such an address can have the page say nothing but what is true of the things named.
const (
	flashDid  = "did"  // what was done
	flashOn   = "on"   // the Improvement it was done to
	flashItem = "with" // the pieces of Feedback, or the Improvements, it was done with
)

var flashNames = []string{flashDid, flashOn, flashItem}

// comeBack sends the reader to where the form came from, else to otherwise, and says there what was done.
func comeBack(form url.Values, otherwise, did string, on id.Improvement, with ...string) (answer, error) {
	to := web.OwnPath(form.Get("return"))
	if to == "" {
		to = otherwise
	}
	u, err := url.Parse(to)
	if err != nil {
		return answer{}, fault.Wrap(fault.Invalid, "invalid_return", "The form says a strange place to go back to.", err)
	}
	q := u.Query()
	for _, name := range flashNames {
		q.Del(name)
	}
	q.Set(flashDid, did)
	if on != "" {
		q.Set(flashOn, string(on))
	}
	if len(with) > 0 {
		q[flashItem] = with[:min(len(with), improvement.MaxProposal)]
	}
	return goTo(withQuery(u.EscapedPath(), q))
}

var decided = map[improvement.Verb]string{
	improvement.Accept: "accepted", improvement.Plan: "planned", improvement.Start: "started", improvement.Ship: "shipped",
	improvement.Reject: "declined", improvement.Reopen: "reopened",
}

// plainWords are what needs no names.
var plainWords = map[string]string{
	"saved": "Saved.", "dropped": "Dropped. The log keeps who did it.", "replayed": "Taken in: it is counted and comes to the queue.",
	"ignored": "Understood this time: it says nothing that would need keeping.",
}

// flash tells what was just done about a product (none: across products).
func (a *API) flash(r *http.Request, p product.Product) []web.Notice {
	q := r.URL.Query()
	did := q.Get(flashDid)
	if words, ok := plainWords[did]; ok {
		return []web.Notice{{Tone: web.ToneGood, Text: words}}
	}
	im, err := a.ofProduct(r, p, q.Get(flashOn))
	if err != nil {
		return nil
	}
	title := "“" + feedback.Cut(im.Title, 80) + "”"
	with := q[flashItem][:min(len(q[flashItem]), improvement.MaxProposal)]
	back := func(label, path string) *web.Post {
		post := &web.Post{Label: label, Path: web.Path("team", p.Slug, path), Fields: []web.Field{
			{Name: "improvement", Value: string(im.ID)}, {Name: "return", Value: samePage(r, q.Get("cursor"))},
		}}
		for _, fid := range with {
			post.Fields = append(post.Fields, web.Field{Name: "item", Value: fid})
		}
		return post
	}
	pieces := count(len(with), "piece of feedback", "pieces of feedback")
	n := web.Notice{Tone: web.ToneGood}
	switch did {
	case didStandDown:
		if im.AndonUp() || im.Andon.Stood.IsZero() {
			return nil
		}
		n.Text = stoodDown(im)
	case "attached":
		n.Text, n.Undo = title+" has "+pieces+" more as evidence.", back("Undo", "detach")
	case "detached":
		n.Text, n.Undo = title+" has "+pieces+" less as evidence.", back("Undo", "attach")
	case "promoted":
		n.Text, n.Undo = title+" is made of "+pieces+" and waits for a decision.", back("Undo", "detach")
	default:
		words := ""
		for verb, past := range decided {
			if did == string(verb) {
				words = past
			}
		}
		switch {
		case words == "":
			return nil
		case len(with) > 1:
			n.Text = count(len(with), "Improvement is ", "Improvements are ") + words + ", " + title + " among them."
		default:
			n.Text = title + " is " + words + "."
		}
	}
	return []web.Notice{n}
}

// ofProduct gives an Improvement of a product; that of another product is NotFound.
func (a *API) ofProduct(r *http.Request, p product.Product, s string) (improvement.Improvement, error) {
	iid, err := id.ParseImprovement(s)
	if err != nil {
		return improvement.Improvement{}, err
	}
	if iid.Product() != p.ID {
		return improvement.Improvement{}, fault.New(fault.NotFound, "unknown_improvement", "There is no such improvement.")
	}
	return a.Store.Improvement(r.Context(), iid)
}

// count says how many: "1 voice", "12 voices".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// distinct gives each of a form's values once, in order.
func distinct(vals []string) []string {
	var out []string
	for _, v := range vals {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
