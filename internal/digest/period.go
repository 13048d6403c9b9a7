package digest

import (
	"fmt"
	"time"

	"learningloop/internal/week"
)

// Kind is how often a digest comes.
type Kind string

// The kinds.
const (
	Week  Kind = "week"
	Month Kind = "month"
)

// Every is the kind as an adverb: "weekly".
func (k Kind) Every() string { return string(k) + "ly" }

// Period is a whole ISO week or calendar month in UTC: Start <= t < End.
type Period struct {
	Kind  Kind      `json:"kind"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// PeriodOf is the period that holds t.
func PeriodOf(k Kind, t time.Time) Period {
	if k == Month {
		t = t.UTC()
		start := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
		return Period{Kind: Month, Start: start, End: start.AddDate(0, 1, 0)}
	}
	start := week.Start(t)
	return Period{Kind: Week, Start: start, End: start.AddDate(0, 0, 7)}
}

// PeriodBefore is the last period that is over at now.
func PeriodBefore(k Kind, now time.Time) Period { return PeriodOf(k, now).Previous() }

// Previous is the period right before.
func (p Period) Previous() Period { return PeriodOf(p.Kind, p.Start.Add(-time.Nanosecond)) }

// Next is the period right after.
func (p Period) Next() Period { return PeriodOf(p.Kind, p.End) }

// Back is the n periods up to and with p, the earliest first.
func (p Period) Back(n int) []Period {
	out := make([]Period, n)
	for i := n - 1; i >= 0; i-- {
		out[i] = p
		p = p.Previous()
	}
	return out
}

// Contains says whether t lies in the period.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.Start) && t.Before(p.End) }

// Hours is its length; months differ.
func (p Period) Hours() float64 { return p.End.Sub(p.Start).Hours() }

// Name is the period in ids and paths: "2026-W47", "2026-10".
func (p Period) Name() string {
	if p.Kind == Month {
		return p.Start.Format("2006-01")
	}
	return week.Name(p.Start)
}

// Title is the period for people: "Week 47 · 16-22 November 2026", "October 2026".
func (p Period) Title() string {
	if p.Kind == Month {
		return p.Start.Format("January 2006")
	}
	first, last := p.Start, p.End.AddDate(0, 0, -1)
	from := "2"
	switch {
	case first.Year() != last.Year():
		from = "2 January 2006"
	case first.Month() != last.Month():
		from = "2 January"
	}
	return p.short(true) + " · " + first.Format(from) + "-" + last.Format("2 January 2006")
}

// short is the period within a sentence: "week 47", "October".
func (p Period) short(capital bool) string {
	if p.Kind == Month {
		return p.Start.Format("January")
	}
	_, w := p.Start.ISOWeek()
	if capital {
		return fmt.Sprintf("Week %d", w)
	}
	return fmt.Sprintf("week %d", w)
}

// label names the period under a bar: the day a week begins, "16 Nov", or the month, "Oct".
func (p Period) label() string {
	if p.Kind == Month {
		return p.Start.Format("Jan")
	}
	return p.Start.Format("2 Jan")
}
