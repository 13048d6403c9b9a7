// Command triage is the Lambda function that counts, scores and attaches what was received.
package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	apptriage "learningloop/internal/app/triage"
	"learningloop/internal/awsenv"
	"learningloop/internal/config"
	"learningloop/internal/improvement"
	"learningloop/internal/links"
	"learningloop/internal/mirror"
	"learningloop/internal/triage"
)

func main() {
	h, err := build(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(h.Handle)
}

func build(ctx context.Context) (*apptriage.Handler, error) {
	c, err := config.Triage()
	if err != nil {
		return nil, err
	}
	env, err := awsenv.Start(ctx, c.Common)
	if err != nil {
		return nil, err
	}
	attach := &improvement.Service{Store: env.Store, Filer: mirror.Filer{Links: links.Links{Public: c.PublicURL}}, Now: time.Now, Rand: awsenv.Random}
	return &apptriage.Handler{Triage: &triage.Service{Store: env.Store, Attacher: attach, Now: time.Now}, Log: env.Log}, nil
}
