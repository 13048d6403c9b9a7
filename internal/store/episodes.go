package store

import (
	"context"
	"errors"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/table"
	"learningloop/internal/trend"
)

// The partitions of a product's episodes: those under way by when they were opened, the others by when they were resolved.
// Whatever was opened, resolved or open in a time is among those resolved since it began and those still open; so two
// ranges answer for any time, whenever an episode was opened.
func recentOpenEpisodes(p id.Product) string     { return string(p) + "#episodes#open" }
func recentResolvedEpisodes(p id.Product) string { return string(p) + "#episodes#resolved" }

// episodeIndex is where an episode lies among those of its product.
func episodeIndex(e opsitem.Episode) table.Key {
	if e.Resolved.IsZero() {
		return table.Key{P: recentOpenEpisodes(e.Product()), S: stamp(e.Opened) + "#" + e.Key()}
	}
	return table.Key{P: recentResolvedEpisodes(e.Product()), S: stamp(e.Resolved) + "#" + e.Key()}
}

// Observe has f told of the stages that episodes reach, right after they were stored. A process that ends between the two
// tells nothing, and one that is not told that its write was applied writes nothing again: each is told once at most, and
// nearly always. To be called before the Store is used.
func (s *Store) Observe(f func(ctx context.Context, steps []opsitem.Step)) { s.observe = f }

// reached tells the steps of a Change that was stored.
func (s *Store) reached(ctx context.Context, c improvement.Change, err error) error {
	if err == nil && s.observe != nil && len(c.Steps) > 0 {
		s.observe(ctx, c.Steps)
	}
	return err
}

// OpenEpisodes gives a product's episodes that are under way, those opened first first, a page at a time.
func (s *Store) OpenEpisodes(ctx context.Context, p id.Product, cursor string) ([]opsitem.Episode, string, error) {
	return s.episodes(ctx, table.Query{P: recentOpenEpisodes(p), Cursor: cursor})
}

// ResolvedEpisodes gives a product's episodes that were resolved since a time, the latest first, a page at a time.
func (s *Store) ResolvedEpisodes(ctx context.Context, p id.Product, since time.Time, cursor string) ([]opsitem.Episode, string, error) {
	return s.episodes(ctx, table.Query{P: recentResolvedEpisodes(p), From: stamp(since), Desc: true, Cursor: cursor})
}

func (s *Store) episodes(ctx context.Context, q table.Query) ([]opsitem.Episode, string, error) {
	const perPage = 250
	q.Index, q.Limit = recent, perPage
	page, err := s.t.Query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	eps, err := decodeAll(page.Rows, versionEpisode)
	return eps, page.Cursor, err
}

// OpenEpisodeCount counts a product's episodes that are under way, up to MaxSize.
func (s *Store) OpenEpisodeCount(ctx context.Context, p id.Product) (int, error) {
	page, err := s.t.Query(ctx, table.Query{Index: recent, P: recentOpenEpisodes(p), Limit: MaxSize})
	return len(page.Rows), err
}

func keyIndexed(p id.Product) table.Key {
	return table.Key{P: globalSync, S: "episodes#" + string(p)}
}

// IndexEpisodes gives the episodes of a release that had no index of them their place in it, once for each product, and
// says how many they were. It may be repeated, and cut short, at any point.
func (s *Store) IndexEpisodes(ctx context.Context) (int, error) {
	ps, err := s.Products(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	var errs error
	for _, p := range ps {
		if _, err := s.t.Get(ctx, keyIndexed(p.ID), false); err == nil {
			continue
		} else if !isAbsent(err) {
			errs = errors.Join(errs, err)
			continue
		}
		did, err := s.indexEpisodesOf(ctx, p.ID)
		if n += did; err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		r, err := row(TypeSync, keyIndexed(p.ID), syncRow{s.now()})
		if err == nil {
			err = s.t.Write(ctx, table.Put(r, table.Always("done is done")))
		}
		errs = errors.Join(errs, err)
	}
	return n, errs
}

func (s *Store) indexEpisodesOf(ctx context.Context, p id.Product) (int, error) {
	n, cursor := 0, ""
	for {
		page, err := s.t.Query(ctx, table.Query{Index: recent, P: recentImprovements(p), Limit: table.MaxOps, Cursor: cursor})
		if err != nil {
			return n, err
		}
		ims, err := decodeAll(page.Rows, versionImprovement)
		if err != nil {
			return n, err
		}
		for _, im := range ims {
			if im.Episode == 0 {
				continue
			}
			did, err := s.indexEpisodesIn(ctx, im.ID)
			if n += did; err != nil {
				return n, err
			}
		}
		if cursor = page.Cursor; cursor == "" {
			return n, nil
		}
	}
}

func (s *Store) indexEpisodesIn(ctx context.Context, iid id.Improvement) (n int, err error) {
	rows, err := Everything(func(cursor string) ([]table.Row, string, error) {
		page, err := s.t.Query(ctx, table.Query{P: string(iid), From: "episode#", To: "episode$", Consistent: true, Cursor: cursor})
		return page.Rows, page.Cursor, err
	})
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		if _, there := r.Index[recent]; there {
			continue
		}
		ep, err := EpisodeFrom(r)
		if err != nil {
			return n, err
		}
		if ep.List {
			continue
		}
		// Somebody who changed it meanwhile wrote its place too.
		if err := s.SaveEpisode(ctx, ep.Staged()); err != nil && !fault.Is(err, fault.Conflict) {
			return n, err
		}
		n++
	}
	return n, nil
}

// launchHours is how many hours with a launch are looked into for one list of them.
const launchHours = 100

// Launches gives the releases of a product that went out in a time, as Feedback, the earliest first: those of the latest
// hours where there are very many. Counts say in which hours there are any, so that nothing else is read.
func (s *Store) Launches(ctx context.Context, p id.Product, from, to time.Time) ([]feedback.Feedback, error) {
	hours, err := s.Counts(ctx, p, trend.All, from.UTC().Truncate(time.Hour), to)
	if err != nil {
		return nil, err
	}
	var in []time.Time
	for _, h := range hours {
		if h.Counts["launch"] > 0 {
			in = append(in, h.Hour)
		}
	}
	var out []feedback.Feedback
	for _, hour := range in[max(0, len(in)-launchHours):] {
		fids, err := s.launchesOf(ctx, p, hour)
		if err != nil {
			return nil, err
		}
		fs, err := s.FeedbackAll(ctx, fids[:min(len(fids), table.MaxOps)])
		if err != nil {
			return nil, err
		}
		for _, f := range fs {
			if at := f.Received; f.Signal != nil && !at.Before(from) && at.Before(to) {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

func (s *Store) launchesOf(ctx context.Context, p id.Product, hour time.Time) ([]id.Feedback, error) {
	rows, err := Everything(func(cursor string) ([]table.Row, string, error) {
		page, err := s.t.Query(ctx, table.Query{P: marksOf(p, hour), From: stamp(hour), To: stamp(hour.Add(time.Hour)), Cursor: cursor})
		return page.Rows, page.Cursor, err
	})
	if err != nil {
		return nil, err
	}
	marks, err := decodeAll(rows, versionMark)
	var fids []id.Feedback
	for _, m := range marks {
		if m.Launch && !m.Nothing {
			fids = append(fids, m.Feedback)
		}
	}
	return fids, err
}
