package triage_test

import (
	"fmt"
	"testing"
	"time"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/signal"
)

// A muted firing is looked at when its window ends, and every five minutes before, so that one that is lifted early is over
// soon. Hearing of it twice changes nothing.
func TestWhenMutedIsLookedAt(t *testing.T) {
	for until, check := range map[int]int{60: 25, 25: 25, 22: 22} {
		w := newWorld(t)
		w.maintenance(10, until)
		f := w.fires("checkout-p99", signal.Firing, 20)
		w.run(f)
		k, err := w.store.SignalKey(t.Context(), w.shop.ID, "alarm/checkout-p99")
		w.must(err)
		if want := start.Add(time.Duration(check) * time.Minute); k.Muted == nil || !k.Muted.Check.Truncate(time.Minute).Equal(want) {
			t.Errorf("muted until %d: %+v, want to look at minute %d", until, k.Muted, check)
		}
		f = w.get(f.ID)
		if _, err := w.team.AttachSignal(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		again, err := w.store.SignalKey(t.Context(), w.shop.ID, "alarm/checkout-p99")
		w.must(err)
		if again.Version != k.Version {
			t.Errorf("muted until %d: written again", until)
		}
	}
}

// An alarm that joined another one's cluster flaps after a person shipped it: its words stay where they went, and within
// the quiet time it is the same episode. Later it speaks for itself.
func TestFlapsAfterAPersonsShip(t *testing.T) {
	for after, same := range map[int]bool{10: true, 60: true, 61: false} {
		w := newWorld(t)
		w.parts()
		w.run(w.fires("checkout-p99", signal.Firing, 0))
		first := w.only()
		w.run(w.fires("checkout-errors", signal.Firing, 1))
		w.run(w.fires("checkout-errors", signal.Recovered, 2))
		_, err := w.team.Decide(t.Context(), first.ID, improvement.Decision{Verb: improvement.Ship}, improvement.By{Who: "ana@example.com"})
		w.must(err)
		f := w.fires("checkout-errors", signal.Firing, 2+after)
		w.run(f)
		want := first.ID
		if !same {
			want = id.NewImprovement(w.shop.ID, "signal", "alarm/checkout-errors")
		}
		if got := w.get(f.ID).Improvement; got != want {
			t.Errorf("%d minutes after: attached to %s, want %s", after, got, want)
		}
	}
}

// Two alarms meet about one of the four resources that each names first, and never because one names the other.
func TestResourcesThatMeet(t *testing.T) {
	table := func(n int) string { return fmt.Sprintf("arn:aws:dynamodb:us-east-1:111122223333:table/t%d", n) }
	many := []string{table(1), table(2), table(3), table(4), table(5)}
	for _, tt := range []struct {
		name  string
		about string
		meet  bool
	}{
		{"the first", table(1), true},
		{"the fourth", table(4), true},
		{"the fifth", table(5), false},
		{"the alarm itself", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:one", false},
	} {
		w := newWorld(t)
		w.run(w.fires("one", signal.Firing, 0, many...))
		w.run(w.fires("two", signal.Firing, 1, tt.about))
		if n := len(w.improvements()); (n == 1) != tt.meet {
			t.Errorf("%s: %d Improvements", tt.name, n)
		}
	}
}
