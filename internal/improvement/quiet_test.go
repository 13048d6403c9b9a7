package improvement_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/metric"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// What somebody took up is not resolved behind their back.
func TestOwnedIsNotResolved(t *testing.T) {
	for owner, want := range map[string]improvement.Status{"": improvement.Shipped, "kim@example.com": improvement.Accepted} {
		w := newWorld(t, product.Rules{})
		iid := w.alarm(signal.Firing, 3, began)
		w.decide(iid, improvement.Decision{Verb: improvement.Accept, Owner: owner})
		w.now = began.Add(time.Minute)
		w.alarm(signal.Recovered, 3, w.now)
		if im := w.load(iid); im.Status != want || im.Firing() {
			t.Errorf("owner %q: %s", owner, im.Status)
		}
	}
}

// A person's problem within the quiet time takes up again what a rule ended, as in the other order it would not have been.
func TestPersonReportsWhatARuleEnded(t *testing.T) {
	tests := []struct {
		name   string
		after  time.Duration // of the report, since it was ended
		person bool          // a person ended it
		want   improvement.Status
	}{
		{"at the end of the quiet time", time.Hour, false, improvement.Accepted},
		{"later", time.Hour + time.Second, false, improvement.Shipped},
		{"what a person shipped stays shipped", time.Minute, true, improvement.Shipped},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, product.Rules{Severity: 3})
			iid := w.alarm(signal.Firing, 3, began)
			w.now = began.Add(time.Minute)
			if tt.person {
				w.decide(iid, improvement.Decision{Verb: improvement.Ship})
			} else {
				w.alarm(signal.Recovered, 3, w.now)
			}
			w.now = w.now.Add(tt.after)
			if err := w.Attach(t.Context(), iid, w.hear("It fails.", "kim@example.org", "").ID, ana); err != nil {
				t.Fatal(err)
			}
			im, h := w.load(iid), all(t, w.st.History, iid)
			if im.Status != tt.want || im.Episode != 1 {
				t.Errorf("%s, episode %d", im.Status, im.Episode)
			}
			if last := h[len(h)-1]; (last.By == "rule: a person reported it within the quiet time") != (tt.want == improvement.Accepted) {
				t.Errorf("history ends %+v", last)
			}
		})
	}
}

// An alarm may be on its way while a person ships what mends it.
func TestFiringFromBeforeAPersonsShip(t *testing.T) {
	for at, want := range map[time.Duration]improvement.Status{
		50 * time.Minute: improvement.Shipped, 60 * time.Minute: improvement.Shipped, 61 * time.Minute: improvement.Accepted,
	} {
		w := newWorld(t, product.Rules{Severity: 3})
		iid := w.alarm(signal.Firing, 3, began)
		w.now = began.Add(time.Hour)
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		w.now = w.now.Add(2 * time.Minute)
		w.alarm(signal.Firing, 3, began.Add(at))
		if im := w.load(iid); im.Status != want || im.Episode != 1 || !im.Firing() {
			t.Errorf("fired after %s: %s, episode %d, firing %v", at, im.Status, im.Episode, im.Firing())
		}
	}
}

// What comes back after the quiet time is the next episode, whoever ended the last one, and without any rule of severity;
// but for what was declined.
func TestComesBackWithoutARule(t *testing.T) {
	tests := []struct {
		name string
		end  func(w *world, iid id.Improvement)
		want improvement.Status
	}{
		{"a rule resolved it", func(w *world, _ id.Improvement) { w.alarm(signal.Recovered, 3, w.now) }, improvement.Accepted},
		{"a person shipped it", func(w *world, iid id.Improvement) {
			w.decide(iid, improvement.Decision{Verb: improvement.Ship})
			w.alarm(signal.Recovered, 3, w.now)
		}, improvement.Accepted},
		{"a person declined it", func(w *world, iid id.Improvement) {
			w.decide(iid, improvement.Decision{Verb: improvement.Reject, Reason: "It is a test system."})
			w.alarm(signal.Recovered, 3, w.now)
		}, improvement.Declined},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, product.Rules{})
			iid := w.alarm(signal.Firing, 3, began)
			w.decide(iid, improvement.Decision{Verb: improvement.Accept})
			w.now = began.Add(time.Minute)
			tt.end(w, iid)
			w.now = began.Add(48 * time.Hour)
			w.alarm(signal.Firing, 3, w.now)
			im := w.load(iid)
			if im.Status != tt.want || im.Episode != map[bool]int{true: 2, false: 1}[tt.want == improvement.Accepted] {
				t.Errorf("%s, episode %d", im.Status, im.Episode)
			}
		})
	}
}

// A severity that somebody sets here counts before OpsCenter is told, and stays counted when it is set back.
func TestSeveritySetHereIsLookedBackAt(t *testing.T) {
	for name, edits := range map[string][]int{"worse": {1}, "worse, and taken back": {2, 4}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, product.Rules{Severity: 3})
			iid := w.alarm(signal.Firing, 3, began)
			for i := range edits {
				if _, err := w.Edit(t.Context(), iid, improvement.Edit{Severity: &edits[i]}, ana); err != nil {
					t.Fatal(err)
				}
			}
			w.decide(iid, improvement.Decision{Verb: improvement.Ship})
			order, err := w.st.PostIncident(t.Context(), iid, 1)
			if err != nil || order.Severity != edits[0] {
				t.Errorf("looked back at with severity %d, %v; worst %d", order.Severity, err, w.episode(iid, 1).Stages.Worst)
			}
		})
	}
}

// What an alarm ended is looked back at once it stayed so for the quiet time; what a person ended, at once.
func TestPostIncidentWaitsForTheAlarm(t *testing.T) {
	for _, byAlarm := range []bool{true, false} {
		w := newWorld(t, product.Rules{Severity: 3})
		iid := w.alarm(signal.Firing, 1, began)
		w.now = began.Add(time.Minute)
		if byAlarm {
			w.alarm(signal.Recovered, 1, w.now)
		} else {
			w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		}
		order, err := w.st.PostIncident(t.Context(), iid, 1)
		if err != nil || byAlarm != (order.Settle == time.Hour) || byAlarm != order.RetryAt.Equal(w.now.Add(time.Hour)) {
			t.Errorf("by alarm %v: settles for %s, until %s; %v", byAlarm, order.Settle, order.RetryAt, err)
		}
		due := func(at time.Time) int {
			orders, _, err := w.st.DuePostIncidents(t.Context(), at, "")
			if err != nil {
				t.Fatal(err)
			}
			return len(orders)
		}
		if n, later := due(w.now.Add(59*time.Minute)), due(w.now.Add(time.Hour)); n == 1 == byAlarm || later != 1 {
			t.Errorf("by alarm %v: %d due within the hour, %d then", byAlarm, n, later)
		}
	}
}

// However an alarm flaps, and whoever ends it, the metrics' sums are the page's counts.
func TestStepsSumUpToTheReview(t *testing.T) {
	w := newWorld(t, product.Rules{Severity: 3})
	got := map[opsitem.StepKind]int{}
	w.st.Observe(func(_ context.Context, steps []opsitem.Step) {
		for _, s := range steps {
			got[s.Kind]++
		}
	})
	check := func(when string) {
		t.Helper()
		r, err := metric.For(t.Context(), w.st, w.p, []metric.Week{metric.WeekOf(w.now)}, w.now.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		c := r.Rows[0].All
		if got[opsitem.StepOpened] != c.Opened || got[opsitem.StepResolved]-got[opsitem.StepTakenBack] != c.Resolved || got[opsitem.StepReopened] != c.Reopened {
			t.Errorf("%s: told %v; the page says opened %d, resolved %d, reopened %d", when, got, c.Opened, c.Resolved, c.Reopened)
		}
	}
	iid := w.alarm(signal.Firing, 1, began)
	for i := range 6 {
		w.now = w.now.Add(5 * time.Minute)
		w.alarm([]signal.State{signal.Recovered, signal.Firing}[i%2], 1, w.now)
		check(fmt.Sprint("flap ", i))
	}
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	check("a person ships it")
	w.now = w.now.Add(time.Minute)
	w.alarm(signal.Firing, 1, w.now)
	check("it fires again")
	w.now = w.now.Add(time.Minute)
	w.alarm(signal.Recovered, 1, w.now)
	check("it recovers")
	w.now = w.now.Add(2 * time.Hour)
	w.alarm(signal.Firing, 1, w.now)
	check("it comes back after the quiet time")
	if got[opsitem.StepTakenBack] != 3 || got[opsitem.StepReopened] != 2 {
		t.Errorf("told %v", got)
	}
}
