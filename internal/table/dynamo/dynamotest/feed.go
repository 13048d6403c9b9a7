package dynamotest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"learningloop/internal/table"
	"learningloop/internal/table/dynamo"
)

// pollEvery is the time between looks at a stream that had nothing; AWS allows five a second and shard.
const pollEvery = 250 * time.Millisecond

var errClosed = errors.New("dynamotest: feed closed")

// feed reads a stream shard by shard, a shard only after its parent: that is what keeps the changes of one key in order.
type feed struct {
	client *dynamodbstreams.Client
	arn    string

	mu     sync.Mutex
	closed bool
	shards map[string]*shard
	order  []*shard
}

type shard struct {
	id, parent string
	iterator   *string // nil: not begun, or at its end
	done       bool
}

// NewFeed opens a feed of the changes made from now on.
func NewFeed(ctx context.Context, client *dynamodbstreams.Client, streamARN string) (table.Feed, error) {
	f := &feed{client: client, arn: streamARN, shards: map[string]*shard{}}
	list, err := f.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		known := f.add(s)
		if s.SequenceNumberRange != nil && s.SequenceNumberRange.EndingSequenceNumber != nil {
			known.done = true // ended before the feed was opened
			continue
		}
		if err := f.begin(ctx, known, streamtypes.ShardIteratorTypeLatest); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Next is table.Feed's.
func (f *feed) Next(ctx context.Context) ([]table.Change, bool, error) {
	for {
		changes, lost, err := f.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, false, ctx.Err()
		case err != nil || lost || len(changes) > 0:
			return changes, lost, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollEvery):
		}
	}
}

// Close is table.Feed's.
func (f *feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
}

// look reads each shard once, after those that it follows.
func (f *feed) look(ctx context.Context) (changes []table.Change, lost bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, false, errClosed
	}
	ended := len(f.order) == 0
	for _, s := range f.order {
		if parent := f.shards[s.parent]; s.done || parent != nil && !parent.done {
			continue
		}
		if s.iterator == nil {
			if err := f.begin(ctx, s, streamtypes.ShardIteratorTypeTrimHorizon); err != nil {
				return nil, false, err
			}
		}
		got, gap, err := f.read(ctx, s)
		if err != nil {
			return nil, false, err
		}
		changes, lost, ended = append(changes, got...), lost || gap, ended || s.done
	}
	if ended { // its children are what comes next
		list, err := f.list(ctx)
		if err != nil {
			return nil, false, err
		}
		for _, s := range list {
			f.add(s)
		}
	}
	return changes, lost, nil
}

// read gives what there is in a shard; gap says that the stream no longer had it all.
func (f *feed) read(ctx context.Context, s *shard) (changes []table.Change, gap bool, err error) {
	out, err := f.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: s.iterator})
	if err != nil {
		_, trimmed := errors.AsType[*streamtypes.TrimmedDataAccessException](err)
		_, late := errors.AsType[*streamtypes.ExpiredIteratorException](err)
		if trimmed || late {
			return nil, true, f.begin(ctx, s, streamtypes.ShardIteratorTypeTrimHorizon)
		}
		return nil, false, fmt.Errorf("read stream: %w", err)
	}
	for _, r := range out.Records {
		c, err := dynamo.ChangeOf(aws.ToString(r.Dynamodb.SequenceNumber), convertAll(r.Dynamodb.Keys),
			convertAll(r.Dynamodb.OldImage), convertAll(r.Dynamodb.NewImage))
		if err != nil {
			return nil, false, err
		}
		changes = append(changes, c)
	}
	s.iterator = out.NextShardIterator
	s.done = s.iterator == nil
	return changes, false, nil
}

func (f *feed) list(ctx context.Context) (shards []streamtypes.Shard, err error) {
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &f.arn}
	for {
		out, err := f.client.DescribeStream(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("describe stream: %w", err)
		}
		shards = append(shards, out.StreamDescription.Shards...)
		if in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return shards, nil
		}
	}
}

func (f *feed) add(s streamtypes.Shard) *shard {
	id := aws.ToString(s.ShardId)
	if known := f.shards[id]; known != nil {
		return known
	}
	added := &shard{id: id, parent: aws.ToString(s.ParentShardId)}
	f.shards[id] = added
	f.order = append(f.order, added)
	return added
}

func (f *feed) begin(ctx context.Context, s *shard, from streamtypes.ShardIteratorType) error {
	out, err := f.client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &f.arn, ShardId: &s.id, ShardIteratorType: from,
	})
	if err != nil {
		return fmt.Errorf("begin shard %s: %w", s.id, err)
	}
	s.iterator = out.ShardIterator
	return nil
}

func convertAll(in map[string]streamtypes.AttributeValue) map[string]types.AttributeValue {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]types.AttributeValue, len(in))
	for name, v := range in {
		out[name] = convert(v)
	}
	return out
}

// convert gives the same value in the types of the table's API.
func convert(v streamtypes.AttributeValue) types.AttributeValue {
	switch v := v.(type) {
	case *streamtypes.AttributeValueMemberS:
		return &types.AttributeValueMemberS{Value: v.Value}
	case *streamtypes.AttributeValueMemberN:
		return &types.AttributeValueMemberN{Value: v.Value}
	case *streamtypes.AttributeValueMemberBOOL:
		return &types.AttributeValueMemberBOOL{Value: v.Value}
	case *streamtypes.AttributeValueMemberM:
		return &types.AttributeValueMemberM{Value: convertAll(v.Value)}
	case *streamtypes.AttributeValueMemberL:
		l := make([]types.AttributeValue, len(v.Value))
		for i, e := range v.Value {
			l[i] = convert(e)
		}
		return &types.AttributeValueMemberL{Value: l}
	default: // the engine writes nothing else
		return &types.AttributeValueMemberNULL{Value: true}
	}
}
