// Command followup is the Lambda function that tells everybody who asked.
package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	appfollowup "learningloop/internal/app/followup"
	"learningloop/internal/awsenv"
	"learningloop/internal/config"
	"learningloop/internal/eventbus"
	"learningloop/internal/followup"
	"learningloop/internal/incident"
	"learningloop/internal/links"
	"learningloop/internal/mail/ses"
	"learningloop/internal/timeline"
)

func main() {
	h, err := build(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(h.Handle)
}

func build(ctx context.Context) (*appfollowup.Handler, error) {
	c, err := config.Followup()
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
	sender, err := ses.FromSettings(ses.NewClient(env.AWS), c.Mail.From, c.Mail.ReplyTo, c.Mail.ConfigurationSet, time.Now)
	if err != nil {
		return nil, err
	}
	post := &appfollowup.Post{Sender: sender, Links: links.Links{Public: c.PublicURL, Tokens: tokens}, Digests: env.Store}
	incidents := &incident.Service{
		Store: env.Store, Teller: timeline.Teller{Store: env.Store, Now: time.Now}, Bus: eventbus.New(eventbus.NewClient(env.AWS), c.EventBus),
		Links: links.Links{Public: c.PublicURL}, Meter: env.Metrics, Now: time.Now,
	}
	return &appfollowup.Handler{
		Incidents: incidents,
		Followup:  &followup.Service{Store: env.Store, Post: post, Meter: env.Metrics, Now: time.Now},
		Bounces:   &appfollowup.Bounces{Store: env.Store, People: tokens.People(), Log: env.Log, Now: time.Now},
		Account:   sender, Sandbox: env.Metrics, Log: env.Log,
	}, nil
}
