package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/improvement"
)

const (
	fewItems = 50_000
	mostList = 5 * time.Millisecond
	looks    = 21 // at each list; the median counts
)

// listings are all lists of the API with every sort and every combination of filters.
func listings() []string {
	var out []string
	add := func(path string, sets ...[]string) {
		combos := []url.Values{{}}
		for _, set := range sets {
			name, values := set[0], set[1:]
			var next []url.Values
			for _, c := range combos {
				next = append(next, c)
				for _, v := range values {
					n := url.Values{name: {v}}
					maps.Copy(n, c)
					next = append(next, n)
				}
			}
			combos = next
		}
		for _, c := range combos {
			if q := c.Encode(); q != "" {
				out = append(out, path+q)
			} else {
				out = append(out, path[:len(path)-1])
			}
		}
	}
	add("/v1/feedback?product=example&", append([]string{"kind", "signal"}, names(feedback.Kinds)...), []string{"state", "received", "triaged", "withdrawn"})
	add("/v1/queue?product=example&", []string{"type", "improvement", "feedback"}, append([]string{"kind"}, names(feedback.Kinds)...))
	add("/v1/improvements?product=example&", append([]string{"status"}, names(improvement.Statuses)...), []string{"sort", "score", "updated"})
	add("/v1/set-aside?")
	add("/v1/log?", []string{"by", "member3@example.com"}, []string{"product", "example"}, []string{"subject", "subject 7"})
	add("/v1/products?")
	return out
}

func names[T ~string](of []T) []string {
	out := make([]string, len(of))
	for i, v := range of {
		out[i] = string(v)
	}
	return out
}

// look is what a list cost.
type look struct {
	took        time.Duration
	rows, calls int
}

// lists measures the first page of every list at two sizes, in this process: what the handler takes, without a network.
func (b *bench) lists(ctx context.Context) error {
	sizes := []int{fewItems, b.items}
	got := make([]map[string]look, len(sizes))
	for i, n := range sizes {
		var err error
		if got[i], err = b.listsAt(ctx, n); err != nil {
			return fmt.Errorf("%d items: %w", n, err)
		}
	}
	for _, path := range listings() {
		few, many := got[0][path], got[1][path]
		b.table.add(few.took < mostList && few.rows == many.rows, "GET "+path, "< 5 ms, same rows", "%s, %d rows in %d calls; at %d: %s, %d rows",
			ms(few.took), few.rows, few.calls, sizes[1], ms(many.took), many.rows)
	}
	return nil
}

func (b *bench) listsAt(ctx context.Context, n int) (map[string]look, error) {
	dir, err := b.sub("lists-" + strconv.Itoa(n))
	if err != nil {
		return nil, err
	}
	b.say("fill with %d of each", n)
	f, err := fill(ctx, dir, n)
	if err != nil {
		return nil, err
	}
	b.say("look at %d lists", len(listings()))
	got, err := f.looks(ctx)
	return got, errors.Join(err, f.Close())
}

func (f *filled) looks(ctx context.Context) (map[string]look, error) {
	token, err := f.Issuer.Token(f.now)
	if err != nil {
		return nil, err
	}
	h := f.Handler()
	out := map[string]look{}
	for _, path := range listings() {
		var times []time.Duration
		var l look
		for range looks + 1 {
			req := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:8080"+path, http.NoBody)
			req.Header.Set("Authorization", "Bearer "+token)
			rec := httptest.NewRecorder()
			f.spy.reset()
			began := time.Now()
			h.ServeHTTP(rec, req)
			times = append(times, time.Since(began))
			l.calls, l.rows = f.spy.reset()
			if rec.Code != http.StatusOK {
				return nil, fmt.Errorf("GET %s: status %d: %s", path, rec.Code, rec.Body)
			}
		}
		times = times[1:] // the first one fills caches
		slices.Sort(times)
		l.took = times[len(times)/2]
		out[path] = l
	}
	return out, nil
}
