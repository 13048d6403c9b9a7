package triage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// A rule says that all is OK only where every alarm is remembered.
func TestMoreAlarmsThanAreKept(t *testing.T) {
	for alarms, want := range map[int]improvement.Status{50: improvement.Shipped, 51: improvement.Accepted} {
		w := newWorld(t)
		w.set(product.Settings{Rules: &product.RuleSettings{Severity: new(2)}})
		for minute, state := range []signal.State{signal.Firing, signal.Recovered} {
			for i := range alarms {
				w.run(w.fires(fmt.Sprint("pay-", i), state, minute, "arn:aws:lambda:us-east-1:111122223333:function:pay"))
			}
		}
		if im := w.only(); im.Status != want || im.Crowded != (want == improvement.Accepted) || im.Evidence.Count != 2*alarms {
			t.Errorf("%d alarms: %s, crowded %v, %d words", alarms, im.Status, im.Crowded, im.Evidence.Count)
		}
	}
}

// The andon over what a rule resolved within the quiet time takes it up again, whether its people come one by one or in
// one batch; over what is closed for longer, or was by a person, it begins anew.
func TestAndonOverAResolvedAlarm(t *testing.T) {
	tests := []struct {
		name  string
		first int                                             // minute of the first report; the alarm was over at minute 5
		end   func(w *world, im improvement.Improvement)      // nil: the alarm recovers
		want  func(one improvement.Improvement, n int) string // what is wrong with it
	}{
		{"within the quiet time", 10, nil, func(im improvement.Improvement, n int) string {
			if n != 1 || im.Status != improvement.Accepted || !im.AndonUp() || im.Episode != 1 || im.Evidence.Words() != "1 incident, 3 complaints" {
				return "it is not taken up again"
			}
			return ""
		}},
		{"later", 70, nil, func(im improvement.Improvement, n int) string {
			if n != 2 || im.Status != improvement.Shipped || im.AndonUp() {
				return "it is taken up again"
			}
			return ""
		}},
		{"a person shipped it", 10, func(w *world, im improvement.Improvement) {
			_, err := w.team.Decide(w.t.Context(), im.ID, improvement.Decision{Verb: improvement.Ship}, improvement.By{Who: "ana@example.com"})
			w.must(err)
		}, func(im improvement.Improvement, n int) string {
			if n != 2 || im.Status != improvement.Shipped || im.AndonUp() {
				return "it is taken up again"
			}
			return ""
		}},
	}
	for _, tt := range tests {
		for _, batch := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, in one batch %v", tt.name, batch), func(t *testing.T) {
				w := newWorld(t)
				w.line()
				w.set(product.Settings{Rules: &product.RuleSettings{Severity: new(2)}, ClusterMinutes: new(120)})
				alarm := w.fires("checkout-p99", signal.Firing, 0)
				w.run(alarm)
				if tt.end != nil {
					w.at(5)
					tt.end(w, w.only())
				} else {
					w.run(w.fires("checkout-p99", signal.Recovered, 5))
				}
				var pieces []feedback.Feedback
				for i := range 3 {
					f := w.reports(who(i), "checkout", tt.first+i)
					if pieces = append(pieces, f); !batch {
						w.run(f)
					}
				}
				w.run(pieces...)
				w.settle()
				iid := w.get(alarm.ID).Improvement
				im, err := w.store.Improvement(t.Context(), iid)
				w.must(err)
				if wrong := tt.want(im, len(w.improvements())); wrong != "" {
					t.Errorf("%s: %d Improvements, %s, up %v, episode %d, %s", wrong, len(w.improvements()), im.Status, im.AndonUp(), im.Episode, im.Evidence.Words())
				}
				ups := 0
				for _, im := range w.improvements() {
					for _, e := range w.history(im) {
						if e.What == "pulled the andon" || strings.HasPrefix(e.By, "rule: andon: ") && e.To == improvement.Accepted {
							ups++
						}
					}
				}
				if ups != 1 {
					t.Errorf("pulled %d times by the history", ups)
				}
			})
		}
	}
}

// What a person took out of an Improvement stops no line, whether that was before or after it was noted.
func TestTakenOutPullsNoAndon(t *testing.T) {
	for _, noted := range []bool{false, true} {
		w := newWorld(t)
		w.line()
		f := w.reports(who(1), "checkout", 0)
		if noted {
			w.run(f)
		}
		ana := improvement.By{Who: "ana@example.com"}
		im, err := w.team.Propose(t.Context(), w.shop, improvement.Proposal{Title: "No problem of ours", Feedback: []id.Feedback{f.ID}}, ana)
		w.must(err)
		w.must(w.team.Detach(t.Context(), im.ID, f.ID, ana))
		w.run(w.get(f.ID))
		w.run(w.reports(who(2), "checkout", 2))
		w.run(w.reports(who(3), "checkout", 3))
		if n := len(w.improvements()); n != 1 {
			t.Errorf("noted before %v: pulled by two: %d Improvements", noted, n)
		}
		w.run(w.reports(who(4), "checkout", 4))
		up := 0
		for _, im := range w.improvements() {
			if im.AndonUp() && im.Evidence.Words() == "3 complaints" {
				up++
			}
		}
		if got := w.get(f.ID); up != 1 || got.Improvement != "" {
			t.Errorf("noted before %v: %d andons by three; what was taken out is in %q", noted, up, got.Improvement)
		}
	}
}

// Until when an alarm is muted, where windows overlap, grow and are lifted; and since when it counts then.
func TestWindowsChange(t *testing.T) {
	window := func(from, to int, reason string) product.Mute {
		return product.Mute{
			Component: "checkout", From: start.Add(time.Duration(from) * time.Minute), To: start.Add(time.Duration(to) * time.Minute), Reason: reason,
		}
	}
	set := func(mutes ...product.Mute) func(w *world) {
		return func(w *world) {
			w.set(product.Settings{By: "ana@example.com", Mutes: append([]product.Mute{}, mutes...)})
		}
	}
	type step struct {
		minute int
		change func(w *world)
		counts int // since which minute it counts after a sweep; 0: it does not, -1: nobody sweeps
	}
	tests := []struct {
		name  string
		fires int
		steps []step
	}{
		{"two overlap", 20, []step{
			{0, set(window(10, 60, "a"), window(40, 90, "b")), 0}, {59, nil, 0}, {61, nil, 0}, {89, nil, 0}, {91, nil, 90},
		}},
		{"two overlap where it fires: the longer one holds", 50, []step{
			{0, set(window(40, 90, "b"), window(10, 60, "a")), 0}, {61, nil, 0}, {91, nil, 90},
		}},
		{"the second was set later, and nobody swept in between", 20, []step{
			{0, set(window(10, 60, "a")), 0}, {30, set(window(10, 60, "a"), window(40, 90, "b")), -1}, {95, nil, 95},
		}},
		{"made longer, then lifted", 20, []step{
			{0, set(window(10, 60, "a")), 0}, {59, set(window(10, 500, "a")), 0}, {61, nil, 0}, {66, set(), 66},
		}},
		{"lifted early: it counts from then on, not from what was its end", 20, []step{
			{0, set(window(10, 60, "a")), 0}, {26, set(), 26},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.parts()
			fired := false
			for _, s := range tt.steps {
				if s.minute > tt.fires && !fired {
					fired = true
					w.run(w.fires("checkout-p99", signal.Firing, tt.fires))
				}
				w.at(s.minute)
				if s.change != nil {
					s.change(w)
				}
				if s.counts < 0 {
					continue
				}
				w.settle()
				all := w.improvements()
				switch at := start.Add(time.Duration(s.counts) * time.Minute); {
				case s.counts == 0 && len(all) > 0:
					t.Errorf("minute %d: it counts since %s", s.minute, all[0].Since)
				case s.counts > 0 && len(all) != 1:
					t.Errorf("minute %d: %d Improvements", s.minute, len(all))
				case s.counts > 0 && all[0].Since.Sub(at).Truncate(time.Second) != 0:
					t.Errorf("minute %d: it counts since %s, want %s", s.minute, all[0].Since, at)
				}
			}
		})
	}
}
