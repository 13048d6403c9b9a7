// Package batch runs the records of an SQS or stream batch one by one and reports those that failed, so that one bad
// record neither loses nor repeats the others (Lambda Developer Guide, "Reporting batch item failures").
package batch

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/fault"
)

// margin is what is left of a function's time for answering; records not begun by then are tried again.
const margin = 3 * time.Second

// SQS runs do for each message. A message that fails in a way that a retry may mend is reported as failed; one that never
// will succeed is acknowledged after do has recorded it.
func SQS(ctx context.Context, log *slog.Logger, e events.SQSEvent, do func(context.Context, events.SQSMessage) error) events.SQSEventResponse {
	var out events.SQSEventResponse
	for _, m := range e.Records {
		var err error
		if late(ctx) {
			err = context.DeadlineExceeded
		} else {
			err = do(ctx, m)
		}
		if err == nil {
			continue
		}
		kind := fault.KindOf(err)
		log.Log(ctx, Level(kind), "message not done", "message_id", m.MessageId, "kind", kind.String(), "error", err.Error())
		if fault.Retry(err) || kind == fault.Conflict {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return out
}

// Stream runs do for each record and reports the first that failed; Lambda goes on from there. Records behind it were
// handled already and will be again: do makes that harmless.
func Stream(ctx context.Context, log *slog.Logger, e events.DynamoDBEvent, do func(context.Context, events.DynamoDBEventRecord) error) events.DynamoDBEventResponse {
	var out events.DynamoDBEventResponse
	for _, r := range e.Records {
		var err error
		if late(ctx) {
			err = context.DeadlineExceeded
		} else {
			err = do(ctx, r)
		}
		if err == nil {
			continue
		}
		kind := fault.KindOf(err)
		log.Log(ctx, Level(kind), "record not done", "sequence_number", r.Change.SequenceNumber, "kind", kind.String(), "error", err.Error())
		if len(out.BatchItemFailures) == 0 && (fault.Retry(err) || kind == fault.Conflict) {
			out.BatchItemFailures = []events.DynamoDBBatchItemFailure{{ItemIdentifier: r.Change.SequenceNumber}}
		}
	}
	return out
}

func late(ctx context.Context) bool {
	d, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(d) < margin
}

// Level is how loudly an error of a kind is logged.
func Level(k fault.Kind) slog.Level {
	switch k {
	case fault.Internal:
		return slog.LevelError
	case fault.RateLimited, fault.Unavailable:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}
