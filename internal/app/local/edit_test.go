package local_test

import (
	"net/http"
	"testing"
	"time"
)

// TestChangedAfterTriage changes and takes back what was triaged already, as submitters may until the team takes it up: the
// counts follow, and nobody is mailed twice.
func TestChangedAfterTriage(t *testing.T) {
	s := newTeller(t)
	body := `{"product":"example","kind":"problem","text":"It stops.","rating":1,"submitter":{"email":"a@example.com","company":"AnyCompany","hearBack":true}}`
	code, out := s.send("POST", "/v1/feedback", body, "Idempotency-Key", "k")
	if code != http.StatusCreated {
		t.Fatalf("%d %v", code, out)
	}
	id, bearer := out["id"].(string), "Bearer "+out["token"].(string)
	s.settle()

	counts := func() map[string]int64 {
		t.Helper()
		p, err := s.w.Store.ProductBySlug(t.Context(), "example")
		if err != nil {
			t.Fatal(err)
		}
		hours, err := s.w.Store.Counts(t.Context(), p.ID, "all", s.clock().Add(-time.Hour), s.clock().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		sum := map[string]int64{}
		for _, h := range hours {
			for k, n := range h.Counts {
				sum[k] += n
			}
		}
		if diff, err := s.w.Store.Recount(t.Context(), p.ID, s.clock()); err != nil || len(diff) > 0 {
			t.Errorf("a recount differs: %v %v", diff, err)
		}
		return sum
	}
	if c := counts(); c["n"] != 1 || c["kind_problem"] != 1 || c["rating_1"] != 1 {
		t.Fatalf("at first: %v", c)
	}
	s.later(time.Minute)
	code, out = s.send("PUT", "/v1/feedback/"+id, `{"product":"example","kind":"idea","text":"It could go on.","rating":4}`, "Authorization", bearer)
	if code != http.StatusOK || out["kind"] != "idea" {
		t.Fatalf("edit: %d %v", code, out)
	}
	s.settle()
	if c := counts(); c["n"] != 1 || c["kind_problem"] != 0 || c["kind_idea"] != 1 || c["rating_1"] != 0 || c["rating_4"] != 1 {
		t.Errorf("after the edit: %v", c)
	}
	s.later(time.Minute)
	if code, out = s.send("DELETE", "/v1/feedback/"+id, "", "Authorization", bearer); code != http.StatusNoContent {
		t.Fatalf("withdraw: %d %v", code, out)
	}
	s.settle()
	if c := counts(); c["n"] != 0 {
		t.Errorf("after it was taken back: %v", c)
	}
	if items := s.asStaff("GET", "/v1/queue?product=example", "")["items"].([]any); len(items) != 0 {
		t.Errorf("it still waits in the queue: %v", items)
	}
	mails, err := s.w.Inbox.List(10)
	if err != nil || len(mails) != 1 {
		t.Errorf("%d mails, %v; want the one receipt", len(mails), err)
	}
}
