package improvement

import (
	"context"
	"fmt"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

// recheck is how often it is looked whether what is muted still is, so that a window that is lifted early is over soon.
const recheck = 5 * time.Minute

// silence remembers a firing that is muted, so that it counts when its window ends and it fires still. What came before a
// later word of its key changes nothing.
func (s *Service) silence(ctx context.Context, f feedback.Feedback) error {
	if f.Signal.State != signal.Firing {
		return nil
	}
	return fault.Anew(ctx, func() error {
		k, err := s.Store.SignalKey(ctx, f.Product(), f.Signal.Key)
		if err != nil {
			return fmt.Errorf("load signal key: %w", err)
		}
		at := f.SignalTime()
		im, there, err := s.find(ctx, k.of(id.NewImprovement(f.Product(), "signal", f.Signal.Key)))
		if err != nil {
			return err
		}
		switch {
		case k.Version > 0 && at.Before(k.At), k.Improvement == "" && there && at.Before(im.alarm(f.Signal.Key).At):
			return nil
		case k.Muted != nil && k.Muted.Feedback == f.ID:
			return nil
		}
		k.Product, k.Key, k.At = f.Product(), f.Signal.Key, at
		k.Muted = &MutedWord{Feedback: f.ID, Until: f.Muted.Until, Check: earlier(f.Muted.Until, s.Now().Add(recheck))}
		return s.Store.SaveSignalKey(ctx, k)
	})
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Unmute looks whether a muted firing's window is over. It is, and the alarm has not recovered: then it counts from that
// moment. Repeating is harmless.
func (s *Service) Unmute(ctx context.Context, k SignalKey) error {
	if k.Muted == nil {
		return nil
	}
	now := s.Now()
	f, err := s.Store.Feedback(ctx, k.Muted.Feedback)
	if err != nil {
		return fmt.Errorf("load feedback %s: %w", k.Muted.Feedback, err)
	}
	p, err := s.Store.Product(ctx, k.Product)
	if err != nil {
		return fmt.Errorf("load product %s: %w", k.Product, err)
	}
	if _, until, muted := p.Muted(*f.Signal, now); muted {
		k.Muted = &MutedWord{Feedback: f.ID, Until: until, Check: earlier(until, now.Add(recheck))}
		return s.passed(s.Store.SaveSignalKey(ctx, k))
	}
	if f.Silent() {
		f.Muted = &feedback.Muted{Mute: f.Muted.Mute, Reason: f.Muted.Reason, Until: f.Muted.Until, Over: over(*f.Signal, p, k.Muted.Until, now)}
		if err := s.Store.SaveFeedback(ctx, f); err != nil {
			return s.passed(err)
		}
		f.Version++
	}
	iid, err := s.AttachSignal(ctx, f)
	if err != nil {
		return fmt.Errorf("attach %s: %w", f.ID, err)
	}
	return s.counted(ctx, k, f, iid)
}

// over is since when a firing counts: the end of its window, or now, where that was lifted early.
func over(sig signal.Signal, p product.Product, until, now time.Time) time.Time {
	if _, _, then := p.Muted(sig, until); then || until.After(now) {
		return now
	}
	return until
}

// counted takes a firing that counts now out of what is muted.
func (s *Service) counted(ctx context.Context, was SignalKey, f feedback.Feedback, iid id.Improvement) error {
	return fault.Anew(ctx, func() error {
		k, err := s.Store.SignalKey(ctx, was.Product, was.Key)
		if err != nil {
			return fmt.Errorf("load signal key: %w", err)
		}
		if k.Muted == nil || k.Muted.Feedback != f.ID {
			return nil
		}
		if k.Muted = nil; iid != "" {
			k.Improvement, k.Firing = iid, true
		}
		return s.Store.SaveSignalKey(ctx, k)
	})
}

// passed lets a change that somebody else made meanwhile be: the next sweep looks again.
func (s *Service) passed(err error) error {
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}
