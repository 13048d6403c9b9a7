package web

import "time"

// Improvement is `/team/{product}/improvements/{id}`: the case.
type Improvement struct {
	Product   ProductRef
	ID        string
	Version   string
	Title     string
	Outcome   string // the outcome wanted; "" asks for it
	State     State
	Owner     string
	Due       time.Time
	Overdue   bool
	Release   string    // shipped in
	Declined  string    // kind, in words: "too costly"
	Reason    string    // of the decline
	Revisit   time.Time // of a declined one; zero: never
	Episode   int       // 1 for the first
	Score     Score
	Level     Level
	Steps     []Step     // of the episode under way, or the latest
	Past      []PastLife // the episodes before it, the latest first
	OpsItem   *OpsItem   // nil: not filed
	Filing    string     // why it is not filed, or not yet: "waits: AWS throttles"; ""
	FoldedIn  *Link      // the week's list that it is a line of; nil: of none
	Lines     []Link     // of a week's list, the best first; empty for everything else
	Listed    int        // how many lines the list has; Lines are the first of them
	Component string     // whose signals and problems it gathers; "": nobody's
	Andon     *Andon     // pulled and not stood down; nil: none
	Words     string     // the evidence in words: "1 incident, 12 complaints, 43 companies"
	Evidence  []Evidence
	Told      []ToldStep     // the latest step first
	Mails     int            // all of them
	History   []HistoryEntry // the latest first
	Earlier   []HistoryFold  // what went before History, the latest first
	Can       []string       // decisions its status allows, the likeliest first
	Form      DecisionForm
	Edit      CaseForm
	Opened    time.Time // when it was made
	Since     time.Time // when it came to its state; zero: with Opened
	Companies []string
	Trend     Trend
	// Timelines lead to what happened in each episode, the latest first; LookBack says that a retrospective was opened over one.
	Timelines []Timelined
	// Correlation is the id found in OpsItem and mails too.
	Correlation string
	// MoreEvidence leads to the rest when Evidence is cut; "" when it is whole.
	MoreEvidence string
	Voices       int // all evidence, listed or not
}

// Timelined is an episode with a timeline to look at.
type Timelined struct {
	Text     string // "Episode 2"
	Path     string
	LookBack time.Time // when its post-incident retrospective was opened; zero: none
}

// PastLife is an episode that is over.
type PastLife struct {
	N     int
	State State // it ended so
	At    time.Time
	Steps []Step
}

// CaseForm is the form that words, estimates and rates a case: as it stands, or as typed where it is refused.
type CaseForm struct {
	Title, Outcome, Effort       string
	Severity, Priority, Category string // "" and "0": nobody sets it
	Errors                       FieldErrors
}

// Level says where severity, priority and category come from; those in force stand beside the Score.
type Level struct {
	Unset [3]string // what each is as long as nobody sets it, and by what: "1, by the andon"
	// EvidenceSeverity and EvidencePriority are what the evidence says where another one is in force; else 0.
	EvidenceSeverity, EvidencePriority int
	By                                 []string // "severity 2 by ana": what somebody set
}

// OpsItem is the mirror in OpsCenter.
type OpsItem struct {
	ID       string
	Status   string // Open, InProgress, Resolved: as the console says
	Severity int    // there, where another one is in force here; else 0, and so Priority
	Priority int
	URL      string    // of the console; https, or a path without the base
	SyncedAt time.Time // when it was last changed there; zero: never
	Filed    time.Time
	Adopted  bool   // somebody else created it
	Earlier  []Link // OpsItems of earlier episodes
}

// Evidence is a piece of Feedback attached to an Improvement.
type Evidence struct {
	ID        string
	Kind      FeedbackKind
	Title     string
	Text      string
	Who       string // "" for anonymous
	Company   string
	At        time.Time
	Rating    int    // 0: none
	Count     int    // how often, for signals; 0 and 1 are not shown
	Source    string // of signals: "CloudWatch alarm"
	By        string // who attached it; "" for a rule
	Why       string // why it is here: "same alarm", "promoted"
	Removable bool
}

// ToldStep is what became of telling people one step.
type ToldStep struct {
	State   State
	Episode int
	At      time.Time // of the latest
	Sums    []ToldSum // how many ended how, the most first
	People  []Told
}

// ToldSum is how many messages had one outcome.
type ToldSum struct {
	N       int
	Outcome string
	Tone    Tone
}

// Told is one message to one person about this Improvement.
type Told struct {
	Who     string // masked address or name
	State   State  // what they were told
	How     string // "e-mail"
	Outcome string // sent, waiting, bounced, complained, stopped
	Tone    Tone
	At      time.Time
}

// HistoryEntry is one thing that happened to an Improvement.
type HistoryEntry struct {
	At    time.Time
	Who   string // a person, or the rule that did it
	What  string // "accepted", "attached 3 pieces of feedback"
	Words string // reason or note
	State State  // where that left it; "" when it did not move
	From  string // "console", "rule", "page": where it came from; may be empty
}

// HistoryFold is a part of a history that is read when it is opened.
type HistoryFold struct {
	Title   string // "Episode 1", "Earlier in episode 2"
	Entries []HistoryEntry
}

// Products is `/team/products`: the list, and a form to add one.
type Products struct {
	Items  []ProductState
	Budget *Budget
	Slug   string
	Name   string
	Errors FieldErrors
}

// Settings is `/team/products/{slug}`.
type Settings struct {
	Product   ProductRef
	Version   string
	About     string
	IsDefault bool   // takes the signals no rule claims
	Quotes    string // of customers in OpsItems: none, redacted
	Rules     []Rule
	Runbooks  []Runbook
	Parts     []Part // its components, a row each rule
	Cluster   string // minutes within which words about one component are about one cause, as typed
	Andon     string // people who file at once; "0": off
	Within    string // minutes within which they report
	Severity  int    // a signal of this severity (1-4) or a worse one is filed by itself; 0: off
	Band      int    // an Improvement that reaches this band (1-5) is filed by itself; 0: off
	DryRun    *DryRun
	// Recipients get the digest, one address each.
	Recipients []string
	Errors     FieldErrors // by FieldName: ruleSource.2 is row 2, from 0
	Changed    time.Time
	ChangedBy  string
	Budget     *Budget
}

// Budget is what of the budget for OpsItems, which all products share, is used.
type Budget struct {
	Month     time.Time // any time in it
	Filed     int       // in the month
	Limit     int       // of the month
	Dollars   float64   // where money is what makes the month's limit; else 0
	Folded    int       // in the month, into weekly lists
	Held      int       // waiting for room now
	Total     int       // ever filed, but for those known to be deleted
	Most      int       // that may ever be
	Shut      time.Time // until when OpsCenter itself takes no more; zero: it does
	OpsCenter string    // where OpsItems are listed; an https address, or without the base
}

// Rule says which signals are about the product. Empty parts match everything; * is a wildcard.
type Rule struct {
	Source, Account, Region, Resource, Name string
	Matches                                 int // in the last 30 days
}

// Runbook is one row of the runbook map: which signals, and what an operator may run then.
type Runbook struct{ Source, Account, Region, Resource, Name, Automation string }

// Part is a row of a component: its name, and one of its rules or none.
type Part struct {
	Component string
	Rule
}

// DryRun is what a band would have done over history.
type DryRun struct {
	Band    int              // 1-5
	Floor   float64          // the score it begins at
	Since   time.Time        // how far back the history goes; zero: all of it
	Count   int              // items it would have filed
	PerWeek float64          // 0: not said
	Items   []ImprovementRow // those of the highest scores
}

func (Improvement) template() string { return "improvement" }
func (Products) template() string    { return "products" }
func (Settings) template() string    { return "settings" }

func (Improvement) secret() bool { return false }
func (Products) secret() bool    { return false }
func (Settings) secret() bool    { return false }
