package local

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"learningloop/internal/config"
	"learningloop/internal/table"
)

const (
	batchSize  = 75               // changes that a function is woken with, as in the deployed stack
	queueSize  = 20 * batchSize   // changes that wait for a function; what comes on top is left to its sweep
	sweepEvery = 2 * time.Second  // while nothing else is to be done
	sweepLate  = 30 * time.Second // at the latest, however much there is to be done
)

// waker is a function that the change stream wakes and a schedule sweeps, one thing after the other: two at a time would
// do the same work twice.
type waker struct {
	name   string
	sweep  string // its schedule
	handle func(context.Context, []table.Change) error

	mu     sync.Mutex
	queue  []table.Change
	missed bool          // not all that changed is in the queue
	ready  chan struct{} // holds one token where there is something to do
}

func (w *World) wakers() []*waker {
	all := []*waker{
		{name: config.FnTriage, sweep: config.ScheduleTriageSweep, handle: w.Triage.Changes},
		{name: config.FnOpsItems, sweep: config.ScheduleOpsItemsSweep, handle: w.OpsItems.Changes},
		{name: config.FnFollowup, sweep: config.ScheduleFollowupSweep, handle: w.Followup.Changes},
	}
	for _, k := range all {
		k.ready = make(chan struct{}, 1)
	}
	return all
}

// follow hands the changes of the table to the functions that they wake.
func (w *World) follow(ctx context.Context, to []*waker) {
	feed := w.DB.Feed()
	defer feed.Close()
	for {
		changes, lost, err := feed.Next(ctx)
		if err != nil {
			return
		}
		for _, k := range to {
			k.add(changes, lost)
		}
	}
}

// add queues the changed rows that lie in the pending index, as the stream's filters do in AWS.
func (k *waker) add(changes []table.Change, lost bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.missed = k.missed || lost
	for _, c := range changes {
		if c.New == nil || !slices.Contains(config.WakeTypes[k.name], c.New.Type) {
			continue
		}
		if _, waits := c.New.Index[table.Index(config.IndexPending)]; !waits {
			continue
		}
		if len(k.queue) == queueSize {
			k.missed = true
			break
		}
		k.queue = append(k.queue, c)
	}
	if len(k.queue) > 0 || k.missed {
		select {
		case k.ready <- struct{}{}:
		default:
		}
	}
}

// take gives the next batch, or says that it is time to sweep. What is queued by then the sweep finds too.
func (k *waker) take(due bool) (batch []table.Change, sweep bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if due || k.missed && len(k.queue) == 0 {
		k.queue, k.missed = nil, false
		return nil, true
	}
	n := min(len(k.queue), batchSize)
	batch = slices.Clone(k.queue[:n])
	if k.queue = k.queue[n:]; len(k.queue) == 0 {
		k.queue = nil // lets the rows go
	}
	return batch, false
}

// run does what there is to be done until ctx ends.
func (k *waker) run(ctx context.Context, w *World) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	swept := time.Now()
	for ctx.Err() == nil {
		batch, sweep := k.take(time.Since(swept) > sweepLate)
		switch {
		case sweep:
			w.scheduled(ctx, k.sweep, w.cfg.Now())
			swept = time.Now()
			w.crowd.seen.Add(1)
			continue
		case len(batch) > 0:
			w.crowd.seen.Add(1)
			if err := k.handle(ctx, batch); err != nil && ctx.Err() == nil {
				w.cfg.Log.WarnContext(ctx, "change not handled; the sweep will", "function", k.name, "error", err.Error())
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-k.ready:
		case <-tick.C:
			w.scheduled(ctx, k.sweep, w.cfg.Now())
			swept = time.Now()
		}
	}
}

// crowd counts what is under way, so that what can wait gives way to what cannot.
type crowd struct {
	n    atomic.Int32 // requests under way
	seen atomic.Int64 // requests and batches of changes so far
}

// enter counts a request until leave.
func (c *crowd) enter() (leave func()) {
	c.n.Add(1)
	c.seen.Add(1)
	return func() { c.n.Add(-1) }
}

// giveWay waits while many requests are under way, but not for long: a burst is received first and triaged afterwards, a
// steady stream is triaged as it comes.
func (c *crowd) giveWay(ctx context.Context) {
	const (
		many = 4
		most = 50 * time.Millisecond
	)
	for waited := time.Duration(0); waited < most && c.n.Load() >= many && ctx.Err() == nil; waited += time.Millisecond {
		time.Sleep(time.Millisecond)
	}
}
