package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxForm is far above what the forms send.
const maxForm = 1 << 20

func (c *console) edit(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	edit := Edit{Status: r.PostForm.Get("status"), Severity: r.PostForm.Get("severity"), Category: r.PostForm.Get("category")}
	if v := r.PostForm.Get("priority"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			c.showItem(w, r, http.StatusBadRequest, "Priority must be a number from 1 to 5.")
			return
		}
		edit.Priority = n
	}
	id := r.PathValue("id")
	if !c.changes(r, id, edit) {
		http.Redirect(w, r, c.itemURL(id), http.StatusSeeOther)
		return
	}
	if err := c.e.Edit(r.Context(), id, edit); err != nil {
		refusal, _ := errors.AsType[*Error](err)
		if refusal == nil || refusal.Code == "OpsItemNotFoundException" {
			c.problem(w, err)
			return
		}
		c.showItem(w, r, refusal.Status, refusal.Message)
		return
	}
	http.Redirect(w, r, c.itemURL(id)+"?done=saved", http.StatusSeeOther)
}

// changes says whether a form asks for anything new: saving it unchanged is no edit.
func (c *console) changes(r *http.Request, id string, edit Edit) bool {
	it, err := c.e.Item(r.Context(), id)
	if err != nil {
		return true // the edit says what is wrong
	}
	return edit.Status != "" && edit.Status != it.Status || edit.Severity != "" && edit.Severity != it.Severity ||
		edit.Category != "" && edit.Category != it.Category || edit.Priority != 0 && edit.Priority != it.Priority
}

func parseForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return false
	}
	return true
}

type deletePage struct {
	Items []Item
	Back  string
}

// bulk resolves or deletes the items that were ticked. What cannot be undone asks first.
func (c *console) bulk(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	ids, back := r.PostForm["id"], c.safeBack(r.PostForm.Get("back"))
	action := r.PostForm.Get("action")
	if len(ids) == 0 {
		http.Redirect(w, r, withDone(back, "none", 0), http.StatusSeeOther)
		return
	}
	if action == "delete" && r.PostForm.Get("sure") != "yes" {
		c.askDelete(w, r, ids, back)
		return
	}
	n := 0
	for _, id := range ids {
		var err error
		switch action {
		case "resolve":
			if !c.changes(r, id, Edit{Status: StatusResolved}) {
				continue
			}
			err = c.e.Edit(r.Context(), id, Edit{Status: StatusResolved})
		case "delete":
			err = c.e.Delete(r.Context(), id)
		default:
			http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
			return
		}
		if err != nil {
			c.problem(w, fmt.Errorf("%d of %d done, then: %w", n, len(ids), err))
			return
		}
		n++
	}
	http.Redirect(w, r, withDone(back, action, n), http.StatusSeeOther)
}

func (c *console) askDelete(w http.ResponseWriter, r *http.Request, ids []string, back string) {
	p := deletePage{Back: back}
	for _, id := range ids {
		if it, err := c.e.Item(r.Context(), id); err == nil {
			p.Items = append(p.Items, it)
		}
	}
	c.show(w, http.StatusOK, "delete", "Delete OpsItems?", "", p)
}

// safeBack keeps a redirect within the console.
func (c *console) safeBack(back string) string {
	if back == c.prefix || strings.HasPrefix(back, c.prefix+"?") || strings.HasPrefix(back, c.prefix+"/items/") {
		return back
	}
	return cmp.Or(c.prefix, "/")
}

func withDone(back, what string, n int) string {
	u, err := url.Parse(back)
	if err != nil {
		return back
	}
	q := u.Query()
	q.Set("done", what)
	q.Set("n", strconv.Itoa(n))
	u.RawQuery = q.Encode()
	return u.String()
}
