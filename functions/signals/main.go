// Command signals is the Lambda function that takes events of operations in from its queue.
package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"learningloop/internal/app/signals"
	"learningloop/internal/awsenv"
	"learningloop/internal/config"
	"learningloop/internal/feedback"
	"learningloop/internal/intake"
)

func main() {
	h, err := build(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(h.Handle)
}

func build(ctx context.Context) (*signals.Handler, error) {
	c, err := config.Signals()
	if err != nil {
		return nil, err
	}
	env, err := awsenv.Start(ctx, c.Common)
	if err != nil {
		return nil, err
	}
	tokens, err := env.Tokens(ctx, c.TokenKey)
	if err != nil {
		return nil, err
	}
	receive := &feedback.Service{Store: env.Store, People: tokens.People(), Now: time.Now, Rand: awsenv.Random}
	in := &intake.Service{Store: env.Store, Receiver: receive, Meter: env.Metrics, Now: time.Now}
	return &signals.Handler{Intake: in, Log: env.Log}, nil
}
