// Package mirror keeps an Improvement's episodes and their OpsItems alike, both ways: it files what was decided, pushes
// what changed here, and takes over what a person set in the console. Every step can be repeated; none depends on an
// event arriving.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
)

// Store is what mirroring needs of storage.
type Store interface {
	Improvement(ctx context.Context, iid id.Improvement) (improvement.Improvement, error)
	Episode(ctx context.Context, iid id.Improvement, n int) (opsitem.Episode, error)
	// SaveEpisode stores a changed episode; Conflict where it changed since it was read.
	SaveEpisode(ctx context.Context, e opsitem.Episode) error
	// SaveFiled stores a filed episode, the OpsItem's id in its Improvement, and the way back from the OpsItem's id, as a
	// whole. Conflict as above.
	SaveFiled(ctx context.Context, e opsitem.Episode, im improvement.Improvement) error
	SaveChange(ctx context.Context, c improvement.Change) error
	// EpisodeOf gives the episode of an OpsItem, or NotFound where the loop did not file it.
	EpisodeOf(ctx context.Context, opsItem string) (id.Improvement, int, error)
	// DueEpisodes gives episodes whose order is due.
	DueEpisodes(ctx context.Context, now time.Time, cursor string) ([]opsitem.Episode, string, error)
	// Watermark is the latest modification seen by Reconcile; zero before the first one.
	Watermark(ctx context.Context) (time.Time, error)
	SaveWatermark(ctx context.Context, t time.Time) error
	BudgetStore
}

// Meter counts what an alarm watches.
type Meter interface {
	// FilingFailed counts an order that OpsCenter did not take this time, and why.
	FilingFailed(ctx context.Context, iid id.Improvement, err error)
}

// Worder words what is asked of OpsCenter.
type Worder interface {
	improvement.Filer
	// List words a week's list: n lines, of which some that are open are shown.
	List(im improvement.Improvement, p product.Product, n int, open []improvement.Improvement) string
}

// Service mirrors.
type Service struct {
	Store  Store
	Center opsitem.Center
	Filer  Worder
	Meter  Meter
	Budget governor.Budget
	Now    func() time.Time
}

// lease is how long an attempt keeps others from trying the same order: longer than any call to OpsCenter takes.
const lease = time.Minute

// Backoff is the wait before attempt n+1: 5 s doubled, at most 15 min.
func Backoff(attempts int) time.Duration {
	return min(5*time.Second<<min(attempts-1, 10), 15*time.Minute)
}

// Run carries out an episode's order, if it has one that is due. A failure of OpsCenter is no error: the order stays, is
// counted, and is tried again later.
func (s *Service) Run(ctx context.Context, iid id.Improvement, n int) error {
	ep, err := s.Store.Episode(ctx, iid, n)
	if err != nil {
		return fmt.Errorf("load episode %d of %s: %w", n, iid, err)
	}
	if ep.Order == opsitem.None || ep.RetryAt.After(s.Now()) {
		return nil
	}
	var delta governor.Delta
	if ep.List {
		if err := s.recite(ctx, &ep); err != nil {
			return err
		}
	}
	if ep.Order == opsitem.File && ep.Counted == "" {
		var goOn bool
		if delta, goOn, err = s.admit(ctx, &ep); err != nil || !goOn {
			return err
		}
	}
	// The attempt is written down before the call, so that a retry after a crash knows to look first, and so that nobody
	// else makes the same call meanwhile.
	ep.Attempts++
	ep.RetryAt = s.Now().Add(lease)
	if ep.Order == opsitem.Push {
		ep.Tried = ep.Want.Status
	}
	if err := s.Store.SaveBudgeted(ctx, ep, delta); err != nil {
		if fault.Is(err, fault.Conflict) {
			return nil
		}
		return fmt.Errorf("store attempt: %w", err)
	}
	ep.Version++
	if ep.Order == opsitem.File {
		err = s.file(ctx, ep)
	} else {
		err = s.push(ctx, ep)
	}
	if refused, ok := errors.AsType[*centerError](err); ok {
		if errors.Is(refused.err, opsitem.ErrLimit) && ep.Counted != "" {
			return s.shut(ctx, ep, refused.err)
		}
		if fault.Is(refused.err, fault.Invalid) {
			// It may be the episode before that is gone; this one is filed without it rather than never.
			ep.Request.Related = nil
		}
		return s.later(ctx, ep, refused.err)
	}
	return err
}

// centerError is a failure of OpsCenter, as opposed to one of storage.
type centerError struct{ err error }

func (e *centerError) Error() string { return e.err.Error() }

func (s *Service) later(ctx context.Context, ep opsitem.Episode, cause error) error {
	s.Meter.FilingFailed(ctx, ep.Improvement, cause)
	ep.Error, ep.RetryAt = reason(cause), s.Now().Add(Backoff(ep.Attempts))
	if err := s.Store.SaveEpisode(ctx, ep); err != nil && !fault.Is(err, fault.Conflict) {
		return fmt.Errorf("store retry of %s: %w", ep.Key(), err)
	}
	return nil
}

// reason is what people are shown of a failure.
func reason(err error) string {
	switch {
	case errors.Is(err, opsitem.ErrLimit):
		return "The account's quota of OpsItems is used up."
	case fault.Is(err, fault.RateLimited):
		return "OpsCenter is throttling."
	case fault.Is(err, fault.Unavailable):
		return "OpsCenter does not answer."
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Forbidden):
		return "OpsCenter refused the request; see the function's log."
	default:
		return "OpsCenter could not be reached; see the function's log."
	}
}

func (s *Service) file(ctx context.Context, ep opsitem.Episode) error {
	oid, there := "", false
	if ep.Attempts > 1 {
		found, err := s.Center.Find(ctx, ep.Key())
		if err != nil {
			return &centerError{fmt.Errorf("find %s: %w", ep.Key(), err)}
		}
		if len(found) > 0 {
			oid, there = found[0], true
		}
	}
	if oid == "" {
		var err error
		if oid, there, err = s.Center.Create(ctx, ep.Request); err != nil {
			return &centerError{fmt.Errorf("file %s: %w", ep.Key(), err)}
		}
	}
	if there {
		// Somebody may have worked on it since, and what OpsCenter told of it was nobody's then.
		if _, err := s.look(ctx, ep.Improvement, ep.N, oid, ""); err != nil {
			return err
		}
	}
	return s.filed(ctx, ep.Improvement, ep.N, oid)
}

// races is how often a step is tried anew where somebody else was faster.
const races = 20

// filed stores the OpsItem's id. Decisions taken while OpsCenter was asked are kept: they are pushed next.
func (s *Service) filed(ctx context.Context, iid id.Improvement, n int, oid string) error {
	for range races {
		im, err := s.Store.Improvement(ctx, iid)
		if err != nil {
			return fmt.Errorf("load improvement %s: %w", iid, err)
		}
		ep, err := s.Store.Episode(ctx, iid, n)
		if err != nil {
			return fmt.Errorf("load episode %d of %s: %w", n, iid, err)
		}
		if ep.OpsItem != "" {
			return nil
		}
		ep.OpsItem, ep.Filed, ep.Error = oid, s.Now(), ""
		if ep.Status == "" {
			ep.Status = opsitem.Open
		}
		ep.Order, ep.Attempts, ep.RetryAt = opsitem.None, 0, time.Time{}
		if ep.Want.Digest() != ep.Sent {
			ep.Order = opsitem.Push
		}
		if im.Episode == n {
			im.OpsItem = oid
		}
		if err = s.Store.SaveFiled(ctx, ep, im); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return fault.New(fault.Unavailable, "busy", "Too many changes at once.")
}

func (s *Service) push(ctx context.Context, ep opsitem.Episode) error {
	if ep.Want.Digest() != ep.Sent {
		p := ep.Want
		if p.Status == ep.Status {
			p.Status = "" // nothing was decided about it: what a person set in the console meanwhile stays
		}
		err := s.Center.Update(ctx, ep.OpsItem, p)
		switch {
		case errors.Is(err, opsitem.ErrNotFound):
			ep.Error = "The OpsItem was deleted."
		case err != nil:
			return &centerError{fmt.Errorf("update %s: %w", ep.OpsItem, err)}
		default:
			ep.Sent, ep.Status, ep.Error = ep.Want.Digest(), ep.Want.Status, ""
		}
	}
	if ep.Want.Status == opsitem.Resolved && ep.Resolved.IsZero() {
		ep.Resolved = s.Now()
	}
	ep.Order, ep.Tried, ep.Attempts, ep.RetryAt = opsitem.None, "", 0, time.Time{}
	err := s.Store.SaveEpisode(ctx, ep)
	if fault.Is(err, fault.Conflict) {
		// Something was decided meanwhile; its own order pushes again.
		return nil
	}
	return err
}

// Sweep runs every order that is due and says how many it looked at. One that fails keeps no other from its turn.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	n, cursor := 0, ""
	var errs error
	for {
		// What could be read is carried out also where something beside it could not.
		due, next, err := s.Store.DueEpisodes(ctx, s.Now(), cursor)
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("list due episodes: %w", err))
		}
		for _, ep := range due {
			n++
			errs = errors.Join(errs, s.Run(ctx, ep.Improvement, ep.N))
		}
		if cursor = next; cursor == "" {
			return n, errs
		}
	}
}
