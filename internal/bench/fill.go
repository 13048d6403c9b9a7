package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"learningloop/internal/app/local"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/table"
	"learningloop/internal/trail"
	"learningloop/internal/trend"
)

// The history that lists are filled with: twelve weeks that end now, in one product.
var (
	historyBegins = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	historyEnds   = historyBegins.Add(12 * 7 * 24 * time.Hour)
)

const products = 200 // as many as teams can name

// filled is a whole loop with n of everything that is listed.
type filled struct {
	*local.World
	spy *spy
	now time.Time
	n   int
	p   product.Product
}

func fill(ctx context.Context, dir string, n int) (*filled, error) {
	f := &filled{n: n, now: historyBegins}
	w, err := local.New(ctx, local.Config{
		Dir: dir, Public: "http://127.0.0.1:8080", Now: func() time.Time { return f.now },
		Wrap: func(t table.Table) table.Table { f.spy = &spy{Table: t}; return f.spy },
	})
	if err != nil {
		return nil, err
	}
	f.World = w
	if f.p, err = w.Store.ProductBySlug(ctx, "example"); err != nil {
		return nil, err
	}
	f.now = historyEnds
	if err := f.spy.filling(ctx, true); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{f.feedback, f.improvements, f.events, f.products} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return f, f.spy.filling(ctx, false)
}

// at is when the i-th of n happened.
func (f *filled) at(i int) time.Time {
	return historyBegins.Add(time.Duration(float64(i) / float64(f.n) * float64(historyEnds.Sub(historyBegins))))
}

func (f *filled) feedback(ctx context.Context) error {
	const together = 75
	marks := make([]trend.Mark, 0, together)
	for i := range f.n {
		p := feedback.New(id.NewFeedback(f.p.ID, "bench", strconv.Itoa(i)), draft(i, chars), feedback.API, f.Tokens.People(), f.at(i))
		p.Todo, p.State, p.Version = false, feedback.Triaged, 1
		if err := f.Store.CreateFeedback(ctx, p); err != nil {
			return fmt.Errorf("fill feedback: %w", err)
		}
		if marks = append(marks, trend.MarkOf(p)); len(marks) == together || i == f.n-1 {
			if err := f.Store.Count(ctx, marks); err != nil {
				return fmt.Errorf("fill counts: %w", err)
			}
			marks = marks[:0]
		}
	}
	return nil
}

func (f *filled) improvements(ctx context.Context) error {
	for i := range f.n {
		at := f.at(i)
		piece := feedback.New(id.NewFeedback(f.p.ID, "bench", strconv.Itoa(i)), draft(i, chars), feedback.API, f.Tokens.People(), at)
		err := f.Store.SaveChange(ctx, improvement.Change{Improvement: improvement.Improvement{
			ID: id.NewImprovement(f.p.ID, "bench", strconv.Itoa(i)), Title: words(i, 60), Status: improvement.Statuses[i%len(improvement.Statuses)],
			Evidence: piece.Evidence(), Latest: at, Created: at, Updated: at, Correlation: piece.ID.Correlation(),
		}})
		if err != nil {
			return fmt.Errorf("fill improvements: %w", err)
		}
	}
	return nil
}

// events fills the set-aside events, and today's staff log.
func (f *filled) events(ctx context.Context) error {
	midnight := f.now.Truncate(24 * time.Hour)
	for i := range f.n {
		event, err := json.Marshal(map[string]any{"source": "custom.app", "detail-type": "Something", "detail": map[string]string{"text": words(i, chars)}})
		if err != nil {
			return err
		}
		if err := f.Store.SetAside(ctx, signal.NewSetAside(event, "nobody understood it", f.at(i))); err != nil {
			return fmt.Errorf("fill set-aside events: %w", err)
		}
		err = f.Store.Log(ctx, trail.Entry{
			ID: strconv.Itoa(i), At: midnight.Add(time.Duration(i) * time.Millisecond / 100), By: fmt.Sprintf("member%d@example.com", i%10),
			Action: "saw feedback", Subject: fmt.Sprintf("subject %d", i%100), Product: string(f.p.ID),
		})
		if err != nil {
			return fmt.Errorf("fill staff log: %w", err)
		}
	}
	return nil
}

func (f *filled) products(ctx context.Context) error {
	for i := range products - 1 {
		p, err := product.New(fmt.Sprintf("product-%d", i), strconv.Itoa(i), f.now)
		if err != nil {
			return err
		}
		if err := f.Store.SaveProduct(ctx, p, nil); err != nil {
			return fmt.Errorf("fill products: %w", err)
		}
	}
	return nil
}
