package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/intake"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/web"
)

// setAsidePage shows the events that nobody understood.
func (a *API) setAsidePage(r *http.Request) (answer, error) {
	return a.setAsideView(r, nil)
}

// setAsideView draws the list. wrong is what is wrong with a form of one of its items; nil for nothing.
func (a *API) setAsideView(r *http.Request, wrong *wrongAside) (answer, error) {
	sh, err := a.teamShell(r, "Set aside", web.SectionSetAside, nil)
	if err != nil {
		return answer{}, err
	}
	page, err := a.Store.ListSetAside(r.Context(), r.URL.Query().Get("cursor"), 0)
	if err != nil {
		return answer{}, err
	}
	// Our own event holds people's words.
	if err := a.saw(r, by(r).Who, "saw set-aside events", "", ""); err != nil {
		return answer{}, err
	}
	items := page.Items
	if wrong != nil && !slices.ContainsFunc(items, func(s signal.SetAside) bool { return s.ID == wrong.event.ID }) {
		items = append([]signal.SetAside{wrong.event}, items...)
	}
	v := web.SetAside{Products: sh.Products, Pager: pagerOf(r, page.Next, len(items), 0)}
	if v.Pager.First == "" && page.Next == "" {
		v.Pager.Total = len(items)
	}
	for _, s := range items {
		it := asideItem(s)
		if wrong != nil && wrong.event.ID == s.ID {
			it.Errors, it.Reason = wrong.fields, wrong.reason
		}
		v.Items = append(v.Items, it)
	}
	if wrong != nil {
		return refused(sh, v, wrong.err)
	}
	sh.Notices = a.flash(r, product.Product{})
	return draw(sh, v)
}

// wrongAside is a form of an item that was refused.
type wrongAside struct {
	event  signal.SetAside
	fields web.FieldErrors
	reason string
	err    error
}

// maxShownEvent is how much of an event is shown, in characters: EventBridge takes events of a megabyte.
const maxShownEvent = 4000

// maxShownName bounds the names of an event, which may be anything.
const maxShownName = 200

func asideItem(s signal.SetAside) web.SetAsideItem {
	it := web.SetAsideItem{ID: s.ID, Why: s.Why, Since: s.Received, Count: 1, DetailType: "Not an event", Source: "unknown"}
	var head struct {
		Source     string   `json:"source"`
		DetailType string   `json:"detail-type"`
		Account    string   `json:"account"`
		Region     string   `json:"region"`
		Resources  []string `json:"resources"`
	}
	text := string(s.Event)
	var quoted string
	var indented bytes.Buffer
	switch {
	case json.Unmarshal(s.Event, &quoted) == nil:
		text = quoted
	case json.Indent(&indented, s.Event, "", "  ") == nil:
		text = indented.String()
	}
	// A member of a wrong type leaves the others readable.
	_ = json.Unmarshal(s.Event, &head)
	if head.DetailType != "" {
		it.DetailType = feedback.Cut(head.DetailType, maxShownName)
	}
	if head.Source != "" {
		it.Source = feedback.Cut(head.Source, maxShownName)
	}
	it.Account, it.Region = feedback.Cut(head.Account, maxShownName), feedback.Cut(head.Region, maxShownName)
	if len(head.Resources) > 0 {
		it.Resource = feedback.Cut(head.Resources[0], maxShownName)
		if more := len(head.Resources) - 1; more > 0 {
			it.Resource += fmt.Sprintf(" and %d more", more)
		}
	}
	if all := []rune(text); len(all) > maxShownEvent {
		text = string(all[:maxShownEvent]) + fmt.Sprintf("\n… %d characters more", len(all)-maxShownEvent)
	}
	it.Event = text
	return it
}

// replayOnPage takes an event in again: about the product that the form names, or by the rules.
func (a *API) replayOnPage(r *http.Request) (answer, error) {
	f, err := form(r)
	if err != nil {
		return answer{}, err
	}
	sid, who := r.PathValue("id"), by(r)
	var out intake.Outcome
	if slug := f.Get("product"); slug == "" {
		out, err = a.Intake.Replay(r.Context(), sid, who.Who, who.Request)
	} else {
		var p product.Product
		if p, err = a.Store.ProductBySlug(r.Context(), slug); isNotFound(err) {
			err = fault.Fields(fault.Field{Pointer: "/product", Detail: "is not one of the products"})
		}
		if err == nil {
			out, err = a.Intake.ReplayTo(r.Context(), sid, p, who.Who, who.Request)
		}
	}
	if err != nil {
		return a.asideAgain(r, sid, f, err)
	}
	did := "replayed"
	if out.Ignored != "" {
		did = "ignored"
	}
	return comeBack(f, "/team/set-aside", did, "")
}

// dropOnPage decides that an event is not worth taking in.
func (a *API) dropOnPage(r *http.Request) (answer, error) {
	f, err := form(r)
	if err != nil {
		return answer{}, err
	}
	sid, who := r.PathValue("id"), by(r)
	reason := strings.TrimSpace(f.Get("reason"))
	if len([]rune(reason)) > 500 {
		err = fault.Fields(fault.Field{Pointer: "/reason", Detail: "must be at most 500 characters"})
	} else {
		err = a.Intake.Drop(r.Context(), sid, reason, who.Who, who.Request)
	}
	if err != nil {
		return a.asideAgain(r, sid, f, err)
	}
	return comeBack(f, "/team/set-aside", "dropped", "")
}

// asideAgain draws the list with what is wrong beside the item. What is wrong with the event itself is no field of a form.
func (a *API) asideAgain(r *http.Request, sid string, f url.Values, err error) (answer, error) {
	e, ok := asFault(err)
	if !ok || !fault.Is(err, fault.Invalid) {
		return answer{}, err
	}
	s, loadErr := a.Store.SetAsideByID(r.Context(), sid)
	if loadErr != nil {
		return answer{}, loadErr
	}
	wrong := &wrongAside{event: s, fields: web.FieldErrors{}, reason: f.Get("reason"), err: err}
	var whole []string
	for _, fd := range e.Fields {
		// A product that the form names is its field; one that the event names is the event's.
		if fd.Pointer == "/reason" || fd.Pointer == "/product" && f.Get("product") != "" {
			wrong.fields[fd.Pointer[1:]] = fd.Detail
			continue
		}
		whole = append(whole, cmp.Or(fd.Pointer, "It")+" "+fd.Detail+".")
	}
	if len(whole) > 0 || len(e.Fields) == 0 {
		wrong.fields[""] = "It stays set aside: " + strings.TrimSpace(e.Msg+" "+strings.Join(whole, " "))
	}
	wrong.fields = sentences(wrong.fields)
	return a.setAsideView(r, wrong)
}
