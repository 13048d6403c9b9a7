// Package week knows when weeks begin and what they are called, as ISO 8601 has it, in UTC: reviews, digests and the lists
// of what was folded all count by the same ones.
package week

import (
	"fmt"
	"time"
)

// Start is when the week that holds t began: on its Monday, at midnight.
func Start(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), t.Day()-(int(t.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
}

// Name is the week that holds t in ids, paths and tables: "2026-W47".
func Name(t time.Time) string {
	y, n := t.UTC().ISOWeek()
	return fmt.Sprintf("%04d-W%02d", y, n)
}
