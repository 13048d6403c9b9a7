package local_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"learningloop/internal/config"
	"learningloop/internal/governor"
	"learningloop/internal/week"
)

// TestBudget: three OpsItems a month are all there may be. Two alarms and a list use them up; the rest is folded or waits,
// every page and the digest say so, and the next month takes up what waited.
func TestBudget(t *testing.T) {
	s := newTeller(t)
	s.w.SetBudget(governor.Budget{Month: 3})
	alarmOf := func(name string) string {
		return strings.NewReplacer("alarm:slow", "alarm:"+name, `"alarmName":"slow"`, `"alarmName":"`+name+`"`, `"id":"e`, `"id":"`+name).Replace(alarm("ALARM", 1))
	}
	for _, name := range []string{"one", "two"} {
		s.event(alarmOf(name))
	}
	s.settle()
	small := s.asStaff("POST", "/v1/improvements", `{"product":"example","title":"A word is misspelled"}`)["id"].(string)
	s.asStaff("POST", "/v1/improvements/"+small+"/decisions", `{"decision":"accept"}`)
	s.pass(20 * time.Minute)
	s.event(alarmOf("three"))
	s.pass(20 * time.Minute)

	b := s.asStaff("GET", "/v1/budget", "")
	if b["filed"] != 3.0 || b["folded"] != 1.0 || b["held"] != 1.0 || b["edge"] != true {
		t.Errorf("%v", b)
	}
	im := s.asStaff("GET", "/v1/improvements/"+small, "")
	if im["status"] != "accepted" || im["opsItemId"] != nil {
		t.Errorf("%v", im)
	}
	page := func(path string) string {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:8080"+path, nil)
		r.Header.Set("Authorization", "Bearer "+s.staff)
		rec := httptest.NewRecorder()
		s.h.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, rec.Code)
		}
		return rec.Body.String()
	}
	for path, want := range map[string]string{
		"/team":                               "The budget for OpsItems is nearly used up",
		"/team/example/improvements/" + small: "Smaller things, week 10 of 2026",
	} {
		if !strings.Contains(page(path), want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	p, err := s.w.Store.ProductBySlug(t.Context(), "example")
	if err != nil {
		t.Fatal(err)
	}
	list := governor.ParentID(p.ID, week.Name(s.clock()))
	if got := page(fmt.Sprintf("/team/example/improvements/%s", list)); !strings.Contains(got, "A word is misspelled") {
		t.Error("the list does not show its line")
	}

	s.asStaff("PUT", "/v1/products/example", `{"digestTo":["lead@example.com"]}`)
	s.later(5 * 24 * time.Hour)
	s.schedule(config.ScheduleDigestWeekly)
	s.settle()
	mails, err := s.w.Inbox.List(10)
	if err != nil || len(mails) == 0 || !strings.Contains(strings.Join(strings.Fields(mails[0].Text), " "), "3 of the month's 3 OpsItems are filed, 1 folded into weekly lists, 1 wait for room.") {
		t.Errorf("the digest says nothing of the budget: %v, %d mails", err, len(mails))
	}

	s.pass(31 * 24 * time.Hour)
	s.pass(20 * time.Minute)
	if st, err := s.w.Mirror.BudgetState(t.Context()); err != nil || st.Use.Held != 0 || st.Use.Total != 4 {
		t.Errorf("in the next month %+v, %v", st, err)
	}

	if s.staff, err = s.w.Issuer.Token(s.clock()); err != nil { // the first one is weeks old by now
		t.Fatal(err)
	}
	// Whoever closes the list has closed none of its lines.
	s.asStaff("POST", "/v1/improvements/"+string(list)+"/decisions", `{"decision":"ship"}`)
	if got := page("/team/example/improvements/" + small); !strings.Contains(got, "That list is closed; this is not") || !strings.Contains(got, "folded into the week&#39;s list") {
		t.Error("the line does not say where it stands")
	}
}
