// Package triage takes up what was received: it counts each piece exactly once, attaches machines' words to their
// Improvement, orders the receipt, and puts the rest into the queue. The stored piece is itself the order: it lies in
// the pending index until all of that is done, and every step can be repeated.
package triage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/signal"
	"learningloop/internal/trend"
)

// Store is what triage needs of storage.
type Store interface {
	Feedback(ctx context.Context, fid id.Feedback) (feedback.Feedback, error)
	// Count adds each Mark to the counts exactly once, with the Mark as its proof; a Mark that is there with other content
	// is replaced and the difference posted.
	Count(ctx context.Context, marks []trend.Mark) error
	OrderMails(ctx context.Context, mails []followup.Mail) error
	// FinishTriage stores the piece as triaged and takes it out of the pending index; Conflict where it changed since it
	// was read.
	FinishTriage(ctx context.Context, f feedback.Feedback) error
	// DueFeedback gives pieces that wait for triage, the longest waiting first. An error beside pieces or a cursor is about
	// others that cannot be read.
	DueFeedback(ctx context.Context, now time.Time, cursor string) ([]feedback.Feedback, string, error)
	// FiringWaits says whether an earlier signal of the same key that fires waits for triage, too.
	FiringWaits(ctx context.Context, f feedback.Feedback) (bool, error)
}

// Attacher attaches a machine's word to the Improvement of its key, and says which; "" is none.
type Attacher interface {
	AttachSignal(ctx context.Context, f feedback.Feedback) (id.Improvement, error)
}

// Service triages.
type Service struct {
	Store    Store
	Attacher Attacher
	Now      func() time.Time
	GiveWay  func(context.Context) // waits for a moment before each batch where others are in more of a hurry; nil: nobody is
}

// parallel is how many pieces are finished at once: enough to share the storage's round trips.
const parallel = 16

// Run triages pieces as they were read; those already done are passed over. One that fails keeps no other from its turn;
// the error names all that failed.
func (s *Service) Run(ctx context.Context, pieces []feedback.Feedback) error {
	var todo []feedback.Feedback
	for _, f := range pieces {
		if f.Todo {
			todo = append(todo, f)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	if s.GiveWay != nil {
		s.GiveWay(ctx)
	}
	// What an alarm said first comes first, in whatever order its words arrived.
	slices.SortStableFunc(todo, func(a, b feedback.Feedback) int { return happened(a).Compare(happened(b)) })
	err := s.count(ctx, todo)
	if err == nil {
		return s.finish(ctx, todo)
	}
	if fault.Is(err, fault.Unavailable) || fault.Is(err, fault.RateLimited) {
		return err
	}
	if len(todo) == 1 {
		return fmt.Errorf("triage %s: %w", todo[0].ID, err)
	}
	// One of them is why. By themselves, the others get their turn.
	var counted []feedback.Feedback
	var errs error
	for i, f := range todo {
		if err := s.count(ctx, todo[i:i+1]); err != nil {
			errs = errors.Join(errs, fmt.Errorf("triage %s: %w", f.ID, err))
			continue
		}
		counted = append(counted, f)
	}
	return errors.Join(errs, s.finish(ctx, counted))
}

// happened is when a signal's cause did; zero for people's words, whose order says nothing.
func happened(f feedback.Feedback) time.Time {
	if f.Signal == nil {
		return time.Time{}
	}
	return f.Signal.Time
}

// count counts pieces and orders the receipts of those who want one.
func (s *Service) count(ctx context.Context, todo []feedback.Feedback) error {
	var marks []trend.Mark
	var mails []followup.Mail
	for _, f := range todo {
		// A withdrawn one counts as nothing: what it may have been counted as is taken back.
		marks = append(marks, trend.MarkOf(f))
		if f.State == feedback.Received && f.WantsWord() {
			mails = append(mails, followup.ReceiptFor(f, s.Now()))
		}
	}
	if err := s.Store.Count(ctx, marks); err != nil {
		return fmt.Errorf("count %d pieces: %w", len(marks), err)
	}
	if len(mails) > 0 {
		if err := s.Store.OrderMails(ctx, mails); err != nil {
			return fmt.Errorf("order receipts: %w", err)
		}
	}
	return nil
}

func (s *Service) finish(ctx context.Context, todo []feedback.Feedback) error {
	errs := make([]error, len(todo))
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, f := range todo {
		if f.Signal != nil {
			// Signals of one key meet in one Improvement: one after the other is faster than in each other's way.
			errs[i] = s.one(ctx, f)
			continue
		}
		g.Go(func() error { errs[i] = s.one(ctx, f); return nil })
	}
	_ = g.Wait() // the functions return nothing
	return errors.Join(errs...)
}

func (s *Service) one(ctx context.Context, f feedback.Feedback) error {
	if f.Signal != nil && f.State == feedback.Received {
		iid, err := s.Attacher.AttachSignal(ctx, f)
		if err != nil {
			return fmt.Errorf("attach %s: %w", f.ID, err)
		}
		if iid == "" && f.Signal.State == signal.Recovered {
			// It may have overtaken what it ends, in another batch or because that one failed.
			waits, err := s.Store.FiringWaits(ctx, f)
			if err != nil {
				return fmt.Errorf("look for what %s ends: %w", f.ID, err)
			}
			if waits {
				return fault.New(fault.Unavailable, "out_of_turn", fmt.Sprintf("Signal %s waits for the one that it ends.", f.ID))
			}
		}
		if iid != "" {
			if f, err = s.Store.Feedback(ctx, f.ID); err != nil {
				return fmt.Errorf("load feedback %s: %w", f.ID, err)
			}
		}
	}
	f.Todo = false
	if f.State == feedback.Received {
		f.State = feedback.Triaged
	}
	err := s.Store.FinishTriage(ctx, f)
	if fault.Is(err, fault.Conflict) {
		// It changed meanwhile, so it still lies in the pending index, and its change wakes triage again.
		return nil
	}
	if err != nil {
		return fmt.Errorf("finish %s: %w", f.ID, err)
	}
	return nil
}

// Sweep triages everything that waits and says how many it took up.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	n, cursor := 0, ""
	var errs error
	for {
		pieces, next, err := s.Store.DueFeedback(ctx, s.Now(), cursor)
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("list pending feedback: %w", err))
		}
		n += len(pieces)
		errs = errors.Join(errs, s.Run(ctx, pieces))
		if cursor = next; cursor == "" {
			return n, errs
		}
	}
}
