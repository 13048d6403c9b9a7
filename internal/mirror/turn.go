package mirror

import (
	"context"
	"fmt"

	"learningloop/internal/governor"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
)

// turn readies an episode that waits to be filed for what is true by now, and says whether it is filed: what was closed
// while it waited for room never is, and the governor may fold it or let it wait. What waits for a failure to pass is filed
// all the same, and then resolved: a failure changes when things happen, not what. delta is what filing it changes in
// the budget, to be stored with the attempt. A failure of OpsCenter is a *centerError.
func (s *Service) turn(ctx context.Context, ep *opsitem.Episode) (delta governor.Delta, goOn bool, err error) {
	im, err := s.Store.Improvement(ctx, ep.Improvement)
	if err != nil {
		return delta, false, fmt.Errorf("load improvement %s: %w", ep.Improvement, err)
	}
	closed := im.Episode != ep.N || im.Status.Closed()
	switch {
	case closed && (ep.Held || len(ep.Lost) > 0):
		if over, err := s.over(ctx, *ep); over || err != nil {
			return delta, false, err
		}
	case !closed && ep.Attempted.IsZero():
		if err := s.refresh(ctx, im, ep); err != nil {
			return delta, false, err
		}
	}
	if ep.Counted == governor.MonthOf(s.Now()) {
		return delta, true, nil
	}
	return s.admit(ctx, im, ep)
}

// refresh words the request anew, as long as nothing was asked of OpsCenter: from then on every retry sends the same.
func (s *Service) refresh(ctx context.Context, im improvement.Improvement, ep *opsitem.Episode) error {
	p, err := s.Store.Product(ctx, im.Product())
	if err != nil {
		return fmt.Errorf("load product %s: %w", im.Product(), err)
	}
	said, err := improvement.Said(ctx, s.Store, im, p, nil)
	if err != nil {
		return err
	}
	r := s.Filer.Request(im, p, said)
	if ep.List {
		if r.Description, err = s.listText(ctx, im, p, *ep); err != nil {
			return err
		}
	}
	r.Dedup, r.Related = ep.Request.Dedup, ep.Request.Related
	ep.Request = r
	return nil
}

// over ends the order of an episode that was closed before it had an OpsItem, unless an attempt came through. It says
// whether there is nothing more to do now. An error of OpsCenter is a *centerError.
func (s *Service) over(ctx context.Context, ep opsitem.Episode) (bool, error) {
	if ep.Attempts > 0 {
		// What was created a moment ago may not be listed yet.
		if at := ep.Attempted.Add(overlap); at.After(s.Now()) {
			ep.RetryAt = at
			return true, s.budgeted(ctx, ep, governor.Delta{})
		}
		found, err := s.find(ctx, ep)
		if err != nil || len(found) > 0 {
			return false, err
		}
	}
	return true, s.unfiled(ctx, ep)
}

// spare gives an episode's share of the budget back: no OpsItem was created for it.
func spare(ep *opsitem.Episode) (d governor.Delta) {
	if ep.Counted != "" {
		d.Month, d.Filed = ep.Counted, -1
	}
	if ep.Held {
		d.Held = -1
	}
	ep.Counted, ep.Held = "", false
	return d
}

// byRest is who lets go of what needs no OpsItem any more.
const byRest = "rule: only what is open is filed"

// unfiled stores that an episode ended without an OpsItem.
func (s *Service) unfiled(ctx context.Context, was opsitem.Episode) error {
	return s.again(ctx, was.Improvement, was.N, func(im improvement.Improvement, ep opsitem.Episode) error {
		if ep.Version != was.Version {
			return nil // whoever changed it asks for another turn, or had it
		}
		now := s.Now()
		d := spare(&ep)
		ep = ep.Rest("Closed before it had an OpsItem.")
		ep.Parent = ""
		if ep.Resolved.IsZero() {
			ep.Resolved = now
		}
		what := "never filed"
		if len(ep.Lost) > 0 {
			what = "not filed again"
		}
		if im.Episode == ep.N {
			im.Ordered = false
		}
		im.Updated = now
		im.Entries++
		return s.Store.SaveChange(ctx, improvement.Change{Improvement: im, Episode: &ep, Budget: d, Entry: &improvement.Entry{
			Seq: im.Entries, At: now, By: byRest, What: what, Detail: fmt.Sprintf("episode %d was closed before it had an OpsItem", ep.N),
		}})
	})
}
