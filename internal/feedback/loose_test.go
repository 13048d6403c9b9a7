package feedback_test

import (
	"testing"

	"learningloop/internal/feedback"
	"learningloop/internal/signal"
)

func TestLoose(t *testing.T) {
	said := func(k feedback.Kind) feedback.Feedback { return feedback.Feedback{Kind: k, State: feedback.Triaged} }
	heard := func(s signal.State) feedback.Feedback {
		return feedback.Feedback{Kind: feedback.Signal, State: feedback.Triaged, Signal: &signal.Signal{State: s, Severity: 4}}
	}
	attached, untriaged := said(feedback.Problem), said(feedback.Problem)
	attached.Improvement, untriaged.State = "i-k3v9q2xa-0123456789abcdef", feedback.Received
	tests := []struct {
		name string
		f    feedback.Feedback
		want bool
	}{
		{"a problem", said(feedback.Problem), true},
		{"a question", said(feedback.Question), true},
		{"praise waits for nobody", said(feedback.Praise), false},
		{"attached", attached, false},
		{"not triaged yet", untriaged, false},
		{"an alarm that somebody detached", heard(signal.Firing), true},
		{"a recovery of what never fired", heard(signal.Recovered), false},
		{"a release that went out", heard(signal.Info), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.f.Loose(); got != tt.want {
				t.Errorf("Loose = %v, want %v", got, tt.want)
			}
		})
	}
}
