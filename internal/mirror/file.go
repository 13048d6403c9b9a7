package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

// file opens the episode's OpsItem: one call, or two where an alarm raised it and somebody else may have been faster.
func (s *Service) file(ctx context.Context, ep opsitem.Episode) error {
	if ep.Attempts > 1 {
		// The attempt before may have come through.
		found, err := s.find(ctx, ep)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return s.found(ctx, ep, found[0])
		}
	}
	if adopted, err := s.adopt(ctx, ep); adopted || err != nil {
		return err
	}
	oid, there, err := s.Center.Create(ctx, ep.Request)
	if err != nil {
		return &centerError{fmt.Errorf("file %s: %w", ep.Key(), err)}
	}
	if there {
		return s.found(ctx, ep, oid)
	}
	return s.filed(ctx, ep.Improvement, ep.N, oid)
}

// find gives the OpsItems of an episode that OpsCenter has, but for those that are its no more. An error is a *centerError.
func (s *Service) find(ctx context.Context, ep opsitem.Episode) ([]string, error) {
	found, err := s.Center.Find(ctx, ep.Key())
	if err != nil {
		return nil, &centerError{fmt.Errorf("find %s: %w", ep.Key(), err)}
	}
	return slices.DeleteFunc(found, ep.Had), nil
}

// found takes an OpsItem that is there already. Somebody may have worked on it since, and what OpsCenter told of it was
// nobody's then.
func (s *Service) found(ctx context.Context, ep opsitem.Episode, oid string) error {
	item, err := s.Center.Get(ctx, oid)
	if err == nil && item.Source != opsitem.FiledBy {
		return s.adopted(ctx, ep, item) // our keys are in it already, and the attempt before got no further
	}
	if err != nil && !errors.Is(err, opsitem.ErrNotFound) {
		return &centerError{fmt.Errorf("get %s: %w", oid, err)}
	}
	if out, _, err := s.look(ctx, ep.Improvement, ep.N, oid, ""); err != nil || out == Gone {
		return err // one that is being deleted is noted as lost; another is filed when the lease is over
	}
	return s.filed(ctx, ep.Improvement, ep.N, oid)
}

// filed stores the OpsItem's id. What was decided or heard while OpsCenter was asked is kept: it is pushed next.
func (s *Service) filed(ctx context.Context, iid id.Improvement, n int, oid string) error {
	return s.again(ctx, iid, n, func(im improvement.Improvement, ep opsitem.Episode) error {
		if ep.OpsItem != "" {
			return nil
		}
		begins := ep.Request.Patch()
		if ep.Status == "" {
			ep.Status = opsitem.Open
		}
		if ep.Level == (opsitem.Level{}) {
			ep.Level = begins.Level
		}
		ep.OpsItem, ep.Adopted, ep.Filed, ep.Pushed = oid, false, s.Now(), s.Now()
		ep.Sent, ep.Keys, ep.Words = begins.Rest(), opsitem.Passing(begins.Data), opsitem.Words(begins.Description)
		ep.Resources, ep.Looked = begins.Resources, looked(ep)
		if im.Episode == n {
			im.OpsItem = oid
		}
		im, ep, err := s.done(ctx, im, ep)
		if err != nil {
			return err
		}
		return s.Store.SaveFiled(ctx, improvement.Change{Improvement: im, Episode: &ep})
	})
}

// again reads an episode and its Improvement and lets do write them, until nobody else was faster.
func (s *Service) again(ctx context.Context, iid id.Improvement, n int, do func(improvement.Improvement, opsitem.Episode) error) error {
	return fault.Anew(ctx, func() error {
		// The episode first: whoever changes both in one step makes the write of one of them a Conflict.
		ep, err := s.Store.Episode(ctx, iid, n)
		if err != nil {
			return fmt.Errorf("load episode %d of %s: %w", n, iid, err)
		}
		im, err := s.Store.Improvement(ctx, iid)
		if err != nil {
			return fmt.Errorf("load improvement %s: %w", iid, err)
		}
		return do(im, ep)
	})
}

// urgent says whether OpsCenter is told at once: what somebody decided or set, and a severity that rose. A priority that
// rose with the score is evidence like its count.
func urgent(im improvement.Improvement, ask opsitem.Patch) bool {
	l := ask.Level
	return ask.Status != "" || l.Severity != 0 || l.Category != "" || l.Priority != 0 && im.Level.Priority.Chosen()
}

// done ends an episode's order, or leaves another one where there is something to tell by now: a new status or level at
// once, new evidence when it may be told again.
func (s *Service) done(ctx context.Context, im improvement.Improvement, ep opsitem.Episode) (improvement.Improvement, opsitem.Episode, error) {
	want, err := s.wanted(ctx, im, ep)
	if err != nil {
		return im, ep, err
	}
	ep = ep.Rest("")
	if ask := ep.Ask(want); ep.OpsItem != "" && !ask.Empty() {
		ep.Order = opsitem.Push
		if !urgent(im, ask) {
			ep.RetryAt = ep.Pushed.Add(improvement.PushEvery)
		}
	}
	if ep.Order == opsitem.None && ep.OpsItem != "" && !im.Status.Closed() && len(ep.Unlooked(want.Resources)) > 0 {
		ep.Order, ep.RetryAt = opsitem.Push, ep.Pushed.Add(improvement.PushEvery) // others may have filed about these
	}
	switch {
	case ep.Status != opsitem.Resolved && want.Status != opsitem.Resolved:
		ep.Resolved = time.Time{}
	case ep.Status == opsitem.Resolved && ep.Resolved.IsZero():
		ep.Resolved = s.Now()
	}
	if im.Episode == ep.N {
		im.Ordered = ep.Order != opsitem.None
	}
	return im, ep, nil
}
