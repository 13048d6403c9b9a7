package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The rules of TestPolicy notice what they are for.
func TestPolicyCanFail(t *testing.T) {
	first := func(d document, typ string, ok func(resource) bool) map[string]any {
		for _, r := range d.all(typ) {
			if ok == nil || ok(r) {
				properties, _ := r.body["Properties"].(map[string]any)
				return properties
			}
		}
		t.Fatalf("nothing of type %s to break", typ)
		return nil
	}
	add := func(d document, id, typ string) {
		d["Resources"].(map[string]any)[id] = map[string]any{"Type": typ, "Properties": map[string]any{}}
	}
	statement := func(d document, typ string) map[string]any {
		for _, r := range d.all(typ) {
			for _, s := range many(r.get("PolicyDocument", "Statement")) {
				if m := s.(map[string]any); m["Effect"] == "Allow" && m["Resource"] != "*" {
					return m
				}
			}
		}
		t.Fatalf("no statement of a %s to break", typ)
		return nil
	}
	stream := func(r resource) bool { return r.get("StartingPosition") != nil }
	redriven := func(r resource) bool { return r.get("RedrivePolicy") != nil }
	tests := []struct {
		rule, name, want string
		spoil            func(d document)
	}{
		{"rights", "wild action", "allows s3:*", func(d document) { statement(d, "AWS::IAM::Policy")["Action"] = "s3:*" }},
		{"rights", "every resource", "on everything", func(d document) { statement(d, "AWS::IAM::Policy")["Resource"] = "*" }},
		{"rights", "managed policy", "managed policy", func(d document) {
			first(d, "AWS::IAM::Role", nil)["ManagedPolicyArns"] = []any{"arn:aws:iam::aws:policy/AdministratorAccess"}
		}},
		{"openness", "function URL", "AWS::Lambda::Url", func(d document) { add(d, "Open", "AWS::Lambda::Url") }},
		{"openness", "any account", "open to accounts", func(d document) { statement(d, "AWS::SQS::QueuePolicy")["Principal"] = "*" }},
		{"openness", "confused deputy", "on anybody's behalf", func(d document) { delete(statement(d, "AWS::SNS::TopicPolicy"), "Condition") }},
		{"openness", "queue without policy", "has no policy", func(d document) { add(d, "Bare", "AWS::SQS::Queue") }},
		{"functions", "no tracing", "TracingConfig.Mode", func(d document) { delete(first(d, "AWS::Lambda::Function", nil), "TracingConfig") }},
		{"functions", "endless log", "no log with an end", func(d document) {
			for _, g := range d.all("AWS::Logs::LogGroup") {
				delete(g.body["Properties"].(map[string]any), "RetentionInDays")
			}
		}},
		{"functions", "secret", "secret in its environment", func(d document) {
			first(d, "AWS::Lambda::Function", nil)["Environment"].(map[string]any)["Variables"].(map[string]any)["TOKEN_KEY"] = "x"
		}},
		{"functions", "silent failure", "fails in silence", func(d document) { delete(first(d, "AWS::Lambda::EventInvokeConfig", nil), "DestinationConfig") }},
		{"queues", "plain queue", "not encrypted", func(d document) { delete(first(d, "AWS::SQS::Queue", nil), "SqsManagedSseEnabled") }},
		{"queues", "no dead-letter queue", "has no dead-letter queue", func(d document) { delete(first(d, "AWS::SQS::Queue", redriven), "RedrivePolicy") }},
		{"wakers", "short visibility", "hides messages", func(d document) { first(d, "AWS::SQS::Queue", redriven)["VisibilityTimeout"] = 30.0 }},
		{"wakers", "whole batches", "whole batch", func(d document) { delete(first(d, "AWS::Lambda::EventSourceMapping", nil), "FunctionResponseTypes") }},
		{"wakers", "blocked shard", "block its shard", func(d document) { delete(first(d, "AWS::Lambda::EventSourceMapping", stream), "DestinationConfig") }},
		{"wakers", "lost events", "loses events", func(d document) {
			delete(first(d, "AWS::Events::Rule", nil)["Targets"].([]any)[0].(map[string]any), "DeadLetterConfig")
		}},
		{"alarms", "no runbook", "links no runbook", func(d document) { first(d, "AWS::CloudWatch::Alarm", nil)["AlarmDescription"] = "Oops." }},
		{"alarms", "tells nobody", "tells nobody", func(d document) { delete(first(d, "AWS::CloudWatch::Alarm", nil), "AlarmActions") }},
		{"alarms", "unwatched queue", "fills unnoticed", func(d document) {
			for _, a := range d.all("AWS::CloudWatch::Alarm") {
				a.body["Properties"].(map[string]any)["MetricName"] = "Other"
			}
		}},
		{"removal", "data lost", "is removed by", func(d document) {
			for _, r := range d.all("AWS::SecretsManager::Secret") {
				r.body["DeletionPolicy"] = "Delete"
			}
		}},
	}
	tried := map[string]bool{}
	for _, tt := range tests {
		tried[tt.rule] = true
		t.Run(tt.rule+"/"+tt.name, func(t *testing.T) {
			raw, err := json.Marshal(synth(t, "aws").json)
			if err != nil {
				t.Fatal(err)
			}
			var d document
			if err := json.Unmarshal(raw, &d); err != nil {
				t.Fatal(err)
			}
			tt.spoil(d)
			if got := strings.Join(policy[tt.rule](d), "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("the rule does not notice %q; it says %q", tt.want, got)
			}
		})
	}
	if d := cmp.Diff(sortedKeys(policy), sortedKeys(tried)); d != "" {
		t.Errorf("rules seen to fail (-want +got)\n%s", d)
	}
}
