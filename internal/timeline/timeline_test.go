package timeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/mirror"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
	"learningloop/internal/timeline"
	"learningloop/internal/trend"
)

var (
	began = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	ana   = improvement.By{Who: "ana@example.com"}
)

type page struct{}

func (page) Improvement(improvement.Improvement, string) string { return "" }

type world struct {
	timeline.Teller
	t    *testing.T
	st   *store.Store
	port *tabletest.Faulty
	say  *feedback.Service
	team *improvement.Service
	p    product.Product
	now  time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{t: t, now: began, port: tabletest.Wrap(db)}
	clock, n := func() time.Time { return w.now }, 0
	rnd := func() string { n++; return fmt.Sprint(n) }
	w.st = store.New(w.port, clock)
	w.Teller = timeline.Teller{Store: w.st, Now: clock}
	w.say = &feedback.Service{Store: w.st, People: []byte("key"), Now: clock, Rand: rnd}
	w.team = &improvement.Service{Store: w.st, Filer: mirror.Filer{Links: page{}}, Now: clock, Rand: rnd}
	if w.p, err = product.New("shop", "seed", began); err != nil {
		t.Fatal(err)
	}
	if err := w.st.SaveProduct(t.Context(), w.p, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// signal receives a machine's word minutes after the beginning and attaches it; a launch is only counted.
func (w *world) signal(minute int, s signal.Signal) id.Improvement {
	w.t.Helper()
	w.now = began.Add(time.Duration(minute) * time.Minute)
	s.ID, s.Time = id.Hash(26, s.Title, w.now.String()), w.now
	f, err := w.say.Receive(w.t.Context(), w.p.ID, s)
	w.must(err)
	w.must(w.st.Count(w.t.Context(), []trend.Mark{trend.MarkOf(f)}))
	iid, err := w.team.AttachSignal(w.t.Context(), f)
	w.must(err)
	return iid
}

func (w *world) alarm(minute int, state signal.State) id.Improvement {
	w.t.Helper()
	title := "errors is in alarm"
	if state == signal.Recovered {
		title = "errors is OK again"
	}
	return w.signal(minute, signal.Signal{Key: "alarm/errors", Title: title, State: state, Severity: 1})
}

func (w *world) complain(minute int, iid id.Improvement, text string) {
	w.t.Helper()
	w.now = began.Add(time.Duration(minute) * time.Minute)
	f, err := w.say.Submit(w.t.Context(), feedback.Draft{
		Product: "shop", Kind: feedback.Problem, Text: text, Submitter: feedback.DraftSubmitter{Email: fmt.Sprintf("kim%d@example.org", minute), HearBack: true},
	}, "", feedback.API)
	w.must(err)
	w.must(w.team.Attach(w.t.Context(), iid, f.ID, ana))
}

func (w *world) decide(minute int, iid id.Improvement, d improvement.Decision) {
	w.t.Helper()
	w.now = began.Add(time.Duration(minute) * time.Minute)
	_, err := w.team.Decide(w.t.Context(), iid, d, ana)
	w.must(err)
}

// twice lives an incident through, and again ten days later.
func twice(t *testing.T) (*world, id.Improvement) {
	w := newWorld(t)
	w.signal(-26*60, signal.Signal{Key: "d", Title: "shop was deployed long ago", State: signal.Info, Release: "1", Severity: 4})
	w.signal(-60, signal.Signal{Key: "d", Title: "shop was deployed", State: signal.Info, Release: "2", Severity: 4})
	iid := w.alarm(0, signal.Firing)
	w.complain(5, iid, "It fails.")
	w.decide(10, iid, improvement.Decision{Verb: improvement.Start})
	w.now = began.Add(12 * time.Minute)
	three := 3
	_, err := w.team.Edit(t.Context(), iid, improvement.Edit{Severity: &three}, ana)
	w.must(err)
	raised, err := w.st.Improvement(t.Context(), iid)
	w.must(err)
	raised.Andon = improvement.Andon{Scope: improvement.ScopeProduct, People: 3, Minutes: 60, Pulled: w.now, Episode: 1}
	w.must(w.st.SaveChange(t.Context(), improvement.Change{Improvement: raised}))
	w.now = began.Add(14 * time.Minute)
	_, err = w.team.StandDown(t.Context(), iid, "a drill", ana)
	w.must(err)
	ep, err := w.st.Episode(t.Context(), iid, 1)
	w.must(err)
	im, err := w.st.Improvement(t.Context(), iid)
	w.must(err)
	ep.OpsItem, ep.Filed, ep.Order, im.OpsItem = "oi-000000000001", began.Add(time.Minute), opsitem.None, "oi-000000000001"
	w.must(w.st.SaveFiled(t.Context(), improvement.Change{Improvement: im, Episode: &ep}))
	w.alarm(40, signal.Recovered)
	title := "Edited words of a customer"
	_, err = w.team.Edit(t.Context(), iid, improvement.Edit{Title: &title}, ana)
	w.must(err)
	w.decide(50, iid, improvement.Decision{Verb: improvement.Ship, Release: "3", Reason: "rolled back"})
	_, err = (&followup.Service{Store: w.st, Post: post{}, Now: func() time.Time { return w.now }}).Sweep(t.Context())
	w.must(err)
	w.complain(80, iid, "It failed an hour ago.") // within the quiet time
	w.alarm(14400, signal.Firing)
	w.decide(14430, iid, improvement.Decision{Verb: improvement.Ship})
	return w, iid
}

type post struct{}

func (post) Send(_ context.Context, _ followup.Letter) (string, error) { return "m-1", nil }

func sorted(l []string) []string { return slices.Sorted(slices.Values(l)) }

func lines(tl incident.Timeline) (out []string) {
	for _, m := range tl.Moments {
		line := fmt.Sprintf("%s %s %s %s", m.At.Sub(began), m.Kind, m.What, m.Who)
		if m.Mark != "" {
			line = strings.TrimSpace(line) + " = " + string(m.Mark)
		}
		out = append(out, strings.TrimSpace(line))
	}
	return out
}

func TestTimeline(t *testing.T) {
	w, iid := twice(t)
	first, err := w.Timeline(t.Context(), iid, 1)
	w.must(err)
	want := []string{
		"-1h0m0s deployment shop was deployed (2)",
		"0s status proposed rule: the first signal of its kind",
		"0s signal errors is in alarm = detected",
		"0s status accepted rule: alarm severity 1 is 2 or worse",
		"1m0s filed Filed as oi-000000000001",
		"5m0s complaint It fails.",
		"10m0s status started ana@example.com = acknowledged",
		"12m0s level severity 3 (was: 1) ana@example.com",
		"14m0s andon stood the andon down: a drill ana@example.com",
		"40m0s signal errors is OK again",
		"50m0s status shipped: release 3: rolled back ana@example.com = resolved",
		"50m0s told 1 person told: accepted", "50m0s told 1 person told: in progress", "50m0s told 1 person told: shipped",
		"1h20m0s complaint It failed an hour ago.",
	}
	got := lines(first)
	if d := cmp.Diff(sorted(want), sorted(got)); d != "" {
		t.Errorf("first (-want +got):\n%s", d)
	}
	if d := cmp.Diff(incident.Times{File: time.Minute, Acknowledge: 10 * time.Minute, Resolve: 50 * time.Minute}, first.Times); d != "" {
		t.Errorf("times (-want +got):\n%s", d)
	}
	second, err := w.Timeline(t.Context(), iid, 2)
	w.must(err)
	want = []string{
		"240h0m0s signal errors is in alarm = detected", "240h0m0s status reopened rule: alarm of severity 1 returned after the quiet time",
		"240h30m0s status shipped ana@example.com = resolved",
	}
	if d := cmp.Diff(sorted(want), sorted(lines(second))); d != "" {
		t.Errorf("second (-want +got):\n%s", d)
	}
	if _, err := w.Timeline(t.Context(), iid, 3); !fault.Is(err, fault.NotFound) {
		t.Errorf("an episode that is not there: %v", err)
	}
	if _, err := w.Timeline(t.Context(), id.NewImprovement(w.p.ID, "none"), 1); !fault.Is(err, fault.NotFound) {
		t.Errorf("an improvement that is not there: %v", err)
	}
}

// Whatever cannot be read, the timeline is not told in part.
func TestTimelineFailingEveryCall(t *testing.T) {
	w, iid := twice(t)
	w.port.Reset()
	_, err := w.Timeline(t.Context(), iid, 2)
	w.must(err)
	calls := w.port.Calls()
	for k := 1; k <= calls; k++ {
		w.port.Reset()
		w.port.FailAt(k, tabletest.Before)
		if tl, err := w.Timeline(t.Context(), iid, 2); !fault.Is(err, fault.Unavailable) || len(tl.Moments) != 0 {
			t.Errorf("call %d of %d: %v, %d moments", k, calls, err, len(tl.Moments))
		}
	}
}
