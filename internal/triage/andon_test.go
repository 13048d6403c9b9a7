package triage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/tabletest"
)

// line has three people within an hour stop the line.
func (w *world) line() {
	w.t.Helper()
	w.parts()
	w.set(product.Settings{Andon: &product.AndonSettings{People: new(3)}})
}

func (w *world) history(im improvement.Improvement) []improvement.Entry {
	w.t.Helper()
	es, err := store.Everything(func(c string) ([]improvement.Entry, string, error) { return w.store.History(w.t.Context(), im.ID, c) })
	w.must(err)
	return es
}

func who(i int) string { return fmt.Sprintf("p%d@example.com", i) }

// Who pulls it, over what.
func TestAndon(t *testing.T) {
	tests := []struct {
		name string
		play func(w *world) []feedback.Feedback
		want string // title, evidence, andon of each Improvement
	}{
		{"three people", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.reports(who(1), "checkout", 0), w.reports(who(2), "Checkout", 30), w.reports(who(3), "checkout", 59)}
		}, "3 people report problems with Checkout: 3 complaints, up"},
		{"two people, often, and nobodies", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{
				w.reports(who(1), "checkout", 0), w.reports(who(1), "checkout", 1), w.reports(who(2), "checkout", 2), w.reports("", "checkout", 3), w.reports("", "checkout", 4),
			}
		}, ""},
		{"all that was said around it is gathered", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{
				w.reports("", "checkout", 0), w.reports(who(1), "checkout", 1), w.reports(who(2), "checkout", 2), w.reports(who(1), "checkout", 3),
				w.reports(who(3), "checkout", 4), w.reports("", "checkout", 5), w.reports(who(4), "checkout", 50), w.reports(who(5), "search", 6),
			}
		}, "3 people report problems with Checkout: 7 complaints, up"},
		{"too far apart", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.reports(who(1), "checkout", 0), w.reports(who(2), "checkout", 30), w.reports(who(3), "checkout", 61)}
		}, ""},
		{"no problems", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.tells(feedback.Idea, who(1), "checkout", 0), w.tells(feedback.Praise, who(2), "checkout", 1), w.tells(feedback.Question, who(3), "checkout", 2)}
		}, ""},
		{"a component that the team did not name", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.reports(who(1), "basket", 0), w.reports(who(2), " BASKET", 1), w.reports(who(3), "basket", 2)}
		}, "3 people report problems with basket: 3 complaints, up"},
		{"the product as a whole", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.reports(who(1), "checkout", 0), w.reports(who(2), "", 1), w.reports(who(3), "search", 2), w.reports(who(4), "", 3)}
		}, "3 people report problems with shop: 4 complaints, up"},
		{"one component's people do not pull it over the whole, too", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.reports(who(1), "checkout", 0), w.reports(who(2), "checkout", 1), w.reports(who(3), "checkout", 2), w.reports(who(4), "", 3)}
		}, "3 people report problems with Checkout: 3 complaints, up"},
		{"over the open cluster of an alarm", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.fires("checkout-p99", signal.Firing, 0), w.reports(who(1), "checkout", 10), w.reports(who(2), "checkout", 20), w.reports(who(3), "checkout", 30)}
		}, "checkout-p99 is in alarm: 1 incident, 3 complaints, up"},
		{"whom a component's cluster takes in does not pull it over the whole", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.fires("checkout-p99", signal.Firing, 0), w.reports(who(1), "checkout", 10), w.reports(who(2), "", 20), w.reports(who(3), "", 30)}
		}, "checkout-p99 is in alarm: 1 incident, 1 complaint"},
		{"whom the whole took in does not pull it over a component", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{
				w.reports(who(1), "checkout", 0), w.reports(who(2), "checkout", 1), w.reports(who(3), "search", 2), w.reports(who(4), "checkout", 3),
				w.reports(who(5), "search", 4), w.reports(who(6), "search", 5),
			}
		}, "3 people report problems with shop: 6 complaints, up"},
		{"then the alarm", func(w *world) []feedback.Feedback {
			return []feedback.Feedback{w.reports(who(1), "checkout", 10), w.reports(who(2), "checkout", 20), w.reports(who(3), "checkout", 30), w.fires("checkout-p99", signal.Firing, 31)}
		}, "3 people report problems with Checkout: 1 incident, 3 complaints, up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, how := range []string{"one by one", "in one batch", "each twice"} {
				w := newWorld(t)
				w.line()
				pieces := tt.play(w)
				switch how {
				case "one by one":
					for _, f := range pieces {
						w.run(f)
					}
				case "in one batch":
					w.run(pieces...)
				case "each twice":
					for _, f := range pieces {
						w.run(f)
						w.run(f)
					}
					w.run(append(pieces, pieces...)...)
				}
				w.settle()
				var got []string
				for _, im := range w.improvements() {
					line := im.Title + ": " + im.Evidence.Words()
					if im.AndonUp() {
						line += ", up"
					}
					got = append(got, line)
				}
				want := tt.want
				if how == "in one batch" && tt.name == "then the alarm" {
					want = "checkout-p99 is in alarm: 1 incident, 3 complaints, up" // of one batch the alarm is looked at first
				}
				if how == "in one batch" && strings.HasPrefix(tt.name, "whom the whole") { // then each component has its three first
					want = "3 people report problems with Checkout: 3 complaints, up; 3 people report problems with Search: 3 complaints, up"
				}
				if s := strings.Join(got, "; "); s != want {
					t.Errorf("%s: %q, want %q", how, s, want)
				}
			}
		})
	}
}

// It is filed at once, by a rule that says why.
func TestAndonFiles(t *testing.T) {
	w := newWorld(t)
	w.line()
	w.set(product.Settings{Quotes: new(product.QuotesRedacted)})
	for i := range 3 {
		w.run(w.reports(who(i), "checkout", i))
	}
	im := w.only()
	const why = "rule: andon: 3 people reported problems with Checkout within 60 minutes"
	h := w.history(im)
	if len(h) != 1 || h[0].By != why || h[0].To != improvement.Accepted || im.Status != improvement.Accepted {
		t.Errorf("history %+v", h)
	}
	ep, err := w.store.Episode(t.Context(), im.ID, 1)
	w.must(err)
	if ep.Order != opsitem.File || ep.Request.Severity != 1 || !strings.Contains(ep.Request.Description, "3 people reported problems with Checkout within 60 minutes") {
		t.Errorf("filed: severity %d, %q", ep.Request.Severity, ep.Request.Description)
	}
	if !strings.Contains(ep.Request.Description, "until somebody stands it down") || strings.Count(ep.Request.Description, "\u201c") != 3 {
		t.Errorf("filed without what the three said, or how it ends: %q", ep.Request.Description)
	}
	// Somebody's later word joins, and is told where it stands as with any attachment.
	late := w.reports("late@example.com", "checkout", 40)
	w.run(late)
	if got := w.get(late.ID).Improvement; got != im.ID {
		t.Errorf("the later word went to %q", got)
	}
}

// Whatever is doubled, shuffled or raced, it is pulled once.
func TestAndonOnce(t *testing.T) {
	for seed := range uint64(20) {
		w := newWorld(t)
		w.line()
		var pieces []feedback.Feedback
		for i := range 8 {
			pieces = append(pieces, w.reports(who(i), "checkout", i))
		}
		order := append(slices.Clone(pieces), pieces[:4]...)
		rnd := rand.New(rand.NewPCG(seed, 3))
		rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		var wg sync.WaitGroup
		for some := range slices.Chunk(order, 1+rnd.IntN(4)) {
			wg.Go(func() {
				if err := w.Run(t.Context(), some); err != nil && !fault.Retry(err) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.settle()
		if im := w.only(); im.Evidence.Words() != "8 complaints" || !im.AndonUp() || im.Episode != 1 {
			t.Errorf("seed %d: %s, up %v, episode %d", seed, im.Evidence.Words(), im.AndonUp(), im.Episode)
		}
	}
}

func TestAndonLostAndPersisted(t *testing.T) {
	begin := func() *world {
		w := newWorld(t)
		w.line()
		w.run(w.reports(who(1), "checkout", 0), w.reports("", "checkout", 1))
		w.run(w.reports(who(2), "checkout", 2))
		w.reports(who(3), "checkout", 3)
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
			if im := w.only(); im.Evidence.Words() != "4 complaints" || !im.AndonUp() || len(w.history(im)) != 1 {
				t.Errorf("call %d of %d fails %s: %s, up %v", k, calls, mode, im.Evidence.Words(), im.AndonUp())
			}
		}
	}
}

// While an andon is up and many complain, each further piece, and an alarm that flaps, cost the same however many there
// were before.
func TestStormCostsNoMore(t *testing.T) {
	cost := func(before int) (piece, alarm int) {
		w := newWorld(t)
		w.line()
		w.run(w.fires("checkout-p99", signal.Firing, 0))
		for i := range before {
			w.run(w.reports(who(i), "checkout", 1))
		}
		f := w.reports(who(before), "checkout", 2)
		w.faulty.Reset()
		w.run(f)
		piece = w.faulty.Calls()
		g := w.fires("checkout-p99", signal.Firing, 3)
		w.faulty.Reset()
		w.run(g)
		return piece, w.faulty.Calls()
	}
	fewPiece, fewAlarm := cost(5)
	manyPiece, manyAlarm := cost(60)
	if manyPiece > fewPiece || manyAlarm > fewAlarm || fewPiece > 20 || fewAlarm > 20 {
		t.Errorf("a piece: %d calls, then %d; an alarm: %d, then %d", fewPiece, manyPiece, fewAlarm, manyAlarm)
	}
	t.Logf("a piece in a storm: %d calls of storage; an alarm: %d", manyPiece, manyAlarm)
}

func TestStandDown(t *testing.T) {
	w := newWorld(t)
	w.line()
	var pieces []feedback.Feedback
	for i := range 5 {
		pieces = append(pieces, w.reports(who(i), "checkout", i))
	}
	w.run(pieces...)
	im := w.only()
	ana := improvement.By{Who: "ana@example.com", Request: "r-1"}
	for _, reason := range []string{"", "  ", strings.Repeat("x", 1001)} {
		if _, err := w.team.StandDown(t.Context(), im.ID, reason, ana); !fault.Is(err, fault.Invalid) {
			t.Errorf("reason of %d: %v", len(reason), err)
		}
	}
	w.at(10)
	for range 2 { // the second time changes nothing
		got, err := w.team.StandDown(t.Context(), im.ID, " A drill. ", ana)
		if err != nil || got.AndonUp() {
			t.Fatalf("stood down: %v, %v", got.AndonUp(), err)
		}
	}
	if _, err := w.team.StandDown(t.Context(), im.ID, "me too", improvement.By{Who: "bob@example.com"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second person: %v", err)
	}
	h := w.history(im)
	if last := h[len(h)-1]; len(h) != 2 || last.Reason != "A drill." || last.By != ana.Who {
		t.Errorf("history %+v", h)
	}
	ep, err := w.store.Episode(t.Context(), im.ID, 1)
	w.must(err)
	if ep.Order == opsitem.None {
		t.Error("nothing is pushed")
	}
	// The same people do not pull it again within the window: neither those three nor the others who spoke by then, nor
	// what is told twice.
	for i := range 5 {
		w.run(w.reports(who(i), "checkout", 20+i))
	}
	w.run(pieces...)
	if im = w.only(); im.AndonUp() || im.Evidence.Complaints != 10 {
		t.Errorf("up again: %v after %s", im.AndonUp(), im.Evidence.Words())
	}
	// Three others do, over the same Improvement.
	for i := range 3 {
		w.run(w.reports(who(10+i), "checkout", 30+i))
	}
	if im = w.only(); !im.AndonUp() {
		t.Error("three others do not pull it")
	}
	// After the window the first ones count again.
	_, err = w.team.StandDown(t.Context(), im.ID, "Again a drill.", ana)
	w.must(err)
	for i := range 3 {
		w.run(w.reports(who(i), "checkout", 100+i))
	}
	if all := w.improvements(); !slices.ContainsFunc(all, improvement.Improvement.AndonUp) {
		t.Errorf("after the window: %d Improvements, none up", len(all))
	}
}

// An andon is over when what it was pulled over is done; the next three people pull the next one.
func TestAndonAfterwards(t *testing.T) {
	w := newWorld(t)
	w.line()
	for i := range 3 {
		w.run(w.reports(who(i), "checkout", i))
	}
	w.only()
	// While it is worked on, the next three people after the window are in it, not in another one.
	for i := range 3 {
		w.run(w.reports(who(10+i), "checkout", 200+i))
	}
	first := w.only()
	if first.Evidence.Complaints != 6 {
		t.Errorf("%s", first.Evidence.Words())
	}
	w.at(210)
	ana := improvement.By{Who: "ana@example.com"}
	_, err := w.team.Decide(t.Context(), first.ID, improvement.Decision{Verb: improvement.Ship}, ana)
	w.must(err)
	w.run(w.reports(who(20), "checkout", 211), w.reports(who(21), "checkout", 212))
	w.only() // those from before it was done do not count again
	w.run(w.reports(who(22), "checkout", 213))
	var up []string
	for _, im := range w.improvements() {
		if im.AndonUp() && !im.Status.Closed() {
			up = append(up, im.Evidence.Words())
		}
	}
	if fmt.Sprint(up) != "[3 complaints]" {
		t.Errorf("up: %v", up)
	}
	// Reopened, the first is worked without an andon: that was the episode's before.
	got, err := w.team.Decide(t.Context(), first.ID, improvement.Decision{Verb: improvement.Reopen}, ana)
	if err != nil || got.AndonUp() {
		t.Errorf("reopened with an andon up: %v, %v", got.AndonUp(), err)
	}
}

// What a person took back, made another thing of, or put elsewhere pulls nothing.
func TestAndonVerifies(t *testing.T) {
	w := newWorld(t)
	w.line()
	gone, idea := w.reports(who(1), "checkout", 0), w.reports(who(2), "checkout", 1)
	w.run(gone, idea)
	_, err := w.say.Withdraw(t.Context(), gone.ID)
	w.must(err)
	changed, err := w.say.Edit(t.Context(), idea.ID, feedback.Draft{Product: "shop", Kind: feedback.Idea, Text: "rather an idea", Context: feedback.Context{Component: "checkout"}})
	w.must(err)
	w.run(w.get(gone.ID), changed, w.reports(who(3), "checkout", 2))
	if n := len(w.improvements()); n != 0 {
		t.Errorf("%d Improvements of one problem", n)
	}
	w.run(w.reports(who(4), "checkout", 3), w.reports(who(5), "checkout", 4))
	if im := w.only(); im.Evidence.Words() != "3 complaints" {
		t.Errorf("%s", im.Evidence.Words())
	}
}
