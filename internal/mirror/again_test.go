package mirror_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// asked remembers what OpsCenter was asked to create.
type asked struct {
	opsitem.Center
	requests []opsitem.Request
}

func (a *asked) Create(ctx context.Context, r opsitem.Request) (string, bool, error) {
	a.requests = append(a.requests, r)
	return a.Center.Create(ctx, r)
}

// gone deletes an episode's OpsItem, and has it noticed.
func (w *world) gone(iid id.Improvement, n int) {
	w.t.Helper()
	oid := w.episode(iid, n).OpsItem
	w.remove(oid)
	if o, err := w.Sync(w.t.Context(), oid, ""); o != mirror.Gone || err != nil {
		w.t.Fatalf("%s, %v", o, err)
	}
}

// What is filed again is asked for as things stand now, under a deduplication string of its own: the deleted one may go on
// answering to the first. It names whatever the first was related to, and nothing of the first one is taken for its own.
func TestFiledAgain(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	w.wait(time.Minute)
	w.forget()
	theirs := w.theirs(alarmARN)
	w.deliver()
	w.settle()
	w.describe(w.load(iid).OpsItem, "We know. A fix is coming.") // a person's words, which go with the OpsItem
	w.deliver()
	w.console(w.load(iid).OpsItem, opsitem.InProgress)
	w.deliver()
	w.remove(theirs) // else it would be adopted
	w.only = iid
	w.rate(improvement.Edit{Outcome: new("Checkout works")})
	center := &asked{Center: w.Center}
	w.Center = center
	w.gone(iid, 1)
	if ep := w.episode(iid, 1); ep.Order != opsitem.File || ep.Reworded || ep.Status != "" || ep.Sent != "" || ep.Level != (opsitem.Level{}) || !ep.Seen.IsZero() {
		t.Errorf("of the first one is left: %+v", ep.Known)
	}
	w.settle()
	if len(center.requests) != 1 {
		t.Fatalf("asked %d times", len(center.requests))
	}
	r := center.requests[0]
	if want := string(iid) + "/1/again"; r.Dedup != want {
		t.Errorf("deduplication string %q, want %q", r.Dedup, want)
	}
	if d := cmp.Diff([]string{theirs}, r.Related); d != "" {
		t.Errorf("related: %s", d)
	}
	if r.Data[opsitem.KeyGoal] != "Checkout works" {
		t.Errorf("it does not say what is wanted by now: %v", r.Data)
	}
	it := w.item(w.load(iid).OpsItem)
	if it.Status != "InProgress" || it.Description == "We know. A fix is coming." {
		t.Errorf("%s, %q", it.Status, it.Description)
	}
	w.complain(iid, "AnyCompany", "Nothing works.")
	w.settle()
	if !strings.Contains(w.described(it.ID), "1 complaint") {
		t.Errorf("new evidence is not told: %q", w.described(it.ID))
	}
}

// An adopted one that was deleted is filed again as the loop's own: its words and its level are ours from then on.
func TestAdoptedIsFiledAgain(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 1)
	w.complain(iid, "AnyCompany", "Nothing works.")
	w.run(iid, 1)
	w.gone(iid, 1)
	w.settle()
	it, ep := w.item(w.load(iid).OpsItem), w.episode(iid, 1)
	if ep.Adopted || it.Source != opsitem.FiledBy || it.Title != "errors is in alarm" || !strings.Contains(it.Description, "1 complaint") {
		t.Errorf("adopted %v: %s, %q", ep.Adopted, it.Source, it.Description)
	}
}

// The level that came with an adopted one goes with it: whether it is missed, and at what level it is filed again, is the
// evidence's to say, and whoever's who set it since.
func TestAdoptedLevelGoesWithIt(t *testing.T) {
	tests := []struct {
		name  string
		since func(w *world, oid string)
		want  opsitem.Level // zero is let go
	}{
		{"nobody set it", func(*world, string) {}, opsitem.Level{Severity: 1, Priority: 5, Category: "Availability"}},
		{"a person here did", func(w *world, _ string) { w.rate(improvement.Edit{Severity: new(4)}) }, opsitem.Level{}},
		{"an operator did", func(w *world, oid string) { w.edit(oid, emulator.Edit{Severity: "4"}) }, opsitem.Level{}},
		{"a person here set it to something else that is severe", func(w *world, _ string) {
			w.rate(improvement.Edit{Severity: new(2), Priority: new(3), Category: new("Cost")})
		}, opsitem.Level{Severity: 2, Priority: 3, Category: "Cost"}},
		{"it was taken up again as the next episode", func(w *world, oid string) {
			w.decide(w.only, improvement.Decision{Verb: improvement.Ship})
			w.heal()
			w.wait(72 * time.Hour)
			w.console(oid, opsitem.Open)
		}, opsitem.Level{Severity: 1, Priority: 5, Category: "Availability"}},
		{"another one of the alarm's came after it", func(w *world, oid string) {
			w.alarm("errors", signal.Recovered, 1)
			w.settle()
			w.theirs(alarmARN)
			w.alarm("errors", signal.Firing, 1)
		}, opsitem.Level{Severity: 1, Priority: 5, Category: "Availability"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
			theirs := w.theirs(alarmARN) // with severity 3
			w.edit(theirs, emulator.Edit{Priority: 4, Category: "Security"})
			w.only = w.alarm("errors", signal.Firing, 1)
			w.run(w.only, 1)
			w.wait(time.Minute)
			tt.since(w, theirs)
			w.heal()
			w.gone(w.only, w.load(w.only).Episode)
			w.settle()
			im := w.load(w.only)
			if (im.OpsItem != "") != (tt.want != opsitem.Level{}) {
				t.Fatalf("its OpsItem is %q: %q", im.OpsItem, w.said(w.only, 2))
			}
			if im.OpsItem == "" {
				return
			}
			it := w.item(im.OpsItem)
			if d := cmp.Diff(tt.want, opsitem.Level{Severity: int(it.Severity[0] - '0'), Priority: it.Priority, Category: it.Category}); d != "" {
				t.Errorf("filed again (-want +got):\n%s", d)
			}
		})
	}
}

// Who deletes what means what: each reason why an OpsItem is filed again or let go.
func TestWhyDeletedOneIsFiledAgain(t *testing.T) {
	fires := func(severity int) func(w *world) id.Improvement {
		return func(w *world) id.Improvement {
			iid := w.alarm("errors", signal.Firing, severity)
			w.run(iid, 1)
			return iid
		}
	}
	tests := []struct {
		name  string
		begin func(w *world) id.Improvement
		want  string // "" is let go
		why   string
	}{
		{"people asked", func(w *world) id.Improvement {
			iid, _ := w.filed()
			w.only = iid
			w.rate(improvement.Edit{Severity: new(4)})
			return iid
		}, "filed again", "people asked for it"},
		{"critical", fires(1), "filed again", "only machines raised it, and its severity is 1"},
		{"high", fires(2), "filed again", "only machines raised it, and its severity is 2"},
		{"medium", fires(3), "let go", "only machines raised it, and its severity is 3"},
		{"medium, while a push waits", func(w *world) id.Improvement {
			iid := fires(3)(w)
			w.wait(time.Minute)
			w.forget()
			w.decide(iid, improvement.Decision{Verb: improvement.Start})
			return iid
		}, "let go", "only machines raised it, and its severity is 3"},
		{"medium, and a person here rated it high", func(w *world) id.Improvement {
			w.only = fires(3)(w)
			w.rate(improvement.Edit{Severity: new(2)})
			return w.only
		}, "filed again", "only machines raised it, and its severity is 2"},
		{"high, and a person here rated it low", func(w *world) id.Improvement {
			w.only = fires(2)(w)
			w.rate(improvement.Edit{Severity: new(4)})
			return w.only
		}, "let go", "only machines raised it, and its severity is 4"},
		{"high, and an operator rated it low", func(w *world) id.Improvement {
			iid := fires(2)(w)
			w.edit(w.load(iid).OpsItem, emulator.Edit{Severity: "4"})
			w.deliver()
			return iid
		}, "let go", "only machines raised it, and its severity is 4"},
		{"closed", func(w *world) id.Improvement {
			iid, _ := w.filed()
			w.decide(iid, improvement.Decision{Verb: improvement.Ship})
			w.settle()
			return iid
		}, "let go", "nobody works on it any more"},
		{"deleted once before", func(w *world) id.Improvement {
			iid, _ := w.filed()
			w.gone(iid, 1)
			w.settle()
			return iid
		}, "let go", "it was deleted once before"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
			iid := tt.begin(w)
			oid := w.load(iid).OpsItem
			w.gone(iid, 1)
			if ep := w.episode(iid, 1); ep.Error != "The OpsItem was deleted in OpsCenter." || w.load(iid).Ordered != (tt.want == "filed again") {
				t.Errorf("%q, ordered %v", ep.Error, w.load(iid).Ordered)
			}
			w.settle()
			h := w.said(iid, 2)
			if got, want := h[len(h)-1], "OpsItem deleted: "+oid+", "+tt.want+": "+tt.why; got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if again := w.load(iid).OpsItem; (again != "") != (tt.want == "filed again") || again == oid {
				t.Errorf("its OpsItem is %q", again)
			}
		})
	}
}

// The OpsItem of a past episode being deleted says nothing about the one under way.
func TestPastOneIsDeleted(t *testing.T) {
	w := newWorld(t)
	iid, first := w.filed()
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.settle()
	w.wait(3 * time.Hour)
	w.decide(iid, improvement.Decision{Verb: improvement.Reopen})
	w.settle()
	now, lines := w.load(iid).OpsItem, len(w.history(iid))
	w.gone(iid, 1)
	w.settle()
	if im := w.load(iid); im.OpsItem != now || len(w.history(iid)) != lines || len(w.items()) != 1 {
		t.Errorf("%s became %q, with %d lines more", now, im.OpsItem, len(w.history(iid))-lines)
	}
	if ep := w.episode(iid, 1); ep.Order != opsitem.None || !cmp.Equal(ep.Lost, []string{first}) {
		t.Errorf("%+v", ep)
	}
}

// What waits for OpsCenter while its OpsItem is deleted begins anew: no attempt, and no wait, is left of the push.
func TestDeletedWhileAPushWaits(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.ops.Faults().Throttle("UpdateOpsItem", 3)
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	for range 3 {
		w.run(iid, 1)
		w.wait(time.Minute)
	}
	if n := w.episode(iid, 1).Attempts; n != 3 {
		t.Fatalf("%d attempts", n)
	}
	w.remove(oid)
	if _, err := w.Sync(t.Context(), oid, ""); err != nil {
		t.Fatal(err)
	}
	if ep := w.episode(iid, 1); ep.Order != opsitem.File || ep.Attempts != 0 || !ep.RetryAt.IsZero() {
		t.Errorf("%+v", ep)
	}
	w.forget()
	w.run(iid, 1)
	if d := cmp.Diff(map[string]int{"CreateOpsItem": 1}, w.calls); d != "" {
		t.Errorf("the first attempt of another order looks for none before: %s", d)
	}
}

// What was found while it was being deleted is not taken for the episode's; another one is made, without a line about it.
func TestFoundWhileBeingDeleted(t *testing.T) {
	w := newWorld(t)
	iid := w.accepted()
	w.ops.Faults().FailNext("CreateOpsItem", 1, emulator.Fault{After: true})
	w.run(iid, 1)
	first := w.items()[0].ID
	w.Center = &lister{Center: w.Center, listed: first}
	w.remove(first)
	w.settle()
	im, ep := w.load(iid), w.episode(iid, 1)
	if im.OpsItem == "" || im.OpsItem == first || len(w.items()) != 1 || !cmp.Equal(ep.Lost, []string{first}) || len(w.said(iid, 2)) != 0 {
		t.Errorf("%q, lost %v, %q", im.OpsItem, ep.Lost, w.said(iid, 2))
	}
	if u := w.use(); u.Total != 1 {
		t.Errorf("the budget says %+v", u)
	}
}

// lister finds an OpsItem that is deleted, as DescribeOpsItems does for a while.
type lister struct {
	opsitem.Center
	listed string
}

func (l *lister) Find(context.Context, string) ([]string, error) { return []string{l.listed}, nil }

// An event about an OpsItem that was the episode's before says nothing about the one it has now.
func TestLateWordOfADeletedOne(t *testing.T) {
	w := newWorld(t)
	iid, first := w.filed()
	w.gone(iid, 1)
	w.settle()
	second := w.load(iid).OpsItem
	lines := len(w.history(iid))
	w.forget()
	for range 2 {
		if o, err := w.Sync(t.Context(), first, "arn:forger"); o != mirror.Gone || err != nil {
			t.Errorf("%s, %v", o, err)
		}
	}
	if w.load(iid).OpsItem != second || len(w.history(iid)) != lines || w.called() != 0 {
		t.Errorf("%q with %d lines more and calls %v", w.load(iid).OpsItem, len(w.history(iid))-lines, w.calls)
	}
	w.gone(iid, 1)
	w.settle()
	for _, oid := range []string{first, second} { // let go: neither is asked for
		if o, err := w.Sync(t.Context(), oid, ""); o != mirror.Gone || err != nil {
			t.Errorf("%s, %v", o, err)
		}
	}
	if w.episode(iid, 1).Order != opsitem.None || len(w.items()) != 0 || len(w.episode(iid, 1).Lost) != 2 {
		t.Errorf("%+v", w.episode(iid, 1))
	}
}

// One that the daily check cannot look at keeps no other from being noticed.
func TestDailyCheckGoesOn(t *testing.T) {
	w := newWorld(t)
	bad, badItem := w.filed()
	good, goodItem := w.filed()
	w.remove(badItem)
	w.remove(goodItem)
	w.Center = &broken{Center: w.Center, oid: badItem}
	if err := w.Check(t.Context()); err == nil || !strings.Contains(err.Error(), badItem) {
		t.Errorf("%v", err)
	}
	w.settle()
	if w.load(good).OpsItem == goodItem || w.load(bad).OpsItem != badItem {
		t.Errorf("%s, %s", w.load(good).OpsItem, w.load(bad).OpsItem)
	}
}

// broken fails to get one OpsItem.
type broken struct {
	opsitem.Center
	oid string
}

func (b *broken) Get(ctx context.Context, oid string) (opsitem.Item, error) {
	if oid == b.oid {
		return opsitem.Item{}, fault.New(fault.Unavailable, "broken", "")
	}
	return b.Center.Get(ctx, oid)
}
