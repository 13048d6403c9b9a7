package store

import (
	"context"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/score"
	"learningloop/internal/signal"
	"learningloop/internal/table"
	"learningloop/internal/trend"
)

func versionFeedback(f *feedback.Feedback, v int64) { f.Version = v }

// feedbackRow lies in the pending index while triage is not done with it, and in the queue while it is loose.
func feedbackRow(f feedback.Feedback) (table.Row, error) {
	r, err := row(TypeFeedback, keyFeedback(f.ID), f)
	if err != nil {
		return r, err
	}
	if f.Todo {
		shard := shardOf(string(f.ID), self)
		if f.Signal != nil {
			// Shards are swept one after the other: only in one shard does what an alarm said last come last.
			shard = shardOf(f.Signal.Key)
		}
		r.Index = map[table.Index]table.Key{pending: pendingIn(shard, TypeFeedback, string(f.ID), f.Received, self)}
	} else if f.Loose() {
		k := table.Key{P: rankedFeedback(f.Product(), string(f.Kind)), S: rank(score.Log(f.Evidence(), 0)) + "#" + string(f.ID)}
		r.Index = map[table.Index]table.Key{ranked: k}
	}
	return r, nil
}

// Feedback gives one, or NotFound.
func (s *Store) Feedback(ctx context.Context, fid id.Feedback) (feedback.Feedback, error) {
	f, v, err := get[feedback.Feedback](ctx, s.t, keyFeedback(fid), "feedback")
	f.Version = v
	return f, err
}

// FeedbackAll gives those of at most 100 that exist.
func (s *Store) FeedbackAll(ctx context.Context, fids []id.Feedback) ([]feedback.Feedback, error) {
	keys := make([]table.Key, len(fids))
	for i, f := range fids {
		keys[i] = keyFeedback(f)
	}
	rows, err := s.t.GetAll(ctx, keys)
	if err != nil {
		return nil, err
	}
	return decodeAll(rows, versionFeedback)
}

// CreateFeedback stores a new piece with one conditional write, or gives *feedback.ExistsError.
func (s *Store) CreateFeedback(ctx context.Context, f feedback.Feedback) error {
	r, err := feedbackRow(f)
	if err != nil {
		return err
	}
	err = s.t.Write(ctx, table.Put(r, table.Absent()))
	c, ok := table.Conflict(err)
	if !ok {
		return err
	}
	var old feedback.Feedback
	if cur := c.Failed[0].Current; cur != nil {
		if old, err = decode[feedback.Feedback](*cur); err != nil {
			return err
		}
		old.Version = cur.Version
	} else if old, err = s.Feedback(ctx, f.ID); err != nil {
		return err
	}
	return &feedback.ExistsError{Feedback: old}
}

// SaveFeedback stores a changed piece.
func (s *Store) SaveFeedback(ctx context.Context, f feedback.Feedback) error {
	r, err := feedbackRow(f)
	if err != nil {
		return err
	}
	return s.write(ctx, table.Put(r, table.VersionIs(f.Version)))
}

// FinishTriage stores the piece as triaged.
func (s *Store) FinishTriage(ctx context.Context, f feedback.Feedback) error {
	return s.SaveFeedback(ctx, f)
}

// DueFeedback gives pieces that wait for triage.
func (s *Store) DueFeedback(ctx context.Context, now time.Time, cursor string) ([]feedback.Feedback, string, error) {
	return due(ctx, s.t, TypeFeedback, now, cursor, versionFeedback)
}

// FiringWaits says whether an earlier signal of the same key that fires waits for triage, too. At most Window rows that
// wait are looked at.
func (s *Store) FiringWaits(ctx context.Context, f feedback.Feedback) (bool, error) {
	page, err := s.t.Query(ctx, table.Query{
		Index: pending, P: pendingShard(TypeFeedback, shardOf(f.Signal.Key)), To: stamp(f.Received) + "~", Desc: true, Limit: Window,
	})
	if err != nil {
		return false, err
	}
	for _, r := range page.Rows {
		o, err := FeedbackOf(r)
		if err == nil && o.ID != f.ID && o.Signal != nil && o.Signal.Key == f.Signal.Key && o.Signal.State == signal.Firing {
			return true, nil
		}
	}
	return false, nil
}

// FeedbackFilter narrows a list of Feedback; zero members do not.
type FeedbackFilter struct {
	Kind  feedback.Kind
	State feedback.State
}

// ListFeedback gives a product's Feedback, newest first. It goes by the Marks, month after month, so what is not counted
// yet is not in it.
func (s *Store) ListFeedback(ctx context.Context, p id.Product, since time.Time, flt FeedbackFilter, cursor string, limit int) (Page[feedback.Feedback], error) {
	limit = limitOf(limit)
	page, err := s.listMarks(ctx, p, since, cursor, limit, func(m trend.Mark) bool { return flt.Kind == "" || m.Kind == flt.Kind })
	if err != nil {
		return Page[feedback.Feedback]{}, err
	}
	out := Page[feedback.Feedback]{Next: page.Next}
	if len(page.Items) == 0 {
		return out, nil
	}
	fids := make([]id.Feedback, len(page.Items))
	for i, m := range page.Items {
		fids[i] = m.Feedback
	}
	all, err := s.FeedbackAll(ctx, fids)
	if err != nil {
		return out, err
	}
	for _, f := range all {
		if flt.State == "" || f.State == flt.State {
			out.Items = append(out.Items, f)
		}
	}
	return out, nil
}
