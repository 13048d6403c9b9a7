package local_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"learningloop/internal/config"
	"learningloop/internal/improvement"
	"learningloop/internal/store"
)

// complains has a customer report a problem with the checkout.
func (s *teller) complains(who, company string) {
	s.t.Helper()
	code, out := s.send("POST", "/v1/feedback", fmt.Sprintf(
		`{"product":"example","kind":"problem","text":"Nobody can pay.","submitter":{"email":%q,"company":%q,"hearBack":%v},"context":{"component":" checkout "}}`, who, company, who != ""))
	if code != 201 {
		s.t.Fatalf("complain: %d %v", code, out)
	}
}

// rings has an alarm of the checkout say something now.
func (s *teller) rings(name, state string) {
	s.t.Helper()
	s.event(ring(name, state, s.clock()))
}

func ring(name, state string, at time.Time) string {
	was := map[string]string{"ALARM": "OK", "OK": "ALARM"}[state]
	return fmt.Sprintf(`{"version":"0","id":"%[1]s-%[2]s-%[4]s","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch","account":"111122223333",
"time":%[4]q,"region":"us-east-1","resources":["arn:aws:cloudwatch:us-east-1:111122223333:alarm:%[1]s"],
"detail":{"alarmName":%[1]q,"configuration":{"description":"[severity:2]"},"previousState":{"value":%[3]q,"reason":"r","timestamp":"2026-03-04T09:00:00.000+0000"},
"state":{"value":%[2]q,"reason":"r","timestamp":%[5]q}}}`, name, state, was, at.Format(time.RFC3339), at.Format("2006-01-02T15:04:05.000-0700"))
}

func (s *teller) all() []improvement.Improvement {
	s.t.Helper()
	p, err := s.w.Store.ProductBySlug(s.t.Context(), "example")
	if err != nil {
		s.t.Fatal(err)
	}
	page, err := s.w.Store.ListImprovements(s.t.Context(), p.ID, store.ImprovementFilter{}, false, "", 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return page.Items
}

// mails gives the subjects of what somebody was sent.
func (s *teller) mailsTo(who string) (subjects []string) {
	s.t.Helper()
	mails, err := s.w.Inbox.List(1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range mails {
		if m.To == who {
			subjects = append(subjects, m.Subject)
		}
	}
	return subjects
}

const checkout = `{"components":[{"name":"Checkout","rules":[{"name":"checkout-*"}]}]}`

// An alarm, another one beside it, and everybody who complains in the same hour are one Improvement and one OpsItem,
// whoever came first.
func TestAnAlarmAndPeopleAreOneOpsItem(t *testing.T) {
	for seed := range uint64(6) {
		s := newTeller(t)
		s.asStaff("PUT", "/v1/products/example", checkout)
		at := s.clock()
		steps := []func(){
			func() { s.event(ring("checkout-p99", "ALARM", at)) },
			func() { s.event(ring("checkout-errors", "ALARM", at)) },
			func() { s.event(ring("checkout-p99", "ALARM", at)) }, // told twice
		}
		for i := range 12 {
			steps = append(steps, func() { s.complains(fmt.Sprintf("c%d@example.com", i), fmt.Sprintf("Company %d", i/2)) })
		}
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		for i, step := range steps {
			if step(); i%3 == 0 {
				s.settle()
			}
			s.later(2 * time.Minute)
		}
		s.pass(10 * time.Minute)
		ims, items := s.all(), s.opsItems()
		if len(ims) != 1 || len(items) != 1 {
			t.Fatalf("seed %d: %d Improvements, %d OpsItems", seed, len(ims), len(items))
		}
		if got := ims[0].Evidence.Words(); got != "2 incidents, 12 complaints, 6 companies" {
			t.Errorf("seed %d: %s", seed, got)
		}
		// Whoever asked is told what becomes of it, and the alarms' recoveries find their way.
		s.event(ring("checkout-p99", "OK", s.clock()))
		s.event(ring("checkout-errors", "OK", s.clock()))
		s.settle()
		im := s.all()[0]
		if im.Evidence.Signals != 4 || len(s.all()) != 1 {
			t.Errorf("seed %d: %d signals", seed, im.Evidence.Signals)
		}
		s.asStaff("POST", "/v1/improvements/"+string(im.ID)+"/decisions", `{"decision":"ship","release":"7"}`)
		s.pass(10 * time.Minute)
		if got := s.mailsTo("c7@example.com"); !slices.ContainsFunc(got, func(m string) bool {
			return strings.Contains(m, "Shipped") || strings.Contains(m, "Done") || len(got) >= 3
		}) {
			t.Errorf("seed %d: c7 was told %q", seed, got)
		}
	}
}

// Three customers who cannot pay stop the line: an OpsItem of severity 1 at once, which a person stands down.
func TestAndonStory(t *testing.T) {
	s := newTeller(t)
	s.asStaff("PUT", "/v1/products/example", `{"components":[{"name":"Checkout"}],"andon":{"people":3,"minutes":30}}`)
	for range 5 {
		s.complains("loud@example.com", "AnyCompany") // one person is one person
	}
	s.complains("", "")
	s.complains("second@example.com", "AnyCompany")
	s.pass(5 * time.Minute)
	if n := len(s.opsItems()); n != 0 {
		t.Fatalf("%d OpsItems of two people", n)
	}
	s.complains("third@example.com", "Example Corp")
	s.pass(time.Minute)
	items := s.opsItems()
	if len(items) != 1 || items[0].Severity != "1" || items[0].Title != "3 people report problems with Checkout" {
		t.Fatalf("filed: %+v", items)
	}
	im := s.all()[0]
	whole := s.asStaff("GET", "/v1/improvements/"+string(im.ID), "")
	first, _ := whole["history"].([]any)[0].(map[string]any)
	if first["by"] != "rule: andon: 3 people reported problems with Checkout within 30 minutes" || whole["evidenceWords"] != "8 complaints, 2 companies" {
		t.Errorf("by %q, %q", first["by"], whole["evidenceWords"])
	}
	s.complains("fourth@example.com", "Example Corp")
	s.pass(time.Minute)
	whole = s.asStaff("POST", "/v1/improvements/"+string(im.ID)+"/stand-down", `{"reason":"The bank was down, not we."}`)
	if andon, _ := whole["andon"].(map[string]any); andon["up"] != false || whole["evidenceWords"] != "9 complaints, 2 companies" {
		t.Errorf("stood down: %v, %v", whole["andon"], whole["evidenceWords"])
	}
	s.pass(time.Minute)
	if got := s.opsItems()[0].Severity; got != "2" {
		t.Errorf("stood down, its severity is %s, not what the evidence says", got)
	}
	for _, who := range []string{"loud@example.com", "second@example.com", "third@example.com", "fourth@example.com"} {
		s.complains(who, "AnyCompany")
	}
	s.pass(time.Minute)
	if ims := s.all(); len(ims) != 1 || ims[0].AndonUp() || len(s.opsItems()) != 1 {
		t.Errorf("the same people pull it again: %d Improvements, up %v", len(ims), ims[0].AndonUp())
	}
}

// People who stop the line over what an alarm raised make its OpsItem worse, not another one; an alarm's recovery alone
// does not end what people asked for.
func TestAndonOverAnAlarm(t *testing.T) {
	s := newTeller(t)
	s.asStaff("PUT", "/v1/products/example", `{"components":[{"name":"Checkout","rules":[{"name":"checkout-*"}]}],"andon":{"people":3}}`)
	s.rings("checkout-p99", "ALARM")
	s.pass(time.Minute)
	severity := func() string {
		t.Helper()
		items := s.opsItems()
		if len(items) != 1 {
			t.Fatalf("%d OpsItems", len(items))
		}
		return items[0].Severity + " " + items[0].Status
	}
	if got := severity(); got != "2 Open" {
		t.Errorf("filed: %s", got)
	}
	for i := range 3 {
		s.complains(fmt.Sprintf("c%d@example.com", i), "AnyCompany")
		s.pass(time.Minute)
	}
	if got := severity(); got != "1 Open" {
		t.Errorf("with the andon pulled: %s", got)
	}
	s.rings("checkout-p99", "OK")
	s.pass(20 * time.Minute)
	if got := severity(); got != "1 Open" {
		t.Errorf("the alarm is OK again: %s", got)
	}
	im := s.all()[0]
	s.asStaff("POST", "/v1/improvements/"+string(im.ID)+"/stand-down", `{"reason":"It is over."}`)
	s.pass(time.Minute)
	if got := severity(); got != "2 Open" {
		t.Errorf("stood down: %s", got)
	}
}

// In a maintenance window alarms alert nobody; what fires still when it is over is filed then.
func TestMaintenanceWindowStory(t *testing.T) {
	s := newTeller(t)
	s.asStaff("PUT", "/v1/products/example", checkout)
	s.rings("checkout-open", "ALARM")
	s.pass(time.Minute)
	if n := len(s.opsItems()); n != 1 {
		t.Fatalf("%d OpsItems before the window", n)
	}
	s.asStaff("POST", "/v1/products/example/mutes", fmt.Sprintf(`{"component":"checkout","from":%q,"to":%q,"reason":"New database"}`,
		s.clock().Format(time.RFC3339), s.clock().Add(2*time.Hour).Format(time.RFC3339)))
	s.later(20 * time.Minute)
	s.rings("checkout-brief", "ALARM")
	s.rings("checkout-long", "ALARM")
	s.pass(10 * time.Minute)
	s.rings("checkout-brief", "OK")
	s.rings("checkout-open", "OK") // a recovery still ends what was open
	s.complains("a@example.com", "AnyCompany")
	s.pass(10 * time.Minute)
	for range 3 {
		s.schedule(config.ScheduleTriageSweep)
		s.pass(15 * time.Minute)
	}
	if ims := s.all(); len(ims) != 1 || ims[0].Evidence.Signals != 2 {
		t.Fatalf("in the window: %d Improvements", len(ims))
	}
	muted := s.asStaff("GET", "/v1/products/example/mutes", "")["items"].([]any)[0].(map[string]any)
	if muted["mutedNow"] != true || muted["by"] == "" {
		t.Errorf("shown: %v", muted)
	}
	kept := s.asStaff("GET", "/v1/feedback?product=example&kind=signal", "")["items"].([]any)
	silent := 0
	for _, it := range kept {
		if f, _ := it.(map[string]any); f["muted"] != nil {
			silent++
		}
	}
	if len(kept) != 5 || silent != 2 {
		t.Errorf("%d kept, %d of them muted", len(kept), silent)
	}
	// A person is never muted: their word joins what was open before.
	if got := s.all()[0].Evidence.Words(); got != "1 incident, 1 complaint, 1 company" {
		t.Errorf("in the window: %s", got)
	}
	if queue, _ := s.asStaff("GET", "/v1/queue?product=example", "")["items"].([]any); len(queue) != 0 {
		t.Errorf("%d in the queue", len(queue))
	}
	s.later(2 * time.Hour)
	s.schedule(config.ScheduleTriageSweep)
	s.pass(10 * time.Minute)
	var titles []string
	for _, im := range s.all() {
		titles = append(titles, im.Title)
	}
	slices.Sort(titles)
	if strings.Join(titles, ", ") != "checkout-long is in alarm, checkout-open is in alarm" || len(s.opsItems()) != 2 {
		t.Errorf("after the window: %v, %d OpsItems", titles, len(s.opsItems()))
	}
}
