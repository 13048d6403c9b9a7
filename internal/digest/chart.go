package digest

import (
	"fmt"

	"learningloop/internal/chart"
	"learningloop/internal/number"
)

// Chart is the report's picture: what people said, period by period.
func (r Report) Chart() chart.Series {
	s := chart.Series{
		Title: fmt.Sprintf("Feedback from people each %s", r.Period.Kind), Unit: "piece of feedback", Units: "pieces of feedback",
		Period: string(r.Period.Kind),
	}
	for _, p := range r.Series {
		s.Points = append(s.Points, chart.Point{Label: p.Period.label(), Start: p.Period.Start, Value: float64(p.Feedback)})
		if p.Releases > 0 {
			s.Marks = append(s.Marks, chart.Mark{At: p.Released, Kind: chart.Release, Label: several("releases", p.Releases)})
		}
		if p.Incidents > 0 {
			// Signals are not incidents: one incident may speak up many times, so they are not counted here.
			s.Marks = append(s.Marks, chart.Mark{At: p.Hit, Kind: chart.Incident})
		}
	}
	return s
}

// several is how a chart names more than one: "releases: 3". One needs no name but its kind.
func several(many string, n int64) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("%s: %s", many, number.Thousands(n))
}
