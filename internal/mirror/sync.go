package mirror

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

// Outcome says what a look at an OpsItem came to.
type Outcome string

// The outcomes.
const (
	NotOurs   Outcome = "not filed by the loop"
	Same      Outcome = "nothing changed"
	Late      Outcome = "older than what is known"
	Took      Outcome = "took over the status"
	Noted     Outcome = "noted for a past episode"
	Gone      Outcome = "deleted in OpsCenter"
	OursFirst Outcome = "a later decision here is on its way"
)

// Sync looks at an OpsItem after OpsCenter said that it changed. by is who changed it there, as far as the event says;
// OpsCenter's own word goes before it. Events doubled, late, forged or about items of others change nothing.
func (s *Service) Sync(ctx context.Context, opsItem, by string) (Outcome, error) {
	iid, n, err := s.Store.EpisodeOf(ctx, opsItem)
	if fault.Is(err, fault.NotFound) {
		return NotOurs, nil
	}
	if err != nil {
		return "", fmt.Errorf("find episode of %s: %w", opsItem, err)
	}
	out, err := s.look(ctx, iid, n, opsItem, by)
	if failed, ok := errors.AsType[*centerError](err); ok {
		return "", failed.err
	}
	return out, err
}

// look takes over what an OpsItem of an episode says now. An error of OpsCenter is a *centerError.
func (s *Service) look(ctx context.Context, iid id.Improvement, n int, oid, by string) (Outcome, error) {
	for range races {
		out, err := s.lookOnce(ctx, iid, n, oid, by)
		if !fault.Is(err, fault.Conflict) {
			return out, err
		}
	}
	return "", fault.New(fault.Unavailable, "busy", "Too many changes at once.")
}

// lookOnce reads what is stored before it asks OpsCenter, so that whatever is decided or pushed meanwhile makes the write a
// Conflict, and the next look sees both.
func (s *Service) lookOnce(ctx context.Context, iid id.Improvement, n int, oid, by string) (Outcome, error) {
	ep, err := s.Store.Episode(ctx, iid, n)
	if err != nil {
		return "", fmt.Errorf("load episode %d of %s: %w", n, iid, err)
	}
	im, err := s.Store.Improvement(ctx, iid)
	if err != nil {
		return "", fmt.Errorf("load improvement %s: %w", iid, err)
	}
	item, err := s.Center.Get(ctx, oid)
	if errors.Is(err, opsitem.ErrNotFound) {
		return Gone, nil
	}
	if err != nil {
		return "", &centerError{fmt.Errorf("get %s: %w", oid, err)}
	}
	if ep.Status == "" {
		ep.Status = opsitem.Open // as every OpsItem begins
	}
	switch {
	case item.Status == ep.Status:
		return Same, nil
	case item.Modified.Before(ep.Seen):
		return Late, nil
	case im.Episode == n && oursFirst(ep, item):
		return OursFirst, nil
	}
	ep.Status, ep.Seen = item.Status, item.Modified
	switch {
	case item.Status != opsitem.Resolved:
		ep.Resolved = time.Time{}
	case ep.Resolved.IsZero():
		ep.Resolved = item.Modified
	}
	if im.Episode != n {
		return Noted, s.Store.SaveEpisode(ctx, ep)
	}
	if item.By == "" {
		item.By = by
	}
	c, moved := improvement.Mirrored(im, item.Status, operator(item.By), s.Now())
	if !moved {
		return Noted, s.Store.SaveEpisode(ctx, ep)
	}
	want := s.Filer.Want(c.Improvement)
	if ep.Want.Digest() == ep.Sent {
		ep.Sent = want.Digest()
	}
	ep.Want = want
	c.Episode = &ep
	c.Stage(s.Now())
	return Took, s.Store.SaveChange(ctx, c)
}

// oursFirst says whether a status decided here goes before what OpsCenter says: it was decided later and is on its way, or
// OpsCenter only echoes what was pushed a moment ago.
func oursFirst(ep opsitem.Episode, item opsitem.Item) bool {
	return ep.Order != opsitem.None && ep.Want.Status != ep.Status && (ep.Asked.After(item.Modified) || item.Status == ep.Tried)
}

// operator is who changed an OpsItem, for the history.
func operator(by string) string {
	if by == "" {
		return "OpsCenter"
	}
	return by
}

// overlap is how far Reconcile looks back behind the latest modification it has seen: modifications become visible to
// DescribeOpsItems in no stated order.
const overlap = 5 * time.Minute

// Reconcile looks at every OpsItem of the loop modified since the last time, so that a lost event costs no more than the
// interval it runs at. It goes by OpsCenter's clock alone, and says how many items it took over.
func (s *Service) Reconcile(ctx context.Context) (int, error) {
	mark, err := s.Store.Watermark(ctx)
	if err != nil {
		return 0, fmt.Errorf("load watermark: %w", err)
	}
	since := mark
	if !since.IsZero() {
		since = since.Add(-overlap)
	}
	took, latest, cursor := 0, mark, ""
	var errs error
	for {
		items, next, err := s.Center.ChangedSince(ctx, since, cursor)
		if err != nil {
			return took, errors.Join(errs, fmt.Errorf("list changed OpsItems: %w", err))
		}
		for _, item := range items {
			if item.Modified.After(latest) {
				latest = item.Modified
			}
			out, err := s.listed(ctx, item)
			if err != nil {
				errs = errors.Join(errs, fmt.Errorf("reconcile %s: %w", item.ID, err))
			}
			if out == Took {
				took++
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if errs != nil || latest.Equal(mark) {
		return took, errs // what failed is listed again
	}
	if err := s.Store.SaveWatermark(ctx, latest); err != nil {
		return took, fmt.Errorf("store watermark: %w", err)
	}
	return took, nil
}

// listed takes over what one listed OpsItem says, with a call to OpsCenter only where it says something new. Anybody can
// write our keys into an OpsItem: only the one that was filed for an episode speaks for it.
func (s *Service) listed(ctx context.Context, item opsitem.Item) (Outcome, error) {
	iid, n, ok := parseKey(item.Data[opsitem.KeyEpisode])
	if !ok {
		return NotOurs, nil
	}
	ep, err := s.Store.Episode(ctx, iid, n)
	switch {
	case fault.Is(err, fault.NotFound):
		return NotOurs, nil // another loop's on the same account
	case err != nil:
		return "", fmt.Errorf("load episode: %w", err)
	case ep.OpsItem != item.ID:
		return NotOurs, nil
	case ep.Status == item.Status:
		return Same, nil
	}
	return s.look(ctx, iid, n, item.ID, "")
}

func parseKey(key string) (id.Improvement, int, bool) {
	iid, n, ok := strings.Cut(key, "/")
	if !ok {
		return "", 0, false
	}
	im, err := id.ParseImprovement(iid)
	if err != nil {
		return "", 0, false
	}
	episode, err := strconv.Atoi(n)
	return im, episode, err == nil && episode > 0
}
