package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/config"
)

// What each function may do beyond what every function may. A right more is a decision: write it down here.
func TestRights(t *testing.T) {
	s := synth(t, "aws")
	common := append([]string{"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}, tableActions...)
	read := []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}
	stream := []string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
	receive := []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"}
	fail := []string{"sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"}
	want := map[string][][]string{
		config.FnAPI:      {read, {"ses:GetAccount"}},
		config.FnSignals:  {read, receive},
		config.FnTriage:   {stream, fail},
		config.FnOpsItems: {stream, receive, fail, {"ssm:AddTagsToResource", "ssm:CreateOpsItem", "ssm:DescribeOpsItems", "ssm:GetOpsItem", "ssm:UpdateOpsItem"}},
		config.FnFollowup: {stream, receive, fail, read, {"events:PutEvents"}, {"ses:GetAccount", "ses:SendEmail", "ses:SendRawEmail"}},
		config.FnDigest:   {fail, read},
	}
	for _, fn := range config.Functions {
		got := map[string]bool{}
		for _, p := range s.json.all("AWS::IAM::Policy") {
			for _, role := range s.json.all("AWS::IAM::Role") {
				if refersTo(p.get("Roles"), role.id) && refersTo(s.json.named(t, fn).get("Role"), role.id) {
					for _, statement := range many(p.get("PolicyDocument", "Statement")) {
						for _, a := range many(dig(statement, "Action")) {
							got[text(a)] = true
						}
					}
				}
			}
		}
		expected := slices.Concat(append(want[fn], common)...)
		slices.Sort(expected)
		if d := cmp.Diff(slices.Compact(expected), sortedKeys(got)); d != "" {
			t.Errorf("%s (-want +got)\n%s", fn, d)
		}
	}
}
