package digest_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/app"
	appdigest "learningloop/internal/app/digest"
	"learningloop/internal/digest"
	"learningloop/internal/fault"
	"learningloop/internal/followup"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/product"
	"learningloop/internal/trend"
)

// empty is a store without products that keeps what is made.
type empty struct{ made []digest.ID }

func (*empty) BudgetUse(context.Context, time.Time) (governor.Use, error) { return governor.Use{}, nil }

func (*empty) Products(context.Context) ([]product.Product, error) { return nil, nil }
func (*empty) Counts(context.Context, id.Product, trend.Dimension, time.Time, time.Time) ([]trend.Hourly, error) {
	return nil, nil
}

func (*empty) Ranked(context.Context, id.Product, improvement.Status, int) ([]improvement.Improvement, error) {
	return nil, nil
}

func (*empty) Changed(context.Context, id.Product, time.Time, string) ([]improvement.Improvement, string, error) {
	return nil, "", nil
}

func (*empty) History(context.Context, id.Improvement, string) ([]improvement.Entry, string, error) {
	return nil, "", nil
}

func (*empty) Improvement(context.Context, id.Improvement) (improvement.Improvement, error) {
	return improvement.Improvement{}, fault.New(fault.NotFound, "unknown_improvement", "There is no such improvement.")
}

func (*empty) ListPostIncidents(context.Context, id.Product, time.Time, int) ([]incident.PostIncident, error) {
	return nil, nil
}
func (*empty) OldestUncounted(context.Context) (time.Time, error) { return time.Time{}, nil }
func (*empty) Digest(context.Context, digest.ID) (digest.Digest, error) {
	return digest.Digest{}, fault.New(fault.NotFound, "unknown_digest", "There is no such digest.")
}

func (e *empty) CreateDigest(_ context.Context, d digest.Digest) error {
	e.made = append(e.made, d.ID)
	return nil
}
func (*empty) OrderMails(context.Context, []followup.Mail) error { return nil }

func TestHandle(t *testing.T) {
	tests := []struct {
		name  string
		input string
		want  []digest.ID
		kind  fault.Kind
		says  string
	}{
		{"weekly, as EventBridge Scheduler words it", `{"schedule":"digest-weekly","at":"2026-11-23T06:00:00Z"}`, []digest.ID{"d-all-week-2026-W47"}, fault.Unset, ""},
		{"monthly", `{"schedule":"digest-monthly","at":"2026-11-01T06:00:00Z"}`, []digest.ID{"d-all-month-2026-10"}, fault.Unset, ""},
		{"a late call means the period it was due for", `{"schedule":"digest-weekly","at":"2026-11-16T06:00:00Z"}`, []digest.ID{"d-all-week-2026-W46"}, fault.Unset, ""},
		{"without a time it is now", `{"schedule":"digest-weekly"}`, []digest.ID{"d-all-week-2027-W01"}, fault.Unset, ""},
		{"another function's schedule", `{"schedule":"triage-sweep","at":"2026-11-23T06:00:00Z"}`, nil, fault.Invalid, "triage-sweep"},
		{"something else", `{"Records":[{"eventSource":"aws:sqs"}]}`, nil, fault.Invalid, "no schedule"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &empty{}
			h := &appdigest.Handler{Log: slog.New(slog.DiscardHandler), Digest: &digest.Service{
				Store: e, Now: func() time.Time { return time.Date(2027, 1, 12, 6, 0, 0, 0, time.UTC) },
			}}
			var event app.Schedule
			if err := json.Unmarshal([]byte(tt.input), &event); err != nil {
				t.Fatal(err)
			}
			_, err := h.Handle(t.Context(), event)
			if fault.KindOf(err) != tt.kind || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want kind %v that says %q", err, tt.kind, tt.says)
			}
			if d := cmp.Diff(tt.want, e.made); d != "" {
				t.Errorf("made (-want +got):\n%s", d)
			}
		})
	}
}
