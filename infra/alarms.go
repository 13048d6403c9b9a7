package main

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"

	"learningloop/internal/config"
)

// rule is when an alarm rings: when the metric is at or above the threshold in `of` of the last `in` periods.
type rule struct {
	id, runbook, what string
	metric            awscloudwatch.IMetric
	threshold         float64
	of, in            float64 // 0 is 1
}

// newAlarms makes an alarm for each thing that somebody has to do something about. Every description says what has
// happened and links the runbook that says what to do: a heading of the README with the anchor runbook-<name>.
func newAlarms(l *loop, n notify, t awsdynamodb.Table, a *api, fns functions) []awscloudwatch.IAlarm {
	rules := make([]rule, 0, 32)
	for _, d := range l.dead {
		rules = append(rules, rule{id: *d.Node().Id(), runbook: d.name, what: d.what + " are kept for 14 days.", metric: depth(d)})
	}
	for _, name := range config.Functions {
		rules = append(rules, rule{
			id: title(name) + "Errors", runbook: "function-errors", what: "The function " + name + " failed.",
			metric: fns.byName[name].MetricErrors(fiveMinutes("Sum")), of: 2, in: 3, // one deploy or one slow start is no news
		})
	}
	for _, name := range sortedKeys(config.WakeTypes) {
		rules = append(rules, rule{
			id: title(name) + "Behind", runbook: "behind",
			what:      "The function " + name + " is more than 10 minutes behind the table's changes.",
			metric:    fns.byName[name].Metric(str("IteratorAge"), fiveMinutes("Maximum")),
			threshold: 10 * 60 * 1000, of: 2, in: 2,
		})
	}
	rules = append(rules,
		rule{
			id: "Throttled", runbook: "throttled", what: "Functions were refused for want of concurrency.",
			metric: throttles(fns), threshold: 10, of: 2, in: 3,
		},
		rule{
			id: "ApiFailing", runbook: "api-failing", what: "The API answers with errors of its own (5xx).",
			metric: a.rest.MetricServerError(fiveMinutes("Sum")), threshold: 5, of: 2, in: 3,
		},
		rule{
			id: "TableThrottled", runbook: "table-throttled", what: "The table refuses writes or reads for want of capacity.",
			metric: sum("Throttled", tableMetric(t, "ReadThrottleEvents"), tableMetric(t, "WriteThrottleEvents")), threshold: 10, of: 2, in: 3,
		},
		rule{
			id: "FilingFailed", runbook: "filing-failed", what: "OpsItems cannot be filed; they are tried again.",
			metric: own(l, config.MetricFilingFailed, "Sum"), of: 2, in: 3,
		},
		rule{
			id: "OpsItemsUsed", runbook: "opsitems-budget", what: "80 % of the OpsItems that can be filed are.",
			metric: own(l, config.MetricOpsItemsUsed, "Maximum"), threshold: 80,
		},
		rule{
			id: "OpsItemsHeld", runbook: "opsitems-budget", what: "Improvements wait for room in the budget of OpsItems.",
			metric: own(l, config.MetricOpsItemsHeld, "Maximum"), of: 2, in: 3,
		},
		rule{
			id: "MailFailed", runbook: "mail-failed", what: "Mails cannot be sent; they are tried again.",
			metric: own(l, config.MetricMailFailed, "Sum"), of: 2, in: 3,
		},
		rule{
			id: "EventFailed", runbook: "event-failed", what: "The loop's own events cannot be put on its bus; they are tried again.",
			metric: own(l, config.MetricEventFailed, "Sum"), of: 2, in: 3,
		},
		rule{
			id: "SetAside", runbook: "set-aside", what: "Events were not understood and wait for a person.",
			metric: own(l, config.MetricSetAside, "Sum"),
		},
	)
	if !l.local() {
		// SES puts an account under review at 5 % bounces and 0.1 % complaints (SES Developer Guide, "Reputation").
		rules = append(rules,
			rule{
				id: "Bounces", runbook: "mail-reputation", what: "4 % of mails bounce; at 5 % SES reviews the account.",
				metric: ses("Reputation.BounceRate"), threshold: 0.04,
			},
			rule{
				id: "Complaints", runbook: "mail-reputation", what: "0.08 % of recipients complain; at 0.1 % SES reviews the account.",
				metric: ses("Reputation.ComplaintRate"), threshold: 0.0008,
			},
		)
	}
	alarms := make([]awscloudwatch.IAlarm, 0, len(rules))
	for _, r := range rules {
		alarms = append(alarms, newAlarm(l, n, r))
	}
	return alarms
}

func newAlarm(l *loop, n notify, r rule) awscloudwatch.IAlarm {
	or := func(v, otherwise float64) *float64 {
		if v == 0 {
			v = otherwise
		}
		return num(v)
	}
	alarm := awscloudwatch.NewAlarm(l.Stack, str(r.id+"Alarm"), &awscloudwatch.AlarmProps{
		AlarmName:          str(l.name() + "-" + r.id),
		AlarmDescription:   str(fmt.Sprintf("%s Runbook: %s#runbook-%s", r.what, l.RunbookURL, r.runbook)),
		Metric:             r.metric,
		Threshold:          or(r.threshold, 1),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		DatapointsToAlarm:  or(r.of, 1),
		EvaluationPeriods:  or(r.in, 1),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	alarm.AddAlarmAction(awscloudwatchactions.NewSnsAction(n.topic))
	alarm.AddOkAction(awscloudwatchactions.NewSnsAction(n.topic))
	return alarm
}

func fiveMinutes(statistic string) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{Statistic: str(statistic), Period: awscdk.Duration_Minutes(num(5))}
}

func depth(d deadLetter) awscloudwatch.IMetric {
	return d.MetricApproximateNumberOfMessagesVisible(fiveMinutes("Maximum"))
}

// throttles adds up all functions: which one it was, the dashboard shows.
func throttles(fns functions) awscloudwatch.IMetric {
	metrics := make([]awscloudwatch.IMetric, 0, len(config.Functions))
	for _, name := range config.Functions {
		metrics = append(metrics, fns.byName[name].MetricThrottles(fiveMinutes("Sum")))
	}
	return sum("Throttled", metrics...)
}

// sum adds metrics up; one that has no data counts as 0.
func sum(label string, metrics ...awscloudwatch.IMetric) awscloudwatch.IMetric {
	using, terms := map[string]awscloudwatch.IMetric{}, make([]string, 0, len(metrics))
	for i, m := range metrics {
		id := fmt.Sprintf("m%d", i)
		using[id] = m
		terms = append(terms, "FILL("+id+",0)")
	}
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: str(strings.Join(terms, "+")), UsingMetrics: &using, Label: str(label), Period: minutes(5),
	})
}

func metric(namespace, name, statistic string, dimensions map[string]*string) awscloudwatch.Metric {
	p := &awscloudwatch.MetricProps{Namespace: str(namespace), MetricName: str(name), Statistic: str(statistic), Period: minutes(5)}
	if dimensions != nil {
		p.DimensionsMap = &dimensions
	}
	return awscloudwatch.NewMetric(p)
}

// own is a metric that the functions write in their logs.
func own(l *loop, name, statistic string) awscloudwatch.IMetric {
	return metric(config.MetricNamespace, name, statistic, map[string]*string{config.DimensionStage: str(l.Stage)})
}

// ses is a metric of the whole account in this Region. SES publishes it now and then, hence the hour.
func ses(name string) awscloudwatch.IMetric {
	return metric("AWS/SES", name, "Average", nil).With(&awscloudwatch.MetricOptions{Period: awscdk.Duration_Hours(num(1))})
}

func tableMetric(t awsdynamodb.Table, name string) awscloudwatch.IMetric {
	return metric("AWS/DynamoDB", name, "Sum", map[string]*string{"TableName": t.TableName()})
}
