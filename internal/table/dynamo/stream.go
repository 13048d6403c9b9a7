package dynamo

import (
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"learningloop/internal/table"
)

// Changes reads the records of one invocation, in their order.
func Changes(e events.DynamoDBEvent) ([]table.Change, error) {
	changes := make([]table.Change, len(e.Records))
	for i := range e.Records {
		var err error
		if changes[i], err = Change(&e.Records[i]); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// Change reads one record of the table's stream, which must carry both images. Its Seq is the SequenceNumber, which is
// what a function reports as the item that failed.
func Change(r *events.DynamoDBEventRecord) (table.Change, error) {
	return ChangeOf(r.Change.SequenceNumber, fromEvents(r.Change.Keys), fromEvents(r.Change.OldImage), fromEvents(r.Change.NewImage))
}

// ChangeOf makes a change of its parts; an image is nil where there is none. Old is the row as it was stored, expired or
// not.
func ChangeOf(seq string, keys, before, after map[string]types.AttributeValue) (table.Change, error) {
	k, err := toKey(keys)
	if err != nil {
		return table.Change{}, fmt.Errorf("read keys of change %s: %w", seq, err)
	}
	c := table.Change{Key: k, Seq: seq}
	if c.Old, err = toRow(before); err != nil {
		return table.Change{}, fmt.Errorf("read change %s of %s: %w", seq, k, err)
	}
	if c.New, err = toRow(after); err != nil {
		return table.Change{}, fmt.Errorf("read change %s of %s: %w", seq, k, err)
	}
	return c, nil
}

func fromEvents(in map[string]events.DynamoDBAttributeValue) item {
	if len(in) == 0 {
		return nil
	}
	out := make(item, len(in))
	for name, v := range in {
		out[name] = fromEvent(v)
	}
	return out
}

func fromEvent(v events.DynamoDBAttributeValue) types.AttributeValue {
	switch v.DataType() {
	case events.DataTypeString:
		return &types.AttributeValueMemberS{Value: v.String()}
	case events.DataTypeNumber:
		return &types.AttributeValueMemberN{Value: v.Number()}
	case events.DataTypeBoolean:
		return &types.AttributeValueMemberBOOL{Value: v.Boolean()}
	case events.DataTypeBinary:
		return &types.AttributeValueMemberB{Value: v.Binary()}
	case events.DataTypeStringSet:
		return &types.AttributeValueMemberSS{Value: v.StringSet()}
	case events.DataTypeNumberSet:
		return &types.AttributeValueMemberNS{Value: v.NumberSet()}
	case events.DataTypeBinarySet:
		return &types.AttributeValueMemberBS{Value: v.BinarySet()}
	case events.DataTypeMap:
		return &types.AttributeValueMemberM{Value: fromEvents(v.Map())}
	case events.DataTypeList:
		l := make([]types.AttributeValue, len(v.List()))
		for i, e := range v.List() {
			l[i] = fromEvent(e)
		}
		return &types.AttributeValueMemberL{Value: l}
	default:
		return &types.AttributeValueMemberNULL{Value: true}
	}
}
