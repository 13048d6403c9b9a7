package mirror_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// rate sets severity, priority and category here.
func (w *world) rate(e improvement.Edit) {
	w.t.Helper()
	if _, err := w.team.Edit(w.t.Context(), w.only, e, ana); err != nil {
		w.t.Fatal(err)
	}
}

func TestConsoleSetsTheLevel(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.edit(oid, emulator.Edit{Severity: "1", Priority: 1, Category: "Security"})
	if o := w.deliver(); len(o) != 1 || o[0] != mirror.Took {
		t.Fatalf("%v", o)
	}
	if l := w.load(iid).InForce(); l != (opsitem.Level{Severity: 1, Priority: 1, Category: "Security"}) {
		t.Errorf("%+v", l)
	}
	want := []string{"set severity 1, priority 1, category Security in OpsCenter: severity was 2, priority was 5, category was Availability"}
	if d := cmp.Diff(want, w.said(iid, 2)); d != "" || w.history(iid)[2].By != operator {
		t.Errorf("%s, by %s", d, w.history(iid)[2].By)
	}
	w.settle()
	if w.calls["UpdateOpsItem"] != 0 {
		t.Errorf("pushed back: %v", w.calls)
	}
	// Status and level in one look are two lines.
	w.ops.Faults().LoseEvents(2)
	w.edit(oid, emulator.Edit{Severity: "3"})
	w.console(oid, opsitem.InProgress)
	if took, err := w.Reconcile(t.Context()); took != 1 || err != nil {
		t.Fatalf("%d, %v", took, err)
	}
	if d := cmp.Diff([]string{"set InProgress in OpsCenter", "set severity 3 in OpsCenter: severity was 1"}, w.said(iid, 3)); d != "" {
		t.Error(d)
	}
}

func TestStaffSetTheLevel(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.only = iid
	w.rate(improvement.Edit{Severity: new(1), Category: new("Cost")})
	w.run(iid, 1)
	if it := w.item(oid); it.Severity != "1" || it.Category != "Cost" || it.Priority != 5 || it.Status != "Open" {
		t.Errorf("%+v", it)
	}
	if d := cmp.Diff([]string{"edited: severity 1 (was: 2), category Cost (was: Availability)"}, w.said(iid, 2)); d != "" {
		t.Error(d)
	}
	// Handed back to the evidence.
	w.rate(improvement.Edit{Severity: new(0)})
	w.settle()
	if it := w.item(oid); it.Severity != "2" || it.Category != "Cost" {
		t.Errorf("%+v", it)
	}
	entries := len(w.history(iid))
	w.rate(improvement.Edit{Severity: new(0), Priority: new(5), Category: new("Cost")})
	if n := len(w.history(iid)); n != entries {
		t.Error("saying what holds already changed something")
	}
}

// Of two edits the later one wins, and the other is in the history.
func TestLaterLevelWins(t *testing.T) {
	t.Run("here, after the console", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.only = iid
		w.edit(oid, emulator.Edit{Severity: "4"})
		w.wait(time.Minute)
		w.rate(improvement.Edit{Severity: new(1)})
		if o := w.deliver(); len(o) != 1 || o[0] != mirror.OursFirst {
			t.Errorf("%v", o)
		}
		w.deliver()
		w.settle()
		if w.item(oid).Severity != "1" || w.load(iid).InForce().Severity != 1 {
			t.Errorf("%s", w.item(oid).Severity)
		}
		if d := cmp.Diff([]string{"edited: severity 1 (was: 2)", "set severity 4 in OpsCenter: not taken over: 1 was set here later"}, w.said(iid, 2)); d != "" {
			t.Error(d)
		}
	})
	t.Run("the console, after an edit here that waits", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.only = iid
		w.rate(improvement.Edit{Severity: new(1), Priority: new(2)})
		w.wait(time.Minute)
		w.edit(oid, emulator.Edit{Severity: "4"})
		w.deliver()
		w.settle()
		if it := w.item(oid); it.Severity != "4" || it.Priority != 2 || w.load(iid).InForce().Severity != 4 {
			t.Errorf("severity %s, priority %d", it.Severity, it.Priority)
		}
		if d := cmp.Diff([]string{"edited: severity 1 (was: 2), priority 2 (was: 5)", "set severity 4 in OpsCenter: severity was 1"}, w.said(iid, 2)); d != "" {
			t.Error(d)
		}
	})
	t.Run("here, before anybody looked", func(t *testing.T) {
		for _, lost := range []bool{true, false} {
			w := newWorld(t)
			iid, oid := w.filed()
			w.only = iid
			if lost {
				w.ops.Faults().LoseEvents(1)
			}
			w.edit(oid, emulator.Edit{Severity: "4", Priority: 1, Category: "Cost"})
			w.wait(time.Minute)
			w.rate(improvement.Edit{Severity: new(1)})
			w.settle()
			w.deliver()
			w.settle()
			if _, err := w.Reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
			if it := w.item(oid); it.Severity != "1" || it.Priority != 1 || it.Category != "Cost" || w.load(iid).InForce() != (opsitem.Level{Severity: 1, Priority: 1, Category: "Cost"}) {
				t.Errorf("%+v", it)
			}
			if d := cmp.Diff([]string{
				"edited: severity 1 (was: 2)",
				"set severity 4 in OpsCenter: not taken over: 1 was set here later",
				"set priority 1, category Cost in OpsCenter: priority was 5, category was Availability",
			}, w.said(iid, 2)); d != "" {
				t.Error(d)
			}
		}
	})
	t.Run("the evidence, before anybody looked", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.raised()
		w.edit(oid, emulator.Edit{Severity: "4"})
		w.wait(time.Minute)
		w.alarm("errors", signal.Firing, 1)
		if w.load(iid).InForce().Severity != 1 {
			t.Fatal("nothing is raised")
		}
		w.settle()
		// It is worse than it was when the operator set it.
		if w.item(oid).Severity != "1" || w.load(iid).InForce().Severity != 1 {
			t.Errorf("%s", w.item(oid).Severity)
		}
		if d := cmp.Diff([]string{"raised: severity 1, was 3", "set severity 4 in OpsCenter: not taken over: 1 was set here later"}, w.said(iid, 2)); d != "" {
			t.Error(d)
		}
	})
	t.Run("an adopted one, before anybody looked", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
		oid := w.theirs(alarmARN)
		iid := w.alarm("errors", signal.Firing, 1)
		w.run(iid, 1)
		w.wait(time.Minute)
		w.forget()
		w.only = iid
		w.console(oid, opsitem.InProgress)
		w.edit(oid, emulator.Edit{Severity: "4"})
		w.wait(time.Minute)
		w.rate(improvement.Edit{Severity: new(2)})
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		for range 3 {
			w.settle()
			w.deliver()
		}
		if it := w.item(oid); it.Severity != "2" || it.Status != "Resolved" {
			t.Errorf("%+v", it)
		}
		if d := cmp.Diff([]string{
			"edited: severity 2 (was: 3)",
			"ship",
			"set status InProgress in OpsCenter: not taken over: it is shipped by a later decision here",
			"set severity 4 in OpsCenter: not taken over: 2 was set here later",
		}, w.said(iid, 3)); d != "" {
			t.Error(d)
		}
	})
	t.Run("OpsCenter does not answer the look", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.only = iid
		w.edit(oid, emulator.Edit{Severity: "4"})
		w.wait(time.Minute)
		w.rate(improvement.Edit{Severity: new(1)})
		w.ops.Faults().Throttle("GetOpsItem", 1)
		w.run(iid, 1)
		if ep := w.episode(iid, 1); ep.Attempts != 1 || ep.Error == "" || w.item(oid).Severity != "4" || len(w.meter.failed) != 1 {
			t.Fatalf("%d attempts, %q", ep.Attempts, ep.Error)
		}
		w.settle()
		if w.item(oid).Severity != "1" || len(w.said(iid, 3)) != 1 {
			t.Errorf("%s, %q", w.item(oid).Severity, w.said(iid, 2))
		}
	})
	t.Run("gone before anybody looked", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.only = iid
		if err := w.ops.Delete(t.Context(), oid); err != nil {
			t.Fatal(err)
		}
		w.rate(improvement.Edit{Severity: new(1)})
		w.settle()
		if now := w.load(iid).OpsItem; now == oid || now == "" || w.item(now).Severity != "1" {
			t.Errorf("%q", now)
		}
	})
	t.Run("a status that was overwritten before anybody looked", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.console(oid, opsitem.InProgress)
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		w.run(iid, 1)
		for range 2 { // doubled
			w.mu.Lock()
			events := append([]event{}, w.events...)
			w.mu.Unlock()
			w.deliver()
			w.mu.Lock()
			w.events = events
			w.mu.Unlock()
		}
		if d := cmp.Diff([]string{"ship", "set InProgress in OpsCenter: not taken over: it is shipped by a later decision"}, w.said(iid, 2)); d != "" {
			t.Error(d)
		}
	})
}

// Clocks that disagree may pick the other winner, but both sides end alike, with few calls.
func TestClocksDisagree(t *testing.T) {
	for _, skew := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		for _, consoleFirst := range []bool{true, false} {
			w := newWorld(t)
			w.skew = skew
			iid, oid := w.filed()
			w.only = iid
			here := func() {
				w.rate(improvement.Edit{Severity: new(1), Priority: new(1)})
				w.decide(iid, improvement.Decision{Verb: improvement.Start})
			}
			there := func() {
				w.edit(oid, emulator.Edit{Severity: "4", Priority: 4})
				w.console(oid, opsitem.Resolved)
			}
			if consoleFirst {
				there()
				here()
			} else {
				here()
				there()
			}
			calls := 0
			for range 10 {
				w.settle()
				calls += w.called()
				w.deliver()
				w.settle()
				calls += w.called()
				if _, err := w.Reconcile(t.Context()); err != nil {
					t.Fatal(err)
				}
				calls += w.called() - 1 // the list itself
				w.forget()
				w.wait(5 * time.Minute)
			}
			it, im := w.item(oid), w.load(iid)
			if l := im.InForce(); string(im.Status.OpsStatus()) != it.Status || string(rune('0'+l.Severity)) != it.Severity || l.Priority != it.Priority || im.Ordered {
				t.Errorf("skew %v, console first %v: here %s %+v, there %s %s %d", skew, consoleFirst, im.Status, l, it.Status, it.Severity, it.Priority)
			}
			if calls > 8 {
				t.Errorf("skew %v, console first %v: %d calls", skew, consoleFirst, calls)
			}
		}
	}
}
