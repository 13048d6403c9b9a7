// Package intake takes events in: it finds out what an event says and about which product, and has it stored. What
// nobody understands is set aside, where people see it and can have it taken in again.
package intake

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/trail"
)

// Store is what taking in needs of storage.
type Store interface {
	Products(ctx context.Context) ([]product.Product, error)
	Improvement(ctx context.Context, iid id.Improvement) (improvement.Improvement, error)
	// SignalKey gives what is known of a key beside that; where there is nothing it has Version 0.
	SignalKey(ctx context.Context, p id.Product, key string) (improvement.SignalKey, error)
	// SetAside keeps an event; the same one again changes nothing.
	SetAside(ctx context.Context, a signal.SetAside) error
	SetAsideByID(ctx context.Context, sid string) (signal.SetAside, error)
	SaveSetAside(ctx context.Context, a signal.SetAside, log *trail.Entry) error
}

// Receiver stores what was said, durably; feedback.Service is one.
type Receiver interface {
	Submit(ctx context.Context, d feedback.Draft, key string, ch feedback.Channel) (feedback.Feedback, error)
	Receive(ctx context.Context, p id.Product, s signal.Signal) (feedback.Feedback, error)
}

// Meter counts what an alarm watches.
type Meter interface {
	SetAside(ctx context.Context, sid, why string)
}

// Service takes events in.
type Service struct {
	Store    Store
	Receiver Receiver
	Meter    Meter
	Now      func() time.Time
}

// Outcome is what became of an event: exactly one member is set.
type Outcome struct {
	Feedback id.Feedback
	Ignored  signal.Reason
	SetAside string // id
}

// Take takes one event in. The same event twice is one piece of Feedback. An error is worth a retry: whatever can never
// succeed is set aside instead.
func (s *Service) Take(ctx context.Context, event []byte) (Outcome, error) {
	out, err := s.read(ctx, event, byRules)
	if err == nil || fault.Retry(err) {
		return out, err
	}
	a := signal.NewSetAside(event, why(err), s.Now())
	if err := s.Store.SetAside(ctx, a); err != nil {
		if !fault.Retry(err) {
			// Too large for the store. The queue would take an Invalid for decided and forget the event; its dead-letter queue
			// keeps what fails as Internal, and raises the alarm.
			err = fault.Wrap(fault.Internal, "cannot_set_aside", "", err)
		}
		return Outcome{}, fmt.Errorf("set event aside: %w", err)
	}
	s.Meter.SetAside(ctx, a.ID, a.Why)
	return Outcome{SetAside: a.ID}, nil
}

func why(err error) string {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return "It could not be read."
	}
	words := []string{e.Msg}
	for _, f := range e.Fields {
		words = append(words, cmp.Or(f.Pointer, "It"), f.Detail+".")
	}
	return strings.Join(words, " ")
}

// byRules has the products' rules say what an event is about.
var byRules = product.Product{}

// read takes an event in: about the product to, or about what the rules or the event itself say.
func (s *Service) read(ctx context.Context, event []byte, to product.Product) (Outcome, error) {
	p, err := signal.Parse(event)
	switch {
	case err != nil:
		return Outcome{}, err
	case p.Ignore != "":
		return Outcome{Ignored: p.Ignore}, nil
	case p.Feedback != nil:
		return s.submit(ctx, p, to)
	case to.ID != "":
		return s.keep(ctx, to.ID, *p.Signal)
	default:
		return s.receive(ctx, *p.Signal)
	}
}

func (s *Service) submit(ctx context.Context, p signal.Parsed, to product.Product) (Outcome, error) {
	var d feedback.Draft
	dec := json.NewDecoder(bytes.NewReader(p.Feedback))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return Outcome{}, fault.Wrap(fault.Invalid, "malformed_event", "The detail is not feedback: "+err.Error()+".", err)
	}
	if to.ID != "" {
		d.Product = to.Slug
	}
	f, err := s.Receiver.Submit(ctx, d, "event "+p.ID, feedback.Event)
	return Outcome{Feedback: f.ID}, err
}

// errNoProduct says that a signal is about no product here.
var errNoProduct = fault.New(fault.Invalid, "no_product", "No product claims this signal and there is no default product.")

func (s *Service) receive(ctx context.Context, sig signal.Signal) (Outcome, error) {
	products, err := s.Store.Products(ctx)
	if err != nil {
		return Outcome{}, fmt.Errorf("list products: %w", err)
	}
	rules := make([]signal.ProductRules, len(products))
	for i, p := range products {
		rules[i] = signal.ProductRules{Product: string(p.ID), Default: p.Default, Rules: p.Routing}
	}
	routed, _ := signal.Route(rules, sig)
	if routed == "" {
		return Outcome{}, errNoProduct
	}
	return s.keep(ctx, id.Product(routed), sig)
}

func (s *Service) keep(ctx context.Context, pid id.Product, sig signal.Signal) (Outcome, error) {
	if idle, err := s.idle(ctx, pid, sig); err != nil || idle != "" {
		return Outcome{Ignored: idle}, err
	}
	f, err := s.Receiver.Receive(ctx, pid, sig)
	return Outcome{Feedback: f.ID}, err
}

// idle says why a signal is not worth keeping; "" where it is.
func (s *Service) idle(ctx context.Context, p id.Product, sig signal.Signal) (signal.Reason, error) {
	if signal.Weigh(sig, false) == "" {
		return "", nil // whatever is open
	}
	_, err := s.Store.Improvement(ctx, id.NewImprovement(p, "signal", sig.Key))
	if !fault.Is(err, fault.NotFound) {
		return "", err
	}
	// Its firing may have gone elsewhere, or be muted.
	k, err := s.Store.SignalKey(ctx, p, sig.Key)
	if err != nil {
		return "", fmt.Errorf("load signal key: %w", err)
	}
	return signal.Weigh(sig, k.Firing || k.Muted != nil), nil
}

// Replay takes a set-aside event in again, now that it may be understood. It is Conflict where it was decided already;
// where it is still not understood it stays, and the error says why.
func (s *Service) Replay(ctx context.Context, sid, by, request string) (Outcome, error) {
	return s.replay(ctx, sid, byRules, by, request)
}

// ReplayTo is Replay for an event that a person says is about a product, whatever the rules or the event itself say. It
// makes no rule of it: the next event like it goes by the rules again.
func (s *Service) ReplayTo(ctx context.Context, sid string, to product.Product, by, request string) (Outcome, error) {
	return s.replay(ctx, sid, to, by, request)
}

func (s *Service) replay(ctx context.Context, sid string, to product.Product, by, request string) (Outcome, error) {
	a, err := s.Store.SetAsideByID(ctx, sid)
	if err != nil {
		return Outcome{}, err
	}
	if a.State != signal.Waiting {
		return Outcome{}, decided(a)
	}
	event := []byte(a.Event)
	var quoted string
	if json.Unmarshal(event, &quoted) == nil {
		event = []byte(quoted)
	}
	out, err := s.read(ctx, event, to)
	if err != nil {
		return Outcome{}, err
	}
	a.State, a.By = signal.Replayed, by
	return out, s.save(ctx, a, to.ID, by, request, "replayed set-aside event")
}

// Drop decides that a set-aside event is not worth taking in. reason is required.
func (s *Service) Drop(ctx context.Context, sid, reason, by, request string) error {
	if reason == "" {
		return fault.Fields(fault.Field{Pointer: "/reason", Detail: "is required to drop an event"})
	}
	a, err := s.Store.SetAsideByID(ctx, sid)
	if err != nil {
		return err
	}
	if a.State != signal.Waiting {
		return decided(a)
	}
	a.State, a.By, a.Reason = signal.Dropped, by, reason
	return s.save(ctx, a, "", by, request, "dropped set-aside event")
}

func decided(a signal.SetAside) error {
	return fault.New(fault.Conflict, "already_decided", "This event was "+string(a.State)+" already.")
}

func (s *Service) save(ctx context.Context, a signal.SetAside, to id.Product, by, request, action string) error {
	return s.Store.SaveSetAside(ctx, a, &trail.Entry{
		ID: id.Hash(12, a.ID, action), At: s.Now(), By: by, Action: action, Subject: a.ID, Product: string(to), Request: request,
	})
}
