package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// loggedLike sees that the staff log has an action of whoever is signed in, with a detail that contains words.
func (m *team) loggedLike(action, words string) {
	m.t.Helper()
	for _, e := range m.logged() {
		if e.Action == action && strings.Contains(e.Detail, words) && e.By == "staff@example.com" {
			return
		}
	}
	m.t.Errorf("no %q with %q in the log", action, words)
}

// What belongs together, and how many people stop the line, is set on the same page.
func TestComponentsOnPage(t *testing.T) {
	m := newTeam(t)
	path := "/team/products/example"
	m.post(path, "name", "Shop", "quotes", "none", "clusterMinutes", "30", "andonPeople", "5", "andonMinutes", "45",
		"partComponent", "Checkout", "partSource", "", "partAccount", "", "partRegion", "", "partResource", "", "partName", "checkout-*",
		"partComponent", "", "partSource", "", "partAccount", "", "partRegion", "", "partResource", "", "partName", "",
		"partComponent", "Basket", "partSource", "", "partAccount", "", "partRegion", "", "partResource", "", "partName", "",
		"partComponent", " checkout ", "partSource", "", "partAccount", "", "partRegion", "", "partResource", "arn:*:pay", "partName", "",
	)
	var got struct {
		Components     []product.Component
		ClusterMinutes int
		Andon          product.Andon
	}
	m.api(http.MethodGet, "/v1/products/example", "", &got)
	want := []product.Component{{Name: "Checkout", Rules: []signal.Rule{{Name: "checkout-*"}, {Resource: "arn:*:pay"}}}, {Name: "Basket", Rules: []signal.Rule{}}}
	if diff := cmp.Diff(want, got.Components); diff != "" || got.ClusterMinutes != 30 || got.Andon != (product.Andon{People: 5, Minutes: 45}) {
		t.Errorf("%d minutes, andon %+v (-want +got):\n%s", got.ClusterMinutes, got.Andon, diff)
	}
	m.loggedLike("changed product", "components; clusterMinutes; andon")
	d := m.get(path)
	if d.value("clusterMinutes") != "30" || d.value("andonPeople") != "5" || attrOf(d.one("input", "id", "f-partResource_1"), "value") != "arn:*:pay" {
		t.Errorf("the page says %q", d.said())
	}
	// A form that does not have them leaves them.
	m.post(path, "name", "Shop", "quotes", "none")
	m.api(http.MethodGet, "/v1/products/example", "", &got)
	if len(got.Components) != 2 || got.Andon.People != 5 {
		t.Errorf("a form without them: %+v", got)
	}
	for _, tt := range []struct {
		name   string
		fields []string
		box    string
	}{
		{"no name", []string{"partComponent", "", "partName", "", "partComponent", "", "partName", "x-*"}, "f-partComponent_1"},
		{"a bad rule, the second of its component", []string{"partComponent", "A", "partName", "x", "partComponent", "B", "partName", "y", "partComponent", "a", "partName", strings.Repeat("x", 3000)}, "f-partName_2"},
		{"an andon of one", []string{"andonPeople", "1"}, "f-andonPeople"},
		{"an andon that is no number", []string{"andonMinutes", "soon"}, "f-andonMinutes"},
		{"no window", []string{"clusterMinutes", "0"}, "f-clusterMinutes"},
	} {
		d := m.send(path, append([]string{"name", "Shop", "quotes", "none"}, tt.fields...)...)
		if d.status != 422 || attrOf(d.one("input", "id", tt.box), "aria-invalid") != "true" {
			t.Errorf("%s: %d %q", tt.name, d.status, d.problems())
		}
	}
}

func TestMutesPage(t *testing.T) {
	m := newTeam(t)
	const path = "/team/example/mutes"
	m.api(http.MethodPut, "/v1/products/example", `{"components":[{"name":"Checkout"}]}`, nil)
	m.get(path).says("Nothing is muted", "signals of Checkout")
	now := m.clock().UTC()
	at := func(d time.Duration) string { return now.Add(d).Format("2006-01-02T15:04") }
	d := m.post(path, "how", "once", "what", "component:Checkout", "name", "", "from", at(-time.Hour), "to", at(time.Hour), "reason", "New database")
	d.says("Signals of Checkout", "muted now", "New database", "set by staff@example.com")
	m.loggedLike("changed product", "muted signals of Checkout, 2026-03-04 08:00 to 2026-03-04 10:00 UTC: New database")
	d = m.post(path, "how", "weekly", "what", "name", "name", "checkout-*", "day", "sunday", "at", "02:00", "minutes", "120", "zone", "Europe/Berlin", "reason", "Patches")
	d.says("Signals with name checkout-*", "to come", "every Sunday from 02:00 Europe/Berlin for 120 min")
	for _, tt := range []struct {
		name     string
		fields   []string
		problems string
	}{
		{"nothing", nil, "What is muted must be chosen."},
		{"no alarm", []string{"how", "once", "what", "name", "from", at(0), "to", at(time.Hour), "reason", "x"}, "The name is required"},
		{"no times", []string{"how", "once", "what", "all", "reason", "x"}, "The first day is required"},
		{"times that are none", []string{"how", "once", "what", "all", "from", "x", "to", "y", "reason", "x"}, "must be a time like"},
		{"ends before it begins", []string{"how", "once", "what", "all", "from", at(0), "to", at(-time.Hour), "reason", "x"}, "The end must be after from."},
		{"no reason", []string{"how", "once", "what", "all", "from", at(0), "to", at(time.Hour)}, "The reason is required"},
		{"an unknown component", []string{"how", "once", "what", "component:Nothing", "from", at(0), "to", at(time.Hour), "reason", "x"}, "What is muted must be one of the product's components."},
		{"every week, all wrong", []string{"how", "weekly", "what", "all", "day", "x", "at", "x", "minutes", "x", "zone", "x/y", "reason", "x"}, "The length must be 1 to 10,080"},
	} {
		if d := m.send(path, tt.fields...); d.status != 422 || !strings.Contains(d.problems(), tt.problems) {
			t.Errorf("%s: %d %q", tt.name, d.status, d.problems())
		}
	}
	var list struct{ Items []struct{ ID string } }
	m.api(http.MethodGet, "/v1/products/example/mutes", "", &list)
	for range 2 { // twice is as good as once
		m.post("/team/example/unmute", "id", list.Items[0].ID)
	}
	m.loggedLike("changed product", "no longer muted signals of Checkout")
	m.api(http.MethodGet, "/v1/products/example/mutes", "", &list)
	if len(list.Items) != 1 {
		t.Errorf("%d are left", len(list.Items))
	}
}

// andon has two people pull the andon of Checkout, and gives the Improvement it is up over.
func (m *team) andon() (iid string) {
	m.t.Helper()
	m.api(http.MethodPut, "/v1/products/example", `{"components":[{"name":"Checkout"}],"andon":{"people":2}}`, nil)
	for i := range 2 {
		m.api(http.MethodPost, "/v1/feedback", fmt.Sprintf(`{"product":"example","kind":"problem","text":"Nobody can pay.","submitter":{"email":"p%d@example.com","company":"Company %[1]d"},"context":{"component":"checkout"}}`, i), nil)
	}
	m.settle()
	var list struct {
		Items []struct{ ID, EvidenceWords string }
	}
	m.api(http.MethodGet, "/v1/improvements?product=example", "", &list)
	if len(list.Items) != 1 || list.Items[0].EvidenceWords != "2 complaints, 2 companies" {
		m.t.Fatalf("%+v", list.Items)
	}
	return list.Items[0].ID
}

func TestAndonOnPage(t *testing.T) {
	m := newTeam(t)
	iid := m.andon()
	path := "/team/example/improvements/" + iid
	m.get(path).says("Andon: 2 people reported problems with Checkout within 60 minutes", "2 complaints, 2 companies, about Checkout", "Stand down")
	if d := m.send("/team/example/stand-down", "improvement", iid, "reason", " "); d.status != 422 || !strings.Contains(d.problems(), "The reason is required") {
		t.Errorf("%d %q", d.status, d.problems())
	}
	d := m.post("/team/example/stand-down", "improvement", iid, "reason", "A drill.", "return", path)
	d.says("Saved.", "stood the andon down", "A drill.")
	if strings.Contains(d.said(), "Its severity is 1") {
		t.Error("the andon still stands there")
	}
	m.loggedLike("stood andon down", "A drill.")
}
