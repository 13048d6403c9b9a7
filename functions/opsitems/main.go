// Command opsitems is the Lambda function that files OpsItems and mirrors them both ways.
package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"learningloop/internal/app/opsitems"
	"learningloop/internal/awsenv"
	"learningloop/internal/config"
	"learningloop/internal/governor"
	"learningloop/internal/links"
	"learningloop/internal/mirror"
)

func main() {
	h, err := build(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(h.Handle)
}

func build(ctx context.Context) (*opsitems.Handler, error) {
	c, err := config.OpsItems()
	if err != nil {
		return nil, err
	}
	env, err := awsenv.Start(ctx, c.Common)
	if err != nil {
		return nil, err
	}
	m := &mirror.Service{
		Store: env.Store, Center: env.Center(c.OpsTopicARN).Tagged(c.Tags), Filer: mirror.Filer{Links: links.Links{Public: c.PublicURL}},
		Meter: env.Metrics, Budget: governor.Budget(c.Budget), Now: time.Now,
	}
	return &opsitems.Handler{
		Mirror: m, Episodes: &opsitems.Episodes{Store: env.Store, Meter: env.Metrics}, Gauge: env.Metrics, Log: env.Log,
	}, nil
}
