// Package followup handles what wakes the telling: orders on the change stream, the schedule that sweeps, and what SES
// says came back.
package followup

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/app"
	"learningloop/internal/batch"
	"learningloop/internal/config"
	"learningloop/internal/followup"
	"learningloop/internal/incident"
	"learningloop/internal/mail/ses"
	"learningloop/internal/store"
	"learningloop/internal/table"
)

// Handler tells.
type Handler struct {
	Followup *followup.Service
	Bounces  *Bounces

	Incidents *incident.Service

	Account Account
	Sandbox Gauge
	Log     *slog.Logger
}

// Account says how the mail account stands.
type Account interface {
	AccountStatus(ctx context.Context) (ses.Status, error)
}

// Gauge says a metric's value.
type Gauge interface{ Count(name string, n float64) }

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
				return h.Bounces.Event(ctx, []byte(m.Body))
			}), nil
		})
	case app.SourceSchedule:
		return nil, h.Scheduled(ctx)
	default:
		return nil, app.ErrInput("followup")
	}
}

// Changes carries out the orders among changed rows.
func (h *Handler) Changes(ctx context.Context, changes []table.Change) error {
	var errs error
	for _, c := range changes {
		if c.New == nil {
			continue
		}
		switch c.New.Type {
		case store.TypeNotice:
			n, err := store.NoticeOf(*c.New)
			if err == nil {
				err = h.Followup.FanOut(ctx, n)
			}
			errs = errors.Join(errs, err)
		case store.TypeMail:
			m, err := store.MailOf(*c.New)
			if err == nil && m.State == followup.Due {
				err = h.Followup.Send(ctx, m.Owner, m.Name)
			}
			errs = errors.Join(errs, err)
		case store.TypePostIncident:
			p, err := store.PostIncidentOf(*c.New)
			if err == nil && p.Due() {
				err = h.Incidents.Open(ctx, p.Improvement, p.Episode)
			}
			errs = errors.Join(errs, err)
		}
	}
	return errs
}

// Sweep carries out whatever is due.
func (h *Handler) Sweep(ctx context.Context) error {
	n, err1 := h.Followup.Sweep(ctx)
	opened, err2 := h.Incidents.Sweep(ctx)
	if n+opened > 0 {
		h.Log.InfoContext(ctx, "followup swept", "orders", n+opened)
	}
	return errors.Join(err1, err2)
}

// Scheduled sweeps, and says besides whether the account is still in SES's sandbox, for the dashboard.
func (h *Handler) Scheduled(ctx context.Context) error {
	err := h.Sweep(ctx)
	st, asked := h.Account.AccountStatus(ctx)
	if asked != nil {
		h.Log.WarnContext(ctx, "mail account not asked", "error", asked.Error())
		return err
	}
	in := 0.0
	if st.Sandbox {
		in = 1
	}
	h.Sandbox.Count(config.MetricMailSandbox, in)
	return err
}
