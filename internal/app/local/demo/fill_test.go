package demo_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/app/local"
	"learningloop/internal/app/local/demo"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/store"
)

const public = "http://127.0.0.1:8080"

// end is a Wednesday: the last week has come half its way.
var end = time.Date(2026, 11, 18, 16, 20, 0, 0, time.UTC)

func fill(t *testing.T, dir string, weeks int) string {
	t.Helper()
	var said strings.Builder
	c := demo.Config{Dir: dir, Public: public, Seed: 1, End: end, Progress: &said, Weeks: weeks, Volume: volume}
	if err := demo.Fill(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

// visitor looks at a filled World, soon after the end of its history.
type visitor struct {
	t *testing.T
	w *local.World
	h http.Handler
}

func visit(t *testing.T, dir string) *visitor {
	t.Helper()
	w, err := local.New(t.Context(), local.Config{Dir: dir, Public: public, Now: func() time.Time { return end.Add(time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return &visitor{t, w, w.Handler()}
}

func (v *visitor) get(path string, out any) {
	v.t.Helper()
	token, err := v.w.Issuer.Token(end.Add(time.Minute))
	if err != nil {
		v.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, public+path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	v.h.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK {
		v.t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
		v.t.Fatalf("%s: %v", path, err)
	}
}

type items struct {
	Next  string           `json:"next"`
	Items []map[string]any `json:"items"`
}

func (v *visitor) improvements() []improvement.Improvement {
	v.t.Helper()
	var out []improvement.Improvement
	ps, err := v.w.Store.Products(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	for _, p := range ps {
		all, err := store.Everything(func(cursor string) ([]improvement.Improvement, string, error) {
			page, err := v.w.Store.ListImprovements(v.t.Context(), p.ID, store.ImprovementFilter{}, false, cursor, 100)
			return page.Items, page.Next, err
		})
		if err != nil {
			v.t.Fatal(err)
		}
		out = append(out, all...)
	}
	return out
}

func (v *visitor) mails() []map[string]any {
	v.t.Helper()
	var out []map[string]any
	v.get("/_local/mail.json", &out)
	return out
}

func TestFill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	begun := time.Now()
	said := fill(t, dir, demo.Weeks)
	t.Logf("filled in %v", time.Since(begun))
	for _, want := range []string{"Playing week 1 of 12 ...", "Playing week 12 of 12 ...", "Played 12 weeks"} {
		if !strings.Contains(said, want) {
			t.Errorf("progress says no %q:\n%s", want, said)
		}
	}
	before := tree(t, dir)
	if again := fill(t, dir, demo.Weeks); again != "" {
		t.Errorf("a filled directory was filled again: %s", again)
	}
	if d := cmp.Diff(before, tree(t, dir)); d != "" {
		t.Errorf("filling again changed files (-before +after):\n%s", d)
	}

	v := visit(t, dir)
	t.Run("counts are right", v.recounts)
	t.Run("every status", v.statuses)
	t.Run("one OpsItem an episode", v.episodes)
	t.Run("every list", v.lists)
	t.Run("digests", v.digests)
	t.Run("incidents", v.incidents)
	t.Run("at rest", func(t *testing.T) {
		before := len(v.mails())
		if err := v.w.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := len(v.mails()); after != before || float64(before) < 1000*volume {
			t.Errorf("%d mails, %d after another sweep; want the same, and many", before, after)
		}
	})
}

func (v *visitor) recounts(t *testing.T) {
	for _, slug := range []string{"checkout", "search", "orders", "example"} {
		for _, month := range []string{"2026-08", "2026-09", "2026-10", "2026-11"} {
			var out struct{ Differences []string }
			v.get("/v1/recount?product="+slug+"&month="+month, &out)
			if len(out.Differences) > 0 {
				t.Errorf("%s in %s: counted otherwise: %v", slug, month, out.Differences)
			}
		}
	}
}

func (v *visitor) statuses(t *testing.T) {
	seen := map[improvement.Status]int{}
	overdue, reopened := 0, 0
	for _, im := range v.improvements() {
		seen[im.Status]++
		if im.Overdue(end) {
			overdue++
		}
		if im.Episode > 1 {
			reopened++
		}
		if im.Status == improvement.Declined && im.Decline.Reason == "" {
			t.Errorf("%q was declined without a reason", im.Title)
		}
	}
	for _, s := range improvement.Statuses {
		if seen[s] == 0 && s != improvement.Validated { // no goals yet
			t.Errorf("nothing is %s", s)
		}
	}
	if overdue < 2 || reopened < 2 {
		t.Errorf("%d overdue, %d in a later episode; want some of both", overdue, reopened)
	}
}

func (v *visitor) episodes(t *testing.T) {
	known := map[string]string{} // OpsItem: episode
	seen := map[opsitem.Status]bool{}
	folded, lists := map[id.Improvement]int{}, map[id.Improvement]int{}
	adopted, wentOn := 0, 0
	for _, im := range v.improvements() {
		eps, err := store.Everything(func(cursor string) ([]opsitem.Episode, string, error) {
			return v.w.Store.Episodes(t.Context(), im.ID, cursor)
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(eps) != im.Episode {
			t.Errorf("%q has %d episodes, and says %d", im.Title, len(eps), im.Episode)
		}
		for _, ep := range eps {
			if ep.Adopted {
				adopted++
			}
			wentOn += len(ep.Stages.Reopened)
			if ep.Folds() {
				folded[ep.Parent]++
				continue
			}
			if ep.List {
				lists[ep.Improvement] = ep.Folded
			}
			it, err := v.w.Emulator.Item(t.Context(), ep.OpsItem)
			if err != nil {
				t.Errorf("episode %s: %v", ep.Key(), err)
				continue
			}
			if it.Status != string(ep.Status) {
				t.Errorf("%s is %s in OpsCenter and %s here", ep.Key(), it.Status, ep.Status)
			}
			seen[ep.Status], known[ep.OpsItem] = true, ep.Key()
		}
	}
	if adopted == 0 || wentOn == 0 {
		t.Errorf("%d OpsItems adopted, %d times that an episode went on; want some of both", adopted, wentOn)
	}
	if d := cmp.Diff(lists, folded); d != "" || len(lists) == 0 {
		t.Errorf("what was folded, by list (-counted +found):\n%s", d)
	}
	all, _, err := v.w.Emulator.List(t.Context(), emulator.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(known) {
		t.Errorf("%d OpsItems for %d episodes", len(all), len(known))
	}
	for _, s := range []opsitem.Status{opsitem.Open, opsitem.InProgress, opsitem.Resolved} {
		if !seen[s] {
			t.Errorf("no OpsItem is %s", s)
		}
	}
}

func (v *visitor) lists(t *testing.T) {
	paths := []string{"/v1/set-aside", "/v1/log?day=2026-11-17", "/v1/products"}
	for _, slug := range []string{"checkout", "search", "orders"} {
		paths = append(paths, "/v1/queue?type=improvement&product="+slug, "/v1/queue?type=feedback&product="+slug, "/v1/improvements?product="+slug)
		for _, kind := range []string{"problem", "idea", "praise", "question", "signal"} {
			paths = append(paths, "/v1/feedback?product="+slug+"&kind="+kind)
		}
	}
	for _, path := range paths {
		// A filter reads a window of rows for each page: a page may be empty while the list goes on.
		out := items{Next: "first"}
		for at := path; len(out.Items) == 0 && out.Next != ""; at = path + "&cursor=" + url.QueryEscape(out.Next) {
			out = items{}
			v.get(at, &out)
		}
		if len(out.Items) == 0 {
			t.Errorf("%s is empty", path)
		}
	}
	var queue items
	v.get("/v1/queue?product=checkout&limit=100", &queue)
	for _, it := range queue.Items {
		if title, _ := it["title"].(string); strings.Contains(title, "was deployed") || strings.Contains(title, "OK again") {
			t.Errorf("in the queue though nothing is wrong: %s", title)
		}
	}
}

func (v *visitor) digests(t *testing.T) {
	weekly, monthly := 0, 0
	incident := false
	for _, m := range v.mails() {
		subject, _ := m["subject"].(string)
		text, _ := m["text"].(string)
		if !strings.Contains(fmt.Sprint(m["to"]), "leadership@example.com") {
			continue
		}
		switch {
		case strings.Contains(subject, "Week"), strings.Contains(subject, "week"):
			weekly++
		default:
			monthly++
		}
		if strings.Contains(text, "Payments fail with an error") {
			incident = true
		}
	}
	if weekly < 11*4 || monthly < 2*4 || !incident {
		t.Errorf("leadership got %d weekly and %d monthly digests (the incident in them: %v)", weekly, monthly, incident)
	}
}

// incidents: the incident and its return are looked back at, from the minute they were heard of, and the review counts both.
func (v *visitor) incidents(t *testing.T) {
	p, err := v.w.Store.ProductBySlug(t.Context(), "checkout")
	if err != nil {
		t.Fatal(err)
	}
	looks, err := v.w.Store.ListPostIncidents(t.Context(), p.ID, end.AddDate(0, -6, 0), 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, l := range looks {
		if l.Due() || l.Timeline == nil || l.Severity > 2 {
			t.Errorf("%s: %+v", l.ID(), l)
		}
		if l.Source != opsitem.Both {
			continue
		}
		seen++
		took := l.Times()
		if took.Detect > time.Minute || took.Acknowledge == 0 || took.Acknowledge > 20*time.Minute || took.Resolve < time.Hour || took.Resolve > 3*time.Hour {
			t.Errorf("%s took %+v", l.ID(), took)
		}
		kinds := map[incident.Kind]bool{}
		for _, m := range l.Timeline.Moments {
			kinds[m.Kind] = true
		}
		if !kinds[incident.Signal] || !kinds[incident.Status] || !kinds[incident.Filed] {
			t.Errorf("%s tells of %v", l.ID(), kinds)
		}
	}
	if seen != 2 {
		t.Errorf("%d incidents are looked back at; want the one and its return", seen)
	}
	var review struct {
		Weeks []struct {
			All struct{ Opened, Resolved, Reopened, Open int }
		}
	}
	v.get("/v1/metrics?product=checkout&from=2026-09-01&to=2026-11-20", &review)
	opened, resolved, reopened := 0, 0, 0
	for _, w := range review.Weeks {
		opened, resolved, reopened = opened+w.All.Opened, resolved+w.All.Resolved, reopened+w.All.Reopened
	}
	if opened < 5 || resolved < 3 || reopened < 1 {
		t.Errorf("%d opened, %d resolved, %d reopened", opened, resolved, reopened)
	}
}

// tree is a digest of every file in a directory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path) //nolint:gosec // the test's own
		sum := sha256.Sum256(b)
		out[path] = hex.EncodeToString(sum[:4])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// story is all that a World tells, down to ids and mails.
func (v *visitor) story() (out []string) {
	v.t.Helper()
	for _, im := range v.improvements() {
		out = append(out, fmt.Sprintf("%s %s %s %s %+v", im.ID, im.Status, im.OpsItem, im.Title, im.Evidence))
	}
	for _, m := range v.mails() {
		out = append(out, fmt.Sprint(m["at"], m["to"], m["subject"], m["text"]))
	}
	return out
}

// TestFillIsDeterministic: the same seed and end tell the same story. Three weeks of it have all that is left to chance.
func TestFillIsDeterministic(t *testing.T) {
	story := func() []string {
		dir := filepath.Join(t.TempDir(), "data")
		fill(t, dir, 3)
		return visit(t, dir).story()
	}
	first := story()
	if d := cmp.Diff(first, story()); d != "" || len(first) < 20 {
		t.Errorf("two runs of %d lines differ:\n%.2000s", len(first), d)
	}
}

func TestFillRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token-key"), []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := demo.Config{Dir: dir, Public: public, Seed: 1, End: end, Progress: io.Discard}
	if err := demo.Fill(t.Context(), c); !errors.Is(err, demo.ErrOccupied) {
		t.Errorf("filled somebody's data: %v", err)
	}
	// One cut short leaves nothing that counts.
	c.Dir = filepath.Join(t.TempDir(), "data")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := demo.Fill(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("Fill = %v, want it cancelled", err)
	}
	if _, err := os.Stat(c.Dir); !os.IsNotExist(err) {
		t.Errorf("a history cut short left %s", c.Dir)
	}
}
