package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/config"
)

func TestTable(t *testing.T) {
	s := synth(t, "aws")
	index := func(name string) map[string]any {
		return map[string]any{
			"IndexName":  name,
			"KeySchema":  []any{map[string]any{"AttributeName": name + "_p", "KeyType": "HASH"}, map[string]any{"AttributeName": name + "_s", "KeyType": "RANGE"}},
			"Projection": map[string]any{"ProjectionType": "KEYS_ONLY"},
		}
	}
	s.has(t, "AWS::DynamoDB::Table", map[string]any{
		"BillingMode":                      "PAY_PER_REQUEST",
		"KeySchema":                        []any{map[string]any{"AttributeName": "pk", "KeyType": "HASH"}, map[string]any{"AttributeName": "sk", "KeyType": "RANGE"}},
		"GlobalSecondaryIndexes":           []any{index("pending"), index("ranked"), index("recent")},
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
		"StreamSpecification":              map[string]any{"StreamViewType": "NEW_AND_OLD_IMAGES"},
		"TimeToLiveSpecification":          map[string]any{"AttributeName": "expires", "Enabled": true},
		"DeletionProtectionEnabled":        true,
	})
	synth(t, "custom").has(t, "AWS::DynamoDB::Table", map[string]any{"DeletionProtectionEnabled": false})
}

func TestAPI(t *testing.T) {
	s := synth(t, "aws")
	s.has(t, "AWS::ApiGateway::RestApi", map[string]any{
		"EndpointConfiguration": map[string]any{"Types": []any{"REGIONAL"}}, "BinaryMediaTypes": []any{"*/*"},
	})
	s.has(t, "AWS::ApiGateway::Stage", map[string]any{"MethodSettings": []any{map[string]any{
		"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200,
		"LoggingLevel": "OFF", "DataTraceEnabled": false,
	}}})
	s.count(t, "AWS::ApiGateway::Method", 2) // the root and everything below it
	for _, m := range s.json.all("AWS::ApiGateway::Method") {
		if m.get("HttpMethod") != "ANY" || m.get("Integration", "Type") != "AWS_PROXY" || !refersTo(m.body, s.json.named(t, config.FnAPI).id) {
			t.Errorf("%s is no proxy of the function api: %v", m.id, m.body)
		}
	}
	s.has(t, "AWS::ApiGateway::GatewayResponse", map[string]any{"ResponseType": "DEFAULT_4XX", "ResponseParameters": map[string]any{
		"gatewayresponse.header.Content-Type": "'application/problem+json'",
	}})
}

// Customers' pages carry their token in the path, so nothing outside the function may write a path down.
func TestTokensStayOutOfLogs(t *testing.T) {
	for _, stage := range synth(t, "aws").json.all("AWS::ApiGateway::Stage") {
		format := text(stage.get("AccessLogSetting", "Format"))
		if !json.Valid([]byte(format)) {
			t.Errorf("the access log is no JSON: %s", format)
		}
		for _, leak := range []string{"$context.path", "$context.protocol", "requestOverride", "sourceIp", "userAgent", "$input", "$context.identity"} {
			if strings.Contains(format, leak) {
				t.Errorf("the access log has %s", leak)
			}
		}
		if !strings.Contains(format, "$context.resourcePath") {
			t.Error("the access log does not tell the resource")
		}
		if stage.get("TracingEnabled") == true {
			t.Error("X-Ray records the URL of requests to the stage")
		}
	}
}

func TestPublicURL(t *testing.T) {
	tests := []struct{ variant, want string }{
		{"aws", "https://API.execute-api.us-east-1.amazonaws.com/prod"},
		{"localstack", "http://localhost:4566/_aws/execute-api/API/local"},
		{"custom", "https://feedback.example.com"},
	}
	for _, tt := range tests {
		t.Run(tt.variant, func(t *testing.T) {
			s := synth(t, tt.variant)
			for _, fn := range config.Functions {
				if got := environmentOf(s.json, s.json.named(t, fn))[config.KeyPublicURL]; got != tt.want {
					t.Errorf("%s is told %s, want %s", fn, got, tt.want)
				}
			}
			if got := resolve(s.json, dig(map[string]any(s.json), "Outputs", "ApiUrl", "Value")); got != tt.want {
				t.Errorf("output is %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCustomDomain(t *testing.T) {
	s := synth(t, "custom")
	s.has(t, "AWS::ApiGateway::DomainName", map[string]any{
		"DomainName": "feedback.example.com", "SecurityPolicy": "TLS_1_2", "EndpointConfiguration": map[string]any{"Types": []any{"REGIONAL"}},
	})
	s.count(t, "AWS::ApiGateway::BasePathMapping", 1)
}

// The stack and the functions' own loaders agree: every function starts with what it is told, and is told nothing it does
// not read.
func TestEnvironment(t *testing.T) {
	for variant := range contexts {
		for _, fn := range config.Functions {
			t.Run(variant+"/"+fn, func(t *testing.T) {
				s := synth(t, variant)
				env := environmentOf(s.json, s.json.named(t, fn))
				unread := map[string]bool{}
				for k := range env {
					unread[k] = !strings.HasPrefix(k, "AWS_")
				}
				env[config.KeyRegion] = "us-east-1" // Lambda sets it
				look := config.Env(func(key string) string {
					delete(unread, key)
					return env[key]
				})
				load := map[string]func() error{
					config.FnAPI:      func() error { _, err := look.API(); return err },
					config.FnSignals:  func() error { _, err := look.Signals(); return err },
					config.FnTriage:   func() error { _, err := look.Triage(); return err },
					config.FnOpsItems: func() error { _, err := look.OpsItems(); return err },
					config.FnFollowup: func() error { _, err := look.Followup(); return err },
					config.FnDigest:   func() error { _, err := look.Digest(); return err },
				}
				if err := load[fn](); err != nil {
					t.Error(err)
				}
				for k, bad := range unread {
					if bad {
						t.Errorf("%s is told and never read", k)
					}
				}
			})
		}
	}
}

func TestEndpoints(t *testing.T) {
	s := synth(t, "localstack")
	tests := []struct{ fn, key, want string }{
		{config.FnOpsItems, "AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:8081"},
		{config.FnFollowup, "AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:8082"},
		{config.FnAPI, "AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:8082"},
		{config.FnSignals, "AWS_ENDPOINT_URL_SSM", ""},
	}
	for _, tt := range tests {
		if got := environmentOf(s.json, s.json.named(t, tt.fn))[tt.key]; got != tt.want {
			t.Errorf("%s of %s is %q, want %q", tt.key, tt.fn, got, tt.want)
		}
	}
	for _, fn := range config.Functions {
		if got := s.json.named(t, fn).get("Architectures"); cmp.Diff([]any{"x86_64"}, got) != "" {
			t.Errorf("%s is built for %v; LocalStack runs it on its own host", fn, got)
		}
	}
}

func TestEvents(t *testing.T) {
	s := synth(t, "aws")
	s.has(t, "AWS::Events::EventBus", map[string]any{"Name": "learningloop"})
	tests := []struct {
		name, queue string
		pattern     map[string]any
	}{
		{"alarms", "SignalsQueue", map[string]any{"source": []any{"aws.cloudwatch"}, "detail-type": []any{"CloudWatch Alarm State Change"}}},
		{"pipelines", "SignalsQueue", map[string]any{"source": []any{"aws.codepipeline"}}},
		{"deployments", "SignalsQueue", map[string]any{"source": []any{"aws.codedeploy"}}},
		{"health", "SignalsQueue", map[string]any{"source": []any{"aws.health"}, "detail-type": []any{"AWS Health Event"}}},
		{"own", "SignalsQueue", map[string]any{"source": []any{"learningloop"}, "detail-type": []any{"Feedback Submitted"}}},
		{"OpsItems", "OpsitemsQueue", map[string]any{"source": []any{"aws.ssm"}, "detail-type": []any{"OpsItem Create", "OpsItem Update"}}},
		{"mail", "MailQueue", map[string]any{"source": []any{"aws.ses"}, "detail": map[string]any{
			"mail": map[string]any{"tags": map[string]any{"ses:configuration-set": []any{"learningloop"}}},
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.has(t, "AWS::Events::Rule", map[string]any{
				"EventPattern": tt.pattern, "State": "ENABLED",
				"Targets": []any{map[string]any{"Arn": map[string]any{"Fn::GetAtt": []any{assertions.Match_StringLikeRegexp(str("^" + tt.queue)), "Arn"}}}},
			})
		})
	}
	// A program may know the project's bus or only the default one.
	buses := map[bool]int{}
	for _, r := range s.json.all("AWS::Events::Rule") {
		if cmp.Equal(r.get("EventPattern", "source"), []any{"learningloop"}) {
			buses[r.get("EventBusName") == nil]++
		}
	}
	if d := cmp.Diff(map[bool]int{true: 1, false: 1}, buses); d != "" {
		t.Errorf("rules for own events, by default bus or not (-want +got)\n%s", d)
	}
}

func TestChanges(t *testing.T) {
	s := synth(t, "aws")
	want := map[string][]any{config.FnTriage: {"feedback"}, config.FnOpsItems: {"episode"}, config.FnFollowup: {"mail", "notice", "postincident"}}
	for fn, types := range want {
		found := false
		for _, m := range s.json.all("AWS::Lambda::EventSourceMapping") {
			if !refersTo(m.get("FunctionName"), s.json.named(t, fn).id) || m.get("StartingPosition") == nil {
				continue
			}
			found = true
			filters := many(m.get("FilterCriteria", "Filters"))
			if len(filters) != 1 {
				t.Fatalf("%s has %d filters", fn, len(filters))
			}
			var got any
			if err := json.Unmarshal([]byte(text(dig(filters[0], "Pattern"))), &got); err != nil {
				t.Fatal(err)
			}
			image := map[string]any{"pending_p": map[string]any{"S": []any{map[string]any{"exists": true}}}, "type": map[string]any{"S": types}}
			if d := cmp.Diff(map[string]any{"dynamodb": map[string]any{"NewImage": image}}, got); d != "" {
				t.Errorf("filter of %s (-want +got)\n%s", fn, d)
			}
		}
		if !found {
			t.Errorf("no change wakes %s", fn)
		}
	}
}

func TestSchedules(t *testing.T) {
	s := synth(t, "aws")
	got := map[string]string{}
	for _, r := range s.json.all("AWS::Scheduler::Schedule") {
		var input map[string]string
		if err := json.Unmarshal([]byte(text(r.get("Target", "Input"))), &input); err != nil {
			t.Fatal(err)
		}
		name := text(r.get("Name"))
		// The scheduler looks for these very characters: escaped as JSON may escape them, they stay what they are.
		if !strings.Contains(text(r.get("Target", "Input")), "<aws.scheduler.scheduled-time>") {
			t.Errorf("%s is not told its time", name)
		}
		if d := cmp.Diff(map[string]string{"schedule": name, "at": "<aws.scheduler.scheduled-time>"}, input); d != "" {
			t.Errorf("input of %s (-want +got)\n%s", name, d)
		}
		if r.get("ScheduleExpressionTimezone") != "UTC" {
			t.Errorf("%s is not in UTC", name)
		}
		fn, _, _ := strings.Cut(name, "-")
		if !refersTo(r.get("Target", "Arn"), s.json.named(t, fn).id) {
			t.Errorf("%s does not run %s", name, fn)
		}
		got[name] = text(r.get("ScheduleExpression"))
	}
	want := map[string]string{
		config.ScheduleTriageSweep: "rate(1 minute)", config.ScheduleFollowupSweep: "rate(1 minute)",
		config.ScheduleOpsItemsSweep: "rate(1 minute)", config.ScheduleOpsItemsReconcile: "rate(5 minutes)",
		config.ScheduleDigestWeekly: "cron(0 7 ? * MON *)", config.ScheduleDigestMonthly: "cron(0 7 1 * ? *)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestMail(t *testing.T) {
	s := synth(t, "aws")
	s.has(t, "AWS::SES::EmailIdentity", map[string]any{"EmailIdentity": "loop@example.com"})
	s.has(t, "AWS::SES::ConfigurationSetEventDestination", map[string]any{"EventDestination": map[string]any{
		"Enabled": true, "MatchingEventTypes": []any{"bounce", "complaint", "delivery", "reject"},
		"EventBridgeDestination": assertions.Match_AnyValue(),
	}})
	synth(t, "custom").has(t, "AWS::SES::EmailIdentity", map[string]any{"EmailIdentity": "example.com"})
	for _, id := range []string{"DkimName1", "DkimValue3"} {
		if dig(map[string]any(synth(t, "custom").json), "Outputs", id) == nil {
			t.Errorf("no output %s: whoever owns the domain cannot prove it", id)
		}
	}
}

func TestIdentity(t *testing.T) {
	s := synth(t, "aws")
	s.has(t, "AWS::Cognito::UserPool", map[string]any{"AdminCreateUserConfig": map[string]any{"AllowAdminCreateUserOnly": true}})
	s.has(t, "AWS::Cognito::UserPoolClient", map[string]any{"AllowedOAuthFlows": []any{"code"}, "GenerateSecret": false})
	s.count(t, "AWS::Cognito::UserPoolDomain", 1)
	client := s.json.all("AWS::Cognito::UserPoolClient")[0]
	want := "https://API.execute-api.us-east-1.amazonaws.com/prod" + config.PathSignedIn
	if got := resolve(s.json, many(client.get("CallbackURLs"))[0]); got != want {
		t.Errorf("sign-in returns to %s, want %s", got, want)
	}
	synth(t, "custom").count(t, "AWS::Cognito::UserPool", 0) // it names an issuer of its own
}

func TestNotify(t *testing.T) {
	s := synth(t, "aws")
	s.has(t, "AWS::KMS::Key", map[string]any{"EnableKeyRotation": true, "KeyPolicy": map[string]any{
		"Statement": assertions.Match_ArrayWith(&[]any{map[string]any{
			"Action": []any{"kms:Decrypt", "kms:GenerateDataKey"}, "Effect": "Allow", "Resource": "*",
			"Principal": map[string]any{"Service": []any{"cloudwatch.amazonaws.com", "ssm.amazonaws.com"}},
		}}),
	}})
	s.has(t, "AWS::SNS::Topic", map[string]any{"KmsMasterKeyId": map[string]any{
		"Fn::GetAtt": []any{assertions.Match_StringLikeRegexp(str("^OpsKey")), "Arn"},
	}})
	s.has(t, "AWS::SNS::Subscription", map[string]any{"Protocol": "email", "Endpoint": "ops@example.com"})
}

func TestDashboard(t *testing.T) {
	s := synth(t, "aws")
	raw, err := json.Marshal(s.json.all("AWS::CloudWatch::Dashboard")[0].get("DashboardBody"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sandbox", config.MetricMailSandbox, config.MetricFilingFailed, config.MetricMailFailed, config.MetricSetAside, config.MetricEventFailed, config.MetricEpisodesOpened, config.MetricTimeToAcknowledge, config.MetricOpenEpisodes, "runbook"} {
		if !strings.Contains(strings.ToLower(string(raw)), strings.ToLower(want)) {
			t.Errorf("the dashboard does not show %s", want)
		}
	}
}

// What LocalStack's free edition lacks must not be in its template: there it would "succeed" and do nothing.
func TestLocalStackLeavesOut(t *testing.T) {
	for _, r := range synth(t, "localstack").json.all("") {
		for _, lacking := range []string{"AWS::Cognito::", "AWS::SES::", "AWS::WAFv2::", "AWS::XRay::", "AWS::CloudWatch::Dashboard", "Custom::"} {
			if strings.HasPrefix(r.typ(), lacking) {
				t.Errorf("%s is %s", r.id, r.typ())
			}
		}
	}
}

func TestOutputs(t *testing.T) {
	tests := []struct {
		variant string
		want    []string
	}{
		{"aws", []string{"ApiId", "ApiUrl", "BusName", "ClientId", "SignInUrl", "SignalsQueueArn", "TableName", "TopicArn", "UserPoolId"}},
		{"localstack", []string{"ApiId", "ApiUrl", "BusName", "ClientId", "SignalsQueueArn", "TableName", "TopicArn"}},
	}
	for _, tt := range tests {
		t.Run(tt.variant, func(t *testing.T) {
			outputs, _ := synth(t, tt.variant).json["Outputs"].(map[string]any)
			if d := cmp.Diff(tt.want, sortedKeys(outputs)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}
