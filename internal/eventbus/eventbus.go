// Package eventbus puts the loop's own events on an EventBridge bus. Nothing is retried here: an event is an order in the
// store, which is tried again until the bus has it.
package eventbus

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"learningloop/internal/config"
	"learningloop/internal/fault"
	"learningloop/internal/incident"
)

// Client is the part of EventBridge that is used.
type Client interface {
	PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, opt ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Bus is an EventBridge bus; it is an incident.Bus. It is safe for concurrent use.
type Bus struct {
	client Client
	name   string
}

// New puts events on the bus of this name or ARN. client should try once.
func New(client Client, name string) *Bus { return &Bus{client: client, name: name} }

// NewClient is EventBridge by an AWS configuration, trying once.
func NewClient(cfg aws.Config) *eventbridge.Client {
	return eventbridge.NewFromConfig(cfg, func(o *eventbridge.Options) { o.Retryer = aws.NopRetryer{} })
}

// Put puts one event on the bus. EventBridge takes each entry or refuses it by itself, with an answer of status 200 either
// way (API reference, PutEvents: FailedEntryCount).
func (b *Bus) Put(ctx context.Context, e incident.Event) error {
	out, err := b.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: aws.String(b.name), Source: aws.String(config.EventSource), DetailType: aws.String(e.DetailType),
		Detail: aws.String(string(e.Detail)), Time: aws.Time(e.Time),
	}}})
	switch {
	case err != nil:
		code := ""
		if api, ok := errors.AsType[smithy.APIError](err); ok {
			code = api.ErrorCode()
		}
		return failed(code, err)
	case len(out.Entries) != 1:
		return failed("", fmt.Errorf("EventBridge answered with %d entries for one", len(out.Entries)))
	case aws.ToString(out.Entries[0].ErrorCode) != "":
		code := aws.ToString(out.Entries[0].ErrorCode)
		return failed(code, fmt.Errorf("EventBridge refused the event: %s: %s", code, aws.ToString(out.Entries[0].ErrorMessage)))
	case aws.ToString(out.Entries[0].EventId) == "":
		return failed("", errors.New("EventBridge gave the event no id"))
	default:
		return nil
	}
}

// failed sorts an error by its code (API reference, "Common Errors", and of PutEvents' entries).
func failed(code string, err error) error {
	switch code {
	case "ThrottlingException", "ThrottledException", "LimitExceededException", "TooManyRequestsException":
		return fault.Wrap(fault.RateLimited, "bus_throttled", "The event bus is throttling.", err)
	case "AccessDeniedException", "NotAuthorizedForSourceException", "NotAuthorizedForDetailTypeException", "ResourceNotFoundException",
		"UnrecognizedClientException", "ExpiredTokenException", "MalformedDetail", "InvalidArgument", "ValidationException":
		return fault.Wrap(fault.Internal, "bus_misconfigured", "The event bus is not set up for us.", err)
	default:
		return fault.Wrap(fault.Unavailable, "bus_unavailable", "The event bus does not answer.", err)
	}
}
