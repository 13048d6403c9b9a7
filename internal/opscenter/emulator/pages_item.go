package emulator

import (
	"net/http"
)

type itemPage struct {
	Item
	Fields       []formField
	Linked       []Item // related OpsItems; those that are gone have an id only
	Associations []Association
	SameTitle    []Item
	SameResource []Item
	History      []Change
	Trouble      string
}

func (c *console) item(w http.ResponseWriter, r *http.Request) {
	it, err := c.e.Item(r.Context(), r.PathValue("id"))
	if err != nil {
		c.problem(w, err)
		return
	}
	c.showItem(w, r, http.StatusOK, itemPage{Item: it, Fields: formFields(it)})
}

// showItem shows an item with its form as it is given, and with all that stands beside it.
func (c *console) showItem(w http.ResponseWriter, r *http.Request, status int, p itemPage) {
	ctx := r.Context()
	p.Associations, p.History = c.e.Associations(ctx, p.ID), c.e.History(ctx, p.ID)
	for _, id := range p.Related {
		other, err := c.e.Item(ctx, id)
		if err != nil {
			other = Item{ID: id}
		}
		p.Linked = append(p.Linked, other)
	}
	p.SameTitle, p.SameResource = c.e.Similar(ctx, p.Item)
	c.show(w, status, "item", p.Title, c.noticeOf(r), p)
}
