package mirror_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

// check lets the daily check run.
func (w *world) check() {
	w.t.Helper()
	if err := w.Check(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// Operators who delete resolved OpsItems make room among all that the account can have, within days and at few calls.
func TestDeletedMakeRoom(t *testing.T) {
	w := newWorld(t)
	w.Budget = governor.Budget{Total: 6}
	var all []id.Improvement
	for month := range 3 {
		for n := range 2 {
			all = append(all, w.candidate(10*month+n, 1))
		}
		w.sweepOnce()
		w.wait(31 * 24 * time.Hour)
	}
	for _, iid := range all {
		w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	}
	w.turns()
	held := w.candidate(99, 1)
	w.sweepOnce()
	if u := w.use(); u.Total != 6 || u.Held != 1 {
		t.Fatalf("%+v", u)
	}
	w.forget()
	w.check()
	if u := w.use(); u.Total != 6 || w.called() > 3 {
		t.Errorf("nothing is deleted: %+v after %v", u, w.calls)
	}
	for _, iid := range all[:3] { // all of the first month, and one of the next
		w.remove(w.load(iid).OpsItem)
	}
	for range 2 { // the second time finds the same
		w.check()
		if u := w.use(); u.Total != 3 {
			t.Errorf("%+v", u)
		}
	}
	w.wait(2 * time.Hour)
	w.sweepOnce()
	if w.load(held).OpsItem == "" || w.use().Total != 4 || len(w.items()) != 4 {
		t.Errorf("%q, %+v", w.episode(held, 1).Error, w.use())
	}
}

// One that is seen to be deleted makes room at once, and counts once, whether it is filed again, let go, or of a past episode.
func TestDeletedCountsOnce(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	for range 2 {
		w.remove(oid)
		for range 2 {
			if _, err := w.Sync(t.Context(), oid, ""); err != nil {
				t.Fatal(err)
			}
		}
		if u := w.use(); u.Total != 0 {
			t.Errorf("deleted: %+v", u)
		}
		w.settle()
		if u, n := w.use(), len(w.items()); u.Total != n {
			t.Errorf("%+v of %d", u, n)
		}
		oid = w.load(iid).OpsItem
	}
	again, first := w.filed()
	w.decide(again, improvement.Decision{Verb: improvement.Ship})
	w.settle()
	w.wait(3 * time.Hour)
	w.decide(again, improvement.Decision{Verb: improvement.Reopen})
	w.settle()
	w.remove(first)
	if _, err := w.Sync(t.Context(), first, ""); err != nil {
		t.Fatal(err)
	}
	if u := w.use(); u.Total != 1 || u.Filed != 4 {
		t.Errorf("of a past episode: %+v", u)
	}
}

// Nothing is counted in OpsCenter while there is plenty of room.
func TestRoomIsNotCounted(t *testing.T) {
	w := newWorld(t)
	w.filed()
	w.check()
	if n := w.calls["DescribeOpsItems"]; n != 1 {
		t.Errorf("%d lists", n)
	}
}

// However many file at the same moment, the limit is kept.
func TestManyAtTheLimit(t *testing.T) {
	w := newWorld(t)
	w.Budget = governor.Budget{Month: 5}
	w.ops.Faults().Latency("CreateOpsItem", time.Millisecond)
	var g sync.WaitGroup
	var all []id.Improvement
	for n := range 20 {
		all = append(all, w.candidate(n, 1))
	}
	for _, iid := range all {
		other := *w.Service
		g.Go(func() {
			if err := other.Run(context.WithoutCancel(t.Context()), iid, 1); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if u, n := w.use(), len(w.items()); n != 5 || u.Filed != 5 || u.Held != 15 {
		t.Errorf("%d OpsItems with a limit of 5: %+v", n, u)
	}
}

// What is created after the month turned counts for the month that it is created in.
func TestMonthTurnsBetweenAttempts(t *testing.T) {
	w := newWorld(t)
	w.Budget = governor.Budget{Month: 3}
	w.at = time.Date(2026, 3, 31, 23, 58, 0, 0, time.UTC)
	w.ops.Faults().Throttle("CreateOpsItem", 2)
	for n := range 2 {
		w.candidate(n, 1)
	}
	w.sweepOnce()
	if u := w.use(); u.Filed != 2 {
		t.Fatalf("%+v", u)
	}
	w.wait(10 * time.Minute)
	w.sweepOnce()
	for n := range 5 {
		w.candidate(10+n, 1)
	}
	w.sweepOnce()
	if u, n := w.use(), len(w.items()); n != 3 || u.Filed != 3 || u.Total != 3 || u.Held != 4 {
		t.Errorf("%d filed in April of 3; %+v", n, u)
	}
}

// The daily check covers more than a page of what is open.
func TestCheckCoversAll(t *testing.T) {
	w := newWorld(t)
	gone := map[id.Improvement]string{}
	for n := range 105 {
		iid := w.candidate(n, 2)
		w.sweepOnce()
		oid := w.load(iid).OpsItem
		gone[iid] = oid
		w.remove(oid)
	}
	w.check()
	for iid, oid := range gone {
		if ep := w.episode(iid, 1); ep.OpsItem == oid || ep.Order != opsitem.File {
			t.Errorf("%s is deleted, and nobody noticed: %+v", oid, ep)
		}
	}
	if got := fmt.Sprint(w.use().Total); got != "0" {
		t.Errorf("%s are counted still", got)
	}
}
