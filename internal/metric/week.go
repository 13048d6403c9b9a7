package metric

import (
	"time"

	"learningloop/internal/week"
)

// Week is an ISO week in UTC: Start <= t < End.
type Week struct{ Start, End time.Time }

// WeekOf is the week that holds t.
func WeekOf(t time.Time) Week {
	start := week.Start(t)
	return Week{start, start.AddDate(0, 0, 7)}
}

// Previous is the week right before.
func (w Week) Previous() Week { return WeekOf(w.Start.Add(-time.Hour)) }

// Contains says whether t lies in the week.
func (w Week) Contains(t time.Time) bool { return !t.Before(w.Start) && t.Before(w.End) }

// Name is the week in ids, paths and tables: "2026-W10".
func (w Week) Name() string { return week.Name(w.Start) }

// Title is the week for people: "week of 2 March 2026".
func (w Week) Title() string { return "week of " + w.Start.Format("2 January 2006") }

// Label is the week below a bar: "2 Mar".
func (w Week) Label() string { return w.Start.Format("2 Jan") }

// MaxWeeks is how many weeks one review looks at: a year.
const MaxWeeks = 53

// Back is the n weeks up to and with w, the earliest first; n is held to 1..MaxWeeks.
func (w Week) Back(n int) []Week {
	out := make([]Week, min(max(n, 1), MaxWeeks))
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = w
		w = w.Previous()
	}
	return out
}

// Between is the weeks that hold any of from..to, the earliest first; none where to lies before from. It is the caller's
// business that they are no more than MaxWeeks.
func Between(from, to time.Time) []Week {
	var out []Week
	for w := WeekOf(from); !w.Start.After(to); w = WeekOf(w.End) {
		if out = append(out, w); len(out) > MaxWeeks {
			break // one more than a review takes says that they are too many
		}
	}
	if to.Before(from) {
		return nil
	}
	return out
}
