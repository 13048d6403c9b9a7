package improvement

import (
	"context"
	"fmt"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// AttachSignal attaches a machine's word: one that fires to the open cluster of what it is about, or to the Improvement
// of its deterministic key, made here with the first one, which then is the cluster; one that ends to where the firing
// went. A recovery of what never fired, and what only informs and ends nothing, is attached to nothing, and neither is
// what is muted. It says what it was attached to. Repeating is harmless.
func (s *Service) AttachSignal(ctx context.Context, f feedback.Feedback) (id.Improvement, error) {
	switch {
	case f.Signal == nil:
		return "", fault.New(fault.Invalid, "no_signal", "This is not a signal.")
	case f.Signal.State == signal.Info && !f.Signal.Ends():
		return "", nil
	case f.Silent():
		return "", s.silence(ctx, f)
	case f.Apart:
		return "", nil
	case f.Signal.State != signal.Firing:
		return s.end(ctx, f)
	}
	p, err := s.Store.Product(ctx, f.Product())
	if err != nil {
		return "", fmt.Errorf("load product %s: %w", f.Product(), err)
	}
	component := p.ComponentOf(*f.Signal)
	iid := f.Improvement // where a person was faster, or this is a second try
	for raised := false; iid == ""; {
		err := fault.Anew(ctx, func() (err error) {
			iid, raised, err = s.fire(ctx, p, f, component)
			return err
		})
		if refused(err) {
			f, err := s.Store.Feedback(ctx, f.ID)
			return f.Improvement, err
		}
		if err != nil {
			return "", err
		}
		if !raised {
			break
		}
		iid = ""
	}
	if component == "" || iid == "" {
		return iid, nil
	}
	return iid, s.gatherOnce(ctx, p, ScopeComponent(component), iid, f.Happened())
}

// fire takes one step with a signal that fires: it makes the Improvement where there is none yet (raised), else attaches
// the signal.
func (s *Service) fire(ctx context.Context, p product.Product, f feedback.Feedback, component string) (iid id.Improvement, raised bool, err error) {
	k, err := s.Store.SignalKey(ctx, p.ID, f.Signal.Key)
	if err != nil {
		return "", false, fmt.Errorf("load signal key: %w", err)
	}
	h, err := s.home(ctx, p, f, k, component)
	if err != nil {
		return "", false, err
	}
	if !h.there {
		return h.iid, true, s.raise(ctx, h, f, component)
	}
	return h.iid, false, s.attachOnce(ctx, h.iid, f.ID, By{Who: h.by}, func(c *Change) error {
		if c.Improvement.Component == "" {
			c.Improvement.Component = component
		}
		// What nobody works on gathers nothing.
		if !c.Improvement.Status.Closed() {
			c.Clusters = h.claims
		}
		if at := f.SignalTime(); !at.Before(k.At) && (k.Version > 0 || h.iid != id.NewImprovement(p.ID, "signal", f.Signal.Key)) {
			c.Key = &SignalKey{Product: p.ID, Key: f.Signal.Key, Improvement: h.iid, Firing: true, At: at, Version: k.Version}
			if k.Muted != nil && k.Muted.Feedback == f.ID {
				c.Key.Muted = k.Muted // until all of Unmute is done
			}
		}
		return nil
	})
}

// end attaches what ends an episode to where its firing went.
func (s *Service) end(ctx context.Context, f feedback.Feedback) (iid id.Improvement, err error) {
	if f.Improvement != "" {
		return f.Improvement, nil
	}
	err = fault.Anew(ctx, func() error {
		k, err := s.Store.SignalKey(ctx, f.Product(), f.Signal.Key)
		if err != nil {
			return fmt.Errorf("load signal key: %w", err)
		}
		next := k
		if at := f.SignalTime(); !at.Before(k.At) {
			next.Firing, next.At, next.Muted = false, at, nil
		}
		iid = k.of(id.NewImprovement(f.Product(), "signal", f.Signal.Key))
		_, there, err := s.find(ctx, iid)
		switch {
		case err != nil:
			return err
		case there:
			return s.attachOnce(ctx, iid, f.ID, By{Who: byKey}, func(c *Change) error {
				if k.Version > 0 && next != k {
					c.Key = &next
				}
				return nil
			})
		case k.Version > 0 && next != k:
			iid = ""
			return s.Store.SaveSignalKey(ctx, next)
		default:
			iid = ""
			return nil
		}
	})
	if refused(err) {
		f, err := s.Store.Feedback(ctx, f.ID)
		return f.Improvement, err
	}
	return iid, err
}

// raise makes the Improvement of a signal's key, with the clusters it opens; it is Conflict where somebody else was
// faster with any of them.
func (s *Service) raise(ctx context.Context, h home, f feedback.Feedback, component string) error {
	now := s.Now()
	im := Improvement{
		ID: h.iid, Title: feedback.Cut(f.Headline(), MaxTitle), Machine: true, Status: Proposed, Category: string(f.Signal.Category), Component: component,
		SignalKey: f.Signal.Key, Correlation: f.ID.Correlation(), Created: now, Updated: now, Entries: 1,
	}
	err := s.Store.SaveChange(ctx, Change{
		Improvement: im, Entry: &Entry{Seq: 1, At: now, By: rulePrefix + "the first signal of its kind", What: "proposed", To: Proposed},
		Clusters: h.claims,
	})
	if err != nil && !fault.Is(err, fault.Conflict) {
		return fmt.Errorf("store improvement %s: %w", h.iid, err)
	}
	return err
}
