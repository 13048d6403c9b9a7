package mirror_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/week"
)

// listed gives a filed list of some lines.
func (w *world) listed(lines int) id.Improvement {
	w.t.Helper()
	w.Budget = governor.Budget{Month: 10}
	for n := range 4 {
		w.candidate(n, 2)
	}
	for n := range lines {
		w.candidate(100+n, 4)
	}
	w.sweepOnce()
	w.wait(16 * time.Minute)
	w.sweepOnce()
	list := governor.ParentID(w.p.ID, week.Name(w.now()))
	if w.load(list).OpsItem == "" || w.episode(list, 1).Folded != lines {
		w.t.Fatalf("%+v", w.episode(list, 1))
	}
	return list
}

// A line that is closed is resolved, as the review counts it, and open again where it goes on.
func TestClosedLine(t *testing.T) {
	for _, verb := range []improvement.Verb{improvement.Ship, improvement.Reject} {
		t.Run(string(verb), func(t *testing.T) {
			w := newWorld(t)
			w.Budget = governor.Budget{Month: 2}
			w.candidate(1, 2)
			low := w.candidate(2, 4)
			w.sweepOnce()
			if !w.episode(low, 1).Folds() {
				t.Fatalf("%+v", w.episode(low, 1))
			}
			w.wait(time.Hour)
			w.decide(low, improvement.Decision{Verb: verb, Reason: "done"})
			w.settle()
			if ep := w.episode(low, 1); ep.Resolved.IsZero() || !ep.Folds() {
				t.Errorf("%+v", ep)
			}
			if all := w.review(); all.Opened != 2 || all.Resolved != 1 || all.Open != 1 {
				t.Errorf("the review says %+v", all)
			}
		})
	}
}

// What an operator or a member takes up again is a list still: it names its lines, counts as no episode, and is folded into
// no other list.
func TestListTakenUpAgain(t *testing.T) {
	console := func(wait time.Duration) func(w *world, list id.Improvement) {
		return func(w *world, list id.Improvement) {
			oid := w.load(list).OpsItem
			w.console(oid, opsitem.Resolved)
			w.deliver()
			w.wait(wait)
			w.console(oid, opsitem.Open)
			w.deliver()
		}
	}
	tests := []struct {
		name    string
		again   func(w *world, list id.Improvement)
		episode int
	}{
		{"in the console, soon", console(time.Minute), 1},
		{"in the console, later", console(3 * time.Hour), 2},
		{"here", func(w *world, list id.Improvement) {
			w.decide(list, improvement.Decision{Verb: improvement.Ship})
			w.turns()
			w.decide(list, improvement.Decision{Verb: improvement.Reopen})
		}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			list := w.listed(3)
			tt.again(w, list)
			w.turns()
			im := w.load(list)
			ep := w.episode(list, im.Episode)
			if im.Episode != tt.episode || !ep.List || ep.Folded != 3 || im.OpsItem == "" || ep.Parent != "" {
				t.Fatalf("%+v", ep)
			}
			if text := w.described(im.OpsItem); !strings.Contains(text, "3 improvements") || !strings.Contains(text, "Candidate 100") {
				t.Errorf("%s", text)
			}
			if all := w.review(); all.Opened != 7 {
				t.Errorf("the review counts %d episodes of 7", all.Opened)
			}
			low := w.candidate(200, 4)
			w.turns()
			if got := w.episode(low, 1).Parent; got != list || !strings.Contains(w.described(im.OpsItem), "4 improvements") {
				t.Errorf("the next line is in %s", got)
			}
		})
	}
}

// A list that was deleted takes no more lines: the week goes on in another one.
func TestListDeleted(t *testing.T) {
	w := newWorld(t)
	list := w.listed(3)
	w.remove(w.load(list).OpsItem)
	w.check() // or whatever else notices it
	low := w.candidate(201, 4)
	w.turns()
	ep := w.episode(low, 1)
	if !ep.Folds() || ep.Parent == list {
		t.Fatalf("%+v", ep)
	}
	if w.load(ep.Parent).OpsItem == "" {
		t.Errorf("folded into a list that has no OpsItem: %+v", w.episode(ep.Parent, 1))
	}
	if h := w.said(list, 1); !strings.HasSuffix(h[len(h)-1], ", let go: it listed nothing else") {
		t.Errorf("%q", h)
	}
}

// What was folded into it before anybody noticed is listed in OpsCenter all the same.
func TestListDeletedUnnoticed(t *testing.T) {
	w := newWorld(t)
	list := w.listed(3)
	before := w.load(list).OpsItem
	w.remove(before)
	low := w.candidate(200, 4)
	w.turns()
	w.turns()
	oid := w.load(list).OpsItem
	if w.episode(low, 1).Parent != list || oid == "" || oid == before || !strings.Contains(w.described(oid), "4 improvements") {
		t.Errorf("%+v, %+v", w.episode(low, 1), w.episode(list, 1))
	}
	if h := w.said(list, 1); !strings.HasSuffix(h[len(h)-1], before+", filed again: it lists what nobody has seen there") {
		t.Errorf("%q", h)
	}
}

// A line that gets an OpsItem of its own is related to the episode before, counts as filed only, and its list names it no
// more.
func TestUnfoldCounts(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
	iid := w.alarm("errors", signal.Firing, 3)
	w.run(iid, 1)
	first := w.load(iid).OpsItem
	w.wait(time.Hour)
	w.alarm("errors", signal.Recovered, 3)
	w.settle()
	w.wait(3 * time.Hour)
	w.Budget = governor.Budget{Month: 1}
	w.alarm("errors", signal.Firing, 3)
	w.sweepOnce()
	folded := w.episode(iid, 2)
	if !folded.Folds() || w.use().Folded != 1 {
		t.Fatalf("%+v", folded)
	}
	w.Budget = governor.Budget{Month: 10}
	w.wait(time.Hour)
	w.sweepOnce()
	list := w.load(folded.Parent).OpsItem
	w.alarm("errors", signal.Firing, 1)
	w.settle()
	im := w.load(iid)
	if im.OpsItem == "" {
		t.Fatalf("not unfolded: %+v", w.episode(iid, 2))
	}
	if rel := fmt.Sprint(w.item(im.OpsItem).Related); !strings.Contains(rel, first) || !strings.Contains(rel, list) {
		t.Errorf("related are %s, of %s and %s", rel, first, list)
	}
	if u := w.use(); u.Filed != 3 || u.Folded != 0 {
		t.Errorf("two episodes and a list: %+v", u)
	}
	// Deleted, it is no line again.
	w.remove(im.OpsItem)
	if _, err := w.Sync(t.Context(), im.OpsItem, ""); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if ep := w.episode(iid, 2); ep.Folds() || ep.OpsItem == "" || !slices.Contains(ep.Lost, im.OpsItem) {
		t.Errorf("%+v", ep)
	}
}
