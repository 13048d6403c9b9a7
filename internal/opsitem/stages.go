package opsitem

import (
	"slices"
	"time"

	"learningloop/internal/id"
)

// Source says who spoke for an episode.
type Source string

// The sources. People is also what nobody's evidence speaks for: a person raised it.
const (
	Machine Source = "machine"
	People  Source = "people"
	Both    Source = "both"
)

// Sources lists them all.
var Sources = []Source{Machine, People, Both}

// Stages is how far an episode got, beside what the Episode itself says (Opened, Filed, Resolved). An episode written
// before there were stages has the zero value; Staged fills in what can be known of it.
type Stages struct {
	Detected       time.Time `json:"detected,omitzero"`     // when its first evidence says that it happened
	Acknowledged   time.Time `json:"acknowledged,omitzero"` // when a person first planned or began it; zero: nobody did
	AcknowledgedBy string    `json:"acknowledgedBy,omitzero"`
	Entry          int       `json:"entry,omitzero"`    // Seq of the entry of the history that opened it; 0 in an older release's
	Severity       int       `json:"severity,omitzero"` // 1..4, when it was opened
	Worst          int       `json:"worst,omitzero"`    // the worst so far
	Source         Source    `json:"source,omitzero"`
	Reopened       []Span    `json:"reopened,omitzero"`     // the latest MaxSpans times it was resolved, and went on after all
	ByAlarm        bool      `json:"byAlarm,omitzero"`      // nothing but an alarm's recovery resolved it last
	PostIncident   time.Time `json:"postIncident,omitzero"` // when a post-incident retrospective was ordered; once at most
}

// MaxSpans is how many times of going on after all an episode remembers.
const MaxSpans = 50

// Span is a time in which an episode was resolved.
type Span struct {
	Resolved time.Time `json:"resolved"`
	Reopened time.Time `json:"reopened"`
}

// Severe notes a severity, 1..4: the worst of all is kept. 0 is none.
func (s *Stages) Severe(severity int) {
	if severity >= 1 && severity <= 4 && (s.Worst == 0 || severity < s.Worst) {
		s.Worst = severity
	}
}

// Resume notes that a resolved episode goes on.
func (s *Stages) Resume(resolved, at time.Time) {
	s.Reopened = append(slices.Clone(s.Reopened), Span{Resolved: resolved, Reopened: at})
	s.Reopened = s.Reopened[max(0, len(s.Reopened)-MaxSpans):]
}

// Staged is the episode with every stage that can be known: one of an older release says when it was opened, filed and
// resolved, and how severe it was then.
func (e Episode) Staged() Episode {
	s := &e.Stages
	if s.Detected.IsZero() || s.Detected.After(e.Opened) {
		s.Detected = e.Opened
	}
	if s.Severity == 0 {
		s.Severity = min(max(e.Request.Severity, 1), 4)
		if e.Request.Severity == 0 {
			s.Severity = 4
		}
	}
	s.Severe(s.Severity)
	if s.Source == "" {
		s.Source = People
	}
	return e
}

// Product is the product it is about.
func (e Episode) Product() id.Product { return e.Improvement.Product() }

// Slug is its product's slug as it was when the episode was opened, or the product's id where it does not say.
func (e Episode) Slug() string {
	if slug := e.Request.Data[KeyProduct]; slug != "" {
		return slug
	}
	return string(e.Product())
}

// StepKind is a stage that an episode reached.
type StepKind string

// The steps that are told as metrics.
const (
	StepOpened       StepKind = "opened" // the first episode of something
	StepAcknowledged StepKind = "acknowledged"
	StepResolved     StepKind = "resolved" // each time
	StepReopened     StepKind = "reopened" // came back: the next episode, or the same one that goes on
	// StepTakenBack is that the last StepResolved does not count: its alarm came back within the quiet time, and was never over.
	StepTakenBack StepKind = "takenBack"
)

// Step is one stage that an episode has just reached.
type Step struct {
	Kind    StepKind
	Product string        // slug, see Episode.Slug
	Took    time.Duration // since it was opened; 0 for those that open it
}
