package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"learningloop/internal/table"
)

// Get is table.Table's.
func (t *Table) Get(ctx context.Context, k table.Key, consistent bool) (table.Row, error) {
	if err := table.CheckKey(k); err != nil {
		return table.Row{}, err
	}
	r, err := t.load(ctx, k, consistent)
	if err != nil {
		return table.Row{}, err
	}
	if r = visible(r, t.clock()); r == nil {
		return table.Row{}, table.ErrNotFound
	}
	return *r, nil
}

// load reads one item, expired or not; nil where there is none.
func (t *Table) load(ctx context.Context, k table.Key, consistent bool) (*table.Row, error) {
	out, err := retry(ctx, t, t.client.GetItem, &dynamodb.GetItemInput{
		TableName: &t.name, Key: keyOf(k), ConsistentRead: &consistent,
	})
	if err != nil {
		return nil, fmt.Errorf("load row %s: %w", k, err)
	}
	return toRow(out.Item)
}

// GetAll is table.Table's. The rows are not of one moment.
func (t *Table) GetAll(ctx context.Context, keys []table.Key) ([]table.Row, error) {
	if err := table.CheckKeys(keys); err != nil {
		return nil, err
	}
	found, err := t.batch(ctx, keys, true)
	if err != nil {
		return nil, err
	}
	now := t.clock()
	var rows []table.Row
	for _, k := range keys {
		if r := visible(found[k], now); r != nil {
			rows = append(rows, *r)
		}
	}
	return rows, nil
}

// batch reads the items that exist among at most 100 keys, expired or not.
func (t *Table) batch(ctx context.Context, keys []table.Key, consistent bool) (map[table.Key]*table.Row, error) {
	found := make(map[table.Key]*table.Row, len(keys))
	var want []item
	for _, k := range keys {
		if _, twice := found[k]; !twice { // BatchGetItem refuses a key that comes twice
			found[k] = nil
			want = append(want, keyOf(k))
		}
	}
	b := backoff{t: t}
	for len(want) > 0 {
		out, err := call(ctx, t.client.BatchGetItem, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{t.name: {Keys: want, ConsistentRead: &consistent}},
		})
		if err != nil {
			if err := b.again(ctx, err, true); err != nil {
				return nil, fmt.Errorf("load %d rows: %w", len(keys), err)
			}
			continue
		}
		got := out.Responses[t.name]
		for _, it := range got {
			r, err := toRow(it)
			if err != nil {
				return nil, fmt.Errorf("load %d rows: %w", len(keys), err)
			}
			found[r.Key] = r
		}
		want = out.UnprocessedKeys[t.name].Keys
		if len(want) == 0 || len(got) > 0 {
			continue // an answer that was full, at 16 MB, is no reason to wait
		}
		if err := b.again(ctx, errUnprocessed, true); err != nil {
			return nil, fmt.Errorf("load %d rows: %w", len(keys), err)
		}
	}
	return found, nil
}

// errUnprocessed is how BatchGetItem says that it was throttled.
var errUnprocessed = &types.ProvisionedThroughputExceededException{Message: aws.String("nothing was processed")}
