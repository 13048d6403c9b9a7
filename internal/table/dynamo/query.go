package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"

	"learningloop/internal/fault"
	"learningloop/internal/table"
	"learningloop/internal/table/cursor"
)

// Query is table.Table's.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	limit, err := table.CheckQuery(q)
	if err != nil {
		return table.Page{}, err
	}
	from, ok, err := cursor.Decode(q)
	if err != nil {
		return table.Page{}, err
	}
	if err := ctx.Err(); err != nil {
		return table.Page{}, cancelled(err)
	}
	if q.To != "" && q.From >= q.To {
		return table.Page{}, nil // DynamoDB refuses such a range
	}
	in := t.queryInput(q)
	if ok {
		in.ExclusiveStartKey = startKey(q, from)
	}
	page, err := t.page(ctx, q, in, limit)
	if err != nil {
		return table.Page{}, fmt.Errorf("query %s of index %q: %w", q.P, q.Index, err)
	}
	return page, nil
}

func (t *Table) queryInput(q table.Query) *dynamodb.QueryInput {
	p, s := keyAttrs(q.Index)
	in := &dynamodb.QueryInput{
		TableName:                 &t.name,
		KeyConditionExpression:    aws.String("#p = :p"),
		ExpressionAttributeNames:  map[string]string{"#p": p},
		ExpressionAttributeValues: item{":p": str(q.P)},
		ScanIndexForward:          aws.Bool(!q.Desc),
	}
	if q.Index == "" {
		in.ConsistentRead = &q.Consistent
	} else {
		in.IndexName = aws.String(string(q.Index))
	}
	bound := func(expr string) {
		in.KeyConditionExpression = aws.String(*in.KeyConditionExpression + expr)
		in.ExpressionAttributeNames["#s"] = s
	}
	if q.From != "" {
		in.ExpressionAttributeValues[":from"] = str(q.From)
	}
	if q.To != "" {
		in.ExpressionAttributeValues[":to"] = str(q.To)
	}
	switch {
	case q.From != "" && q.To != "": // a key condition takes one operator; the upper end itself is left out on reading
		bound(" AND #s BETWEEN :from AND :to")
	case q.From != "":
		bound(" AND #s >= :from")
	case q.To != "":
		bound(" AND #s < :to")
	}
	return in
}

func keyAttrs(index table.Index) (partition, sort string) {
	if index == "" {
		return AttrPartition, AttrSort
	}
	return IndexAttrs(index)
}

func startKey(q table.Query, pos cursor.Pos) item {
	if q.Index == "" {
		return keyOf(table.Key{P: q.P, S: pos.S})
	}
	p, s := IndexAttrs(q.Index)
	it := keyOf(pos.Row)
	it[p], it[s] = str(q.P), str(pos.S)
	return it
}

// hit is a row that a query found, at its position there.
type hit struct {
	row *table.Row
	pos cursor.Pos
}

// page reads until there is one row more than the page takes, or nothing more.
func (t *Table) page(ctx context.Context, q table.Query, in *dynamodb.QueryInput, limit int) (table.Page, error) {
	var page table.Page
	var last cursor.Pos
	now := t.clock()
	for {
		in.Limit = aws.Int32(int32(limit + 1 - len(page.Rows)))
		out, err := retry(ctx, t, t.client.Query, in)
		if err != nil {
			return table.Page{}, queryError(err, in)
		}
		hits, err := t.hits(ctx, q, out.Items, now)
		if err != nil {
			return table.Page{}, err
		}
		for _, h := range hits {
			if len(page.Rows) == limit {
				page.Cursor = cursor.Encode(q, last)
				return page, nil
			}
			page.Rows = append(page.Rows, *h.row)
			last = h.pos
		}
		if len(out.LastEvaluatedKey) == 0 {
			return page, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// hits gives the rows that readers see among the items of one answer, in their order.
func (t *Table) hits(ctx context.Context, q table.Query, items []item, now time.Time) ([]hit, error) {
	if q.Index != "" {
		return t.indexHits(ctx, q, items, now)
	}
	hits := make([]hit, 0, len(items))
	for _, it := range items {
		r, err := toRow(it)
		if err != nil {
			return nil, err
		}
		if !expired(r, now) && (q.To == "" || r.Key.S < q.To) {
			hits = append(hits, hit{row: r, pos: cursor.Pos{S: r.Key.S}})
		}
	}
	return hits, nil
}

// indexHits fetches the rows that index entries lead to. One that is gone, expired or no longer in the range is left out:
// the index had not heard of it yet.
func (t *Table) indexHits(ctx context.Context, q table.Query, entries []item, now time.Time) ([]hit, error) {
	_, attr := IndexAttrs(q.Index)
	var all []hit
	for len(entries) > 0 {
		chunk := entries[:min(len(entries), table.MaxOps)]
		entries = entries[len(chunk):]
		hits := make([]hit, 0, len(chunk))
		keys := make([]table.Key, 0, len(chunk))
		for _, e := range chunk {
			k, errK := toKey(e)
			s, errS := text(e[attr])
			if err := errors.Join(errK, errS); err != nil {
				return nil, err
			}
			if q.To == "" || s < q.To {
				hits = append(hits, hit{pos: cursor.Pos{S: s, Row: k}})
				keys = append(keys, k)
			}
		}
		found, err := t.batch(ctx, keys, false)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			if h.row = visible(found[h.pos.Row], now); h.row != nil && within(q, h.row.Index[q.Index]) {
				all = append(all, h)
			}
		}
	}
	return all, nil
}

// within says whether a row's key in the index is one that the query asks for.
func within(q table.Query, k table.Key) bool {
	return k.P == q.P && k.S >= q.From && (q.To == "" || k.S < q.To)
}

// queryError tells a start key that DynamoDB does not take, which only a forged cursor can hold, from other failures.
func queryError(err error, in *dynamodb.QueryInput) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if ok && api.ErrorCode() == codeValidation && len(in.ExclusiveStartKey) > 0 {
		return fault.Wrap(fault.Invalid, "bad_cursor", "The cursor does not belong to this list.", err)
	}
	return err
}
