package digest

import (
	"context"
	"fmt"
	"time"

	"learningloop/internal/product"
	"learningloop/internal/trend"
)

// Names of counts; trend.MarkOf says what is counted under which.
const (
	countAll      = "n"
	countSignals  = "kind_signal"
	countProblems = "kind_problem"
	countFiring   = "firing"
	countIncident = "incident"
	countReleases = "launch"
)

// ratings are the counts of each rating, and whether who gave it is unhappy.
var ratings = map[string]bool{"rating_1": true, "rating_2": true, "rating_3": false, "rating_4": false, "rating_5": false}

// tally reads the counts of a whole period: all of a Tally but what is counted by the hour or by decisions.
func tally(c trend.Counts) Tally {
	t := Tally{
		Feedback: c[countAll] - c[countSignals], Problems: c[countProblems], Signals: c[countSignals],
	}
	for name, unhappy := range ratings {
		t.Rated += c[name]
		if unhappy {
			t.Unhappy += c[name]
		}
	}
	return t
}

// counted is what a product's rollups say.
type counted struct {
	now, before Tally
	series      []Point
	begun       time.Time
	newest      time.Time
}

// count reads a product's counts of the chart's periods and up to at. One read gives the numbers, the chart and how
// fresh they are, so that they cannot contradict each other.
func count(ctx context.Context, r Reader, p product.Product, period Period, at time.Time) (counted, error) {
	periods := period.Back(Periods)
	end := at.UTC().Truncate(time.Hour).Add(time.Hour)
	if end.Before(period.End) {
		end = period.End
	}
	hours, err := r.Counts(ctx, p.ID, trend.All, periods[0].Start, end)
	if err != nil {
		return counted{}, fmt.Errorf("read counts of %s: %w", p.ID, err)
	}
	c := counted{begun: p.Created}
	sums, points, alarmed := make([]trend.Counts, Periods), make([]Point, Periods), make([]int64, Periods)
	for i := range sums {
		sums[i], points[i].Period = trend.Counts{}, periods[i]
	}
	i := 0
	for _, h := range hours {
		if h.Counts[countAll] == 0 {
			continue // everything it held was withdrawn or went to another hour
		}
		c.newest = h.Hour
		// History may have been brought along from before the product was made here.
		if h.Hour.Before(c.begun) {
			c.begun = h.Hour
		}
		for i < Periods && !h.Hour.Before(periods[i].End) {
			i++
		}
		if i < Periods {
			sums[i].Add(h.Counts)
			points[i].mark(h)
			if h.Counts[countFiring] > 0 {
				alarmed[i]++
			}
		}
	}
	c.now, c.before = tally(sums[Periods-1]), tally(sums[Periods-2])
	c.now.Alarmed, c.before.Alarmed = alarmed[Periods-1], alarmed[Periods-2]
	for i, sum := range sums {
		// A bar of a time before there was anything to count would say "none" where nothing is known.
		if i == Periods-1 || periods[i].End.After(c.begun) {
			points[i].Feedback = tally(sum).Feedback
			c.series = append(c.series, points[i])
		}
	}
	return c, nil
}

// mark notes what else happened in an hour of the period.
func (p *Point) mark(h trend.Hourly) {
	p.add(Point{Releases: h.Counts[countReleases], Released: h.Hour, Incidents: h.Counts[countIncident], Hit: h.Hour})
}

// add adds what happened in the same period; the moments are those of the first.
func (p *Point) add(o Point) {
	if o.Releases > 0 && (p.Releases == 0 || o.Released.Before(p.Released)) {
		p.Released = o.Released
	}
	if o.Incidents > 0 && (p.Incidents == 0 || o.Hit.Before(p.Hit)) {
		p.Hit = o.Hit
	}
	p.Feedback += o.Feedback
	p.Releases += o.Releases
	p.Incidents += o.Incidents
}

// whole says whether what began at begun was there for the whole of the period: an hour's grace, because counts know
// hours only.
func whole(begun time.Time, p Period) bool { return begun.Before(p.Start.Add(time.Hour)) }

func fresh(newest, oldestUncounted time.Time, p Period) Freshness {
	f := Freshness{Newest: newest, Complete: true}
	if !oldestUncounted.IsZero() && oldestUncounted.Before(p.End) {
		f.Complete, f.Since = false, oldestUncounted
	}
	return f
}
