package mirror_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// What was closed here before theirs was found stays closed, though somebody had begun to work on theirs.
func TestAdoptedAfterItWasShipped(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	oid := w.theirs(alarmARN)
	w.console(oid, opsitem.InProgress)
	iid := w.alarm("errors", signal.Firing, 1)
	w.wait(time.Minute)
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.heal()
	if im := w.load(iid); im.Status != improvement.Shipped || w.item(oid).Status != "Resolved" {
		t.Errorf("%s here, %s there", im.Status, w.item(oid).Status)
	}
}

// An operator resolves theirs after it got our keys and before we knew: theirs is the later word.
func TestResolvedBeforeItWasKnownToBeAdopted(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	oid := w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 1)
	w.ops.Faults().FailNext("UpdateOpsItem", 1, emulator.Fault{After: true})
	w.run(iid, 1)
	w.console(oid, opsitem.Resolved)
	w.heal()
	if im := w.load(iid); im.Status != improvement.Shipped || w.item(oid).Status != "Resolved" {
		t.Errorf("%s here, %s there", im.Status, w.item(oid).Status)
	}
	if d := cmp.Diff([]string{"OpsItem adopted: " + oid + ", from CloudWatch Alarms", "set Resolved in OpsCenter"}, w.said(iid, 2)); d != "" {
		t.Error(d)
	}
}

// overAgain has an alarm whose own OpsItem is adopted, and that is OK again.
func overAgain(t *testing.T) (w *world, iid id.Improvement, oid string) {
	t.Helper()
	w = newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	oid = w.theirs(alarmARN)
	iid = w.alarm("errors", signal.Firing, 1)
	w.settle()
	w.wait(time.Minute)
	w.alarm("errors", signal.Recovered, 1)
	w.settle()
	return w, iid, oid
}

// The alarm's own action files another OpsItem each time the alarm fires. While that is open OpsCenter opens the one
// before no more, so that the episode goes on with the later one.
func TestTheirsComesAgain(t *testing.T) {
	w, iid, first := overAgain(t)
	if w.item(first).Status != "Resolved" {
		t.Fatalf("%+v", w.item(first))
	}
	w.wait(10 * time.Minute)
	second := w.theirs(alarmARN)
	w.alarm("errors", signal.Firing, 1)
	w.settle()
	im, ep := w.load(iid), w.episode(iid, 1)
	if im.Episode != 1 || im.OpsItem != second || ep.OpsItem != second || !ep.Adopted || len(w.items()) != 2 || w.item(first).Status != "Resolved" {
		t.Errorf("%+v\n%+v", im, ep)
	}
	if w.data(second)[opsitem.KeyEpisode] != ep.Key() || w.item(second).Status != "Open" {
		t.Errorf("%+v", w.item(second))
	}
	if rel := w.item(second).Related; len(rel) != 1 || rel[0] != first {
		t.Errorf("related: %v", rel)
	}
	h := w.said(iid, 1)
	if last := h[len(h)-1]; last != "OpsItem adopted: "+second+", from CloudWatch Alarms, which came after "+first {
		t.Errorf("%q", h)
	}
	w.deliver()
	w.console(second, opsitem.InProgress)
	w.deliver()
	if w.load(iid).Status != improvement.InProgress {
		t.Error("the later one is not heard")
	}
}

// Somebody may work on the later one before it is known.
func TestTheirsComesAgainAndIsWorkedOn(t *testing.T) {
	w, iid, _ := overAgain(t)
	w.forget()
	second := w.theirs(alarmARN)
	w.console(second, opsitem.InProgress)
	w.alarm("errors", signal.Firing, 1)
	w.heal()
	if im := w.load(iid); im.Status != improvement.InProgress || im.OpsItem != second || w.item(second).Status != "InProgress" {
		t.Errorf("%+v, %q", im, w.said(iid, 1))
	}
}

// Where the later one is deleted, the one before, which still has our keys, is not taken for what was filed instead.
func TestTheirsComesAgainAndIsDeleted(t *testing.T) {
	w, iid, first := overAgain(t)
	w.wait(10 * time.Minute)
	second := w.theirs(alarmARN)
	w.alarm("errors", signal.Firing, 1)
	w.settle()
	w.gone(iid, 1)
	w.ops.Faults().Throttle("CreateOpsItem", 1)
	w.run(iid, 1)
	w.console(first, opsitem.InProgress)
	w.deliver()
	if im := w.load(iid); im.Status != improvement.Accepted {
		t.Errorf("the one before says that it is %s", im.Status)
	}
	w.heal()
	im, ep := w.load(iid), w.episode(iid, 1)
	if im.Status != improvement.Accepted || ep.Adopted || ep.OpsItem == "" || ep.OpsItem == second || w.item(ep.OpsItem).Severity != "1" {
		t.Errorf("%+v\n%+v\n%q", im, ep, w.said(iid, 1))
	}
}
