package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// loop is the stack while it is put together.
type loop struct {
	awscdk.Stack
	Params
	dead []deadLetter // every dead-letter queue, for alarms and the dashboard
}

// NewStack states the whole deployment.
//
// Order follows need: what functions are told in their environment comes before them, what they are granted after. The
// API's id comes first of all, because PUBLIC_URL is made of it; its methods come last, because they point at a function.
func NewStack(scope constructs.Construct, p Params) awscdk.Stack {
	l := &loop{Params: p, Stack: awscdk.NewStack(scope, jsii.String(p.StackName()), &awscdk.StackProps{
		Description:           jsii.String("Learning Loop: feedback in, OpsItems out, and everybody told what became of it"),
		AnalyticsReporting:    jsii.Bool(false),
		TerminationProtection: jsii.Bool(p.Keep && !p.local()),
		Tags:                  &map[string]*string{"project": jsii.String("learningloop"), "stage": jsii.String(p.Stage)},
	})}

	// The CDK makes a function wait for its role twice over, which cfn-lint's W3005 finds idle.
	l.TemplateOptions().SetMetadata(&map[string]any{
		"cfn-lint": map[string]any{"config": map[string]any{"ignore_checks": []string{"W3005"}}},
	})

	notify := newNotify(l)
	tbl := newTable(l)
	queues := newQueues(l)
	api := newAPI(l)
	staff := newIdentity(l, api)
	sender := newMail(l)
	secret := newTokenKey(l)
	bus := newBus(l)

	fns := newFunctions(l, functionInput{table: tbl, api: api, staff: staff, sender: sender, secret: secret, notify: notify, queues: queues, bus: bus})
	api.serve(fns.api)
	newSources(l, tbl, queues, fns)
	newEvents(l, bus, queues, sender)
	newSchedules(l, queues, fns)

	alarms := newAlarms(l, notify, tbl, api, fns)
	newDashboard(l, alarms, tbl, api, fns)
	newOutputs(l, map[string]*string{
		"ApiUrl":          api.publicURL,
		"ApiId":           api.rest.RestApiId(),
		"TableName":       tbl.TableName(),
		"BusName":         bus.EventBusName(),
		"TopicArn":        notify.topic.TopicArn(),
		"SignalsQueueArn": queues.signals.queue.QueueArn(),
		"UserPoolId":      staff.poolID,
		"ClientId":        staff.clientID,
		"SignInUrl":       staff.signIn,
	})
	return l.Stack
}

// keep is the removal policy of what holds data.
func (l *loop) keep() awscdk.RemovalPolicy {
	if l.Keep {
		return awscdk.RemovalPolicy_RETAIN
	}
	return awscdk.RemovalPolicy_DESTROY
}

// newOutputs writes those outputs that the variant has.
func newOutputs(l *loop, values map[string]*string) {
	for _, id := range sortedKeys(values) {
		if v := values[id]; v != nil {
			awscdk.NewCfnOutput(l.Stack, jsii.String(id), &awscdk.CfnOutputProps{Value: v})
		}
	}
}
