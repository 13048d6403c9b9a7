package trend_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/signal"
	"learningloop/internal/trend"
)

// Charts mark incidents and launches from what is counted, so each has to be counted for what it is.
func TestSignalsCountAs(t *testing.T) {
	tests := []struct {
		name string
		s    signal.Signal
		want trend.Counts
	}{
		{"an incident", signal.Signal{State: signal.Firing, Severity: 1}, trend.Counts{"severity_1": 1, "firing": 1, "incident": 1}},
		{"an alarm of lower severity", signal.Signal{State: signal.Firing, Severity: 2}, trend.Counts{"severity_2": 1, "firing": 1}},
		{"the end of an incident is none", signal.Signal{State: signal.Recovered, Severity: 1}, trend.Counts{"severity_1": 1}},
		{"a launch", signal.Signal{State: signal.Info, Severity: 4, Release: "4.2"}, trend.Counts{"severity_4": 1, "launch": 1}},
		{"a release that failed is no launch", signal.Signal{State: signal.Firing, Severity: 3, Release: "4.2"}, trend.Counts{"severity_3": 1, "firing": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := id.NewProduct("p")
			at := time.Date(2026, 11, 16, 9, 59, 0, 0, time.UTC)
			f := feedback.Feedback{ID: id.NewFeedback(p, tt.name), Kind: feedback.Signal, Channel: feedback.Event, Received: at, Signal: &tt.s}
			for _, name := range []string{"n", "kind_signal", "channel_event"} {
				tt.want[name] = 1
			}
			want := map[trend.Cell]trend.Counts{{Product: p, Dimension: trend.All, Hour: at.Truncate(time.Hour)}: tt.want}
			if d := cmp.Diff(want, trend.MarkOf(f).Cells()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
