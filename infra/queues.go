package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"

	"learningloop/internal/config"
)

// deadLetter is a queue of what could not be done. Somebody is always told of what lies in it: see newAlarms.
type deadLetter struct {
	awssqs.Queue
	name string // of the runbook: runbook-<name>
	what string // what lies in it, for the alarm
}

// source is a queue that a function reads, with the dead-letter queue it ends in.
type source struct {
	queue   awssqs.Queue
	dead    awssqs.Queue
	workers float64 // environments at once, so that a burst of events leaves concurrency for the API
}

type queues struct {
	signals, opsitems, mail source
	changes                 awssqs.Queue // pointers to changes that a stream reader gave up on
	schedules               awssqs.Queue // invocations by schedule that failed
}

func newQueues(l *loop) queues {
	q := queues{
		signals: newSource(l, config.FnSignals, "signals", "Events that could not be read as signals", 5),
		// Two at a time: OpsCenter publishes no rate for its calls, and each event costs one.
		opsitems: newSource(l, config.FnOpsItems, "opsitems", "OpsItem events that could not be mirrored", 2),
		mail:     newSource(l, config.FnFollowup, "mail", "Bounces and complaints that could not be noted", 2),
	}
	q.changes = newDead(l, "changes", "Changes of the table that a function gave up on")
	q.schedules = newDead(l, "schedules", "Scheduled runs that failed after all retries")

	// Topics of this account may feed signals too (QnABot publishes thumbs there); subscribe the queue to them.
	q.signals.queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        str("TopicsOfThisAccount"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(str("sns.amazonaws.com"), nil)},
		Actions:    list("sqs:SendMessage"),
		Resources:  &[]*string{q.signals.queue.QueueArn()},
		Conditions: &map[string]any{"ArnLike": map[string]any{"aws:SourceArn": l.FormatArn(&awscdk.ArnComponents{
			Service: str("sns"), Resource: str("*"), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
		})}},
	}))
	return q
}

// newSource makes the queue of a function. It hides a message for six times as long as the function may run, as the
// Lambda Developer Guide ("Configuring a queue to use with Lambda") wants it, so that a throttled batch is not read twice.
func newSource(l *loop, fn, name, what string, workers float64) source {
	s := source{dead: newDead(l, name, what), workers: workers}
	s.queue = awssqs.NewQueue(l.Stack, str(title(name)+"Queue"), &awssqs.QueueProps{
		Encryption:        awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:        yes(),
		VisibilityTimeout: seconds(6 * specs[fn].timeout),
		RetentionPeriod:   days(4),
		DeadLetterQueue:   &awssqs.DeadLetterQueue{Queue: s.dead, MaxReceiveCount: num(5)},
	})
	return s
}

// newDead keeps for 14 days, SQS's longest: time to notice and to redrive.
func newDead(l *loop, name, what string) awssqs.Queue {
	q := awssqs.NewQueue(l.Stack, str(title(name)+"Dead"), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      yes(),
		RetentionPeriod: days(14),
	})
	l.dead = append(l.dead, deadLetter{Queue: q, name: name + "-dlq", what: what})
	return q
}
