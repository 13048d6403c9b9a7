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

// SaveFiled stores a Change with a filed episode, the way there and back, and the way to it from the alarms and findings
// that it is about.
func (s *Store) SaveFiled(ctx context.Context, c improvement.Change) error {
	ops, err := filedOps(c)
	if err != nil {
		return err
	}
	return s.reached(ctx, c, s.write(ctx, ops...))
}

// SaveNext is SaveFiled where the episode goes on with the OpsItem of last, which is stored too.
func (s *Store) SaveNext(ctx context.Context, c improvement.Change, last opsitem.Episode) error {
	ops, err := filedOps(c)
	if err != nil {
		return err
	}
	r, err := episodeRow(last)
	if err != nil {
		return err
	}
	return s.reached(ctx, c, s.write(ctx, append(ops, table.Put(r, table.VersionIs(last.Version)))...))
}

// maxAbout is how many alarms and findings lead to an episode: more than anybody files OpsItems about.
const maxAbout = 20

func filedOps(c improvement.Change) ([]table.Op, error) {
	ops, err := changeOps(c)
	if err != nil {
		return nil, err
	}
	e := c.Episode
	back := opsItemRow{e.Improvement, e.N}
	r, err := row(TypeOpsItem, keyOpsItem(e.OpsItem), back)
	if err != nil {
		return nil, err
	}
	ops = append(ops, table.Put(r, table.Always("an OpsItem belongs to one episode at a time, whose write this is a part of")))
	about := 0
	for _, arn := range e.Request.Resources {
		if !opsitem.Named(arn) || about == maxAbout {
			continue
		}
		about++
		r, err := row(TypeAbout, keyAbout(arn), back)
		if err != nil {
			return nil, err
		}
		ops = append(ops, table.Put(r, table.Always("the latest episode about it is the one to find")))
	}
	return ops, nil
}

// EpisodeAbout gives the latest episode that was filed about the ARN of an alarm or a finding, or NotFound.
func (s *Store) EpisodeAbout(ctx context.Context, arn string) (id.Improvement, int, error) {
	r, _, err := get[opsItemRow](ctx, s.t, keyAbout(arn), "OpsItem")
	return r.Improvement, r.Episode, err
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

var (
	keyWatermark = table.Key{P: globalSync, S: "opscenter"}
	keyChecked   = table.Key{P: globalSync, S: "opscenter-checked"}
)

// Watermark is the latest modification that a reconcile saw.
func (s *Store) Watermark(ctx context.Context) (time.Time, error) { return s.moment(ctx, keyWatermark) }

// SaveWatermark stores it.
func (s *Store) SaveWatermark(ctx context.Context, t time.Time) error {
	return s.saveMoment(ctx, keyWatermark, t)
}

// Checked is when all that is open was last compared with OpsCenter.
func (s *Store) Checked(ctx context.Context) (time.Time, error) { return s.moment(ctx, keyChecked) }

// SaveChecked stores it.
func (s *Store) SaveChecked(ctx context.Context, t time.Time) error {
	return s.saveMoment(ctx, keyChecked, t)
}

func (s *Store) moment(ctx context.Context, k table.Key) (time.Time, error) {
	r, err := s.t.Get(ctx, k, true)
	if isAbsent(err) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	w, err := decode[syncRow](r)
	return w.At, err
}

func (s *Store) saveMoment(ctx context.Context, k table.Key, t time.Time) error {
	r, err := row(TypeSync, k, syncRow{t})
	if err != nil {
		return err
	}
	return s.t.Write(ctx, table.Put(r, table.Always("an older moment only costs a second look")))
}
