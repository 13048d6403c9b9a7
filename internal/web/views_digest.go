package web

import (
	"time"

	"learningloop/internal/chart"
)

// Digests is `/team/digests`: the archive.
type Digests struct {
	Items []DigestRow
	Pager Pager
}

// DigestRow is a digest in the archive.
type DigestRow struct {
	ID      string
	Period  string // "Week 12 · 16-22 March 2026"
	Scope   string // product name, or "All products"
	Verdict string
	Every   string    // weekly, monthly
	SentAt  time.Time // zero: not yet
	SentTo  int       // how many got it or, where it is not sent yet, will; 0: nobody
}

// Digest is `/team/digests/{id}`.
type Digest struct {
	ID        string
	Period    string
	Scope     string
	Every     string
	Verdict   string // one sentence
	Quiet     bool   // nothing to report: the page says so instead of showing empty parts
	Numbers   []Number
	Asks      []Ask
	Changes   []Change
	Chart     *chart.Series // nil: none; the same as in the mail
	Top       []ImprovementRow
	TopTitle  string // "" says "Top Improvements"
	Overdue   []Promise
	Filing    string     // how the budget for OpsItems stands; "" where that is no news
	Metrics   []Link     // the metrics reviews of the products it is about
	Retros    string     // "2 were opened in the week."
	Looks     []LookBack // those
	Footnote  string     // how to read the intervals; "" where there are none
	Fresh     string     // how fresh the data is, in words
	FreshAt   time.Time  // newest Feedback counted
	SentAt    time.Time
	SentTo    int
	Earlier   string // id of the digest before, or ""
	Later     string
	PrintedAt time.Time
}

// Number is a figure with its interval and the period before.
type Number struct {
	Label  string // "Feedback received"
	Value  string // "128"
	Was    string // "97 the week before"; may be empty
	Change string // "+32% (interval 1% to 72%)"; "" where nothing may be said
	Tone   Tone   // good, bad, or none when within noise
	// The drawn interval: At lies in [Low, High] on the scale [Min, Max]; Before marks the period before. Drawn when Max > Min.
	At, Low, High, Before, Min, Max float64
	HasBefore                       bool
	Note                            string // "12 answers are few"
}

// Ask is a decision asked of leadership.
type Ask struct {
	Question string
	Why      string
	Link     Link
	By       time.Time // zero: no date
}

// Change is something that changed in the period and whether it helped.
type Change struct {
	Title   string
	Path    string
	Product string // "" where the digest is about one
	State   State
	At      time.Time
	Helped  string // "improved", "worse", "no detectable change", "not enough data", "too early"
	Tone    Tone
	Because string // the figure and its interval
}

func (Digests) template() string { return "digests" }
func (Digest) template() string  { return "digest" }

func (Digests) secret() bool { return false }
func (Digest) secret() bool  { return false }
