package api

import (
	"net/http"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/httpapi"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/score"
	"learningloop/internal/store"
)

// queueItem is one thing that waits for a decision.
type queueItem struct {
	ID       string        `json:"id"`
	Type     string        `json:"type"` // improvement, feedback
	Kind     feedback.Kind `json:"kind,omitempty"`
	Title    string        `json:"title"`
	Score    score.Score   `json:"score"`
	Voices   int           `json:"voices"`
	Evidence int           `json:"evidence"`
	Since    time.Time     `json:"since"`
	Latest   time.Time     `json:"latest"`
}

func viewQueueItem(q store.QueueItem, now time.Time) queueItem {
	out := queueItem{ID: q.ID(), Score: q.Score(now)}
	if im := q.Improvement; im != nil {
		out.Type, out.Title, out.Voices, out.Evidence, out.Since, out.Latest = "improvement", im.Title, im.Evidence.Voices, im.Evidence.Count, im.Created, im.Latest
		return out
	}
	f := q.Feedback
	out.Type, out.Kind, out.Title, out.Voices, out.Evidence, out.Since, out.Latest = "feedback", f.Kind, f.Headline(), 1, 1, f.Received, f.Received
	return out
}

func (a *API) queue(_ http.ResponseWriter, r *http.Request) (any, error) {
	q, err := a.listQuery(r, "type", "kind")
	if err != nil {
		return nil, err
	}
	typ, err := oneOf("type", q.values["type"], "improvement", "feedback")
	if err != nil {
		return nil, err
	}
	kind, err := oneOf("kind", q.values["kind"], feedback.Kinds...)
	if err != nil {
		return nil, err
	}
	page, err := a.Store.Queue(r.Context(), q.product.ID, store.QueueFilter{Type: typ, Kind: kind}, q.cursor, q.limit)
	if err != nil {
		return nil, err
	}
	now := a.Now()
	return listOf(page, func(it store.QueueItem) queueItem { return viewQueueItem(it, now) }), nil
}

// improvementView is one Improvement as the API shows it.
type improvementView struct {
	ID          id.Improvement      `json:"id"`
	Product     string              `json:"product"` // slug
	Title       string              `json:"title"`
	Outcome     string              `json:"outcome,omitempty"`
	Status      improvement.Status  `json:"status"`
	Owner       string              `json:"owner,omitempty"`
	Due         string              `json:"due,omitempty"` // 2026-12-31
	Release     string              `json:"release,omitempty"`
	Decline     *declineView        `json:"decline,omitempty"`
	OpsItem     string              `json:"opsItemId,omitempty"`
	Episode     int                 `json:"episode"`
	Filing      *filingView         `json:"filing,omitempty"`
	Component   string              `json:"component,omitempty"`
	Andon       *andonView          `json:"andon,omitempty"`
	Score       score.Score         `json:"score"`
	Level       levelView           `json:"level"`
	Evidence    score.Evidence      `json:"evidence"`
	Words       string              `json:"evidenceWords"`
	Next        []improvement.Verb  `json:"next"` // the decisions that fit
	History     []improvement.Entry `json:"history,omitempty"`
	Created     time.Time           `json:"createdAt"`
	Updated     time.Time           `json:"updatedAt"`
	Correlation string              `json:"correlationId"`
	Version     int64               `json:"version"`
}

type declineView struct {
	Kind    improvement.DeclineKind `json:"kind,omitempty"`
	Reason  string                  `json:"reason"`
	Revisit string                  `json:"revisit,omitempty"`
}

// filingView says what the latest episode waits for.
type filingView struct {
	Order    opsitem.Order `json:"order"`
	Attempts int           `json:"attempts"`
	RetryAt  time.Time     `json:"retryAt,omitzero"`
	Error    string        `json:"error,omitempty"`
}

func (a *API) viewImprovement(im improvement.Improvement, slug string) improvementView {
	v := improvementView{
		ID: im.ID, Product: slug, Title: im.Title, Outcome: im.Outcome, Status: im.Status, Owner: im.Owner, Due: day(im.Due), Release: im.Release,
		OpsItem: im.OpsItem, Episode: im.Episode, Score: im.Score(a.Now()), Level: viewLevel(im), Evidence: im.Evidence, Next: improvement.Next(im.Status),
		Component: im.Component, Andon: viewAndon(im), Words: im.Evidence.Words(),
		Created: im.Created, Updated: im.Updated, Correlation: im.Correlation, Version: im.Version,
	}
	if im.Status == improvement.Declined {
		v.Decline = &declineView{Kind: im.Decline.Kind, Reason: im.Decline.Reason, Revisit: day(im.Decline.Revisit)}
	}
	return v
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func (a *API) listImprovements(_ http.ResponseWriter, r *http.Request) (any, error) {
	q, err := a.listQuery(r, "status", "sort")
	if err != nil {
		return nil, err
	}
	status, err := oneOf("status", q.values["status"], improvement.Statuses...)
	if err != nil {
		return nil, err
	}
	sort, err := oneOf("sort", q.values["sort"], "score", "updated")
	if err != nil {
		return nil, err
	}
	page, err := a.Store.ListImprovements(r.Context(), q.product.ID, store.ImprovementFilter{Status: status}, sort == "score", q.cursor, q.limit)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(im improvement.Improvement) improvementView { return a.viewImprovement(im, q.product.Slug) }), nil
}

func (a *API) propose(_ http.ResponseWriter, r *http.Request) (any, error) {
	var in improvement.Proposal
	if err := httpapi.Decode(r, &in); err != nil {
		return nil, err
	}
	if in.Product == "" {
		return nil, fault.Fields(fault.Field{Pointer: "/product", Detail: "is required: the slug of a product"})
	}
	p, err := a.Store.ProductBySlug(r.Context(), in.Product)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Fields(fault.Field{Pointer: "/product", Detail: "is not the slug of a product here"})
	}
	if err != nil {
		return nil, err
	}
	im, err := a.Improvements.Propose(r.Context(), p, in, by(r))
	if err != nil {
		return nil, err
	}
	return created{location: a.Links.Public + "/v1/improvements/" + string(im.ID), value: a.viewImprovement(im, p.Slug)}, nil
}

// named gives the Improvement that the path names, and its product's slug.
func (a *API) named(r *http.Request) (improvement.Improvement, string, error) {
	iid, err := id.ParseImprovement(r.PathValue("id"))
	if err != nil {
		return improvement.Improvement{}, "", err
	}
	im, err := a.Store.Improvement(r.Context(), iid)
	if err != nil {
		return im, "", err
	}
	p, err := a.Store.Product(r.Context(), iid.Product())
	return im, p.Slug, err
}

func (a *API) getImprovement(_ http.ResponseWriter, r *http.Request) (any, error) {
	im, slug, err := a.named(r)
	if err != nil {
		return nil, err
	}
	return a.wholeImprovement(r, im, slug)
}

// wholeImprovement shows one with its history and what its OpsItem waits for.
func (a *API) wholeImprovement(r *http.Request, im improvement.Improvement, slug string) (improvementView, error) {
	v := a.viewImprovement(im, slug)
	history, err := store.Everything(func(cursor string) ([]improvement.Entry, string, error) {
		return a.Store.History(r.Context(), im.ID, cursor)
	})
	if err != nil {
		return v, err
	}
	v.History = history
	if im.Episode > 0 {
		ep, err := a.Store.Episode(r.Context(), im.ID, im.Episode)
		if err != nil {
			return v, err
		}
		if ep.Order != opsitem.None || ep.Error != "" {
			v.Filing = &filingView{Order: ep.Order, Attempts: ep.Attempts, RetryAt: ep.RetryAt, Error: ep.Error}
		}
	}
	return v, nil
}

// changing reads what is asked of the Improvement that the path names, does it and shows how it is then.
func changing[In any](a *API, r *http.Request, do func(iid id.Improvement, in In) (improvement.Improvement, error)) (any, error) {
	iid, err := id.ParseImprovement(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var in In
	if err := httpapi.Decode(r, &in); err != nil {
		return nil, err
	}
	im, err := do(iid, in)
	if err != nil {
		return nil, err
	}
	p, err := a.Store.Product(r.Context(), iid.Product())
	if err != nil {
		return nil, err
	}
	return a.wholeImprovement(r, im, p.Slug)
}

func (a *API) decide(_ http.ResponseWriter, r *http.Request) (any, error) {
	return changing(a, r, func(iid id.Improvement, d improvement.Decision) (improvement.Improvement, error) {
		return a.Improvements.Decide(r.Context(), iid, d, by(r))
	})
}

func (a *API) attach(_ http.ResponseWriter, r *http.Request) (any, error) {
	iid, err := id.ParseImprovement(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var in struct {
		Feedback []id.Feedback `json:"feedbackIds"`
	}
	if err := httpapi.Decode(r, &in); err != nil {
		return nil, err
	}
	if len(in.Feedback) == 0 || len(in.Feedback) > improvement.MaxProposal {
		return nil, fault.Fields(fault.Field{Pointer: "/feedbackIds", Detail: "must name 1 to 50 pieces of feedback"})
	}
	for _, fid := range in.Feedback {
		if _, err := id.ParseFeedback(string(fid)); err != nil {
			return nil, err
		}
		if err := a.Improvements.Attach(r.Context(), iid, fid, by(r)); err != nil {
			return nil, err
		}
	}
	return a.getImprovement(nil, r)
}

func (a *API) detach(_ http.ResponseWriter, r *http.Request) (any, error) {
	iid, err := id.ParseImprovement(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	fid, err := id.ParseFeedback(r.PathValue("feedback"))
	if err != nil {
		return nil, err
	}
	return nil, a.Improvements.Detach(r.Context(), iid, fid, by(r))
}
