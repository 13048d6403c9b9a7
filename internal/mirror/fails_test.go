package mirror_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"learningloop/internal/governor"
	"learningloop/internal/improvement"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/table/tabletest"
)

// Whatever call of the port fails, before or after it took effect, every story ends as it does where none fails.
func TestStoriesMayFailAnywhere(t *testing.T) {
	stories := []struct {
		name    string
		prepare func(w *world)
		act     func(w *world)
		ends    func(w *world) string
	}{
		{
			"new evidence is told",
			func(w *world) {
				w.only, _ = w.filed()
				w.complain(w.only, "One", "One more.")
				w.wait(time.Hour)
			},
			func(w *world) { _ = w.Run(w.t.Context(), w.only, 1) },
			func(w *world) string { return w.data(w.load(w.only).OpsItem)[opsitem.KeyEvidence] },
		},
		{
			"an OpsItem is adopted",
			func(w *world) {
				w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
				w.theirs(alarmARN)
				w.only = w.alarm("errors", signal.Firing, 1)
			},
			func(w *world) { _ = w.Run(w.t.Context(), w.only, 1) },
			func(w *world) string {
				return fmt.Sprint(len(w.items()), w.load(w.only).OpsItem == w.items()[0].ID, w.said(w.only, 2)[0][:20], w.episode(w.only, 1).Adopted)
			},
		},
		{
			"an OpsItem is adopted while there is no room",
			func(w *world) {
				w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
				w.Budget = governor.Budget{Month: 1}
				w.candidate(1, 1)
				w.sweepOnce()
				w.only = w.alarm("errors", signal.Firing, 1)
				w.sweepOnce()
				w.theirs(alarmARN)
				w.wait(governor.Again)
			},
			func(w *world) { _ = w.Run(w.t.Context(), w.only, 1) },
			func(w *world) string {
				u, ep := w.use(), w.episode(w.only, 1)
				return fmt.Sprint(len(w.items()), ep.Adopted, ep.Held, ep.Counted, u.Filed, u.Held, u.Folded)
			},
		},
		{
			"a level is taken over",
			func(w *world) {
				w.only, _ = w.filed()
				w.oid = w.load(w.only).OpsItem
				w.edit(w.oid, emulator.Edit{Severity: "1", Priority: 1})
			},
			func(w *world) { _, _ = w.Sync(w.t.Context(), w.oid, operator) },
			func(w *world) string {
				if _, err := w.Reconcile(w.t.Context()); err != nil {
					w.t.Fatal(err)
				}
				return fmt.Sprint(w.load(w.only).InForce(), len(w.history(w.only)))
			},
		},
		{
			"a deleted one is filed again",
			func(w *world) {
				w.only, _ = w.filed()
				w.remove(w.load(w.only).OpsItem)
				w.decide(w.only, improvement.Decision{Verb: improvement.Start})
			},
			func(w *world) { _ = w.Run(w.t.Context(), w.only, 1) },
			func(w *world) string {
				return fmt.Sprint(len(w.items()), w.item(w.load(w.only).OpsItem).Status, len(w.history(w.only)))
			},
		},
		{
			"the next episode goes on with its OpsItem",
			func(w *world) {
				w.only, _ = w.filed()
				w.decide(w.only, improvement.Decision{Verb: improvement.Ship})
				w.settle()
				w.wait(48 * time.Hour)
				w.oid = w.load(w.only).OpsItem
				w.console(w.oid, opsitem.Open)
			},
			func(w *world) { _, _ = w.Sync(w.t.Context(), w.oid, operator) },
			func(w *world) string {
				if _, err := w.Reconcile(w.t.Context()); err != nil {
					w.t.Fatal(err)
				}
				w.settle()
				im := w.load(w.only)
				return fmt.Sprint(im.Episode, im.Status, len(w.items()), w.data(im.OpsItem)[opsitem.KeyBefore] != "", len(w.history(w.only)))
			},
		},
	}
	for _, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			clean := newWorld(t)
			st.prepare(clean)
			st.act(clean)
			clean.settle()
			want := st.ends(clean)
			for _, mode := range tabletest.Modes() {
				for k := 1; ; k++ {
					w := newWorld(t)
					st.prepare(w)
					w.port.Reset()
					w.port.FailAt(k, mode)
					st.act(w)
					struck := len(w.port.Failed()) > 0
					w.port.Reset()
					w.wait(2 * time.Minute)
					w.settle()
					if got := st.ends(w); got != want || w.load(w.only).Ordered {
						t.Errorf("%s %d: %q, want %q; ordered %v", mode, k, got, want, w.load(w.only).Ordered)
					}
					if !struck {
						break
					}
				}
			}
		})
	}
}

// Events about severity and priority in any order, some of them twice, some lost: both sides end alike, and each edit that
// was seen is in the history once.
func TestLevelEventsInAnyOrder(t *testing.T) {
	for seed := range uint64(10) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable on purpose
		iid, oid := w.filed()
		for _, e := range []emulator.Edit{{Severity: "1"}, {Priority: 1}, {Severity: "3"}, {Status: "InProgress"}, {Severity: "4", Category: "Cost"}} {
			w.edit(oid, e)
			w.wait(time.Minute)
		}
		events := w.forget()
		events = append(events, events...)
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		w.mu.Lock()
		w.events = events[r.IntN(len(events)):]
		w.mu.Unlock()
		w.deliver()
		if _, err := w.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.settle()
		im, it := w.load(iid), w.item(oid)
		if im.InForce() != (opsitem.Level{Severity: 4, Priority: 1, Category: "Cost"}) || im.Status != improvement.InProgress || it.Severity != "4" || it.Priority != 1 {
			t.Errorf("seed %d: %+v %s, %s %d", seed, im.InForce(), im.Status, it.Severity, it.Priority)
		}
		if h := w.said(iid, 2); len(h) != 2 { // status and level, seen in one look
			t.Errorf("seed %d: %q", seed, h)
		}
	}
}
