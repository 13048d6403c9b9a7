// Package feedback is one thing somebody or something told us, from the moment it is received until it is triaged:
// what is valid, what makes two the same, who may change it and until when.
package feedback

import (
	"time"

	"learningloop/internal/id"
	"learningloop/internal/person"
	"learningloop/internal/score"
	"learningloop/internal/signal"
)

// Kind is what sort of word it is.
type Kind string

// The kinds. Signal is a machine's; the others are people's.
const (
	Problem  Kind = "problem"
	Idea     Kind = "idea"
	Praise   Kind = "praise"
	Question Kind = "question"
	Signal   Kind = "signal"
)

// Kinds lists what people may say.
var Kinds = []Kind{Problem, Idea, Praise, Question}

// State is how far the loop got with it.
type State string

// The states. Attached ones are triaged too.
const (
	Received  State = "received"
	Triaged   State = "triaged"
	Withdrawn State = "withdrawn"
)

// Channel is the way it came in.
type Channel string

// The channels.
const (
	API   Channel = "api"
	Form  Channel = "form"
	Event Channel = "event"
)

// Feedback is one piece, as stored.
type Feedback struct {
	ID          id.Feedback    `json:"id,omitzero"`
	Kind        Kind           `json:"kind,omitzero"`
	Title       string         `json:"title,omitzero"` // may be empty; Headline is not
	Text        string         `json:"text,omitzero"`
	Rating      int            `json:"rating,omitzero"` // 1..5; 0 is none
	Submitter   Submitter      `json:"submitter,omitzero"`
	Context     Context        `json:"context,omitzero"`
	Channel     Channel        `json:"channel,omitzero"`
	Received    time.Time      `json:"received,omitzero"`
	Edited      time.Time      `json:"edited,omitzero"`      // zero: never
	Fingerprint string         `json:"fingerprint,omitzero"` // of the request that made it, for Idempotency-Key
	State       State          `json:"state,omitzero"`
	Todo        bool           `json:"todo,omitzero"`        // triage is not done with it: it lies in the pending index
	Improvement id.Improvement `json:"improvement,omitzero"` // "" while loose
	Signal      *signal.Signal `json:"signal,omitzero"`      // what the machine said; nil for people's words
	Apart       bool           `json:"apart,omitzero"`       // a person took it out of an Improvement: no rule attaches it again
	Muted       *Muted         `json:"muted,omitzero"`       // a signal that came in a maintenance window; nil for all others
	Version     int64          `json:"-"`
}

// Muted says why a signal alerts nobody.
type Muted struct {
	Mute   string    `json:"mute,omitzero"` // product.Mute's id
	Reason string    `json:"reason,omitzero"`
	Until  time.Time `json:"until,omitzero"` // when the window ends, as it was set then
	Over   time.Time `json:"over,omitzero"`  // since when it counts after all, because it still fired then; zero: it does not
}

// Submitter is who said it; the zero value is anonymous.
type Submitter struct {
	Person   person.ID `json:"person,omitempty"`
	Name     string    `json:"name,omitempty"`
	Email    string    `json:"email,omitempty"`
	Company  string    `json:"company,omitempty"`
	HearBack bool      `json:"hearBack,omitempty"`
}

// Context is where it was said.
type Context struct {
	Release     string `json:"release,omitempty"`
	Variant     string `json:"variant,omitempty"`
	Environment string `json:"environment,omitempty"`
	Page        string `json:"page,omitempty"`
	Component   string `json:"component,omitempty"`
}

// Product is what it is about.
func (f Feedback) Product() id.Product { return f.ID.Product() }

// Headline is the title, or the beginning of the text.
func (f Feedback) Headline() string {
	if f.Title != "" {
		return f.Title
	}
	return Cut(f.Text, 80)
}

// WantsWord says whether somebody asked to hear back and can be reached.
func (f Feedback) WantsWord() bool { return f.Submitter.HearBack && f.Submitter.Email != "" }

// Silent says whether it is a signal that a maintenance window keeps from alerting anybody.
func (f Feedback) Silent() bool { return f.Muted != nil && f.Muted.Over.IsZero() }

// Happened is when what it tells did: for people when they said it; for a signal what it says itself, but not later than
// it was received, or the end of the maintenance window that it outlasted.
func (f Feedback) Happened() time.Time {
	switch {
	case f.Signal == nil:
		return f.Received
	case f.Muted != nil && !f.Muted.Over.IsZero():
		return f.Muted.Over
	case f.Signal.Time.IsZero() || f.Signal.Time.After(f.Received):
		return f.Received
	default:
		return f.Signal.Time
	}
}

// SignalTime is what the order of signals of one key goes by: the signal's own time. One that outlasted a maintenance window
// keeps it: what ended it within the window, and is late, came after it all the same.
func (f Feedback) SignalTime() time.Time { return f.Signal.Time }

// Counts is since when a signal counts: its own time, or the end of the maintenance window that it outlasted.
func (f Feedback) Counts() time.Time {
	if f.Muted != nil && !f.Muted.Over.IsZero() {
		return f.Muted.Over
	}
	return f.Signal.Time
}

// Open says whether its submitter may still change it: until somebody takes it up. Triage is no reason to close it, for it
// comes within the second; what it counted is posted again.
func (f Feedback) Open() bool { return f.Signal == nil && f.State != Withdrawn && f.Improvement == "" }

// Loose says whether it waits in the queue by itself: not attached to an Improvement, worth ranking, and no machine's word
// that all is well or that was muted.
func (f Feedback) Loose() bool {
	well := f.Signal != nil && (f.Signal.State != signal.Firing || f.Muted != nil)
	return f.State == Triaged && f.Improvement == "" && f.Impact() > 0 && !well
}

// Impact is 0..3 (DESIGN, "Priority"): by kind for people, by severity for machines, more for a bad rating.
func (f Feedback) Impact() float64 {
	if f.Signal != nil {
		return score.ImpactOfSeverity(f.Signal.Severity)
	}
	var impact float64
	switch f.Kind {
	case Problem:
		impact = 2
	case Idea:
		impact = 1
	case Question:
		impact = 0.5
	default:
		return 0
	}
	switch f.Rating {
	case 1:
		impact++
	case 2:
		impact += 0.5
	}
	return min(impact, 3)
}

// Voice is whom it speaks for in a reach: a company, else a person, else a machine, else this one piece alone. key is
// free of personal data.
func (f Feedback) Voice() (key string, weight float64) {
	const keyLen = 16
	switch {
	case f.Signal != nil:
		return "m" + id.Hash(keyLen, f.Signal.Key), score.WeightMachine
	case f.Submitter.Company != "":
		return "c" + CompanyKey(f.Submitter.Company), score.WeightCompany
	case f.Submitter.Person != "":
		return "p" + id.Hash(keyLen, string(f.Submitter.Person)), score.WeightPerson
	default:
		return "a" + id.Hash(keyLen, string(f.ID)), score.WeightAnonymous
	}
}

// CompanyKey is the same for every spelling of a company's name that differs only in case and space.
func CompanyKey(name string) string { return id.Hash(16, fold(name)) }

// Evidence is what this piece would weigh alone.
func (f Feedback) Evidence() score.Evidence {
	_, w := f.Voice()
	e := score.Evidence{Count: 1, Voices: 1, Mass: score.Mass(w, f.Received), Impact: f.Impact(), People: f.Signal == nil}
	if f.Signal != nil {
		e.Signals, e.Machines, e.Incidents = 1, true, 1
	} else if f.Kind == Problem {
		e.Complaints = 1
	}
	if f.Submitter.Company != "" {
		e.Companies = 1
	}
	return e
}
