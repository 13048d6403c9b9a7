package mirror_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// Filing takes at most two calls, an update one, and nothing where nothing changed.
func TestCalls(t *testing.T) {
	w := newWorld(t)
	iid := w.accepted()
	w.run(iid, 1)
	if d := cmp.Diff(map[string]int{"CreateOpsItem": 1}, w.calls); d != "" {
		t.Errorf("to file what people asked for:\n%s", d)
	}
	w.deliver() // the echo costs nothing
	if w.called() != 0 {
		t.Errorf("for the echo: %v", w.calls)
	}
	w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
	raised := w.alarm("errors", signal.Firing, 3)
	w.forget()
	w.run(raised, 1)
	if d := cmp.Diff(map[string]int{"DescribeOpsItems": 1, "CreateOpsItem": 1}, w.calls); d != "" {
		t.Errorf("to file what an alarm raised:\n%s", d)
	}
	w.forget()
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	w.run(iid, 1)
	w.mu.Lock()
	if d := cmp.Diff(map[string]int{"UpdateOpsItem": 1}, w.calls); d != "" {
		t.Errorf("to update:\n%s", d)
	}
	w.mu.Unlock()
	w.deliver()
	w.settle()
	if w.called() != 0 {
		t.Errorf("where nothing changed: %v", w.calls)
	}
}

// What is taken back here is taken out there, too, with the same single call.
func TestKeysAreTakenOut(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.only = iid
	w.decide(iid, improvement.Decision{Verb: improvement.Plan, Owner: "ana@example.com", Due: improvement.Date{Time: began.AddDate(0, 1, 0)}})
	w.rate(improvement.Edit{Outcome: new("Exports end")})
	w.settle()
	if d := w.data(oid); d[opsitem.KeyOwner] != "ana@example.com" || d[opsitem.KeyDue] != "2026-04-02" || d[opsitem.KeyGoal] != "Exports end" {
		t.Fatalf("%v", d)
	}
	w.wait(time.Hour)
	w.rate(improvement.Edit{Outcome: new("")})
	w.forget()
	w.settle()
	d := w.data(oid)
	if _, there := d[opsitem.KeyGoal]; there || d[opsitem.KeyOwner] == "" || d[opsitem.KeyDue] == "" || d[opsitem.KeyEpisode] == "" || w.called() != 1 {
		t.Errorf("%v in %v", d, w.calls)
	}
}

// A burst of complaints is one update a quarter of an hour, and writes the episode once.
func TestEvidenceUpdatesTheOpsItem(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.run(iid, 1)
	version := w.episode(iid, 1).Version
	for i := range 12 {
		w.complain(iid, fmt.Sprintf("Company %d", i), "Rows are missing here, too.")
	}
	if got := w.episode(iid, 1); got.Version != version+1 || got.Order != opsitem.Push {
		t.Errorf("12 complaints wrote the episode %d times: %+v", got.Version-version, got)
	}
	w.run(iid, 1)
	if w.called() != 0 {
		t.Errorf("told before its time: %v", w.calls)
	}
	w.wait(improvement.PushEvery)
	w.run(iid, 1)
	// The priority rose with them, so it looks first.
	if d := cmp.Diff(map[string]int{"GetOpsItem": 1, "UpdateOpsItem": 1}, w.calls); d != "" {
		t.Errorf("calls:\n%s", d)
	}
	it := w.item(oid)
	if got := w.data(oid)[opsitem.KeyEvidence]; got != "13 complaints, 13 companies" || !strings.Contains(it.Description, got) {
		t.Errorf("evidence %q in %q", got, it.Description)
	}
	if it.Priority != 2 || it.Severity != "2" || it.Status != "Open" {
		t.Errorf("priority %d, severity %s", it.Priority, it.Severity)
	}
	w.forget()
	w.complain(iid, "One more", "Rows are missing here, too.")
	w.settle()
	if d := cmp.Diff(map[string]int{"UpdateOpsItem": 1}, w.calls); d != "" {
		t.Errorf("calls where the level stays:\n%s", d)
	}
	// Time passes: nothing is told again.
	w.forget()
	for range 10 {
		w.wait(24 * time.Hour)
		w.settle()
		w.run(iid, 1)
	}
	if w.called() != 0 {
		t.Errorf("time alone made calls: %v", w.calls)
	}
	if im := w.load(iid); im.Ordered {
		t.Error("an order is said to wait, and none does")
	}
}

// What comes in while OpsCenter is told is not lost: it is told next.
func TestEvidenceWhileTelling(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.complain(iid, "One", "One more.")
	w.wait(improvement.PushEvery)
	w.Center = &meanwhile{Center: w.Center, update: func() { w.complain(iid, "Two", "And another.") }}
	w.run(iid, 1)
	if ep := w.episode(iid, 1); ep.Order != opsitem.Push || !ep.RetryAt.After(w.now()) || !w.load(iid).Ordered {
		t.Fatalf("%+v", ep)
	}
	w.settle()
	if got := w.data(oid)[opsitem.KeyEvidence]; got != "3 complaints, 3 companies" {
		t.Errorf("%q", got)
	}
}

// New evidence alone is told a quarter of an hour after OpsCenter was told last, to the second, and once for all of it.
func TestEvidenceWaitsItsTime(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	at := w.episode(iid, 1).Pushed
	w.complain(iid, "One", "One more.")
	w.complain(iid, "Two", "One more.")
	for _, step := range []struct {
		after time.Duration
		calls int
	}{{improvement.PushEvery - time.Second, 0}, {improvement.PushEvery, 1}, {2*improvement.PushEvery - time.Second, 1}} {
		w.wait(at.Add(step.after).Sub(w.now()))
		if _, err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.calls["UpdateOpsItem"]; n != step.calls {
			t.Errorf("after %s: %d updates, want %d", step.after, n, step.calls)
		}
		if step.after == improvement.PushEvery {
			if got := w.data(oid)[opsitem.KeyEvidence]; got != "3 complaints, 3 companies" {
				t.Errorf("it tells of %s", got)
			}
			w.complain(iid, "Three", "One more.")
		}
	}
}

// A severity that rises is told at once, with why in the history; nothing a machine says lowers it.
func TestSeverityRises(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
	iid := w.alarm("errors", signal.Firing, 3)
	w.run(iid, 1)
	w.wait(time.Minute)
	w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	oid := w.load(iid).OpsItem
	if it := w.item(oid); it.Severity != "1" {
		t.Errorf("severity %s", it.Severity)
	}
	if d := cmp.Diff([]string{"raised: severity 1, was 3"}, w.said(iid, 2)); d != "" {
		t.Error(d)
	}
	w.wait(time.Minute)
	w.alarm("errors", signal.Firing, 4)
	w.settle()
	if it := w.item(oid); it.Severity != "1" || w.load(iid).InForce().Severity != 1 {
		t.Errorf("lowered to %s", it.Severity)
	}
}

// What a person set is raised only when the evidence is worse than when they set it.
func TestPersonsSeverityStands(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
	iid := w.alarm("errors", signal.Firing, 2)
	w.run(iid, 1)
	w.wait(time.Minute)
	oid := w.load(iid).OpsItem
	w.forget()
	w.edit(oid, emulator.Edit{Severity: "4"})
	if o := w.deliver(); len(o) != 1 {
		t.Fatal(o)
	}
	w.wait(time.Hour)
	w.alarm("errors", signal.Firing, 2) // as bad as it was
	w.settle()
	if it := w.item(oid); it.Severity != "4" {
		t.Errorf("the person's severity became %s", it.Severity)
	}
	w.wait(time.Hour)
	w.alarm("errors", signal.Firing, 1)
	w.settle()
	if it, h := w.item(oid), w.said(iid, 2); it.Severity != "1" || h[len(h)-1] != "raised: severity 1, was 4 as operator/console set it when the evidence said 2" {
		t.Errorf("severity %s, %q", it.Severity, h)
	}
}

// An operator's own description is not overwritten by new evidence.
func TestOperatorsDescriptionStays(t *testing.T) {
	for _, lost := range []bool{false, true} {
		w := newWorld(t)
		iid, oid := w.filed()
		w.wait(time.Minute)
		if lost {
			w.ops.Faults().LoseEvents(1)
		}
		w.describe(oid, "We know. A fix is coming.")
		w.deliver()
		for range 3 {
			if _, err := w.Reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.wait(time.Minute)
		}
		if gets := w.calls["GetOpsItem"]; gets > 1 {
			t.Errorf("lost %v: looked at %d times", lost, gets)
		}
		w.complain(iid, "One", "One more.")
		w.settle()
		w.wait(time.Hour)
		w.settle()
		if it := w.item(oid); it.Description != "We know. A fix is coming." || w.data(oid)[opsitem.KeyEvidence] != "2 complaints, 2 companies" {
			t.Errorf("lost %v: %q %v", lost, it.Description, it.Data)
		}
	}
}
