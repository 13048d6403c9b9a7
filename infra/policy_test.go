package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Rules that hold for the whole template, whoever adds to it. Each is a function from a template to what breaks it, so
// that TestPolicyCanFail can show that it notices.
var policy = map[string]func(document) []string{
	"rights":    rights,
	"openness":  openness,
	"functions": wellMade,
	"queues":    queuesKept,
	"wakers":    wakers,
	"alarms":    alarmsTell,
	"removal":   removal,
}

func TestPolicy(t *testing.T) {
	for variant := range contexts {
		for _, name := range sortedKeys(policy) {
			t.Run(variant+"/"+name, func(t *testing.T) {
				for _, broken := range policy[name](synth(t, variant).json) {
					t.Error(broken)
				}
			})
		}
	}
}

// anyResource are the actions that AWS gives no resource to name (Service Authorization Reference).
var anyResource = map[string]string{
	"xray:PutTraceSegments":    "traces belong to the account",
	"xray:PutTelemetryRecords": "traces belong to the account",
	"ses:GetAccount":           "asks about the account: is its SES in the sandbox",
	"ssm:DescribeOpsItems":     "a list of the account's OpsItems",
	"kms:Decrypt":              "in a key's own policy, * is the key",
	"kms:GenerateDataKey":      "in a key's own policy, * is the key",
	"kms:*":                    "the account's administrators, in the key's own policy: AWS's default",
}

// rights: nothing may do everything, and nothing may do something to everything.
func rights(d document) []string {
	var broken []string
	for _, r := range d.all("") {
		var documents []any
		switch r.typ() {
		case "AWS::IAM::Policy":
			documents = append(documents, r.get("PolicyDocument"))
		case "AWS::IAM::Role":
			for _, p := range many(r.get("Policies")) {
				documents = append(documents, dig(p, "PolicyDocument"))
			}
			for _, arn := range many(r.get("ManagedPolicyArns")) {
				// API Gateway writes every API's access log of the account with one role; AWS's own policy is what it asks for.
				if s, _ := json.Marshal(arn); !strings.Contains(string(s), "AmazonAPIGatewayPushToCloudWatchLogs") {
					broken = append(broken, fmt.Sprintf("%s uses a managed policy: %s", r.id, s))
				}
			}
		case "AWS::IAM::ManagedPolicy", "AWS::IAM::User", "AWS::IAM::AccessKey", "AWS::IAM::Group":
			broken = append(broken, r.id+" is a "+r.typ())
		case "AWS::KMS::Key":
			documents = append(documents, r.get("KeyPolicy"))
		case "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::SecretsManager::ResourcePolicy":
			documents = append(documents, r.get("PolicyDocument"))
		}
		for _, doc := range documents {
			for _, s := range many(dig(doc, "Statement")) {
				if text(dig(s, "Effect")) != "Allow" {
					continue
				}
				everything := slices.Contains(many(dig(s, "Resource")), any("*"))
				for _, a := range many(dig(s, "Action")) {
					action := text(a)
					if _, ok := anyResource[action]; everything && ok {
						continue
					}
					if strings.Contains(action, "*") {
						broken = append(broken, r.id+" allows "+action)
					}
					if everything {
						broken = append(broken, r.id+" allows "+action+" on everything")
					}
				}
				if dig(s, "NotAction") != nil || dig(s, "NotResource") != nil {
					broken = append(broken, r.id+" allows all but something")
				}
			}
		}
	}
	return broken
}

// openness: nobody outside reaches anything but the API, and services only on behalf of this account.
func openness(d document) []string {
	var broken []string
	secure := map[string]bool{}
	for _, r := range d.all("") {
		switch r.typ() {
		case "AWS::Lambda::Url", "AWS::S3::Bucket", "AWS::Events::EventBusPolicy", "AWS::Lambda::LayerVersionPermission":
			broken = append(broken, fmt.Sprintf("%s is a %s: say here why it is not open to others", r.id, r.typ()))
		case "AWS::Lambda::Permission":
			if r.get("Principal") != "apigateway.amazonaws.com" || r.get("SourceArn") == nil {
				broken = append(broken, r.id+" lets more than this API in")
			}
		case "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy":
			for _, s := range many(r.get("PolicyDocument", "Statement")) {
				if text(dig(s, "Effect")) == "Deny" {
					if dig(s, "Condition", "Bool", "aws:SecureTransport") == "false" {
						secure[r.id] = true
					}
					continue
				}
				if dig(s, "Principal") == "*" || dig(s, "Principal", "AWS") != nil {
					broken = append(broken, r.id+" is open to accounts")
				}
				condition, _ := json.Marshal(dig(s, "Condition"))
				if !strings.Contains(string(condition), "aws:SourceArn") && !strings.Contains(string(condition), "aws:SourceAccount") {
					broken = append(broken, r.id+" lets a service in on anybody's behalf")
				}
			}
			if !secure[r.id] {
				broken = append(broken, r.id+" does not ask for TLS")
			}
		}
	}
	for _, typ := range []string{"AWS::SQS::Queue", "AWS::SNS::Topic"} {
		for _, r := range d.all(typ) {
			guarded := slices.ContainsFunc(d.all(typ+"Policy"), func(p resource) bool { return refersTo(p.body["Properties"], r.id) })
			if !guarded {
				broken = append(broken, r.id+" has no policy, so it does not ask for TLS")
			}
		}
	}
	return broken
}

// wellMade: every function logs as JSON into a log that ends, is traced, stops in time, has a role of its own, and somebody
// hears when it fails.
func wellMade(d document) []string {
	var broken []string
	roles := map[string]string{}
	for _, f := range d.all("AWS::Lambda::Function") {
		for path, want := range map[string]string{
			"Runtime": "provided.al2023", "LoggingConfig.LogFormat": "JSON", "TracingConfig.Mode": "Active",
		} {
			if got := f.get(strings.Split(path, ".")...); got != want {
				broken = append(broken, fmt.Sprintf("%s has %s %v, not %s", f.id, path, got, want))
			}
		}
		if timeout := number(f.get("Timeout")); timeout < 1 || timeout > 300 {
			broken = append(broken, fmt.Sprintf("%s has timeout %v", f.id, timeout))
		}
		logs := slices.ContainsFunc(d.all("AWS::Logs::LogGroup"), func(g resource) bool {
			return refersTo(f.get("LoggingConfig", "LogGroup"), g.id) && number(g.get("RetentionInDays")) > 0
		})
		if !logs {
			broken = append(broken, f.id+" has no log with an end")
		}
		role, _ := json.Marshal(f.get("Role"))
		if other, ok := roles[string(role)]; ok {
			broken = append(broken, f.id+" shares its role with "+other)
		}
		roles[string(role)] = f.id
		if !heard(d, f) {
			broken = append(broken, f.id+" fails in silence: no queue with a dead-letter queue, no failure destination, no API that waits")
		}
		variables, _ := f.get("Environment", "Variables").(map[string]any)
		for k := range variables {
			if secretName.MatchString(k) && !strings.HasSuffix(k, "_ARN") {
				broken = append(broken, f.id+" has a secret in its environment: "+k)
			}
		}
	}
	return broken
}

var secretName = regexp.MustCompile(`(?i)(SECRET|TOKEN|PASSWORD|KEY)`)

// heard says whether every way the function is called ends somewhere when it fails.
func heard(d document, f resource) bool {
	ways := 0
	for _, m := range d.all("AWS::Lambda::EventSourceMapping") {
		if refersTo(m.get("FunctionName"), f.id) {
			ways++ // wakers holds each of these
		}
	}
	for _, p := range d.all("AWS::Lambda::Permission") {
		if refersTo(p.get("FunctionName"), f.id) && p.get("Principal") == "apigateway.amazonaws.com" {
			ways++ // the caller waits and is told
		}
	}
	for _, s := range d.all("AWS::Scheduler::Schedule") {
		if !refersTo(s.get("Target", "Arn"), f.id) {
			continue
		}
		ways++
		told := slices.ContainsFunc(d.all("AWS::Lambda::EventInvokeConfig"), func(c resource) bool {
			return refersTo(c.get("FunctionName"), f.id) && c.get("DestinationConfig", "OnFailure", "Destination") != nil
		})
		if !told {
			return false
		}
	}
	return ways > 0
}

// isDead says whether a queue only takes what failed elsewhere.
func isDead(d document, q resource) bool {
	for _, r := range d.all("") {
		if refersTo(r.get("RedrivePolicy"), q.id) || refersTo(r.get("DestinationConfig"), q.id) {
			return true
		}
	}
	return false
}

// queuesKept: every queue is encrypted, and is a dead-letter queue or has one. A dead-letter queue keeps longer than the
// queue before it, because the days in that count.
func queuesKept(d document) []string {
	var broken []string
	for _, q := range d.all("AWS::SQS::Queue") {
		if q.get("SqsManagedSseEnabled") != true && q.get("KmsMasterKeyId") == nil {
			broken = append(broken, q.id+" is not encrypted")
		}
		days := number(q.get("MessageRetentionPeriod")) / 86400
		switch dead := isDead(d, q); {
		case dead && days != 14:
			broken = append(broken, fmt.Sprintf("%s keeps %v days, not 14", q.id, days))
		case !dead && q.get("RedrivePolicy") == nil:
			broken = append(broken, q.id+" has no dead-letter queue and is none")
		case !dead && days >= 14:
			broken = append(broken, q.id+" keeps as long as its dead-letter queue")
		}
	}
	return broken
}

// wakers: whatever calls a function may be repeated in part, gives up some time, and then keeps what it could not do.
func wakers(d document) []string {
	var broken []string
	for _, m := range d.all("AWS::Lambda::EventSourceMapping") {
		if !slices.Contains(many(m.get("FunctionResponseTypes")), any("ReportBatchItemFailures")) {
			broken = append(broken, m.id+" repeats the whole batch for one failure")
		}
		if m.get("StartingPosition") != nil { // a stream
			if m.get("BisectBatchOnFunctionError") != true || m.get("DestinationConfig", "OnFailure", "Destination") == nil ||
				number(m.get("MaximumRecordAgeInSeconds")) < 60 || number(m.get("MaximumRetryAttempts")) < 1 {
				broken = append(broken, m.id+" lets one bad change block its shard")
			}
			if m.get("FilterCriteria") == nil {
				broken = append(broken, m.id+" wakes a function for every change")
			}
			continue
		}
		for _, q := range d.all("AWS::SQS::Queue") {
			for _, f := range d.all("AWS::Lambda::Function") {
				if !refersTo(m.get("EventSourceArn"), q.id) || !refersTo(m.get("FunctionName"), f.id) {
					continue
				}
				hidden, need := number(q.get("VisibilityTimeout")), 6*number(f.get("Timeout"))+number(m.get("MaximumBatchingWindowInSeconds"))
				if hidden < need {
					broken = append(broken, fmt.Sprintf("%s hides messages for %v s; %s needs %v", q.id, hidden, f.id, need))
				}
			}
		}
	}
	for _, r := range d.all("AWS::Events::Rule") {
		for _, target := range many(r.get("Targets")) {
			if dig(target, "DeadLetterConfig", "Arn") == nil {
				broken = append(broken, r.id+" loses events that its target refuses")
			}
		}
	}
	for _, s := range d.all("AWS::Scheduler::Schedule") {
		if s.get("Target", "DeadLetterConfig", "Arn") == nil {
			broken = append(broken, s.id+" loses runs that cannot be started")
		}
	}
	return broken
}

var runbook = regexp.MustCompile(`Runbook: \S+#(runbook-[a-z0-9-]+)$`)

// alarmsTell: every dead-letter queue has an alarm; every alarm tells somebody, and links what to do.
func alarmsTell(d document) []string {
	var broken []string
	watched := func(q resource) bool {
		return slices.ContainsFunc(d.all("AWS::CloudWatch::Alarm"), func(a resource) bool {
			return a.get("MetricName") == "ApproximateNumberOfMessagesVisible" && refersTo(a.get("Dimensions"), q.id) && number(a.get("Threshold")) == 1
		})
	}
	for _, q := range d.all("AWS::SQS::Queue") {
		if isDead(d, q) && !watched(q) {
			broken = append(broken, q.id+" fills unnoticed")
		}
	}
	for _, a := range d.all("AWS::CloudWatch::Alarm") {
		if !runbook.MatchString(text(a.get("AlarmDescription"))) {
			broken = append(broken, fmt.Sprintf("%s links no runbook: %v", a.id, a.get("AlarmDescription")))
		}
		if len(many(a.get("AlarmActions"))) == 0 {
			broken = append(broken, a.id+" tells nobody")
		}
	}
	return broken
}

// stateful are the types that lose something when they go.
var stateful = []string{"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::Cognito::UserPool"}

// removal: what holds data is kept with the table, and goes with it.
func removal(d document) []string {
	var broken []string
	want := "Retain"
	for _, t := range d.all("AWS::DynamoDB::Table") {
		if t.get("DeletionProtectionEnabled") != true {
			want = "Delete"
		}
	}
	for _, r := range d.all("") {
		if !slices.Contains(stateful, r.typ()) {
			continue
		}
		if got := text(r.body["DeletionPolicy"]); got != want {
			broken = append(broken, fmt.Sprintf("%s is removed by %q, not %q", r.id, got, want))
		}
	}
	return broken
}
