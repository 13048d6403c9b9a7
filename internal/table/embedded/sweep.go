package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"learningloop/internal/table"
)

// sweepPage is how many expired rows one look for them finds.
const sweepPage = 256

// Sweep removes the rows that are expired by the engine's clock and gives their number. The feed tells of each.
func (db *DB) Sweep(ctx context.Context) (removed int, err error) {
	for {
		keys, err := db.due(ctx)
		if err != nil || len(keys) == 0 {
			return removed, err
		}
		before := removed
		for _, k := range keys {
			ok, err := db.expire(ctx, k)
			if err != nil {
				return removed, err
			}
			if ok {
				removed++
			}
		}
		if removed == before { // others were faster, or the clock was set back
			return removed, nil
		}
	}
}

// due lists some rows whose time has come.
func (db *DB) due(ctx context.Context) (keys []table.Key, err error) {
	leave, err := db.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	it, err := db.pebble.NewIterWithContext(ctx, &pebble.IterOptions{
		LowerBound: []byte{kindExpiry},
		UpperBound: appendSeconds([]byte{kindExpiry}, db.clock().Add(time.Second)),
	})
	if err != nil {
		return nil, fmt.Errorf("find expired rows: %w", err)
	}
	for ok := it.First(); ok && len(keys) < sweepPage; ok = it.Next() {
		k, cutErr := cutExpiryKey(it.Key())
		if cutErr != nil {
			err = cutErr
			break
		}
		keys = append(keys, k)
	}
	return keys, errors.Join(err, it.Error(), it.Close())
}

// expire removes one row if it is still expired. That need not be durable: a row that is back after a crash is hidden
// and removed again.
func (db *DB) expire(ctx context.Context, k table.Key) (ok bool, err error) {
	leave, err := db.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	defer db.stripes.lock([]table.Op{{Row: table.Row{Key: k}}})()
	l, err := newLoader(ctx, db.pebble)
	if err != nil {
		return false, err
	}
	defer l.close()
	s, err := l.state(k, db.clock())
	if err != nil || s.row == nil || s.visible != nil {
		return false, err
	}
	b := db.pebble.NewBatch()
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := errors.Join(remove(b, s.row), b.Commit(pebble.NoSync)); err != nil {
		return false, fmt.Errorf("remove expired row %s: %w", k, err)
	}
	db.log.append([]change{{key: k, old: s.raw}})
	return true, nil
}

// sweepEvery sweeps until ctx ends. An interval below zero means never.
func (db *DB) sweepEvery(ctx context.Context, every time.Duration, log *slog.Logger) {
	defer close(db.swept)
	if every < 0 {
		return
	}
	if every == 0 {
		every = time.Minute
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := db.Sweep(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
				log.LogAttrs(ctx, slog.LevelError, "sweep expired rows", slog.Any("error", err))
			}
		}
	}
}
