package mirror_test

import (
	"strings"
	"testing"
	"time"

	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

func (w *world) remove(oid string) {
	w.t.Helper()
	if err := w.ops.Delete(w.t.Context(), oid); err != nil {
		w.t.Fatal(err)
	}
}

// A deleted OpsItem is noticed by a push, by an event that comes late, or by the daily check, and filed again where people
// asked; who deletes it again means it.
func TestDeletedOpsItem(t *testing.T) {
	ways := map[string]func(w *world, oid string){
		"a push": func(w *world, _ string) { w.decide(w.only, improvement.Decision{Verb: improvement.Start}) },
		"a late event": func(w *world, oid string) {
			if o, err := w.Sync(w.t.Context(), oid, "x"); o != mirror.Gone || err != nil {
				w.t.Errorf("%s, %v", o, err)
			}
		},
		"the daily check": func(w *world, _ string) {
			for range 2 {
				if _, err := w.Reconcile(w.t.Context()); err != nil {
					w.t.Fatal(err)
				}
				w.wait(25 * time.Hour)
			}
			w.forget()
			if _, err := w.Reconcile(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
			if w.called() > 3 {
				w.t.Errorf("calls of the check: %v", w.calls)
			}
		},
	}
	for name, notice := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			iid, oid := w.filed()
			w.filed() // another one, that nobody deletes
			w.only = iid
			w.remove(oid)
			notice(w, oid)
			w.settle()
			im := w.load(iid)
			if im.OpsItem == "" || im.OpsItem == oid || w.item(im.OpsItem).Status != string(im.Status.OpsStatus()) {
				t.Fatalf("not filed again: %+v", im)
			}
			if h := strings.Join(w.said(iid, 2), "; "); !strings.Contains(h, "OpsItem deleted: "+oid+", filed again: people asked for it") {
				t.Errorf("%q", h)
			}
			if o, err := w.Sync(t.Context(), oid, "x"); o != mirror.Gone || err != nil || w.load(iid).OpsItem != im.OpsItem {
				t.Errorf("told again of the first: %s, %v", o, err)
			}
			w.remove(im.OpsItem)
			if o, err := w.Sync(t.Context(), im.OpsItem, "x"); o != mirror.Gone || err != nil {
				t.Errorf("%s, %v", o, err)
			}
			w.decide(iid, improvement.Decision{Verb: improvement.Ship})
			w.settle()
			im, ep := w.load(iid), w.episode(iid, 1)
			if im.OpsItem != "" || ep.Order != opsitem.None || len(ep.Lost) != 2 || len(w.items()) != 1 {
				t.Errorf("not let go: %+v %+v", im, ep)
			}
		})
	}
}

func TestDeletedIsLetGo(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
	iid := w.alarm("errors", signal.Firing, 3)
	w.run(iid, 1)
	oid := w.load(iid).OpsItem
	w.remove(oid)
	if _, err := w.Sync(t.Context(), oid, ""); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if h := w.said(iid, 2); len(h) != 1 || h[0] != "OpsItem deleted: "+oid+", let go: only machines raised it, and its severity is 3" || w.load(iid).OpsItem != "" {
		t.Errorf("%q", h)
	}
	// It is missed as soon as it gets worse.
	w.wait(time.Hour)
	w.alarm("errors", signal.Firing, 1)
	w.settle()
	if im := w.load(iid); im.OpsItem == "" || im.OpsItem == oid {
		t.Errorf("%+v", im)
	}
}
