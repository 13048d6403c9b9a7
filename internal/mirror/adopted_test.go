package mirror_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// keyed writes one of a loop's keys into an OpsItem, as the loop of another stage in the same account does.
func (w *world) keyed(oid, key string) {
	w.t.Helper()
	_, err := w.client.UpdateOpsItem(w.t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &oid, OperationalData: map[string]types.OpsItemDataValue{
		key: {Type: types.OpsItemDataTypeSearchableString, Value: aws.String("i-of-another-loop")},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// holder lists OpsItems that are gone already, or as they were a moment ago, and may take updates of what is gone.
type holder struct {
	opsitem.Center
	also  []opsitem.Item
	takes bool
	told  []string // of also, which were updated
}

func (h *holder) Holding(ctx context.Context, arn string) ([]opsitem.Item, error) {
	items, err := h.Center.Holding(ctx, arn)
	return append(append([]opsitem.Item{}, h.also...), items...), err
}

func (h *holder) Update(ctx context.Context, oid string, p opsitem.Patch) error {
	for _, it := range h.also {
		if h.takes && it.ID == oid {
			h.told = append(h.told, oid)
			return nil
		}
	}
	return h.Center.Update(ctx, oid, p)
}

// Only what somebody else has open about the very alarm is adopted; else the loop files its own.
func TestWhatIsAdopted(t *testing.T) {
	tests := []struct {
		name    string
		there   func(w *world) string
		adopted bool
	}{
		{"about the alarm", func(w *world) string { return w.theirs(alarmARN) }, true},
		{"beside one about a longer name, which is newer", func(w *world) string {
			oid := w.theirs(alarmARN)
			w.wait(time.Second)
			w.theirs(alarmARN + "-of-another")
			return oid
		}, true},
		{"about a longer name", func(w *world) string { return w.theirs(alarmARN + "-of-another") }, false},
		{"with the episode of another loop", func(w *world) string {
			oid := w.theirs(alarmARN)
			w.keyed(oid, opsitem.KeyEpisode)
			return oid
		}, false},
		{"with the improvement of another loop", func(w *world) string {
			oid := w.theirs(alarmARN)
			w.keyed(oid, opsitem.KeyImprovement)
			return oid
		}, false},
		{"resolved already", func(w *world) string {
			oid := w.theirs(alarmARN)
			w.console(oid, opsitem.Resolved)
			return oid
		}, false},
		{"gone while we write into it", func(w *world) string {
			w.Center = &holder{Center: w.Center, also: []opsitem.Item{{ID: "oi-0123456789ab", Source: "x", Resources: []string{alarmARN}}}}
			return "oi-0123456789ab"
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
			oid := tt.there(w)
			iid := w.alarm("errors", signal.Firing, 1)
			w.run(iid, 1)
			im, ep := w.load(iid), w.episode(iid, 1)
			if im.OpsItem == "" || (im.OpsItem == oid) != tt.adopted || ep.Adopted != tt.adopted {
				t.Errorf("theirs is %s, and the episode's %s, adopted %v: %q", oid, im.OpsItem, ep.Adopted, ep.Error)
			}
		})
	}
}

// One that was adopted and deleted is not adopted again, though OpsCenter lists it and takes updates of it for a while.
func TestDeletedIsNotAdoptedAgain(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	theirs := w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	w.complain(iid, "AnyCompany", "Nothing works.")
	w.remove(theirs)
	h := &holder{Center: w.Center, takes: true, also: []opsitem.Item{{ID: theirs, Source: "CloudWatch Alarms", Resources: []string{alarmARN}}}}
	w.Center = h
	if o, err := w.Sync(t.Context(), theirs, ""); o != mirror.Gone || err != nil {
		t.Fatalf("%s, %v", o, err)
	}
	w.settle()
	if im := w.load(iid); im.OpsItem == "" || im.OpsItem == theirs || len(h.told) > 0 || w.episode(iid, 1).Adopted {
		t.Errorf("the episode's is %s, and %s was updated %d times", im.OpsItem, theirs, len(h.told))
	}
}

// An adopted OpsItem gets the runbooks and the episode before with the call that makes it ours, and history says whose it was.
func TestAdoptedIsTold(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) {
		p.Rules.Severity = 2
		p.Runbooks = product.Runbooks{{Match: signal.Rule{Name: "err*"}, Automation: "AWS-RestartEC2Instance"}}
	})
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	first := w.load(iid).OpsItem
	w.wait(time.Minute)
	w.alarm("errors", signal.Recovered, 1)
	w.settle()
	w.wait(3 * time.Hour)
	second := w.theirs(alarmARN)
	w.alarm("errors", signal.Firing, 1)
	w.run(iid, 2)
	it := w.item(second)
	if d := cmp.Diff([]string{first}, it.Related); d != "" || w.load(iid).OpsItem != second {
		t.Errorf("related: %s", d)
	}
	if d := cmp.Diff([]string{"AWS-RestartEC2Instance"}, it.Automations); d != "" {
		t.Errorf("runbooks: %s", d)
	}
	h := w.history(iid)
	if last := h[len(h)-1]; last.What != "OpsItem adopted" || !strings.Contains(last.By, "SERVICE") {
		t.Errorf("%+v", last)
	}
	// New evidence waits like any other, and nobody looks for the alarm's OpsItem once more.
	w.forget()
	w.wait(5 * time.Minute)
	w.complain(iid, "AnyCompany", "Nothing works.")
	w.run(iid, 2)
	if w.called() != 0 {
		t.Errorf("calls for evidence: %v", w.calls)
	}
	w.settle()
	if w.calls["UpdateOpsItem"] != 1 || w.calls["DescribeOpsItems"] != 0 {
		t.Errorf("calls for evidence, later: %v", w.calls)
	}
}

// What an adopted OpsItem was told and is taken back here is taken out there.
func TestTakenBackFromAnAdoptedOne(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	theirs := w.theirs(alarmARN)
	w.only = w.alarm("errors", signal.Firing, 1)
	w.rate(improvement.Edit{Outcome: new("Exports end")})
	w.run(w.only, 1)
	if goal := w.data(theirs)[opsitem.KeyGoal]; goal != "Exports end" {
		t.Fatalf("its goal is %q", goal)
	}
	w.rate(improvement.Edit{Outcome: new("")})
	w.settle()
	if goal := w.data(theirs)[opsitem.KeyGoal]; goal != "" {
		t.Errorf("its goal is still %q", goal)
	}
}

// What a person here chose before is told to theirs; what nobody chose here, and theirs says, stays theirs.
func TestLevelChosenBeforeAdopting(t *testing.T) {
	theirs := opsitem.Level{Severity: 3, Priority: 4, Category: "Security"}
	tests := []struct {
		name string
		edit improvement.Edit
		want opsitem.Level
	}{
		{"nothing", improvement.Edit{}, theirs},
		{"severity", improvement.Edit{Severity: new(2)}, opsitem.Level{Severity: 2, Priority: 4, Category: "Security"}},
		{"a milder severity", improvement.Edit{Severity: new(4)}, opsitem.Level{Severity: 4, Priority: 4, Category: "Security"}},
		{"priority", improvement.Edit{Priority: new(1)}, opsitem.Level{Severity: 3, Priority: 1, Category: "Security"}},
		{"category", improvement.Edit{Category: new("Cost")}, opsitem.Level{Severity: 3, Priority: 4, Category: "Cost"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(p *product.Product) { p.Rules = product.Rules{} })
			oid := w.theirs(alarmARN)
			w.edit(oid, emulator.Edit{Priority: theirs.Priority, Category: theirs.Category})
			w.only = w.alarm("errors", signal.Firing, 1)
			if tt.edit != (improvement.Edit{}) {
				w.rate(tt.edit)
			}
			w.wait(time.Minute)
			w.decide(w.only, improvement.Decision{Verb: improvement.Accept})
			w.heal()
			it := w.item(oid)
			got := opsitem.Level{Severity: int(it.Severity[0] - '0'), Priority: it.Priority, Category: it.Category}
			if d := cmp.Diff(tt.want, got); d != "" || w.load(w.only).InForce() != tt.want {
				t.Errorf("here %+v, there (-want +got):\n%s", w.load(w.only).InForce(), d)
			}
		})
	}
}

// Theirs may be milder than the evidence: the same evidence again raises nothing, only worse evidence does.
func TestAdoptedIsMilderThanTheEvidence(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	oid := w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 2)
	w.run(iid, 1)
	for _, step := range []struct {
		fires int
		want  string
	}{{2, "3"}, {1, "1"}} {
		w.wait(time.Hour)
		w.alarm("errors", signal.Firing, step.fires)
		w.settle()
		if got := w.item(oid).Severity; got != step.want {
			t.Errorf("fires with severity %d: theirs says %s, want %s", step.fires, got, step.want)
		}
	}
}

// Somebody works on theirs already: so it is here, as of their acknowledgement.
func TestAdoptedInProgress(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	oid := w.theirs(alarmARN)
	w.console(oid, opsitem.InProgress)
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	if im := w.load(iid); im.Status != improvement.InProgress || im.OpsItem != oid {
		t.Errorf("%s, with %s", im.Status, im.OpsItem)
	}
	if d := cmp.Diff([]string{"OpsItem adopted: " + oid + ", from CloudWatch Alarms", "set InProgress in OpsCenter"}, w.said(iid, 2)); d != "" {
		t.Error(d)
	}
	if st := w.episode(iid, 1).Stages; st.Acknowledged.IsZero() || st.AcknowledgedBy == "" {
		t.Errorf("nobody acknowledged it: %+v", st)
	}
}

// Work that began here before theirs was found is told to theirs, which is only Open.
func TestAdoptedWhileInProgressHere(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	oid := w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 1)
	w.wait(time.Minute)
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	w.heal()
	if im := w.load(iid); im.Status != improvement.InProgress || w.item(oid).Status != "InProgress" {
		t.Errorf("%s here, %s there", im.Status, w.item(oid).Status)
	}
}

// Two functions that adopt the same at the same moment note it once.
func TestAdoptedOnce(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	oid := w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 1)
	other := *w.Service
	w.Center = &meanwhile{Center: w.Center, update: func() {
		w.wait(2 * time.Minute) // longer than the lease of an attempt
		if err := other.Run(t.Context(), iid, 1); err != nil {
			t.Error(err)
		}
	}}
	w.run(iid, 1)
	if d := cmp.Diff([]string{"OpsItem adopted: " + oid + ", from CloudWatch Alarms"}, w.said(iid, 2)); d != "" || len(w.items()) != 1 {
		t.Errorf("%s%d OpsItems", d, len(w.items()))
	}
}

// OpsCenter throttles the call that adopts: it is tried again.
func TestAdoptingIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	oid := w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 1)
	w.ops.Faults().Throttle("UpdateOpsItem", 1)
	w.run(iid, 1)
	if ep := w.episode(iid, 1); ep.Error != "OpsCenter is throttling." || ep.OpsItem != "" {
		t.Errorf("%q, %s", ep.Error, ep.OpsItem)
	}
	w.settle()
	if w.load(iid).OpsItem != oid || len(w.items()) != 1 {
		t.Errorf("%d OpsItems", len(w.items()))
	}
}

// Whose OpsItems about the same are related to ours, and whose are not.
func TestWhatIsRelated(t *testing.T) {
	tests := []struct {
		name  string
		there func(w *world, iid id.Improvement) string
		want  mirror.Outcome
	}{
		{"somebody else's", func(w *world, _ id.Improvement) string { return w.theirs(alarmARN) }, mirror.Alongside},
		{"one with the episode of another loop", func(w *world, _ id.Improvement) string {
			oid := w.theirs(alarmARN)
			w.keyed(oid, opsitem.KeyEpisode)
			return oid
		}, mirror.NotOurs},
		{"resolved before anybody looked", func(w *world, _ id.Improvement) string {
			oid := w.theirs(alarmARN)
			w.console(oid, opsitem.Resolved)
			return oid
		}, mirror.NotOurs},
		{"about a longer name", func(w *world, _ id.Improvement) string { return w.theirs(alarmARN + "-of-another") }, mirror.NotOurs},
		{"about no alarm", func(w *world, _ id.Improvement) string { return w.theirs("arn:aws:s3:::bucket") }, mirror.NotOurs},
		{"after ours was closed", func(w *world, iid id.Improvement) string {
			w.decide(iid, improvement.Decision{Verb: improvement.Ship})
			w.settle()
			w.forget()
			return w.theirs(alarmARN)
		}, mirror.NotOurs},
		{"after ours was deleted and let go", func(w *world, iid id.Improvement) string {
			for range 2 {
				oid := w.load(iid).OpsItem
				w.remove(oid)
				if _, err := w.Sync(w.t.Context(), oid, ""); err != nil {
					w.t.Fatal(err)
				}
				w.settle()
			}
			w.forget()
			return w.theirs(alarmARN)
		}, mirror.NotOurs},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
			iid := w.alarm("errors", signal.Firing, 1)
			w.run(iid, 1)
			w.wait(time.Minute)
			w.forget()
			oid := tt.there(w, iid)
			said := len(w.history(iid))
			for _, created := range []bool{true, false, true} { // doubled, and of a later change
				o, err := w.Hear(t.Context(), mirror.Word{OpsItem: oid, Created: created, Source: "CloudWatch Alarms"})
				if err != nil || created && len(w.history(iid)) == said && o != tt.want || !created && o != mirror.NotOurs {
					t.Errorf("created %v: %s, %v", created, o, err)
				}
			}
			want := 0
			if tt.want == mirror.Alongside {
				want = 1
			}
			if n := len(w.history(iid)) - said; n != want || len(w.episode(iid, 1).Related) != want {
				t.Errorf("%d lines, related to %v", n, w.episode(iid, 1).Related)
			}
		})
	}
}

// Ours names ten others, as many as OpsCenter takes; the eleventh changes nothing, and breaks no update.
func TestTenRelated(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	w.wait(time.Minute)
	w.forget()
	for n := range 11 {
		w.theirsFrom(fmt.Sprintf("Source %d", n), alarmARN)
		want := mirror.Alongside
		if n == 10 {
			want = mirror.NotOurs
		}
		if o := w.deliver(); len(o) != 1 || o[0] != want {
			t.Errorf("number %d: %v, want %s", n+1, o, want)
		}
	}
	w.heal()
	if n := len(w.item(w.load(iid).OpsItem).Related); n != 10 || len(w.said(iid, 2)) != 10 {
		t.Errorf("related to %d, %d lines", n, len(w.said(iid, 2)))
	}
}

// An order to file keeps its place when others' OpsItems are found meanwhile, and the adopted one is not related to itself.
func TestAdoptedIsNotItsOwnRelative(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	w.theirs(alarmARN)
	before, _, err := w.Center.ChangedSince(t.Context(), began.Add(-time.Hour), "")
	if err != nil || len(before) != 1 {
		t.Fatal(before, err)
	}
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	w.Center = &outdated{Center: w.Center, items: before} // without our keys
	if _, err := w.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ep := w.episode(iid, 1); len(ep.Related) != 0 || !ep.Adopted {
		t.Errorf("related to %v", ep.Related)
	}
}

// outdated lists what was there a moment ago.
type outdated struct {
	opsitem.Center
	items []opsitem.Item
}

func (o *outdated) ChangedSince(context.Context, time.Time, string) ([]opsitem.Item, string, error) {
	return o.items, "", nil
}

// Many alarms join at once: one update looks for others' OpsItems about five of them, the next ones for the rest.
func TestJoiningLooksForFewAtOnce(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) {
		p.Rules.Severity = 2
		p.Components = []product.Component{{Name: "Checkout", Rules: []signal.Rule{{Name: "errors"}, {Name: "more-*"}}}}
	})
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	const n = 8
	for i := range n {
		name := fmt.Sprintf("more-%d", i)
		w.theirs(strings.Replace(alarmARN, "errors", name, 1))
		w.wait(time.Second)
		if to := w.alarm(name, signal.Firing, 1); to != iid {
			t.Fatalf("another Improvement: %s", to)
		}
	}
	w.wait(20 * time.Minute)
	w.forget()
	w.run(iid, 1)
	if got := w.calls["DescribeOpsItems"]; got != 5 {
		t.Errorf("%d lists for one update", got)
	}
	w.settle()
	if got := len(w.item(w.load(iid).OpsItem).Related); got != n {
		t.Errorf("related to %d of %d", got, n)
	}
}
