package app

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/batch"
	"learningloop/internal/table"
	"learningloop/internal/table/dynamo"
)

// Stream handles a batch of the table's change stream: all together first, because that is cheapest, and one by one where
// that fails, so that one bad record does not hold up the others. What is handled twice is handled the same.
func Stream(ctx context.Context, log *slog.Logger, e events.DynamoDBEvent, do func(context.Context, []table.Change) error) (events.DynamoDBEventResponse, error) {
	changes, err := dynamo.Changes(e)
	if err == nil && do(ctx, changes) == nil {
		return events.DynamoDBEventResponse{}, nil
	}
	return batch.Stream(ctx, log, e, func(ctx context.Context, r events.DynamoDBEventRecord) error {
		one, err := dynamo.Changes(events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{r}})
		if err != nil {
			return err
		}
		return do(ctx, one)
	}), nil
}
