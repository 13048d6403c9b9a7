package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
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
	Resuming  Outcome = "the next episode goes on with it"
	Alongside Outcome = "somebody else's, about the same as one of ours"
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
	out, _, err := s.seen(ctx, iid, n, opsItem, by)
	return out, err
}

// seen is look, with OpsCenter's failures as they are.
func (s *Service) seen(ctx context.Context, iid id.Improvement, n int, opsItem, by string) (Outcome, opsitem.Item, error) {
	out, item, err := s.look(ctx, iid, n, opsItem, by)
	if failed, ok := errors.AsType[*centerError](err); ok {
		return "", item, failed.err
	}
	return out, item, err
}

// overlap is how far Reconcile looks back behind the latest modification it has seen: modifications become visible to
// DescribeOpsItems in no stated order.
const overlap = 5 * time.Minute

// Reconcile looks at every OpsItem modified since the last time, so that a lost event costs no more than the interval it
// runs at. It goes by OpsCenter's clock alone, and says how many items it took over. Once a day it checks what is open.
func (s *Service) Reconcile(ctx context.Context) (int, error) {
	took, err := s.reconcile(ctx)
	if err != nil {
		return took, err
	}
	last, err := s.Store.Checked(ctx)
	if err != nil {
		return took, fmt.Errorf("load when all was checked: %w", err)
	}
	now := s.Now()
	if last.IsZero() || now.Before(last.Add(checkEvery)) {
		if last.IsZero() { // what runs for the first time has just been reconciled as a whole
			return took, s.Store.SaveChecked(ctx, now)
		}
		return took, nil
	}
	if err := s.Check(ctx); err != nil {
		return took, err
	}
	return took, s.Store.SaveChecked(ctx, now)
}

func (s *Service) reconcile(ctx context.Context) (int, error) {
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
			if out == Took || out == Resuming {
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
// write our keys into an OpsItem: only the one that was filed for an episode, or adopted, speaks for it.
func (s *Service) listed(ctx context.Context, item opsitem.Item) (Outcome, error) {
	if foreign(item) {
		return s.alongside(ctx, item)
	}
	iid, n, err := s.Store.EpisodeOf(ctx, item.ID)
	if fault.Is(err, fault.NotFound) {
		return NotOurs, nil // forged, another loop's on the same account, or not noted yet
	}
	if err != nil {
		return "", fmt.Errorf("find episode: %w", err)
	}
	ep, err := s.Store.Episode(ctx, iid, n)
	switch {
	case err != nil:
		return "", fmt.Errorf("load episode: %w", err)
	case ep.OpsItem != item.ID:
		return NotOurs, nil
	case ep.Status == item.Status && item.Level.Beyond(ep.Level) == opsitem.Level{} && sameARNs(item.Resources, ep.Resources) && !touched(item, ep):
		return Same, nil // the description, which no list tells, is as it was
	}
	out, _, err := s.look(ctx, iid, n, item.ID, "")
	return out, err
}
