package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdaeventsources"
	"github.com/aws/constructs-go/constructs/v10"

	"learningloop/internal/config"
)

// newSources connects functions to what wakes them: queues and the table's stream.
func newSources(l *loop, t awsdynamodb.Table, q queues, fns functions) {
	reads := map[string]source{config.FnSignals: q.signals, config.FnOpsItems: q.opsitems, config.FnFollowup: q.mail}
	for _, fn := range sortedKeys(reads) {
		s := reads[fn]
		fns.byName[fn].AddEventSource(awslambdaeventsources.NewSqsEventSource(s.queue, &awslambdaeventsources.SqsEventSourceProps{
			BatchSize: num(10), MaxConcurrency: num(s.workers), ReportBatchItemFailures: yes(),
		}))
	}
	for _, fn := range sortedKeys(config.WakeTypes) {
		wake(l, t, q, fns.byName[fn], config.WakeTypes[fn])
	}
}

// wake calls fn when a row of these types comes to lie in the pending index, or changes while it does. The stream only
// saves waiting: the sweep finds the same rows, so records are given up after an hour instead of blocking their shard.
//
// Three readers are one more than AWS advises for a shard (Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB");
// a throttled read is repeated, so the price is delay under load, and the sweep bounds that.
func wake(l *loop, t awsdynamodb.Table, q queues, fn awslambda.Function, types []string) {
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   list("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
		Resources: &[]*string{t.TableStreamArn()},
	}))
	m := awslambda.NewEventSourceMapping(l.Stack, str(*fn.Node().Id()+"Changes"), &awslambda.EventSourceMappingProps{
		Target:                  fn,
		EventSourceArn:          t.TableStreamArn(),
		StartingPosition:        awslambda.StartingPosition_TRIM_HORIZON,
		BatchSize:               num(100),
		MaxBatchingWindow:       seconds(0),
		BisectBatchOnError:      yes(),
		ReportBatchItemFailures: yes(),
		RetryAttempts:           num(5),
		MaxRecordAge:            hours(1),
		OnFailure:               awslambdaeventsources.NewSqsDlq(q.changes),
		Filters: &[]*map[string]any{awslambda.FilterCriteria_Filter(&map[string]any{
			"dynamodb": map[string]any{"NewImage": map[string]any{
				config.IndexPending + "_p": map[string]any{"S": awslambda.FilterRule_Exists()},
				"type":                     map[string]any{"S": types},
			}},
		})},
	})
	// Lambda tries the role when the mapping is made; its policy has to be there by then.
	m.Node().AddDependency(policyOf(fn.Role()))
}

// policyOf is what a role was granted, to wait for.
func policyOf(role awsiam.IRole) constructs.IConstruct {
	return role.Node().FindChild(str("DefaultPolicy"))
}
