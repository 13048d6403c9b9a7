package main

import (
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
)

// behaviours of the CDK that differ from its defaults of 2021 (feature flags). They stand here and not in cdk.json, so that
// tests synthesise with the same.
var behaviours = map[string]any{
	"aws:cdk:enable-asset-metadata":                    true, // SAM finds the code of a function by it
	"@aws-cdk/aws-iam:minimizePolicies":                true,
	"@aws-cdk/core:enablePartitionLiterals":            true,
	"@aws-cdk/aws-iam:standardizedServicePrincipals":   true,
	"@aws-cdk/aws-events:eventsTargetQueueSameAccount": true, // or any account's rule of that name could send
}

// newApp makes the app; context is what -c gives on the command line.
func newApp(context map[string]string) awscdk.App {
	c := maps.Clone(behaviours)
	for k, v := range context {
		c[k] = v
	}
	return awscdk.NewApp(&awscdk.AppProps{Context: &c, AnalyticsReporting: new(bool)})
}
