package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"time"
)

const (
	chars     = 300    // of a text in a load
	burst     = 20_000 // posts
	rate      = 2000   // posts a second, sustained
	sustained = 20 * time.Second
	mostReady = time.Second
	mostRSS   = 64 << 20
	residents = 50_000
)

// process measures functions/local as somebody who runs it sees it: how soon it answers and what it holds in memory.
func (b *bench) process(ctx context.Context) (err error) {
	program, err := b.build(ctx, "functions/local", runtime.GOARCH)
	if err != nil {
		return err
	}
	data, err := b.sub("process")
	if err != nil {
		return err
	}
	c, err := startChild(ctx, program, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	b.table.add(c.ready < mostReady, "local: ready to serve, no data", "< 1 s", "%s", ms(c.ready))
	m, err := c.memory()
	if err != nil {
		return err
	}
	b.table.note("local: resident when ready, no data", "%s", m)
	out, err := load{addr: c.addr, clients: 16, n: residents, want: http.StatusCreated, request: posts(c.addr, 0, residents, chars)}.run(ctx)
	if err != nil {
		return err
	}
	b.say("%d posts: %s", residents, out)
	if _, err := c.drain(ctx); err != nil {
		return err
	}
	if m, err = c.memory(); err != nil {
		return err
	}
	b.table.add(m.resident < mostRSS && out.errors == 0, fmt.Sprintf("local: resident after %d posts, drained", residents), "< 64 MB", "%s", m)
	if err := c.stop(); err != nil {
		return err
	}
	if c, err = startChild(ctx, program, data); err != nil {
		return err
	}
	b.table.add(c.ready < mostReady, fmt.Sprintf("local: ready to serve, %d items", residents), "< 1 s", "%s", ms(c.ready))
	if m, err = c.memory(); err != nil {
		return err
	}
	b.table.add(m.resident < mostRSS, fmt.Sprintf("local: resident when ready, %d items", residents), "< 64 MB", "%s", m)
	return nil
}

// intake measures POST /v1/feedback: a burst, a rate that can be kept up, many clients.
func (b *bench) intake(ctx context.Context) (err error) {
	program, err := b.build(ctx, "functions/local", runtime.GOARCH)
	if err != nil {
		return err
	}
	data, err := b.sub("intake")
	if err != nil {
		return err
	}
	c, err := startChild(ctx, program, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	b.table.note("POST /v1/feedback: the posts", "texts of %d characters, %s", chars, mix)

	before, err := c.processor()
	if err != nil {
		return err
	}
	out, err := load{addr: c.addr, clients: 16, n: burst, want: http.StatusCreated, request: posts(c.addr, 0, burst, chars)}.run(ctx)
	if err != nil {
		return err
	}
	b.table.add(out.perSecond() >= 5000 && out.errors == 0, fmt.Sprintf("POST /v1/feedback: burst of %d, 16 clients", burst), ">= 5000/s, no error", "%s", out)
	after, err := c.drain(ctx)
	if err != nil {
		return err
	}
	b.table.note("POST /v1/feedback: burst drained", "%.1f s after its last post: %.0f/s from first post to drained",
		after.Seconds(), burst/(out.took+after).Seconds())
	used, err := c.processor()
	if err != nil {
		return err
	}
	b.table.note("POST /v1/feedback: processor time", "%.0f us for each, received to drained", float64((used-before).Microseconds())/burst)

	if err := b.sustain(ctx, c); err != nil {
		return err
	}
	const many = 64
	out, err = load{addr: c.addr, clients: many, n: burst / 2, want: http.StatusCreated, request: posts(c.addr, 1_000_000, burst/2, chars)}.run(ctx)
	if err != nil {
		return err
	}
	b.table.add(out.errors == 0, fmt.Sprintf("POST /v1/feedback: burst of %d, %d clients", burst/2, many), "no error", "%s", out)
	if _, err = c.drain(ctx); err != nil {
		return err
	}
	m, err := c.memory()
	b.table.note("local: resident after all of this", "%s", m)
	return err
}

// sustain posts at a fixed rate and watches what waits for triage meanwhile.
func (b *bench) sustain(ctx context.Context, c *child) error {
	n := int(rate * sustained.Seconds())
	watched, stop := context.WithCancel(ctx)
	defer stop()
	var backlog []int
	var watch error
	var wg sync.WaitGroup
	l := load{addr: c.addr, clients: 16, n: n, rate: rate, want: http.StatusCreated, request: posts(c.addr, 100_000, n, chars)}
	wg.Go(func() {
		for watched.Err() == nil {
			k, err := c.pending(watched, 4000)
			if err != nil {
				if watched.Err() == nil {
					watch = err
				}
				return
			}
			backlog = append(backlog, k)
			time.Sleep(time.Second)
		}
	})
	out, err := l.run(ctx)
	stop()
	wg.Wait()
	if err := errors.Join(err, watch); err != nil {
		return err
	}
	after, err := c.drain(ctx)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("POST /v1/feedback: %d/s for %.0f s, 16 clients", rate, sustained.Seconds())
	b.table.add(out.perSecond() >= 0.98*rate && out.errors == 0 && out.at(0.99) < 20*time.Millisecond, what, ">= 2000/s, no error, p99 < 20 ms", "%s", out)
	most, first, second := halves(backlog)
	// Flat: what waits is what is under way. It neither grows from the first half to the second nor takes long to clear.
	flat := second <= first+rate/10 && after < 2*time.Second
	b.table.add(flat, "POST /v1/feedback: backlog meanwhile", "flat", "%.0f waiting in the first half, %.0f in the second, %d at most; drained %.1f s after",
		first, second, most, after.Seconds())
	return nil
}

// halves gives the greatest, and the means of the first and the second half.
func halves(x []int) (most int, first, second float64) {
	mean := func(x []int) float64 {
		sum := 0
		for _, v := range x {
			sum += v
			most = max(most, v)
		}
		return float64(sum) / float64(max(len(x), 1))
	}
	return most, mean(x[:len(x)/2]), mean(x[len(x)/2:])
}
