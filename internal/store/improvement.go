package store

import (
	"context"
	"errors"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/score"
	"learningloop/internal/table"
)

func versionImprovement(im *improvement.Improvement, v int64) { im.Version = v }
func versionNotice(n *improvement.Notice, v int64)            { n.Version = v }
func versionEpisode(e *opsitem.Episode, v int64)              { e.Version = v }

// improvementRow lies among those of its status by score, and among all of its product by time; while its andon is up
// besides among those that wait to be stood down.
func improvementRow(im improvement.Improvement) (table.Row, error) {
	r, err := row(TypeImprovement, keyImprovement(im.ID), im)
	if err != nil {
		return r, err
	}
	p := im.Product()
	r.Index = map[table.Index]table.Key{
		ranked: {P: rankedStatus(p, string(im.Status)), S: rank(score.Log(im.Evidence, im.Effort)) + "#" + string(im.ID)},
		recent: {P: recentImprovements(p), S: stamp(im.Updated) + "#" + string(im.ID)},
	}
	if im.Stops() {
		r.Index[pending] = table.Key{P: andonsUp(p), S: stamp(im.Andon.Pulled) + "#" + string(im.ID)}
	}
	return r, nil
}

func episodeRow(e opsitem.Episode) (table.Row, error) {
	r, err := row(TypeEpisode, keyEpisode(e.Improvement, e.N), e)
	if err != nil {
		return r, err
	}
	r.Index = map[table.Index]table.Key{}
	if !e.List { // a week's list is worked, but it is no episode of anything
		r.Index[recent] = episodeIndex(e)
	}
	if e.Order != opsitem.None {
		at := e.RetryAt
		if at.IsZero() {
			at = e.Opened
		}
		r.Index[pending] = pendingKey(TypeEpisode, string(e.Improvement), at, r.Key.S)
	}
	return r, nil
}

func noticeRow(n improvement.Notice) (table.Row, error) {
	r, err := row(TypeNotice, keyNotice(n.Improvement, n.Seq, n.Only), n)
	if err == nil && !n.Done {
		r.Index = map[table.Index]table.Key{pending: pendingKey(TypeNotice, string(n.Improvement), n.At, r.Key.S)}
	}
	return r, err
}

// changeOps are the writes of a Change.
func changeOps(c improvement.Change) ([]table.Op, error) {
	var ops []table.Op
	add := func(r table.Row, err error, cond table.Cond) error {
		if err == nil {
			ops = append(ops, table.Put(r, cond))
		}
		return err
	}
	r, err := improvementRow(c.Improvement)
	errs := add(r, err, table.VersionIs(c.Improvement.Version))
	if c.Entry != nil {
		r, err = row(TypeEntry, keyEntry(c.Improvement.ID, c.Entry.Seq), c.Entry)
		errs = errors.Join(errs, add(r, err, table.Absent()))
	}
	for _, e := range c.Also {
		r, err = row(TypeEntry, keyEntry(c.Improvement.ID, e.Seq), e)
		errs = errors.Join(errs, add(r, err, table.Absent()))
	}
	if c.Episode != nil {
		r, err = episodeRow(*c.Episode)
		errs = errors.Join(errs, add(r, err, table.VersionIs(c.Episode.Version)))
	}
	if c.Notice != nil {
		cond := table.Absent()
		if c.Notice.Only != "" {
			cond = table.Always("one piece attached again owes its submitter the same word, and a mail is ordered once")
		}
		r, err = noticeRow(*c.Notice)
		errs = errors.Join(errs, add(r, err, cond))
	}
	if c.PostIncident != nil {
		r, err = postIncidentRow(*c.PostIncident)
		errs = errors.Join(errs, add(r, err, table.Absent()))
	}
	budget, err := budgetOps(c.Budget)
	errs = errors.Join(errs, err)
	ops, err = gatheringOps(append(ops, budget...), c)
	if errs = errors.Join(errs, err); errs != nil {
		return nil, errs
	}
	return withLog(ops, c.Log)
}

// Improvement gives one, or NotFound.
func (s *Store) Improvement(ctx context.Context, iid id.Improvement) (improvement.Improvement, error) {
	im, v, err := get[improvement.Improvement](ctx, s.t, keyImprovement(iid), "improvement")
	im.Version = v
	return im, err
}

// Episode gives one, or NotFound.
func (s *Store) Episode(ctx context.Context, iid id.Improvement, n int) (opsitem.Episode, error) {
	e, v, err := get[opsitem.Episode](ctx, s.t, keyEpisode(iid, n), "episode")
	e.Version = v
	return e, err
}

// SaveChange stores a Change as a whole.
func (s *Store) SaveChange(ctx context.Context, c improvement.Change) error {
	ops, err := changeOps(c)
	if err != nil {
		return err
	}
	return s.reached(ctx, c, s.write(ctx, ops...))
}

// Voice gives what an Improvement knows of one voice; a new one has Version 0.
func (s *Store) Voice(ctx context.Context, iid id.Improvement, key string) (improvement.Voice, error) {
	r, err := s.t.Get(ctx, keyVoice(iid, key), true)
	if isAbsent(err) {
		return improvement.Voice{}, nil
	}
	if err != nil {
		return improvement.Voice{}, err
	}
	v, err := decode[improvement.Voice](r)
	v.Version = r.Version
	return v, err
}

// SaveAttachment stores all that attaching one piece changes, as a whole.
func (s *Store) SaveAttachment(ctx context.Context, c improvement.Change, a improvement.Attachment, v improvement.Voice, f feedback.Feedback) error {
	ops, err := changeOps(c)
	if err != nil {
		return err
	}
	ra, err1 := row(TypeAttachment, keyAttachment(c.Improvement.ID, a.Feedback), a)
	rv, err2 := row(TypeVoice, keyVoice(c.Improvement.ID, v.Key), v)
	rf, err3 := feedbackRow(f)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	return s.reached(ctx, c, s.write(ctx, append(ops,
		table.Put(ra, table.Absent()), table.Put(rv, table.VersionIs(v.Version)), table.Put(rf, table.VersionIs(f.Version)))...))
}

// SaveDetachment undoes SaveAttachment, as a whole.
func (s *Store) SaveDetachment(ctx context.Context, c improvement.Change, fid id.Feedback, v improvement.Voice, f feedback.Feedback) error {
	ops, err := changeOps(c)
	if err != nil {
		return err
	}
	rv, err1 := row(TypeVoice, keyVoice(c.Improvement.ID, v.Key), v)
	rf, err2 := feedbackRow(f)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	voice := table.Put(rv, table.VersionIs(v.Version))
	if v.Count == 0 {
		voice = table.Delete(rv.Key, table.VersionIs(v.Version))
	}
	return s.write(ctx, append(ops, voice,
		table.Delete(keyAttachment(c.Improvement.ID, fid), table.Exists()), table.Put(rf, table.VersionIs(f.Version)))...)
}

// Attachments gives the pieces attached to an Improvement, a page at a time.
func (s *Store) Attachments(ctx context.Context, iid id.Improvement, cursor string) ([]improvement.Attachment, string, error) {
	return section[improvement.Attachment](ctx, s.t, string(iid), "attachment#", cursor, nil)
}

// History gives an Improvement's entries in order, a page at a time.
func (s *Store) History(ctx context.Context, iid id.Improvement, cursor string) ([]improvement.Entry, string, error) {
	return section[improvement.Entry](ctx, s.t, string(iid), "entry#", cursor, nil)
}

// Episodes gives an Improvement's episodes in order, a page at a time.
func (s *Store) Episodes(ctx context.Context, iid id.Improvement, cursor string) ([]opsitem.Episode, string, error) {
	return section(ctx, s.t, string(iid), "episode#", cursor, versionEpisode)
}

// section gives up to 100 rows of a partition whose sort keys begin with prefix.
func section[T any](ctx context.Context, t table.Table, partition, prefix, cursor string, version func(*T, int64)) ([]T, string, error) {
	// '#' is followed by '$' in byte order: everything with the prefix lies before it.
	page, err := t.Query(ctx, table.Query{
		P: partition, From: prefix, To: prefix[:len(prefix)-1] + "$", Limit: table.MaxOps, Cursor: cursor, Consistent: true,
	})
	if err != nil {
		return nil, "", err
	}
	items, err := decodeAll(page.Rows, version)
	return items, page.Cursor, err
}

// Everything reads all pages of a list that is known to be short.
func Everything[T any](list func(cursor string) ([]T, string, error)) ([]T, error) {
	var out []T
	cursor := ""
	for {
		items, next, err := list(cursor)
		if err != nil {
			return nil, err
		}
		out = append(out, items...)
		if cursor = next; cursor == "" {
			return out, nil
		}
	}
}

// Notice gives one, or NotFound.
func (s *Store) Notice(ctx context.Context, iid id.Improvement, seq int, only id.Feedback) (improvement.Notice, error) {
	n, v, err := get[improvement.Notice](ctx, s.t, keyNotice(iid, seq, only), "notice")
	n.Version = v
	return n, err
}

// FinishNotice takes a Notice out of the pending index.
func (s *Store) FinishNotice(ctx context.Context, n improvement.Notice) error {
	n.Done = true
	r, err := noticeRow(n)
	if err != nil {
		return err
	}
	return s.write(ctx, table.Put(r, table.VersionIs(n.Version)))
}

// DueNotices gives Notices whose mails are not ordered yet.
func (s *Store) DueNotices(ctx context.Context, now time.Time, cursor string) ([]improvement.Notice, string, error) {
	return due(ctx, s.t, TypeNotice, now, cursor, versionNotice)
}

// ImprovementFilter narrows a list of Improvements; the zero value does not.
type ImprovementFilter struct{ Status improvement.Status }

// ListImprovements gives a product's Improvements, those changed last first, or by score where byScore is set.
func (s *Store) ListImprovements(ctx context.Context, p id.Product, flt ImprovementFilter, byScore bool, cursor string, limit int) (Page[improvement.Improvement], error) {
	read := func(r table.Row) (improvement.Improvement, error) {
		im, err := decode[improvement.Improvement](r)
		im.Version = r.Version
		return im, err
	}
	if !byScore {
		keep := func(im improvement.Improvement) bool { return flt.Status == "" || im.Status == flt.Status }
		return merged(ctx, s.t, recent, []string{recentImprovements(p)}, true, cursor, limitOf(limit), read, keep)
	}
	statuses := improvement.Statuses
	if flt.Status != "" {
		statuses = []improvement.Status{flt.Status}
	}
	partitions := make([]string, len(statuses))
	for i, st := range statuses {
		partitions[i] = rankedStatus(p, string(st))
	}
	return merged(ctx, s.t, ranked, partitions, false, cursor, limitOf(limit), read, nil)
}
