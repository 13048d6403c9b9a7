package mirror_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// theirs files what CloudWatch's own alarm action files.
func (w *world) theirs(arn string) string {
	w.t.Helper()
	return w.theirsFrom("CloudWatch Alarms", arn)
}

func (w *world) theirsFrom(source, arn string) string {
	w.t.Helper()
	out, err := w.client.CreateOpsItem(w.t.Context(), &ssm.CreateOpsItemInput{
		Title: aws.String("CloudWatch alarm - 'errors' is in ALARM state"), Description: aws.String("CloudWatch Alarm State Change"), Source: &source,
		Severity: aws.String("3"), OperationalData: map[string]types.OpsItemDataValue{
			"/aws/resources": {Type: types.OpsItemDataTypeSearchableString, Value: aws.String(`[{"arn":"` + arn + `"}]`)},
			"/aws/dedup":     {Type: types.OpsItemDataTypeSearchableString, Value: aws.String(`{"dedupString":"` + source + ` - errors"}`)},
		},
	}, func(o *ssm.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("SERVICE", "secret", "") // another principal than ours
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return aws.ToString(out.OpsItemId)
}

// describe words an OpsItem anew under an operator's own access key.
func (w *world) describe(oid, description string) {
	w.t.Helper()
	_, err := w.client.UpdateOpsItem(w.t.Context(), &ssm.UpdateOpsItemInput{OpsItemId: &oid, Description: &description}, func(o *ssm.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("OPERATOR", "secret", "")
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// An OpsItem that the alarm's own action filed is adopted: one OpsItem, with their title and our keys, in two calls.
func TestAdopted(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	w.theirs(alarmARN + "-of-another")
	oid := w.theirs(alarmARN)
	iid := w.alarm("errors", signal.Firing, 1)
	w.wait(time.Minute)
	w.forget()
	w.run(iid, 1)
	w.mu.Lock()
	if d := cmp.Diff(map[string]int{"DescribeOpsItems": 1, "UpdateOpsItem": 1}, w.calls); d != "" {
		t.Errorf("calls:\n%s", d)
	}
	w.mu.Unlock()
	it, im := w.item(oid), w.load(iid)
	if im.OpsItem != oid || len(w.items()) != 2 || w.data(oid)[opsitem.KeyEpisode] != string(iid)+"/1" {
		t.Fatalf("%+v %+v", im, it)
	}
	if it.Title != "CloudWatch alarm - 'errors' is in ALARM state" || it.Description != "CloudWatch Alarm State Change" || it.Severity != "3" {
		t.Errorf("theirs became %+v", it)
	}
	if h := w.said(iid, 2); len(h) != 1 || h[0] != "OpsItem adopted: "+oid+", from CloudWatch Alarms" {
		t.Errorf("%q", h)
	}
	// New evidence updates our keys and leaves theirs alone; status goes both ways; an edit here is a person's.
	w.complain(iid, "AnyCompany", "Nothing works.")
	w.settle()
	w.wait(time.Hour)
	w.settle()
	if it = w.item(oid); it.Description != "CloudWatch Alarm State Change" || it.Severity != "3" || w.data(oid)[opsitem.KeyEvidence] != "1 incident, 1 complaint, 1 company" {
		t.Errorf("after evidence: %+v", it)
	}
	w.forget()
	w.ops.Faults().LoseEvents(1)
	w.console(oid, opsitem.InProgress)
	if took, err := w.Reconcile(t.Context()); took != 1 || err != nil || w.load(iid).Status != improvement.InProgress {
		t.Errorf("theirs is not read: %d, %v", took, err)
	}
	w.only = iid
	w.rate(improvement.Edit{Severity: new(2)})
	w.decide(iid, improvement.Decision{Verb: improvement.Ship})
	w.settle()
	if it = w.item(oid); it.Status != "Resolved" || it.Severity != "2" {
		t.Errorf("%+v", it)
	}
}

// Theirs comes after ours: told of once, related, and not doubled, whether the event arrives or not.
func TestTheirsComesLater(t *testing.T) {
	for _, lost := range []bool{false, true} {
		w := newWorld(t)
		w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
		iid := w.alarm("errors", signal.Firing, 1)
		w.run(iid, 1)
		w.deliver()
		if _, err := w.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.wait(time.Minute)
		if lost {
			w.ops.Faults().LoseEvents(1)
		}
		oid := w.theirs(alarmARN)
		if o := w.deliver(); !lost && (len(o) != 1 || o[0] != mirror.Alongside) {
			t.Errorf("%v", o)
		}
		for range 2 {
			if _, err := w.Reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.settle()
		ours := w.item(w.load(iid).OpsItem)
		if len(ours.Related) != 1 || ours.Related[0] != oid || len(w.items()) != 2 {
			t.Errorf("related to %v", ours.Related)
		}
		if h := w.said(iid, 2); len(h) != 1 || h[0] != "another OpsItem about the same: "+oid+", from CloudWatch Alarms; related" {
			t.Errorf("%q", h)
		}
	}
}

// The same of an alarm that was heard only after ours was filed.
func TestTheirsOfALaterAlarm(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) {
		p.Rules.Severity = 2
		p.Components = []product.Component{{Name: "Checkout", Rules: []signal.Rule{{Name: "errors"}, {Name: "latency"}}}}
	})
	iid := w.alarm("errors", signal.Firing, 1)
	w.run(iid, 1)
	w.wait(time.Minute)
	if second := w.alarm("latency", signal.Firing, 1); second != iid {
		t.Fatalf("another Improvement: %s", second)
	}
	w.settle()
	w.deliver()
	oid := w.theirs(strings.Replace(alarmARN, "errors", "latency", 1))
	if o := w.deliver(); len(o) != 1 || o[0] != mirror.Alongside {
		t.Errorf("%v", o)
	}
	w.settle()
	if ours := w.item(w.load(iid).OpsItem); len(ours.Related) != 1 || ours.Related[0] != oid || len(ours.Resources) != 2 {
		t.Errorf("related to %v, about %v", ours.Related, ours.Resources)
	}
}

// Two functions file the same episode at the same moment.
func TestTwoServicesFileOne(t *testing.T) {
	for range 5 {
		w := newWorld(t)
		w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
		for _, iid := range []string{string(w.accepted()), string(w.alarm("errors", signal.Firing, 1))} {
			other := *w.Service
			w.ops.Faults().Latency("CreateOpsItem", 3*time.Millisecond)
			var g sync.WaitGroup
			for _, s := range []*mirror.Service{w.Service, &other} {
				for range 3 {
					g.Go(func() {
						if _, err := s.Sweep(context.WithoutCancel(t.Context())); err != nil {
							t.Error(err)
						}
					})
				}
			}
			g.Wait()
			w.settle()
			_ = iid
		}
		if n := len(w.items()); n != 2 {
			t.Errorf("%d OpsItems of two episodes", n)
		}
	}
}

// A storm of throttling ends with everything filed, once.
func TestThrottlingStorm(t *testing.T) {
	w := newWorld(t)
	w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
	const n = 30
	for i := range n {
		if i%2 == 0 {
			w.accepted()
			continue
		}
		w.alarm("errors-"+string(rune('a'+i)), signal.Firing, 1)
	}
	for range 12 {
		w.ops.Faults().Throttle("CreateOpsItem", 7)
		w.ops.Faults().Throttle("DescribeOpsItems", 5)
		if _, err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.wait(20 * time.Minute)
	}
	w.ops.Faults().Clear()
	w.settle()
	if got := len(w.items()); got != n {
		t.Errorf("%d of %d filed", got, n)
	}
}

// The OpsItem that another alarm's own action filed is related as soon as the alarm is told to have joined, whether its
// event arrives, was long before, or never comes.
func TestTheirsOfAnAlarmThatJoins(t *testing.T) {
	latency := strings.Replace(alarmARN, "errors", "latency", 1)
	for name, before := range map[string]bool{"before it is filed": true, "after": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(p *product.Product) {
				p.Rules.Severity = 2
				p.Components = []product.Component{{Name: "Checkout", Rules: []signal.Rule{{Name: "errors"}, {Name: "latency"}}}}
			})
			iid := w.alarm("errors", signal.Firing, 1)
			if !before {
				w.run(iid, 1)
				w.wait(time.Minute)
			}
			w.ops.Faults().LoseEvents(1)
			theirs := w.theirs(latency)
			w.theirs(latency + "-of-another")
			w.wait(20 * time.Minute) // what changed then is behind the watermark
			w.theirs(alarmARN + "-of-another")
			if _, err := w.Reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.alarm("latency", signal.Firing, 1)
			w.heal()
			ours := w.item(w.load(iid).OpsItem)
			if d := cmp.Diff([]string{theirs}, ours.Related); d != "" {
				t.Errorf("related: %s; %q", d, w.said(iid, 2))
			}
			w.forget()
			w.complain(iid, "AnyCompany", "Nothing works.")
			w.settle()
			if w.calls["DescribeOpsItems"] != 0 {
				t.Errorf("looked for it again: %v", w.calls)
			}
		})
	}
}

// Findings and incidents of other services are adopted like an alarm's OpsItem.
func TestFindingsAreAdopted(t *testing.T) {
	for source, arn := range map[string]string{
		"Security Hub":     "arn:aws:securityhub:us-east-1:111122223333:subscription/cis/v/1.2.0/1.1/finding/a1b2",
		"Incident Manager": alarmARN, // an incident's OpsItem names the alarm that began it
		"GuardDuty":        "arn:aws:guardduty:us-east-1:111122223333:detector/d1/finding/f1",
	} {
		w := newWorld(t)
		w.rules(func(p *product.Product) { p.Rules.Severity = 2 })
		theirs := w.theirsFrom(source, arn)
		say := &feedback.Service{Store: w.st, People: []byte("key"), Now: w.now, Rand: w.rand}
		f, err := say.Receive(t.Context(), w.p.ID, signal.Signal{
			ID: id.Hash(26, arn), Key: "finding/" + arn, Name: "open port", Title: "A port is open", State: signal.Firing, Severity: 2, Time: w.now(),
			Category: signal.Security, Resources: []string{"arn:aws:ec2:us-east-1:111122223333:instance/i-1", arn},
		})
		if err != nil {
			t.Fatal(err)
		}
		iid, err := w.team.AttachSignal(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		w.heal()
		if im := w.load(iid); im.OpsItem != theirs || len(w.items()) != 1 || w.data(theirs)[opsitem.KeyImprovement] != string(iid) {
			t.Errorf("%s: %s is not adopted, but %s", source, theirs, im.OpsItem)
		}
	}
}
