package emulator

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

const alarmFixture = "alarm-state-change.json"

func testAction(rest string) string { return "arn:aws:ssm:us-east-1:111122223333:opsitem:" + rest }

func (r *rig) alarm(action string, event map[string]any) (int, map[string]any) {
	r.t.Helper()
	return r.order(http.MethodPost, "alarm-action", encode(r.t, map[string]any{"actionArn": action, "event": event}))
}

// One alarm from its first ALARM on: one OpsItem while somebody works on it, none for OK, another one once it is resolved.
func TestAlarmAction(t *testing.T) {
	r := newRig(t)
	event := fixture(t, alarmFixture)
	status, out := r.alarm(testAction("2#CATEGORY=Performance"), event)
	id, _ := out["OpsItemId"].(string)
	if status != http.StatusOK || out["created"] != true || !itemIDForm.MatchString(id) {
		t.Fatalf("%d %v", status, out)
	}
	got, err := r.client.GetOpsItem(t.Context(), &ssm.GetOpsItemInput{OpsItemId: &id})
	if err != nil {
		t.Fatal(err)
	}
	it := got.OpsItem
	const alarm = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:search-latency"
	data := map[string]string{}
	for k, v := range it.OperationalData {
		data[k] = aws.ToString(v.Value)
	}
	if diff := cmp.Diff(map[string]string{
		"title":    "CloudWatch alarm - 'search-latency' is in ALARM state",
		"severity": "2", "category": "Performance", "status": "Open", "type": "/aws/issue",
		"by":     "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForCloudWatchAlarms_ActionSSM/ssm.alarms.cloudwatch.amazonaws.com",
		keyDedup: `{"dedupString":"` + alarm + `"}`, keyResources: `[{"arn":"` + alarm + `"}]`,
	}, map[string]string{
		"title": *it.Title, "severity": *it.Severity, "category": *it.Category, "status": string(it.Status),
		"type": *it.OpsItemType, "by": *it.CreatedBy, keyDedup: data[keyDedup], keyResources: data[keyResources],
	}); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(*it.Description, "Threshold crossed") || !strings.Contains(*it.Description, "Checkout answers slowly.") {
		t.Errorf("description %q", *it.Description)
	}
	r.drain()
	if n := len(r.events.list()); n != 1 || !strings.Contains(string(r.events.list()[0]), detailCreate) {
		t.Errorf("%d events", n)
	}

	// Again: nothing happens, nothing is touched.
	r.clock.add(time.Hour)
	again := func(want bool) string {
		t.Helper()
		status, out := r.alarm(testAction("1"), event)
		if status != http.StatusOK || out["created"] != want {
			t.Fatalf("%d %v", status, out)
		}
		id, _ := out["OpsItemId"].(string)
		return id
	}
	if same := again(false); same != id {
		t.Errorf("names %s, want %s", same, id)
	}
	if now := r.look(id); !now.Modified.Equal(now.Created) || now.Version != 1 || now.Severity != "2" {
		t.Errorf("touched: %+v", now)
	}
	ok := put(put(fixture(t, alarmFixture), "OK", "detail", "state", "value"), "ALARM", "detail", "previousState", "value")
	if status, out := r.alarm(testAction("1"), ok); status != http.StatusOK || out["created"] != false || out["OpsItemId"] != nil {
		t.Errorf("%d %v", status, out)
	}
	if now := r.look(id); now.Status != StatusOpen {
		t.Errorf("OK made it %s", now.Status)
	}
	if err := r.Edit(t.Context(), id, Edit{Status: StatusInProgress}); err != nil {
		t.Fatal(err)
	}
	again(false)
	if err := r.Edit(t.Context(), id, Edit{Status: StatusResolved}); err != nil {
		t.Fatal(err)
	}
	if next := again(true); next == id {
		t.Error("the resolved one came back")
	}
	if n := len(r.History(t.Context(), id)); n != 3 {
		t.Errorf("%d lines of history, want creation and two edits", n)
	}
}

func TestAlarmChangesThatMakeNone(t *testing.T) {
	r := newRig(t)
	for _, tc := range []struct {
		name, reason string
		event        map[string]any
	}{
		{"OK", "not in ALARM", put(fixture(t, alarmFixture), "OK", "detail", "state", "value")},
		{"no data", "not in ALARM", put(fixture(t, alarmFixture), "INSUFFICIENT_DATA", "detail", "state", "value")},
		{"in ALARM already", "in ALARM before", put(fixture(t, alarmFixture), "ALARM", "detail", "previousState", "value")},
		{"suppressed", "suppressed", fixture(t, "alarm-state-change-composite.json")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, out := r.alarm(testAction("1"), tc.event)
			reason, _ := out["reason"].(string)
			if status != http.StatusOK || out["created"] != false || !strings.Contains(reason, tc.reason) {
				t.Errorf("%d %v", status, out)
			}
		})
	}
	if n := r.Counts()[StatusOpen]; n != 0 {
		t.Errorf("%d OpsItems", n)
	}
}

func TestBadAlarmActions(t *testing.T) {
	r := newRig(t)
	good := func() map[string]any { return fixture(t, alarmFixture) }
	for _, tc := range []struct {
		name, action, field string
		event               map[string]any
	}{
		{"no action", "", "actionArn", good()},
		{"another service's", "arn:aws:sns:us-east-1:111122223333:ops", "actionArn", good()},
		{"another account", "arn:aws:ssm:us-east-1:444455556666:opsitem:1", "actionArn", good()},
		{"another Region", "arn:aws:ssm:eu-west-1:111122223333:opsitem:1", "actionArn", good()},
		{"another partition", "arn:aws-cn:ssm:us-east-1:111122223333:opsitem:1", "actionArn", good()},
		{"no severity", testAction(""), "actionArn", good()},
		{"severity 0", testAction("0"), "actionArn", good()},
		{"severity 5", testAction("5"), "actionArn", good()},
		{"severity in words", testAction("high"), "actionArn", good()},
		{"no category after its sign", testAction("1#CATEGORY="), "actionArn", good()},
		{"unknown category", testAction("1#CATEGORY=Weather"), "actionArn", good()},
		{"something else after the sign", testAction("1#SEVERITY=2"), "actionArn", good()},
		{"no event", testAction("1"), "event.detail-type", nil},
		{"another event", testAction("1"), "event.detail-type", put(good(), "CloudWatch Alarm Configuration Change", "detail-type")},
		{"somebody else's event", testAction("1"), "event.source", put(good(), "mine", "source")},
		{"no name", testAction("1"), "event.detail.alarmName", put(good(), "", "detail", "alarmName")},
		{"a long name", testAction("1"), "event.detail.alarmName", put(good(), strings.Repeat("a", 256), "detail", "alarmName")},
		{"a name that is none", testAction("1"), "event", put(good(), 5, "detail", "alarmName")},
		{"no state", testAction("1"), "event.detail.state.value", put(good(), "", "detail", "state", "value")},
		{"unknown state", testAction("1"), "event.detail.state.value", put(good(), "alarm", "detail", "state", "value")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, out := r.alarm(tc.action, tc.event)
			if status != http.StatusBadRequest || out["__type"] != "ValidationException" || out["Field"] != tc.field {
				t.Errorf("%d %v, want field %s", status, out, tc.field)
			}
		})
	}
	for _, action := range []string{"1", "2", "3", "4", "1#CATEGORY=Availability", "2#CATEGORY=Cost", "3#CATEGORY=Performance", "4#CATEGORY=Recovery", "4#CATEGORY=Security"} {
		event := put(good(), "alarm "+action, "detail", "alarmName")
		delete(event, "resources")
		if status, out := r.alarm(testAction(action), event); status != http.StatusOK || out["created"] != true {
			t.Errorf("%s: %d %v", action, status, out)
		}
	}
}

// What an alarm says goes in as text, of whatever length.
func TestHostileAlarm(t *testing.T) {
	r := newRig(t)
	event := put(fixture(t, alarmFixture), hostile+"\n"+strings.Repeat("ä", 100), "detail", "alarmName")
	put(event, strings.Repeat("ü", 5000), "detail", "state", "reason")
	delete(event, "resources")
	status, out := r.alarm(testAction("4"), event)
	if status != http.StatusOK || out["created"] != true {
		t.Fatalf("%d %v", status, out)
	}
	id, _ := out["OpsItemId"].(string)
	if it := r.look(id); length(it.Description) != 2048 || strings.Contains(it.Title, "\n") || !strings.Contains(it.Title, hostile) {
		t.Errorf("%q", it.Title)
	}
}

// Security Hub and Incident Manager make OpsItems beyond the quotas, and leave room for others.
func TestExemptFromQuotas(t *testing.T) {
	const role = "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForSecurityHub/securityhub"
	r := newRig(t, func(c *Config) {
		c.Quotas.Monthly, c.Quotas.Total = 1, 2
		c.Callers = map[string]string{"AKIDHUB": role}
	})
	hub := ssm.New(r.client.Options(), func(o *ssm.Options) {
		o.Credentials = aws.CredentialsProviderFunc(credentialsOf("AKIDHUB"))
	})
	in := &ssm.CreateOpsItemInput{Title: aws.String("Root account without MFA"), Description: aws.String("d"), Source: aws.String("Security Hub")}
	for range 5 {
		out, err := hub.CreateOpsItem(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if it := r.look(*out.OpsItemId); it.CreatedBy != role {
			t.Errorf("made by %s", it.CreatedBy)
		}
	}
	if _, err := r.client.CreateOpsItem(t.Context(), in); err != nil {
		t.Errorf("there is room for one more: %v", err)
	}
	if _, err := r.client.CreateOpsItem(t.Context(), in); err == nil {
		t.Error("two in a month of one")
	}
	for name, want := range map[string]bool{
		"arn:aws:iam::111122223333:role/aws-service-role/ssm-incidents.amazonaws.com/AWSServiceRoleforIncidentManager": true,
		"arn:aws:iam::111122223333:user/AWSServiceRoleForSecurityHub2":                                                 false,
		testCaller: false,
	} {
		if quotaExempt(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
