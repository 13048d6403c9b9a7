package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// incidents has problems reported, worked and resolved, one after the other: n of them.
func (m *team) incidents(n int) (iids []string) {
	m.t.Helper()
	for i := range n {
		iid := m.propose(fmt.Sprint("Payment fails, case ", i), m.say("text", fmt.Sprint("I paid twice. ", i), "rating", "1", "email", fmt.Sprintf("customer%d@example.com", i)))
		m.post("/team/example/decisions", "decision", "accept", "item", iid)
		m.later(10 * time.Minute)
		m.settle()
		m.post("/team/example/decisions", "decision", "start", "item", iid)
		m.later(50 * time.Minute)
		m.post("/team/example/decisions", "decision", "ship", "item", iid, "reason", "rolled back")
		m.settle()
		iids = append(iids, iid)
	}
	return iids
}

func TestMetricsPage(t *testing.T) {
	m := newTeam(t)
	m.incidents(6)
	open := m.propose("Export more rows")
	m.post("/team/example/decisions", "decision", "accept", "item", open)
	m.settle()
	d := m.get("/team/example/metrics")
	d.says("7 episodes were opened and 6 resolved so far in the week of 2 March 2026; 1 under way.",
		"0 open before + 7 opened + 0 reopened − 6 resolved = 1 open.", "Opened is an Improvement's first episode.", "nothing to compare it with yet", "To acknowledge 10 min",
		"median of 6 episodes", "To resolve 1 h", "too few to say how old", "Post-incident retrospectives", "Payment fails, case 5", "severity 1", "people alone", "so far")
	if n := len(d.all("svg", "role", "img")); n != 16 {
		t.Errorf("%d charts, want four of counts and four of times, wide and narrow", n)
	}
	for _, svg := range d.all("svg", "role", "img")[:1] {
		if alt := attrOf(svg, "aria-label"); !strings.Contains(alt, "7 episodes in the week of 2 Mar so far") {
			t.Errorf("alt text: %s", alt)
		}
	}
	// A week later there is something to look back at, and to compare with.
	m.later(14 * 24 * time.Hour)
	d = m.get("/team/example/metrics?weeks=4")
	d.says("No episode was opened or resolved in the week of 9 March 2026; 1 under way at its end.", "nothing to compare it with yet", "3 weeks up to the week of 16 March 2026: all there are",
		"In all 3 weeks: 0 open before + 7 opened + 0 reopened − 6 resolved = 1 open.")
	iids := m.incidents(8)
	m.later(7 * 24 * time.Hour)
	d = m.get("/team/example/metrics")
	d.says("8 episodes were opened and 8 resolved in the week of 16 March 2026", "0 the week before", "at least 1.3 times as many")
	// What comes back is reopened, and nothing else.
	m.post("/team/example/decisions", "decision", "reopen", "item", iids[0], "reason", "it is back")
	d = m.get("/team/example/metrics?weeks=1")
	d.says("No episode was opened, 1 reopened and none resolved so far", "1 open before + 0 opened + 1 reopened − 0 resolved = 2 open.", "To resolve – none did")
	d = m.get("/team/example/metrics?weeks=1&until=2026-03-05")
	d.says("7 episodes were opened and 6 resolved in the week of 2 March 2026; 1 under way at its end.", "Later")
	rec := m.do(http.MethodGet, "/team/example/metrics?weeks=abc", "", "")
	if !strings.Contains(rec.Body.String(), "weeks must be 1 to 53") {
		t.Errorf("the page does not say what is wrong: %s", rec.Body)
	}
	for _, path := range []string{"?weeks=0", "?weeks=54", "?weeks=x", "?until=soon", "?until=1066-10-14"} {
		if rec := m.do(http.MethodGet, "/team/example/metrics"+path, "", ""); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
}

func TestMetricsExports(t *testing.T) {
	m := newTeam(t)
	m.incidents(5)
	rec := m.do(http.MethodGet, "/team/example/metrics.csv", "", "")
	if rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/csv") || rec.Header().Get("Content-Disposition") != `attachment; filename=metrics-example.csv` {
		t.Fatalf("%d %v", rec.Code, rec.Header())
	}
	rows, err := csv.NewReader(rec.Body).ReadAll()
	if err != nil || len(rows) != 1+8 || len(rows[0]) != 29 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	ask := func(accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, origin+"/v1/metrics?product=example&from=2026-03-02&to=2026-03-08", nil)
		r.Header.Set("Authorization", "Bearer "+m.token)
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		rec := httptest.NewRecorder()
		m.h.ServeHTTP(rec, r)
		return rec
	}
	if m.token == "" {
		m.token = m.do(http.MethodGet, "/_local/staff-token", "", "").Body.String()
	}
	for accept, media := range map[string]string{
		"": "application/json", "*/*": "application/json", "text/csv": "text/csv", "text/csv, application/json": "text/csv",
		"application/json, text/csv": "application/json", "text/csv;q=0": "application/json", "text/html": "application/json", ";;": "application/json",
	} {
		rec := ask(accept)
		if rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Type"), media) || rec.Header().Get("Vary") != "Accept" {
			t.Errorf("Accept %q: %d %v %s", accept, rec.Code, rec.Header(), rec.Body)
		}
	}
	var out struct {
		Weeks []struct {
			All struct {
				Opened, Resolved int
				Acknowledge      struct{ N, MedianSeconds, P90Seconds int }
			}
			BySeverity map[string]struct{ Opened int }
		}
	}
	if err := json.Unmarshal(ask("").Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if w := out.Weeks[0]; len(out.Weeks) != 1 || w.All.Opened != 5 || w.All.Resolved != 5 || w.All.Acknowledge.MedianSeconds != 600 || w.BySeverity["1"].Opened != 5 {
		t.Errorf("%+v", out)
	}
	m.get("/team/log?did=exported").says("exported metrics", "Example")
}

func TestTimelinePage(t *testing.T) {
	m := newTeam(t)
	iid := m.incidents(1)[0]
	at := "/team/example/improvements/" + iid + "/episodes/1"
	m.get("/team/example/improvements/" + iid).links(at)
	m.get("/team/example/improvements/"+iid).says("Episode 1: what happened", "post-incident")
	d := m.get(at)
	d.says("Payment fails, case 0", "Severity 1", "A post-incident retrospective was opened", "To acknowledge 10 min", "To resolve 1 h", "complaint I paid twice. 0",
		"accepted", "started", "shipped: rolled back", "Filed as oi-", "1 person told: in progress", "Download as Markdown")
	// Some of it lies within a minute, so all of it is told to the second; and it is drawn.
	d.says("4 Mar 2026, 09:10:00 UTC status started by staff@example.com acknowledged", "I paid twice. 0 detected", "shipped: rolled back by staff@example.com resolved")
	if line := d.all("svg", "role", "img"); len(line) != 2 || !strings.Contains(attrOf(line[0], "aria-label"), "Detected, filed 10 min, acknowledged 10 min, resolved 1 h.") {
		t.Errorf("%d lines of time", len(line))
	}
	d.links(at+"?kept=yes", at+"/timeline.md")
	m.later(time.Minute)
	m.get(at+"?kept=yes").says("as kept at", "I paid twice. 0", "see it as it is known now")
	for path, kept := range map[string]string{at + "/timeline.md": "As it is known at", at + "/timeline.md?kept=yes": "As it was kept at"} {
		rec := m.do(http.MethodGet, path, "", "")
		if rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/markdown") || !strings.Contains(rec.Body.String(), kept) ||
			!strings.Contains(rec.Body.String(), `| complaint | I paid twice. 0 (detected) |`) {
			t.Errorf("%s: %d %v\n%s", path, rec.Code, rec.Header(), rec.Body)
		}
	}
	for _, n := range []string{"0", "2", "01", "x", "-1", "99999999999999999999"} {
		if rec := m.do(http.MethodGet, "/team/example/improvements/"+iid+"/episodes/"+n, "", ""); rec.Code != http.StatusNotFound {
			t.Errorf("episode %s: %d", n, rec.Code)
		}
	}
	m.get("/team/log?did=exported").says("exported timeline")
}
