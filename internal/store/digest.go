package store

import (
	"context"
	"time"

	"learningloop/internal/digest"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/table"
)

// Digests lie in a partition of their product (or id.All), by kind and period, so that the archive is one range.
func keyDigest(did digest.ID) table.Key {
	return table.Key{P: "digests#" + string(did.Product()), S: string(did)}
}

// Digest gives one, or NotFound.
func (s *Store) Digest(ctx context.Context, did digest.ID) (digest.Digest, error) {
	d, _, err := get[digest.Digest](ctx, s.t, keyDigest(did), "digest")
	return d, err
}

// CreateDigest stores a new digest; Conflict where it is there.
func (s *Store) CreateDigest(ctx context.Context, d digest.Digest) error {
	r, err := row(TypeDigest, keyDigest(d.ID), d)
	if err != nil {
		return err
	}
	r.Index = map[table.Index]table.Key{recent: {P: "digests", S: stamp(d.Made) + "#" + string(d.ID)}}
	return s.write(ctx, table.Put(r, table.Absent()))
}

// ListDigests gives the archive over all products, newest first.
func (s *Store) ListDigests(ctx context.Context, cursor string, limit int) (Page[digest.Digest], error) {
	return merged(ctx, s.t, recent, []string{"digests"}, true, cursor, limitOf(limit), decode[digest.Digest], nil)
}

// Ranked gives a product's Improvements of one status, the highest score first.
func (s *Store) Ranked(ctx context.Context, p id.Product, status improvement.Status, limit int) ([]improvement.Improvement, error) {
	page, err := s.t.Query(ctx, table.Query{Index: ranked, P: rankedStatus(p, string(status)), Limit: limit})
	if err != nil {
		return nil, err
	}
	return decodeAll(page.Rows, versionImprovement)
}

// InStatus gives all of a product's Improvements in a status, those of the highest scores first, a page at a time.
func (s *Store) InStatus(ctx context.Context, p id.Product, status improvement.Status, cursor string) ([]improvement.Improvement, string, error) {
	page, err := s.t.Query(ctx, table.Query{Index: ranked, P: rankedStatus(p, string(status)), Limit: table.MaxOps, Cursor: cursor})
	if err != nil {
		return nil, "", err
	}
	items, err := decodeAll(page.Rows, versionImprovement)
	return items, page.Cursor, err
}

// Changed gives a product's Improvements changed since a time, the earliest first.
func (s *Store) Changed(ctx context.Context, p id.Product, since time.Time, cursor string) ([]improvement.Improvement, string, error) {
	page, err := s.t.Query(ctx, table.Query{Index: recent, P: recentImprovements(p), From: stamp(since), Limit: table.MaxOps, Cursor: cursor})
	if err != nil {
		return nil, "", err
	}
	items, err := decodeAll(page.Rows, versionImprovement)
	return items, page.Cursor, err
}

// OldestUncounted gives when the longest waiting piece was received; zero where none waits.
func (s *Store) OldestUncounted(ctx context.Context) (time.Time, error) {
	var oldest time.Time
	for shard := range shards {
		page, err := s.t.Query(ctx, table.Query{Index: pending, P: pendingShard(TypeFeedback, shard), Limit: 1})
		if err != nil {
			return time.Time{}, err
		}
		fs, err := decodeAll(page.Rows, versionFeedback)
		if err != nil {
			return time.Time{}, err
		}
		if len(fs) > 0 && (oldest.IsZero() || fs[0].Received.Before(oldest)) {
			oldest = fs[0].Received
		}
	}
	return oldest, nil
}
