package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// levelNow is an Improvement's level as the API says it.
type levelNow struct {
	Severity, Priority struct {
		Value, Evidence int
		By              string
	}
	Category struct{ Value, Evidence, By string }
}

func TestRateOnPage(t *testing.T) {
	m := newTeam(t)
	iid := m.propose("Export more rows", m.say("company", "Example Corp"))
	path := "/team/example/improvements/" + iid
	level := func() levelNow {
		t.Helper()
		var got struct{ Level levelNow }
		m.api(http.MethodGet, "/v1/improvements/"+iid, "", &got)
		return got.Level
	}
	same := []string{"title", "Export more rows", "outcome", "", "effort", "1"}
	if l := level(); l.Severity.Value != 2 || l.Severity.By != "" || l.Category.Value != "Availability" {
		t.Fatalf("%+v", l)
	}
	d := m.post(path, append(same, "severity", "1", "priority", "0", "category", "Cost")...)
	d.says("Severity 1 evidence: 2", "severity 1, category Cost by staff@example.com", "2, by the evidence", "Availability, by the evidence", "edited severity 1 (was: 2), category Cost (was: Availability)")
	if d.value("severity") != "1" || d.value("category") != "Cost" || d.value("priority") != "" {
		t.Errorf("the form holds %q %q %q", d.value("severity"), d.value("priority"), d.value("category"))
	}
	if l := level(); l.Severity.Value != 1 || l.Severity.Evidence != 2 || l.Severity.By != "staff@example.com" || l.Priority.By != "" || l.Category.Value != "Cost" {
		t.Errorf("%+v", l)
	}
	d = m.send(path, append(same, "severity", "7", "priority", "x", "category", "Weather")...)
	if d.status != 422 || !strings.Contains(d.problems(), "The severity must be 1 to 4") || !strings.Contains(d.problems(), "The priority must be 1 to 5") || !strings.Contains(d.problems(), "The category must be one of") {
		t.Errorf("%d %q", d.status, d.problems())
	}
	m.post(path, append(same, "severity", "0", "priority", "0", "category", "")...)
	if l := level(); l.Severity.Value != 2 || l.Severity.By != "" || l.Category.Value != "Availability" {
		t.Errorf("handed back: %+v", l)
	}
}

func TestRunbooksOnPage(t *testing.T) {
	m := newTeam(t)
	path := "/team/products/example"
	books := func() (out []struct {
		Automation string
		Match      struct{ Source, Name string }
	},
	) {
		t.Helper()
		var got struct {
			Runbooks []struct {
				Automation string
				Match      struct{ Source, Name string }
			}
		}
		m.api(http.MethodGet, "/v1/products/example", "", &got)
		return append(out, got.Runbooks...)
	}
	m.post(path, "name", "A", "quotes", "none", "bookAutomation", "", "bookName", "", "bookAutomation", " AWS-RestartEC2Instance ", "bookName", "checkout-*")
	if b := books(); len(b) != 1 || b[0].Automation != "AWS-RestartEC2Instance" || b[0].Match.Name != "checkout-*" {
		t.Fatalf("%+v", b)
	}
	if box := m.get(path).one("input", "id", "f-bookAutomation_0"); attrOf(box, "value") != "AWS-RestartEC2Instance" {
		t.Errorf("the page shows %q", attrOf(box, "value"))
	}
	d := m.send(path, "name", "A", "quotes", "none", "bookAutomation", "", "bookName", "", "bookAutomation", "rm -rf", "bookName", "checkout-*")
	if box := d.one("input", "id", "f-bookAutomation_1"); d.status != 422 || attrOf(box, "aria-invalid") != "true" || attrOf(box, "value") != "rm -rf" {
		t.Errorf("%d %q", d.status, d.problems())
	}
	m.post(path, "name", "A", "quotes", "none") // a form without the rows changes none of them
	if b := books(); len(b) != 1 {
		t.Errorf("%+v", b)
	}
	m.post(path, "name", "A", "quotes", "none", "bookAutomation", "", "bookName", "")
	if b := books(); len(b) != 0 {
		t.Errorf("%+v", b)
	}
}
