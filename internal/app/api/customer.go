package api

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/person"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/token"
	"learningloop/internal/web"
)

// chooser lists the products; one alone is gone to.
func (a *API) chooser(r *http.Request) (answer, error) {
	ps, err := a.Store.Products(r.Context())
	if err != nil {
		return answer{}, err
	}
	if len(ps) == 1 {
		return goTo("/p/" + ps[0].Slug + "/feedback")
	}
	var v web.Chooser
	for _, p := range ps {
		v.Products = append(v.Products, web.ProductCard{ProductRef: productRef(p), About: p.About})
	}
	return draw(web.Shell{}, v)
}

// feedbackForm draws the form; a link may carry where it happened.
func (a *API) feedbackForm(r *http.Request) (answer, error) {
	p, err := a.Store.ProductBySlug(r.Context(), r.PathValue("product"))
	if err != nil {
		return answer{}, err
	}
	q := r.URL.Query()
	v := web.FeedbackForm{Product: productRef(p), Key: a.Rand(), Values: web.FeedbackValues{
		Kind: web.FeedbackKind(q.Get("kind")), Component: q.Get("component"), Page: q.Get("page"), Release: q.Get("release"),
		Environment: q.Get("environment"), Variant: q.Get("variant"), HearBack: true, MaxShort: feedback.MaxName,
	}}
	return draw(web.Shell{}, v)
}

// draftOf reads the fields of a feedback form. What is no number is left as a rating that Check refuses.
func draftOf(f url.Values, slug string) feedback.Draft {
	rating := 0
	if s := f.Get("rating"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			n = -1
		}
		rating = n
	}
	email := strings.TrimSpace(f.Get("email"))
	return feedback.Draft{
		Product: slug, Kind: feedback.Kind(f.Get("kind")), Text: f.Get("text"), Title: f.Get("title"), Rating: rating,
		Submitter: feedback.DraftSubmitter{
			Name: f.Get("name"), Email: email, Company: f.Get("company"),
			// Without an address the box says nothing: it is ticked to begin with.
			HearBack: f.Get("hearBack") != "" && email != "",
		},
		Context: feedback.Context{
			Release: f.Get("release"), Variant: f.Get("variant"), Environment: f.Get("environment"), Page: f.Get("page"), Component: f.Get("component"),
		},
	}
}

func valuesOf(f url.Values) web.FeedbackValues {
	return web.FeedbackValues{
		Kind: web.FeedbackKind(f.Get("kind")), Title: f.Get("title"), Text: f.Get("text"), Rating: f.Get("rating"), Name: f.Get("name"),
		Email: f.Get("email"), Company: f.Get("company"), HearBack: f.Get("hearBack") != "", Component: f.Get("component"), Page: f.Get("page"),
		Release: f.Get("release"), Environment: f.Get("environment"), Variant: f.Get("variant"), MaxShort: feedback.MaxName,
	}
}

func (a *API) sendFeedback(r *http.Request) (answer, error) {
	p, err := a.Store.ProductBySlug(r.Context(), r.PathValue("product"))
	if err != nil {
		return answer{}, err
	}
	f, err := form(r)
	if err != nil {
		return answer{}, err
	}
	// The form's own key makes sending twice one piece; without it (a form of somebody else's) it is a new one.
	key := f.Get("key")
	if key != "" {
		key = "form " + key
	}
	got, err := a.Feedback.Submit(r.Context(), draftOf(f, p.Slug), key, feedback.Form)
	if bad, ok := fieldErrors(err); ok {
		ans, _ := draw(web.Shell{}, web.FeedbackForm{
			Product: productRef(p), Key: f.Get("key"), Values: valuesOf(f), Errors: bad,
			ShowContext: bad["component"] != "" || bad["page"] != "" || bad["release"] != "",
		})
		ans.status = http.StatusUnprocessableEntity
		return ans, nil
	}
	if err != nil {
		return answer{}, err
	}
	return draw(web.Shell{}, web.FeedbackSent{
		Product: productRef(p), Token: a.Tokens.Sign(token.Status, string(got.ID)), Kind: web.FeedbackKind(got.Kind),
		Text: feedback.Cut(got.Text, 200), Email: person.Mask(got.Submitter.Email), Hears: got.WantsWord(),
	})
}

// held gives the piece that a token of a purpose is for, and its product. A link that is none is like a page that is not
// there.
func (a *API) held(r *http.Request, purpose token.Purpose) (feedback.Feedback, product.Product, error) {
	signed, err := a.Tokens.Verify(purpose, r.PathValue("token"))
	if err != nil {
		return feedback.Feedback{}, product.Product{}, fault.Wrap(fault.NotFound, "unknown_link", "This link leads nowhere. It may have been cut off when it was copied.", err)
	}
	fid, err := id.ParseFeedback(signed)
	if err != nil {
		return feedback.Feedback{}, product.Product{}, err
	}
	f, err := a.Store.Feedback(r.Context(), fid)
	if err != nil {
		return f, product.Product{}, err
	}
	p, err := a.Store.Product(r.Context(), f.Product())
	return f, p, err
}

func (a *API) statusPage(r *http.Request) (answer, error) {
	f, p, err := a.held(r, token.Status)
	if err != nil {
		return answer{}, err
	}
	v, err := a.statusView(r, f, p)
	if err != nil {
		return answer{}, err
	}
	if r.URL.Query().Get("edit") != "" && v.CanEdit {
		v.Editing = true
	}
	return draw(web.Shell{}, v)
}

// statusView says what became of a piece: where the Improvement it belongs to stands, with the words of the people who
// decided, and never what others said.
func (a *API) statusView(r *http.Request, f feedback.Feedback, p product.Product) (web.Status, error) {
	v := web.Status{
		Product: productRef(p), Token: a.Tokens.Sign(token.Status, string(f.ID)), Kind: web.FeedbackKind(f.Kind), Title: f.Title, Text: f.Text,
		Rating: f.Rating, At: f.Received, CanEdit: f.Open(), CanWithdraw: f.Open(), Version: strconv.FormatInt(f.Version, 10),
		Email: person.Mask(f.Submitter.Email), Hears: f.WantsWord(), State: web.StateReceived,
		Steps: []web.Step{{State: web.StateReceived, At: f.Received}},
		Next:  "The team reads it in its next review and decides, together with what others say about the same thing.",
		Edit: web.FeedbackValues{
			Kind: web.FeedbackKind(f.Kind), Title: f.Title, Text: f.Text, Rating: ratingText(f.Rating), MaxShort: feedback.MaxName,
		},
	}
	switch {
	case f.State == feedback.Withdrawn:
		v.State, v.Next = web.StateWithdrawn, ""
		v.Steps = append(v.Steps, web.Step{State: web.StateWithdrawn, Phase: web.StepNow, At: f.Edited})
		return v, nil
	case f.Improvement == "":
		v.Steps[0].Phase = web.StepNow
		v.Steps = append(v.Steps, ahead(web.StateAccepted, time.Time{})...)
		return v, nil
	}
	im, err := a.Store.Improvement(r.Context(), f.Improvement)
	if err != nil {
		return v, err
	}
	history, err := store.Everything(func(cursor string) ([]improvement.Entry, string, error) {
		return a.Store.History(r.Context(), im.ID, cursor)
	})
	if err != nil {
		return v, err
	}
	v.State, v.Others = web.State(im.Status), max(im.Evidence.Count-1, 0)
	if im.Status != improvement.Proposed {
		v.About = im.TeamTitle()
	}
	v.Steps = append(v.Steps, stepsOf(im, history)...)
	v.Next = nextFor(im)
	return v, nil
}

func ratingText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// life is the way of an Improvement that nobody declines.
var life = []web.State{web.StateAccepted, web.StatePlanned, web.StateInProgress, web.StateShipped}

// ahead gives the steps that are still to come from one on.
func ahead(from web.State, due time.Time) []web.Step {
	var out []web.Step
	for i, s := range life {
		if s == from {
			for _, s := range life[i:] {
				st := web.Step{State: s, Phase: web.StepAhead}
				if s == web.StateShipped {
					st.At = due
				}
				out = append(out, st)
			}
		}
	}
	return out
}

// stepsOf gives the steps that an Improvement took, with the words said at each, and those ahead.
func stepsOf(im improvement.Improvement, history []improvement.Entry) []web.Step {
	var out []web.Step
	for _, e := range history {
		if e.To == e.From && e.To != improvement.Planned {
			continue
		}
		st := web.Step{State: web.State(e.To), At: e.At, Words: e.Reason}
		// Reasons of rules are for the team, not for customers.
		if strings.HasPrefix(e.By, "rule: ") {
			st.Words = ""
		}
		if len(out) > 0 && out[len(out)-1].State == st.State {
			out[len(out)-1] = st
			continue
		}
		out = append(out, st)
	}
	if len(out) > 0 {
		out[len(out)-1].Phase = web.StepNow
	}
	switch im.Status {
	case improvement.Proposed:
		out = append(out, ahead(web.StateAccepted, im.Due)...)
	case improvement.Accepted:
		out = append(out, ahead(web.StatePlanned, im.Due)...)
	case improvement.Planned:
		out = append(out, ahead(web.StateInProgress, im.Due)...)
	case improvement.InProgress:
		out = append(out, ahead(web.StateShipped, im.Due)...)
	}
	return out
}

func nextFor(im improvement.Improvement) string {
	switch im.Status {
	case improvement.Proposed:
		return "The team weighs it against everything else in its next review."
	case improvement.Accepted:
		return "The team plans when to do it. You hear from us when there is a date."
	case improvement.Planned:
		return "Somebody starts on it so that it is there by " + im.Due.Format("2 January 2006") + "."
	case improvement.InProgress:
		return "Once it is done it ships, and you hear from us."
	case improvement.Shipped:
		return "Tell us whether it does what you hoped for: a reply to our mail reaches the team."
	default:
		return ""
	}
}

func (a *API) editOnPage(r *http.Request) (answer, error) {
	f, p, err := a.held(r, token.Status)
	if err != nil {
		return answer{}, err
	}
	in, err := form(r)
	if err != nil {
		return answer{}, err
	}
	d := f.Draft(p.Slug)
	typed := draftOf(in, p.Slug)
	d.Kind, d.Title, d.Text, d.Rating = typed.Kind, typed.Title, typed.Text, typed.Rating
	_, err = a.Feedback.Edit(r.Context(), f.ID, d)
	if bad, ok := fieldErrors(err); ok {
		v, err := a.statusView(r, f, p)
		if err != nil {
			return answer{}, err
		}
		v.Editing, v.Errors = v.CanEdit, bad
		v.Edit.Kind, v.Edit.Title, v.Edit.Text, v.Edit.Rating = web.FeedbackKind(in.Get("kind")), in.Get("title"), in.Get("text"), in.Get("rating")
		ans, _ := draw(web.Shell{}, v)
		ans.status = http.StatusUnprocessableEntity
		return ans, nil
	}
	if err != nil {
		return answer{}, err
	}
	return goTo("/s/" + r.PathValue("token"))
}

func (a *API) withdrawOnPage(r *http.Request) (answer, error) {
	f, _, err := a.held(r, token.Status)
	if err != nil {
		return answer{}, err
	}
	if _, err := a.Feedback.Withdraw(r.Context(), f.ID); err != nil {
		return answer{}, err
	}
	return goTo("/s/" + r.PathValue("token"))
}

func (a *API) hearOnPage(r *http.Request) (answer, error) {
	f, _, err := a.held(r, token.Status)
	if err != nil {
		return answer{}, err
	}
	in, err := form(r)
	if err != nil {
		return answer{}, err
	}
	if _, err := a.Feedback.HearBack(r.Context(), f.ID, in.Get("hear") == "yes"); err != nil {
		return answer{}, err
	}
	return goTo("/s/" + r.PathValue("token"))
}
