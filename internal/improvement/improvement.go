// Package improvement is the thing to change: its evidence, its status, and every decision taken about it. A decision
// yields one Change, which is stored as a whole: the new state, its entry in the history, the order to file or update the
// OpsItem, the word owed to followers, and the line of the staff log.
package improvement

import (
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/incident"
	"learningloop/internal/opsitem"
	"learningloop/internal/score"
	"learningloop/internal/trail"
)

// Status is where an Improvement stands.
type Status string

// The statuses, in the order of an Improvement's life; Declined ends it early.
const (
	Proposed   Status = "proposed"
	Accepted   Status = "accepted"
	Planned    Status = "planned"
	InProgress Status = "inProgress"
	Shipped    Status = "shipped"
	Validated  Status = "validated"
	Declined   Status = "declined"
)

// Statuses lists them all.
var Statuses = []Status{Proposed, Accepted, Planned, InProgress, Shipped, Validated, Declined}

// Closed says whether nobody works on it.
func (s Status) Closed() bool { return s == Shipped || s == Validated || s == Declined }

// Improvement is one, as stored.
type Improvement struct {
	ID          id.Improvement `json:"id,omitzero"`
	Title       string         `json:"title,omitzero"`
	Outcome     string         `json:"outcome,omitzero"` // what should be different for whom
	Status      Status         `json:"status,omitzero"`
	Owner       string         `json:"owner,omitzero"`
	Due         time.Time      `json:"due,omitzero"` // zero: none
	Release     string         `json:"release,omitzero"`
	Decline     Decline        `json:"decline,omitzero"`
	Effort      float64        `json:"effort,omitzero"`   // a person's estimate; 0: none
	Category    string         `json:"category,omitzero"` // OpsCenter's, as the first signal has it
	Level       Level          `json:"level,omitzero"`    // in force, and who set it
	Quoted      bool           `json:"quoted,omitzero"`   // its title is a customer's words: nobody on the staff worded it
	Machine     bool           `json:"machine,omitzero"`  // its title is a machine's words, or a rule's
	About       string         `json:"about,omitzero"`    // component or page that the first of its evidence names; a customer's word
	Resources   []string       `json:"resources,omitzero"`
	Automations []string       `json:"automations,omitzero"` // runbooks that the product keeps for its signals
	Week        string         `json:"week,omitzero"`        // "2026-W47" where this is that week's list of what was folded; else ""
	SignalKey   string         `json:"signalKey,omitzero"`   // what machines call it; "" where people raised it
	Alarms      []Alarm        `json:"alarms,omitzero"`      // what machines said last, by signal key
	Crowded     bool           `json:"crowded,omitzero"`     // more alarms than are kept: no rule may say that all of them are OK
	Ordered     bool           `json:"ordered,omitzero"`     // its episode has an order, which will tell whatever is true by then
	Component   string         `json:"component,omitzero"`   // what its cluster is about, as the team spells it; "": nothing by name
	Andon       Andon          `json:"andon,omitzero"`
	Started     bool           `json:"started,omitzero"` // somebody began to work on it in this episode
	Evidence    score.Evidence `json:"evidence,omitzero"`
	Latest      time.Time      `json:"latest,omitzero"`      // of its evidence
	Since       time.Time      `json:"since,omitzero"`       // when the first evidence of the episode under way, or to come, says that it happened
	Episode     int            `json:"episode,omitzero"`     // the latest one; 0: never filed
	OpsItem     string         `json:"opsItem,omitzero"`     // of the latest episode; "" until filed
	Correlation string         `json:"correlation,omitzero"` // of its first Feedback
	Entries     int            `json:"entries,omitzero"`     // history entries so far
	LastVerb    Verb           `json:"lastVerb,omitzero"`    // of the latest decision, so that repeating it is harmless
	LastBy      string         `json:"lastBy,omitzero"`      // who took it
	Closed      time.Time      `json:"closed,omitzero"`      // when it was last closed; zero: never
	Created     time.Time      `json:"created,omitzero"`
	Updated     time.Time      `json:"updated,omitzero"`
	Version     int64          `json:"-"`
}

// Decline says why not.
type Decline struct {
	Kind    DeclineKind `json:"kind,omitempty"`
	Reason  string      `json:"reason,omitempty"`
	Revisit time.Time   `json:"revisit,omitzero"`
}

// DeclineKind is the sort of reason.
type DeclineKind string

// The kinds of decline; "" is unsaid.
const (
	Infeasible  DeclineKind = "infeasible"
	TooCostly   DeclineKind = "tooCostly"
	OffStrategy DeclineKind = "offStrategy"
	Duplicate   DeclineKind = "duplicate"
)

// DeclineKinds lists them all.
var DeclineKinds = []DeclineKind{Infeasible, TooCostly, OffStrategy, Duplicate}

// Product is the product it is for.
func (im Improvement) Product() id.Product { return im.ID.Product() }

// Score is its score at a moment.
func (im Improvement) Score(now time.Time) score.Score { return score.At(im.Evidence, im.Effort, now) }

// LatestScore is its score as of its latest evidence, so that it changes by evidence and never by time.
func (im Improvement) LatestScore() score.Score {
	if im.Latest.IsZero() {
		return im.Score(im.Created) // nothing is attached
	}
	return im.Score(im.Latest)
}

// Overdue says whether its promised date is past and nothing was shipped.
func (im Improvement) Overdue(now time.Time) bool {
	return !im.Due.IsZero() && now.After(im.Due.AddDate(0, 0, 1)) && !im.Status.Closed()
}

// Entry is one line of its history.
type Entry struct {
	Seq    int       `json:"seq"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`   // a member, an operator's ARN, or "rule: ..."
	What   string    `json:"what"` // a Decision or what happened
	From   Status    `json:"from,omitempty"`
	To     Status    `json:"to,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Detail string    `json:"detail,omitempty"`
}

// Before says whether an entry is older than an episode of the same Improvement.
func (e Entry) Before(ep opsitem.Episode) bool {
	if ep.Stages.Entry == 0 { // of an older release
		return e.At.Before(ep.Opened)
	}
	return e.Seq < ep.Stages.Entry
}

// TeamTitle is the title where the team worded it; "" where it is a customer's words, or names alarms or counts people, as
// machines and rules do: neither is for other customers.
func (im Improvement) TeamTitle() string {
	if im.Quoted || im.Machine {
		return ""
	}
	return im.Title
}

// Notice is the word owed to everybody who follows an Improvement, as it was when the status changed. It is an order:
// it lies in the pending index until every follower's mail is ordered.
type Notice struct {
	Improvement id.Improvement `json:"improvement,omitzero"`
	Episode     int            `json:"episode,omitzero"`
	Seq         int            `json:"seq,omitzero"` // of the Entry
	Status      Status         `json:"status,omitzero"`
	Title       string         `json:"title,omitzero"` // TeamTitle
	At          time.Time      `json:"at,omitzero"`
	Due         time.Time      `json:"due,omitzero"`
	Release     string         `json:"release,omitzero"`
	Started     bool           `json:"started,omitzero"` // somebody had begun to work on it
	Reason      string         `json:"reason,omitzero"`  // a person's
	DeclineKind DeclineKind    `json:"declineKind,omitzero"`
	Revisit     time.Time      `json:"revisit,omitzero"`
	Only        id.Feedback    `json:"only,omitzero"` // only the submitter of this one; "" is everybody
	Done        bool           `json:"done,omitzero"`
	Version     int64          `json:"-"`
}

// Change is what one step does, to be stored as a whole or not at all.
type Change struct {
	Improvement Improvement // Version is the one it was read with; 0 creates it
	Entry       *Entry
	Also        []Entry // further lines of the same step
	Episode     *opsitem.Episode
	Notice      *Notice
	Log         *trail.Entry

	PostIncident *incident.PostIncident // ordered with it
	Steps        []opsitem.Step         // what its episode has just reached; told as metrics once it is stored
	Clusters     []Cluster              // which clusters it is now
	Key          *SignalKey             // where the words of a signal's key go now
	Pull         *AndonState            // the andon that is pulled or stood down with it
	Budget       governor.Delta         // what it changes in the budget for OpsItems
}

// Attachment is one piece of Feedback attached to an Improvement.
type Attachment struct {
	Feedback id.Feedback   `json:"feedback,omitzero"`
	Person   string        `json:"person,omitzero"` // of the submitter; "" is nobody
	Voice    string        `json:"voice,omitzero"`
	Weight   float64       `json:"weight,omitzero"`
	Impact   float64       `json:"impact,omitzero"`
	Signal   bool          `json:"signal,omitzero"`
	Headline string        `json:"headline,omitzero"`
	Kind     feedback.Kind `json:"kind,omitzero"`
	Company  string        `json:"company,omitzero"`
	At       time.Time     `json:"at,omitzero"` // of the Feedback
	Attached time.Time     `json:"attached,omitzero"`
	By       string        `json:"by,omitzero"`
}

// Voice is one distinct company, person or machine behind an Improvement.
type Voice struct {
	Key     string    `json:"key,omitzero"`
	Weight  float64   `json:"weight,omitzero"`
	Latest  time.Time `json:"latest,omitzero"`
	Count   int       `json:"count,omitzero"`
	Version int64     `json:"-"`
}
