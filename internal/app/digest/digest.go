// Package digest handles the schedules that make the digests.
package digest

import (
	"context"
	"fmt"
	"log/slog"

	"learningloop/internal/app"
	"learningloop/internal/config"
	"learningloop/internal/digest"
	"learningloop/internal/fault"
)

// Handler makes digests.
type Handler struct {
	Digest *digest.Service
	Log    *slog.Logger
}

// kinds says which schedule makes which digests.
var kinds = map[string]digest.Kind{
	config.ScheduleDigestWeekly:  digest.Week,
	config.ScheduleDigestMonthly: digest.Month,
}

// Handle is the Lambda entry: it makes the digests of the last period that was over when the schedule was due, so that a
// late or repeated call means the same period. Without a time it is now. An error makes Lambda try again, which heals:
// what is done is not done twice.
func (h *Handler) Handle(ctx context.Context, s app.Schedule) (digest.Done, error) {
	kind, ok := kinds[s.Schedule]
	if !ok {
		return digest.Done{}, fault.New(fault.Invalid, "unknown_schedule", fmt.Sprintf("There is no schedule %q here.", s.Schedule))
	}
	if s.At.IsZero() {
		s.At = h.Digest.Now()
	}
	done, err := h.Digest.Run(ctx, kind, s.At)
	h.Log.InfoContext(ctx, "digests run", "period", done.Period.Name(), "made", len(done.Made), "mails", done.Mails)
	if err != nil {
		return done, fmt.Errorf("run %s: %w", s.Schedule, err)
	}
	return done, nil
}
