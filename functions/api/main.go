// Command api is the Lambda function behind API Gateway: pages and API.
package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"learningloop/internal/app/api"
	"learningloop/internal/awsenv"
	"learningloop/internal/config"
	"learningloop/internal/governor"
	"learningloop/internal/mail/ses"
)

func main() {
	a, err := build(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(httpadapter.New(a.Handler()).ProxyWithContext)
}

func build(ctx context.Context) (*api.API, error) {
	c, err := config.API()
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
	return api.New(api.Setup{
		Store: env.Store, Public: c.PublicURL, Tokens: tokens, Issuer: c.Identity.Issuer, ClientID: c.Identity.ClientID,
		Account: ses.NewAccount(ses.NewClient(env.AWS), time.Now), Meter: env.Metrics, Log: env.Log, Rand: awsenv.Random, Region: env.AWS.Region,
		Budget: governor.Budget(c.Budget),
	})
}
