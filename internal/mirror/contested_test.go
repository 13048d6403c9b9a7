package mirror_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// heal delivers what waits, lets the orders run and reconciles, until both sides have said all.
func (w *world) heal() {
	w.t.Helper()
	for range 2 {
		w.settle()
		w.deliver()
		if _, err := w.Reconcile(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	w.settle()
}

// pull has n people report problems with a component at once.
func (w *world) pull(component string, n int) {
	w.t.Helper()
	say := &feedback.Service{Store: w.st, People: []byte("key"), Now: w.now, Rand: w.rand}
	pieces := make([]feedback.Feedback, n)
	for i := range pieces {
		f, err := say.Submit(w.t.Context(), feedback.Draft{
			Product: "shop", Kind: feedback.Problem, Text: "It is broken.", Context: feedback.Context{Component: component},
			Submitter: feedback.DraftSubmitter{Email: fmt.Sprintf("p%d@example.com", i)},
		}, "", feedback.API)
		if err != nil {
			w.t.Fatal(err)
		}
		pieces[i] = f
	}
	if _, err := w.team.Watch(w.t.Context(), w.p, pieces); err != nil {
		w.t.Fatal(err)
	}
}

// raised gives what an alarm of severity 3 raised, filed by a rule.
func (w *world) raised() (id.Improvement, string) {
	w.t.Helper()
	w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
	iid := w.alarm("errors", signal.Firing, 3)
	w.run(iid, 1)
	return iid, w.load(iid).OpsItem
}

// checkout has alarms named errors be about a component, and three people stop its line.
func (w *world) checkout() {
	w.rules(func(p *product.Product) {
		p.Rules.Severity = 3
		p.Andon = product.Andon{People: 3, Minutes: 60}
		p.Components = []product.Component{{Name: "Checkout", Rules: []signal.Rule{{Name: "errors"}}}}
	})
}

// name adds an ARN to what an OpsItem is about, as an operator does.
func (w *world) name(oid, arn string) {
	w.t.Helper()
	list := `[{"arn":"` + arn + `"}]`
	if there := w.data(oid)["/aws/resources"]; there != "" {
		list = strings.TrimSuffix(there, "]") + "," + list[1:]
	}
	_, err := w.client.UpdateOpsItem(w.t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &oid, OperationalData: map[string]types.OpsItemDataValue{
		"/aws/resources": {Type: types.OpsItemDataTypeSearchableString, Value: aws.String(list)},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// Evidence never beats what an operator set as bad or worse, seen or not.
func TestEvidenceBeatsNoOperator(t *testing.T) {
	for _, lost := range []int{0, 1} {
		w := newWorld(t)
		iid, oid := w.filed()
		w.ops.Faults().LoseEvents(lost)
		w.edit(oid, emulator.Edit{Priority: 1})
		w.wait(time.Second)
		for i := range 12 {
			w.complain(iid, fmt.Sprintf("Company %d", i), "Rows are missing here, too.")
		}
		w.heal()
		if w.item(oid).Priority != 1 || w.load(iid).InForce().Priority != 1 {
			t.Errorf("priority 1 became %d", w.item(oid).Priority)
		}
	}
	w := newWorld(t)
	iid, oid := w.raised()
	w.edit(oid, emulator.Edit{Severity: "1"})
	w.wait(time.Second)
	w.alarm("errors", signal.Firing, 2)
	w.heal()
	if w.item(oid).Severity != "1" || w.load(iid).InForce().Severity != 1 {
		t.Errorf("severity 1 became %s", w.item(oid).Severity)
	}
}

// A retry looks first: what an operator set while OpsCenter throttled us is later than the decision.
func TestRetryBeatsNoOperator(t *testing.T) {
	for _, lost := range []int{0, 1} {
		w := newWorld(t)
		iid, oid := w.filed()
		w.decide(iid, improvement.Decision{Verb: improvement.Start})
		w.ops.Faults().Throttle("UpdateOpsItem", 1)
		w.run(iid, 1)
		w.ops.Faults().LoseEvents(lost)
		w.console(oid, opsitem.Resolved)
		w.run(iid, 1)
		w.heal()
		if w.load(iid).Status != improvement.Shipped || w.item(oid).Status != "Resolved" {
			t.Errorf("the later word lost: %s, %s", w.load(iid).Status, w.item(oid).Status)
		}
		if h := w.said(iid, 3); !slices.Equal(h, []string{"set Resolved in OpsCenter"}) {
			t.Errorf("%q", h)
		}
	}
}

// What was tried, maybe came through, and was taken back here, is nobody's word when it is seen there.
func TestTakenBackAfterALostAnswer(t *testing.T) {
	lost := emulator.Fault{After: true}
	t.Run("a level", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.only = iid
		w.rate(improvement.Edit{Severity: new(1)})
		w.ops.Faults().FailNext("UpdateOpsItem", 1, lost)
		w.run(iid, 1)
		w.rate(improvement.Edit{Severity: new(2)})
		w.heal()
		if w.item(oid).Severity != "2" || w.load(iid).InForce().Severity != 2 || len(w.said(iid, 4)) != 0 {
			t.Errorf("%s there, %d here, %q", w.item(oid).Severity, w.load(iid).InForce().Severity, w.said(iid, 2))
		}
	})
	t.Run("words and keys", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.only = iid
		w.rate(improvement.Edit{Outcome: new("Exports end")})
		w.ops.Faults().FailNext("UpdateOpsItem", 1, lost)
		w.run(iid, 1)
		w.rate(improvement.Edit{Outcome: new("")})
		w.heal()
		if w.data(oid)[opsitem.KeyGoal] != "" || strings.Contains(w.described(oid), "Exports end") {
			t.Errorf("it says still what was taken back: %q", w.described(oid))
		}
	})
	t.Run("a status, as an alarm flaps", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
		iid := w.alarm("errors", signal.Firing, 1)
		w.run(iid, 1)
		w.wait(10 * time.Minute)
		w.alarm("errors", signal.Recovered, 1)
		w.ops.Faults().FailNext("UpdateOpsItem", 1, lost)
		w.run(iid, 1)
		w.wait(time.Second)
		w.alarm("errors", signal.Firing, 1)
		w.heal()
		if im := w.load(iid); im.Status != improvement.Accepted || w.item(im.OpsItem).Status != "Open" {
			t.Errorf("the alarm fires, and it is %s, the OpsItem %s", im.Status, w.item(im.OpsItem).Status)
		}
	})
}

// The same while the answer is on its way, and somebody looks at the OpsItem in between.
func TestTakenBackOnItsWay(t *testing.T) {
	for _, adopted := range []bool{false, true} {
		for _, how := range []string{"event", "reconcile"} {
			t.Run(fmt.Sprint(how, " adopted ", adopted), func(t *testing.T) {
				w := newWorld(t)
				w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
				if adopted {
					w.theirs(alarmARN)
				}
				iid := w.alarm("errors", signal.Firing, 1)
				w.run(iid, 1)
				w.wait(10 * time.Minute)
				w.settle()
				w.forget()
				w.alarm("errors", signal.Recovered, 1)
				w.Center = &meanwhile{Center: w.Center, update: func() {
					w.wait(time.Second)
					w.alarm("errors", signal.Firing, 1)
					if how == "event" {
						w.deliver()
					} else if _, err := w.Reconcile(t.Context()); err != nil {
						t.Fatal(err)
					}
				}}
				w.run(iid, 1)
				w.heal()
				if im := w.load(iid); im.Status != improvement.Accepted || w.item(im.OpsItem).Status != "Open" {
					t.Errorf("the alarm fires: %s, %s, %q", im.Status, w.item(im.OpsItem).Status, w.said(iid, 2))
				}
				if h := strings.Join(w.said(iid, 2), "\n"); strings.Contains(h, "in OpsCenter") {
					t.Errorf("our own word is taken for somebody's: %s", h)
				}
			})
		}
	}
}

// An attempt that OpsCenter refused set nothing: who sets the same there afterwards is a person.
func TestOperatorSetsWhatWasRefused(t *testing.T) {
	w := newWorld(t)
	iid, oid := w.filed()
	w.only = iid
	w.rate(improvement.Edit{Severity: new(1)})
	w.decide(iid, improvement.Decision{Verb: improvement.Start})
	w.ops.Faults().Throttle("UpdateOpsItem", 1)
	w.run(iid, 1)
	w.wait(time.Second)
	w.rate(improvement.Edit{Severity: new(3)})
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.wait(time.Second)
	w.edit(oid, emulator.Edit{Severity: "1"})
	w.console(oid, opsitem.InProgress)
	w.deliver()
	w.heal()
	if it := w.item(oid); it.Severity != "1" || it.Status != "InProgress" || w.load(iid).Status != improvement.InProgress {
		t.Errorf("the later one lost: severity %s, %s; %q", it.Severity, it.Status, w.said(iid, 2))
	}
}

// People stop the line after an operator rated it, whose word was not seen yet: the andon is the later one.
func TestAndonBeatsAnEarlierOperator(t *testing.T) {
	w := newWorld(t)
	w.checkout()
	iid := w.alarm("errors", signal.Firing, 2)
	w.run(iid, 1)
	oid := w.load(iid).OpsItem
	w.wait(time.Second)
	w.edit(oid, emulator.Edit{Severity: "4"})
	w.wait(time.Second)
	w.pull("Checkout", 3)
	w.wait(time.Second)
	w.heal()
	if w.item(oid).Severity != "1" || w.load(iid).InForce().Severity != 1 {
		t.Errorf("the andon is up, and the severity is %s there, %d here", w.item(oid).Severity, w.load(iid).InForce().Severity)
	}
	if h := strings.Join(w.said(iid, 2), "\n"); !strings.Contains(h, "set severity 4 in OpsCenter: not taken over: 1 was set here later") {
		t.Error(h)
	}
	w.edit(oid, emulator.Edit{Severity: "3"}) // whoever rates it afterwards knows of the andon
	w.heal()
	if w.item(oid).Severity != "3" || w.load(iid).InForce().Severity != 3 {
		t.Errorf("an operator's later word: %s there, %d here", w.item(oid).Severity, w.load(iid).InForce().Severity)
	}
}

// A level that somebody else's OpsItem came with is theirs until it gets worse, or people stop the line.
func TestAdoptedLevelMoves(t *testing.T) {
	t.Run("worse evidence", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(p *product.Product) { p.Rules.Severity = 3 })
		oid := w.theirs(alarmARN)
		iid := w.alarm("errors", signal.Firing, 3)
		w.run(iid, 1)
		w.wait(time.Minute)
		w.alarm("errors", signal.Firing, 1)
		w.heal()
		if w.item(oid).Severity != "1" || w.load(iid).InForce().Severity != 1 {
			t.Errorf("%s there, %d here", w.item(oid).Severity, w.load(iid).InForce().Severity)
		}
	})
	t.Run("an andon, stood down", func(t *testing.T) {
		w := newWorld(t)
		w.checkout()
		oid := w.theirs(alarmARN)
		iid := w.alarm("errors", signal.Firing, 3)
		w.run(iid, 1)
		w.pull("Checkout", 3)
		w.settle()
		if w.item(oid).Severity != "1" {
			t.Fatalf("andon: %s", w.item(oid).Severity)
		}
		if _, err := w.team.StandDown(t.Context(), iid, "a drill", ana); err != nil {
			t.Fatal(err)
		}
		w.heal()
		if here := fmt.Sprint(w.load(iid).InForce().Severity); here == "1" || w.item(oid).Severity != here {
			t.Errorf("stood down: %s there, %s here", w.item(oid).Severity, here)
		}
	})
}

// What others say an OpsItem is about stays, whoever filed it, and whether or not their event arrives.
func TestResourcesOfOthersStay(t *testing.T) {
	const culprit = "arn:aws:s3:::culprit"
	for _, adopted := range []bool{false, true} {
		for _, lost := range []int{0, 1} {
			w := newWorld(t)
			w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
			if adopted {
				w.name(w.theirs(alarmARN), "arn:aws:ec2:us-east-1:111122223333:instance/i-2")
			}
			iid := w.alarm("errors", signal.Firing, 1)
			w.run(iid, 1)
			oid := w.load(iid).OpsItem
			w.settle()
			w.wait(time.Minute)
			w.forget()
			w.ops.Faults().LoseEvents(lost)
			w.name(oid, culprit)
			w.heal()
			w.alarm("slow", signal.Firing, 1)
			w.complain(iid, "AnyCompany", "Nothing works.")
			w.wait(time.Hour)
			w.heal()
			about := w.data(oid)["/aws/resources"]
			if !strings.Contains(about, culprit) || !strings.Contains(about, alarmARN) || adopted && !strings.Contains(about, "i-2") {
				t.Errorf("adopted %v, lost %d: %s", adopted, lost, about)
			}
		}
	}
}

// An event decides nothing: neither a forged time nor one that comes late.
func TestEventsDecideNothing(t *testing.T) {
	t.Run("a time to come", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		if _, err := w.Hear(t.Context(), mirror.Word{OpsItem: oid, By: "arn:forger", CreatedBy: "x", Status: opsitem.Resolved, At: began.AddDate(500, 0, 0)}); err != nil {
			t.Fatal(err)
		}
		w.console(oid, opsitem.InProgress)
		w.heal()
		if d := cmp.Diff([]string{"set InProgress in OpsCenter"}, w.said(iid, 2)); d != "" {
			t.Error(d)
		}
	})
	t.Run("there and back", func(t *testing.T) {
		w := newWorld(t)
		iid, oid := w.filed()
		w.console(oid, opsitem.InProgress)
		w.console(oid, opsitem.Open)
		e := w.forget()
		w.mu.Lock()
		w.events = []event{e[1], e[0], e[1]}
		w.mu.Unlock()
		w.heal()
		if h := strings.Join(w.said(iid, 2), "\n"); strings.Contains(h, "later decision") {
			t.Errorf("the history names a decision that nobody took: %s", h)
		}
	})
}
