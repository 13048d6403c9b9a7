package score_test

import (
	"testing"

	"learningloop/internal/score"
)

func TestWords(t *testing.T) {
	tests := []struct {
		name string
		e    score.Evidence
		want string
	}{
		{"nothing", score.Evidence{}, "no evidence"},
		{"as in the design", score.Evidence{Count: 15, Signals: 3, Incidents: 1, Complaints: 12, Companies: 43}, "1 incident, 12 complaints, 43 companies"},
		{"one of each", score.Evidence{Count: 3, Signals: 1, Incidents: 1, Complaints: 1, Companies: 1}, "1 incident, 1 complaint, 1 other word, 1 company"},
		{"an alarm that fired often is one incident", score.Evidence{Count: 9, Signals: 9, Incidents: 1}, "1 incident"},
		{"ideas are no complaints", score.Evidence{Count: 2}, "2 other words"},
		{"many", score.Evidence{Count: 1234567, Complaints: 1234567}, "1,234,567 complaints"},
		{"summed up before incidents were told apart", score.Evidence{Count: 4, Signals: 4, Machines: true}, "1 incident"},
	}
	for _, tt := range tests {
		if got := tt.e.Words(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
