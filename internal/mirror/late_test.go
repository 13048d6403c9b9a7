package mirror_test

import (
	"context"
	"testing"
	"time"

	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// stale answers Get with what was there before.
type stale struct {
	opsitem.Center
	item opsitem.Item
}

func (s *stale) Get(context.Context, string) (opsitem.Item, error) { return s.item, nil }

// OpsCenter may answer with what it knew a moment ago: that takes nothing back.
func TestOlderAnswersTakeNothingBack(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	center := w.Center
	before, err := center.Get(t.Context(), oid)
	if err != nil {
		t.Fatal(err)
	}
	w.console(oid, opsitem.InProgress)
	w.edit(oid, emulator.Edit{Severity: "1"})
	w.deliver()
	w.Center = &stale{Center: center, item: before}
	if out, err := w.Sync(t.Context(), oid, ""); err != nil || out != mirror.Late {
		t.Errorf("%s, %v", out, err)
	}
	if im := w.load(iid); im.Status != improvement.InProgress || im.InForce().Severity != 1 {
		t.Errorf("%s, %+v", im.Status, im.InForce())
	}
}

// tardy lists an OpsItem only after a while, as DescribeOpsItems may.
type tardy struct {
	opsitem.Center
	hidden string
}

func (c *tardy) ChangedSince(ctx context.Context, since time.Time, cursor string) ([]opsitem.Item, string, error) {
	items, next, err := c.Center.ChangedSince(ctx, since, cursor)
	var seen []opsitem.Item
	for _, it := range items {
		if it.ID != c.hidden {
			seen = append(seen, it)
		}
	}
	return seen, next, err
}

// A change whose event is lost, and which the list shows only after later ones, is found all the same.
func TestReconcileLooksBack(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	other, otherID := w.filed()
	if _, err := w.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	center := &tardy{Center: w.Center, hidden: oid}
	w.Center = center
	w.ops.Faults().LoseEvents(2)
	w.console(oid, opsitem.InProgress)
	w.console(otherID, opsitem.InProgress)
	if took, err := w.Reconcile(t.Context()); err != nil || took != 1 || w.load(other).Status != improvement.InProgress {
		t.Fatalf("%d, %v", took, err)
	}
	center.hidden = ""
	if took, err := w.Reconcile(t.Context()); err != nil || took != 1 || w.load(iid).Status != improvement.InProgress {
		t.Errorf("%d, %v: %s", took, err, w.load(iid).Status)
	}
}

// What we tell an adopted OpsItem comes back under our own name, which is not its creator's: nobody overruled anybody.
func TestOurOwnWordsInAnAdoptedOne(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	w.settle()
	w.wait(time.Minute)
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	w.settle()
	lines := len(w.history(iid))
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.settle()
	w.deliver() // of the start, too, which is no longer how it is
	w.heal()
	if h := w.said(iid, lines); len(h) != 1 || h[0] != "ship" {
		t.Errorf("%q", h)
	}
}
