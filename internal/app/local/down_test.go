package local_test

import (
	"net/http"
	"testing"
	"time"
)

// TestOpsCenterDown takes OpsCenter away: intake goes on, the order to file waits, and it is carried out when OpsCenter is
// back.
func TestOpsCenterDown(t *testing.T) {
	s := newTeller(t)
	s.w.Emulator.Faults().Down(true)
	code, out := s.send("POST", "/v1/feedback", `{"product":"example","kind":"problem","text":"It stops."}`)
	if code != http.StatusCreated {
		t.Fatalf("intake suffers: %d %v", code, out)
	}
	s.settle()
	im := s.asStaff("POST", "/v1/improvements", `{"product":"example","title":"Mend it","feedbackIds":["`+out["id"].(string)+`"]}`)["id"].(string)
	s.asStaff("POST", "/v1/improvements/"+im+"/decisions", `{"decision":"accept"}`)
	s.settle()
	got := s.asStaff("GET", "/v1/improvements/"+im, "")
	filing, _ := got["filing"].(map[string]any)
	if got["opsItemId"] != nil || filing["order"] != "file" || filing["error"] == "" {
		t.Fatalf("while OpsCenter is down: %v", got)
	}
	s.w.Emulator.Faults().Down(false)
	s.pass(time.Hour)
	if got = s.asStaff("GET", "/v1/improvements/"+im, ""); got["opsItemId"] == nil || got["filing"] != nil {
		t.Errorf("once OpsCenter is back: %v", got)
	}
}
