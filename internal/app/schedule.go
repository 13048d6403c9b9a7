// Package app is the folder of the functions' handlers; here is what they share.
package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"learningloop/internal/fault"
)

// Schedule is what EventBridge Scheduler sends a function.
type Schedule struct {
	Schedule string    `json:"schedule"` // its name, one of internal/config's
	At       time.Time `json:"at"`       // when it was due
}

// Source tells what woke a function by the shape of its input.
type Source int

// The sources.
const (
	SourceUnknown Source = iota
	SourceSchedule
	SourceSQS
	SourceStream
)

// SourceOf reads the shape of an input: one function may be woken by a schedule, a queue and a stream.
func SourceOf(input json.RawMessage) Source {
	var shape struct {
		Schedule string `json:"schedule"`
		Records  []struct {
			EventSource string `json:"eventSource"`
		} `json:"Records"`
	}
	if json.Unmarshal(input, &shape) != nil {
		return SourceUnknown
	}
	switch {
	case shape.Schedule != "":
		return SourceSchedule
	case len(shape.Records) > 0 && shape.Records[0].EventSource == "aws:sqs":
		return SourceSQS
	case len(shape.Records) > 0 && shape.Records[0].EventSource == "aws:dynamodb":
		return SourceStream
	}
	return SourceUnknown
}

// Decode reads an input into the type of its source and handles it.
func Decode[E, R any](ctx context.Context, input json.RawMessage, handle func(context.Context, E) (R, error)) (any, error) {
	var e E
	if err := json.Unmarshal(input, &e); err != nil {
		return nil, fault.Wrap(fault.Invalid, "malformed_input", "The input cannot be read.", err)
	}
	return handle(ctx, e)
}

// ErrInput says that nothing known woke the function.
func ErrInput(fn string) error {
	return fault.New(fault.Invalid, "unknown_input", fmt.Sprintf("%s was woken by something it does not know.", fn))
}
