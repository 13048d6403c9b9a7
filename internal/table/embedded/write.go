package embedded

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"learningloop/internal/table"
)

// state is a row as it was found: what is stored, and whether readers still see it.
type state struct {
	raw     []byte
	row     *table.Row
	visible *table.Row // nil where row is expired
}

func (l loader) state(k table.Key, now time.Time) (state, error) {
	raw, err := l.raw(k)
	if raw == nil || err != nil {
		return state{}, err
	}
	r, err := decode(k, raw)
	if err != nil {
		return state{}, err
	}
	s := state{raw: raw, row: &r}
	if !expired(&r, now) {
		s.visible = &r
	}
	return s, nil
}

// Write is table.Table's. The rows stay locked until they are durable, which also puts the feed in order.
func (db *DB) Write(ctx context.Context, ops ...table.Op) (err error) {
	leave, err := db.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := table.CheckWrite(ops); err != nil {
		return err
	}
	defer db.stripes.lock(ops)()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write %s: %w", ops[0].Row.Key, err)
	}
	found, err := db.decide(ctx, ops)
	if err != nil {
		return err
	}
	b := db.pebble.NewBatch()
	defer func() { err = errors.Join(err, b.Close()) }()
	var changes []change
	for i := range ops {
		c, err := db.apply(b, &ops[i], found[i])
		if err != nil {
			return err
		}
		if c.old != nil || c.new != nil {
			changes = append(changes, c)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := b.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("write %s: %w", ops[0].Row.Key, err)
	}
	db.log.append(changes)
	return nil
}

// decide loads the rows and holds every condition against them.
func (db *DB) decide(ctx context.Context, ops []table.Op) ([]state, error) {
	l, err := newLoader(ctx, db.pebble)
	if err != nil {
		return nil, err
	}
	defer l.close()
	now := db.clock()
	found := make([]state, len(ops))
	conflict := &table.ConflictError{}
	for i := range ops {
		if found[i], err = l.state(ops[i].Row.Key, now); err != nil {
			return nil, err
		}
		if !ops[i].Cond.Match(found[i].visible) {
			conflict.Failed = append(conflict.Failed, table.Failed{Op: i, Key: ops[i].Row.Key, Current: found[i].visible})
		}
	}
	if len(conflict.Failed) > 0 {
		return nil, conflict
	}
	return found, nil
}

// apply adds one operation to the batch and says what changes: nothing where both sides are nil.
func (db *DB) apply(b *pebble.Batch, op *table.Op, cur state) (change, error) {
	var next table.Row
	var err error
	switch op.Kind {
	case table.OpPut:
		next = op.Row
		next.Attrs, err = normal(next.Attrs)
	case table.OpAdd:
		next, err = add(op, cur.visible)
	case table.OpDelete:
		if cur.row == nil {
			return change{}, nil
		}
		return change{key: op.Row.Key, old: cur.raw}, remove(b, cur.row)
	default: // a check changes nothing
		return change{}, nil
	}
	if err != nil {
		return change{}, fmt.Errorf("write %s: %w", op.Row.Key, err)
	}
	next.Version = 1
	if cur.visible != nil {
		next.Version = cur.visible.Version + 1
	}
	raw := encode(&next)
	return change{key: op.Row.Key, old: cur.raw, new: raw}, replace(b, cur.row, &next, raw)
}

// replace puts a row over another one (nil: none) and moves only those entries that differ.
func replace(b *pebble.Batch, old, next *table.Row, raw []byte) error {
	if old == nil {
		old = &table.Row{}
	}
	var errs error
	for name, k := range old.Index {
		if next.Index[name] != k {
			errs = errors.Join(errs, b.Delete(indexKey(name, k, old.Key), nil))
		}
	}
	for name, k := range next.Index {
		if old.Index[name] != k {
			errs = errors.Join(errs, b.Set(indexKey(name, k, next.Key), nil, nil))
		}
	}
	if !old.Expires.Equal(next.Expires) {
		if !old.Expires.IsZero() {
			errs = errors.Join(errs, b.Delete(expiryKey(old.Expires, old.Key), nil))
		}
		if !next.Expires.IsZero() {
			errs = errors.Join(errs, b.Set(expiryKey(next.Expires, next.Key), nil, nil))
		}
	}
	return errors.Join(errs, b.Set(rowKey(next.Key), raw, nil))
}

// remove takes a row and all its entries away.
func remove(b *pebble.Batch, r *table.Row) error {
	var errs error
	for name := range maps.Keys(r.Index) {
		errs = errors.Join(errs, b.Delete(indexKey(name, r.Index[name], r.Key), nil))
	}
	if !r.Expires.IsZero() {
		errs = errors.Join(errs, b.Delete(expiryKey(r.Expires, r.Key), nil))
	}
	return errors.Join(errs, b.Delete(rowKey(r.Key), nil))
}
