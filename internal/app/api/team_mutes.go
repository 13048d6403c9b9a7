package api

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/web"
)

// mutesPage shows which signals alert nobody, and takes new windows.
func (a *API) mutesPage(r *http.Request) (answer, error) {
	p, err := a.freshProduct(r)
	if err != nil {
		return answer{}, err
	}
	now := a.Now().UTC()
	sh, v, err := a.mutesView(r, p, web.MuteForm{
		From: now.Format(minuteForm), To: now.Add(time.Hour).Format(minuteForm), Day: "sunday", At: "02:00", Minutes: "120",
	})
	if err != nil {
		return answer{}, err
	}
	sh.Notices = a.flash(r, p)
	return draw(sh, v)
}

// freshProduct gives the product that the path names as of the last acknowledged write.
func (a *API) freshProduct(r *http.Request) (product.Product, error) {
	p, err := a.pathProduct(r)
	if err != nil {
		return p, err
	}
	return a.Store.Product(r.Context(), p.ID)
}

// minuteForm is how a browser writes a time.
const minuteForm = "2006-01-02T15:04"

func (a *API) mutesView(r *http.Request, p product.Product, f web.MuteForm) (web.Shell, web.Mutes, error) {
	v := web.Mutes{Product: productRef(p), Form: f}
	for _, c := range p.Components {
		v.Components = append(v.Components, c.Name)
	}
	now := a.Now()
	for _, m := range p.Mutes {
		until, active := m.Active(now)
		v.Items = append(v.Items, web.Mute{
			ID: m.ID, What: m.What(), When: m.When(), Reason: m.Reason, By: m.By, Now: active, Until: until, Over: m.Weekly == nil && !now.Before(m.To),
		})
	}
	rank := func(m web.Mute) int {
		switch {
		case m.Now:
			return 0
		case !m.Over:
			return 1
		default:
			return 2
		}
	}
	slices.SortStableFunc(v.Items, func(x, y web.Mute) int { return cmp.Compare(rank(x), rank(y)) })
	sh, err := a.teamShell(r, "Muted · "+p.Name, web.SectionMutes, &p)
	return sh, v, err
}

// muteOf reads a window from a form; what cannot be read is named.
func muteOf(f url.Values) (product.Mute, web.MuteForm, error) {
	typed := web.MuteForm{
		Weekly: f.Get("how") == "weekly", Name: strings.TrimSpace(f.Get("name")), From: f.Get("from"), To: f.Get("to"), Day: f.Get("day"), At: f.Get("at"),
		Minutes: f.Get("minutes"), Zone: f.Get("zone"), Reason: f.Get("reason"),
	}
	m := product.Mute{Reason: typed.Reason}
	var bad []fault.Field
	what, component, _ := strings.Cut(f.Get("what"), ":")
	switch typed.What = what; what {
	case "component":
		m.Component, typed.Component = component, component
	case "all":
		m.All = true
	case "name":
		if m.Rule = (&signal.Rule{Name: typed.Name}); typed.Name == "" {
			bad = append(bad, fault.Field{Pointer: "/name", Detail: "is required: which alarm"})
			m.Rule.Name = "*"
		}
	default:
		bad = append(bad, fault.Field{Pointer: "/what", Detail: "must be chosen"})
		m.All = true
	}
	if typed.Weekly {
		n, err := strconv.Atoi(strings.TrimSpace(typed.Minutes))
		if err != nil {
			n = 0 // refused with whatever else is wrong
		}
		m.Weekly = &product.Weekly{Day: typed.Day, At: typed.At, Minutes: n, Zone: typed.Zone}
		return m, typed, fault.Fields(bad...)
	}
	for _, t := range []struct {
		name, s string
		to      *time.Time
	}{{"from", typed.From, &m.From}, {"to", typed.To, &m.To}} {
		at, err := time.Parse(minuteForm, t.s)
		if err != nil && t.s != "" {
			bad = append(bad, fault.Field{Pointer: "/" + t.name, Detail: "must be a time like 2026-12-31T22:00"})
			continue
		}
		*t.to = at
	}
	return m, typed, fault.Fields(bad...)
}

// muteOnPage mutes what the form says.
func (a *API) muteOnPage(r *http.Request) (answer, error) {
	p, err := a.freshProduct(r)
	if err != nil {
		return answer{}, err
	}
	f, err := form(r)
	if err != nil {
		return answer{}, err
	}
	m, typed, err := muteOf(f)
	if err == nil {
		_, err = a.mute(r, p, m)
	}
	if bad, ok := formErrors(err); ok {
		sh, v, viewErr := a.mutesView(r, p, typed)
		if viewErr != nil {
			return answer{}, viewErr
		}
		if what, there := bad["component"]; there {
			bad["what"] = what
			delete(bad, "component")
		}
		v.Form.Errors = bad
		return refused(sh, v, err)
	}
	if err != nil {
		return answer{}, err
	}
	return comeBack(f, web.Path("team", p.Slug, "mutes"), "saved", "")
}

// unmuteOnPage lets signals alert again.
func (a *API) unmuteOnPage(r *http.Request) (answer, error) {
	p, err := a.freshProduct(r)
	if err != nil {
		return answer{}, err
	}
	f, err := form(r)
	if err != nil {
		return answer{}, err
	}
	// Whoever was faster did the same.
	if err := a.unmute(r, p, f.Get("id")); err != nil && !isNotFound(err) {
		return answer{}, err
	}
	return comeBack(f, web.Path("team", p.Slug, "mutes"), "saved", "")
}

// standDownOnPage takes an andon back.
func (a *API) standDownOnPage(r *http.Request) (answer, error) {
	p, f, im, err := a.caseForm(r)
	if err != nil {
		return answer{}, err
	}
	_, err = a.Improvements.StandDown(r.Context(), im.ID, f.Get("reason"), by(r))
	if bad, ok := formErrors(err); ok {
		sh, v, viewErr := a.caseView(r, p, im)
		if viewErr != nil {
			return answer{}, viewErr
		}
		if v.Andon == nil {
			return answer{}, err
		}
		v.Andon.Reason, v.Andon.Errors = f.Get("reason"), bad
		return refused(sh, v, err)
	}
	if err != nil {
		return answer{}, err
	}
	return comeBack(f, casePath(p.Slug, im.ID), "saved", im.ID)
}

// andonOf is what a case's page says of an andon.
func andonOf(im improvement.Improvement, p product.Product) *web.Andon {
	if !im.AndonUp() {
		return nil
	}
	return &web.Andon{Words: im.Andon.Words(p.Name), Since: im.Andon.Pulled}
}
