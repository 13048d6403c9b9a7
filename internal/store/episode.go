package store

import (
	"context"
	"time"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/table"
)

type opsItemRow struct {
	Improvement id.Improvement `json:"improvement"`
	Episode     int            `json:"episode"`
}

// SaveEpisode stores a changed episode.
func (s *Store) SaveEpisode(ctx context.Context, e opsitem.Episode) error {
	r, err := episodeRow(e)
	if err != nil {
		return err
	}
	return s.write(ctx, table.Put(r, table.VersionIs(e.Version)))
}

// SaveFiled stores a filed episode with the way there and back.
func (s *Store) SaveFiled(ctx context.Context, e opsitem.Episode, im improvement.Improvement) error {
	ops, err := changeOps(improvement.Change{Improvement: im, Episode: &e})
	if err != nil {
		return err
	}
	r, err := row(TypeOpsItem, keyOpsItem(e.OpsItem), opsItemRow{e.Improvement, e.N})
	if err != nil {
		return err
	}
	return s.write(ctx, append(ops, table.Put(r, table.Always("an OpsItem belongs to one episode for ever")))...)
}

// EpisodeOf gives the episode of an OpsItem, or NotFound.
func (s *Store) EpisodeOf(ctx context.Context, opsItem string) (id.Improvement, int, error) {
	r, _, err := get[opsItemRow](ctx, s.t, keyOpsItem(opsItem), "OpsItem")
	return r.Improvement, r.Episode, err
}

// DueEpisodes gives episodes whose order is due.
func (s *Store) DueEpisodes(ctx context.Context, now time.Time, cursor string) ([]opsitem.Episode, string, error) {
	return due(ctx, s.t, TypeEpisode, now, cursor, versionEpisode)
}

type syncRow struct {
	At time.Time `json:"at"`
}

var keyWatermark = table.Key{P: globalSync, S: "opscenter"}

// Watermark is the latest modification that a reconcile saw.
func (s *Store) Watermark(ctx context.Context) (time.Time, error) {
	r, err := s.t.Get(ctx, keyWatermark, true)
	if isAbsent(err) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	w, err := decode[syncRow](r)
	return w.At, err
}

// SaveWatermark stores it.
func (s *Store) SaveWatermark(ctx context.Context, t time.Time) error {
	r, err := row(TypeSync, keyWatermark, syncRow{t})
	if err != nil {
		return err
	}
	return s.t.Write(ctx, table.Put(r, table.Always("an older watermark only costs a second look")))
}
