package metric

import (
	"context"
	"fmt"
	"time"

	"learningloop/internal/id"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
)

// Reader is what a review needs of storage.
type Reader interface {
	// OpenEpisodes gives a product's episodes that are under way, a page at a time.
	OpenEpisodes(ctx context.Context, p id.Product, cursor string) ([]opsitem.Episode, string, error)
	// ResolvedEpisodes gives those resolved since a time, the latest first, a page at a time.
	ResolvedEpisodes(ctx context.Context, p id.Product, since time.Time, cursor string) ([]opsitem.Episode, string, error)
}

// MaxEpisodes is how many episodes of each kind, open and resolved, one review reads; of more, Review.Cut says so.
const MaxEpisodes = 5000

// For reviews weeks of a product, which follow each other, as they are known at now.
func For(ctx context.Context, r Reader, p product.Product, weeks []Week, now time.Time) (Review, error) {
	if len(weeks) == 0 {
		return Review{At: now}, nil
	}
	since := weeks[0].Previous().Start
	open, more, err := all(func(cursor string) ([]opsitem.Episode, string, error) { return r.OpenEpisodes(ctx, p.ID, cursor) })
	if err != nil {
		return Review{}, fmt.Errorf("list open episodes of %s: %w", p.ID, err)
	}
	resolved, earlier, err := all(func(cursor string) ([]opsitem.Episode, string, error) {
		return r.ResolvedEpisodes(ctx, p.ID, since, cursor)
	})
	if err != nil {
		return Review{}, fmt.Errorf("list resolved episodes of %s: %w", p.ID, err)
	}
	out := Of(append(open, resolved...), weeks, p.Created, now)
	out.Cut = more || earlier
	return out, nil
}

func all(list func(cursor string) ([]opsitem.Episode, string, error)) (out []opsitem.Episode, more bool, err error) {
	for cursor := ""; ; {
		page, next, err := list(cursor)
		if err != nil {
			return nil, false, err
		}
		out = append(out, page...)
		if cursor = next; cursor == "" || len(out) >= MaxEpisodes {
			return out, cursor != "", nil
		}
	}
}
