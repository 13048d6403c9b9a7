package local_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
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

// filedByAlarm files what CloudWatch's alarm action does.
func (s *teller) filedByAlarm(name string) string {
	s.t.Helper()
	srv := httptest.NewServer(http.Handler(s.w.Emulator))
	defer srv.Close()
	client := ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: &srv.URL, Retryer: aws.NopRetryer{}, Credentials: credentials.NewStaticCredentialsProvider("CLOUDWATCH", "secret", ""),
	})
	out, err := client.CreateOpsItem(s.t.Context(), &ssm.CreateOpsItemInput{
		Title: aws.String("CloudWatch alarm - '" + name + "' is in ALARM state"), Description: aws.String("CloudWatch Alarm State Change"),
		Source: aws.String("CloudWatch Alarms"), Severity: aws.String("4"),
		OperationalData: map[string]types.OpsItemDataValue{"/aws/resources": {
			Type: types.OpsItemDataTypeSearchableString, Value: aws.String(`[{"arn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:` + name + `"}]`),
		}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.w.Emulator.Drain(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return aws.ToString(out.OpsItemId)
}
