package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"learningloop/internal/app/local"
	"learningloop/internal/config"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/table/meter"
)

const (
	metered   = 600 // pieces
	batch     = 100 // of the change stream, as the stack sets it
	mostUnits = 10.0
)

// units counts what DynamoDB would charge for a piece that is received, triaged and counted, by AWS's rules.
func (b *bench) units(ctx context.Context) error {
	for _, size := range []int{1000, 10_000} {
		for _, path := range []struct {
			name   string
			triage func(*metering, context.Context) error
		}{
			{"in batches of the stream", (*metering).stream},
			{"one by one", (*metering).alone},
			{"by the sweep", (*metering).sweep},
		} {
			received, triaged, err := unitsOf(ctx, size, path.triage)
			if err != nil {
				return err
			}
			total := (received.Total() + triaged.Total()) / metered
			what := fmt.Sprintf("DynamoDB: a piece of %d characters, triaged %s", size, path.name)
			measured := fmt.Sprintf("%.1f units: received %s, triaged %s", total, each(received), each(triaged))
			if size == 1000 && path.name == "in batches of the stream" {
				b.table.add(total <= mostUnits, what, "<= 10 units", "%s", measured)
			} else {
				b.table.note(what, "%s", measured)
			}
		}
	}
	b.table.note("DynamoDB: the mix", "%d pieces within an hour, %d companies, %d components, no receipts, batches of %d", metered, companies, components, batch)
	return nil
}

func each(u meter.Units) string {
	return fmt.Sprintf("%.1f (%.1f write, %.1f index, %.1f read)", u.Total()/metered, u.Write/metered, u.IndexWrite/metered, u.Read/metered)
}

// metering is a loop whose storage is metered.
type metering struct {
	*local.World
	m    *meter.Meter
	feed table.Feed
}

func unitsOf(ctx context.Context, size int, triage func(*metering, context.Context) error) (received, triaged meter.Units, err error) {
	start := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	var ticks atomic.Int64 // pieces are finished side by side
	now := func() time.Time { return start.Add(time.Duration(ticks.Add(1)) * time.Millisecond) }
	x := &metering{}
	x.World, err = local.New(ctx, local.Config{
		Public: "http://127.0.0.1:8080", Now: now,
		Wrap: func(t table.Table) table.Table { x.m = meter.Wrap(t); return x.m },
	})
	if err != nil {
		return received, triaged, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	x.feed = x.DB.Feed()
	defer x.feed.Close()
	x.m.Reset()
	h := x.Handler()
	for i := range metered {
		// Pieces that ask for a receipt cost the order of a mail and its sending too: that is telling, not counting.
		body := strings.ReplaceAll(string(body(i, size)), `"hearBack":true`, `"hearBack":false`)
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:8080/v1/feedback", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code != http.StatusCreated {
			return received, triaged, fmt.Errorf("post: status %d: %s", rec.Code, rec.Body)
		}
	}
	received = x.m.Reset()
	if err := triage(x, ctx); err != nil {
		return received, triaged, err
	}
	triaged = x.m.Reset()
	n, err := x.Store.PendingCount(ctx, store.TypeFeedback, 1)
	if err == nil && n > 0 {
		err = errors.New("some are not triaged")
	}
	return received, triaged, err
}

// stream hands the changes to triage as the change stream does, in batches and filtered.
func (x *metering) stream(ctx context.Context) error { return x.batches(ctx, batch) }

// alone hands over one change at a time: what a quiet hour costs, when pieces come too far apart to share a batch.
func (x *metering) alone(ctx context.Context) error { return x.batches(ctx, 1) }

func (x *metering) batches(ctx context.Context, size int) error {
	var mine []table.Change
	for len(mine) < metered {
		changes, lost, err := x.feed.Next(ctx)
		if err != nil {
			return err
		}
		if lost {
			return errors.New("changes are missing")
		}
		for _, c := range changes {
			if _, waits := c.New.Index[config.IndexPending]; waits && c.New.Type == store.TypeFeedback {
				mine = append(mine, c)
			}
		}
	}
	for some := range slices.Chunk(mine, size) {
		if err := x.Triage.Changes(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func (x *metering) sweep(ctx context.Context) error { return x.Triage.Sweep(ctx) }
