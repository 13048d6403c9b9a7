package api

import (
	"fmt"
	"net/http"
	"time"

	"learningloop/internal/auth"
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

// budgetEdge says on the home page that the budget is near its end, what that means, and how to get room.
func (a *API) budgetEdge(r *http.Request) (*web.Fault, error) {
	s, err := a.budgetState(r)
	if err != nil || !s.Edge {
		return nil, err
	}
	f := &web.Fault{
		Tone: web.ToneWarn, Title: "The budget for OpsItems is nearly used up",
		Detail: s.String() + " What is urgent is filed first, the rest is listed once a week; nothing is lost. ",
	}
	switch {
	case s.Use.Shut.After(a.Now()):
		f.Detail += "OpsCenter itself takes no more for now: delete resolved OpsItems there, or ask AWS for a larger quota."
		f.Action = &web.Link{Text: "Open OpsCenter", Path: a.opsCenterPath()}
		return f, nil
	case float64(s.Use.Total)/float64(s.Total) >= governor.Edge:
		f.Detail += fmt.Sprintf("%d of all %d that may ever be filed are; the deployment's context key opsItemsTotal raises that (README, Deploy).", s.Use.Total, s.Total)
	default:
		f.Detail += "There is room again next month, or with larger context keys opsItemsMonth and opsItemsDollars of the deployment (README, Deploy)."
	}
	if who, ok := auth.FromContext(r.Context()); ok && who.May(auth.Admin) { // the page is theirs
		f.Action = &web.Link{Text: "See the budget", Path: web.Path("team", "products") + "#budget"}
	}
	return f, nil
}

// opsCenterPath is where OpsItems are listed.
func (a *API) opsCenterPath() string {
	if a.Local {
		return web.Path("_local", "opscenter")
	}
	return consoleURL(a.Region, "")
}

// budgetPart shows how the budget stands, long before it is near its end.
func (a *API) budgetPart(r *http.Request) (*web.Budget, error) {
	s, err := a.budgetState(r)
	if err != nil {
		return nil, err
	}
	v := &web.Budget{
		Month: a.Now().UTC(), Filed: s.Use.Filed, Limit: s.Limit, Folded: s.Use.Folded, Held: s.Use.Held, Total: s.Use.Total, Most: s.Total, OpsCenter: a.opsCenterPath(),
	}
	if _, money := a.Budget.Limit(); money {
		v.Dollars = s.Money
	}
	if s.Use.Shut.After(a.Now()) {
		v.Shut = s.Use.Shut
	}
	return v, nil
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
