package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/table"
	"learningloop/internal/trend"
)

func versionSignalKey(k *improvement.SignalKey, v int64) { k.Version = v }

// Rows that only matter for a while leave by themselves, long after nobody looks at them any more.
const (
	keepCluster   = 7 * 24 * time.Hour  // windows are a day at the most
	keepSignalKey = 30 * 24 * time.Hour // after its last word, where it neither fires nor is muted
)

func clusterRow(c improvement.Cluster) (table.Row, error) {
	r, err := row(TypeCluster, keyCluster(c.Product, c.Scope), c)
	r.Expires = c.Latest.Add(keepCluster)
	return r, err
}

func signalKeyRow(k improvement.SignalKey) (table.Row, error) {
	r, err := row(TypeSignalKey, keySignalKey(k.Product, k.Key), k)
	switch {
	case err != nil:
		return r, err
	case k.Muted != nil:
		r.Index = map[table.Index]table.Key{pending: pendingKey(TypeSignalKey, string(k.Product), k.Muted.Check, r.Key.S)}
	case !k.Firing:
		r.Expires = k.At.Add(keepSignalKey)
	}
	return r, nil
}

func andonRow(a improvement.AndonState) (table.Row, error) {
	r, err := row(TypeAndon, keyAndon(a.Product, a.Scope), a)
	if a.Improvement == "" && len(a.Words) > 0 {
		r.Expires = a.Words[len(a.Words)-1].At.Add(keepCluster)
		if keep := a.StoodAt.Add(keepCluster); keep.After(r.Expires) {
			r.Expires = keep
		}
	}
	return r, err
}

// gatheringOps are the writes of what a Change says about clusters, keys and andons.
func gatheringOps(ops []table.Op, c improvement.Change) ([]table.Op, error) {
	add := func(r table.Row, err error, version int64) error {
		ops = append(ops, table.Put(r, table.VersionIs(version)))
		return err
	}
	var errs error
	for _, cl := range c.Clusters {
		r, err := clusterRow(cl)
		errs = errors.Join(errs, add(r, err, cl.Version))
	}
	if c.Key != nil {
		r, err := signalKeyRow(*c.Key)
		errs = errors.Join(errs, add(r, err, c.Key.Version))
	}
	if c.Pull != nil {
		r, err := andonRow(*c.Pull)
		errs = errors.Join(errs, add(r, err, c.Pull.Version))
	}
	return ops, errs
}

// Clusters gives the clusters of at most 100 scopes, in their order; one that there is none of has Version 0.
func (s *Store) Clusters(ctx context.Context, p id.Product, scopes []improvement.Scope) ([]improvement.Cluster, error) {
	if len(scopes) == 0 {
		return nil, nil
	}
	out, keys := make([]improvement.Cluster, len(scopes)), make([]table.Key, len(scopes))
	for i, sc := range scopes {
		out[i], keys[i] = improvement.Cluster{Product: p, Scope: sc}, keyCluster(p, sc)
	}
	rows, err := s.t.GetAll(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		c, err := decode[improvement.Cluster](r)
		if err != nil {
			return nil, err
		}
		c.Version = r.Version
		out[slices.Index(keys, r.Key)] = c
	}
	return out, nil
}

// SaveCluster stores one; Conflict where it changed since it was read.
func (s *Store) SaveCluster(ctx context.Context, c improvement.Cluster) error {
	r, err := clusterRow(c)
	if err != nil {
		return err
	}
	return s.write(ctx, table.Put(r, table.VersionIs(c.Version)))
}

// SignalKey gives what is known of a signal's key beside the Improvement of its name; where there is nothing it has
// Version 0.
func (s *Store) SignalKey(ctx context.Context, p id.Product, key string) (improvement.SignalKey, error) {
	r, err := s.t.Get(ctx, keySignalKey(p, key), true)
	if isAbsent(err) {
		return improvement.SignalKey{Product: p, Key: key}, nil
	}
	if err != nil {
		return improvement.SignalKey{}, err
	}
	return of(r, versionSignalKey)
}

// SaveSignalKey stores it; Conflict where it changed since it was read.
func (s *Store) SaveSignalKey(ctx context.Context, k improvement.SignalKey) error {
	r, err := signalKeyRow(k)
	if err != nil {
		return err
	}
	return s.write(ctx, table.Put(r, table.VersionIs(k.Version)))
}

// DueMuted gives keys with a muted firing that it is time to look at.
func (s *Store) DueMuted(ctx context.Context, now time.Time, cursor string) ([]improvement.SignalKey, string, error) {
	return due(ctx, s.t, TypeSignalKey, now, cursor, versionSignalKey)
}

// Andon gives the andon of a scope; where there is none it has Version 0.
func (s *Store) Andon(ctx context.Context, p id.Product, scope improvement.Scope) (improvement.AndonState, error) {
	r, err := s.t.Get(ctx, keyAndon(p, scope), true)
	if isAbsent(err) {
		return improvement.AndonState{Product: p, Scope: scope}, nil
	}
	if err != nil {
		return improvement.AndonState{}, err
	}
	a, err := decode[improvement.AndonState](r)
	a.Version = r.Version
	return a, err
}

// SaveAndon stores it; Conflict where it changed since it was read.
func (s *Store) SaveAndon(ctx context.Context, a improvement.AndonState) error {
	r, err := andonRow(a)
	if err != nil {
		return err
	}
	return s.write(ctx, table.Put(r, table.VersionIs(a.Version)))
}

// AndonsUp gives the Improvements of a product whose andon is up, the one pulled last first; at most most of them.
func (s *Store) AndonsUp(ctx context.Context, p id.Product, most int) ([]improvement.Improvement, error) {
	page, err := s.t.Query(ctx, table.Query{Index: pending, P: andonsUp(p), Desc: true, Limit: most})
	if err != nil {
		return nil, err
	}
	return decodeAll(page.Rows, versionImprovement)
}

// Problems gives the Marks of people's problems received in from..to, the latest first, of at most most Marks looked at.
func (s *Store) Problems(ctx context.Context, p id.Product, from, to time.Time, most int) ([]trend.Mark, error) {
	var out []trend.Mark
	all := months(from, to.Add(time.Nanosecond))
	for _, month := range slices.Backward(all) {
		q := table.Query{P: marksOf(p, month), From: stamp(from), To: stamp(to) + "~", Desc: true, Consistent: true}
		for most > 0 {
			q.Limit = min(most, table.MaxPage)
			page, err := s.t.Query(ctx, q)
			if err != nil {
				return nil, err
			}
			most -= len(page.Rows)
			marks, err := decodeAll(page.Rows, versionMark)
			if err != nil {
				return nil, err
			}
			out = append(out, slices.DeleteFunc(marks, func(m trend.Mark) bool { return m.Kind != feedback.Problem || m.Nothing })...)
			if q.Cursor = page.Cursor; q.Cursor == "" {
				break
			}
		}
	}
	return out, nil
}
