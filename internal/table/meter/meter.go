// Package meter counts what calls of the storage port would cost in DynamoDB, in its own units and by AWS's rules, on
// whatever engine they run. LocalStack reports other figures than AWS charges, and a bill comes too late to design by.
//
// Rules, from the DynamoDB Developer Guide ("DynamoDB item sizes and formats", "Capacity unit consumption", "Transactions:
// how it works", "Global secondary indexes"):
//
//   - A write is one unit for each KB begun of the larger of the item before and after, one at least, also where there is
//     no item or the condition does not hold. In a transaction it is two; a condition check counts as a write.
//   - An index that projects keys only costs one unit for each KB of its entry where one is added or removed, both where
//     one moves, and nothing where the keys stay. Indexes are written after a transaction, not within it, and so at the
//     single price: the guide says the former, the latter is concluded from it.
//   - A read is one unit for each 4 KB begun, half of it where it is eventually consistent; each item of a batch is
//     rounded by itself, the items of a query together. What is not there costs as much as the smallest item.
//
// Counted as the dynamo engine does it: the read before a put under Exists or Always, a check alone as a read, one row
// more than a page gives, whole rows fetched after the entries of an index. Not counted: its retries, and expired rows
// that are still stored.
package meter

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"learningloop/internal/table"
)

// Units are what calls cost.
type Units struct {
	Write      float64 // write units of the table
	IndexWrite float64 // write units of its indexes
	Read       float64 // read units of table and indexes
	Calls      int     // calls of the port
}

// Total is all units, written and read.
func (u Units) Total() float64 { return u.Write + u.IndexWrite + u.Read }

// String is for tables of figures.
func (u Units) String() string {
	return fmt.Sprintf("%.1f units (%.1f write, %.1f index write, %.1f read) in %d calls", u.Total(), u.Write, u.IndexWrite, u.Read, u.Calls)
}

// Meter is a table.Table that counts. Rows written by others at the same moment blur its figures: measure one at a time.
type Meter struct {
	inner table.Table

	mu    sync.Mutex
	units Units
}

var _ table.Table = (*Meter)(nil)

// Wrap makes a Meter that stands at zero. It reads from t what it needs to know, which it does not count.
func Wrap(t table.Table) *Meter { return &Meter{inner: t} }

// Units is what was counted since the last Reset.
func (m *Meter) Units() Units {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.units
}

// Reset sets the meter to zero and gives what it stood at.
func (m *Meter) Reset() Units {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.units
	m.units = Units{}
	return was
}

func (m *Meter) count(u Units) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.units.Write += u.Write
	m.units.IndexWrite += u.IndexWrite
	m.units.Read += u.Read
	m.units.Calls++
}

// Get is table.Table's.
func (m *Meter) Get(ctx context.Context, k table.Key, consistent bool) (table.Row, error) {
	r, err := m.inner.Get(ctx, k, consistent)
	m.count(Units{Read: readUnits(sizeOf(&r), consistent)})
	return r, err
}

// GetAll is table.Table's.
func (m *Meter) GetAll(ctx context.Context, keys []table.Key) ([]table.Row, error) {
	rows, err := m.inner.GetAll(ctx, keys)
	found := byKey(rows)
	var u Units
	for _, k := range keys {
		u.Read += readUnits(sizeOf(found[k]), true)
	}
	m.count(u)
	return rows, err
}

// Query is table.Table's.
func (m *Meter) Query(ctx context.Context, q table.Query) (table.Page, error) {
	p, err := m.inner.Query(ctx, q)
	if err != nil {
		m.count(Units{})
		return p, err
	}
	read := p.Rows
	if p.Cursor != "" {
		next := q
		next.Cursor, next.Limit = p.Cursor, 1
		more, err := m.inner.Query(ctx, next)
		if err != nil {
			return table.Page{}, fmt.Errorf("meter the row behind the page: %w", err)
		}
		read = append(slices.Clip(read), more.Rows...)
	}
	var u Units
	entries, rows := 0, 0
	for i := range read {
		size := sizeOf(&read[i])
		if q.Index == "" {
			rows += size
			continue
		}
		entries += entrySize(read[i].Key, q.Index, read[i].Index[q.Index])
		u.Read += readUnits(size, false)
	}
	if q.Index == "" {
		u.Read += readUnits(rows, q.Consistent)
	} else {
		u.Read += readUnits(entries, false)
	}
	m.count(u)
	return p, nil
}

// Write is table.Table's.
func (m *Meter) Write(ctx context.Context, ops ...table.Op) error {
	keys := make([]table.Key, len(ops))
	for i := range ops {
		keys[i] = ops[i].Row.Key
	}
	before, errBefore := m.inner.GetAll(ctx, keys)
	err := m.inner.Write(ctx, ops...)
	after, errAfter := m.inner.GetAll(ctx, keys)
	if errBefore != nil || errAfter != nil {
		m.count(Units{}) // a call that broke a limit or was cancelled
		return err
	}
	m.count(writeCost(ops, byKey(before), byKey(after), err == nil))
	return err
}

// writeCost is what a write costs, by the rows before and after it.
func writeCost(ops []table.Op, before, after map[table.Key]*table.Row, applied bool) (u Units) {
	if len(ops) == 1 && ops[0].Kind == table.OpCheck {
		return Units{Read: readUnits(sizeOf(before[ops[0].Row.Key]), true)}
	}
	factor := 1.0
	if len(ops) > 1 {
		factor = 2
	}
	for i := range ops {
		op := &ops[i]
		old, now := before[op.Row.Key], after[op.Row.Key]
		if readsFirst(op) {
			u.Read += readUnits(sizeOf(old), true)
		}
		if !applied {
			u.Write += factor * writeUnits(sizeOf(old))
			continue
		}
		u.Write += factor * writeUnits(max(sizeOf(old), sizeOf(now)))
		u.IndexWrite += indexCost(op.Row.Key, indexOf(old), indexOf(now))
	}
	return u
}

// readsFirst says whether the dynamo engine reads the row before it writes it.
func readsFirst(op *table.Op) bool {
	first := false
	mark := func() { first = op.Kind == table.OpPut }
	op.Cond.Translate(func() {}, func(int64) {}, mark, mark)
	return first
}

// indexCost is what a row's indexes cost when its keys there become others.
func indexCost(row table.Key, old, now map[table.Index]table.Key) (units float64) {
	names := maps.Clone(old)
	if names == nil {
		names = map[table.Index]table.Key{}
	}
	maps.Copy(names, now)
	for name := range names {
		was, had := old[name]
		is, has := now[name]
		if had && has && was == is {
			continue
		}
		if had {
			units += writeUnits(entrySize(row, name, was))
		}
		if has {
			units += writeUnits(entrySize(row, name, is))
		}
	}
	return units
}

// entrySize is the size of an index entry, which holds the keys of the index and of the row.
func entrySize(row table.Key, index table.Index, k table.Key) int {
	return len("pk") + len(row.P) + len("sk") + len(row.S) + 2*len(index) + len("_p") + len("_s") + len(k.P) + len(k.S)
}

func writeUnits(size int) float64 { return float64(max(1, (size+1023)/1024)) }

func readUnits(size int, consistent bool) float64 {
	units := float64(max(1, (size+4095)/4096))
	if !consistent {
		units /= 2
	}
	return units
}

// sizeOf is the size of a row; 0 where there is none.
func sizeOf(r *table.Row) int {
	if r == nil || r.Key == (table.Key{}) {
		return 0
	}
	return table.ItemSize(*r)
}

func indexOf(r *table.Row) map[table.Index]table.Key {
	if r == nil {
		return nil
	}
	return r.Index
}

func byKey(rows []table.Row) map[table.Key]*table.Row {
	m := make(map[table.Key]*table.Row, len(rows))
	for i := range rows {
		m[rows[i].Key] = &rows[i]
	}
	return m
}
