// Package triage handles what wakes triage: the change stream for speed, the schedule for truth.
package triage

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/app"
	"learningloop/internal/feedback"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/triage"
)

// Handler triages.
type Handler struct {
	Triage *triage.Service
	Log    *slog.Logger
}

// Handle is the Lambda entry.
func (h *Handler) Handle(ctx context.Context, input json.RawMessage) (any, error) {
	switch app.SourceOf(input) {
	case app.SourceStream:
		return app.Decode(ctx, input, func(ctx context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
			return app.Stream(ctx, h.Log, e, h.Changes)
		})
	case app.SourceSchedule:
		return nil, h.Sweep(ctx)
	default:
		return nil, app.ErrInput("triage")
	}
}

// Changes triages the pieces among changed rows.
func (h *Handler) Changes(ctx context.Context, changes []table.Change) error {
	var pieces []feedback.Feedback
	at := map[table.Key]int{}
	for _, c := range changes {
		if c.New == nil || c.New.Type != store.TypeFeedback {
			continue
		}
		f, err := store.FeedbackOf(*c.New)
		if err != nil {
			return fmt.Errorf("read change of %s: %w", c.Key, err)
		}
		// Of several changes of one piece the last says how it is now.
		if i, seen := at[c.Key]; seen {
			pieces[i] = f
			continue
		}
		at[c.Key] = len(pieces)
		pieces = append(pieces, f)
	}
	return h.Triage.Run(ctx, pieces)
}

// Sweep triages whatever waits.
func (h *Handler) Sweep(ctx context.Context) error {
	n, err := h.Triage.Sweep(ctx)
	if n > 0 {
		h.Log.InfoContext(ctx, "triage swept", "taken_up", n)
	}
	return err
}
