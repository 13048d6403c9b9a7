package feedback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// KeepKey is how long an Idempotency-Key is remembered.
const KeepKey = 24 * time.Hour

// Store is what receiving needs of storage.
type Store interface {
	// ProductBySlug gives the product, or NotFound.
	ProductBySlug(ctx context.Context, slug string) (product.Product, error)
	// Feedback gives the piece as of the last acknowledged write, or NotFound.
	Feedback(ctx context.Context, fid id.Feedback) (Feedback, error)
	// CreateFeedback stores a new piece with one conditional write that is durable when it returns. Where the id is taken
	// it gives an *ExistsError and changes nothing.
	CreateFeedback(ctx context.Context, f Feedback) error
	// SaveFeedback stores a changed piece; Conflict where it changed since it was read.
	SaveFeedback(ctx context.Context, f Feedback) error
}

// ExistsError says that the id is taken, and by what.
type ExistsError struct{ Feedback Feedback }

// Error names the id.
func (e *ExistsError) Error() string { return fmt.Sprintf("feedback %s exists", e.Feedback.ID) }

// Service receives.
type Service struct {
	Store  Store
	People []byte           // key for person.Of
	Now    func() time.Time // clock
	Rand   func() string    // 128 random bits, for ids of requests without a key
}

// Submit checks and stores one piece and returns when it is durable. key is the Idempotency-Key, "" for none: within
// KeepKey the same key and draft give the piece that the first call made, and another draft is Invalid (code
// idempotency_key_reused).
func (s *Service) Submit(ctx context.Context, d Draft, key string, ch Channel) (Feedback, error) {
	d, err := d.Check()
	if err != nil {
		return Feedback{}, err
	}
	if len(key) > MaxKey {
		return Feedback{}, fault.New(fault.Invalid, "invalid_idempotency_key", "The Idempotency-Key must have at most 255 characters.")
	}
	p, err := s.Store.ProductBySlug(ctx, d.Product)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return Feedback{}, fault.Fields(fault.Field{Pointer: "/product", Detail: "is not the slug of a product here"})
		}
		return Feedback{}, fmt.Errorf("find product: %w", err)
	}
	if key == "" {
		return s.create(ctx, New(id.NewFeedback(p.ID, "random", s.Rand()), d, ch, s.People, s.Now()), 0)
	}
	// A key is remembered by the id it gives. Once its time is over the next generation of ids takes it, so that every
	// request needs one conditional write and no clean-up decides anything.
	for generation := 0; ; generation++ {
		fid := id.NewFeedback(p.ID, "key", key, fmt.Sprint(generation))
		f, err := s.create(ctx, New(fid, d, ch, s.People, s.Now()), KeepKey)
		if !errors.Is(err, errKeyOver) {
			return f, err
		}
	}
}

// errKeyOver says that the id belongs to a request older than the time a key is kept.
var errKeyOver = errors.New("idempotency key is over")

// create stores f. Where its id is taken by the same request it gives that one; keep bounds for how long (0: for ever).
func (s *Service) create(ctx context.Context, f Feedback, keep time.Duration) (Feedback, error) {
	err := s.Store.CreateFeedback(ctx, f)
	exists, taken := errors.AsType[*ExistsError](err)
	switch {
	case err == nil:
		f.Version = 1
		return f, nil
	case !taken:
		return Feedback{}, fmt.Errorf("store feedback %s: %w", f.ID, err)
	case keep > 0 && s.Now().Sub(exists.Feedback.Received) >= keep:
		return Feedback{}, errKeyOver
	case exists.Feedback.Fingerprint != f.Fingerprint:
		return Feedback{}, fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key was used for another request within 24 hours. Use a new key.")
	default:
		return exists.Feedback, nil
	}
}

// Receive stores a machine's word about a product. The same signal twice is one Feedback.
func (s *Service) Receive(ctx context.Context, p id.Product, sig signal.Signal) (Feedback, error) {
	f := Feedback{
		ID: id.NewFeedback(p, "signal", sig.ID), Kind: Signal, Title: sig.Title, Text: sig.Text, Channel: Event,
		Context: Context{Release: sig.Release}, Received: s.Now(), State: Received, Todo: true, Fingerprint: sig.ID, Signal: &sig,
	}
	return s.create(ctx, f, 0)
}

// Get gives the piece, or NotFound.
func (s *Service) Get(ctx context.Context, fid id.Feedback) (Feedback, error) {
	return s.Store.Feedback(ctx, fid)
}

// ErrClosed says that the piece is no longer its submitter's to change.
var ErrClosed = fault.New(fault.Conflict, "already_triaged", "This was already taken up, so it can no longer be changed here. Reply to our mail instead.")

// Edit replaces what the submitter said, until the team takes it up; it is triaged anew. The product and the submitter's address stay.
func (s *Service) Edit(ctx context.Context, fid id.Feedback, d Draft) (Feedback, error) {
	return s.change(ctx, fid, func(f *Feedback) error {
		d.Submitter.Email = f.Submitter.Email
		checked, err := d.Check()
		if err != nil {
			return err
		}
		n := New(f.ID, checked, f.Channel, s.People, f.Received)
		// The fingerprint stays that of the request: a repeat of it is still the same request.
		n.Version, n.Fingerprint, n.Edited, n.Apart = f.Version, f.Fingerprint, s.Now(), f.Apart
		*f = n
		return nil
	})
}

// Withdraw takes the piece back, until the team takes it up: its words and its submitter are erased. Repeating is harmless.
func (s *Service) Withdraw(ctx context.Context, fid id.Feedback) (Feedback, error) {
	f, err := s.Store.Feedback(ctx, fid)
	if err != nil || f.State == Withdrawn {
		return f, err
	}
	return s.change(ctx, fid, func(f *Feedback) error {
		*f = Feedback{ID: f.ID, Kind: f.Kind, Text: "(withdrawn)", Channel: f.Channel, Received: f.Received, Edited: s.Now(), Fingerprint: f.Fingerprint, State: Withdrawn, Todo: true, Version: f.Version}
		return nil
	})
}

// HearBack says whether the submitter wants to hear what becomes of it; it can be changed at any time.
func (s *Service) HearBack(ctx context.Context, fid id.Feedback, want bool) (Feedback, error) {
	f, err := s.Store.Feedback(ctx, fid)
	if err != nil || f.Submitter.HearBack == want {
		return f, err
	}
	return s.save(ctx, fid, func(f *Feedback) error {
		if want && f.Submitter.Email == "" {
			return fault.Fields(fault.Field{Pointer: "/submitter/email", Detail: "is required to hear back"})
		}
		f.Submitter.HearBack = want
		return nil
	})
}

// change changes what the team has not taken up yet.
func (s *Service) change(ctx context.Context, fid id.Feedback, do func(*Feedback) error) (Feedback, error) {
	return s.save(ctx, fid, func(f *Feedback) error {
		if !f.Open() {
			return ErrClosed
		}
		return do(f)
	})
}

// save lets do change a piece, anew where triage was faster: it takes a piece up within a second of its being sent or
// changed, and that is nothing to trouble a submitter with.
func (s *Service) save(ctx context.Context, fid id.Feedback, do func(*Feedback) error) (Feedback, error) {
	var out Feedback
	err := fault.Anew(ctx, func() error {
		f, err := s.Store.Feedback(ctx, fid)
		if err != nil {
			return err
		}
		if err := do(&f); err != nil {
			return err
		}
		if err := s.Store.SaveFeedback(ctx, f); err != nil {
			return fmt.Errorf("save feedback %s: %w", fid, err)
		}
		f.Version++
		out = f
		return nil
	})
	return out, err
}
