package store

import (
	"context"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/table"
)

// MaxSize is how far sizes are counted: one page of an index. A size of MaxSize may be more.
const MaxSize = table.MaxPage

// QueueSize counts what waits for a decision in a product: proposed Improvements and loose Feedback, each up to MaxSize.
func (s *Store) QueueSize(ctx context.Context, p id.Product) (proposed, loose int, err error) {
	if proposed, err = s.Size(ctx, p, improvement.Proposed); err != nil {
		return 0, 0, err
	}
	for _, kind := range rankedKinds {
		n, err := s.size(ctx, rankedFeedback(p, string(kind)))
		if err != nil {
			return 0, 0, err
		}
		if loose = min(loose+n, MaxSize); loose == MaxSize {
			break
		}
	}
	return proposed, loose, nil
}

// Size counts a product's Improvements of one status, up to MaxSize.
func (s *Store) Size(ctx context.Context, p id.Product, status improvement.Status) (int, error) {
	return s.size(ctx, rankedStatus(p, string(status)))
}

func (s *Store) size(ctx context.Context, partition string) (int, error) {
	page, err := s.t.Query(ctx, table.Query{Index: ranked, P: partition, Limit: MaxSize})
	return len(page.Rows), err
}

// ListOpen gives a product's Improvements that are not closed, highest score first.
func (s *Store) ListOpen(ctx context.Context, p id.Product, cursor string, limit int) (Page[improvement.Improvement], error) {
	read := func(r table.Row) (improvement.Improvement, error) {
		im, err := decode[improvement.Improvement](r)
		im.Version = r.Version
		return im, err
	}
	var partitions []string
	for _, st := range improvement.Statuses {
		if !st.Closed() {
			partitions = append(partitions, rankedStatus(p, string(st)))
		}
	}
	return merged(ctx, s.t, ranked, partitions, false, cursor, limitOf(limit), read, nil)
}
