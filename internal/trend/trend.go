// Package trend counts. Counts are hourly in UTC and add up: a week is the sum of its hours, all products are the sum of
// each. What a piece of Feedback was counted as is kept in its Mark, so that it is counted once, a change is posted as a
// reversal, and counting everything again from the Marks' Feedback gives the same numbers.
package trend

import (
	"maps"
	"strconv"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/signal"
)

// Hour is an hour in UTC, as keys carry it.
const Hour = "2006-01-02T15"

// Dimension is what is counted under: everything, one component, one company.
type Dimension string

// All counts everything of a product.
const All Dimension = "all"

// Component counts what was said about one component.
func Component(name string) Dimension { return Dimension("component#" + id.Hash(16, name)) }

// Company counts what one company said. key is feedback.CompanyKey.
func Company(key string) Dimension { return Dimension("company#" + key) }

// Cell is one row of counts: a product, a dimension, an hour.
type Cell struct {
	Product   id.Product
	Dimension Dimension
	Hour      time.Time // truncated to the hour, UTC
}

// Counts are what a Cell holds, by name: "n", "kind_problem", "rating_5", "channel_form", "severity_1", "firing",
// "incident" (firing, of severity 1), "muted" (would be firing, but in a maintenance window), "launch".
type Counts map[string]int64

// Add adds other to c, member by member; members that come to zero stay as zero.
func (c Counts) Add(other Counts) {
	for k, v := range other {
		c[k] += v
	}
}

// Minus is what has to be added to other to get c, without zeros.
func (c Counts) Minus(other Counts) Counts {
	out := maps.Clone(c)
	if out == nil {
		out = Counts{}
	}
	for k, v := range other {
		out[k] -= v
	}
	maps.DeleteFunc(out, func(_ string, v int64) bool { return v == 0 })
	return out
}

// Mark is what one piece of Feedback is counted as, and the proof that it is.
type Mark struct {
	Feedback  id.Feedback      `json:"feedback"`
	Received  time.Time        `json:"received"`
	Kind      feedback.Kind    `json:"kind"`
	Channel   feedback.Channel `json:"channel"`
	Rating    int              `json:"rating,omitzero"`
	Component string           `json:"component,omitzero"`
	Company   string           `json:"company,omitzero"` // feedback.CompanyKey
	Severity  int              `json:"severity,omitzero"`
	Firing    bool             `json:"firing,omitzero"`
	Launch    bool             `json:"launch,omitzero"`  // a release went out
	Muted     bool             `json:"muted,omitzero"`   // in a maintenance window: no incident
	Nothing   bool             `json:"nothing,omitzero"` // counted as nothing: withdrawn
	Seen      int64            `json:"seen,omitzero"`    // version of the Feedback that was counted: an older one never replaces a newer
	Version   int64            `json:"-"`
}

// MarkOf gives what f counts as now.
func MarkOf(f feedback.Feedback) Mark {
	m := Mark{Feedback: f.ID, Received: f.Received, Kind: f.Kind, Channel: f.Channel, Seen: f.Version}
	if f.State == feedback.Withdrawn {
		m.Nothing = true
		return m
	}
	m.Rating, m.Component = f.Rating, f.Context.Component
	if f.Submitter.Company != "" {
		m.Company = feedback.CompanyKey(f.Submitter.Company)
	}
	if f.Signal != nil {
		m.Severity, m.Firing, m.Launch = f.Signal.Severity, f.Signal.State == signal.Firing, f.Signal.Launch()
		m.Muted = f.Muted != nil && m.Firing
	}
	return m
}

// Same says whether two Marks count alike.
func (m Mark) Same(o Mark) bool {
	m.Version, o.Version, m.Seen, o.Seen = 0, 0, 0, 0
	return m.Received.Equal(o.Received) && func() bool { o.Received = m.Received; return m == o }()
}

// Cells gives what the Mark adds, and where.
func (m Mark) Cells() map[Cell]Counts {
	if m.Nothing {
		return nil
	}
	c := Counts{"n": 1, "kind_" + string(m.Kind): 1, "channel_" + string(m.Channel): 1}
	if m.Rating > 0 {
		c["rating_"+strconv.Itoa(m.Rating)] = 1
	}
	if m.Severity > 0 {
		c["severity_"+strconv.Itoa(m.Severity)] = 1
	}
	switch {
	case m.Muted:
		c["muted"] = 1
	case m.Firing:
		c["firing"] = 1
		if m.Severity == 1 {
			c["incident"] = 1
		}
	}
	if m.Launch {
		c["launch"] = 1
	}
	p, h := m.Feedback.Product(), m.Received.UTC().Truncate(time.Hour)
	out := map[Cell]Counts{{p, All, h}: c}
	if m.Component != "" {
		out[Cell{p, Component(m.Component), h}] = c
	}
	if m.Company != "" {
		out[Cell{p, Company(m.Company), h}] = c
	}
	return out
}

// Tally gives what several Marks add together.
func Tally(marks []Mark) map[Cell]Counts {
	out := map[Cell]Counts{}
	for _, m := range marks {
		for cell, c := range m.Cells() {
			if out[cell] == nil {
				out[cell] = Counts{}
			}
			out[cell].Add(c)
		}
	}
	return out
}

// Hourly is one Cell as it is read back.
type Hourly struct {
	Hour      time.Time
	Dimension Dimension
	Counts    Counts
}

// Sum adds up hours.
func Sum(hours []Hourly) Counts {
	out := Counts{}
	for _, h := range hours {
		out.Add(h.Counts)
	}
	return out
}
