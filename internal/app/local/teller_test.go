package local_test

import (
	"fmt"
	"time"

	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/store"
)

// seenIm is an Improvement as a story looks at it.
type seenIm struct {
	id, status, opsItem string
	episode             int
}

// only gives the product's one Improvement.
func (s *teller) only() seenIm {
	s.t.Helper()
	p, err := s.w.Store.ProductBySlug(s.t.Context(), "example")
	if err != nil {
		s.t.Fatal(err)
	}
	page, err := s.w.Store.ListImprovements(s.t.Context(), p.ID, store.ImprovementFilter{}, true, "", 10)
	if err != nil || len(page.Items) != 1 {
		s.t.Fatalf("%d Improvements, %v", len(page.Items), err)
	}
	im := page.Items[0]
	return seenIm{string(im.ID), string(im.Status), im.OpsItem, im.Episode}
}

func (s *teller) has(im seenIm, status string, episode int) {
	s.t.Helper()
	if im.status != status || im.episode != episode {
		s.t.Errorf("it is %s in episode %d, want %s in %d", im.status, im.episode, status, episode)
	}
}

// alarm lets an alarm say something new, ten minutes after whatever was before.
func (s *teller) alarm(name, state string) {
	s.t.Helper()
	s.pass(10 * time.Minute)
	at := s.clock()
	was := map[string]string{"ALARM": "OK", "OK": "ALARM"}[state]
	s.event(fmt.Sprintf(`{"version":"0","id":"e%d","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch","account":"111122223333",
"time":%q,"region":"us-east-1","resources":["arn:aws:cloudwatch:us-east-1:111122223333:alarm:%s"],
"detail":{"alarmName":%[3]q,"configuration":{"description":"[severity:1]","metrics":[{"id":"m","metricStat":{"metric":{"name":"n","namespace":"x","dimensions":{}},"period":60,"stat":"p99"},"returnData":true}]},
"previousState":{"value":%[4]q,"reason":"r","timestamp":"2026-03-04T09:00:00.000+0000"},
"state":{"value":%[5]q,"reason":"r","timestamp":%[6]q}}}`, at.Unix(), at.Format(time.RFC3339), name, was, state, at.Format("2006-01-02T15:04:05.000-0700")))
	s.settle()
}

// accepted gives an Improvement that a customer asked for, filed.
func (s *teller) accepted(words string) seenIm {
	s.t.Helper()
	fid := s.hears("AnyCompany", words)
	im := s.asStaff("POST", "/v1/improvements", fmt.Sprintf(`{"product":"example","title":"Export all","feedbackIds":[%q]}`, fid))["id"].(string)
	s.asStaff("POST", "/v1/improvements/"+im+"/decisions", `{"decision":"accept"}`)
	s.pass(time.Minute)
	return s.only()
}

// hears receives a complaint.
func (s *teller) hears(company, words string) string {
	s.t.Helper()
	code, out := s.send("POST", "/v1/feedback", fmt.Sprintf(`{"product":"example","kind":"problem","text":%q,"submitter":{"company":%q}}`, words, company))
	if code != 201 {
		s.t.Fatalf("%d %v", code, out)
	}
	s.settle()
	return out["id"].(string)
}

// complain attaches a complaint.
func (s *teller) complain(im, company, words string) {
	s.t.Helper()
	s.asStaff("POST", "/v1/improvements/"+im+"/feedback", fmt.Sprintf(`{"feedbackIds":[%q]}`, s.hears(company, words)))
}

func (s *teller) opsItem(oid string) emulator.Item {
	s.t.Helper()
	it, err := s.w.Emulator.Item(s.t.Context(), oid)
	if err != nil {
		s.t.Fatal(err)
	}
	return it
}

func (s *teller) opsItems() []emulator.Item {
	s.t.Helper()
	items, _, err := s.w.Emulator.List(s.t.Context(), emulator.Query{})
	if err != nil {
		s.t.Fatal(err)
	}
	return items
}

// says holds that an OpsItem has a status.
func (s *teller) says(oid, status string) {
	s.t.Helper()
	if it := s.opsItem(oid); it.Status != status {
		s.t.Errorf("%s is %s, want %s", oid, it.Status, status)
	}
}

func (s *teller) searchable(oid string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for _, d := range s.opsItem(oid).Data {
		out[d.Key] = d.Value
	}
	return out
}
