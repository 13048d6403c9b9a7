package incident

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/opsitem"
)

// Store is what telling needs of storage.
type Store interface {
	// PostIncident gives one, or NotFound.
	PostIncident(ctx context.Context, iid id.Improvement, n int) (PostIncident, error)
	Episode(ctx context.Context, iid id.Improvement, n int) (opsitem.Episode, error)
	// SavePostIncident stores a changed one; Conflict where it changed since it was read.
	SavePostIncident(ctx context.Context, p PostIncident) error
	// DuePostIncidents gives those whose event is due, a page at a time.
	DuePostIncidents(ctx context.Context, now time.Time, cursor string) ([]PostIncident, string, error)
}

// Teller tells what happened in an episode.
type Teller interface {
	Timeline(ctx context.Context, iid id.Improvement, n int) (Timeline, error)
}

// Bus takes events. When Put gives no error the bus has it, durably; after any error it may or may not have it. It tries
// once: whoever calls tries again.
type Bus interface {
	Put(ctx context.Context, e Event) error
}

// Meter counts what an alarm watches.
type Meter interface {
	// EventFailed counts an event that the bus did not take this time, and why.
	EventFailed(ctx context.Context, detailType string, err error)
}

// Service tells that retrospectives were opened.
type Service struct {
	Store  Store
	Teller Teller
	Bus    Bus
	Links  Links
	Meter  Meter
	Now    func() time.Time
}

// lease is how long an attempt keeps others from the same order: longer than freezing and the bus take together.
const lease = 2 * time.Minute

// Backoff is the wait before attempt n+1: 10 s doubled, at most an hour.
func Backoff(attempts int) time.Duration { return min(10*time.Second<<min(attempts-1, 12), time.Hour) }

// Open freezes the timeline of an order that is due and puts its event on the bus. A bus that fails is no error: the order
// stays, is counted, and is tried again later.
func (s *Service) Open(ctx context.Context, iid id.Improvement, n int) error {
	p, err := s.Store.PostIncident(ctx, iid, n)
	if err != nil {
		return fmt.Errorf("load post-incident %d of %s: %w", n, iid, err)
	}
	if !p.Due() || p.RetryAt.After(s.Now()) {
		return nil
	}
	if p.Timeline == nil {
		ep, err := s.Store.Episode(ctx, iid, n)
		if err != nil {
			return fmt.Errorf("load episode %d of %s: %w", n, iid, err)
		}
		var early time.Time
		if p, early = p.at(ep, s.Now()); !early.IsZero() {
			p.RetryAt = early
			return s.save(ctx, p)
		}
		t, err := s.Teller.Timeline(ctx, iid, n)
		if err != nil {
			return fmt.Errorf("tell what happened in %s: %w", p.ID(), err)
		}
		frozen := t.Frozen()
		p.Timeline = &frozen
	}
	// Frozen and leased in one write, before the bus hears of it: whoever follows the event's link finds it.
	p.Attempts++
	p.RetryAt = s.Now().Add(lease)
	if err := s.Store.SavePostIncident(ctx, p); err != nil {
		if fault.Is(err, fault.Conflict) {
			return nil // somebody else is at it
		}
		return fmt.Errorf("store attempt: %w", err)
	}
	p.Version++
	e, err := EventOf(p, s.Links)
	if err != nil {
		return err
	}
	if err := s.Bus.Put(ctx, e); err != nil {
		s.Meter.EventFailed(ctx, e.DetailType, err)
		p.RetryAt, p.Error = s.Now().Add(Backoff(p.Attempts)), "The event bus did not take it this time."
	} else {
		p.Told, p.RetryAt, p.Error = s.Now(), time.Time{}, ""
	}
	return s.save(ctx, p)
}

func (s *Service) save(ctx context.Context, p PostIncident) error {
	err := s.Store.SavePostIncident(ctx, p)
	if fault.Is(err, fault.Conflict) {
		return nil // somebody else is at it
	}
	return err
}

// Sweep opens everything that is due, and says how much it looked at. One that fails keeps no other from its turn.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	n, cursor := 0, ""
	var errs error
	for {
		due, next, err := s.Store.DuePostIncidents(ctx, s.Now(), cursor)
		errs = errors.Join(errs, err)
		for _, p := range due {
			n++
			errs = errors.Join(errs, s.Open(ctx, p.Improvement, p.Episode))
		}
		if cursor = next; cursor == "" {
			return n, errs
		}
	}
}
