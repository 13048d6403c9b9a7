// Command digest is the Lambda function that makes the scheduled reports and orders their mails.
package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	appdigest "learningloop/internal/app/digest"
	"learningloop/internal/awsenv"
	"learningloop/internal/config"
	"learningloop/internal/digest"
	"learningloop/internal/governor"
)

func main() {
	h, err := build(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(h.Handle)
}

func build(ctx context.Context) (*appdigest.Handler, error) {
	c, err := config.Digest()
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
	return &appdigest.Handler{Digest: &digest.Service{
		Store: env.Store, People: tokens.People(), Now: time.Now,
		Budget: governor.Budget(c.Budget),
	}, Log: env.Log}, nil
}
