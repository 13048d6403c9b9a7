package mirror_test

import (
	"strings"
	"testing"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/metric"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/week"
)

// turns lets what is due have some turns, while time passes.
func (w *world) turns() {
	w.t.Helper()
	for range 5 {
		w.sweepOnce()
		w.wait(20 * time.Minute)
	}
}

// review is this week's row of the review.
func (w *world) review() metric.Counts {
	w.t.Helper()
	r, err := metric.For(w.t.Context(), w.st, w.p, []metric.Week{metric.WeekOf(w.now())}, w.now().Add(time.Minute))
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Rows[0].All
}

// What is closed while it waits for room is never filed: it costs nothing, takes nobody's place, and is over for the review.
func TestClosedWhileHeld(t *testing.T) {
	closed := improvement.Decision{Verb: improvement.Reject, Reason: "no"}
	tests := []struct {
		name string
		wait func(w *world) id.Improvement
		end  func(w *world, iid id.Improvement)
	}{
		{"declined", func(w *world) id.Improvement { return w.candidate(2, 1) }, func(w *world, iid id.Improvement) { w.decide(iid, closed) }},
		{"shipped", func(w *world) id.Improvement { return w.candidate(2, 1) }, func(w *world, iid id.Improvement) {
			w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		}},
		{"its alarm is OK", func(w *world) id.Improvement { return w.alarm("errors", signal.Firing, 1) }, func(w *world, _ id.Improvement) {
			w.wait(10 * time.Minute)
			w.alarm("errors", signal.Recovered, 1)
		}},
		{"refused by OpsCenter before", func(w *world) id.Improvement {
			w.Budget = governor.Budget{}
			w.ops.Faults().OverQuota(1)
			return w.candidate(2, 1)
		}, func(w *world, iid id.Improvement) {
			w.Budget = governor.Budget{Month: 1}
			w.wait(10 * time.Minute)
			w.decide(iid, closed)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
			w.Budget = governor.Budget{Month: 1}
			w.candidate(1, 1)
			w.sweepOnce()
			iid := tt.wait(w)
			w.sweepOnce()
			if u := w.use(); !w.episode(iid, 1).Held || u.Held != 1 {
				t.Fatalf("does not wait: %+v", u)
			}
			before := len(w.history(iid))
			tt.end(w, iid)
			w.sweepOnce()
			if u := w.use(); u.Held != 0 || u.Filed != 1 || u.Total != 1 {
				t.Errorf("the budget says %+v", u)
			}
			w.wait(31 * 24 * time.Hour)
			w.settle()
			if n := len(w.items()); n != 1 {
				t.Errorf("OpsCenter has %d OpsItems", n)
			}
			ep, h := w.episode(iid, 1), strings.Join(w.said(iid, before), "; ")
			if ep.Order != opsitem.None || ep.Held || ep.Resolved.IsZero() || !strings.Contains(h, "never filed: episode 1 was closed before it had an OpsItem") {
				t.Errorf("%+v, %q", ep, h)
			}
		})
	}
}

// What waits for a failure to pass ends as without the failure: filed, and resolved there.
func TestClosedWhileRetried(t *testing.T) {
	for name, after := range map[string]bool{"lost before": false, "lost after": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			iid := w.candidate(1, 1)
			w.ops.Faults().FailNext("CreateOpsItem", 1, emulator.Fault{After: after})
			w.sweepOnce()
			w.decide(iid, improvement.Decision{Verb: improvement.Reject, Reason: "no"})
			w.settle()
			if items, u := w.items(), w.use(); len(items) != 1 || items[0].Status != "Resolved" || u.Filed != 1 || w.load(iid).OpsItem == "" {
				t.Errorf("%d OpsItems, %+v", len(items), u)
			}
		})
	}
}

// What goes on within its episode after it was closed unfiled gets its OpsItem after all; what is reopened gets the next
// episode's, and only that.
func TestGoesOnAfterUnfiled(t *testing.T) {
	t.Run("the alarm returns", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
		w.Budget = governor.Budget{Month: 1}
		w.candidate(1, 1)
		w.sweepOnce()
		iid := w.alarm("errors", signal.Firing, 2)
		w.sweepOnce()
		w.wait(time.Minute)
		w.alarm("errors", signal.Recovered, 2)
		w.sweepOnce()
		if n := len(w.items()); n != 1 || w.episode(iid, 1).Order != opsitem.None {
			t.Fatalf("%d OpsItems", n)
		}
		w.wait(10 * time.Minute)
		w.Budget = governor.Budget{}
		w.alarm("errors", signal.Firing, 2)
		w.settle()
		if im := w.load(iid); im.Episode != 1 || im.OpsItem == "" || w.use().Filed != 2 {
			t.Errorf("%+v", im)
		}
	})
	t.Run("reopened", func(t *testing.T) {
		w := newWorld(t)
		w.Budget = governor.Budget{Month: 1}
		w.candidate(1, 1)
		w.sweepOnce()
		held := w.candidate(2, 1)
		w.sweepOnce()
		w.decide(held, improvement.Decision{Verb: improvement.Reject, Reason: "no"})
		w.wait(2 * time.Hour)
		w.decide(held, improvement.Decision{Verb: improvement.Reopen})
		w.sweepOnce()
		if u := w.use(); u.Held != 1 {
			t.Errorf("%+v", u)
		}
		w.wait(31 * 24 * time.Hour)
		w.settle()
		if n := len(w.items()); n != 2 || w.load(held).OpsItem == "" || w.episode(held, 1).OpsItem != "" {
			t.Errorf("%d OpsItems for two things", n)
		}
	})
}

// The governor judges by what is true when the turn comes, and that is what is filed.
func TestSevereBeforeItsTurn(t *testing.T) {
	w := newWorld(t)
	w.Budget = governor.Budget{Month: 4}
	w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
	for n := range 3 {
		w.candidate(n, 2)
	}
	w.sweepOnce()
	iid := w.alarm("errors", signal.Firing, 3)
	w.wait(time.Second)
	w.alarm("errors", signal.Firing, 1)
	w.sweepOnce()
	im := w.load(iid)
	if im.OpsItem == "" {
		t.Fatalf("severity %d is folded: %q", im.InForce().Severity, w.episode(iid, 1).Error)
	}
	if it := w.item(im.OpsItem); it.Severity != "1" || w.episode(iid, 1).Request.Severity != 1 || w.calls["UpdateOpsItem"] != 0 {
		t.Errorf("filed with severity %s, and %v", it.Severity, w.calls)
	}
}

// Where nobody may be quoted, a list tells no customer's words either.
func TestListQuotesNobody(t *testing.T) {
	w := newWorld(t)
	w.Budget = governor.Budget{Month: 3}
	w.candidate(1, 2)
	w.candidate(2, 2)
	w.sweepOnce()
	say := &feedback.Service{Store: w.st, People: []byte("key"), Now: w.now, Rand: w.rand}
	f, err := say.Submit(t.Context(), feedback.Draft{Product: "shop", Kind: feedback.Idea, Text: "Call Jane Miller at +1 555 0100 about it"}, "", feedback.API)
	if err != nil {
		t.Fatal(err)
	}
	im, err := w.team.Propose(t.Context(), w.p, improvement.Proposal{Feedback: []id.Feedback{f.ID}}, ana)
	if err != nil {
		t.Fatal(err)
	}
	w.decide(im.ID, improvement.Decision{Verb: improvement.Accept})
	w.turns()
	if !w.episode(im.ID, 1).Folds() {
		t.Fatalf("%+v", w.episode(im.ID, 1))
	}
	list := w.load(governor.ParentID(w.p.ID, week.Name(w.now())))
	if d := w.described(list.OpsItem); strings.Contains(d, "Jane") || strings.Contains(d, "0100") || !strings.Contains(d, "Wish reported") {
		t.Errorf("quotes are %q, and OpsCenter reads:\n%s", w.p.Quotes, d)
	}
}
