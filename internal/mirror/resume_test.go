package mirror_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// What only machines raised is resolved when every alarm of it is OK again, and goes on when one returns within the quiet
// time: the same episode, the same OpsItem.
func TestAlarmEndsAndReturns(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	oid := w.load(iid).OpsItem
	step := func(wait time.Duration, state signal.State, status improvement.Status, there string, episode int) {
		t.Helper()
		w.wait(wait)
		w.alarm("errors", state, 1)
		w.settle()
		im := w.load(iid)
		if im.Status != status || w.item(im.OpsItem).Status != there || im.Episode != episode {
			t.Errorf("after %s: %s, %s, episode %d", state, im.Status, w.item(im.OpsItem).Status, im.Episode)
		}
	}
	step(10*time.Minute, signal.Recovered, improvement.Shipped, "Resolved", 1)
	if ep := w.episode(iid, 1); ep.Resolved.IsZero() {
		t.Error("nobody knows when it was resolved")
	}
	step(10*time.Minute, signal.Firing, improvement.Accepted, "Open", 1)
	if w.load(iid).OpsItem != oid || !w.episode(iid, 1).Resolved.IsZero() {
		t.Errorf("another OpsItem: %s", w.load(iid).OpsItem)
	}
	step(10*time.Minute, signal.Recovered, improvement.Shipped, "Resolved", 1)
	step(2*time.Hour, signal.Firing, improvement.Accepted, "Open", 2)
	if again := w.item(w.load(iid).OpsItem); again.ID == oid || len(again.Related) != 1 || again.Related[0] != oid {
		t.Errorf("the next episode's is %+v", again)
	}
	want := []string{"proposed", "accept", "resolved", "rejoined", "resolved", "reopen"}
	if d := cmp.Diff(want, w.said(iid, 0)); d != "" {
		t.Error(d)
	}
}

// Nothing is resolved by itself that a person asked for, took up, or that is still alarming.
func TestNotResolvedByItself(t *testing.T) {
	tests := []struct {
		name string
		then func(w *world)
		want improvement.Status
	}{
		{"nothing else", func(*world) {}, improvement.Shipped},
		{"a complaint", func(w *world) { w.complain(w.only, "AnyCompany", "Nothing works.") }, improvement.Accepted},
		{"planned", func(w *world) {
			w.decide(w.only, improvement.Decision{Verb: improvement.Plan, Owner: "ana", Due: improvement.Date{Time: began.AddDate(0, 1, 0)}})
		}, improvement.Planned},
		{"started in the console", func(w *world) {
			w.console(w.load(w.only).OpsItem, opsitem.InProgress)
			w.deliver()
		}, improvement.InProgress},
		{"a late word that it is OK", func(w *world) { w.wait(-time.Hour) }, improvement.Accepted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
			w.only = w.alarm("errors", signal.Firing, 2)
			w.run(w.only, 1)
			w.wait(10 * time.Minute)
			tt.then(w)
			w.wait(time.Second)
			w.alarm("errors", signal.Recovered, 2)
			if im := w.load(w.only); im.Status != tt.want {
				t.Errorf("%s", im.Status)
			}
		})
	}
}

// An operator goes on with a resolved OpsItem: soon, it is the same episode; long after, the next one, on the same OpsItem.
func TestOperatorReopens(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.decide(iid, improvement.Decision{Verb: improvement.Ship, Release: "7.1"})
	w.settle()
	w.wait(30 * time.Minute)
	w.forget()
	w.console(oid, opsitem.Open)
	if o := w.deliver(); len(o) != 1 || o[0] != mirror.Took || w.load(iid).Episode != 1 {
		t.Fatalf("soon: %v, episode %d", o, w.load(iid).Episode)
	}
	w.decide(iid, improvement.Decision{Verb: improvement.Ship, Release: "7.2"})
	w.settle()
	w.wait(3 * 24 * time.Hour)
	w.forget()
	w.console(oid, opsitem.InProgress)
	if o := w.deliver(); len(o) != 1 || o[0] != mirror.Resuming {
		t.Fatalf("long after: %v", o)
	}
	w.settle()
	im := w.load(iid)
	if im.Episode != 2 || im.OpsItem != oid || im.Status != improvement.InProgress || im.Release != "" || len(w.items()) != 1 {
		t.Errorf("%+v", im)
	}
	key := string(iid)
	if d := w.data(oid); d[opsitem.KeyEpisode] != key+"/2" || d[opsitem.KeyBefore] != key+"/1" || w.item(oid).Status != "InProgress" {
		t.Errorf("%v, %s", d, w.item(oid).Status)
	}
	if last, next := w.episode(iid, 1), w.episode(iid, 2); last.Resolved.IsZero() || last.Order != opsitem.None || next.OpsItem != oid || !next.Resolved.IsZero() {
		t.Errorf("%+v\n%+v", last, next)
	}
	// From now on the OpsItem speaks for the second episode, also where its event is lost.
	w.ops.Faults().LoseEvents(1)
	w.console(oid, opsitem.Resolved)
	if took, err := w.Reconcile(t.Context()); took != 1 || err != nil || w.load(iid).Status != improvement.Shipped {
		t.Errorf("%d, %v, %s", took, err, w.load(iid).Status)
	}
}

// Two functions look at once at what an operator took up again: one begins the next episode, and the other sees that.
func TestResumedByTwo(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.settle()
	w.wait(3 * 24 * time.Hour)
	w.forget()
	w.console(oid, opsitem.InProgress)
	look := func() (out mirror.Outcome) {
		out, err := w.Sync(t.Context(), oid, operator)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	w.Center = &meanwhile{Center: w.Center, get: func() {
		if out := look(); out != mirror.Resuming {
			t.Errorf("the first: %s", out)
		}
	}}
	if out := look(); out != mirror.Same {
		t.Errorf("the second: %s", out)
	}
	w.heal()
	if im := w.load(iid); im.Status != improvement.InProgress || im.Episode != 2 || w.item(oid).Status != "InProgress" {
		t.Errorf("%+v, %q", im, w.said(iid, 2))
	}
}
