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

// Sync looks at an OpsItem after OpsCenter said that it changed. by is who changed it there, if the event says. Events
// doubled, late or about items of others change nothing.
func (s *Service) Sync(ctx context.Context, opsItem, by string) (Outcome, error) {
	iid, n, err := s.Store.EpisodeOf(ctx, opsItem)
	if fault.Is(err, fault.NotFound) {
		return NotOurs, nil
	}
	if err != nil {
		return "", fmt.Errorf("find episode of %s: %w", opsItem, err)
	}
	item, err := s.Center.Get(ctx, opsItem)
	if errors.Is(err, opsitem.ErrNotFound) {
		return Gone, nil
	}
	if err != nil {
		return "", fmt.Errorf("get %s: %w", opsItem, err)
	}
	if by != "" {
		item.By = by
	}
	return s.apply(ctx, iid, n, item)
}

func (s *Service) apply(ctx context.Context, iid id.Improvement, n int, item opsitem.Item) (Outcome, error) {
	for range 5 {
		out, err := s.applyOnce(ctx, iid, n, item)
		if !fault.Is(err, fault.Conflict) {
			return out, err
		}
	}
	return "", fault.New(fault.Unavailable, "busy", "Too many changes at once.")
}

func (s *Service) applyOnce(ctx context.Context, iid id.Improvement, n int, item opsitem.Item) (Outcome, error) {
	ep, err := s.Store.Episode(ctx, iid, n)
	if err != nil {
		return "", fmt.Errorf("load episode %d of %s: %w", n, iid, err)
	}
	switch {
	case item.Status == ep.Status:
		return Same, nil
	case item.Modified.Before(ep.Seen):
		return Late, nil
	}
	im, err := s.Store.Improvement(ctx, iid)
	if err != nil {
		return "", fmt.Errorf("load improvement %s: %w", iid, err)
	}
	if ep.Order == opsitem.Push && im.Episode == n && im.Updated.After(item.Modified) {
		return OursFirst, nil
	}
	ep.Status, ep.Seen = item.Status, item.Modified
	if item.Status == opsitem.Resolved && ep.Resolved.IsZero() {
		ep.Resolved = item.Modified
	}
	if im.Episode != n {
		return Noted, s.Store.SaveEpisode(ctx, ep)
	}
	c, moved := improvement.Mirrored(im, item.Status, operator(item.By), s.Now())
	if !moved {
		return Noted, s.Store.SaveEpisode(ctx, ep)
	}
	ep.Want = s.Filer.Want(c.Improvement)
	if ep.Order == opsitem.None {
		ep.Sent = ep.Want.Digest()
	}
	c.Episode = &ep
	return Took, s.Store.SaveChange(ctx, c)
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
	for {
		items, next, err := s.Center.ChangedSince(ctx, since, cursor)
		if err != nil {
			return took, fmt.Errorf("list changed OpsItems: %w", err)
		}
		for _, item := range items {
			if item.Modified.After(latest) {
				latest = item.Modified
			}
			iid, n, ok := parseKey(item.Data[opsitem.KeyEpisode])
			if !ok {
				continue
			}
			out, err := s.apply(ctx, iid, n, item)
			if fault.Is(err, fault.NotFound) {
				continue // somebody else's loop on the same account
			}
			if err != nil {
				return took, err
			}
			if out == Took {
				took++
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if latest.Equal(mark) {
		return took, nil
	}
	if err := s.Store.SaveWatermark(ctx, latest); err != nil {
		return took, fmt.Errorf("store watermark: %w", err)
	}
	return took, nil
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
