package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"

	"learningloop/internal/config"
)

// schedule runs a function again and again. Times are UTC.
type schedule struct {
	fn, name, when string
	age            float64 // seconds after which a run that could not be started is not worth starting; the next one does its work
}

var schedules = []schedule{
	{config.FnTriage, config.ScheduleTriageSweep, "rate(1 minute)", 60},
	{config.FnFollowup, config.ScheduleFollowupSweep, "rate(1 minute)", 60},
	{config.FnOpsItems, config.ScheduleOpsItemsSweep, "rate(1 minute)", 60},
	{config.FnOpsItems, config.ScheduleOpsItemsReconcile, "rate(5 minutes)", 300},
	{config.FnDigest, config.ScheduleDigestWeekly, "cron(0 7 ? * MON *)", 86400},
	{config.FnDigest, config.ScheduleDigestMonthly, "cron(0 7 1 * ? *)", 86400},
}

// scheduled is the set of functions that schedules run.
func scheduled() map[string]bool {
	fns := map[string]bool{}
	for _, s := range schedules {
		fns[s.fn] = true
	}
	return fns
}

// newSchedules makes the schedules in a group of their own, which is also what their role is bound to. A run gets the time
// it was meant for, not the time it happened: so a digest sent again is known to be the same.
func newSchedules(l *loop, q queues, fns functions) {
	group := awsscheduler.NewCfnScheduleGroup(l.Stack, str("Schedules"), &awsscheduler.CfnScheduleGroupProps{Name: str(l.name())})
	role := awsiam.NewRole(l.Stack, str("SchedulerRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(str("scheduler.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": l.Account()}},
		}),
	})
	for _, fn := range sortedKeys(scheduled()) {
		fns.byName[fn].GrantInvoke(role)
	}
	q.schedules.GrantSendMessages(role)

	for _, s := range schedules {
		input := fmt.Sprintf(`{"schedule":%q,"at":"<aws.scheduler.scheduled-time>"}`, s.name)
		c := awsscheduler.NewCfnSchedule(l.Stack, str(title(s.name)), &awsscheduler.CfnScheduleProps{
			Name:                       str(s.name),
			GroupName:                  group.Ref(),
			ScheduleExpression:         str(s.when),
			ScheduleExpressionTimezone: str("UTC"),
			FlexibleTimeWindow:         &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: str("OFF")},
			Target: &awsscheduler.CfnSchedule_TargetProperty{
				Arn:              fns.byName[s.fn].FunctionArn(),
				RoleArn:          role.RoleArn(),
				Input:            str(input),
				DeadLetterConfig: &awsscheduler.CfnSchedule_DeadLetterConfigProperty{Arn: q.schedules.QueueArn()},
				RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{
					MaximumEventAgeInSeconds: num(s.age), MaximumRetryAttempts: num(10),
				},
			},
		})
		c.Node().AddDependency(policyOf(role))
	}
}
