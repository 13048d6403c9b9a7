package api

import (
	"net/http"

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

// improvementEdit is what a body may change; what is left out stays.
type improvementEdit struct {
	Title    *string  `json:"title"`
	Outcome  *string  `json:"outcome"`
	Effort   *float64 `json:"effort"`
	Severity *int     `json:"severity"`
	Priority *int     `json:"priority"`
	Category *string  `json:"category"`
}

func (a *API) editImprovement(_ http.ResponseWriter, r *http.Request) (any, error) {
	return changing(a, r, func(iid id.Improvement, in improvementEdit) (improvement.Improvement, error) {
		return a.Improvements.Edit(r.Context(), iid, improvement.Edit{
			Title: in.Title, Outcome: in.Outcome, Effort: in.Effort, Severity: in.Severity, Priority: in.Priority, Category: in.Category,
		}, by(r))
	})
}
