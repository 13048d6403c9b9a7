package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"learningloop/internal/auth"
	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/web"
)

func isNotFound(err error) bool { return fault.Is(err, fault.NotFound) }

// onDecidePage are the decisions that the page between queue and decision asks for words.
var onDecidePage = []string{"accept", "plan", "decline", "promote", "attach", "start", "ship", "reopen"}

// decidePage asks for what a decision about one thing or several needs.
func (a *API) decidePage(r *http.Request) (answer, error) {
	p, err := a.pathProduct(r)
	if err != nil {
		return answer{}, err
	}
	q := r.URL.Query()
	if _, err := oneOf("do", cmp.Or(q.Get("do"), "?"), onDecidePage...); err != nil {
		return answer{}, err
	}
	items, gone, err := a.items(r, p, q["item"])
	if err != nil {
		return answer{}, err
	}
	form := web.DecisionForm{Decision: q.Get("do")}
	if len(items) == 1 && items[0].im != nil {
		form.Owner, form.Due = items[0].im.Owner, day(items[0].im.Due)
	}
	if form.Decision == "promote" && len(items) > 0 {
		form.Title = feedback.Cut(items[0].view(a).Title, improvement.MaxTitle)
	}
	sh, v, err := a.decideView(r, p, items, gone, form, q.Get("return"))
	if err != nil {
		return answer{}, err
	}
	return draw(sh, v)
}

// decideView draws the page with what was typed. What a decision does not fit is left out, and said to be.
func (a *API) decideView(r *http.Request, p product.Product, items []item, gone int, form web.DecisionForm, back string) (web.Shell, web.Decide, error) {
	v := web.Decide{Product: productRef(p), Do: form.Decision, Form: form, Return: web.OwnPath(back)}
	sh, err := a.teamShell(r, strings.ToUpper(v.Do[:1])+v.Do[1:]+" · "+p.Name, web.SectionQueue, &p)
	if err != nil {
		return sh, v, err
	}
	if err := a.saw(r, by(r).Who, "saw items to decide", p.Slug, string(p.ID)); err != nil {
		return sh, v, err
	}
	notice := func(text string) { sh.Notices = append(sh.Notices, web.Notice{Tone: web.ToneWarn, Text: text}) }
	if gone > 0 {
		notice(count(gone, "item is", "items are") + " not here any more: withdrawn, or attached by somebody else.")
	}
	if v.Do == "promote" || v.Do == "attach" {
		all := len(items)
		items = slices.DeleteFunc(slices.Clone(items), func(it item) bool { return it.im != nil })
		if n := all - len(items); n > 0 {
			notice(count(n, "Improvement is", "Improvements are") + " left out: only feedback becomes evidence.")
		}
	}
	for _, it := range items {
		shown := it.view(a)
		if shown.Text == shown.Title {
			shown.Text = ""
		}
		v.Items = append(v.Items, shown)
	}
	if err := atOnce(v.Items, func(it *web.QueueItem) error { return a.withEvidence(r, it, len(v.Items)) }); err != nil {
		return sh, v, err
	}
	if v.Do == "attach" {
		if v.Candidates, err = a.candidates(r, p, items); err != nil {
			return sh, v, err
		}
	}
	v.Form.Members, err = a.members(r, p)
	return sh, v, err
}

// maxCandidates is how many Improvements are offered to attach something to.
const maxCandidates = 30

// candidates are the open Improvements something may belong to: those that share most words with it first, then those of
// the highest scores.
func (a *API) candidates(r *http.Request, p product.Product, items []item) ([]web.Candidate, error) {
	var said []string
	for _, it := range items {
		if it.f != nil {
			said = append(said, it.f.Title, it.f.Text)
		}
	}
	ims, err := a.Store.ListOpen(r.Context(), p.ID, "", mostShown)
	if err != nil {
		return nil, err
	}
	var out []web.Candidate
	for _, im := range ims.Items {
		out = append(out, web.Candidate{
			ID: string(im.ID), Title: im.Title, State: web.State(im.Status), Shared: sharedWords(im.Title+" "+im.Outcome, strings.Join(said, " ")),
		})
	}
	slices.SortStableFunc(out, func(x, y web.Candidate) int { return cmp.Compare(len(y.Shared), len(x.Shared)) })
	return out[:min(len(out), maxCandidates)], nil
}

// members are who may own something: whoever looks, and who owns something of the product already.
func (a *API) members(r *http.Request, p product.Product) ([]string, error) {
	var out []string
	if s, ok := auth.FromContext(r.Context()); ok {
		out = append(out, s.Name)
	}
	for _, status := range []improvement.Status{improvement.Planned, improvement.InProgress} {
		ims, err := a.Store.Ranked(r.Context(), p.ID, status, mostShown)
		if err != nil {
			return nil, err
		}
		for _, im := range ims {
			if im.Owner != "" && !slices.Contains(out, im.Owner) {
				out = append(out, im.Owner)
			}
		}
	}
	return out, nil
}

// typed is a form as typed, to be drawn again.
func typed(f url.Values, do string) web.DecisionForm {
	return web.DecisionForm{
		Decision: do, Title: f.Get("title"), Outcome: f.Get("outcome"), Owner: f.Get("owner"), Due: f.Get("due"), Release: f.Get("release"),
		DeclineKind: f.Get("kind"), Reason: f.Get("reason"), Revisit: f.Get("revisit"), Target: f.Get("improvement"),
	}
}

// decisionOf reads a decision; fields that cannot be read are named.
func decisionOf(f url.Values) (improvement.Decision, error) {
	d := improvement.Decision{
		Verb: improvement.Verb(f.Get("decision")), Reason: f.Get("reason"), Owner: f.Get("owner"), Release: f.Get("release"), Kind: improvement.DeclineKind(f.Get("kind")),
	}
	var bad []fault.Field
	for _, date := range []struct {
		name string
		to   *improvement.Date
	}{{"due", &d.Due}, {"revisit", &d.Revisit}} {
		if err := date.to.UnmarshalText([]byte(f.Get(date.name))); err != nil {
			bad = append(bad, fault.Field{Pointer: "/" + date.name, Detail: err.Error()})
		}
	}
	return d, fault.Fields(bad...)
}

// decideOnPage takes one decision about one thing or several. Loose feedback becomes an Improvement of its own first.
// Nothing is stored before the decision is known to fit everything it is about; sending the same form again goes on where
// it broke off.
func (a *API) decideOnPage(r *http.Request) (answer, error) {
	p, err := a.pathProduct(r)
	if err != nil {
		return answer{}, err
	}
	f, err := form(r)
	if err != nil {
		return answer{}, err
	}
	items, gone, err := a.items(r, p, f["item"])
	if err != nil {
		return answer{}, err
	}
	d, err := decisionOf(f)
	if !slices.Contains(improvement.Verbs, d.Verb) {
		return answer{}, fault.Fields(fault.Field{Pointer: "/decision", Detail: "must be one of accept, plan, start, ship, decline, reopen"})
	}
	if err == nil && len(items) == 0 {
		err = errGone
	}
	for _, it := range items {
		if err == nil {
			err = a.fits(it, d, f.Get("version"), by(r))
		}
	}
	var done []string
	for _, it := range items {
		if err != nil {
			break
		}
		var im improvement.Improvement
		if im, err = a.decideItem(r, p, it, d); err == nil {
			done = append(done, string(im.ID))
		}
	}
	if err != nil {
		return a.decideAgain(r, p, items[len(done):], gone, f, len(done), err)
	}
	return comeBack(f, web.Path("team", p.Slug, "queue"), string(d.Verb), id.Improvement(done[0]), done...)
}

// fits says whether a decision can be taken about a thing as it stands; version is what the page showed, "" for unknown.
func (a *API) fits(it item, d improvement.Decision, version string, by improvement.By) error {
	im := improvement.Improvement{Status: improvement.Proposed}
	if it.im != nil {
		im = *it.im
	}
	shown := seen(im)
	c, err := improvement.Decide(im, d, by.Who, a.Now())
	if err != nil {
		return err
	}
	if !c.Empty() && it.im != nil && version != "" && version != shown {
		return fault.New(fault.Conflict, "decided_meanwhile", "Somebody decided about it or edited it meanwhile. Look again, then decide.")
	}
	return nil
}

func (a *API) decideItem(r *http.Request, p product.Product, it item, d improvement.Decision) (improvement.Improvement, error) {
	var im improvement.Improvement
	if it.im != nil {
		im = *it.im
	} else {
		var err error
		if im, err = a.Improvements.Propose(r.Context(), p, improvement.Proposal{Feedback: []id.Feedback{it.f.ID}}, by(r)); err != nil {
			return im, err
		}
		// A rule may have accepted it at once.
		if d.Verb == improvement.Accept && im.Status == improvement.Accepted {
			return im, nil
		}
	}
	return a.Improvements.Decide(r.Context(), im.ID, d, by(r))
}

// decideAgain draws the form that err refuses: on the case's page where it came from there, else on the page for
// decisions, with what is still to be decided.
func (a *API) decideAgain(r *http.Request, p product.Product, rest []item, gone int, f url.Values, done int, err error) (answer, error) {
	bad, ok := formErrors(err)
	if !ok {
		return answer{}, err
	}
	again := typed(f, f.Get("decision"))
	again.Errors = bad
	if len(rest) == 1 && rest[0].im != nil && f.Get("return") == casePath(p.Slug, rest[0].im.ID) {
		sh, v, viewErr := a.caseView(r, p, *rest[0].im)
		if viewErr != nil {
			return answer{}, viewErr
		}
		again.Members = v.Form.Members
		v.Form = again
		if !slices.Contains(v.Can, again.Decision) {
			// The form is not there any more: it is said above the page.
			for _, text := range bad {
				sh.Notices = append(sh.Notices, web.Notice{Tone: web.ToneBad, Text: text})
			}
			v.Form = web.DecisionForm{Members: again.Members}
		}
		return refused(sh, v, err)
	}
	sh, v, viewErr := a.decideView(r, p, rest, gone, again, f.Get("return"))
	if viewErr != nil {
		return answer{}, viewErr
	}
	if done > 0 {
		sh.Notices = append(sh.Notices, web.Notice{Tone: web.ToneGood, Text: fmt.Sprintf("%d of %d are %s.", done, done+len(rest), decided[improvement.Verb(v.Do)])})
	}
	if len(v.Items) == 0 {
		for _, text := range bad {
			sh.Notices = append(sh.Notices, web.Notice{Tone: web.ToneBad, Text: text})
		}
	}
	return refused(sh, v, err)
}

// promoteOnPage makes an Improvement of pieces of feedback.
func (a *API) promoteOnPage(r *http.Request) (answer, error) {
	p, f, items, gone, err := a.posted(r)
	if err != nil {
		return answer{}, err
	}
	pieces := piecesOf(f)
	pr := improvement.Proposal{Title: f.Get("title"), Outcome: f.Get("outcome")}
	for _, s := range pieces {
		pr.Feedback = append(pr.Feedback, id.Feedback(s))
	}
	switch {
	case strings.TrimSpace(pr.Title) == "":
		err = fault.Fields(fault.Field{Pointer: "/title", Detail: "is required: what shall change, in one line"})
	case len(pieces) == 0:
		err = errGone
	}
	var im improvement.Improvement
	if err == nil {
		im, err = a.Improvements.Propose(r.Context(), p, pr, by(r))
	}
	did := "promoted"
	if err == nil && f.Get("accept") == "yes" {
		did, pieces = string(improvement.Accept), nil
		if im.Status == improvement.Proposed {
			_, err = a.Improvements.Decide(r.Context(), im.ID, improvement.Decision{Verb: improvement.Accept}, by(r))
		}
	}
	if err != nil {
		return a.decideAgain(r, p, items, gone, withDecision(f, "promote"), 0, ofPieces(err, pr.Feedback, items))
	}
	return comeBack(f, web.Path("team", p.Slug, "queue"), did, im.ID, pieces...)
}

// errGone says that nothing is left of what a form is about.
var errGone = fault.New(fault.Conflict, "nothing_left", "What you chose is not here any more: it was withdrawn, or somebody else was faster.")

// piecesOf are the pieces of feedback that a form names, whether they are still loose or not: sending a form again is
// harmless.
func piecesOf(f url.Values) []string {
	return slices.DeleteFunc(distinct(f["item"]), func(s string) bool { return !strings.HasPrefix(s, "f-") })
}

// posted reads a form about things of a product.
func (a *API) posted(r *http.Request) (p product.Product, f url.Values, items []item, gone int, err error) {
	if p, err = a.pathProduct(r); err != nil {
		return p, nil, nil, 0, err
	}
	if f, err = form(r); err != nil {
		return p, nil, nil, 0, err
	}
	items, gone, err = a.items(r, p, f["item"])
	return p, f, items, gone, err
}

func withDecision(f url.Values, do string) url.Values {
	f.Set("decision", do)
	return f
}

// ofPieces turns what is wrong with one of the pieces a form is about into a fault of the whole form, which has no field
// for each.
func ofPieces(err error, pieces []id.Feedback, items []item) error {
	e, ok := asFault(err)
	if !ok {
		return err
	}
	if e.Code == "already_attached" {
		return fault.New(fault.Conflict, e.Code, "Somebody attached it to an Improvement meanwhile. Undo that there first.")
	}
	var all []fault.Field
	for _, fd := range e.Fields {
		if i, isPiece := strings.CutPrefix(fd.Pointer, "/feedbackIds"); isPiece {
			name := "What you chose"
			if n, err := strconv.Atoi(strings.TrimPrefix(i, "/")); err == nil && n < len(pieces) {
				for _, it := range items {
					if it.f != nil && it.f.ID == pieces[n] {
						name = "“" + it.f.Headline() + "”"
					}
				}
			}
			fd = fault.Field{Detail: name + " " + fd.Detail + "."}
		}
		all = append(all, fd)
	}
	if len(all) == 0 {
		return err
	}
	return fault.Fields(all...)
}

// attachOnPage attaches pieces of feedback to an Improvement.
func (a *API) attachOnPage(r *http.Request) (answer, error) {
	p, f, items, gone, err := a.posted(r)
	if err != nil {
		return answer{}, err
	}
	im, err := a.ofProduct(r, p, f.Get("improvement"))
	if isNotFound(err) {
		err = fault.Fields(fault.Field{Pointer: "/improvement", Detail: "is required: choose what it belongs to"})
	}
	pieces := piecesOf(f)
	if err == nil && (len(pieces) == 0 || len(pieces) > improvement.MaxProposal) {
		err = errGone
	}
	var done []string
	for _, s := range pieces {
		if err != nil {
			break
		}
		if err = a.Improvements.Attach(r.Context(), im.ID, id.Feedback(s), by(r)); err == nil {
			done = append(done, s)
		}
	}
	if isNotFound(err) {
		err = errGone
	}
	if err != nil {
		rest := slices.DeleteFunc(items, func(it item) bool { return slices.Contains(done, it.id()) })
		return a.decideAgain(r, p, rest, gone, withDecision(f, "attach"), len(done), ofPieces(err, nil, items))
	}
	return comeBack(f, web.Path("team", p.Slug, "queue"), "attached", im.ID, done...)
}

// caseForm reads a form that was sent about one Improvement of a product.
func (a *API) caseForm(r *http.Request) (p product.Product, f url.Values, im improvement.Improvement, err error) {
	if p, err = a.pathProduct(r); err != nil {
		return p, f, im, err
	}
	if f, err = form(r); err != nil {
		return p, f, im, err
	}
	im, err = a.ofProduct(r, p, f.Get("improvement"))
	return p, f, im, err
}

// detachOnPage undoes attaching.
func (a *API) detachOnPage(r *http.Request) (answer, error) {
	p, f, im, err := a.caseForm(r)
	if err != nil {
		return answer{}, err
	}
	pieces := distinct(f["item"])
	if len(pieces) == 0 || len(pieces) > improvement.MaxProposal {
		return answer{}, fault.Fields(fault.Field{Pointer: "/item", Detail: "must name 1 to 50 pieces of feedback"})
	}
	for _, s := range pieces {
		fid, err := id.ParseFeedback(s)
		if err != nil {
			return answer{}, err
		}
		if err := a.Improvements.Detach(r.Context(), im.ID, fid, by(r)); err != nil {
			return answer{}, err
		}
	}
	return comeBack(f, casePath(p.Slug, im.ID), "detached", im.ID, pieces...)
}

func asFault(err error) (*fault.Error, bool) { return errors.AsType[*fault.Error](err) }
