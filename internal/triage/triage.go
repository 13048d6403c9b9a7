// Package triage takes up what was received: it counts each piece exactly once, attaches machines' words to their
// Improvement and people's problems to the open cluster of what they are about, orders the receipt, and puts the rest into
// the queue. The stored piece is itself the order: it lies in
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
	"learningloop/internal/improvement"
	"learningloop/internal/product"
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
	Product(ctx context.Context, p id.Product) (product.Product, error)
	// ProductLately is Product, some seconds old at the most, and almost never a read.
	ProductLately(ctx context.Context, p id.Product) (product.Product, error)
	// DueMuted gives keys with a muted firing that it is time to look at, as DueFeedback does.
	DueMuted(ctx context.Context, now time.Time, cursor string) ([]improvement.SignalKey, string, error)
}

// Attacher attaches what belongs somewhere by rule, and says where; "" is nowhere. Everything of it can be repeated.
type Attacher interface {
	// AttachSignal attaches a machine's word to the cluster of what it is about, or to the Improvement of its key.
	AttachSignal(ctx context.Context, f feedback.Feedback) (id.Improvement, error)
	// Watch looks at problems that were just counted: it pulls the andon where they are enough, and says which of them an
	// open cluster may take in. It is called only for products that watch.
	Watch(ctx context.Context, p product.Product, pieces []feedback.Feedback) (map[id.Feedback]bool, error)
	// Join attaches a problem to the open cluster of what it is about.
	Join(ctx context.Context, p product.Product, f feedback.Feedback) (id.Improvement, error)
	// Unmute lets a muted firing count whose window is over.
	Unmute(ctx context.Context, k improvement.SignalKey) error
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
	// What was said first comes first, in whatever order words arrived.
	slices.SortStableFunc(todo, func(a, b feedback.Feedback) int { return happened(a).Compare(happened(b)) })
	if err := s.mute(ctx, todo); err != nil {
		return err
	}
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

// happened is when a signal's cause did, and when people said what they did.
func happened(f feedback.Feedback) time.Time {
	if f.Signal == nil {
		return f.Received
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

// mute marks the signals that a maintenance window keeps from alerting anybody. What people say is never muted.
func (s *Service) mute(ctx context.Context, todo []feedback.Feedback) error {
	products := map[id.Product]product.Product{}
	for i, f := range todo {
		if f.Signal == nil || f.State != feedback.Received {
			continue
		}
		p, known := products[f.Product()]
		if !known {
			var err error
			// Not some seconds old: whoever mutes begins to work right then.
			if p, err = s.Store.Product(ctx, f.Product()); err != nil {
				return fmt.Errorf("load product %s: %w", f.Product(), err)
			}
			products[p.ID] = p
		}
		todo[i].Muted = nil
		if m, until, ok := p.Muted(*f.Signal, f.Happened()); ok && f.Signal.State == signal.Firing {
			todo[i].Muted = &feedback.Muted{Mute: m.ID, Reason: m.Reason, Until: until}
		}
	}
	return nil
}

// watched are the pieces that an open cluster may take in, with their products.
type watched map[id.Feedback]product.Product

// watch has the problems among pieces looked at together, product by product. A product that cannot be watched now keeps
// its problems waiting, and nobody else's: failed says why.
func (s *Service) watch(ctx context.Context, todo []feedback.Feedback) (in watched, failed map[id.Product]error) {
	problems := map[id.Product][]feedback.Feedback{}
	for _, f := range todo {
		if f.Kind == feedback.Problem && f.State == feedback.Received {
			problems[f.Product()] = append(problems[f.Product()], f)
		}
	}
	in, failed = watched{}, map[id.Product]error{}
	for pid, pieces := range problems {
		p, err := s.Store.ProductLately(ctx, pid)
		if err != nil {
			failed[pid] = fmt.Errorf("load product %s: %w", pid, err)
			continue
		}
		if !p.Watched() {
			continue
		}
		open, err := s.Attacher.Watch(ctx, p, pieces)
		if err != nil {
			failed[pid] = fmt.Errorf("watch %s: %w", pid, err)
			continue
		}
		for _, f := range pieces {
			if open[f.ID] {
				in[f.ID] = p
			}
		}
	}
	return in, failed
}

func (s *Service) finish(ctx context.Context, todo []feedback.Feedback) error {
	errs := make([]error, len(todo))
	// What meets in one Improvement is faster one after the other than in each other's way. Signals open clusters, so they
	// come first.
	for i, f := range todo {
		if f.Signal != nil {
			errs[i] = s.one(ctx, f, product.Product{})
		}
	}
	in, failed := s.watch(ctx, todo)
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, f := range todo {
		p, joins := in[f.ID]
		switch {
		case f.Signal != nil:
		case f.Kind == feedback.Problem && failed[f.Product()] != nil:
			errs[i] = fmt.Errorf("triage %s: %w", f.ID, failed[f.Product()])
		case joins:
			errs[i] = s.one(ctx, f, p)
		default:
			g.Go(func() error { errs[i] = s.one(ctx, f, p); return nil })
		}
	}
	_ = g.Wait() // the functions return nothing
	return errors.Join(errs...)
}

// one finishes a piece; joins is the product of one that an open cluster may take in.
func (s *Service) one(ctx context.Context, f feedback.Feedback, joins product.Product) error {
	if f.State == feedback.Received && (f.Signal != nil || joins.ID != "") {
		attach := s.Attacher.AttachSignal
		if f.Signal == nil {
			attach = func(ctx context.Context, f feedback.Feedback) (id.Improvement, error) {
				return s.Attacher.Join(ctx, joins, f)
			}
		}
		iid, err := attach(ctx, f)
		if err != nil {
			return fmt.Errorf("attach %s: %w", f.ID, err)
		}
		if iid == "" && f.Signal != nil && f.Signal.State == signal.Recovered {
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
			muted, err := s.unmute(ctx)
			return n + muted, errors.Join(errs, err)
		}
	}
}

// unmute looks at every muted firing that it is time to look at, and says how many there were.
func (s *Service) unmute(ctx context.Context) (int, error) {
	n, cursor := 0, ""
	var errs error
	for {
		keys, next, err := s.Store.DueMuted(ctx, s.Now(), cursor)
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("list muted signals: %w", err))
		}
		for _, k := range keys {
			n++
			errs = errors.Join(errs, s.Attacher.Unmute(ctx, k))
		}
		if cursor = next; cursor == "" {
			return n, errs
		}
	}
}
