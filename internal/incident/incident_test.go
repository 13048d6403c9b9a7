package incident_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/incident"
	"learningloop/internal/opsitem"
)

var (
	began = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	iid   = id.NewImprovement(id.NewProduct("shop"), "payments")
)

func episode() opsitem.Episode {
	return opsitem.Episode{
		Improvement: iid, N: 2, OpsItem: "oi-0123456789ab", Opened: began.Add(5 * time.Minute), Filed: began.Add(6 * time.Minute),
		Resolved: began.Add(95 * time.Minute), Correlation: "c-1", Request: opsitem.Request{Severity: 2, Data: map[string]string{opsitem.KeyProduct: "shop"}},
		Stages: opsitem.Stages{Detected: began, Acknowledged: began.Add(12 * time.Minute), Severity: 2, Worst: 1, Source: opsitem.Both},
	}
}

// memory is a store, a bus, a teller and a meter, each of which fails where it is told to.
type memory struct {
	p        incident.PostIncident
	ep       opsitem.Episode
	calls    int
	failAt   int  // the call that fails; 0: none
	after    bool // it fails after it was applied
	events   []incident.Event
	frozen   []bool // was the timeline stored when the bus heard of it
	failures int
	now      time.Time
}

var errDown = fault.New(fault.Unavailable, "down", "It does not answer.")

func (m *memory) fails(apply func() error) error {
	m.calls++
	if m.calls != m.failAt {
		return apply()
	}
	if m.after {
		if err := apply(); err != nil {
			return err
		}
	}
	return errDown
}

func (m *memory) PostIncident(context.Context, id.Improvement, int) (p incident.PostIncident, err error) {
	return m.p, m.fails(func() error { return nil })
}

func (m *memory) Episode(context.Context, id.Improvement, int) (opsitem.Episode, error) {
	return m.ep, m.fails(func() error { return nil })
}

func (m *memory) SavePostIncident(_ context.Context, p incident.PostIncident) error {
	return m.fails(func() error {
		if p.Version != m.p.Version {
			return fault.New(fault.Conflict, "changed_meanwhile", "")
		}
		p.Version++
		m.p = p
		return nil
	})
}

func (m *memory) DuePostIncidents(_ context.Context, now time.Time, _ string) ([]incident.PostIncident, string, error) {
	if !m.p.Due() || m.p.RetryAt.After(now) {
		return nil, "", m.fails(func() error { return nil })
	}
	return []incident.PostIncident{m.p}, "", m.fails(func() error { return nil })
}

func (m *memory) Timeline(context.Context, id.Improvement, int) (incident.Timeline, error) {
	t := incident.New([]incident.Moment{{At: began, Kind: incident.Complaint, What: "I paid twice, kim@example.org", Ref: "f-1"}}, incident.Times{}, m.now)
	return t, m.fails(func() error { return nil })
}

func (m *memory) Put(_ context.Context, e incident.Event) error {
	return m.fails(func() error {
		m.events = append(m.events, e)
		m.frozen = append(m.frozen, m.p.Timeline != nil)
		return nil
	})
}

func (m *memory) EventFailed(context.Context, string, error) { m.failures++ }

type pages struct{}

func (pages) Case(p incident.PostIncident) string {
	return "https://loop.example.com/team/" + p.Slug + "/improvements/" + string(p.Improvement)
}

func (l pages) Timeline(p incident.PostIncident) string {
	return fmt.Sprintf("%s/episodes/%d", l.Case(p), p.Episode)
}

func service(m *memory) *incident.Service {
	return &incident.Service{Store: m, Teller: m, Bus: m, Links: pages{}, Meter: m, Now: func() time.Time { return m.now }}
}

// The event is a contract with whoever takes it up: the golden file shows it.
func TestEvent(t *testing.T) {
	e, err := incident.EventOf(incident.Of(episode(), began.Add(95*time.Minute)), pages{})
	if err != nil {
		t.Fatal(err)
	}
	pretty := e.Detail
	got, err := json.MarshalIndent(map[string]any{"detail-type": e.DetailType, "time": e.Time, "detail": pretty}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "event.json", string(got)+"\n")
	bare, err := incident.EventOf(incident.Of(opsitem.Episode{Improvement: iid, N: 1, Opened: began, Resolved: began}, began), pages{})
	if err != nil || strings.Contains(string(bare.Detail), "0001-01-01") || !strings.Contains(string(bare.Detail), string(iid.Product())) {
		t.Errorf("an event of what was never filed nor acknowledged: %s, %v", bare.Detail, err)
	}
}

func TestOpen(t *testing.T) {
	m := &memory{p: incident.Of(episode(), began), ep: episode(), now: began.Add(2 * time.Hour)}
	s := service(m)
	if n, err := s.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if m.p.Due() || len(m.events) != 1 || m.p.Timeline == nil || m.failures != 0 {
		t.Fatalf("%+v", m)
	}
	if words := m.p.Timeline.Moments[0]; words.What != "" || words.Ref != "f-1" {
		t.Errorf("a customer's words are frozen: %+v", words)
	}
	if n, err := s.Sweep(t.Context()); n != 0 || err != nil {
		t.Error(n, err)
	}
	if err := s.Open(t.Context(), iid, 2); err != nil || len(m.events) != 1 { // a change told late
		t.Errorf("told again: %v", err)
	}
}

// Whatever call fails, before or after it is applied: the event comes, its timeline lies there by then, and at most the
// one on its way comes twice, under the same id.
func TestOpenFailingEveryCall(t *testing.T) {
	clean := &memory{p: incident.Of(episode(), began), ep: episode(), now: began.Add(2 * time.Hour)}
	if _, err := service(clean).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for k := 1; k <= clean.calls; k++ {
		for _, after := range []bool{false, true} {
			m := &memory{p: incident.Of(episode(), began), ep: episode(), now: began.Add(2 * time.Hour), failAt: k, after: after}
			s := service(m)
			for range 4 { // hours
				if _, err := s.Sweep(t.Context()); err != nil && !errors.Is(err, errDown) && !fault.Is(err, fault.Unavailable) {
					t.Errorf("call %d: %v", k, err)
				}
				m.now = m.now.Add(time.Hour)
			}
			if m.p.Due() || len(m.events) == 0 || len(m.events) > 2 {
				t.Errorf("call %d of %d fails (after %v): due %v, %d events", k, clean.calls, after, m.p.Due(), len(m.events))
			}
			for i, e := range m.events {
				if e.ID != m.p.ID() || !m.frozen[i] {
					t.Errorf("call %d: event %s before its timeline was kept: %v", k, e.ID, m.frozen)
				}
			}
		}
	}
}

// A bus that is down is asked again later and later, and loses nothing.
func TestBusDown(t *testing.T) {
	m := &memory{p: incident.Of(episode(), began), ep: episode(), now: began.Add(2 * time.Hour)}
	s := service(m)
	for i := range 5 {
		m.calls, m.failAt = 0, 6 // due, load, episode, tell, lease, put
		if i > 0 {
			m.failAt = 4 // it was frozen the first time
		}
		if _, err := s.Sweep(t.Context()); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if m.failures != i+1 || m.p.Error == "" || m.p.Attempts != i+1 {
			t.Fatalf("round %d: %d failures, %+v", i, m.failures, m.p)
		}
		if wait := m.p.RetryAt.Sub(m.now); wait != incident.Backoff(i+1) {
			t.Errorf("round %d waits %v", i, wait)
		}
		m.now = m.p.RetryAt
	}
	m.calls, m.failAt = 0, 0
	if _, err := s.Sweep(t.Context()); err != nil || len(m.events) != 1 || m.p.Error != "" {
		t.Errorf("%v, %d events, %+v", err, len(m.events), m.p)
	}
}

// What an alarm alone ended is looked back at when it stayed so for the quiet time: one that flaps is still under way.
func TestOpenWaitsForTheEnd(t *testing.T) {
	m := &memory{p: incident.Of(episode(), began), ep: episode(), now: began.Add(96 * time.Minute)}
	m.p.Settle, m.p.RetryAt = time.Hour, began.Add(155*time.Minute)
	s := service(m)
	sweep := func(at time.Duration, want int) {
		t.Helper()
		m.now = began.Add(at)
		if _, err := s.Sweep(t.Context()); err != nil || len(m.events) != want {
			t.Fatalf("at %v: %v, %d events, %+v", at, err, len(m.events), m.p)
		}
	}
	sweep(96*time.Minute, 0)
	m.ep.Resolved = time.Time{} // it is back
	sweep(156*time.Minute, 0)
	sweep(157*time.Minute, 0)
	m.ep.Resolved, m.ep.Stages.Acknowledged = began.Add(200*time.Minute), began.Add(190*time.Minute)
	sweep(217*time.Minute, 0)
	sweep(261*time.Minute, 1)
	if !m.p.Resolved.Equal(m.ep.Resolved) || !m.p.Acknowledged.Equal(m.ep.Stages.Acknowledged) || m.p.Attempts != 1 {
		t.Errorf("told of how it was, not of how it is: %+v", m.p)
	}
}

func TestTimesOf(t *testing.T) {
	tests := []struct {
		name string
		e    opsitem.Episode
		want incident.Times
	}{
		{"whole", episode(), incident.Times{Detect: 5 * time.Minute, File: time.Minute, Acknowledge: 7 * time.Minute, Resolve: 90 * time.Minute}},
		{"of an older release, under way", opsitem.Episode{Opened: began}, incident.Times{}},
		{"a clock that is behind", opsitem.Episode{Opened: began, Resolved: began.Add(-time.Hour)}, incident.Times{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, incident.TimesOf(tt.e)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// A timeline of very many moments says how it began and how it ended, and how much lies between.
func TestTimelineIsBounded(t *testing.T) {
	var many []incident.Moment
	for i := range 1000 {
		many = append(many, incident.Moment{At: began.Add(-time.Duration(i) * time.Second), Kind: incident.Complaint, Ref: fmt.Sprint(i)})
	}
	many = append(many, incident.Moment{At: began.Add(-500 * time.Second), Kind: incident.Status, What: "started"}, incident.Moment{Kind: incident.Filed})
	tl := incident.New(many, incident.Times{}, began)
	if len(tl.Moments) != 101 || tl.Left[incident.Complaint] != 900 || tl.Moments[0].Ref != "999" || tl.Moments[100].Ref != "0" {
		t.Errorf("%d moments, %v left", len(tl.Moments), tl.Left)
	}
	if empty := incident.New(nil, incident.Times{}, began); empty.Moments == nil || empty.Left != nil {
		t.Errorf("%+v", empty)
	}
	b, err := json.Marshal(tl)
	if err != nil || len(b) > 100<<10 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file) //nolint:gosec // a golden file
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, d)
	}
}
