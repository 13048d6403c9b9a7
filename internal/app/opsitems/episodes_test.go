package opsitems_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/app/opsitems"
	"learningloop/internal/opsitem"
)

type open map[string]int

func (o open) OpenEpisodes(_ context.Context, product string, n int) { o[product] = n }

// Each reconcile says how many episodes are under way, in products without any too.
func TestReconcileSaysHowManyAreOpen(t *testing.T) {
	w := newWorld(t)
	said := open{}
	w.Episodes = &opsitems.Episodes{Store: w.st, Meter: said}
	reconcile := map[string]string{"schedule": "opsitems-reconcile", "at": "2026-10-19T03:00:00Z"}
	w.handle(reconcile)
	if d := cmp.Diff(open{"shop": 0}, said); d != "" {
		t.Error(d)
	}
	first := w.accepted()
	w.accepted()
	w.stream(w.written()...)
	w.handle(reconcile)
	if d := cmp.Diff(open{"shop": 2}, said); d != "" {
		t.Error(d)
	}
	w.console(w.load(first).OpsItem, opsitem.Resolved)
	w.handle(reconcile)
	if d := cmp.Diff(open{"shop": 1}, said); d != "" {
		t.Error(d)
	}
}
