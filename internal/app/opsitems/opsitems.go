// Package opsitems handles what wakes the mirror to OpsCenter: OpsItem events, orders on the change stream, and the
// schedules that sweep and reconcile.
package opsitems

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/app"
	"learningloop/internal/batch"
	"learningloop/internal/config"
	"learningloop/internal/fault"
	"learningloop/internal/mirror"
	"learningloop/internal/opsitem"
	"learningloop/internal/store"
	"learningloop/internal/table"
)

// Handler mirrors.
type Handler struct {
	Mirror   *mirror.Service
	Episodes *Episodes // nil: nobody asks how many are open
	Gauge    Gauge
	Log      *slog.Logger
}

// Gauge takes a number that an alarm and the dashboard watch.
type Gauge interface {
	Count(name string, n float64)
}

// Handle is the Lambda entry.
func (h *Handler) Handle(ctx context.Context, input json.RawMessage) (any, error) {
	switch app.SourceOf(input) {
	case app.SourceStream:
		return app.Decode(ctx, input, func(ctx context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
			return app.Stream(ctx, h.Log, e, h.Changes)
		})
	case app.SourceSQS:
		return app.Decode(ctx, input, func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
			return batch.SQS(ctx, h.Log, e, func(ctx context.Context, m events.SQSMessage) error {
				return h.Event(ctx, []byte(m.Body))
			}), nil
		})
	case app.SourceSchedule:
		return app.Decode(ctx, input, func(ctx context.Context, s app.Schedule) (any, error) { return nil, h.Schedule(ctx, s) })
	default:
		return nil, app.ErrInput("opsitems")
	}
}

// Schedule sweeps or reconciles.
func (h *Handler) Schedule(ctx context.Context, s app.Schedule) error {
	if s.Schedule == config.ScheduleOpsItemsReconcile {
		n, err := h.Mirror.Reconcile(ctx)
		if n > 0 {
			h.Log.InfoContext(ctx, "reconcile healed lost events", "taken_over", n)
		}
		return errors.Join(err, h.Episodes.Look(ctx, h.Log))
	}
	_, err := h.Mirror.Sweep(ctx)
	st, asked := h.Mirror.BudgetState(ctx)
	if asked != nil {
		return errors.Join(err, asked)
	}
	h.Gauge.Count(config.MetricOpsItemsUsed, math.Round(st.Share*100))
	h.Gauge.Count(config.MetricOpsItemsHeld, float64(st.Use.Held))
	return err
}

// opsItemEvent is the part of an OpsItem event that is used; the rest of the item is read from OpsCenter, because events
// come late, doubled, or not at all (EventBridge reference, "AWS Systems Manager events": best effort).
type opsItemEvent struct {
	Source     string `json:"source"`
	DetailType string `json:"detail-type"`
	Detail     struct {
		OpsItem    string `json:"ops-item-id"`
		Status     string `json:"status"`
		Source     string `json:"source"`
		CreatedBy  string `json:"created-by"`
		ModifiedBy string `json:"modified-by"`
		Modified   string `json:"modified-time"`
	} `json:"detail"`
}

// Event looks at the OpsItem that an event names.
func (h *Handler) Event(ctx context.Context, body []byte) error {
	var e opsItemEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return fault.Wrap(fault.Invalid, "malformed_event", "The OpsItem event cannot be read.", err)
	}
	if e.Detail.OpsItem == "" {
		return fault.New(fault.Invalid, "malformed_event", "The OpsItem event names no OpsItem.")
	}
	at, _ := time.Parse(time.RFC3339Nano, e.Detail.Modified) // zero where it says none: it decides nothing
	out, err := h.Mirror.Hear(ctx, mirror.Word{
		OpsItem: e.Detail.OpsItem, Created: e.DetailType == "OpsItem Create", CreatedBy: e.Detail.CreatedBy, By: e.Detail.ModifiedBy,
		Status: opsitem.Status(e.Detail.Status), Source: e.Detail.Source, At: at,
	})
	if err != nil {
		return fmt.Errorf("sync %s: %w", e.Detail.OpsItem, err)
	}
	h.Log.InfoContext(ctx, "OpsItem event", "ops_item", e.Detail.OpsItem, "outcome", string(out))
	return nil
}

// Changes carries out the orders among changed rows.
func (h *Handler) Changes(ctx context.Context, changes []table.Change) error {
	var errs error
	for _, c := range changes {
		if c.New == nil || c.New.Type != store.TypeEpisode {
			continue
		}
		ep, err := store.EpisodeFrom(*c.New)
		if err == nil {
			err = h.Mirror.Run(ctx, ep.Improvement, ep.N)
		}
		errs = errors.Join(errs, err)
	}
	return errs
}
