package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"

	"learningloop/internal/config"
)

const intro = `# Learning Loop
Pages and API: [{url}]({url}) | when an alarm rings: the runbooks in {runbook}

**Mail.** A new account's SES is in its *sandbox*: 200 mails a day, one a second, and only to addresses you verified. While
**SES sandbox** below shows 1, customers hear nothing: ask for production access in the SES console.`

// newDashboard shows on one page whether the loop turns: alarms first, then what came in, what could not be done, and
// where the time goes.
func newDashboard(l *loop, alarms []awscloudwatch.IAlarm, t awsdynamodb.Table, a *api, fns functions) {
	if l.local() {
		return // nobody looks there, and LocalStack's free edition has none
	}
	each := func(get func(name string) awscloudwatch.IMetric) []awscloudwatch.IMetric {
		metrics := make([]awscloudwatch.IMetric, 0, len(config.Functions))
		for _, name := range config.Functions {
			metrics = append(metrics, get(name))
		}
		return metrics
	}
	dead := make([]awscloudwatch.IMetric, 0, len(l.dead))
	for _, d := range l.dead {
		dead = append(dead, depth(d))
	}
	status := make([]interfacesawscloudwatch.IAlarmRef, 0, len(alarms))
	for _, a := range alarms {
		status = append(status, a)
	}
	text := strings.NewReplacer("{url}", *a.publicURL, "{runbook}", l.RunbookURL).Replace(intro)
	d := awscloudwatch.NewDashboard(l.Stack, str("Dashboard"), &awscloudwatch.DashboardProps{DashboardName: str(l.name())})
	d.AddWidgets(awscloudwatch.NewTextWidget(&awscloudwatch.TextWidgetProps{Markdown: str(text), Width: num(18), Height: num(4)}),
		awscloudwatch.NewSingleValueWidget(&awscloudwatch.SingleValueWidgetProps{
			Title: str("SES sandbox (1: yes)"), Metrics: &[]awscloudwatch.IMetric{own(l, config.MetricMailSandbox, "Maximum")},
			Width: num(6), Height: num(4),
		}))
	d.AddWidgets(awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
		Title: str("Alarms"), Alarms: &status, Width: num(24), Height: num(4),
	}))
	d.AddWidgets(
		graph("Requests", a.rest.MetricCount(fiveMinutes("Sum")), a.rest.MetricClientError(fiveMinutes("Sum")), a.rest.MetricServerError(fiveMinutes("Sum"))),
		graph("Time to answer (ms)", a.rest.MetricLatency(fiveMinutes("p50")), a.rest.MetricLatency(fiveMinutes("p99"))),
		graph("Not done (tried again, or waiting for a person)",
			own(l, config.MetricFilingFailed, "Sum"), own(l, config.MetricMailFailed, "Sum"), own(l, config.MetricSetAside, "Sum"),
			own(l, config.MetricEventFailed, "Sum")),
	)
	d.AddWidgets(episodeWidgets(l)...)
	d.AddWidgets(
		graph("OpsItems used (% of what can be filed)", own(l, config.MetricOpsItemsUsed, "Maximum")),
		graph("Waiting for room in the budget of OpsItems", own(l, config.MetricOpsItemsHeld, "Maximum")),
	)
	d.AddWidgets(
		graph("In dead-letter queues", dead...),
		graph("Function errors", each(func(n string) awscloudwatch.IMetric { return fns.byName[n].MetricErrors(fiveMinutes("Sum")) })...),
		graph("Function throttles", each(func(n string) awscloudwatch.IMetric { return fns.byName[n].MetricThrottles(fiveMinutes("Sum")) })...),
	)
	behind := make([]awscloudwatch.IMetric, 0, len(config.WakeTypes))
	for _, n := range sortedKeys(config.WakeTypes) {
		behind = append(behind, fns.byName[n].Metric(str("IteratorAge"), fiveMinutes("Maximum")))
	}
	d.AddWidgets(
		graph("Function time, p99 (ms)", each(func(n string) awscloudwatch.IMetric { return fns.byName[n].MetricDuration(fiveMinutes("p99")) })...),
		graph("Behind the table's changes (ms)", behind...),
		graph("Table units", tableMetric(t, "ConsumedWriteCapacityUnits"), tableMetric(t, "ConsumedReadCapacityUnits")),
	)
}

func graph(name string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: str(name), Left: &metrics, Width: num(8), Height: num(6),
		LeftYAxis: &awscloudwatch.YAxisProps{Min: num(0)},
	})
}
