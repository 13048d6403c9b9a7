package api

import (
	"fmt"
	"net/http"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/web"
)

// budgetView is how the budget for OpsItems stands, as the API shows it.
type budgetView struct {
	Month     string     `json:"month"`
	Filed     int        `json:"filed"`
	Folded    int        `json:"folded"`
	Held      int        `json:"held"`
	Total     int        `json:"total"`
	Limit     int        `json:"limit"`
	MostEver  int        `json:"totalLimit"`
	Dollars   float64    `json:"dollars,omitempty"`
	Waterline int        `json:"waterline"`
	Edge      bool       `json:"edge"`
	ShutUntil *time.Time `json:"shutUntil,omitempty"`
}

func (a *API) budgetState(r *http.Request) (governor.State, error) {
	return governor.StateOf(r.Context(), a.Store, a.Budget, a.Now())
}

func (a *API) showBudget(_ http.ResponseWriter, r *http.Request) (any, error) {
	s, err := a.budgetState(r)
	if err != nil {
		return nil, err
	}
	v := budgetView{
		Month: s.Use.Month, Filed: s.Use.Filed, Folded: s.Use.Folded, Held: s.Use.Held, Total: s.Use.Total, Limit: s.Limit, MostEver: s.Total,
		Dollars: s.Money, Waterline: s.Waterline, Edge: s.Edge,
	}
	if s.Use.Shut.After(a.Now()) {
		v.ShutUntil = &s.Use.Shut
	}
	return v, nil
}

// budgetEdge says on the home page that the budget is near its end, and what that means.
func (a *API) budgetEdge(r *http.Request) (*web.Fault, error) {
	s, err := a.budgetState(r)
	if err != nil || !s.Edge {
		return nil, err
	}
	return &web.Fault{
		Tone: web.ToneWarn, Title: "The budget for OpsItems is nearly used up",
		Detail: s.String() + " What is urgent is filed first, the rest is listed once a week; nothing is lost. Delete resolved OpsItems, or raise the budget.",
	}, nil
}

// caseFolds shows which list an episode is a line of, or the lines of a list.
func (a *API) caseFolds(r *http.Request, ep opsitem.Episode, v *web.Improvement) error {
	if ep.Folds() {
		list, err := a.Store.Improvement(r.Context(), ep.Parent)
		if err != nil {
			return fmt.Errorf("load list %s: %w", ep.Parent, err)
		}
		v.FoldedIn = &web.Link{Text: list.Title, Path: casePath(v.Product.Slug, list.ID)}
		if list.Status.Closed() && !improvement.Status(v.State).Closed() {
			v.Filing += " That list is closed; this is not: decide about it here."
		}
	}
	if !ep.List {
		return nil
	}
	lines, _, err := a.Store.Folded(r.Context(), ep.Improvement, "")
	if err != nil {
		return fmt.Errorf("list lines of %s: %w", ep.Improvement, err)
	}
	for _, l := range lines {
		v.Lines = append(v.Lines, web.Link{Text: l.Title, Path: casePath(v.Product.Slug, l.Improvement)})
	}
	v.Listed = ep.Folded
	return nil
}
