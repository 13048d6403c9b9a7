package store

import (
	"context"
	"fmt"
	"time"

	"learningloop/internal/id"
	"learningloop/internal/incident"
	"learningloop/internal/table"
)

func versionPostIncident(p *incident.PostIncident, v int64) { p.Version = v }

func keyPostIncident(i id.Improvement, n int) table.Key {
	return table.Key{P: string(i), S: fmt.Sprintf("postincident#%06d", n)}
}

func recentPostIncidents(p id.Product) string { return string(p) + "#postincidents" }

// postIncidentRow lies among those of its product by time, and in the pending index until its event is told.
func postIncidentRow(p incident.PostIncident) (table.Row, error) {
	r, err := row(TypePostIncident, keyPostIncident(p.Improvement, p.Episode), p)
	if err != nil {
		return r, err
	}
	r.Index = map[table.Index]table.Key{recent: {P: recentPostIncidents(p.Improvement.Product()), S: stamp(p.At) + "#" + p.ID()}}
	if p.Due() {
		at := p.RetryAt
		if at.IsZero() {
			at = p.At
		}
		r.Index[pending] = pendingKey(TypePostIncident, string(p.Improvement), at, r.Key.S)
	}
	return r, nil
}

// PostIncident gives one, or NotFound.
func (s *Store) PostIncident(ctx context.Context, iid id.Improvement, n int) (incident.PostIncident, error) {
	p, v, err := get[incident.PostIncident](ctx, s.t, keyPostIncident(iid, n), "post-incident")
	p.Version = v
	return p, err
}

// SavePostIncident stores a changed one.
func (s *Store) SavePostIncident(ctx context.Context, p incident.PostIncident) error {
	r, err := postIncidentRow(p)
	if err != nil {
		return err
	}
	return s.write(ctx, table.Put(r, table.VersionIs(p.Version)))
}

// DuePostIncidents gives those whose event is due.
func (s *Store) DuePostIncidents(ctx context.Context, now time.Time, cursor string) ([]incident.PostIncident, string, error) {
	return due(ctx, s.t, TypePostIncident, now, cursor, versionPostIncident)
}

// PostIncidents gives those of an Improvement in order, a page at a time.
func (s *Store) PostIncidents(ctx context.Context, iid id.Improvement, cursor string) ([]incident.PostIncident, string, error) {
	return section(ctx, s.t, string(iid), "postincident#", cursor, versionPostIncident)
}

// ListPostIncidents gives those of a product that were opened since a time, newest first.
func (s *Store) ListPostIncidents(ctx context.Context, p id.Product, since time.Time, limit int) ([]incident.PostIncident, error) {
	page, err := s.t.Query(ctx, table.Query{Index: recent, P: recentPostIncidents(p), From: stamp(since), Desc: true, Limit: limitOf(limit)})
	if err != nil {
		return nil, err
	}
	return decodeAll(page.Rows, versionPostIncident)
}

// PostIncidentOf reads a row of type TypePostIncident, as the change feed gives it.
func PostIncidentOf(r table.Row) (incident.PostIncident, error) { return of(r, versionPostIncident) }
