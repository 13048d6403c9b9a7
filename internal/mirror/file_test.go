package mirror_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/table/tabletest"
)

func TestFiled(t *testing.T) {
	w := newWorld(t)
	iid := w.accepted()
	w.run(iid, 1)
	if w.called() != 1 {
		t.Errorf("%d calls to file: %v", w.called(), w.calls)
	}
	im, ep := w.load(iid), w.episode(iid, 1)
	if ep.Order != opsitem.None || ep.OpsItem != im.OpsItem || ep.Status != opsitem.Open || !ep.Filed.Equal(began) || ep.Error != "" || ep.Attempts != 0 {
		t.Errorf("episode %+v", ep)
	}
	if back, n, err := w.st.EpisodeOf(t.Context(), im.OpsItem); err != nil || back != iid || n != 1 {
		t.Errorf("the way back: %s %d %v", back, n, err)
	}
	it := w.item(im.OpsItem)
	data := map[string]string{}
	for _, d := range it.Data {
		data[d.Key] = d.Value
		if !d.Searchable {
			t.Errorf("%s cannot be searched for", d.Key)
		}
	}
	want := map[string]string{
		"/aws/dedup": `{"dedupString":"` + ep.Key() + `"}`, opsitem.KeyEpisode: ep.Key(), opsitem.KeyImprovement: string(iid),
		opsitem.KeyProduct: "shop", opsitem.KeyCorrelation: im.Correlation, opsitem.KeyEvidence: "1 complaint, 1 company", opsitem.KeyScore: "1.2",
	}
	if d := cmp.Diff(want, data); d != "" {
		t.Errorf("operational data (-want +got):\n%s", d)
	}
	if it.Source != "learningloop" || it.Status != "Open" || it.Severity != "2" || it.Priority != 5 || it.Category != "Availability" || it.Title != im.Title || it.Tags["learningloop:product"] != "shop" {
		t.Errorf("%+v", it)
	}
}

// Whatever is lost between OpsCenter and the store, before or after it took effect: one OpsItem, and the loop knows it.
func TestFiledOnce(t *testing.T) {
	tests := []struct {
		name string
		harm func(w *world)
	}{
		{"the request is lost", func(w *world) { w.ops.Faults().FailNext("CreateOpsItem", 1, emulator.Fault{Drop: true}) }},
		{"the request is refused for now", func(w *world) { w.ops.Faults().FailNext("CreateOpsItem", 2, emulator.Fault{}) }},
		{"created, and an error is answered", func(w *world) { w.ops.Faults().FailNext("CreateOpsItem", 1, emulator.Fault{After: true}) }},
		{"created, and the answer is lost", func(w *world) { w.ops.Faults().FailNext("CreateOpsItem", 1, emulator.Fault{After: true, Drop: true}) }},
		{"created, and cannot be found for a while", func(w *world) {
			w.ops.Faults().FailNext("CreateOpsItem", 1, emulator.Fault{After: true})
			w.ops.Faults().Throttle("DescribeOpsItems", 3)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			iid := w.accepted()
			tt.harm(w)
			w.run(iid, 1)
			if w.load(iid).OpsItem != "" || len(w.meter.failed) != 1 {
				t.Fatalf("nothing failed: %v", w.meter.failed)
			}
			w.settle()
			w.onlyOne(iid)
		})
	}
	for _, mode := range tabletest.Modes() {
		t.Run("every call of the store, "+mode.String(), func(t *testing.T) {
			for k := 1; ; k++ {
				w := newWorld(t)
				iid := w.accepted()
				w.port.Reset()
				w.port.FailAt(k, mode)
				_ = w.Run(t.Context(), iid, 1) // the sweep heals
				struck := len(w.port.Failed()) > 0
				w.port.Reset()
				w.wait(2 * time.Minute)
				w.settle()
				w.onlyOne(iid)
				if !struck {
					break
				}
			}
		})
	}
}

// onlyOne holds that there is one OpsItem of the first episode, and that both sides say the same of it.
func (w *world) onlyOne(iid id.Improvement) {
	w.t.Helper()
	items, im, ep := w.items(), w.load(iid), w.episode(iid, 1)
	if len(items) != 1 || items[0].ID != im.OpsItem || ep.OpsItem != im.OpsItem || ep.Order != opsitem.None || ep.Error != "" {
		w.t.Errorf("%d OpsItems; Improvement %+v; episode %+v", len(items), im, ep)
	}
}

func TestTwoAtOnce(t *testing.T) {
	for range 5 {
		w := newWorld(t)
		iid := w.accepted()
		w.ops.Faults().Latency("CreateOpsItem", 5*time.Millisecond)
		var g sync.WaitGroup
		for range 8 {
			g.Go(func() {
				if err := w.Run(t.Context(), iid, 1); err != nil {
					t.Error(err)
				}
			})
		}
		g.Wait()
		w.settle()
		w.onlyOne(iid)
	}
}

func TestOutage(t *testing.T) {
	tests := []struct {
		name  string
		start func(*emulator.Faults)
		says  string
		kind  fault.Kind
	}{
		{"throttled", func(f *emulator.Faults) { f.Throttle(emulator.Any, -1) }, "throttling", fault.RateLimited},
		{"over quota", func(f *emulator.Faults) { f.OverQuota(-1) }, "quota", fault.Internal},
		{"down", func(f *emulator.Faults) { f.Down(true) }, "does not answer", fault.Unavailable},
		{"broken", func(f *emulator.Faults) { f.FailNext(emulator.Any, -1, emulator.Fault{}) }, "does not answer", fault.Unavailable},
		{"access taken away", func(f *emulator.Faults) {
			f.FailNext(emulator.Any, -1, emulator.Fault{Code: "AccessDeniedException", Message: "secret-of-aws"})
		}, "refused", fault.Forbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			iid := w.accepted()
			tt.start(w.ops.Faults())
			for attempt := 1; attempt <= 4; attempt++ {
				w.run(iid, 1)
				ep := w.episode(iid, 1)
				if ep.Order != opsitem.File || ep.Attempts != attempt || !strings.Contains(ep.Error, tt.says) || strings.Contains(ep.Error, "secret") {
					t.Fatalf("attempt %d: %+v", attempt, ep)
				}
				backoff := mirror.Backoff(attempt)
				if tt.name == "over quota" {
					backoff = governor.Again // trying more often frees no room
				}
				if wait := ep.RetryAt.Sub(w.now()); wait != backoff {
					t.Errorf("attempt %d waits %v", attempt, wait)
				}
				if len(w.meter.failed) != attempt || !fault.Is(w.meter.failed[attempt-1], tt.kind) {
					t.Errorf("counted %v", w.meter.failed)
				}
				w.forget()
				w.run(iid, 1)
				if w.called() != 0 {
					t.Errorf("tried again before its time: %v", w.calls)
				}
				w.wait(backoff)
			}
			// What is decided meanwhile is kept, and told to OpsCenter once it answers.
			w.decide(iid, improvement.Decision{Verb: improvement.Start})
			w.ops.Faults().Clear()
			w.settle()
			w.onlyOne(iid)
			if it := w.item(w.load(iid).OpsItem); it.Status != "InProgress" {
				t.Errorf("the OpsItem is %s", it.Status)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	want := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second}
	for i, d := range want {
		if got := mirror.Backoff(i + 1); got != d {
			t.Errorf("after %d: %v", i+1, got)
		}
	}
	for _, n := range []int{9, 20, 1000, 1 << 40} {
		if got := mirror.Backoff(n); got != 15*time.Minute {
			t.Errorf("after %d: %v", n, got)
		}
	}
}

// meanwhile does something while OpsCenter is asked.
type meanwhile struct {
	opsitem.Center
	create, update, get func()
}

func (m *meanwhile) Get(ctx context.Context, oid string) (opsitem.Item, error) {
	item, err := m.Center.Get(ctx, oid)
	if do := m.get; do != nil {
		m.get = nil
		do()
	}
	return item, err
}

func (m *meanwhile) Create(ctx context.Context, r opsitem.Request) (string, bool, error) {
	if do := m.create; do != nil {
		m.create = nil
		do()
	}
	return m.Center.Create(ctx, r)
}

func (m *meanwhile) Update(ctx context.Context, oid string, p opsitem.Patch) error {
	err := m.Center.Update(ctx, oid, p)
	if do := m.update; do != nil {
		m.update = nil
		do()
	}
	return err
}

func TestDecidedWhileFiling(t *testing.T) {
	w := newWorld(t)
	iid := w.accepted()
	w.Center = &meanwhile{Center: w.Center, create: func() {
		w.decide(iid, improvement.Decision{Verb: improvement.Plan, Owner: "ana", Due: improvement.Date{Time: began.AddDate(0, 1, 0)}})
		w.decide(iid, improvement.Decision{Verb: improvement.Start})
	}}
	w.run(iid, 1)
	if ep := w.episode(iid, 1); ep.Order != opsitem.Push || ep.OpsItem == "" {
		t.Fatalf("%+v", ep)
	}
	w.settle()
	w.onlyOne(iid)
	it := w.item(w.load(iid).OpsItem)
	data := map[string]string{}
	for _, d := range it.Data {
		data[d.Key] = d.Value
	}
	if it.Status != "InProgress" || data[opsitem.KeyOwner] != "ana" || data[opsitem.KeyDue] != "2026-04-02" {
		t.Errorf("%s %v", it.Status, data)
	}
}

// An OpsItem that was made, and whose id was lost, was worked on in the console before it was found again.
func TestWorkedOnBeforeItWasFound(t *testing.T) {
	for set, want := range map[opsitem.Status]improvement.Status{
		opsitem.InProgress: improvement.InProgress,
		opsitem.Resolved:   improvement.Shipped, // deduplication no longer finds it: another one would be made
	} {
		w := newWorld(t)
		iid := w.accepted()
		w.ops.Faults().FailNext("CreateOpsItem", 1, emulator.Fault{After: true})
		w.run(iid, 1)
		oid := w.items()[0].ID
		w.console(oid, set)
		for _, o := range w.deliver() {
			if o != mirror.NotOurs {
				t.Errorf("an OpsItem nobody knows: %s", o)
			}
		}
		w.settle()
		w.onlyOne(iid)
		if im := w.load(iid); im.Status != want || im.LastBy != operator || w.item(oid).Status != string(set) {
			t.Errorf("%+v", im)
		}
		if w.calls["UpdateOpsItem"] != 0 {
			t.Errorf("pushed back what the console said: %v", w.calls)
		}
	}
}

func TestNothingChangedCallsNobody(t *testing.T) {
	w := newWorld(t)
	iid, _ := w.filed()
	for range 3 {
		w.run(iid, 1)
		if n, err := w.Sweep(t.Context()); n != 0 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
	}
	// Nor does a decision that says what is said already.
	w.decide(iid, improvement.Decision{Verb: improvement.Plan, Owner: "ana", Due: improvement.Date{Time: began.AddDate(0, 1, 0)}})
	w.run(iid, 1)
	if w.called() != 1 {
		t.Errorf("%d calls to update", w.called())
	}
	w.forget()
	d := improvement.Decision{Verb: improvement.Plan, Owner: "ana", Due: improvement.Date{Time: began.AddDate(0, 1, 0)}, Reason: "said again"}
	if _, err := w.team.Decide(t.Context(), iid, d, improvement.By{Who: "bea"}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if w.called() != 0 {
		t.Errorf("calls where nothing changed: %v", w.calls)
	}
}

func TestNextEpisodeHasItsOwn(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t)
		iid, first := w.filed()
		w.decide(iid, improvement.Decision{Verb: improvement.Ship, Release: "7.1"})
		w.settle()
		if gone {
			// As AWS may refuse to relate an OpsItem to one that was deleted.
			w.ops.Faults().FailNext("CreateOpsItem", 1, emulator.Fault{Code: "OpsItemInvalidParameterException", Message: "no such related OpsItem"})
		}
		w.decide(iid, improvement.Decision{Verb: improvement.Reopen, Reason: "it is back"})
		w.settle()
		im := w.load(iid)
		if im.OpsItem == first || im.OpsItem == "" || len(w.items()) != 2 {
			t.Fatalf("%+v", im)
		}
		it := w.item(im.OpsItem)
		if related := len(it.Related) == 1 && it.Related[0] == first; related == gone {
			t.Errorf("related to %v", it.Related)
		}
		if w.item(first).Status != "Resolved" || it.Status != "Open" {
			t.Errorf("the first is %s, the second %s", w.item(first).Status, it.Status)
		}
		if ep := w.episode(iid, 1); ep.Resolved.IsZero() {
			t.Error("nobody knows when the first was resolved")
		}
	}
}

// One order that cannot be carried out keeps no other from its turn.
func TestSweepGoesOn(t *testing.T) {
	w := newWorld(t)
	bad, good := w.accepted(), w.accepted()
	w.port.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) {
		if c.Method == readOne && c.Keys[0].P == string(bad) {
			return tabletest.Before, fault.New(fault.Internal, "broken", "")
		}
		return tabletest.Before, nil
	})
	if _, err := w.Sweep(t.Context()); !fault.Is(err, fault.Internal) {
		t.Errorf("%v", err)
	}
	w.port.Reset()
	if w.load(good).OpsItem == "" || w.load(bad).OpsItem != "" {
		t.Error("the good one was not filed")
	}
}
