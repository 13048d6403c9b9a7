package triage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/table/tabletest"
)

// orders gives every order of n things.
func orders(n int) (all [][]int) {
	var next func(so []int)
	next = func(so []int) {
		if len(so) == n {
			all = append(all, slices.Clone(so))
			return
		}
		for i := range n {
			if !slices.Contains(so, i) {
				next(append(so, i))
			}
		}
	}
	next(nil)
	return all
}

// heard receives what an alarm said at a minute, and triages it before anything else is received.
func (w *world) heard(st signal.State, minute int) feedback.Feedback {
	w.t.Helper()
	f, err := w.say.Receive(w.t.Context(), w.shop.ID, signal.Signal{
		ID: fmt.Sprint("errors", st, minute), Key: "alarm/errors", Name: "errors", Title: "errors is in alarm", Text: "x", State: st, Severity: 2,
		Time: start.Add(time.Duration(minute) * time.Minute), Resources: []string{"arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors"},
	})
	w.must(err)
	w.run(f)
	w.settle()
	return f
}

// end is what became of an alarm.
type end struct {
	Status   improvement.Status
	Firing   bool
	Episode  int
	Words    int
	Since    time.Time
	Resolved bool
}

func (w *world) endOf(im improvement.Improvement) end {
	w.t.Helper()
	e := end{Status: im.Status, Firing: im.Firing(), Episode: im.Episode, Words: im.Evidence.Count, Since: im.Since}
	if im.Episode > 0 {
		e.Since = time.Time{} // the episode has it
		ep, err := w.store.Episode(w.t.Context(), im.ID, im.Episode)
		w.must(err)
		e.Resolved = !ep.Resolved.IsZero()
	}
	return e
}

// In whatever order an alarm's words are received, each triaged before the next is, the end is the same: a recovery that
// overtakes the alarm it ends is remembered.
func TestWordsInAnyOrder(t *testing.T) {
	states := []signal.State{signal.Firing, signal.Recovered, signal.Firing, signal.Recovered}
	tests := []struct {
		name  string
		rule  int             // severity that is accepted by rule; 0: none
		words int             // of states
		begin func(w *world)  // what there was before
		want  func(e end) end // of an alarm that was accepted by rule, and is over
	}{
		{"it is accepted by rule", 2, 4, nil, nil},
		{"it fires still", 2, 3, nil, func(e end) end { e.Status, e.Firing, e.Resolved = improvement.Accepted, true, false; return e }},
		{"nobody accepts it", 0, 4, nil, func(e end) end { return end{Status: improvement.Proposed, Words: 4, Since: start.Add(4 * time.Minute)} }},
		{"beside another alarm's cluster", 2, 4, func(w *world) {
			w.parts()
			w.set(product.Settings{Components: []product.Component{{Name: "All", Rules: []signal.Rule{{Name: "*"}}}}})
			w.run(w.fires("other", signal.Firing, 0))
			w.run(w.fires("other", signal.Recovered, 1))
		}, func(e end) end { e.Words += 2; return e }},
		{"it comes back after the quiet time", 2, 4, func(w *world) {
			w.run(w.fires("errors", signal.Firing, -2000))
			w.run(w.fires("errors", signal.Recovered, -1990))
			w.at(0)
		}, func(e end) end { e.Words += 2; e.Episode = 2; return e }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, order := range orders(tt.words) {
				w := newWorld(t)
				w.set(product.Settings{Rules: &product.RuleSettings{Severity: &tt.rule}})
				if tt.begin != nil {
					tt.begin(w)
				}
				w.at(30)
				for _, i := range order {
					w.heard(states[i], 4+4*i)
				}
				want := end{Status: improvement.Shipped, Episode: 1, Words: tt.words, Resolved: true}
				if tt.want != nil {
					want = tt.want(want)
				}
				if d := cmp.Diff(want, w.endOf(w.only())); d != "" {
					t.Errorf("order %v (-want +got):\n%s", order, d)
				}
				k, err := w.store.SignalKey(t.Context(), w.shop.ID, "alarm/errors")
				if firing := tt.words == 3; err != nil || len(k.Ends) > 0 || k.Version > 0 && k.Firing != firing {
					t.Errorf("order %v: the key says %+v, %v", order, k, err)
				}
			}
		})
	}
}

// A recovery of what never fired stays so, and costs one row that leaves by itself, however many come.
func TestRecoveriesOfNothing(t *testing.T) {
	w := newWorld(t)
	for minute := range 20 {
		if f := w.heard(signal.Recovered, minute); w.get(f.ID).Improvement != "" {
			t.Errorf("attached to %s", w.get(f.ID).Improvement)
		}
	}
	k, err := w.store.SignalKey(t.Context(), w.shop.ID, "alarm/errors")
	if err != nil || k.Firing || len(k.Ends) != 8 || !k.At.Equal(start.Add(19*time.Minute)) {
		t.Errorf("%+v, %v", k, err)
	}
	// One that fires after all of them is news.
	w.set(product.Settings{Rules: &product.RuleSettings{Severity: new(2)}})
	w.heard(signal.Firing, 40)
	if im := w.only(); !im.Firing() || im.Status != improvement.Accepted || im.Evidence.Count != 1 {
		t.Errorf("firing %v, %s, %d words", im.Firing(), im.Status, im.Evidence.Count)
	}
	w.heard(signal.Recovered, 50)
	if im := w.only(); im.Firing() || im.Status != improvement.Shipped {
		t.Errorf("firing %v, %s", im.Firing(), im.Status)
	}
	// So old that its row has left already: nothing waits for it.
	old := newWorld(t)
	old.heard(signal.Recovered, -90*24*60)
	if n := len(old.improvements()); n != 0 {
		t.Errorf("%d Improvements", n)
	}
}

// The alarm is attached while its recovery looks for it: one of them finds the other.
func TestRecoveryRacesItsAlarm(t *testing.T) {
	begin := func(t *testing.T) (*world, feedback.Feedback, func(st signal.State, minute int) feedback.Feedback) {
		w := newWorld(t)
		w.set(product.Settings{Rules: &product.RuleSettings{Severity: new(2)}})
		get := func(st signal.State, minute int) feedback.Feedback {
			f, err := w.say.Receive(t.Context(), w.shop.ID, signal.Signal{
				ID: fmt.Sprint(st, minute), Key: "alarm/errors", Title: "x", Text: "x", State: st, Severity: 2, Time: start.Add(time.Duration(minute) * time.Minute),
			})
			w.must(err)
			return f
		}
		return w, get(signal.Recovered, 2), get
	}
	clean, ok, _ := begin(t)
	clean.faulty.Reset()
	clean.run(ok)
	calls := clean.faulty.Calls()
	for k := 1; k <= calls; k++ {
		w, ok, get := begin(t)
		w.faulty.Reset()
		between := false
		w.faulty.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) {
			if c.N == k && !between {
				between = true
				w.run(get(signal.Firing, 1))
			}
			return 0, nil
		})
		_ = w.Run(t.Context(), []feedback.Feedback{ok})
		w.faulty.Reset()
		w.settle()
		im, err := w.store.Improvement(t.Context(), id.NewImprovement(w.shop.ID, "signal", "alarm/errors"))
		if err != nil || im.Firing() || im.Status != improvement.Shipped || im.Evidence.Count != 2 {
			t.Errorf("the alarm comes before call %d of %d: firing %v, %s, %d words, %v", k, calls, im.Firing(), im.Status, im.Evidence.Count, err)
		}
	}
}

// Every call may fail while an alarm is attached whose recovery was first.
func TestLateAlarmLostAndPersisted(t *testing.T) {
	begin := func() *world {
		w := newWorld(t)
		w.set(product.Settings{Rules: &product.RuleSettings{Severity: new(2)}})
		w.heard(signal.Recovered, 2)
		_, err := w.say.Receive(t.Context(), w.shop.ID, signal.Signal{
			ID: "late", Key: "alarm/errors", Title: "x", Text: "x", State: signal.Firing, Severity: 2, Time: start.Add(time.Minute),
		})
		w.must(err)
		w.faulty.Reset()
		return w
	}
	clean := begin()
	clean.settle()
	calls, want := clean.faulty.Calls(), clean.endOf(clean.only())
	if want.Status != improvement.Shipped || want.Words != 2 {
		t.Fatalf("clean run: %+v", want)
	}
	for k := 1; k <= calls; k++ {
		for _, mode := range tabletest.Modes() {
			w := begin()
			w.faulty.FailAt(k, mode)
			_, _ = w.Sweep(t.Context())
			w.faulty.Reset()
			w.settle()
			if d := cmp.Diff(want, w.endOf(w.only())); d != "" {
				t.Errorf("call %d of %d fails %s (-want +got):\n%s", k, calls, mode, d)
			}
		}
	}
}

// What people decided about an alarm that is over, a late word of it undoes by no rule.
func TestLateAlarmOfWhatPeopleAccepted(t *testing.T) {
	w := newWorld(t)
	w.set(product.Settings{Rules: &product.RuleSettings{Severity: new(0)}})
	first := w.heard(signal.Firing, 1)
	w.heard(signal.Recovered, 10)
	iid := w.get(first.ID).Improvement
	_, err := w.team.Decide(t.Context(), iid, improvement.Decision{Verb: improvement.Accept}, improvement.By{Who: "ana@example.com"})
	w.must(err)
	w.heard(signal.Firing, 5)
	if im := w.only(); im.Status != improvement.Accepted || im.Firing() {
		t.Errorf("%s, firing %v", im.Status, im.Firing())
	}
}

// A muted firing keeps its own time: what ended it in its window, and is late, ends it; what was before it does not.
func TestLateRecoveryOfAMutedAlarm(t *testing.T) {
	for minute, over := range map[int]bool{15: false, 25: true, 59: true, 62: true} {
		for seed := range uint64(4) {
			w := newWorld(t)
			w.set(product.Settings{Rules: &product.RuleSettings{Severity: new(2)}})
			w.maintenance(10, 60)
			w.run(w.fires("checkout-p99", signal.Firing, 20))
			w.at(61)
			w.settle()
			if im := w.only(); !im.Firing() || im.Status != improvement.Accepted {
				t.Fatalf("it does not count: firing %v, %s", im.Firing(), im.Status)
			}
			late := w.fires("checkout-p99", signal.Recovered, minute)
			twice := []feedback.Feedback{late, late}
			w.at(63)
			rand.New(rand.NewPCG(seed, 1)).Shuffle(2, func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
			w.run(twice...)
			w.settle()
			if im := w.only(); im.Firing() == over || (im.Status == improvement.Shipped) != over || im.Evidence.Count != 2 {
				t.Errorf("OK at minute %d: firing %v, %s, %d words", minute, im.Firing(), im.Status, im.Evidence.Count)
			}
			// A recovery begins nothing, however early it was.
			if ep, err := w.store.Episode(t.Context(), w.only().ID, 1); err != nil || !ep.Stages.Detected.Equal(start.Add(time.Hour)) {
				t.Errorf("OK at minute %d: detected %s, %v", minute, ep.Stages.Detected, err)
			}
		}
	}
}
