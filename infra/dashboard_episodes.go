package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"

	"learningloop/internal/config"
)

// episodeWidgets show how episodes go, over all products and by product. The pages' metrics review says the same more
// exactly, with intervals: here it is beside what machines say.
func episodeWidgets(l *loop) []awscloudwatch.IWidget {
	return []awscloudwatch.IWidget{
		graph("Episodes, all products", own(l, config.MetricEpisodesOpened, "Sum"), own(l, config.MetricEpisodesResolved, "Sum"),
			own(l, config.MetricEpisodesReopened, "Sum")),
		graph("Time to acknowledge and to resolve, median and p90 (s)", own(l, config.MetricTimeToAcknowledge, "p50"),
			own(l, config.MetricTimeToAcknowledge, "p90"), own(l, config.MetricTimeToResolve, "p50"), own(l, config.MetricTimeToResolve, "p90")),
		graph("Episodes under way, by product", byProduct(l, config.MetricOpenEpisodes, "Maximum")),
		graph("Episodes opened, by product", byProduct(l, config.MetricEpisodesOpened, "Sum")),
		graph("Episodes resolved, by product", byProduct(l, config.MetricEpisodesResolved, "Sum")),
		graph("Episodes reopened, by product", byProduct(l, config.MetricEpisodesReopened, "Sum")),
	}
}

// byProduct is a line for every product there is: a search, because products come and go without a deployment (CloudWatch
// User Guide, "Use search expressions in graphs").
func byProduct(l *loop, name, statistic string) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: str(fmt.Sprintf(`SEARCH('{%s,%s,%s} MetricName=%q %s=%q', '%s', 300)`, config.MetricNamespace, config.DimensionStage,
			config.DimensionProduct, name, config.DimensionStage, l.Stage, statistic)),
		UsingMetrics: &map[string]awscloudwatch.IMetric{}, Label: str(""), Period: minutes(5),
	})
}
