package mirror_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opsitem"
	"learningloop/internal/table/tabletest"
)

// What an operator sets in the console moves the Improvement, with who did it, and nothing is pushed back.
func TestConsoleMovesTheImprovement(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	for i, tt := range []struct {
		set  opsitem.Status
		want improvement.Status
	}{
		{opsitem.InProgress, improvement.InProgress},
		{opsitem.Open, improvement.Accepted},
		{opsitem.InProgress, improvement.InProgress},
		{opsitem.Resolved, improvement.Shipped},
		{opsitem.Open, improvement.Accepted},
		{opsitem.Resolved, improvement.Shipped},
	} {
		w.console(oid, tt.set)
		if d := cmp.Diff([]mirror.Outcome{mirror.Took}, w.deliver()); d != "" {
			t.Fatalf("step %d:\n%s", i, d)
		}
		im, h := w.load(iid), w.history(iid)
		last := h[len(h)-1]
		if im.Status != tt.want || im.Episode != 1 || last.By != operator || last.To != tt.want || len(h) != 3+i {
			t.Errorf("step %d: %s, %+v", i, im.Status, last)
		}
		ep := w.episode(iid, 1)
		if ep.Status != tt.set || ep.Order != opsitem.None || ep.Resolved.IsZero() != (tt.set != opsitem.Resolved) {
			t.Errorf("step %d: %+v", i, ep)
		}
		n, err := w.st.Notice(t.Context(), iid, last.Seq, "")
		if err != nil || n.Status != tt.want {
			t.Errorf("step %d: the word owed is %+v, %v", i, n, err)
		}
		w.settle()
		if w.calls["UpdateOpsItem"] != 0 {
			t.Errorf("step %d: pushed back: %v", i, w.calls)
		}
	}
}

func TestEventsThatChangeNothing(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.console(oid, opsitem.InProgress)
	w.console(oid, opsitem.Resolved)
	late := w.forget()
	if len(late) != 2 {
		t.Fatalf("%d events", len(late))
	}
	// Out of order: the first event to come already finds how it is now.
	if o, err := w.Sync(t.Context(), oid, "arn:forger"); o != mirror.Took || err != nil {
		t.Fatalf("%s, %v", o, err)
	}
	want := w.load(iid)
	if want.Status != improvement.Shipped || want.LastBy != operator {
		t.Errorf("the event's word about who did it went before OpsCenter's: %+v", want)
	}
	entries := len(w.history(iid))
	for _, e := range append(late, late...) {
		if o, err := w.Sync(t.Context(), e.Detail.ID, e.Detail.By); o != mirror.Same || err != nil {
			t.Errorf("late or doubled: %s, %v", o, err)
		}
	}
	for _, tt := range []struct {
		name, oid string
		want      mirror.Outcome
	}{
		{"an OpsItem that there is not", "oi-ffffffffffff", mirror.NotOurs},
		{"no id", "x", mirror.NotOurs},
		{"a key of ours", string(iid), mirror.NotOurs},
		{"somebody else's", w.foreign(w.episode(iid, 1).Key()), mirror.NotOurs},
	} {
		if o, err := w.Sync(t.Context(), tt.oid, "arn:forger"); o != tt.want || err != nil {
			t.Errorf("%s: %s, %v", tt.name, o, err)
		}
	}
	if d := cmp.Diff(want, w.load(iid)); d != "" || len(w.history(iid)) != entries {
		t.Errorf("something changed:\n%s", d)
	}
}

func TestLostEventIsHealed(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	if took, err := w.Reconcile(t.Context()); took != 0 || err != nil {
		t.Fatalf("at first: %d, %v", took, err)
	}
	mark := w.mark()
	if mark.IsZero() {
		t.Fatal("no watermark")
	}
	w.wait(time.Hour)
	w.ops.Faults().LoseEvents(1)
	w.console(oid, opsitem.InProgress)
	if got := w.deliver(); len(got) != 0 {
		t.Fatalf("not lost: %v", got)
	}
	if took, err := w.Reconcile(t.Context()); took != 1 || err != nil {
		t.Fatalf("%d, %v", took, err)
	}
	if im := w.load(iid); im.Status != improvement.InProgress || im.LastBy != operator {
		t.Errorf("%+v", im)
	}
	moved := w.mark()
	if !moved.After(mark) {
		t.Errorf("the watermark stands at %v", moved)
	}
	// It does not loop: nothing is taken twice, nothing is pushed, and looking costs one call.
	want := w.load(iid)
	for range 3 {
		w.wait(time.Minute)
		w.forget()
		if took, err := w.Reconcile(t.Context()); took != 0 || err != nil {
			t.Errorf("again: %d, %v", took, err)
		}
		w.settle()
		if d := cmp.Diff(map[string]int{"DescribeOpsItems": 1}, w.calls); d != "" {
			t.Errorf("calls (-want +got):\n%s", d)
		}
	}
	if d := cmp.Diff(want, w.load(iid)); d != "" || !w.mark().Equal(moved) {
		t.Errorf("watermark %v, changed:\n%s", w.mark(), d)
	}
}

func (w *world) mark() time.Time {
	w.t.Helper()
	m, err := w.st.Watermark(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func TestReconcileOverPages(t *testing.T) {
	w := newWorld(t)
	oids := map[string]bool{}
	for range 60 { // a page has 50
		_, oid := w.filed()
		oids[oid] = true
	}
	w.ops.Faults().LoseEvents(len(oids))
	for oid := range oids {
		w.console(oid, opsitem.Resolved)
	}
	if took, err := w.Reconcile(t.Context()); took != 60 || err != nil {
		t.Errorf("%d, %v", took, err)
	}
}

// Anybody in the account can make an OpsItem that carries our keys: only the one that was filed speaks for its episode.
func TestForgedOpsItem(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	key := w.episode(iid, 1).Key()
	for _, k := range []string{key, key + "x", "i-none/1", string(iid) + "/0", string(iid) + "/7", string(iid), "/"} {
		forged := w.foreign(k)
		w.console(forged, opsitem.Resolved)
	}
	waiting := w.accepted() // not filed yet
	w.console(w.foreign(w.episode(waiting, 1).Key()), opsitem.Resolved)
	want := w.load(iid)
	if took, err := w.Reconcile(t.Context()); took != 0 || err != nil {
		t.Errorf("%d, %v", took, err)
	}
	for _, o := range w.deliver() {
		if o != mirror.NotOurs {
			t.Errorf("an event about a forged one: %s", o)
		}
	}
	if d := cmp.Diff(want, w.load(iid)); d != "" || w.load(iid).OpsItem != oid || w.load(waiting).Status != improvement.Accepted {
		t.Errorf("changed:\n%s", d)
	}
}

// One that cannot be looked at keeps no other from being healed, and is looked at again.
func TestReconcileGoesOn(t *testing.T) {
	w := newWorld(t)
	bad, badItem := w.filed()
	good, goodItem := w.filed()
	w.ops.Faults().LoseEvents(2)
	w.console(badItem, opsitem.InProgress)
	w.console(goodItem, opsitem.InProgress)
	w.port.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) {
		if c.Method == readOne && c.Keys[0].P == string(bad) {
			return tabletest.Before, fault.New(fault.Unavailable, "broken", "")
		}
		return tabletest.Before, nil
	})
	if took, err := w.Reconcile(t.Context()); took != 1 || !fault.Is(err, fault.Unavailable) {
		t.Errorf("%d, %v", took, err)
	}
	w.port.Reset()
	if w.load(good).Status != improvement.InProgress || !w.mark().IsZero() {
		t.Errorf("%s, watermark %v", w.load(good).Status, w.mark())
	}
	w.ops.Faults().Throttle("DescribeOpsItems", 1)
	if _, err := w.Reconcile(t.Context()); !fault.Is(err, fault.RateLimited) {
		t.Errorf("throttled: %v", err)
	}
	if took, err := w.Reconcile(t.Context()); took != 1 || err != nil {
		t.Errorf("at last: %d, %v", took, err)
	}
}

// OpsCenter's echo of what was pushed comes while somebody here has decided further: the decision stands.
func TestEchoOfAPushChangesNothing(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	w.Center = &meanwhile{Center: w.Center, update: func() {
		if o, err := w.Sync(t.Context(), oid, "arn:ourselves"); err != nil || o == mirror.Took {
			t.Errorf("its own echo: %s, %v", o, err)
		}
		w.decide(iid, improvement.Decision{Verb: improvement.Ship, Release: "7.1"})
		w.wait(-time.Second) // clocks disagree
		if o, err := w.Sync(t.Context(), oid, "arn:ourselves"); err != nil || o == mirror.Took {
			t.Errorf("its own echo, after a further decision: %s, %v", o, err)
		}
		if _, err := w.Reconcile(t.Context()); err != nil {
			t.Error(err)
		}
	}}
	w.run(iid, 1)
	w.settle()
	if im := w.load(iid); im.Status != improvement.Shipped || w.item(oid).Status != "Resolved" {
		t.Errorf("%s, the OpsItem is %s", im.Status, w.item(oid).Status)
	}
	if h := w.history(iid); len(h) != 4 {
		t.Errorf("history %+v", h)
	}
	if ep := w.episode(iid, 1); ep.Tried != "" || ep.Status != opsitem.Resolved {
		t.Errorf("%+v", ep)
	}
}

// The echo alone, before the push is noted, costs no second update.
func TestEchoCostsNoSecondPush(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	w.Center = &meanwhile{Center: w.Center, update: func() { _, _ = w.Sync(t.Context(), oid, "") }}
	w.run(iid, 1)
	w.settle()
	if w.calls["UpdateOpsItem"] != 1 {
		t.Errorf("calls %v", w.calls)
	}
}

func TestWhoWasLaterWins(t *testing.T) {
	t.Run("the console, before a plan that says nothing of the status", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.ops.Faults().LoseEvents(1)
		w.console(oid, opsitem.InProgress)
		w.decide(iid, improvement.Decision{Verb: improvement.Plan, Owner: "ana", Due: improvement.Date{Time: began.AddDate(0, 1, 0)}})
		w.settle()
		if it := w.item(oid); it.Status != "InProgress" {
			t.Fatalf("the console's edit was overwritten: %s", it.Status)
		}
		if _, err := w.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		if im := w.load(iid); im.Status != improvement.InProgress || im.Owner != "ana" {
			t.Errorf("%+v", im)
		}
	})
	t.Run("a decision here, after the console", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.ops.Faults().LoseEvents(1)
		w.console(oid, opsitem.InProgress)
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		if o, err := w.Sync(t.Context(), oid, ""); o != mirror.OursFirst || err != nil {
			t.Errorf("%s, %v", o, err)
		}
		w.settle()
		if w.load(iid).Status != improvement.Shipped || w.item(oid).Status != "Resolved" {
			t.Errorf("%s, %s", w.load(iid).Status, w.item(oid).Status)
		}
	})
	t.Run("the console, after a decision that waits", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.decide(iid, improvement.Decision{Verb: improvement.Start})
		w.console(oid, opsitem.Resolved)
		if o := w.deliver(); len(o) != 1 || o[0] != mirror.Took {
			t.Errorf("%v", o)
		}
		w.settle()
		if w.load(iid).Status != improvement.Shipped || w.item(oid).Status != "Resolved" {
			t.Errorf("%s, %s", w.load(iid).Status, w.item(oid).Status)
		}
	})
	t.Run("the operator, while nobody carried a decision out", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		w.wait(10 * time.Minute) // our functions do not run
		w.console(oid, opsitem.InProgress)
		w.settle()
		w.deliver()
		if w.load(iid).Status != improvement.InProgress || w.item(oid).Status != "InProgress" {
			t.Errorf("%s, %s, %q", w.load(iid).Status, w.item(oid).Status, w.said(iid, 2))
		}
	})
	reopened := func(t *testing.T) (w *world, iid id.Improvement, oid string) {
		w = newWorld(t)
		iid, oid = w.filed()
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		w.settle()
		w.wait(time.Hour)
		w.decide(iid, improvement.Decision{Verb: improvement.Reopen})
		w.settle()
		w.forget()
		return w, iid, oid
	}
	t.Run("the last episode's OpsItem is resolved again", func(t *testing.T) {
		w, iid, oid := reopened(t)
		resolved := w.episode(iid, 1).Resolved
		w.console(oid, opsitem.Open)
		if o := w.deliver(); len(o) != 1 || o[0] != mirror.OursFirst {
			t.Errorf("%v", o)
		}
		w.settle()
		if im := w.load(iid); im.Status != improvement.Accepted || im.Episode != 2 || w.item(oid).Status != "Resolved" || !w.episode(iid, 1).Resolved.Equal(resolved) {
			t.Errorf("%+v, %+v", im, w.episode(iid, 1))
		}
		h := w.history(iid)
		if last := h[len(h)-1]; last.What != "set status Open in OpsCenter" || last.Detail != "not taken over: episode 2 came after 1" || last.By != operator {
			t.Errorf("%+v", last)
		}
	})
	t.Run("the last episode's OpsItem goes on where the case was closed since", func(t *testing.T) {
		w, iid, oid := reopened(t)
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		w.settle()
		w.forget()
		w.console(oid, opsitem.Open)
		if o := w.deliver(); len(o) != 1 || o[0] != mirror.Resuming {
			t.Errorf("%v", o)
		}
		w.settle()
		if im := w.load(iid); im.Status != improvement.Accepted || im.Episode != 3 || im.OpsItem != oid || w.item(oid).Status != "Open" {
			t.Errorf("%+v", im)
		}
	})
	t.Run("the last episode's OpsItem was opened before the case was closed", func(t *testing.T) {
		w, iid, oid := reopened(t)
		w.console(oid, opsitem.Open)
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
		w.settle()
		w.deliver()
		w.settle()
		if im := w.load(iid); im.Status != improvement.Shipped || im.Episode != 2 || w.item(oid).Status != "Resolved" {
			t.Errorf("%+v", im)
		}
	})
}

// Whatever call of the port fails while an event is taken over, taking it again ends as a clean run does.
func TestSyncMayFailAnywhere(t *testing.T) {
	for _, mode := range tabletest.Modes() {
		for k := 1; ; k++ {
			w := newWorld(t)
			iid, oid := w.filed()
			w.console(oid, opsitem.InProgress)
			w.port.Reset()
			w.port.FailAt(k, mode)
			for range 3 {
				if _, err := w.Sync(t.Context(), oid, operator); err == nil {
					break
				}
			}
			struck := len(w.port.Failed()) > 0
			w.port.Reset()
			if im, h := w.load(iid), w.history(iid); im.Status != improvement.InProgress || len(h) != 3 {
				t.Errorf("%s %d: %+v, %+v", mode, k, im, h)
			}
			if !struck {
				break
			}
		}
	}
	w := newWorld(t)
	_, oid := w.filed()
	w.ops.Faults().Throttle("GetOpsItem", 1)
	if _, err := w.Sync(t.Context(), oid, ""); !fault.Is(err, fault.RateLimited) {
		t.Errorf("throttled: %v", err)
	}
}

// foreign makes an OpsItem in the loop's name that carries a key of an episode, and was not filed for it.
func (w *world) foreign(key string) string {
	w.t.Helper()
	oid, _, err := w.Center.Create(w.t.Context(), opsitem.Request{
		Title: "Forged", Description: "Forged.", Severity: 1, Priority: 1, Data: map[string]string{opsitem.KeyEpisode: key},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return oid
}
