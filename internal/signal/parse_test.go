package signal

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
)

// edit changes a sample: each pair is a dotted path and its new value; nil removes.
func edit(t testing.TB, name string, pairs ...any) []byte {
	t.Helper()
	var event map[string]any
	if err := json.Unmarshal(sample(t, name), &event); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		path := strings.Split(pairs[i].(string), ".")
		at := event
		for _, p := range path[:len(path)-1] {
			if l, ok := at[p].([]any); ok {
				at = l[0].(map[string]any)
				continue
			}
			at = at[p].(map[string]any)
		}
		if pairs[i+1] == nil {
			delete(at, path[len(path)-1])
		} else {
			at[path[len(path)-1]] = pairs[i+1]
		}
	}
	data, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const alarm = "cloudwatch-alarm-state-change-single"

func TestMalformed(t *testing.T) {
	tests := []struct {
		name  string
		event []byte
		want  []string // pointers
	}{
		{"empty", nil, []string{""}},
		{"no JSON", []byte("hello"), []string{""}},
		{"an array", []byte("[]"), []string{""}},
		{"null", []byte("null"), []string{"/source", "/detail-type", "/time", "/detail"}},
		{"nothing in it", []byte("{}"), []string{"/source", "/detail-type", "/time", "/detail"}},
		{"source of the wrong type", []byte(`{"source":1}`), []string{"/source"}},
		{"time that is none", edit(t, alarm, "time", "yesterday"), []string{"/time"}},
		{"envelope incomplete", edit(t, alarm, "id", nil, "account", "12", "region", "us-east-1/../evil"), []string{"/id", "/account", "/region"}},
		{"detail is a string", edit(t, alarm, "detail", "{}"), []string{"/detail"}},
		{"detail is null", edit(t, alarm, "detail", json.RawMessage("null")), []string{"/detail/alarmName", "/detail/state/value", "/detail/state/timestamp"}},
		{"all that an alarm needs is missing", edit(t, alarm, "detail", map[string]any{}), []string{"/detail/alarmName", "/detail/state/value", "/detail/state/timestamp"}},
		{"nested field of the wrong type", edit(t, alarm, "detail.state.value", []int{1}), []string{"/detail/state/value"}},
		{"alarm time that is none", edit(t, alarm, "detail.state.timestamp", "2026"), []string{"/detail/state/timestamp"}},
		{"pipeline", edit(t, "codepipeline-pipeline-failed-5", "detail.pipeline", nil, "detail.execution-id", ""), []string{"/detail/pipeline", "/detail/execution-id"}},
		{"stage without stage", edit(t, "codepipeline-stage-failed", "detail.stage", nil), []string{"/detail/stage"}},
		{"action without stage and action", edit(t, "codepipeline-action-failed-15", "detail.stage", nil, "detail.action", nil), []string{"/detail/stage", "/detail/action"}},
		{"deployment", edit(t, "codedeploy-deployment-failure", "detail", map[string]any{}), []string{"/detail/application", "/detail/deploymentGroup", "/detail/deploymentId", "/detail/state"}},
		{"instance without instance", edit(t, "codedeploy-instance-failure", "detail.instanceId", nil), []string{"/detail/instanceId"}},
		{"health", edit(t, "health-event-issue-open", "detail.eventArn", nil, "detail.communicationId", nil, "detail.affectedAccount", "me", "detail.eventRegion", "?"), []string{"/detail/eventArn", "/detail/communicationId", "/detail/affectedAccount", "/detail/eventRegion"}},
		{"build", edit(t, "codebuild-build-failed", "detail.build-id", nil), []string{"/detail/build-id"}},
		{"canary", edit(t, "synthetics-canary-testrun-failure", "detail.canary-name", nil, "detail.canary-run-id", nil), []string{"/detail/canary-name", "/detail/canary-run-id"}},
		{"GuardDuty severity out of scale", edit(t, "guardduty-finding", "detail.severity", 11), []string{"/detail/severity"}},
		{"Security Hub without findings", edit(t, "securityhub-findings-imported", "detail.findings", []any{}), []string{"/detail/findings"}},
		{"Config", edit(t, "config-rule-noncompliant", "detail.newEvaluationResult", nil), []string{"/detail/newEvaluationResult/complianceType"}},
		{"cost", edit(t, "cost-anomaly-detected", "detail.anomalyId", nil), []string{"/detail/anomalyId"}},
		{"contact", edit(t, "connect-contact-lens-post-call-rules-matched", "detail.contactArn", nil), []string{"/detail/contactArn"}},
		{"AppConfig", edit(t, "appconfig-deployment-complete", "detail.Environment", map[string]any{}), []string{"/detail/Environment/Id"}},
		{"feedback that is no object", edit(t, "learningloop-feedback-submitted", "detail", "text"), []string{"/detail"}},
		{"feedback without id", edit(t, "learningloop-feedback-submitted", "id", nil), []string{"/id"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse(tt.event)
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != fault.Invalid || f.Code != "malformed_event" || errors.Is(err, ErrUnknown) {
				t.Fatalf("error %v", err)
			}
			var got []string
			for _, field := range f.Fields {
				got = append(got, field.Pointer)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if p.Signal != nil || p.ID == "" {
				t.Errorf("parsed %+v", p)
			}
		})
	}
}

// What AWS adds after today is set aside, never guessed at.
func TestUnknown(t *testing.T) {
	tests := []struct {
		name  string
		event []byte
	}{
		{"another source", edit(t, alarm, "source", "aws.cloudwatch2")},
		{"another detail type", edit(t, alarm, "detail-type", "CloudWatch Alarm Contributor State Change")},
		{"own source, other type", edit(t, "learningloop-feedback-submitted", "detail-type", "Feedback Withdrawn")},
		{"alarm state", edit(t, alarm, "detail.state.value", "MAYBE")},
		{"pipeline state", edit(t, "codepipeline-pipeline-failed-5", "detail.state", "PAUSED")},
		{"action state", edit(t, "codepipeline-action-failed-15", "detail.state", "PAUSED")},
		{"deployment state", edit(t, "codedeploy-deployment-failure", "detail.state", "PAUSED")},
		{"instance state", edit(t, "codedeploy-instance-failure", "detail.state", "PAUSED")},
		{"build status", edit(t, "codebuild-build-failed", "detail.build-status", "PAUSED")},
		{"health category", edit(t, "health-event-issue-open", "detail.eventTypeCategory", "gossip")},
		{"health status", edit(t, "health-event-issue-open", "detail.statusCode", "ajar")},
		{"severity label", edit(t, "securityhub-findings-imported", "detail.findings.Severity", map[string]any{"Label": "ODD"})},
		{"several findings", edit(t, "securityhub-findings-imported", "detail.findings", []any{map[string]any{}, map[string]any{}})},
		{"compliance", edit(t, "config-rule-noncompliant", "detail.newEvaluationResult.complianceType", "PERHAPS")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse(tt.event)
			if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != "unknown_event" || !errors.Is(err, ErrUnknown) || !fault.Is(err, fault.Invalid) {
				t.Fatalf("error %v", err)
			}
			if p.ID == "" || p.EventID == "" || p.Source == "" || p.DetailType == "" || p.Time.IsZero() {
				t.Errorf("a set-aside event cannot be shown: %+v", p)
			}
		})
	}
}

func TestDecisions(t *testing.T) {
	type outcome struct {
		State    State
		Severity int
		Ignore   Reason
	}
	tests := []struct {
		name  string
		event []byte
		want  outcome
	}{
		{"tag in the alarm's name beats the description's", edit(t, alarm, "detail.alarmName", "pay_SEV-2_errors", "detail.configuration.description", "severity=4"), outcome{Firing, 2, ""}},
		{"tag in the description", edit(t, alarm, "detail.configuration.description", "severity=4, see runbook"), outcome{Firing, 4, ""}},
		{"no tag: severity 5", edit(t, alarm, "detail.configuration.description", "severity=5"), outcome{Firing, 3, ""}},
		{"no tag: several", edit(t, alarm, "detail.configuration.description", "several 2 hosts, sev12, persev1"), outcome{Firing, 3, ""}},
		{"OK out of insufficient data may end an episode", edit(t, "cloudwatch-alarm-state-change-ok", "detail.previousState.value", "INSUFFICIENT_DATA"), outcome{Recovered, 3, ""}},
		{"OK after OK", edit(t, "cloudwatch-alarm-state-change-ok", "detail.previousState.value", "OK"), outcome{Ignore: ReasonNeverFired}},
		{"broken reasonData is no reason to lose an alarm", edit(t, alarm, "detail.state.reasonData", "{not json"), outcome{Firing, 3, ""}},
		{"pipeline stopped", edit(t, "codepipeline-pipeline-failed-5", "detail.state", "STOPPED"), outcome{Ignore: ReasonByHand}},
		{"pipeline resumed", edit(t, "codepipeline-pipeline-failed-5", "detail.state", "RESUMED"), outcome{Ignore: ReasonInProgress}},
		{"action abandoned", edit(t, "codepipeline-action-failed-15", "detail.state", "ABANDONED"), outcome{Ignore: ReasonByHand}},
		{"deployment stopped", edit(t, "codedeploy-deployment-failure", "detail.state", "STOP"), outcome{Firing, 4, ""}},
		{"deployment started", edit(t, "codedeploy-deployment-failure", "detail.state", "START"), outcome{Ignore: ReasonInProgress}},
		{"instance done", edit(t, "codedeploy-instance-failure", "detail.state", "SUCCESS"), outcome{Ignore: ReasonStepDone}},
		{"build timed out", edit(t, "codebuild-build-failed", "detail.build-status", "TIMED_OUT"), outcome{Firing, 4, ""}},
		{"build stopped", edit(t, "codebuild-build-failed", "detail.build-status", "STOPPED"), outcome{Ignore: ReasonByHand}},
		{"canary in error", edit(t, "synthetics-canary-status-change", "detail.current-state", "ERROR"), outcome{Firing, 3, ""}},
		{"health notification to read", edit(t, "health-event-issue-open", "detail.eventTypeCategory", "accountNotification", "detail.actionability", "INFORMATIONAL"), outcome{Info, 4, ""}},
		{"health abuse", edit(t, "health-event-issue-open", "detail-type", "AWS Health Abuse Event", "detail.eventTypeCategory", "accountNotification"), outcome{Firing, 2, ""}},
		{"GuardDuty critical", edit(t, "guardduty-finding", "detail.severity", 9.1), outcome{Firing, 1, ""}},
		{"GuardDuty high", edit(t, "guardduty-finding", "detail.severity", 8.9), outcome{Firing, 2, ""}},
		{"GuardDuty low", edit(t, "guardduty-finding", "detail.severity", 3.9), outcome{Firing, 4, ""}},
		{"GuardDuty archived", edit(t, "guardduty-finding", "detail.service.archived", true), outcome{Recovered, 3, ""}},
		{"Security Hub suppressed", edit(t, "securityhub-findings-imported-critical", "detail.findings.Workflow", map[string]any{"Status": "SUPPRESSED"}), outcome{Recovered, 1, ""}},
		{"Config: gone", edit(t, "config-rule-compliant-again", "detail.newEvaluationResult.complianceType", "NOT_APPLICABLE"), outcome{Recovered, 3, ""}},
		{"Config: no data", edit(t, "config-rule-noncompliant", "detail.newEvaluationResult.complianceType", "INSUFFICIENT_DATA"), outcome{Ignore: ReasonNotEvaluated}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse(tt.event)
			if err != nil {
				t.Fatal(err)
			}
			got := outcome{Ignore: p.Ignore}
			if p.Signal != nil {
				got.State, got.Severity = p.Signal.State, p.Signal.Severity
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// What makes another word and what does not.
func TestIdentity(t *testing.T) {
	tests := []struct {
		name    string
		a, b    []byte
		sameID  bool
		sameKey bool
	}{
		{"an alarm's event under another EventBridge id", sample(t, alarm), edit(t, alarm, "id", "x"), true, true},
		{"the alarm fires again", sample(t, alarm), edit(t, alarm, "detail.state.timestamp", "2026-10-02T17:09:40.989+0000"), false, true},
		{"an alarm of that name in another Region", sample(t, alarm), edit(t, alarm, "region", "eu-west-1"), false, false},
		{"a retried stage fails again", sample(t, "codepipeline-stage-failed"), edit(t, "codepipeline-stage-failed", "time", "2026-01-31T19:55:43Z"), false, true},
		{"health tells more", sample(t, "health-event-issue-open"), edit(t, "health-event-issue-open", "detail.communicationId", "abcd1234000009-1"), false, true},
		{"health's second page", sample(t, "health-event-issue-open"), edit(t, "health-event-issue-open", "detail.page", "2"), false, true},
		{"an administrator's copy of a member's health event", sample(t, "health-event-issue-open"), edit(t, "health-event-issue-open", "account", "999988887777"), true, true},
		{"another account's health event", sample(t, "health-event-issue-open"), edit(t, "health-event-issue-open", "detail.affectedAccount", "999988887777"), false, false},
		{"GuardDuty sees it again", sample(t, "guardduty-finding"), edit(t, "guardduty-finding", "detail.updatedAt", "2026-05-27T22:55:21.703Z"), false, true},
		{"a conversation matched while it ran and afterwards", sample(t, "connect-contact-lens-post-call-rules-matched"), edit(t, "connect-contact-lens-post-call-rules-matched", "detail-type", "Contact Lens Realtime Rules Matched", "id", "x"), true, true},
		{"a slash cannot move a name's border", edit(t, "codedeploy-deployment-failure", "detail.application", "a/b", "detail.deploymentGroup", "c"), edit(t, "codedeploy-deployment-failure", "detail.application", "a", "detail.deploymentGroup", "b/c"), true, false},
		{"what cleaning makes alike stays apart", edit(t, alarm, "detail.alarmName", "a\u0000b"), edit(t, alarm, "detail.alarmName", "a\u0001b"), false, false},
		{"what cutting makes alike stays apart", edit(t, alarm, "detail.alarmName", strings.Repeat("ä", 900)+"1"), edit(t, alarm, "detail.alarmName", strings.Repeat("ä", 900)+"2"), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, errA := Parse(tt.a)
			b, errB := Parse(tt.b)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			if (a.ID == b.ID) != tt.sameID || (a.Signal.Key == b.Signal.Key) != tt.sameKey {
				t.Errorf("ids %s %s, keys %q %q", a.ID, b.ID, a.Signal.Key, b.Signal.Key)
			}
		})
	}
}

func TestWhereItHappened(t *testing.T) {
	p, err := Parse(edit(t, "health-event-account-retirement-backup", "account", "999988887777"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Signal.Account != "111122223333" || p.Signal.Region != "us-east-1" {
		t.Errorf("account %s, Region %s", p.Signal.Account, p.Signal.Region)
	}
}

func TestSuppressedFiresAndSaysWhy(t *testing.T) {
	p, err := Parse(sample(t, "cloudwatch-alarm-state-change-composite"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "WaitPeriod: The suppressor alarm is in ALARM."; p.Signal.Suppressed != want || p.Signal.State != Firing {
		t.Errorf("suppressed %q, state %s", p.Signal.Suppressed, p.Signal.State)
	}
	want := []string{"arn:aws:cloudwatch:us-east-1:111122223333:alarm:basket-latency", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:ServerCpuTooHigh"}
	if diff := cmp.Diff(want, p.Signal.Resources); diff != "" {
		t.Errorf("resources (-want +got)\n%s", diff)
	}
}

// A build's environment variables hold secrets; users and their keys are persons'.
func TestLeftOut(t *testing.T) {
	tests := []struct{ name, sample, word string }{
		{"environment variable", "codebuild-build-failed", "not-for-display"},
		{"access key", "guardduty-finding", "ASIASZ4SI7REEEXAMPLE"},
		{"user", "guardduty-finding", "testuser"},
		{"agent", "connect-contact-lens-post-call-rules-matched", "agent-ARN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := sample(t, tt.sample)
			p, err := Parse(data)
			out, _ := json.Marshal(p)
			if err != nil || strings.Contains(string(out), tt.word) || !strings.Contains(string(data), tt.word) {
				t.Errorf("error %v, in %s", err, out)
			}
		})
	}
}

func TestHostile(t *testing.T) {
	long := strings.Repeat("日本語🙂", 20_000/4)
	many := make([]string, 500)
	for i := range many {
		many[i] = strings.Repeat("i", i)
	}
	many = append(many, "arn:aws:last", "arn:aws:last")
	p, err := Parse(edit(t, alarm, "detail.alarmName", long, "detail.configuration.description", long+"\u202e\u0000\r\n"+long, "id", long, "resources", many))
	if err != nil {
		t.Fatal(err)
	}
	check(t, p)
	if s := p.Signal; s.Resources[0] != "arn:aws:last" || len(s.Resources) != MaxResources || s.Link != "" || !strings.HasSuffix(s.Title, "…") {
		t.Errorf("%d resources, first %q; link %q; title %q", len(s.Resources), s.Resources[0], s.Link, s.Title)
	}

	p, err = Parse(edit(t, alarm, "detail.alarmName", "</script>\" onclick=\"x\n\u202e&#?%"))
	if err != nil {
		t.Fatal(err)
	}
	check(t, p)
	if want := "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/%3C%2Fscript%3E%22%20onclick%3D%22x%0A%E2%80%AE%26%23%3F%25"; p.Signal.Link != want {
		t.Errorf("link %s", p.Signal.Link)
	}

	if p, err = Parse(edit(t, "cost-anomaly-detected", "detail.anomalyDetailsLink", "javascript:alert(1)")); err != nil || p.Signal.Link != "" {
		t.Errorf("link %q, %v", p.Signal.Link, err)
	}
	if _, err = Parse(make([]byte, MaxEvent+1)); !fault.Is(err, fault.Invalid) {
		t.Errorf("too large: %v", err)
	}
}

// check holds what Parse promises of every outcome without an error.
func check(t *testing.T, p Parsed) {
	t.Helper()
	n := 0
	for _, set := range []bool{p.Signal != nil, p.Feedback != nil, p.Ignore != ""} {
		if set {
			n++
		}
	}
	if n != 1 || len(p.ID) != 26 {
		t.Fatalf("%d outcomes, id %q", n, p.ID)
	}
	s := p.Signal
	if s == nil {
		return
	}
	texts := []struct {
		name, text string
		runes      int
		lines      bool
	}{
		{"title", s.Title, MaxTitle, false},
		{"text", s.Text, MaxText, true},
		{"name", s.Name, MaxName, false},
		{"event id", s.EventID, MaxName, false},
		{"release", s.Release, MaxName, false},
		{"suppressed", s.Suppressed, MaxTitle, false},
		{"key", s.Key, MaxKey, false},
		{"link", s.Link, MaxLink, false},
	}
	for _, r := range s.Resources {
		texts = append(texts, struct {
			name, text string
			runes      int
			lines      bool
		}{"resource", r, MaxResource, false})
	}
	for _, x := range texts {
		if !utf8.ValidString(x.text) || utf8.RuneCountInString(x.text) > x.runes || strings.ContainsAny(x.text, "\x00\x7f\r\u202e") || !x.lines && strings.Contains(x.text, "\n") {
			t.Errorf("%s of %d bytes: %.100q", x.name, len(x.text), x.text)
		}
	}
	if len(s.Key) > MaxKey || len(s.Resources) > MaxResources || s.Severity < 1 || s.Severity > 4 || s.Category == "" || s.State == "" {
		t.Errorf("out of bounds: key %d bytes, %d resources, severity %d, category %q, state %q", len(s.Key), len(s.Resources), s.Severity, s.Category, s.State)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(samples, "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(edit(f, alarm, "detail.alarmName", strings.Repeat("\u202e/%", 300)))
	f.Fuzz(func(t *testing.T, event []byte) {
		p, err := Parse(event)
		again, _ := Parse(event)
		if p.ID == "" || p.ID != again.ID {
			t.Fatalf("ids %q and %q", p.ID, again.ID)
		}
		if err != nil {
			if !fault.Is(err, fault.Invalid) || p.Signal != nil || p.Feedback != nil || p.Ignore != "" {
				t.Fatalf("%v with %+v", err, p)
			}
			return
		}
		check(t, p)
	})
}
