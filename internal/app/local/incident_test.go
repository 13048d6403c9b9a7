package local_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/id"
	"learningloop/internal/incident"
)

// lookBacks says what retrospectives there are, without what a retry may change: moments, and how many were told by then.
func (s *teller) lookBacks(p id.Product) (out []string) {
	s.t.Helper()
	looks, err := s.w.Store.ListPostIncidents(s.t.Context(), p, time.Time{}, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, l := range looks {
		im, err := s.w.Store.Improvement(s.t.Context(), l.Improvement)
		if err != nil {
			s.t.Fatal(err)
		}
		if l.Timeline == nil {
			continue // its episode goes on; in another order of the alarm's words it would never have been ended
		}
		count := map[incident.Kind]int{}
		for _, m := range l.Timeline.Moments {
			count[m.Kind]++
		}
		out = append(out, fmt.Sprintf("%s episode %d severity %d told %v: %d said, %d decided, %d filed", im.Title, l.Episode, l.Severity, !l.Due(),
			count[incident.Complaint], count[incident.Status], count[incident.Filed]))
	}
	slices.Sort(out)
	return out
}

// TestIncident follows one incident from the first complaint to the look back at it: an alarm files it by rule, an operator
// takes it on and resolves it in OpsCenter, and what happened can be read, counted and taken along.
func TestIncident(t *testing.T) {
	s := newTeller(t)
	code, said := s.send("POST", "/v1/feedback", `{"product":"example","kind":"problem","title":"=HYPERLINK(\"http://evil.example.com\")","text":"I paid twice.","rating":1}`)
	if code != http.StatusCreated {
		t.Fatal(code, said)
	}
	s.event(`{"version":"0","id":"d","detail-type":"CodeDeploy Deployment State-change Notification","source":"aws.codedeploy","account":"111122223333",
"time":"2026-03-04T08:30:00Z","region":"us-east-1","resources":[],"detail":{"region":"us-east-1","application":"shop","deploymentGroup":"production","deploymentId":"d-1","state":"SUCCESS"}}`)
	s.pass(63 * time.Minute) // 10:03
	s.event(alarm("ALARM", 2))
	s.settle()
	page := s.asStaff("GET", "/v1/improvements?product=example", "")["items"].([]any)
	im := page[0].(map[string]any)
	iid := im["id"].(string)
	if len(page) != 1 || im["status"] != "accepted" {
		t.Fatalf("%v", page)
	}
	opsItem := s.asStaff("GET", "/v1/improvements/"+iid, "")["opsItemId"].(string)
	s.asStaff("POST", "/v1/improvements/"+iid+"/feedback", fmt.Sprintf(`{"feedbackIds":[%q]}`, said["id"]))
	s.later(7 * time.Minute)
	s.operator(opsItem, "InProgress") // 10 minutes pass
	s.later(30 * time.Minute)
	s.operator(opsItem, "Resolved")

	look, err := s.w.Store.PostIncident(t.Context(), id.Improvement(iid), 1)
	if err != nil || look.Due() {
		t.Fatalf("%+v, %v", look, err)
	}
	// The complaint came an hour before the alarm: that is how long nobody knew.
	want := incident.Times{Detect: 63 * time.Minute, Acknowledge: 7 * time.Minute, Resolve: 47 * time.Minute}
	got := look.Times()
	got.File = 0
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if kept, err := json.Marshal(look); err != nil || strings.Contains(string(kept), "HYPERLINK") || strings.Contains(string(kept), "paid twice") {
		t.Errorf("a customer's words are kept: %s, %v", kept, err)
	}
	var kinds []string
	for _, m := range look.Timeline.Moments {
		kinds = append(kinds, string(m.Kind))
	}
	for _, k := range []string{"deployment", "complaint", "signal", "filed", "status"} {
		if !slices.Contains(kinds, k) {
			t.Errorf("no %s among %v", k, kinds)
		}
	}
	// The event came round to signals too, where it is no news: nobody has to look at it.
	aside, err := s.w.Store.ListSetAside(t.Context(), "", 10)
	if err != nil || len(aside.Items) != 0 {
		t.Errorf("set aside: %v, %v", aside.Items, err)
	}
	get := func(path, accept string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:8080"+path, nil)
		r.Header.Set("Authorization", "Bearer "+s.staff)
		r.Header.Set("Accept", accept)
		rec := httptest.NewRecorder()
		if s.h.ServeHTTP(rec, r); rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
		}
		return rec.Body.String()
	}
	at := "/team/example/improvements/" + iid + "/episodes/1"
	for path, words := range map[string]string{
		at: "47 min", at + "?kept=yes": "This is what was known then", "/team/example/metrics?until=2026-03-04": "Post-incident retrospectives",
		"/team/example/improvements/" + iid: "Episode 1: what happened",
	} {
		if body := get(path, "text/html"); !strings.Contains(body, words) {
			t.Errorf("%s does not say %q", path, words)
		}
	}
	if md := get(at+"/timeline.md", "*/*"); !strings.Contains(md, `=HYPERLINK\(`) || strings.Contains(md, "http://evil") {
		t.Errorf("%s", md)
	}
	if csv := get("/v1/metrics?product=example&from=2026-03-02&to=2026-03-08", "text/csv"); !strings.Contains(csv, "example,2026-W10,2026-03-02,2026-03-08,true,severity 1,1,1,0,0") {
		t.Errorf("%s", csv)
	}
	// It goes on after all in OpsCenter, and is resolved again: one look back is enough.
	s.operator(opsItem, "Open")
	s.operator(opsItem, "Resolved")
	looks, _, err := s.w.Store.PostIncidents(t.Context(), id.Improvement(iid), "")
	if err != nil || len(looks) != 1 {
		t.Errorf("%d retrospectives, %v", len(looks), err)
	}
	if csv := get("/v1/metrics?product=example&from=2026-03-02&to=2026-03-08", "text/csv"); !strings.Contains(csv, "true,severity 1,1,2,1,0") {
		t.Errorf("%s", csv)
	}
}
