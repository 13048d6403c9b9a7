package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
)

// outcomes is what becomes of a record, by its name.
var outcomes = map[string]error{
	"ok":          nil,
	"poison":      fault.New(fault.Invalid, "malformed", "set aside"),
	"gone":        fault.New(fault.NotFound, "gone", ""),
	"forbidden":   fault.New(fault.Forbidden, "no", ""),
	"conflict":    fault.New(fault.Conflict, "changed_meanwhile", ""),
	"throttled":   fault.New(fault.RateLimited, "throttled", ""),
	"down":        fmt.Errorf("do: %w", fault.New(fault.Unavailable, "down", "")),
	"unknown":     errors.New("nobody expected this"),
	"out of time": context.DeadlineExceeded,
}

func TestOneByOne(t *testing.T) {
	tests := []struct {
		name    string
		records []string
		sqs     []string // reported as failed
		stream  []string
	}{
		{"nothing", nil, nil, nil},
		{"all is well", []string{"ok", "ok"}, nil, nil},
		{"what can never succeed is acknowledged", []string{"poison", "gone", "forbidden", "ok"}, nil, nil},
		{
			"what may succeed later comes again",
			[]string{"ok", "down", "ok", "throttled", "unknown", "conflict", "out of time"},
			[]string{"1-down", "3-throttled", "4-unknown", "5-conflict", "6-out of time"},
			[]string{"1-down"},
		},
		{"poison before a failure", []string{"poison", "conflict", "down"}, []string{"1-conflict", "2-down"}, []string{"1-conflict"}},
		{"all fail", []string{"down", "down"}, []string{"0-down", "1-down"}, []string{"0-down"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var sqs events.SQSEvent
			var stream events.DynamoDBEvent
			for i, r := range tt.records {
				name := fmt.Sprintf("%d-%s", i, r)
				sqs.Records = append(sqs.Records, events.SQSMessage{MessageId: name, Body: r})
				stream.Records = append(stream.Records, events.DynamoDBEventRecord{EventID: r, Change: events.DynamoDBStreamRecord{SequenceNumber: name}})
			}
			var log bytes.Buffer
			l := slog.New(slog.NewTextHandler(&log, nil))
			did := 0
			var failed []string
			for _, f := range SQS(t.Context(), l, sqs, func(_ context.Context, m events.SQSMessage) error { did++; return outcomes[m.Body] }).BatchItemFailures {
				failed = append(failed, f.ItemIdentifier)
			}
			if d := cmp.Diff(tt.sqs, failed); d != "" || did != len(tt.records) {
				t.Errorf("SQS, %d done (-want +got):\n%s", did, d)
			}
			did, failed = 0, nil
			for _, f := range Stream(t.Context(), l, stream, func(_ context.Context, r events.DynamoDBEventRecord) error { did++; return outcomes[r.EventID] }).BatchItemFailures {
				failed = append(failed, f.ItemIdentifier)
			}
			// One that fails does not keep those behind it from their turn.
			if d := cmp.Diff(tt.stream, failed); d != "" || did != len(tt.records) {
				t.Errorf("stream, %d done (-want +got):\n%s", did, d)
			}
			for i, r := range tt.records {
				if name := fmt.Sprintf("%d-%s", i, r); strings.Contains(log.String(), name) != (outcomes[r] != nil) {
					t.Errorf("%s and the log: %s", name, log.String())
				}
			}
		})
	}
}

// What is not begun with the margin left is tried again, and nothing is begun that could not be answered.
func TestDeadline(t *testing.T) {
	sqs := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "a"}, {MessageId: "b"}}}
	stream := events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{
		{Change: events.DynamoDBStreamRecord{SequenceNumber: "1"}}, {Change: events.DynamoDBStreamRecord{SequenceNumber: "2"}},
	}}
	for _, tt := range []struct {
		name string
		left time.Duration
		done int
	}{{"time enough", time.Hour, 2}, {"within the margin", margin - time.Second, 0}, {"past", -time.Second, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tt.left)
			defer cancel()
			done := 0
			log := slog.New(slog.DiscardHandler)
			out := SQS(ctx, log, sqs, func(context.Context, events.SQSMessage) error { done++; return nil })
			if done != tt.done || len(out.BatchItemFailures) != 2-tt.done {
				t.Errorf("SQS: %d done, %+v", done, out)
			}
			done = 0
			again := Stream(ctx, log, stream, func(context.Context, events.DynamoDBEventRecord) error { done++; return nil })
			if done != tt.done || len(again.BatchItemFailures) != (2-tt.done)/2 {
				t.Errorf("stream: %d done, %+v", done, again)
			}
		})
	}
	t.Run("ended while one was done", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := SQS(ctx, slog.New(slog.DiscardHandler), sqs, func(context.Context, events.SQSMessage) error { cancel(); return nil })
		if len(out.BatchItemFailures) != 1 || out.BatchItemFailures[0].ItemIdentifier != "b" {
			t.Errorf("%+v", out)
		}
	})
}

func TestLevel(t *testing.T) {
	want := map[fault.Kind]slog.Level{
		fault.Invalid: slog.LevelInfo, fault.Unauthenticated: slog.LevelInfo, fault.Forbidden: slog.LevelInfo, fault.NotFound: slog.LevelInfo,
		fault.Conflict: slog.LevelInfo, fault.RateLimited: slog.LevelWarn, fault.Unavailable: slog.LevelWarn, fault.Internal: slog.LevelError,
	}
	for k, l := range want {
		if got := Level(k); got != l {
			t.Errorf("%s: %s", k, got)
		}
	}
}
