package api

import (
	"net/http"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/httpapi"
	"learningloop/internal/id"
	"learningloop/internal/store"
	"learningloop/internal/token"
	"learningloop/internal/trail"
)

// submitted is the answer to POST /v1/feedback.
type submitted struct {
	ID        id.Feedback `json:"id"`
	StatusURL string      `json:"statusUrl"`
	Token     string      `json:"token"`
}

func (a *API) submit(_ http.ResponseWriter, r *http.Request) (any, error) {
	var d feedback.Draft
	if err := httpapi.Decode(r, &d); err != nil {
		return nil, err
	}
	f, err := a.Feedback.Submit(r.Context(), d, r.Header.Get("Idempotency-Key"), feedback.API)
	if err != nil {
		return nil, err
	}
	return created{
		location: a.Links.Public + "/v1/feedback/" + string(f.ID),
		value:    submitted{ID: f.ID, StatusURL: a.Links.Status(f.ID), Token: a.Tokens.Sign(token.Status, string(f.ID))},
	}, nil
}

// feedbackView is one piece as the API shows it. Staff see who said it; submitters see what they sent.
type feedbackView struct {
	ID          id.Feedback              `json:"id"`
	Product     string                   `json:"product"` // slug
	Kind        feedback.Kind            `json:"kind"`
	Title       string                   `json:"title,omitempty"`
	Text        string                   `json:"text"`
	Rating      int                      `json:"rating,omitempty"`
	Submitter   *feedback.DraftSubmitter `json:"submitter,omitempty"`
	Context     feedback.Context         `json:"context"`
	State       feedback.State           `json:"state"`
	Status      string                   `json:"status"` // of the Improvement it is attached to, else its own state
	Improvement id.Improvement           `json:"improvement,omitempty"`
	Muted       *mutedView               `json:"muted,omitempty"`
	Received    time.Time                `json:"receivedAt"`
	Edited      time.Time                `json:"editedAt,omitzero"`
	Correlation string                   `json:"correlationId"`
}

// mutedView says why a signal alerted nobody.
type mutedView struct {
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"`
	Since  time.Time `json:"countsSince,omitzero"` // it fired on when the window was over
}

func (a *API) viewFeedback(r *http.Request, f feedback.Feedback, slug string) (feedbackView, error) {
	v := feedbackView{
		ID: f.ID, Product: slug, Kind: f.Kind, Title: f.Title, Text: f.Text, Rating: f.Rating, Context: f.Context, State: f.State,
		Status: string(f.State), Improvement: f.Improvement, Received: f.Received, Edited: f.Edited, Correlation: f.ID.Correlation(),
	}
	if f.Muted != nil {
		v.Muted = &mutedView{f.Muted.Reason, f.Muted.Until, f.Muted.Over}
	}
	if f.Submitter != (feedback.Submitter{}) {
		s := f.Draft(slug).Submitter
		v.Submitter = &s
	}
	if f.Improvement != "" {
		im, err := a.Store.Improvement(r.Context(), f.Improvement)
		if err != nil {
			return v, err
		}
		v.Status = string(im.Status)
	}
	return v, nil
}

// own gives the piece that the path names, to its submitter.
func (a *API) own(r *http.Request) (feedback.Feedback, error) {
	fid, err := id.ParseFeedback(r.PathValue("id"))
	if err != nil {
		return feedback.Feedback{}, err
	}
	signed, err := a.Tokens.Verify(token.Status, httpapi.Bearer(r))
	if err != nil {
		return feedback.Feedback{}, err
	}
	if signed != string(fid) {
		return feedback.Feedback{}, fault.New(fault.Forbidden, "other_feedback", "This token is for other feedback.")
	}
	return a.Store.Feedback(r.Context(), fid)
}

// answer shows one piece.
func (a *API) answer(r *http.Request, f feedback.Feedback) (any, error) {
	p, err := a.Store.Product(r.Context(), f.Product())
	if err != nil {
		return nil, err
	}
	return a.viewFeedback(r, f, p.Slug)
}

// getFeedback shows a piece to its submitter, or to staff, whose look is logged.
func (a *API) getFeedback(_ http.ResponseWriter, r *http.Request) (any, error) {
	f, err := a.own(r)
	if fault.Is(err, fault.Unauthenticated) {
		s, staffErr := a.Auth.Authenticate(r)
		if staffErr != nil {
			return nil, err
		}
		fid, err := id.ParseFeedback(r.PathValue("id"))
		if err != nil {
			return nil, err
		}
		if f, err = a.Store.Feedback(r.Context(), fid); err != nil {
			return nil, err
		}
		if err := a.saw(r, s.By(), "saw feedback", string(fid), string(f.Product())); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	return a.answer(r, f)
}

func (a *API) editFeedback(_ http.ResponseWriter, r *http.Request) (any, error) {
	f, err := a.own(r)
	if err != nil {
		return nil, err
	}
	var d feedback.Draft
	if err := httpapi.Decode(r, &d); err != nil {
		return nil, err
	}
	if f, err = a.Feedback.Edit(r.Context(), f.ID, d); err != nil {
		return nil, err
	}
	return a.answer(r, f)
}

func (a *API) withdrawFeedback(_ http.ResponseWriter, r *http.Request) (any, error) {
	f, err := a.own(r)
	if err != nil {
		return nil, err
	}
	_, err = a.Feedback.Withdraw(r.Context(), f.ID)
	return nil, err
}

// list is a page of a list.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // cursor of the next page
}

func listOf[S, T any](p store.Page[S], view func(S) T) list[T] {
	out := list[T]{Items: make([]T, 0, len(p.Items)), Next: p.Next}
	for _, it := range p.Items {
		out.Items = append(out.Items, view(it))
	}
	return out
}

func (a *API) listFeedback(_ http.ResponseWriter, r *http.Request) (any, error) {
	q, err := a.listQuery(r, "kind", "state")
	if err != nil {
		return nil, err
	}
	kind, err := oneOf("kind", q.values["kind"], append([]feedback.Kind{feedback.Signal}, feedback.Kinds...)...)
	if err != nil {
		return nil, err
	}
	state, err := oneOf("state", q.values["state"], feedback.Received, feedback.Triaged, feedback.Withdrawn)
	if err != nil {
		return nil, err
	}
	page, err := a.Store.ListFeedback(r.Context(), q.product.ID, q.product.Created, store.FeedbackFilter{Kind: kind, State: state}, q.cursor, q.limit)
	if err != nil {
		return nil, err
	}
	if err := a.saw(r, by(r).Who, "saw feedback list", q.product.Slug, string(q.product.ID)); err != nil {
		return nil, err
	}
	out := list[feedbackView]{Items: []feedbackView{}, Next: page.Next}
	for _, f := range page.Items {
		v, err := a.viewFeedback(r, f, q.product.Slug)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

// saw logs that a member of staff looked at what people said, before they see it.
func (a *API) saw(r *http.Request, who, action, subject, product string) error {
	return a.Store.Log(r.Context(), trail.Entry{
		ID: a.Rand()[:12], At: a.Now(), By: who, Action: action, Subject: subject, Product: product, Request: httpapi.RequestID(r.Context()),
	})
}
