package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load is requests from several clients at once: as fast as they are answered, or at a rate whatever the answers take.
type load struct {
	addr    string
	clients int
	n       int     // how many requests
	rate    float64 // a second; 0: as fast as they are answered
	want    int     // the status that is no error
	request func(i int) []byte
	answer  func(body []byte) error // looks at an answer; nil: nobody does
}

// outcome is what came of a load.
type outcome struct {
	took   time.Duration
	times  []time.Duration // of each answer, in ascending order; at a rate, from when the request was due
	errors int
	first  error
}

func (o outcome) perSecond() float64 { return float64(len(o.times)) / o.took.Seconds() }

// at gives a quantile, 0..1.
func (o outcome) at(q float64) time.Duration {
	if len(o.times) == 0 {
		return 0
	}
	return o.times[min(int(q*float64(len(o.times))), len(o.times)-1)]
}

func (o outcome) String() string {
	s := fmt.Sprintf("%.0f/s, p50 %s, p99 %s, %d errors", o.perSecond(), ms(o.at(0.5)), ms(o.at(0.99)), o.errors)
	if o.first != nil {
		s += fmt.Sprintf(" (first: %v)", o.first)
	}
	return s
}

// ms writes a time in milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func (l load) run(ctx context.Context) (outcome, error) {
	conns := make([]*conn, l.clients)
	for i := range conns {
		c, err := dial(ctx, l.addr)
		if err != nil {
			return outcome{}, fmt.Errorf("connect client %d: %w", i, err)
		}
		conns[i] = c
		defer func() { conns[i].close() }() //nolint:revive // after the load, not after the turn
	}
	var next, errs atomic.Int64
	var first atomic.Pointer[error]
	times := make([][]time.Duration, l.clients)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= l.n || ctx.Err() != nil {
					return
				}
				from := l.due(began, k)
				if err := l.one(ctx, &conns[i], k); err != nil {
					errs.Add(1)
					first.CompareAndSwap(nil, &err)
					continue
				}
				times[i] = append(times[i], time.Since(from))
			}
		})
	}
	wg.Wait()
	out := outcome{took: time.Since(began), times: slices.Concat(times...), errors: int(errs.Load())}
	if p := first.Load(); p != nil {
		out.first = *p
	}
	slices.Sort(out.times)
	return out, ctx.Err()
}

// due waits until request k is due and gives that moment. A client that is late does not wait, and its lateness counts.
func (l load) due(began time.Time, k int) time.Time {
	if l.rate == 0 {
		return time.Now()
	}
	at := began.Add(time.Duration(float64(k) / l.rate * float64(time.Second)))
	time.Sleep(time.Until(at))
	return at
}

// one sends a request; after a failure the client connects anew.
func (l load) one(ctx context.Context, c **conn, k int) error {
	status, body, err := (*c).do(l.request(k))
	switch {
	case err == nil && status != l.want:
		return fmt.Errorf("status %d %s: %.200s", status, http.StatusText(status), body)
	case err == nil && l.answer != nil:
		return l.answer(body)
	}
	if err != nil {
		if again, dialErr := dial(ctx, l.addr); dialErr == nil {
			(*c).close()
			*c = again
		}
	}
	return err
}
