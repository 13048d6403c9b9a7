package web

import (
	"time"

	"learningloop/internal/chart"
)

// Metrics is `/team/{product}/metrics`: the metrics review.
type Metrics struct {
	Product    ProductRef
	Period     string // "12 weeks up to the week of 9 March 2026"
	Spans      []Span // how many weeks may be shown
	Earlier    string // paths of the same number of weeks before and after; "" where there are none
	Later      string
	Verdict    string // the last whole week in one sentence
	Whole      string // the whole period as a sum that can be checked
	About      string // whose the numbers are: "Week of 9 March 2026"
	Numbers    []Number
	TimesAbout string // whose the times are: "How long it took, in all 12 weeks"
	Times      []Number
	Charts     []chart.Series
	Pictures   []chart.Times
	Weeks      []MetricLine // the latest first
	Splits     []MetricLine // the whole period by severity and by source
	Looks      []LookBack   // the latest first
	Exports    []Link       // CSV, JSON
	Note       string       // what is missing; "" for nothing
	Empty      bool         // there never was an episode
}

// Span is a number of weeks to choose.
type Span struct {
	Weeks   int
	Path    string
	Current bool
}

// MetricLine is one week, one severity or one source.
type MetricLine struct {
	Label                                    string
	Partial                                  bool // the week is not over
	Before, Opened, Resolved, Reopened, Open int
	Age, Acknowledge, File, ResolveIn        Took
}

// Took is how long something took, in words.
type Took struct {
	N      int    // of how many
	Median string // "12 min"; "" where they are too few
	P90    string
}

// LookBack is a post-incident retrospective in a list.
type LookBack struct {
	Title       string
	Path        string // of its timeline
	Product     string // "" where it is plain
	Severity    int
	At          time.Time
	Detect      string // in words; "" is not known
	Acknowledge string
	Resolve     string
}

// Timeline is `/team/{product}/improvements/{id}/episodes/{n}`: what happened in an episode.
type Timeline struct {
	Product  ProductRef
	ID       string // of the Improvement
	Title    string
	Episode  int
	Severity int
	Source   string // "machines and people"
	OpsItem  *Link  // nil: not filed
	Times    []Fact
	Course   chart.Course
	Seconds  bool // some of it is told apart by seconds only
	Moments  []Moment
	Left     []string  // "And 412 more complaints in between."
	Made     time.Time // as of when it is told
	Frozen   bool      // as it was kept when the retrospective was opened
	Other    string    // path of the live one, or of the kept one; "" where there is none
	Download string    // path of the Markdown
	LookBack time.Time // when its post-incident retrospective was opened; zero: none
	Waiting  string    // what that waits for; "" for nothing
	Episodes []Link    // the others of its Improvement
}

// Fact is a name and a value.
type Fact struct{ Label, Value string }

// Moment is one thing that happened.
type Moment struct {
	At   time.Time
	Kind string // signal, deployment, complaint, status, filed, told
	What string
	Who  string
	Mark string   // detected, acknowledged, resolved: the stage that the episode reached with it; "" for none
	Path string   // where there is more; "" for nowhere
	More []Moment // those that followed, of the same kind: What sums them up, and a reader can open them
}

func (Metrics) template() string  { return "metrics" }
func (Timeline) template() string { return "timeline" }

func (Metrics) secret() bool  { return false }
func (Timeline) secret() bool { return false }
