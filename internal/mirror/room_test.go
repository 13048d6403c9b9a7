package mirror_test

import (
	"strings"
	"testing"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// What somebody else filed costs nothing: it is adopted whatever the budget says, and takes no room.
func TestAdoptingNeedsNoRoom(t *testing.T) {
	for _, tc := range []struct {
		name     string
		severity int
		month    int
		before   func(w *world)                     // the alarm
		after    func(w *world, iid id.Improvement) // it, before the last turn
	}{
		{"there is room", 1, 10, func(w *world) { w.theirs(alarmARN) }, nil},
		{"what would wait", 1, 1, func(w *world) { w.theirs(alarmARN) }, nil},
		{"what would be folded", 3, 1, func(w *world) { w.theirs(alarmARN) }, nil},
		{"what waits", 1, 1, nil, func(w *world, iid id.Improvement) {
			w.sweepOnce()
			if ep := w.episode(iid, 1); !ep.Held || w.use().Held != 1 {
				t.Errorf("does not wait: %+v", ep)
			}
			w.theirs(alarmARN)
			w.wait(governor.Again)
		}},
		{"OpsCenter does not answer the look", 3, 1, func(w *world) { w.theirs(alarmARN) }, func(w *world, iid id.Improvement) {
			w.ops.Faults().Throttle("DescribeOpsItems", 1)
			w.run(iid, 1)
			if ep := w.episode(iid, 1); ep.Parent != "" || ep.Held || ep.Error != "OpsCenter is throttling." {
				t.Errorf("an unanswered look decides: %+v", ep)
			}
		}},
		{"our keys are told, the answer is lost", 1, 1, func(w *world) { w.theirs(alarmARN) }, func(w *world, iid id.Improvement) {
			w.ops.Faults().FailNext("UpdateOpsItem", 1, emulator.Fault{Code: "InternalServerError", After: true})
			w.run(iid, 1)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(p *product.Product) { p.Rules.Severity = 4 })
			w.Budget = governor.Budget{Month: tc.month}
			w.candidate(1, 1)
			w.sweepOnce()
			if tc.before != nil {
				tc.before(w)
			}
			iid := w.alarm("errors", signal.Firing, tc.severity)
			if tc.after != nil {
				tc.after(w, iid)
			}
			w.wait(time.Minute)
			w.settle()
			ep, u := w.episode(iid, 1), w.use()
			if !ep.Adopted || ep.OpsItem == "" || ep.Counted != "" || ep.Held || len(w.items()) != 2 {
				t.Errorf("%+v, %d OpsItems", ep, len(w.items()))
			}
			if u.Filed != 1 || u.Held != 0 || u.Folded != 0 || u.Total != 1 {
				t.Errorf("the budget counts %+v", u)
			}
			// It was never counted, so that its deletion gives nothing back.
			w.remove(ep.OpsItem)
			w.check()
			if u := w.use(); u.Total != 1 {
				t.Errorf("after its deletion the budget counts %+v", u)
			}
			if h := strings.Join(w.said(iid, 1), "\n"); strings.Contains(h, "folded") {
				t.Errorf("history: %s", h)
			}
		})
	}
}

// Theirs that we may not write into keeps nothing from being folded, or from waiting.
func TestRoomBesideWhatIsNotOurs(t *testing.T) {
	for _, severity := range []int{1, 3} {
		w := newWorld(t)
		w.rules(func(p *product.Product) { p.Rules.Severity = 4 })
		w.Budget = governor.Budget{Month: 1}
		w.candidate(1, 1)
		w.sweepOnce()
		w.theirs(alarmARN)
		iid := w.alarm("errors", signal.Firing, severity)
		w.ops.Faults().FailNext("UpdateOpsItem", 1000, emulator.Fault{Code: "OpsItemInvalidParameterException"})
		w.sweepOnce()
		if ep := w.episode(iid, 1); ep.Held != (severity == 1) || ep.Folds() != (severity == 3) {
			t.Errorf("severity %d: %+v", severity, ep)
		}
	}
}

// As long as nothing was created, what is filed is what is true by then.
func TestRewordedWhileItWaits(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 4 })
	w.Budget = governor.Budget{Month: 1}
	w.candidate(1, 1)
	w.sweepOnce()
	w.only = w.alarm("errors", signal.Firing, 1)
	w.ops.Faults().Throttle("DescribeOpsItems", 1)
	w.sweepOnce()
	w.wait(governor.Again)
	w.sweepOnce()
	w.rate(improvement.Edit{Title: new("Nothing can be bought")})
	w.Budget = governor.Budget{}
	w.wait(governor.Again)
	w.settle()
	if it := w.item(w.load(w.only).OpsItem); it.Title != "Nothing can be bought" {
		t.Errorf("filed as %q", it.Title)
	}
}
