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
	// SaveFiled stores a Change with a filed episode, the way back from its OpsItem's id, and the way to it from what the
	// OpsItem is about, as a whole. Conflict as above.
	SaveFiled(ctx context.Context, c improvement.Change) error
	// SaveNext is SaveFiled where the episode goes on with the OpsItem of last, which is stored too.
	SaveNext(ctx context.Context, c improvement.Change, last opsitem.Episode) error
	SaveChange(ctx context.Context, c improvement.Change) error
	Products(ctx context.Context) ([]product.Product, error)
	Attachments(ctx context.Context, iid id.Improvement, cursor string) ([]improvement.Attachment, string, error)
	// InStatus gives a product's Improvements in a status, a page at a time.
	InStatus(ctx context.Context, p id.Product, s improvement.Status, cursor string) ([]improvement.Improvement, string, error)
	// EpisodeAbout gives the latest episode that was filed about the ARN of an alarm or a finding, or NotFound.
	EpisodeAbout(ctx context.Context, arn string) (id.Improvement, int, error)
	// Checked is when Reconcile last compared all that is open; zero before the first time.
	Checked(ctx context.Context) (time.Time, error)
	SaveChecked(ctx context.Context, t time.Time) error
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
	return fault.Anew(ctx, func() error { return s.runOnce(ctx, iid, n) })
}

// runOnce is one try at it: a Conflict where the budget is tight and somebody else was counted meanwhile.
func (s *Service) runOnce(ctx context.Context, iid id.Improvement, n int) error {
	ep, err := s.Store.Episode(ctx, iid, n)
	if err != nil {
		return fmt.Errorf("load episode %d of %s: %w", n, iid, err)
	}
	if ep.Order == opsitem.None || ep.RetryAt.After(s.Now()) {
		return nil
	}
	var delta governor.Delta
	if ep.Order == opsitem.File {
		var goOn bool
		if delta, goOn, err = s.turn(ctx, &ep); err != nil || !goOn {
			return s.unanswered(ctx, ep, err)
		}
	}
	var want, ask opsitem.Patch
	var known opsitem.Episode // as it was before this attempt
	if ep.Order == opsitem.Push {
		// Worked out now, so that it tells whatever is true by now.
		if want, ask, err = s.tell(ctx, &ep); err != nil {
			return s.unanswered(ctx, ep, err)
		}
		if ep.Order != opsitem.Push {
			return nil // after what was seen there, another order stands
		}
		known, ep = ep, ep.Trying(ask)
	}
	// The attempt is written down before the call, so that a retry after a crash knows to look first, and so that nobody
	// else makes the same call meanwhile.
	ep.Attempts++
	ep.Attempted = s.Now()
	ep.RetryAt = ep.Attempted.Add(lease)
	if err := s.Store.SaveBudgeted(ctx, ep, delta); err != nil {
		if fault.Is(err, fault.Conflict) && delta.Seen == nil {
			return nil
		}
		return fmt.Errorf("store attempt: %w", err)
	}
	ep.Version++
	if ep.Order == opsitem.File {
		err = s.file(ctx, ep)
	} else {
		err = s.push(ctx, ep, want, ask)
	}
	if refused, ok := errors.AsType[*centerError](err); ok {
		if errors.Is(refused.err, opsitem.ErrLimit) && ep.Counted != "" {
			return s.shut(ctx, ep, refused.err)
		}
		if ep.Order == opsitem.Push && !reached(refused.err) {
			ep.Tried, ep.TriedLevel, ep.Sent, ep.Keys = "", opsitem.Level{}, known.Sent, known.Keys
		}
		if fault.Is(refused.err, fault.Invalid) {
			// It may be the episode before that is gone; this one is filed without it rather than never.
			ep.Request.Related, ep.Related = nil, nil
		}
		return s.later(ctx, ep, refused.err)
	}
	return err
}

// reached says whether a call that failed may have come through all the same.
func reached(err error) bool {
	switch fault.KindOf(err) {
	case fault.RateLimited, fault.Invalid, fault.Forbidden, fault.Unauthenticated:
		return false
	default:
		return true
	}
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

// unanswered makes a failure of OpsCenter before an attempt was written down count as one.
func (s *Service) unanswered(ctx context.Context, ep opsitem.Episode, err error) error {
	failed, ok := errors.AsType[*centerError](err)
	if !ok {
		return err
	}
	ep.Attempts++
	return s.later(ctx, ep, failed.err)
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
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Forbidden), fault.Is(err, fault.Conflict):
		return "OpsCenter refused the request; see the function's log."
	default:
		return "OpsCenter could not be reached; see the function's log."
	}
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
