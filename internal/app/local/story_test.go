package local_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/app/local"
	"learningloop/internal/config"
	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/table/tabletest"
)

// teller tells one story to a World, step by step, the way patient clients do: what fails for the moment is sent again.
type teller struct {
	t      testing.TB
	w      *local.World
	h      http.Handler
	faulty *tabletest.Faulty
	staff  string

	mu  sync.Mutex
	now time.Time
}

func (s *teller) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *teller) later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func newTeller(t testing.TB) *teller {
	t.Helper()
	s := &teller{t: t, now: time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)}
	w, err := local.New(t.Context(), local.Config{
		Public: "http://127.0.0.1:8080", Now: s.clock, Random: rand.NewChaCha8([32]byte{1}),
		Wrap: func(inner table.Table) table.Table { s.faulty = tabletest.Wrap(inner); return s.faulty },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s.w, s.h = w, w.Handler()
	if s.staff, err = w.Issuer.Token(s.now); err != nil {
		t.Fatal(err)
	}
	s.faulty.Reset()
	return s
}

// send sends a request until it is not answered by 5xx, and gives the last answer.
func (s *teller) send(method, path, body string, header ...string) (int, map[string]any) {
	s.t.Helper()
	for range 4 {
		r := httptest.NewRequestWithContext(s.t.Context(), method, "http://127.0.0.1:8080"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		s.h.ServeHTTP(rec, r)
		if rec.Code >= http.StatusInternalServerError {
			continue
		}
		var out map[string]any
		if b := rec.Body.Bytes(); len(bytes.TrimSpace(b)) > 0 {
			if err := json.Unmarshal(b, &out); err != nil {
				s.t.Fatalf("%s %s: %d %s", method, path, rec.Code, b)
			}
		}
		return rec.Code, out
	}
	s.t.Fatalf("%s %s: no answer but 5xx", method, path)
	return 0, nil
}

func (s *teller) asStaff(method, path, body string) map[string]any {
	s.t.Helper()
	code, out := s.send(method, path, body, "Authorization", "Bearer "+s.staff)
	if code >= http.StatusBadRequest {
		s.t.Fatalf("%s %s %s: %d %v", method, path, body, code, out)
	}
	return out
}

// settle lets the functions do what is due. What fails for the moment is tried again at the next sweep, as schedules do.
func (s *teller) settle() {
	s.t.Helper()
	var err error
	for range 4 {
		if err = s.w.Settle(s.t.Context()); err == nil {
			return
		}
	}
	s.t.Fatalf("settle: %v", err)
}

// schedule runs a schedule, again where it fails.
func (s *teller) schedule(name string) {
	s.t.Helper()
	var err error
	for range 4 {
		if err = s.w.RunSchedule(s.t.Context(), name, s.clock()); err == nil {
			return
		}
	}
	s.t.Fatalf("schedule %s: %v", name, err)
}

// pass lets time pass, so that whatever waits for its next attempt comes due, and reconciles as the schedules would.
func (s *teller) pass(d time.Duration) {
	s.later(d)
	s.settle()
	s.schedule(config.ScheduleOpsItemsReconcile)
	s.settle()
}

// operator sets a status in OpsCenter.
func (s *teller) operator(opsItem, status string) {
	s.t.Helper()
	if err := s.w.Emulator.Edit(s.t.Context(), opsItem, emulator.Edit{Status: status}); err != nil {
		s.t.Fatalf("set %s %s: %v", opsItem, status, err)
	}
	if err := s.w.Emulator.Drain(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.pass(10 * time.Minute)
}

// tell tells the whole story: feedback in, promoted, accepted, worked, shipped, reopened and declined; an alarm that flaps;
// an event that nobody understands; and the digest of the week.
func (s *teller) tell() {
	s.t.Helper()
	submit := func(key, body string) string {
		code, out := s.send("POST", "/v1/feedback", body, "Idempotency-Key", key)
		if code != http.StatusCreated {
			s.t.Fatalf("submit: %d %v", code, out)
		}
		return out["id"].(string)
	}
	one := submit("one", `{"product":"example","kind":"problem","text":"Exports stop.","submitter":{"email":"a@example.com","company":"AnyCompany","hearBack":true}}`)
	two := submit("two", `{"product":"example","kind":"idea","text":"Export everything.","rating":4,"submitter":{"email":"b@example.com","hearBack":true}}`)
	s.pass(10 * time.Minute)
	im := s.asStaff("POST", "/v1/improvements", fmt.Sprintf(`{"product":"example","title":"Export all","feedbackIds":[%q,%q]}`, one, two))["id"].(string)
	decide := func(body string) {
		s.asStaff("POST", "/v1/improvements/"+im+"/decisions", body)
		s.pass(10 * time.Minute)
	}
	opsItem := func() string {
		id, _ := s.asStaff("GET", "/v1/improvements/"+im, "")["opsItemId"].(string)
		return id
	}
	decide(`{"decision":"accept"}`)
	decide(`{"decision":"plan","owner":"team","due":"2026-06-01"}`)
	first := opsItem()
	s.operator(first, "InProgress")
	s.operator(first, "Resolved")
	decide(`{"decision":"reopen","reason":"It stops again."}`)
	decide(`{"decision":"decline","reason":"Too few need it.","kind":"tooCostly"}`)

	for i, state := range []string{"ALARM", "ALARM", "OK", "ALARM"} {
		s.event(alarm(state, max(i, 1)))
	}
	s.event(`{"source":"custom.weather","detail-type":"Rain","id":"1","account":"111122223333","region":"us-east-1","time":"2026-03-04T10:00:00Z","resources":[],"detail":{}}`)
	s.pass(10 * time.Minute)
	s.later(7 * 24 * time.Hour)
	s.schedule(config.ScheduleDigestWeekly)
	s.pass(time.Hour)
	s.pass(2 * time.Hour)
}

func (s *teller) event(e string) {
	s.t.Helper()
	for range 4 {
		if err := s.w.Event(s.t.Context(), []byte(e)); err == nil {
			return
		}
	}
	s.t.Fatal("event not taken")
}

func alarm(state string, minute int) string {
	was := map[string]string{"ALARM": "OK", "OK": "ALARM"}[state]
	return fmt.Sprintf(`{"version":"0","id":"e%d","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch","account":"111122223333",
"time":"2026-03-04T10:%02[1]d:00Z","region":"us-east-1","resources":["arn:aws:cloudwatch:us-east-1:111122223333:alarm:slow"],
"detail":{"alarmName":"slow","configuration":{"description":"[severity:1]","metrics":[{"id":"m","metricStat":{"metric":{"name":"n","namespace":"x","dimensions":{}},"period":60,"stat":"p99"},"returnData":true}]},
"previousState":{"value":%q,"reason":"r","timestamp":"2026-03-04T09:00:00.000+0000"},
"state":{"value":%q,"reason":"r","timestamp":"2026-03-04T10:%02[1]d:00.000+0000"}}}`, minute, was, state)
}

// end is the state that everybody outside sees, without what a retry may change: moments, attempts, random ids.
type end struct {
	Improvements []string // title, status, episodes, evidence
	History      []string
	OpsItems     []string
	Mails        []string // to and subject
	Waiting      int      // orders that are still due
	SetAside     int
	Differences  int // between the counts and a recount
	Counted      int64
	Digests      []string
	LookBacks    []string // post-incident retrospectives: what over, severity, moments by kind
}

func (s *teller) end() end {
	s.t.Helper()
	s.faulty.Reset() // looking at the end fails nothing
	ctx := s.t.Context()
	var e end
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	p, err := s.w.Store.ProductBySlug(ctx, "example")
	must(err)
	page, err := s.w.Store.ListImprovements(ctx, p.ID, store.ImprovementFilter{}, true, "", 100)
	must(err)
	for _, im := range page.Items {
		e.Improvements = append(e.Improvements, fmt.Sprintf("%s %s episode %d, %d words of %d voices, reach %.3g", im.Title, im.Status, im.Episode, im.Evidence.Count, im.Evidence.Voices, im.Evidence.Mass))
		history, err := store.Everything(func(c string) ([]improvement.Entry, string, error) { return s.w.Store.History(ctx, im.ID, c) })
		must(err)
		for _, h := range history {
			if h.ByAlarm() {
				continue // an OK that is tried again after the alarm is back ends nothing, so a retry may save both lines
			}
			e.History = append(e.History, fmt.Sprintf("%s: %d %s %s -> %s %s", im.Title, h.Seq, h.What, h.From, h.To, h.Reason))
		}
	}
	items, _, err := s.w.Emulator.List(ctx, emulator.Query{})
	must(err)
	for _, it := range items {
		e.OpsItems = append(e.OpsItems, it.Title+" "+it.Status)
	}
	mails, err := s.w.Inbox.List(1000)
	must(err)
	for _, m := range mails {
		e.Mails = append(e.Mails, m.To+" "+m.Subject)
	}
	for _, typ := range []string{store.TypeFeedback, store.TypeEpisode, store.TypeNotice, store.TypeMail} {
		n, err := s.w.Store.PendingCount(ctx, typ, 1000)
		must(err)
		e.Waiting += n
	}
	aside, err := s.w.Store.ListSetAside(ctx, "", 100)
	must(err)
	e.SetAside = len(aside.Items)
	diff, err := s.w.Store.Recount(ctx, p.ID, s.clock())
	must(err)
	e.Differences = len(diff)
	hours, err := s.w.Store.Counts(ctx, p.ID, "all", s.clock().AddDate(0, -1, 0), s.clock())
	must(err)
	for _, h := range hours {
		e.Counted += h.Counts["n"]
	}
	ds, err := s.w.Store.ListDigests(ctx, "", 100)
	must(err)
	for _, d := range ds.Items {
		e.Digests = append(e.Digests, d.Report.Scope+" "+d.Report.Period.Name()+" "+d.Report.Verdict)
	}
	// One that waits is of an episode that ended and went on: a retry may save both, as above.
	e.LookBacks = slices.DeleteFunc(s.lookBacks(p.ID), func(l string) bool { return strings.Contains(l, "waits for its end") })
	for _, list := range []*[]string{&e.Improvements, &e.History, &e.OpsItems, &e.Mails, &e.Digests, &e.LookBacks} {
		slices.Sort(*list)
	}
	return e
}

// TestStoryFailingEveryCall tells the story again and again, failing the k-th call of the storage port before and after it
// is applied, for every k: the end is that of the clean story. Only a mail that was on its way may have come twice.
func TestStoryFailingEveryCall(t *testing.T) {
	clean := newTeller(t)
	clean.tell()
	calls := clean.faulty.Calls()
	want := clean.end()
	if want.Waiting != 0 || want.Differences != 0 || len(want.OpsItems) != 3 || len(want.Digests) != 2 || want.SetAside != 1 || len(want.LookBacks) != 2 {
		t.Fatalf("the clean story does not end well: %+v", want)
	}
	t.Attr("calls", fmt.Sprintf("%d of the port, each failing before and after; %d mails", calls, len(want.Mails)))
	for _, mode := range tabletest.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			for k := 1; k <= calls; k += every {
				t.Run(fmt.Sprint(k), func(t *testing.T) {
					s := newTeller(t)
					s.faulty.FailAt(k, mode)
					s.tell()
					broken := s.faulty.Failed()
					got := s.end()
					missing, repeated := compare(want.Mails, got.Mails)
					if len(missing) > 0 || len(repeated) > 1 {
						t.Errorf("failing call %d (%v): mails missing %q, repeated %q", k, broken, missing, repeated)
					}
					got.Mails = want.Mails
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("failing call %d (%v) changes the end (-clean +got):\n%s", k, broken, diff)
					}
				})
			}
		})
	}
}

// compare gives what got lacks of want, and what it has besides; both are bags.
func compare(want, got []string) (missing, besides []string) {
	besides = slices.Clone(got)
	for _, m := range want {
		if i := slices.Index(besides, m); i >= 0 {
			besides = slices.Delete(besides, i, i+1)
		} else {
			missing = append(missing, m)
		}
	}
	return missing, besides
}
