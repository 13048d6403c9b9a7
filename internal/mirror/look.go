package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/signal"
)

// look takes over what an OpsItem of an episode says now, and gives it. An error of OpsCenter is a *centerError.
func (s *Service) look(ctx context.Context, iid id.Improvement, n int, oid, by string) (out Outcome, item opsitem.Item, err error) {
	err = fault.Anew(ctx, func() error {
		out, item, err = s.lookOnce(ctx, iid, n, oid, by)
		return err
	})
	return out, item, err
}

// lookOnce reads what is stored before it asks OpsCenter, so that whatever is decided or pushed meanwhile makes the write a
// Conflict, and the next look sees both.
func (s *Service) lookOnce(ctx context.Context, iid id.Improvement, n int, oid, by string) (out Outcome, item opsitem.Item, err error) {
	ep, err := s.Store.Episode(ctx, iid, n)
	if err != nil {
		return "", item, fmt.Errorf("load episode %d of %s: %w", n, iid, err)
	}
	im, err := s.Store.Improvement(ctx, iid)
	if err != nil {
		return "", item, fmt.Errorf("load improvement %s: %w", iid, err)
	}
	if ep.OpsItem != oid && (ep.OpsItem != "" || ep.Had(oid)) {
		return Gone, item, nil // it was this episode's; another one is now, or none
	}
	if im.Episode != n && im.OpsItem == oid {
		return Same, item, nil // the next episode goes on with it, as somebody saw meanwhile
	}
	item, err = s.Center.Get(ctx, oid)
	if errors.Is(err, opsitem.ErrNotFound) {
		return Gone, item, s.lost(ctx, iid, n, oid)
	}
	if err != nil {
		return "", item, &centerError{fmt.Errorf("get %s: %w", oid, err)}
	}
	if item.By == "" {
		item.By = by
	}
	out, err = s.take(ctx, im, ep, item, whose(item, ep, by))
	return out, item, err
}

// whose says who set what an OpsItem says, by OpsCenter's own word and that of the event that led here. Where we wrote
// something over it, only the event knows.
func whose(item opsitem.Item, ep opsitem.Episode, by string) string {
	if ep.Adopted || item.By != item.CreatedBy {
		return operator(item.By)
	}
	if by == item.CreatedBy {
		by = ""
	}
	return operator(by)
}

// take takes over what an OpsItem says beyond what is known of it. For each of status, severity, priority and category the
// later word wins, and the other one is in the history. by is who set it.
func (s *Service) take(ctx context.Context, im improvement.Improvement, ep opsitem.Episode, item opsitem.Item, by string) (Outcome, error) {
	if ep.Status == "" {
		ep.Status = opsitem.Open // as every OpsItem begins
	}
	if ep.OpsItem == "" && ep.Level == (opsitem.Level{}) {
		ep.Level = ep.Request.Level()
	}
	reworded := ep.OpsItem != "" && !ep.Adopted && !ep.Reworded && ep.Words != "" && item.Description != "" && opsitem.Words(item.Description) != ep.Words &&
		ep.Order == opsitem.None // while one of ours is on its way, nobody knows whose it is
	t := taking{now: s.Now(), by: by, im: im, ep: ep, item: item}
	t.status, t.level = item.Status != ep.Status, item.Level.Beyond(ep.Level)
	named := !sameARNs(item.Resources, ep.Resources) && ep.OpsItem != ""
	switch {
	case !t.status && t.level == opsitem.Level{} && !reworded && !named:
		if ep.Order == opsitem.None && touched(item, ep) {
			ep.Seen = item.Modified // no list leads here again for it
			return Same, s.Store.SaveEpisode(ctx, ep)
		}
		return Same, nil
	case item.Modified.Before(ep.Seen):
		return Late, nil
	}
	t.ep.Seen = item.Modified
	if named {
		t.ep.Resources = item.Resources
		t.out = Noted
	}
	if reworded {
		t.ep.Reworded = true
		t.out = Noted
	}
	if t.status && resumed(im, ep, item) {
		return s.resume(ctx, t)
	}
	if im.Episode != ep.N {
		return s.takePast(ctx, t)
	}
	want, err := s.wanted(ctx, im, ep)
	if err != nil {
		return "", err
	}
	t.takeStatus()
	t.takeLevel(want)
	if t.c.Improvement.ID == "" {
		return t.out, s.Store.SaveEpisode(ctx, t.ep)
	}
	t.c.Episode = &t.ep
	t.c.Stage(t.now)
	return t.out, s.Store.SaveChange(ctx, t.c)
}

// takePast notes what the OpsItem of an episode says that another one came after. One case has one OpsItem to work on: what
// was opened again is resolved again, but for one that somebody else filed.
func (s *Service) takePast(ctx context.Context, t taking) (Outcome, error) {
	echo := !t.status || t.echoes(t.item.Status == t.ep.Tried, t.item.Status == opsitem.Resolved)
	resolved := t.ep.Resolved
	t.pastStatus()
	t.ep.Level = t.ep.Level.With(t.level)
	if echo || t.item.Status == opsitem.Resolved || t.ep.Adopted {
		return Noted, s.Store.SaveEpisode(ctx, t.ep)
	}
	if t.ep.Resolved = resolved; t.ep.Order == opsitem.None {
		t.ep.Order, t.ep.Attempts, t.ep.RetryAt, t.ep.Asked = opsitem.Push, 0, time.Time{}, t.now
	}
	t.overruled("status "+string(t.item.Status), fmt.Sprintf("episode %d came after %d", t.im.Episode, t.ep.N))
	t.c.Episode = &t.ep
	return OursFirst, s.Store.SaveChange(ctx, t.c)
}

// taking is one look at an OpsItem, piece by piece.
type taking struct {
	now  time.Time
	by   string
	im   improvement.Improvement
	ep   opsitem.Episode
	item opsitem.Item

	status bool          // the status is another than known
	level  opsitem.Level // members that are others than known

	c   improvement.Change // its Improvement is set where anything of it changes
	out Outcome
}

// pastStatus notes a status for an episode that is over, or for none of our business.
func (t *taking) pastStatus() {
	if !t.status {
		return
	}
	t.ep.Status = t.item.Status
	switch {
	case t.item.Status != opsitem.Resolved:
		t.ep.Resolved = time.Time{}
	case t.ep.Resolved.IsZero():
		t.ep.Resolved = t.item.Modified
	}
}

// echoes says whether what is there is what was tried a moment ago, and no person's word. Of an adopted OpsItem nobody can
// tell whose it is; and where it is what is wanted here, it does not matter.
func (t *taking) echoes(tried, wanted bool) bool {
	return tried && (wanted || t.ep.Adopted || t.item.By == "" || t.item.By == t.item.CreatedBy)
}

func (t *taking) takeStatus() {
	if !t.status {
		return
	}
	ours, there, unsure := t.im.Status.OpsStatus(), t.item.Status, t.ep.Tried != ""
	pending := t.ep.Order != opsitem.None && ours != "" && (ours != t.ep.Status || unsure)
	t.pastStatus()
	switch {
	case t.echoes(there == t.ep.Tried, there == ours):
		t.ep.Tried, t.out = "", OursFirst // whoever pushes says how it is
		return
	case pending && ours != there && t.ep.Asked.After(t.item.Modified):
		t.overruled("status "+string(there), "it is "+string(t.im.Status)+" by a later decision here")
		return
	}
	c, moved := improvement.Mirrored(t.im, there, t.by, t.now)
	if !moved {
		t.out = Noted
		return
	}
	t.im, t.c, t.out = c.Improvement, c, Took
}

func (t *taking) takeLevel(want opsitem.Patch) {
	if t.level == (opsitem.Level{}) {
		return
	}
	theirs := t.level
	sev, prio, cat := t.im.Level.Severity, t.im.Level.Priority, t.im.Level.Category
	chosen, at := sev.Chosen(), sev.At
	if t.im.AndonUp() && !sev.At.After(t.im.Andon.Pulled) {
		chosen, at = true, t.im.Andon.Pulled // people stopped the line
	}
	if v := theirs.Severity; v != 0 && !member(t, "severity", v, &t.ep.Level.Severity, &t.ep.TriedLevel.Severity, want.Level.Severity, chosen || want.Level.Severity < v, at) {
		theirs.Severity = 0
	}
	if v := theirs.Priority; v != 0 && !member(t, "priority", v, &t.ep.Level.Priority, &t.ep.TriedLevel.Priority, want.Level.Priority, prio.Chosen() || want.Level.Priority < v, prio.At) {
		theirs.Priority = 0
	}
	if v := theirs.Category; v != "" && !member(t, "category", v, &t.ep.Level.Category, &t.ep.TriedLevel.Category, want.Level.Category, cat.Chosen(), cat.At) {
		theirs.Category = ""
	}
	im, e, ok := improvement.Releveled(t.im, theirs, t.by, t.item.Modified, t.now)
	if ok {
		t.note(im, e)
		t.out = Took
	} else if t.out == "" {
		t.out = Noted
	}
}

// member takes one member of a level, which is known from now on, and says whether it is a person's word that holds. beats
// says whether what is wanted here may win at all, which was set at a moment: the evidence wins over nothing worse than
// itself.
func member[T comparable](t *taking, name string, there T, known, tried *T, wanted T, beats bool, at time.Time) bool {
	var none T
	pending := wanted != none && wanted != there && (wanted != *known || *tried != none)
	echo := t.echoes(there == *tried, there == wanted)
	*known = there
	switch {
	case echo:
		*tried = none
		t.out = cmp.Or(t.out, OursFirst)
		return false
	case pending && beats && at.After(t.item.Modified):
		t.overruled(fmt.Sprintf("%s %v", name, there), fmt.Sprintf("%v was set here later", wanted))
		return false
	}
	return true
}

// overruled writes down what was set in OpsCenter and does not hold, because something later here does.
func (t *taking) overruled(there, why string) {
	im := t.im
	im.Entries++
	im.Updated = t.now
	t.note(im, improvement.Entry{Seq: im.Entries, At: t.now, By: t.by, What: "set " + there + " in OpsCenter", Detail: "not taken over: " + why})
	t.out = cmp.Or(t.out, OursFirst)
}

// note adds a line to what is stored.
func (t *taking) note(im improvement.Improvement, e improvement.Entry) {
	t.im, t.c.Improvement = im, im
	if t.c.Entry == nil {
		t.c.Entry = &e
	} else {
		t.c.Also = append(t.c.Also, e)
	}
}

// touched says whether somebody else changed an OpsItem of ours since it was looked at.
func touched(item opsitem.Item, ep opsitem.Episode) bool {
	return !ep.Adopted && item.By != "" && item.By != item.CreatedBy && item.Modified.After(ep.Seen)
}

// sameARNs says whether two lists name the same.
func sameARNs(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}

// resumed says whether an operator takes up again what was resolved longer ago than the quiet time, or an episode before
// the one that was closed last.
func resumed(im improvement.Improvement, ep opsitem.Episode, item opsitem.Item) bool {
	return im.Status.Closed() && ep.Status == opsitem.Resolved && ep.Order == opsitem.None && !ep.Resolved.IsZero() &&
		(im.Episode == ep.N && !signal.SameEpisode(ep.Resolved, item.Modified, improvement.QuietTime) ||
			im.Episode != ep.N && item.Modified.After(im.Closed))
}

// resume begins the next episode with the OpsItem of the last one: the operator went on with it, so nobody files another.
// What is told of it next says which episode it is now.
func (s *Service) resume(ctx context.Context, t taking) (Outcome, error) {
	c, moved := improvement.Resumed(t.im, t.item.Status, t.by, t.now)
	if !moved {
		t.pastStatus()
		return Noted, s.Store.SaveEpisode(ctx, t.ep)
	}
	last, now := t.ep, t.now
	im := c.Improvement
	im.OpsItem, im.Ordered = t.item.ID, true
	next := opsitem.Episode{
		Improvement: im.ID, N: im.Episode, OpsItem: t.item.ID, Known: last.Known, Order: opsitem.Push, Request: last.Request,
		Before: last.Key(), Related: last.Related, Correlation: im.Correlation, Asked: now, Opened: now, Filed: now,
		List: last.List, Folded: last.Folded,
	}
	next.Status, next.Level, next.Seen = t.item.Status, last.Level.With(t.level), t.item.Modified
	next.Sent, next.Tried, next.TriedLevel = "", "", opsitem.Level{} // it names another episode now
	next.Request.Dedup = next.Key()
	if l, e, ok := improvement.Releveled(im, t.level, t.by, t.item.Modified, now); ok {
		im = l
		c.Also = append(c.Also, e)
	}
	last.Order, last.Seen = opsitem.None, t.item.Modified
	c.Improvement, c.Episode = im, &next
	c.Stage(now)
	return Resuming, s.Store.SaveNext(ctx, c, last)
}

// operator is who changed an OpsItem, for the history.
func operator(by string) string {
	if by = strings.TrimSpace(by); by == "" {
		return "OpsCenter"
	}
	return by
}
