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
	d := m.get(path)
	d.says("Nothing is muted", "signals of Checkout", "From, UTC", "in UTC it is now 2026-03-04 09:00", "Name of the alarm for signals by their name", "!Name of the alarm optional")
	for _, f := range []string{"f-oncewhat", "f-weeklywhat", "f-weeklyday"} {
		if first := (&doc{t: t, root: d.one("select", "id", f)}).all("option")[0]; attrOf(first, "value") != "" {
			t.Errorf("%s begins with %q", f, textOf(first))
		}
	}
	for _, o := range d.all("option") {
		if hasAttr(o, "selected") {
			t.Errorf("%q is chosen already", textOf(o))
		}
	}
	now := m.clock().UTC()
	at := func(d time.Duration) string { return now.Add(d).Format("2006-01-02T15:04") }
	d = m.post(path, "how", "once", "what", "component:Checkout", "name", "", "from", at(-time.Hour), "to", at(time.Hour), "reason", "New database")
	d.says("Signals of Checkout", "muted now", "New database", "set by staff@example.com", "until 4 Mar 2026, 10:00 UTC")
	if got := d.notices(); !strings.Contains(got, "Muted: signals of Checkout, 2026-03-04 08:00 to 2026-03-04 10:00 UTC.") {
		t.Errorf("it says %q", got)
	}
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
		{"nothing, and nothing else right", []string{"how", "once", "reason", ""}, "What is muted must be chosen. | The beginning is required. | The reason is required"},
		{"an alarm beside a component", []string{"how", "once", "what", "component:Checkout", "name", "checkout-p99", "from", at(0), "to", at(time.Hour), "reason", "x"}, "The name is only for “signals by their name”: choose that, or empty the name."},
		{"an alarm beside everything", []string{"how", "weekly", "what", "all", "name", "checkout-p99", "day", "sunday", "at", "02:00", "minutes", "60", "reason", "x"}, "The name is only for “signals by their name”"},
		{"past", []string{"how", "once", "what", "all", "from", at(-2 * time.Hour), "to", at(0), "reason", "x"}, "The end is past, so this would mute nothing: it is 2026-03-04 09:00 UTC."},
		{"no times", []string{"how", "once", "what", "all", "reason", "x"}, "The beginning is required."},
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
	const gone = "No longer muted: signals of Checkout, 2026-03-04 08:00 to 2026-03-04 10:00 UTC: New database"
	for range 2 { // twice is as good as once
		if d = m.post("/team/example/unmute", "id", list.Items[0].ID); !strings.Contains(d.notices(), gone) {
			t.Errorf("it says %q", d.notices())
		}
	}
	// What was removed can be set again, once; then nothing says that it is gone.
	again := d
	for range 2 {
		d = m.press(again, "/team/example/mute-again", "Mute again")
		if got := d.notices(); !strings.Contains(got, "Muted: signals of Checkout, 2026-03-04 08:00 to 2026-03-04 10:00 UTC.") {
			t.Errorf("it says %q", got)
		}
		d.says("Signals of Checkout", "New database", "Let it alert again")
	}
	for _, id := range []string{list.Items[0].ID, list.Items[1].ID, "x", ""} {
		if got := m.get(path + "?did=unmuted&with=" + id).notices(); got != "" {
			t.Errorf("of %q it says %q", id, got)
		}
	}
	m.post("/team/example/mute-again", "id", "x").says("!No longer muted")
	m.api(http.MethodGet, "/v1/products/example/mutes", "", &list)
	if len(list.Items) != 2 {
		t.Errorf("%d are set", len(list.Items))
	}
	m.post("/team/example/unmute", "id", list.Items[0].ID)
	// Of what is over, nothing can be brought back.
	m.later(2 * time.Hour)
	if got := m.get(path + "?did=unmuted&with=" + list.Items[0].ID).notices(); !strings.Contains(got, gone) || strings.Contains(got, "Mute again") {
		t.Errorf("when it is over it says %q", got)
	}
	now = m.clock().UTC()
	// What was just muted can be let go at once.
	d = m.post(path, "how", "once", "what", "all", "from", at(time.Hour), "to", at(2*time.Hour), "reason", "Too early")
	if got := d.notices(); !strings.Contains(got, "Will be muted: all signals, 2026-03-04 12:00 to 2026-03-04 13:00 UTC.") {
		t.Errorf("it says %q", got)
	}
	d.says("to come in 1 hour 2026-03-04 12:00 to")
	m.press(d, "/team/example/unmute", "Undo").says("No longer muted: all signals", "!set by staff@example.com Remove : all signals")
	m.loggedLike("changed product", "no longer muted signals of Checkout")
	m.api(http.MethodGet, "/v1/products/example/mutes", "", &list)
	if len(list.Items) != 1 {
		t.Errorf("%d are left", len(list.Items))
	}
}

// cannotPay has people from..to-1 report problems with Checkout, one each.
func (m *team) cannotPay(from, to int) {
	m.t.Helper()
	for i := from; i < to; i++ {
		m.api(http.MethodPost, "/v1/feedback", fmt.Sprintf(`{"product":"example","kind":"problem","text":"Nobody can pay.","submitter":{"email":"p%d@example.com","company":"Company %[1]d"},"context":{"component":"checkout"}}`, i), nil)
	}
	m.settle()
}

// andon has two people pull the andon of Checkout, and gives the Improvement it is up over.
func (m *team) andon() (iid string) {
	m.t.Helper()
	m.api(http.MethodPut, "/v1/products/example", `{"components":[{"name":"Checkout"}],"andon":{"people":2}}`, nil)
	m.cannotPay(0, 2)
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
	d := m.get(path)
	d.says("Andon: 2 people reported problems with Checkout within 60 minutes", "Its severity is 1.", "Severity 1 evidence: 2", "severity 1 by the andon", "1, by the andon",
		"2 complaints, 2 companies, about Checkout", "Stand down")
	var offered []string
	for _, n := range d.all("input", "type", "hidden", "name", "decision") {
		offered = append(offered, attrOf(n, "value"))
	}
	if len(offered) == 0 || offered[0] != "start" {
		t.Errorf("offered first: %q", offered)
	}
	// A rating holds over the andon, and every part of the page says the same; handing it back gives the andon's.
	m.later(time.Minute)
	same := []string{"title", "2 people report problems with Checkout", "outcome", "", "effort", "1", "priority", "0", "category", ""}
	d = m.post(path, append(same, "severity", "3")...)
	d.says("Its severity is 3, as staff@example.com set it", "Severity 3 evidence: 2", "severity 3 by staff@example.com", "1, by the andon")
	d = m.post(path, append(same, "severity", "0")...)
	d.says("Its severity is 1.", "edited severity as the andon says, 1 (was: 3)", "Severity 1 evidence: 2")
	// The form that is refused stands at an address that leads to the case.
	down := "/team/example/stand-down?improvement=" + iid
	d.one("form", "action", down)
	d = m.send(down, "improvement", iid, "reason", " ")
	if d.status != 422 || strings.Count(d.said(), "The reason is required") != 1 || attrOf(d.one("textarea", "id", "f-andonreason"), "aria-invalid") != "true" {
		t.Errorf("%d %q", d.status, d.said())
	}
	if rec := m.do(http.MethodGet, down, "", ""); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != origin+path {
		t.Errorf("the address leads to %d %s", rec.Code, rec.Header().Get("Location"))
	}
	d = m.post(down, "improvement", iid, "reason", "A drill.", "return", path)
	d.says("The andon is stood down; its severity is 2 again.", "within 60 minutes, 1 minute ago . It was stood down just now by staff@example.com : A drill.", "stood the andon down", "A drill.", "!Its severity is 1", "2, by the evidence")
	if rec := m.do(http.MethodGet, path+"?did=stoodDown&on="+m.propose("Another"), "", ""); strings.Contains(rec.Body.String(), "is stood down;") {
		t.Error("an address has the page say what nobody did")
	}
	m.loggedLike("stood andon down", "A drill.")
	// What somebody rated before the next andon is neither lost nor put over it by saving something else.
	m.post(path, append(same, "severity", "4")...)
	m.later(time.Minute)
	m.cannotPay(2, 4)
	d = m.get(path)
	d.says("Its severity is 1.", "severity 4, once that is stood down, by staff@example.com")
	m.post(path, "title", "Nobody can pay", "outcome", "", "effort", "1", "severity", d.value("severity"), "priority", "0", "category", "").says("Its severity is 1.", "Nobody can pay")
	m.post(down, "improvement", iid, "reason", "Another drill.", "return", path).says("The andon is stood down; its severity is 4 again.", "severity 4 by staff@example.com")
}
