package api

import (
	"net/http"

	"learningloop/internal/httpapi"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
)

// levelView is how bad an Improvement is, who said so, and what the evidence says.
type levelView struct {
	Severity ratingView[int]    `json:"severity"`
	Priority ratingView[int]    `json:"priority"`
	Category ratingView[string] `json:"category"`
}

type ratingView[T comparable] struct {
	Value    T      `json:"value"`
	By       string `json:"by,omitempty"`
	Evidence T      `json:"evidence"`
}

func viewLevel(im improvement.Improvement) levelView {
	l, ev := im.InForce(), im.Evident()
	return levelView{
		Severity: ratingView[int]{l.Severity, im.Level.Severity.By, ev.Severity},
		Priority: ratingView[int]{l.Priority, im.Level.Priority.By, ev.Priority},
		Category: ratingView[string]{l.Category, im.Level.Category.By, ev.Category},
	}
}

func (a *API) editImprovement(_ http.ResponseWriter, r *http.Request) (any, error) {
	iid, err := id.ParseImprovement(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var in struct {
		Title    *string  `json:"title"`
		Outcome  *string  `json:"outcome"`
		Effort   *float64 `json:"effort"`
		Severity *int     `json:"severity"`
		Priority *int     `json:"priority"`
		Category *string  `json:"category"`
	}
	if err := httpapi.Decode(r, &in); err != nil {
		return nil, err
	}
	im, err := a.Improvements.Edit(r.Context(), iid, improvement.Edit{
		Title: in.Title, Outcome: in.Outcome, Effort: in.Effort, Severity: in.Severity, Priority: in.Priority, Category: in.Category,
	}, by(r))
	if err != nil {
		return nil, err
	}
	p, err := a.Store.Product(r.Context(), iid.Product())
	if err != nil {
		return nil, err
	}
	return a.wholeImprovement(r, im, p.Slug)
}
