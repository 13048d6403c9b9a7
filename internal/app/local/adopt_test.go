package local_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"learningloop/internal/opscenter/emulator"
)

// TestAdoptedOpsItem tells of an alarm whose own action files an OpsItem before the loop hears of it: there is one OpsItem,
// theirs, which carries the loop's keys and counts the complaints that follow. What its operators do there counts here.
func TestAdoptedOpsItem(t *testing.T) {
	s := newTeller(t)
	theirs := s.filedByAlarm("slow")
	s.alarm("slow", "ALARM")

	im := s.only()
	if im.opsItem != theirs || len(s.opsItems()) != 1 {
		t.Fatalf("%s instead of %s, %d OpsItems", im.opsItem, theirs, len(s.opsItems()))
	}
	if it := s.opsItem(theirs); it.Title != "CloudWatch alarm - 'slow' is in ALARM state" || it.Severity != "4" {
		t.Errorf("it is not theirs any more: %s, severity %s", it.Title, it.Severity)
	}
	s.complain(im.id, "AnyCompany", "It hangs.")
	s.pass(time.Hour)
	if got := s.searchable(theirs)["learningloop-evidence"]; got != "1 incident, 1 complaint, 1 company" {
		t.Errorf("evidence %q", got)
	}
	s.operator(theirs, "InProgress")
	s.has(s.only(), "inProgress", 1)
	s.asStaff("POST", "/v1/improvements/"+im.id+"/decisions", `{"decision":"ship"}`)
	s.pass(time.Minute)
	s.says(theirs, "Resolved")
}

// TestTheirsAfterOurs is the other order: theirs is told of and related, and ours stays the only one of the episode.
func TestTheirsAfterOurs(t *testing.T) {
	s := newTeller(t)
	s.alarm("slow", "ALARM")
	ours := s.only().opsItem
	theirs := s.filedByAlarm("slow")
	s.pass(time.Minute)
	if it := s.opsItem(ours); s.only().opsItem != ours || len(it.Related) != 1 || it.Related[0] != theirs {
		t.Errorf("ours is related to %v", it.Related)
	}
}

// filedByAlarm lets an alarm's own action file an OpsItem, as CloudWatch does.
func (s *teller) filedByAlarm(name string) string {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://127.0.0.1:8081"+emulator.ControlPath+"alarm-action", strings.NewReader(fmt.Sprintf(
		`{"actionArn":"arn:aws:ssm:us-east-1:111122223333:opsitem:4","event":{"source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change",
		"resources":["arn:aws:cloudwatch:us-east-1:111122223333:alarm:%s"],"detail":{"alarmName":%q,"state":{"value":"ALARM","reason":"r"},"previousState":{"value":"OK"}}}}`, name, name)))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.w.AWS().ServeHTTP(rec, r)
	var out struct{ OpsItemId string } //nolint:revive // AWS's name
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || out.OpsItemId == "" {
		s.t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if err := s.w.Emulator.Drain(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return out.OpsItemId
}
