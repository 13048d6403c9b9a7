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
// went. A recovery of what was not heard firing yet is remembered: the firing that comes after it, and happened before it,
// finds it. What only informs and ends nothing is attached to nothing, and neither is what is muted. It says what it was
// attached to. Repeating is harmless.
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
	late := iid != ""    // whether a later word of its key may be known: not known at a second try
	for raised := false; iid == ""; {
		err := fault.Anew(ctx, func() (err error) {
			iid, raised, late, err = s.fire(ctx, p, f, component)
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
	if err := s.over(ctx, p, f, iid, late); err != nil {
		return "", err
	}
	if component == "" {
		return iid, nil
	}
	return iid, s.gatherOnce(ctx, p, ScopeComponent(component), iid, f.Happened())
}

// fire takes one step with a signal that fires: it makes the Improvement where there is none yet (raised), else attaches
// the signal, and says whether a later word of its key is known there to have ended it (late).
func (s *Service) fire(ctx context.Context, p product.Product, f feedback.Feedback, component string) (iid id.Improvement, raised, late bool, err error) {
	k, err := s.Store.SignalKey(ctx, p.ID, f.Signal.Key)
	if err != nil {
		return "", false, false, fmt.Errorf("load signal key: %w", err)
	}
	h, err := s.home(ctx, p, f, k, component)
	if err != nil {
		return "", false, false, err
	}
	if !h.there {
		return h.iid, true, false, s.raise(ctx, h, f, component)
	}
	err = s.attachOnce(ctx, h.iid, f.ID, By{Who: h.by}, func(c *Change) error {
		if c.Improvement.Component == "" {
			c.Improvement.Component = component
		}
		// What nobody works on gathers nothing.
		if !c.Improvement.Status.Closed() {
			c.Clusters = h.claims
		}
		if next, news := k.fired(f, c.Improvement, h.iid == id.NewImprovement(p.ID, "signal", f.Signal.Key)); news {
			c.Key = &next
		}
		late = !c.Improvement.alarm(f.Signal.Key).Firing
		return nil
	})
	return h.iid, false, late, err
}

// end attaches what ends an episode to where its firing went. Where none was received yet it is remembered with the key.
func (s *Service) end(ctx context.Context, f feedback.Feedback) (iid id.Improvement, err error) {
	if f.Improvement != "" {
		return f.Improvement, nil
	}
	own := id.NewImprovement(f.Product(), "signal", f.Signal.Key)
	again := true
	// A firing may come in between: it looks for what is remembered after it is attached, and this looks for it once more.
	for tries := 0; again && tries < 2 && err == nil; tries++ {
		err = fault.Anew(ctx, func() error {
			k, err := s.Store.SignalKey(ctx, f.Product(), f.Signal.Key)
			if err != nil {
				return fmt.Errorf("load signal key: %w", err)
			}
			again, iid = false, k.of(own)
			im, there, err := s.find(ctx, iid)
			if err != nil {
				return err
			}
			next, news := k.ended(f)
			if there && !im.unheard() {
				return s.attachOnce(ctx, iid, f.ID, By{Who: byKey}, func(c *Change) error {
					if k.Version > 0 && news {
						c.Key = &next
					}
					return nil
				})
			}
			if iid = ""; k.remembers(f) || !next.remember(f) {
				return nil
			}
			again = true
			return s.Store.SaveSignalKey(ctx, next)
		})
	}
	if refused(err) {
		f, err := s.Store.Feedback(ctx, f.ID)
		return f.Improvement, err
	}
	return iid, err
}

// unheard says whether an Improvement was only just made, and the signal that it was made for is not attached yet.
func (im Improvement) unheard() bool { return im.Evidence.Count == 0 && len(im.Alarms) == 0 }

// over ends what a firing opened that was over when it was received: it ends as if it had been received in its turn. late
// says that a later word of its key may be attached already.
func (s *Service) over(ctx context.Context, p product.Product, f feedback.Feedback, iid id.Improvement, late bool) error {
	k, err := s.Store.SignalKey(ctx, p.ID, f.Signal.Key)
	if err != nil {
		return fmt.Errorf("load signal key: %w", err)
	}
	for _, w := range k.Ends {
		if w.At.Before(f.SignalTime()) {
			continue // of an earlier firing, which may still come
		}
		g, err := s.Store.Feedback(ctx, w.Feedback)
		if err != nil {
			return fmt.Errorf("load feedback %s: %w", w.Feedback, err)
		}
		if _, err := s.end(ctx, g); err != nil {
			return fmt.Errorf("attach %s: %w", g.ID, err)
		}
	}
	if !late {
		return nil
	}
	return fault.Anew(ctx, func() error {
		im, err := s.Store.Improvement(ctx, iid)
		if err != nil {
			return fmt.Errorf("load improvement %s: %w", iid, err)
		}
		// What people decided stands.
		if opened := im.LastVerb == Accept || im.LastVerb == Reopen; !opened || !byRule(im.LastBy) || im.alarm(f.Signal.Key).Firing || !im.quiet() {
			return nil
		}
		now := s.Now()
		c := resolve(im, now)
		if err := s.mirror(ctx, &c, p, nil, now); err != nil {
			return err
		}
		return s.Store.SaveChange(ctx, c)
	})
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
