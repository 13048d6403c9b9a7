package api

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/improvement"
	"learningloop/internal/person"
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
		From: now.Format(minuteForm), To: now.Add(time.Hour).Format(minuteForm), At: "02:00", Minutes: "120",
	})
	if err != nil {
		return answer{}, err
	}
	sh.Notices = a.muteFlash(r, p)
	return draw(sh, v)
}

// muteFlash tells what was just muted, or is not any more. Both are read from the product: the address carries nothing
// but ids.
func (a *API) muteFlash(r *http.Request, p product.Product) []web.Notice {
	q := r.URL.Query()
	n := web.Notice{Tone: web.ToneGood}
	switch q.Get(flashDid) {
	case "muted":
		i := slices.IndexFunc(p.Mutes, func(m product.Mute) bool { return m.ID == q.Get(flashItem) })
		if i < 0 {
			return nil // somebody removed it meanwhile
		}
		m := p.Mutes[i]
		if n.Text = "Muted: "; m.Weekly == nil && m.From.After(a.Now()) {
			n.Text = "Will be muted: "
		}
		n.Text += m.What() + ", " + m.When() + "."
		n.Undo = &web.Post{Label: "Undo", Path: web.Path("team", p.Slug, "unmute"), Fields: []web.Field{{Name: "id", Value: m.ID}}}
	case "unmuted":
		m := p.Unmuted
		if m == nil || m.ID != q.Get(flashItem) { // another one was removed meanwhile, or it is set again
			return nil
		}
		n.Text = "No longer muted: " + m.What() + ", " + m.When() + ": " + m.Reason
		if !m.Over(a.Now()) {
			n.Undo = &web.Post{Label: "Mute again", Path: web.Path("team", p.Slug, "mute-again"), Fields: []web.Field{{Name: "id", Value: m.ID}}}
		}
	default:
		return nil
	}
	return []web.Notice{n}
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
			ID: m.ID, What: m.What(), When: m.When(), Reason: m.Reason, By: m.By, Now: active, Until: until, From: m.From, Over: m.Over(now),
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

// muteOf reads a window from a form, and names what cannot be read or says two things. What is wrong is left so that the
// rest can be looked at, too.
func muteOf(f url.Values, now time.Time) (m product.Mute, typed web.MuteForm, bad []fault.Field) {
	typed = web.MuteForm{
		Weekly: f.Get("how") == "weekly", Name: strings.TrimSpace(f.Get("name")), From: f.Get("from"), To: f.Get("to"), Day: f.Get("day"), At: f.Get("at"),
		Minutes: f.Get("minutes"), Zone: f.Get("zone"), Reason: f.Get("reason"),
	}
	m.Reason = typed.Reason
	reject := func(pointer, detail string) { bad = append(bad, fault.Field{Pointer: pointer, Detail: detail}) }
	what, component, _ := strings.Cut(f.Get("what"), ":")
	switch typed.What = what; what {
	case "component":
		m.Component, typed.Component = component, component
	case "all":
		m.All = true
	case "name":
		if m.Rule = (&signal.Rule{Name: typed.Name}); typed.Name == "" {
			reject("/name", "is required: which alarm")
			m.Rule.Name = "*"
		}
	default:
		reject("/what", "must be chosen")
		m.All = true
	}
	if typed.Name != "" && (m.All || m.Component != "") {
		reject("/name", "is only for “signals by their name”: choose that, or empty the name")
	}
	if typed.Weekly {
		n, err := strconv.Atoi(strings.TrimSpace(typed.Minutes))
		if err != nil {
			n = 0 // refused with whatever else is wrong
		}
		m.Weekly = &product.Weekly{Day: typed.Day, At: typed.At, Minutes: n, Zone: typed.Zone}
		return m, typed, bad
	}
	for _, t := range []struct {
		name, s string
		to      *time.Time
	}{{"from", typed.From, &m.From}, {"to", typed.To, &m.To}} {
		at, err := time.Parse(minuteForm, t.s)
		if err != nil && t.s != "" {
			reject("/"+t.name, "must be a time like 2026-12-31T22:00")
			continue
		}
		*t.to = at
	}
	if m.To.After(m.From) && !m.From.IsZero() && !m.To.After(now) {
		reject("/to", product.IsPast(now))
	}
	return m, typed, bad
}

// muteForm gives what a form about a product's mutes was sent with.
func (a *API) muteForm(r *http.Request) (p product.Product, f url.Values, err error) {
	if p, err = a.freshProduct(r); err != nil {
		return p, nil, err
	}
	f, err = form(r)
	return p, f, err
}

// muteOnPage mutes what the form says.
func (a *API) muteOnPage(r *http.Request) (answer, error) {
	p, f, err := a.muteForm(r)
	if err != nil {
		return answer{}, err
	}
	m, typed, wrong := muteOf(f, a.Now())
	if len(wrong) == 0 {
		m, err = a.mute(r, p, m)
	} else {
		// Everything wrong is said at once; what was typed is what a field is wrong by.
		err = fault.Fields(append(muteFields(second(p.With(withMute(p, m)))), wrong...)...)
	}
	if bad, ok := fieldErrors(err); ok {
		sh, v, viewErr := a.mutesView(r, p, typed)
		if viewErr != nil {
			return answer{}, viewErr
		}
		if what, there := bad["component"]; there {
			bad["what"] = what
			delete(bad, "component")
		}
		if detail, there := bad["from"]; there { // on other forms it is a day
			detail, _, _ = strings.Cut(detail, ": when it begins")
			bad["from"] = "The beginning " + detail
		}
		v.Form.Errors = sentences(bad)
		return refused(sh, v, err)
	}
	if err != nil {
		return answer{}, err
	}
	return comeBack(f, web.Path("team", p.Slug, "mutes"), "muted", "", m.ID)
}

// unmuteOnPage lets signals alert again.
func (a *API) unmuteOnPage(r *http.Request) (answer, error) {
	p, f, err := a.muteForm(r)
	if err != nil {
		return answer{}, err
	}
	// Whoever was faster did the same.
	if err := a.unmute(r, p, f.Get("id")); err != nil && !isNotFound(err) {
		return answer{}, err
	}
	return comeBack(f, web.Path("team", p.Slug, "mutes"), "unmuted", "", f.Get("id"))
}

// muteAgainOnPage takes the removal of a window back.
func (a *API) muteAgainOnPage(r *http.Request) (answer, error) {
	p, f, err := a.muteForm(r)
	if err != nil {
		return answer{}, err
	}
	// Whoever was faster did the same; of what was removed before it nothing is kept, and what is over mutes nothing again.
	if m := p.Unmuted; m != nil && m.ID == f.Get("id") && !m.Over(a.Now()) {
		if _, err := a.mute(r, p, *m); err != nil {
			return answer{}, err
		}
	}
	return comeBack(f, web.Path("team", p.Slug, "mutes"), "muted", "", f.Get("id"))
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
		if v.Andon == nil || !v.Andon.Stood.IsZero() {
			return answer{}, err
		}
		v.Andon.Reason, v.Andon.Errors = f.Get("reason"), bad
		return refused(sh, v, err)
	}
	if err != nil {
		return answer{}, err
	}
	return comeBack(f, casePath(p.Slug, im.ID), didStandDown, im.ID)
}

// didStandDown is told by stoodDown.
const didStandDown = "stoodDown"

// stoodDown says what standing an andon down did.
func stoodDown(im improvement.Improvement) string {
	severity := im.InForce().Severity
	if s := im.Level.Severity; s.By != "" && !s.At.Before(im.Andon.Pulled) {
		return fmt.Sprintf("The andon is stood down; its severity stays %d, as %s set it.", severity, person.Name(s.By))
	}
	return fmt.Sprintf("The andon is stood down; its severity is %d again.", severity)
}

// standDownPage leads back to the case: the form was refused at this address.
func (a *API) standDownPage(r *http.Request) (answer, error) {
	p, err := a.pathProduct(r)
	if err != nil {
		return answer{}, err
	}
	im, err := a.ofProduct(r, p, r.URL.Query().Get("improvement"))
	if err != nil {
		return answer{}, err
	}
	return goTo(casePath(p.Slug, im.ID))
}

// andonOf is what a case's page says of the andon of its episode.
func andonOf(im improvement.Improvement, p product.Product) *web.Andon {
	if im.Andon.Pulled.IsZero() || im.Andon.Episode != im.Episode {
		return nil
	}
	v := &web.Andon{Words: im.Andon.Words(p.Name), Since: im.Andon.Pulled, Stood: im.Andon.Stood, Level: im.InForce().Severity}
	if !im.ByAndon() {
		v.By = person.Name(im.Level.Severity.By)
	}
	return v
}
