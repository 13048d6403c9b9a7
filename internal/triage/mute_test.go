package triage_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/table/tabletest"
)

// maintenance mutes the signals of Checkout from one minute to another.
func (w *world) maintenance(from, to int) {
	w.t.Helper()
	w.parts()
	w.set(product.Settings{By: "ana@example.com", Mutes: []product.Mute{{
		Component: "checkout", From: start.Add(time.Duration(from) * time.Minute), To: start.Add(time.Duration(to) * time.Minute), Reason: "new database",
	}}})
}

func (w *world) sweepAt(minute int) {
	w.t.Helper()
	w.at(minute)
	w.settle()
}

func TestMuted(t *testing.T) {
	w := newWorld(t)
	w.maintenance(10, 60)
	fired := w.fires("checkout-p99", signal.Firing, 20)
	other := w.fires("search-errors", signal.Firing, 21)
	said := w.reports("a@example.com", "checkout", 22)
	w.run(fired, other, said, fired)
	got := w.get(fired.ID)
	if got.State != feedback.Triaged || got.Todo || got.Improvement != "" || got.Loose() || !got.Silent() || got.Muted.Reason != "new database" ||
		!got.Muted.Until.Equal(start.Add(time.Hour)) {
		t.Errorf("muted: %+v", got)
	}
	if im := w.only(); im.Title != "search-errors is in alarm" {
		t.Errorf("raised: %s", im.Title)
	}
	if f := w.get(said.ID); f.Muted != nil || !f.Loose() {
		t.Errorf("a person is muted: %+v", f)
	}
	hours, err := w.store.Counts(t.Context(), w.shop.ID, "all", start, start.Add(time.Hour))
	w.must(err)
	if c := hours[0].Counts; c["n"] != 3 || c["muted"] != 1 || c["firing"] != 1 || w.countedAll() != 3 {
		t.Errorf("counts %v", c)
	}
}

// What became of an alarm by the time its window ends.
func TestWindowEnds(t *testing.T) {
	fires, ok := signal.Firing, signal.Recovered
	tests := []struct {
		name  string
		play  func(w *world)
		words string // of the one Improvement; "" for none
		since int    // minute of the first evidence that counts; 0: not looked at
	}{
		{"it fires still", func(w *world) { w.run(w.fires("checkout-p99", fires, 20)) }, "1 incident", 60},
		{"it recovered within", func(w *world) { w.run(w.fires("checkout-p99", fires, 20)); w.run(w.fires("checkout-p99", ok, 30)) }, "", 0},
		{"it recovered, and fired again", func(w *world) {
			w.run(w.fires("checkout-p99", fires, 20), w.fires("checkout-p99", ok, 30), w.fires("checkout-p99", fires, 40))
		}, "1 incident", 60},
		{"the recovery came first", func(w *world) {
			a, b := w.fires("checkout-p99", fires, 20), w.fires("checkout-p99", ok, 30)
			if err := w.Run(w.t.Context(), []feedback.Feedback{b}); err == nil {
				w.t.Error("the recovery does not wait")
			}
			w.run(a)
			w.settle()
		}, "", 0},
		{"people spoke meanwhile: they are gathered when it counts", func(w *world) {
			w.run(w.fires("checkout-p99", fires, 20), w.reports("a@example.com", "checkout", 30))
		}, "1 incident, 1 complaint", 30},
		{"the window was made longer", func(w *world) {
			w.run(w.fires("checkout-p99", fires, 20))
			w.maintenance(10, 500)
			w.sweepAt(400)
			if n := len(w.improvements()); n != 0 {
				w.t.Errorf("%d Improvements while it is muted", n)
			}
			w.sweepAt(501)
		}, "1 incident", 500},
		{"the window was lifted early", func(w *world) {
			w.run(w.fires("checkout-p99", fires, 20))
			w.set(product.Settings{Mutes: []product.Mute{}})
			w.sweepAt(26)
			if n := len(w.improvements()); n != 1 {
				w.t.Errorf("%d Improvements after it was lifted", n)
			}
		}, "1 incident", 26},
		{"it fired again after the window, before the sweep", func(w *world) {
			w.run(w.fires("checkout-p99", fires, 20))
			w.run(w.fires("checkout-p99", fires, 61))
		}, "1 incident", 0},
		{"it was open before, and a recovery within ends it", func(w *world) {
			w.run(w.fires("checkout-p99", fires, 5))
			w.run(w.fires("checkout-p99", fires, 20))
			w.run(w.fires("checkout-p99", ok, 30))
			im := w.only()
			if im.Firing() || im.Evidence.Count != 2 {
				w.t.Errorf("firing %v after %d words", im.Firing(), im.Evidence.Count)
			}
		}, "1 incident", 5},
		{"by a recovery that nobody weighs", func(w *world) {
			// A canary's or a test's recovery is kept only where something is open; what is muted is.
			w.run(w.fires("checkout-p99", fires, 20))
			k, err := w.store.SignalKey(w.t.Context(), w.shop.ID, "alarm/checkout-p99")
			if err != nil || k.Muted == nil {
				w.t.Errorf("%+v, %v", k, err)
			}
			w.run(w.fires("checkout-p99", ok, 30))
		}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.maintenance(10, 60)
			tt.play(w)
			w.sweepAt(59)
			for range 2 {
				w.sweepAt(600)
			}
			all := w.improvements()
			if tt.words == "" {
				if len(all) != 0 {
					t.Errorf("raised: %s", all[0].Title)
				}
				return
			}
			im := w.only()
			if im.Evidence.Words() != tt.words {
				t.Errorf("%s, want %s", im.Evidence.Words(), tt.words)
			}
			if at := start.Add(time.Duration(tt.since) * time.Minute); tt.since > 0 && im.Since.Before(at) {
				t.Errorf("it counts since %s, want %s", im.Since, at)
			}
			if n := w.countedAll(); n == 0 {
				t.Error("nothing counted")
			}
			if keys, _, err := w.store.DueMuted(t.Context(), start.AddDate(1, 0, 0), ""); len(keys) > 0 || err != nil {
				t.Errorf("still due: %v, %v", keys, err)
			}
		})
	}
}

// Doubled, shuffled, and by whoever comes first, the end is the same.
func TestMutedInAnyOrder(t *testing.T) {
	for seed := range uint64(25) {
		w := newWorld(t)
		w.maintenance(10, 60)
		pieces := []feedback.Feedback{
			w.fires("checkout-p99", signal.Firing, 20), w.fires("checkout-p99", signal.Recovered, 30), w.fires("checkout-p99", signal.Firing, 40),
			w.fires("checkout-errors", signal.Firing, 41), w.fires("checkout-errors", signal.Recovered, 42),
		}
		order := append(slices.Clone(pieces), pieces...)
		rnd := rand.New(rand.NewPCG(seed, 2))
		rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, f := range order {
			_ = w.Run(t.Context(), []feedback.Feedback{f}) // a recovery may wait for its turn
		}
		w.settle()
		w.sweepAt(61)
		for _, f := range order {
			w.run(f)
		}
		im := w.only()
		if im.ID != id.NewImprovement(w.shop.ID, "signal", "alarm/checkout-p99") || im.Evidence.Words() != "1 incident" || !im.Firing() {
			t.Errorf("seed %d: %s, %d words, firing %v", seed, im.Title, im.Evidence.Count, im.Firing())
		}
	}
}

func TestUnmuteLostAndPersisted(t *testing.T) {
	begin := func() *world {
		w := newWorld(t)
		w.maintenance(10, 60)
		w.run(w.fires("checkout-p99", signal.Firing, 20), w.reports("a@example.com", "checkout", 30))
		w.settle()
		w.at(61)
		w.faulty.Reset()
		return w
	}
	clean := begin()
	clean.settle()
	calls := clean.faulty.Calls()
	for k := 1; k <= calls; k++ {
		for _, mode := range tabletest.Modes() {
			w := begin()
			w.faulty.FailAt(k, mode)
			_, _ = w.Sweep(t.Context())
			w.faulty.Reset()
			w.settle()
			im := w.only()
			key, err := w.store.SignalKey(t.Context(), w.shop.ID, "alarm/checkout-p99")
			if im.Evidence.Words() != "1 incident, 1 complaint" || !im.Firing() || key.Muted != nil || !key.Firing || err != nil {
				t.Errorf("call %d of %d fails %s: %s, firing %v; %+v, %v", k, calls, mode, im.Evidence.Words(), im.Firing(), key, err)
			}
			if said, _, err := w.store.Attachments(t.Context(), im.ID, ""); err != nil || !slices.ContainsFunc(said, func(a improvement.Attachment) bool {
				return a.Signal && w.get(a.Feedback).Counts().Equal(start.Add(time.Hour))
			}) {
				t.Errorf("call %d of %d fails %s: it does not count from the end of the window: %+v, %v", k, calls, mode, said, err)
			}
		}
	}
}
