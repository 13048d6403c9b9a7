package digest

import (
	"time"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
)

// Bounds of a report.
const (
	Periods    = 12   // in the chart
	MaxTop     = 5    // Improvements with the highest scores
	MaxListed  = 10   // of overdue promises, of changes and of retrospectives; the totals are told besides
	MaxTitle   = 100  // characters of a title
	Confidence = 0.95 // of all intervals of one report together
)

// Digest is a report as frozen, with whom it goes to. It is written once and never changed.
type Digest struct {
	ID     ID        `json:"id"`
	Report Report    `json:"report"`
	To     []string  `json:"to"` // addresses, sorted, each once; may be empty: it is archived all the same
	Made   time.Time `json:"made"`
}

// Product is what it is about, or id.All.
func (d Digest) Product() id.Product { return d.ID.Product() }

// Report is what leadership is told about one product, or about all, for one period.
type Report struct {
	Product  id.Product `json:"product"` // id.All: over all
	Slug     string     `json:"slug,omitempty"`
	Scope    string     `json:"scope"` // the product's name, or "All products"
	Period   Period     `json:"period"`
	At       time.Time  `json:"at"`      // the moment that ages, scores and what is overdue are told for
	Verdict  string     `json:"verdict"` // one or two sentences
	Subject  string     `json:"subject"` // the news in a few words
	Quiet    bool       `json:"quiet"`   // nothing was said, done or missed
	Facts    Facts      `json:"facts"`
	Numbers  []Number   `json:"numbers"`
	Series   []Point    `json:"series"` // up to Periods, the earliest first, the report's own last; none before the product began
	Top      []Item     `json:"top"`    // open Improvements, the highest score first
	Overdue  []Item     `json:"overdue"`
	Changes  []Change   `json:"changes"` // the latest first
	Ask      *Ask       `json:"ask,omitempty"`
	Retros   string     `json:"retros"`           // how many retrospectives were opened, in words
	Looks    []Look     `json:"looks,omitempty"`  // those, the latest first
	Filing   string     `json:"filing,omitempty"` // how the budget for OpsItems stands, where that is news
	Fresh    Freshness  `json:"fresh"`
	Products int        `json:"products"` // how many it covers
}

// Facts are the counts behind the numbers.
type Facts struct {
	Begun  time.Time `json:"begun"`  // when the product was made, or first heard of
	Now    Tally     `json:"now"`    // of the period
	Like   Tally     `json:"like"`   // of the period, without products that cannot be compared
	Before Tally     `json:"before"` // of the period before, of the same products as Like
	// Compared is how many products were there for the whole of the period before.
	Compared int `json:"compared"`
	Late     int `json:"late"`             // promises overdue at Report.At
	Changed  int `json:"changed"`          // Improvements that a decision moved within the period
	Retros   int `json:"retros,omitempty"` // opened within the period
}

// Tally counts what one period held.
type Tally struct {
	Feedback int64 `json:"feedback"` // from people
	Problems int64 `json:"problems"`
	Signals  int64 `json:"signals"` // from machines
	Alarmed  int64 `json:"alarmed"` // hours in which one of them said that something is wrong
	Rated    int64 `json:"rated"`   // pieces with a rating
	Unhappy  int64 `json:"unhappy"` // of them, rated 1 or 2 of 5
	Decided  int64 `json:"decided"` // Improvements accepted, planned, reopened or declined
	Shipped  int64 `json:"shipped"`
}

// Add adds o to t.
func (t *Tally) Add(o Tally) {
	t.Feedback += o.Feedback
	t.Problems += o.Problems
	t.Signals += o.Signals
	t.Alarmed += o.Alarmed
	t.Rated += o.Rated
	t.Unhappy += o.Unhappy
	t.Decided += o.Decided
	t.Shipped += o.Shipped
}

// Number is a figure beside the one of the period before.
type Number struct {
	Label  string      `json:"label"`
	Value  float64     `json:"value"`
	Like   float64     `json:"like"`             // what is compared; differs from Value where a product is new
	Before float64     `json:"before"`           // meaningful where Has is set
	Has    bool        `json:"has"`              // there is a period before to set it beside
	Change *Comparison `json:"change,omitempty"` // nil where nothing may be said
	Shown  string      `json:"shown"`            // "48", "23% (7 of 30)"
	Was    string      `json:"was,omitempty"`    // "18 the week before"
	Said   string      `json:"said,omitempty"`   // "1.5 to 4.9 times as many", "within noise (44% fewer to 4.2 times as many)"
	Note   string      `json:"note,omitempty"`   // "12 ratings are few"
}

// Comparison is how a number differs from the period before, never without its interval.
type Comparison struct {
	Ratio    bool    `json:"ratio"`    // of rates; otherwise the difference of two shares
	Estimate float64 `json:"estimate"` // meaningless where Open
	Low      float64 `json:"low"`
	High     float64 `json:"high"`           // meaningless where Open
	Open     bool    `json:"open,omitempty"` // there were none before: the ratio has no upper end
	Noise    bool    `json:"noise"`          // the interval holds "no change": say nothing, show it grey
	Tone     Tone    `json:"tone,omitempty"`
	// From and To are the interval on the scale of Number.Like, to be drawn with Before as a mark. Both 0 where Open.
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// Tone says whether a change that is more than noise is for the better.
type Tone string

// The tones; "" is neither.
const (
	Good Tone = "good"
	Bad  Tone = "bad"
)

// Point is one period of the chart.
type Point struct {
	Period    Period    `json:"period"`
	Feedback  int64     `json:"feedback"` // from people
	Releases  int64     `json:"releases,omitempty"`
	Released  time.Time `json:"released,omitzero"`   // hour of the first one
	Incidents int64     `json:"incidents,omitempty"` // signals of severity 1 that something is wrong
	Hit       time.Time `json:"hit,omitzero"`        // hour of the first one
}

// Item is an Improvement as it stood at Report.At.
type Item struct {
	ID      id.Improvement     `json:"id"`
	Slug    string             `json:"slug"`
	Product string             `json:"product"` // its name
	Title   string             `json:"title"`   // one line; hostile all the same
	Status  improvement.Status `json:"status"`
	Owner   string             `json:"owner"` // "" is nobody
	Due     time.Time          `json:"due,omitzero"`
	Late    int                `json:"late,omitempty"` // days past due
	Age     int                `json:"age"`            // days
	Score   float64            `json:"score"`
	Why     string             `json:"why"` // the score's parts
	Voices  int                `json:"voices"`
}

// Change is what became of an Improvement within the period.
type Change struct {
	ID      id.Improvement     `json:"id"`
	Slug    string             `json:"slug"`
	Product string             `json:"product"`
	Title   string             `json:"title"`
	Status  improvement.Status `json:"status"` // the last one it reached within the period
	At      time.Time          `json:"at"`
	Owner   string             `json:"owner"`
	Detail  string             `json:"detail"` // of the history's entry: the release, the date, the kind of decline
}

// Look is a retrospective that was opened within the period.
type Look struct {
	Improvement id.Improvement `json:"improvement"`
	Episode     int            `json:"episode"` // the one it looks back at
	Slug        string         `json:"slug"`
	Product     string         `json:"product"`
	Title       string         `json:"title"` // of the Improvement
	Severity    int            `json:"severity"`
	At          time.Time      `json:"at"`
}

// Ask is the one decision that is asked of leadership.
type Ask struct {
	Question string `json:"question"`
	Why      string `json:"why"`
	Item     Item   `json:"item"`
}

// Freshness says how fresh the numbers are.
type Freshness struct {
	Newest   time.Time `json:"newest,omitzero"` // the newest hour that something is counted in; zero: none yet
	Complete bool      `json:"complete"`        // everything received within the period is counted
	Since    time.Time `json:"since,omitzero"`  // where not Complete: the oldest piece not counted
}
