package web

import "time"

// TeamHome is `/team`: what waits for me, across products.
type TeamHome struct {
	Alerts   []Fault   // what holds now: andons that are up, then what is muted
	ToDecide []Waiting // best first; Total counts what is not listed
	Total    int
	Overdue  []Promise
	Faults   []Fault
	Products []ProductState
}

// Waiting is one item to decide.
type Waiting struct {
	Product ProductRef
	Item    QueueItem
}

// Promise is something said to be done, by whom, by when, to whom.
type Promise struct {
	Title   string
	Path    string // without the base
	Product string // "" where it is plain
	Owner   string // "" when nobody has it
	Due     time.Time
	To      string // "3 people who asked"; may be empty
}

// Fault is a fault of the loop itself, with the one thing that mends it.
type Fault struct {
	Tone   Tone   // ToneBad, or ToneWarn for what is merely not finished (SES sandbox)
	Title  string // "4 events set aside"
	Detail string // why it matters, since when
	Action *Link  // nil: nothing to press
	Since  time.Time
}

// ProductState is a product's line on the team's page.
type ProductState struct {
	ProductRef
	ToDecide, Open, Overdue int
	LastFeedback            time.Time // zero: none yet
	Andons                  int       // that are up
}

// ItemType says what a queue item is.
type ItemType string

// The types: an Improvement that is proposed, or Feedback that belongs to none yet.
const (
	ItemImprovement ItemType = "improvement"
	ItemFeedback    ItemType = "feedback"
)

// QueueItem is one thing to decide.
type QueueItem struct {
	ID        string
	Type      ItemType
	Kind      FeedbackKind
	Title     string // for Feedback without one, the beginning of its text
	Text      string // the whole text, unfolded on demand; may be empty
	Who       string // who said it, or "" (anonymous, several)
	Score     Score
	Companies []string // distinct, named; the first three are shown
	Voices    int      // pieces of evidence
	Since     time.Time
	Latest    time.Time // the latest word
	Trend     Trend
	Component string
	Version   string
	Similar   []Candidate // likeliest duplicates, best first
}

// Candidate is an Improvement something may belong to.
type Candidate struct {
	ID     string
	Title  string
	State  State
	Shared []string // the words they share
}

// Queue is `/team/{product}/queue`: what matters most and why.
type Queue struct {
	Product ProductRef
	Alerts  []Fault // of the product, as on the team's home page
	Items   []QueueItem
	Filter  QueueFilter
	Pager   Pager
}

// QueueFilter is what the list is cut down to and ordered by.
type QueueFilter struct {
	Type ItemType     // "": both
	Kind FeedbackKind // "": all
	Sort string       // score (default), latest, oldest, companies
}

// Decide is `/team/{product}/decide`: one decision over one or several items, where it needs words.
type Decide struct {
	Product    ProductRef
	Do         string // accept plan decline promote attach
	Items      []QueueItem
	Form       DecisionForm
	Candidates []Candidate // for attach: the open Improvements, likeliest first
	Return     string      // where to go afterwards, without the base
}

// DecisionForm is what was typed into a decision, and what is wrong with it.
type DecisionForm struct {
	Decision    string
	Title       string
	Outcome     string
	Owner       string
	Due         string // YYYY-MM-DD
	Release     string
	DeclineKind string // infeasible tooCostly offStrategy duplicate
	Reason      string
	Revisit     string // YYYY-MM-DD
	Target      string // the Improvement to attach to
	Errors      FieldErrors
	Members     []string // who may own: offered, not enforced
}

// Improvements is `/team/{product}/improvements`: all of them, by status.
type Improvements struct {
	Product ProductRef
	Counts  []StateCount // in the order of the life; all states
	State   State        // the one shown; "": all that are open
	Items   []ImprovementRow
	Pager   Pager
}

// StateCount is how many Improvements stand somewhere.
type StateCount struct {
	State State
	Count int
}

// ImprovementRow is an Improvement in a list.
type ImprovementRow struct {
	ID        string
	Title     string
	State     State
	Score     Score
	Owner     string
	Due       time.Time // zero: none
	Overdue   bool
	Companies int
	Voices    int
	Since     time.Time // when it was first proposed: shown where Changed is not, as in a digest
	Changed   time.Time
	OpsItem   string // id, or ""
	Severity  int    // 1-4, the one in force; 0: not shown
	Andon     bool   // one is up over it
	// Path is its page without the base; "" takes the one under the list's product.
	Path string
}

// SetAside is `/team/set-aside`: what we did not understand, since when.
type SetAside struct {
	Items    []SetAsideItem
	Products []ProductRef // to map to
	Pager    Pager
}

// SetAsideItem is an event nobody understood.
type SetAsideItem struct {
	ID         string
	Source     string // "aws.cloudwatch"
	DetailType string
	Why        string // why it was set aside
	Since      time.Time
	Latest     time.Time // zero, or when it was last seen
	Count      int       // how often it came
	Account    string
	Region     string
	Resource   string
	Event      string // the event as JSON, indented
	Tried      int    // replays so far
	TriedAt    time.Time
	Errors     FieldErrors // of the forms of this item
	Reason     string      // as typed
}

// Log is `/team/log`: who did what.
type Log struct {
	Entries  []LogEntry
	Filter   LogFilter
	Products []ProductRef
	Pager    Pager
	Errors   FieldErrors
}

// LogEntry is one thing somebody did.
type LogEntry struct {
	At          time.Time
	Who         string
	Did         string // "accepted", "exported": a past-tense word
	Kind        string // saw changed exported erased
	What        string // the thing, in words
	Path        string // its page without the base, or ""
	Product     string // name, or ""
	Detail      string // reason, fields changed; may be empty
	Correlation string // id that runs through the loop; may be empty
}

// LogFilter is what the log is cut down to, as typed.
type LogFilter struct {
	Who, Kind, Product string
	From, Until        string // YYYY-MM-DD
	Correlation        string
}

func (TeamHome) template() string     { return "team_home" }
func (Queue) template() string        { return "queue" }
func (Decide) template() string       { return "decide" }
func (Improvements) template() string { return "improvements" }
func (SetAside) template() string     { return "set_aside" }
func (Log) template() string          { return "log" }

func (TeamHome) secret() bool     { return false }
func (Queue) secret() bool        { return false }
func (Decide) secret() bool       { return false }
func (Improvements) secret() bool { return false }
func (SetAside) secret() bool     { return false }
func (Log) secret() bool          { return false }
