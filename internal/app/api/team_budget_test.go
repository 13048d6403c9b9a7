package api_test

import (
	"strings"
	"testing"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/id"
)

// The budget's state, and where it is changed, stand on the pages of settings long before it is near its end; near it the
// message says how to get room.
func TestBudgetShows(t *testing.T) {
	dir := t.TempDir()
	m := newTeamIn(t, dir)
	iid := id.Improvement(m.andon()) // files one
	const edge = "The budget for OpsItems is nearly used up"
	m.get("/team").says("!" + edge)
	for _, page := range []string{"/team/products", "/team/products/example"} {
		d := m.get(page)
		d.says("1 of 10,000 are filed in March 2026", "1 of 500,000 were ever filed, not counting those known to be deleted", "opsItemsMonth , opsItemsTotal , opsItemsDollars (README, Deploy)")
		d.one("section", "id", "budget")
	}
	m.w.SetBudget(governor.Budget{Money: 0.01})
	m.get("/team/products").says("1 of 2 are filed in March 2026, as many as 0.01 US dollars pay for")

	m.w.SetBudget(governor.Budget{Month: 1})
	d := m.get("/team")
	d.says(edge, "1 of the month's 1 OpsItems are filed.", "There is room again next month, or with larger context keys opsItemsMonth and opsItemsDollars", "!Delete")
	d.links("/team/products#budget")
	m.token = tokenAs(t, dir, "member")
	if d := m.get("/team"); !strings.Contains(d.said(), edge) || len(d.all("a", "href", "/team/products#budget")) > 0 {
		t.Errorf("a member may not open that page: %q", d.said())
	}
	m.token = ""

	m.w.SetBudget(governor.Budget{Total: 1})
	d = m.get("/team")
	d.says(edge, "1 of all 1 that may ever be filed are; the deployment's context key opsItemsTotal raises that")
	d.links("/team/products#budget")

	// OpsCenter said that the account's quota is used up: only there is room to be made.
	m.w.SetBudget(governor.Budget{})
	ep, err := m.w.Store.Episode(t.Context(), iid, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.w.Store.SaveBudgeted(t.Context(), ep, governor.Delta{Shut: m.clock().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for page, said := range map[string]string{
		"/team": "OpsCenter itself takes no more for now: delete resolved OpsItems there", "/team/products": "it is asked again in 1 hour . Delete resolved OpsItems there",
	} {
		d := m.get(page)
		d.says(said)
		d.links("/_local/opscenter")
	}
}
