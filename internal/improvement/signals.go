package improvement

import (
	"context"
	"fmt"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/signal"
)

// AttachSignal attaches a machine's word to the Improvement of its deterministic key, made here with the first one that
// fires. A recovery of what never fired, and what only informs and ends nothing, is attached to nothing. It says what it
// was attached to.
func (s *Service) AttachSignal(ctx context.Context, f feedback.Feedback) (id.Improvement, error) {
	if f.Signal == nil {
		return "", fault.New(fault.Invalid, "no_signal", "This is not a signal.")
	}
	iid := id.NewImprovement(f.Product(), "signal", f.Signal.Key)
	if f.Signal.State == signal.Info && !f.Signal.Ends() {
		return "", nil
	}
	if f.Improvement != "" {
		return f.Improvement, nil // a person was faster, and knows better
	}
	_, err := s.Store.Improvement(ctx, iid)
	switch {
	case fault.Is(err, fault.NotFound) && f.Signal.State == signal.Firing:
		if err := s.raise(ctx, iid, f); err != nil {
			return "", err
		}
	case fault.Is(err, fault.NotFound):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("load improvement %s: %w", iid, err)
	}
	return iid, s.Attach(ctx, iid, f.ID, By{Who: rulePrefix + "same signal key"})
}

// raise makes the Improvement of a signal's key; somebody else having made it is as good.
func (s *Service) raise(ctx context.Context, iid id.Improvement, f feedback.Feedback) error {
	now := s.Now()
	im := Improvement{
		ID: iid, Title: feedback.Cut(f.Headline(), MaxTitle), Status: Proposed, Category: string(f.Signal.Category),
		SignalKey: f.Signal.Key, Correlation: f.ID.Correlation(), Created: now, Updated: now, Entries: 1,
	}
	err := s.Store.SaveChange(ctx, Change{
		Improvement: im, Entry: &Entry{Seq: 1, At: now, By: rulePrefix + "first signal of its key", What: "proposed", To: Proposed},
	})
	if err != nil && !fault.Is(err, fault.Conflict) {
		return fmt.Errorf("store improvement %s: %w", iid, err)
	}
	return nil
}
