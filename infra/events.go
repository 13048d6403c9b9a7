package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"

	"learningloop/internal/config"
)

// feed is one kind of event that is let in. Patterns are as narrow as the fields allow: what is let in costs a write.
type feed struct {
	id, source string
	types      []string
	detail     map[string]any
}

// feeds go to signals. The services' events are on the account's default bus, and on no other.
var feeds = []feed{
	{"Alarms", "aws.cloudwatch", []string{"CloudWatch Alarm State Change"}, nil},
	{"Pipelines", "aws.codepipeline", []string{
		"CodePipeline Pipeline Execution State Change", "CodePipeline Stage Execution State Change",
		"CodePipeline Action Execution State Change",
	}, nil},
	{"Deployments", "aws.codedeploy", []string{
		"CodeDeploy Deployment State-change Notification", "CodeDeploy Instance State-change Notification",
	}, nil},
	{"Health", "aws.health", []string{"AWS Health Event"}, nil},
	{"Canaries", "aws.synthetics", []string{"Synthetics Canary Status Change", "Synthetics Canary TestRun Failure"}, nil},
	{"Builds", "aws.codebuild", []string{"CodeBuild Build State Change"}, map[string]any{
		"build-status": []string{"FAILED", "SUCCEEDED"},
	}},
	{"Compliance", "aws.config", []string{"Config Rules Compliance Change"}, map[string]any{
		"newEvaluationResult": map[string]any{"complianceType": []string{"COMPLIANT", "NON_COMPLIANT"}},
	}},
	// Only what is new and grave: both services repeat every finding they know.
	{"Findings", "aws.securityhub", []string{"Security Hub Findings - Imported"}, map[string]any{
		"findings": map[string]any{
			"Severity": map[string]any{"Label": []string{"CRITICAL", "HIGH"}},
			"Workflow": map[string]any{"Status": []string{"NEW"}},
		},
	}},
	{"Threats", "aws.guardduty", []string{"GuardDuty Finding"}, map[string]any{
		"severity": []any{map[string]any{"numeric": []any{">=", 7}}},
	}},
}

// mailEvents are what SES publishes about mails of the configuration set (SES Developer Guide, "EventBridge").
var mailEvents = []string{"Email Bounced", "Email Complaint Received", "Email Delivered", "Email Rejected"}

// newBus makes the bus between a team's own programs and the loop: feedback comes in on it, and the loop's own events go
// out on it. A rule of the team's takes those up; what nobody takes up lies in the table all the same.
func newBus(l *loop) awsevents.EventBus {
	return awsevents.NewEventBus(l.Stack, str("Bus"), &awsevents.EventBusProps{
		EventBusName: str(l.name()), Description: str("Feedback from programs: detail-type " + config.EventFeedbackSubmitted + "; to them: " + config.EventPostIncident),
	})
}

// newEvents makes every rule that feeds a queue.
func newEvents(l *loop, bus awsevents.IEventBus, q queues, s sender) {
	for _, f := range feeds {
		newRule(l, nil, f, q.signals)
	}
	own := feed{id: "Feedback", source: config.EventSource, types: []string{config.EventFeedbackSubmitted}}
	newRule(l, bus, own, q.signals)
	own.id = "FeedbackDefaultBus" // for programs that know no other bus
	newRule(l, nil, own, q.signals)

	newRule(l, nil, feed{"OpsItemEvents", "aws.ssm", []string{"OpsItem Create", "OpsItem Update"}, nil}, q.opsitems)
	newRule(l, nil, feed{"MailEvents", "aws.ses", mailEvents, map[string]any{
		"mail": map[string]any{"tags": map[string]any{"ses:configuration-set": []string{s.set}}},
	}}, q.mail)
}

// newRule sends events to a queue, and those that the queue would not take to its dead-letter queue.
func newRule(l *loop, bus awsevents.IEventBus, f feed, to source) {
	pattern := &awsevents.EventPattern{Source: list(f.source), DetailType: list(f.types...)}
	if f.detail != nil {
		pattern.Detail = &f.detail
	}
	rule := awsevents.NewRule(l.Stack, str(f.id+"Rule"), &awsevents.RuleProps{EventBus: bus, EventPattern: pattern})
	rule.AddTarget(awseventstargets.NewSqsQueue(to.queue, &awseventstargets.SqsQueueProps{DeadLetterQueue: to.dead}))
}
