package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"learningloop/internal/table"
	"learningloop/internal/table/cursor"
)

// Get is table.Table's; every read here is consistent.
func (db *DB) Get(ctx context.Context, k table.Key, _ bool) (table.Row, error) {
	leave, err := db.enter(ctx)
	if err != nil {
		return table.Row{}, err
	}
	defer leave()
	if err := table.CheckKey(k); err != nil {
		return table.Row{}, err
	}
	r, err := load(db.pebble, k)
	switch {
	case err != nil:
		return table.Row{}, err
	case r == nil || expired(r, db.clock()):
		return table.Row{}, table.ErrNotFound
	default:
		return *r, nil
	}
}

// GetAll is table.Table's; all rows are of one moment.
func (db *DB) GetAll(ctx context.Context, keys []table.Key) ([]table.Row, error) {
	leave, err := db.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := table.CheckKeys(keys); err != nil {
		return nil, err
	}
	snap := db.pebble.NewSnapshot()
	defer snap.Close() //nolint:errcheck // releases memory only
	now := db.clock()
	var rows []table.Row
	for _, k := range keys {
		r, err := load(snap, k)
		if err != nil {
			return nil, err
		}
		if r != nil && !expired(r, now) {
			rows = append(rows, *r)
		}
	}
	return rows, nil
}

// Query is table.Table's.
func (db *DB) Query(ctx context.Context, q table.Query) (table.Page, error) {
	leave, err := db.enter(ctx)
	if err != nil {
		return table.Page{}, err
	}
	defer leave()
	limit, err := table.CheckQuery(q)
	if err != nil {
		return table.Page{}, err
	}
	from, ok, err := cursor.Decode(q)
	if err != nil {
		return table.Page{}, err
	}
	r := rangeOf(q)
	if ok {
		r.resume(q, from)
	}
	snap := db.pebble.NewSnapshot()
	defer snap.Close() //nolint:errcheck // releases memory only
	it, err := snap.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: r.lower, UpperBound: r.upper})
	if err != nil {
		return table.Page{}, fmt.Errorf("query %s: %w", q.P, err)
	}
	page, err := collect(ctx, snap, it, q, r.prefix, limit, db.clock())
	if err := errors.Join(err, it.Error(), it.Close()); err != nil {
		return table.Page{}, fmt.Errorf("query %s: %w", q.P, err)
	}
	return page, nil
}

// keyRange is where a query reads: from lower up to, not including, upper. All keys start with prefix.
type keyRange struct{ prefix, lower, upper []byte }

func rangeOf(q table.Query) keyRange {
	prefix, bound := rowPrefix(q.P), func(p []byte, s string) []byte { return append(p, s...) }
	if q.Index != "" {
		prefix, bound = indexPrefix(q.Index, q.P), appendEscaped
	}
	r := keyRange{prefix: prefix, lower: bound(slices.Clone(prefix), q.From), upper: after(prefix)}
	if q.To != "" {
		r.upper = bound(slices.Clone(prefix), q.To)
	}
	return r
}

// resume moves the bound that the query starts from behind the position.
func (r *keyRange) resume(q table.Query, pos cursor.Pos) {
	last := append(slices.Clone(r.prefix), pos.S...)
	if q.Index != "" {
		last = indexKey(q.Index, table.Key{P: q.P, S: pos.S}, pos.Row)
	}
	if q.Desc {
		r.upper = last
	} else {
		r.lower = append(last, 0)
	}
}

// collect reads up to limit rows and looks for one more, so that a cursor is given only where there is something after it.
func collect(ctx context.Context, snap pebble.Reader, it *pebble.Iterator, q table.Query, prefix []byte, limit int, now time.Time) (table.Page, error) {
	var page table.Page
	var last cursor.Pos
	move := it.Next
	ok := false
	if q.Desc {
		move = it.Prev
		ok = it.Last()
	} else {
		ok = it.First()
	}
	for ; ok; ok = move() {
		if err := ctx.Err(); err != nil {
			return table.Page{}, err
		}
		row, pos, err := current(snap, it, q, prefix)
		if err != nil {
			return table.Page{}, err
		}
		if row == nil || expired(row, now) {
			continue
		}
		if len(page.Rows) == limit {
			page.Cursor = cursor.Encode(q, last)
			break
		}
		page.Rows = append(page.Rows, *row)
		last = pos
	}
	return page, nil
}

// current is the row that the iterator stands on and its position in the query.
func current(snap pebble.Reader, it *pebble.Iterator, q table.Query, prefix []byte) (*table.Row, cursor.Pos, error) {
	tail := it.Key()[len(prefix):]
	if q.Index != "" {
		s, k, err := cutIndexKey(tail)
		if err != nil {
			return nil, cursor.Pos{}, err
		}
		r, err := load(snap, k)
		return r, cursor.Pos{S: s, Row: k}, err
	}
	k := table.Key{P: q.P, S: string(tail)}
	v, err := it.ValueAndErr()
	if err != nil {
		return nil, cursor.Pos{}, err
	}
	r, err := decode(k, slices.Clone(v))
	return &r, cursor.Pos{S: k.S}, err
}

// load reads one row; nil where there is none.
func load(from pebble.Reader, k table.Key) (*table.Row, error) {
	v, err := loadRaw(from, k)
	if v == nil || err != nil {
		return nil, err
	}
	r, err := decode(k, v)
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// loadRaw reads one row as it is stored, in memory of its own; nil where there is none.
func loadRaw(from pebble.Reader, k table.Key) ([]byte, error) {
	v, closer, err := from.Get(rowKey(k))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load row %s: %w", k, err)
	}
	v = slices.Clone(v)
	if err := closer.Close(); err != nil {
		return nil, fmt.Errorf("load row %s: %w", k, err)
	}
	return v, nil
}

// expired compares whole seconds, as DynamoDB's TTL attribute does.
func expired(r *table.Row, now time.Time) bool {
	return !r.Expires.IsZero() && r.Expires.Unix() <= now.Unix()
}
