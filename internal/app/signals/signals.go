// Package signals handles what arrives on the signals queue: EventBridge events, as EventBridge puts them into SQS or as
// SNS wraps them.
package signals

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/batch"
	"learningloop/internal/intake"
)

// Handler takes batches in.
type Handler struct {
	Intake *intake.Service
	Log    *slog.Logger
}

// Handle takes every message in by itself; those worth a retry are reported as failed.
func (h *Handler) Handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	return batch.SQS(ctx, h.Log, e, func(ctx context.Context, m events.SQSMessage) error {
		out, err := h.Intake.Take(ctx, Unwrap([]byte(m.Body)))
		if err != nil {
			return fmt.Errorf("take event in: %w", err)
		}
		h.Log.InfoContext(ctx, "event taken in", "message_id", m.MessageId, "feedback", string(out.Feedback),
			"ignored", string(out.Ignored), "set_aside", out.SetAside)
		return nil
	}), nil
}

// Unwrap gives the event inside an SNS notification, or the body itself (SNS Developer Guide, "Parsing message formats").
func Unwrap(body []byte) []byte {
	var n struct {
		Type    string `json:"Type"`
		Message string `json:"Message"`
	}
	if json.Unmarshal(body, &n) == nil && n.Type == "Notification" && n.Message != "" {
		return []byte(n.Message)
	}
	return body
}
