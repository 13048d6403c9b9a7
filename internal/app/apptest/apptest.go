// Package apptest makes inputs of functions as AWS would send them, for the tests of their handlers.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/table"
	"learningloop/internal/table/dynamo"
)

// SQS is a batch of messages, by their bodies.
func SQS(bodies ...string) events.SQSEvent {
	var e events.SQSEvent
	for i, b := range bodies {
		e.Records = append(e.Records, events.SQSMessage{MessageId: fmt.Sprintf("message-%d", i), Body: b, EventSource: "aws:sqs"})
	}
	return e
}

// SNS is an event as SNS wraps it for a queue.
func SNS(event []byte) ([]byte, error) {
	return json.Marshal(map[string]string{
		"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": "arn:aws:sns:us-east-1:111122223333:events",
		"Message": string(event), "Timestamp": "2026-03-02T08:00:00.000Z", "SignatureVersion": "1", "Signature": "EXAMPLE",
	})
}

// Stream is a batch of changes as DynamoDB's stream tells them, as it comes over the wire.
func Stream(changes ...table.Change) (json.RawMessage, error) {
	var e events.DynamoDBEvent
	for i, c := range changes {
		r := events.DynamoDBEventRecord{EventSource: "aws:dynamodb", EventName: "MODIFY", Change: events.DynamoDBStreamRecord{
			SequenceNumber: fmt.Sprintf("%021d", i+1), StreamViewType: "NEW_AND_OLD_IMAGES", Keys: key(c.Key),
		}}
		var errs [2]error
		r.Change.OldImage, errs[0] = image(c.Old)
		r.Change.NewImage, errs[1] = image(c.New)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, err
		}
		e.Records = append(e.Records, r)
	}
	return json.Marshal(e)
}

func key(k table.Key) map[string]events.DynamoDBAttributeValue {
	return map[string]events.DynamoDBAttributeValue{
		dynamo.AttrPartition: events.NewStringAttribute(k.P), dynamo.AttrSort: events.NewStringAttribute(k.S),
	}
}

func image(r *table.Row) (map[string]events.DynamoDBAttributeValue, error) {
	if r == nil {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(r.Attrs))
	dec.UseNumber()
	var members map[string]any
	if err := dec.Decode(&members); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Key, err)
	}
	out := key(r.Key)
	for name, v := range members {
		if v != nil {
			out[name] = attribute(v)
		}
	}
	out[dynamo.AttrType] = events.NewStringAttribute(r.Type)
	out[dynamo.AttrSchema] = events.NewNumberAttribute(fmt.Sprint(r.Schema))
	out[dynamo.AttrVersion] = events.NewNumberAttribute(fmt.Sprint(r.Version))
	for index, k := range r.Index {
		p, s := dynamo.IndexAttrs(index)
		out[p], out[s] = events.NewStringAttribute(k.P), events.NewStringAttribute(k.S)
	}
	return out, nil
}

func attribute(v any) events.DynamoDBAttributeValue {
	switch v := v.(type) {
	case string:
		return events.NewStringAttribute(v)
	case json.Number:
		return events.NewNumberAttribute(v.String())
	case bool:
		return events.NewBooleanAttribute(v)
	case []any:
		list := make([]events.DynamoDBAttributeValue, len(v))
		for i, e := range v {
			list[i] = attribute(e)
		}
		return events.NewListAttribute(list)
	case map[string]any:
		m := make(map[string]events.DynamoDBAttributeValue, len(v))
		for k, e := range v {
			m[k] = attribute(e)
		}
		return events.NewMapAttribute(m)
	default:
		return events.NewNullAttribute()
	}
}

// Written gives what was written since the feed was opened, up to now.
func Written(ctx context.Context, feed table.Feed) ([]table.Change, error) {
	const quiet = 50 * time.Millisecond // the feed tells what is written at once
	var all []table.Change
	for {
		wait, cancel := context.WithTimeout(ctx, quiet)
		changes, lost, err := feed.Next(wait)
		cancel()
		switch {
		case lost:
			return nil, errors.New("the feed lost changes")
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, changes...)
	}
}
