package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"learningloop/internal/config"
)

// tableActions are what the storage port does, on rows of the table and its indexes. No Scan: nothing scans.
var tableActions = []string{
	"dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem",
	"dynamodb:Query", "dynamodb:UpdateItem",
}

// grant gives each function what it calls, and nothing else. Queues, streams and destinations add theirs where they are
// connected.
func grant(l *loop, in functionInput, fns functions) {
	allow := func(fn string, actions []string, resources []string, conditions map[string]any) {
		p := &awsiam.PolicyStatementProps{Actions: list(actions...), Resources: list(resources...)}
		if conditions != nil {
			p.Conditions = &conditions
		}
		fns.byName[fn].AddToRolePolicy(awsiam.NewPolicyStatement(p))
	}
	arn := func(service, resource string) string {
		return *l.FormatArn(&awscdk.ArnComponents{
			Service: str(service), Resource: str(resource), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
		})
	}
	for _, fn := range config.Functions {
		allow(fn, tableActions, []string{*in.table.TableArn(), *in.table.TableArn() + "/index/*"}, nil)
	}
	for _, fn := range useTokens {
		in.secret.GrantRead(fns.byName[fn], nil)
	}
	for _, fn := range callSES {
		// Whether SES is still in its sandbox is a question about the account; GetAccount knows no resource.
		allow(fn, []string{"ses:GetAccount"}, []string{"*"}, nil)
	}
	// By sender instead of by identity: in its sandbox SES also asks for the right to the recipient's identity.
	allow(config.FnFollowup, []string{"ses:SendEmail", "ses:SendRawEmail"},
		[]string{arn("ses", "identity/*"), arn("ses", "configuration-set/"+in.sender.set)},
		map[string]any{"StringEquals": map[string]any{"ses:FromAddress": in.sender.address}})
	// The loop's own words, under its own name: no program that reads the bus can be told anything else by it.
	allow(config.FnFollowup, []string{"events:PutEvents"}, []string{*in.bus.EventBusArn()},
		map[string]any{"StringEquals": map[string]any{"events:source": config.EventSource}})
	allow(config.FnOpsItems, []string{"ssm:CreateOpsItem", "ssm:GetOpsItem", "ssm:UpdateOpsItem", "ssm:AddTagsToResource"},
		[]string{arn("ssm", "opsitem/*")}, nil)
	// A list has no resource to name.
	allow(config.FnOpsItems, []string{"ssm:DescribeOpsItems"}, []string{"*"}, nil)
}
