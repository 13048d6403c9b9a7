package digest_test

import (
	"testing"
	"time"

	"learningloop/internal/digest"
	"learningloop/internal/fault"
	"learningloop/internal/id"
)

func TestPeriodBefore(t *testing.T) {
	tests := []struct {
		name  string
		kind  digest.Kind
		now   string
		want  string
		title string
		start string
	}{
		{"a second after the week's end", digest.Week, "2026-11-23T00:00:00Z", "2026-W47", "Week 47 · 16-22 November 2026", "2026-11-16"},
		{"a second before the week's end", digest.Week, "2026-11-22T23:59:59Z", "2026-W46", "Week 46 · 9-15 November 2026", "2026-11-09"},
		{"the time zone does not matter", digest.Week, "2026-11-22T23:30:00-01:00", "2026-W47", "Week 47 · 16-22 November 2026", "2026-11-16"},
		{"a week over the end of a month", digest.Week, "2026-10-05T06:00:00Z", "2026-W40", "Week 40 · 28 September-4 October 2026", "2026-09-28"},
		{"a week 53 over the end of a year", digest.Week, "2027-01-04T06:00:00Z", "2026-W53", "Week 53 · 28 December 2026-3 January 2027", "2026-12-28"},
		{"a week 1 that began last year", digest.Week, "2026-01-05T06:00:00Z", "2026-W01", "Week 1 · 29 December 2025-4 January 2026", "2025-12-29"},
		{"a month", digest.Month, "2026-11-01T00:00:00Z", "2026-10", "October 2026", "2026-10-01"},
		{"the last of a month that is longer than the next", digest.Month, "2026-03-31T23:00:00Z", "2026-02", "February 2026", "2026-02-01"},
		{"December", digest.Month, "2027-01-01T06:00:00Z", "2026-12", "December 2026", "2026-12-01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			p := digest.PeriodBefore(tt.kind, now)
			if p.Name() != tt.want || p.Title() != tt.title || p.Start.Format(time.DateOnly) != tt.start {
				t.Errorf("%s %q from %v, want %s %q from %s", p.Name(), p.Title(), p.Start, tt.want, tt.title, tt.start)
			}
			did := digest.IDOf(id.NewProduct("x"), p)
			if back, err := digest.ParseID(string(did)); err != nil || back.Period() != p || back.Product() != id.NewProduct("x") {
				t.Errorf("%s reads back as %v of %v (%v)", did, back.Period(), back.Product(), err)
			}
		})
	}
}

// Periods neither overlap nor leave a gap, over four years of weeks and months.
func TestPeriodsMeet(t *testing.T) {
	for _, k := range []digest.Kind{digest.Week, digest.Month} {
		p := digest.PeriodOf(k, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
		for range 220 {
			next := p.Next()
			if !p.End.Equal(next.Start) || next.Previous() != p || !p.Contains(p.Start) || p.Contains(p.End) {
				t.Fatalf("%v, then %v", p, next)
			}
			p = next
		}
	}
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{
		"d-all-week-2026-W47", "d-k3v9q2xa-month-2026-10", "d-all-week-2025-W53", "d-all-month-2026-13", "d-all-week-0000-W01", "d-all-week-2026-W00",
		"d-ALL-week-2026-W47", "d-all-week-2026-W47\n", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		did, err := digest.ParseID(s)
		if err != nil {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%q gives %v", s, err)
			}
			return
		}
		if again := digest.IDOf(did.Product(), did.Period()); string(again) != s {
			t.Errorf("%q is read as %q", s, again)
		}
	})
}
