package week_test

import (
	"testing"
	"time"

	"learningloop/internal/week"
)

func TestWeek(t *testing.T) {
	for _, tt := range []struct {
		name, at, start, want string
	}{
		{"within", "2026-11-22T17:00:00Z", "2026-11-16T00:00:00Z", "2026-W47"},
		{"its first moment", "2026-11-16T00:00:00Z", "2026-11-16T00:00:00Z", "2026-W47"},
		{"elsewhere it is Monday already", "2026-11-16T00:30:00+09:00", "2026-11-09T00:00:00Z", "2026-W46"},
		{"a week of the year before", "2027-01-03T23:00:00Z", "2026-12-28T00:00:00Z", "2026-W53"},
		{"the year's first", "2027-01-04T00:00:00Z", "2027-01-04T00:00:00Z", "2027-W01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := week.Start(at).Format(time.RFC3339); got != tt.start {
				t.Errorf("begins %s", got)
			}
			if got := week.Name(at); got != tt.want {
				t.Errorf("is %s", got)
			}
		})
	}
}
