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
	l, err := newLoader(ctx, db.pebble)
	if err != nil {
		return table.Row{}, err
	}
	defer l.close()
	r, err := l.row(k)
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
	l, err := newLoader(ctx, db.pebble)
	if err != nil {
		return nil, err
	}
	defer l.close()
	now := db.clock()
	var rows []table.Row
	for _, k := range keys {
		r, err := l.row(k)
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
	it, err := db.pebble.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: r.lower, UpperBound: r.upper})
	if err != nil {
		return table.Page{}, fmt.Errorf("query %s: %w", q.P, err)
	}
	s := scan{q: q, prefix: r.prefix, it: it}
	page, err := s.page(ctx, limit, db.clock())
	if err := errors.Join(err, s.close()); err != nil {
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

// scan is a query under way.
type scan struct {
	q      table.Query
	prefix []byte
	it     *pebble.Iterator
	rows   loader // of the same moment as it; only for an index
}

// page reads up to limit rows and looks for one more, so that a cursor is given only where there is something after it.
func (s *scan) page(ctx context.Context, limit int, now time.Time) (table.Page, error) {
	first, next := s.it.First, s.it.Next
	if s.q.Desc {
		first, next = s.it.Last, s.it.Prev
	}
	var page table.Page
	var last cursor.Pos
	for ok := first(); ok; ok = next() {
		if err := ctx.Err(); err != nil {
			return table.Page{}, err
		}
		row, pos, err := s.current()
		if err != nil {
			return table.Page{}, err
		}
		if expired(row, now) {
			continue
		}
		if len(page.Rows) == limit {
			page.Cursor = cursor.Encode(s.q, last)
			break
		}
		page.Rows = append(page.Rows, *row)
		last = pos
	}
	return page, nil
}

// current is the row that the iterator stands on and its position in the query.
func (s *scan) current() (*table.Row, cursor.Pos, error) {
	tail := s.it.Key()[len(s.prefix):]
	if s.q.Index != "" {
		return s.indexed(tail)
	}
	k := table.Key{P: s.q.P, S: string(tail)}
	v, err := s.it.ValueAndErr()
	if err != nil {
		return nil, cursor.Pos{}, err
	}
	r, err := decode(k, slices.Clone(v))
	return &r, cursor.Pos{S: k.S}, err
}

// indexed is the row that an index entry leads to.
func (s *scan) indexed(tail []byte) (*table.Row, cursor.Pos, error) {
	var pos cursor.Pos
	var err error
	if pos.S, pos.Row, err = cutIndexKey(tail); err != nil {
		return nil, pos, err
	}
	if s.rows.it == nil {
		it, err := s.it.Clone(pebble.CloneOptions{IterOptions: &pebble.IterOptions{}})
		if err != nil {
			return nil, pos, err
		}
		s.rows = loader{it: it}
	}
	r, err := s.rows.row(pos.Row)
	if err == nil && r == nil {
		err = fmt.Errorf("index %s leads to row %s, which is not there: %w", s.q.Index, pos.Row, errRow)
	}
	return r, pos, err
}

func (s *scan) close() error {
	if s.rows.it != nil {
		s.rows.close()
	}
	return errors.Join(s.it.Error(), s.it.Close())
}

// loader reads rows one after the other through one iterator: cheaper than Pebble's Get, which also leaves out the filters
// of the lowest level, where most rows are.
type loader struct{ it *pebble.Iterator }

func newLoader(ctx context.Context, from pebble.Reader) (loader, error) {
	it, err := from.NewIterWithContext(ctx, &pebble.IterOptions{UseL6Filters: true})
	if err != nil {
		return loader{}, fmt.Errorf("open iterator: %w", err)
	}
	return loader{it: it}, nil
}

// raw reads one row as it is stored, in memory of its own; nil where there is none.
func (l loader) raw(k table.Key) ([]byte, error) {
	if !l.it.SeekPrefixGE(rowKey(k)) {
		if err := l.it.Error(); err != nil {
			return nil, fmt.Errorf("load row %s: %w", k, err)
		}
		return nil, nil
	}
	v, err := l.it.ValueAndErr()
	if err != nil {
		return nil, fmt.Errorf("load row %s: %w", k, err)
	}
	return slices.Clone(v), nil
}

// row reads one row; nil where there is none.
func (l loader) row(k table.Key) (*table.Row, error) {
	v, err := l.raw(k)
	if v == nil || err != nil {
		return nil, err
	}
	r, err := decode(k, v)
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// close releases the iterator; what it would complain about, the reads have.
func (l loader) close() { _ = l.it.Close() }

// expired compares whole seconds, as DynamoDB's TTL attribute does.
func expired(r *table.Row, now time.Time) bool {
	return !r.Expires.IsZero() && r.Expires.Unix() <= now.Unix()
}
