package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
	"learningloop/internal/table"
)

// Store keeps everything. It is safe for concurrent use.
type Store struct {
	t     table.Table
	now   func() time.Time
	mu    sync.Mutex
	slugs map[string]cachedProduct

	products map[id.Product]cachedProduct

	observe func(ctx context.Context, steps []opsitem.Step) // nil: nobody
}

// New makes a Store on a table. now is the clock.
func New(t table.Table, now func() time.Time) *Store {
	return &Store{t: t, now: now, slugs: map[string]cachedProduct{}, products: map[id.Product]cachedProduct{}}
}

// schema is the version of every row's shape so far. When a shape changes, it gets its own number and a conversion in
// decode.
const schema = 1

// row makes the row of v.
func row(typ string, k table.Key, v any) (table.Row, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return table.Row{}, fmt.Errorf("encode %s %s: %w", typ, k, err)
	}
	return table.Row{Key: k, Type: typ, Schema: schema, Attrs: b}, nil
}

// decode reads a row back.
func decode[T any](r table.Row) (T, error) {
	var v T
	if r.Schema > schema {
		return v, fault.New(fault.Internal, "newer_schema", fmt.Sprintf("Row %s was written by a newer release (shape %d).", r.Key, r.Schema))
	}
	if err := json.Unmarshal(r.Attrs, &v); err != nil {
		return v, fmt.Errorf("decode %s %s: %w", r.Type, r.Key, err)
	}
	return v, nil
}

// get reads one thing; what says what it is when it is not there.
func get[T any](ctx context.Context, t table.Table, k table.Key, what string) (T, int64, error) {
	r, err := t.Get(ctx, k, true)
	if err != nil {
		var zero T
		if errors.Is(err, table.ErrNotFound) {
			return zero, 0, notFound(what)
		}
		return zero, 0, err
	}
	v, err := decode[T](r)
	return v, r.Version, err
}

func notFound(what string) error {
	return fault.New(fault.NotFound, "unknown_"+strings.ReplaceAll(what, " ", "_"), "There is no such "+what+".")
}

// write writes and turns conditions that do not hold into Conflict.
func (s *Store) write(ctx context.Context, ops ...table.Op) error {
	err := s.t.Write(ctx, ops...)
	if _, ok := table.Conflict(err); ok {
		return fault.Meanwhile(err)
	}
	return err
}

// Page is some items of a list and where the next ones are; Next is "" at the end.
type Page[T any] struct {
	Items []T
	Next  string
}

// decodeAll reads rows of one type.
func decodeAll[T any](rows []table.Row, version func(*T, int64)) ([]T, error) {
	out := make([]T, 0, len(rows))
	for _, r := range rows {
		v, err := decode[T](r)
		if err != nil {
			return nil, err
		}
		if version != nil {
			version(&v, r.Version)
		}
		out = append(out, v)
	}
	return out, nil
}

// due lists the pending orders of a type up to now, shard after shard. The cursor is "<shard>:<the index's own>:<up to
// when>": all pages of one list end at the moment that its first page was asked for, whatever the clock says by then.
// Where there are items or a cursor beside an error, the error names rows that cannot be read (a newer release wrote
// them), and the rest is good: one of them must not hold up all behind it.
func due[T any](ctx context.Context, t table.Table, typ string, now time.Time, cursor string, version func(*T, int64)) ([]T, string, error) {
	shard, until := 0, stamp(now)
	if cursor != "" {
		parts := strings.SplitN(cursor, ":", 3)
		var err error
		if shard, err = strconv.Atoi(parts[0]); err != nil || shard < 0 || shard >= shards || len(parts) < 3 {
			return nil, "", badCursor
		}
		cursor, until = parts[1], parts[2]
	}
	const perPage = 75 // with their marks and the counts they touch, one transaction
	page, err := t.Query(ctx, table.Query{
		Index: pending, P: pendingShard(typ, shard), To: until + "~", Limit: perPage, Cursor: cursor,
	})
	if err != nil {
		return nil, "", err
	}
	var items []T
	var unread error
	for _, r := range page.Rows {
		v, err := of(r, version)
		if err != nil {
			unread = errors.Join(unread, err)
			continue
		}
		items = append(items, v)
	}
	switch {
	case page.Cursor != "":
		return items, fmt.Sprintf("%d:%s:%s", shard, page.Cursor, until), unread
	case shard+1 < shards:
		return items, fmt.Sprintf("%d::%s", shard+1, until), unread
	default:
		return items, "", unread
	}
}

// PendingCount says how many orders of a type wait, counted up to a limit.
func (s *Store) PendingCount(ctx context.Context, typ string, limit int) (int, error) {
	n := 0
	for shard := range shards {
		page, err := s.t.Query(ctx, table.Query{Index: pending, P: pendingShard(typ, shard), Limit: min(max(limit-n, 1), table.MaxPage)})
		if err != nil {
			return n, err
		}
		if n += len(page.Rows); n >= limit {
			break
		}
	}
	return n, nil
}

var badCursor = fault.Fields(fault.Field{Pointer: "/cursor", Detail: "is not one that a page before gave"})

// position is a place in a merged list: the last sort key taken from each partition.
type position []string

func (p position) cursor() string {
	b, err := json.Marshal(p)
	if err != nil { // strings always marshal
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parsePosition(cursor string, n int) (position, error) {
	p := make(position, n)
	if cursor == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, badCursor
	}
	var got position
	if err := json.Unmarshal(b, &got); err != nil || len(got) != n {
		return nil, badCursor
	}
	for _, s := range got {
		if len(s) >= table.MaxSortKey { // a list goes on from behind a position, one byte further
			return nil, badCursor
		}
	}
	return got, nil
}

// merged gives one page of several partitions of an index (or of the table, index ""), in the order of sort keys over all
// of them. keep filters; then at most Window rows are read, but for the first ones of each partition.
func merged[T any](ctx context.Context, t table.Table, index table.Index, partitions []string, desc bool, cursor string, limit int,
	read func(table.Row) (T, error), keep func(T) bool,
) (Page[T], error) {
	at, err := parsePosition(cursor, len(partitions))
	if err != nil {
		return Page[T]{}, err
	}
	var out Page[T]
	queues := make([][]table.Row, len(partitions))
	ended := make([]bool, len(partitions))
	for rows, taken := 0, 0; ; taken++ {
		for i, p := range partitions {
			if len(queues[i]) > 0 || ended[i] {
				continue
			}
			// There is more here. Every page takes one row at least, or a list would never end.
			if taken > 0 && (len(out.Items) == limit || keep != nil && rows+limit+1 > Window) {
				out.Next = at.cursor()
				return out, nil
			}
			q := table.Query{Index: index, P: p, Desc: desc, Limit: limit + 1}
			if at[i] != "" && desc {
				q.To = at[i]
			} else if at[i] != "" {
				q.From = at[i] + "\x00"
			}
			page, err := t.Query(ctx, q)
			if err != nil {
				return Page[T]{}, err
			}
			rows += len(page.Rows)
			queues[i], ended[i] = page.Rows, page.Cursor == ""
		}
		best := -1
		for i := range queues {
			if len(queues[i]) > 0 && (best < 0 || before(sortKey(queues[i][0], index), sortKey(queues[best][0], index), desc)) {
				best = i
			}
		}
		if best < 0 {
			return out, nil
		}
		if len(out.Items) == limit {
			out.Next = at.cursor()
			return out, nil
		}
		r := queues[best][0]
		queues[best], at[best] = queues[best][1:], sortKey(r, index)
		v, err := read(r)
		if err != nil {
			return Page[T]{}, err
		}
		if keep == nil || keep(v) {
			out.Items = append(out.Items, v)
		}
	}
}

func before(a, b string, desc bool) bool {
	if desc {
		return a > b
	}
	return a < b
}

func sortKey(r table.Row, index table.Index) string {
	if index == "" {
		return r.Key.S
	}
	return r.Index[index].S
}

func limitOf(n int) int {
	const most, usual = 100, 25
	if n <= 0 {
		return usual
	}
	return min(n, most)
}
