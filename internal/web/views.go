package web

import "time"

// View is one page's model. Only the types of this package are views.
type View interface {
	// template is the name of the file that lays the view out.
	template() string
	// secret says that the page's own address is a credential: it is then never sent on as a referrer.
	secret() bool
}

// Shell is what stands around every page: who is looking, at which product, and what just happened.
type Shell struct {
	Title    string       // of the document and of bookmarks; "" takes the view's own
	User     *User        // nil: nobody is signed in, the header offers it on team pages
	Product  *ProductRef  // the product the page is about; nil takes the view's own
	Products []ProductRef // those the user may switch to; customers' pages need none
	Section  Section      // which entry of the navigation is this page; "" takes the view's own
	SetAside int          // shown beside its navigation entry when not zero
	Muted    int          // windows that last now; likewise
	Local    bool         // `make run`: the header links to /_local/
	Notices  []Notice     // said once, above the page
	Path     string       // the page's own path and query without the base: where sign-in and forms come back to
}

// User is who is signed in.
type User struct {
	Name  string // as the header shows it
	Admin bool   // may see the log and the settings
}

// ProductRef names a product.
type ProductRef struct{ Slug, Name string }

// Section is an entry of the team's navigation.
type Section string

// The sections. SectionNone is for customers' pages, which have no navigation.
const (
	SectionNone         Section = ""
	SectionTeam         Section = "team"
	SectionQueue        Section = "queue"
	SectionImprovements Section = "improvements"
	SectionMutes        Section = "mutes"
	SectionSetAside     Section = "set-aside"
	SectionMetrics      Section = "metrics"
	SectionDigests      Section = "digests"
	SectionLog          Section = "log"
	SectionProducts     Section = "products"
	SectionLocal        Section = "local"
)

// Tone colours a notice, a number or a fault; a word or a shape always says the same.
type Tone string

// The tones. ToneNone is ink on paper.
const (
	ToneNone Tone = ""
	ToneGood Tone = "good"
	ToneBad  Tone = "bad"
	ToneWarn Tone = "warn"
)

// Notice says what just happened, with its undo where there is one.
type Notice struct {
	Tone Tone
	Text string
	Undo *Post // nil: cannot be undone, or need not be
}

// Post is a button that posts a form.
type Post struct {
	Label  string // what the button says
	Path   string // without the base
	Fields []Field
}

// Field is one hidden name and value of a Post.
type Field struct{ Name, Value string }

// FieldErrors says what is wrong with a form, by field name; "" is the form as a whole. Each text says how to mend it.
type FieldErrors map[string]string

// State is where an Improvement, or a customer's Feedback, stands. A pill shows it as a word and a shape.
type State string

// The states: the seven of an Improvement, and the two that Feedback has besides.
const (
	StateReceived   State = "received"
	StateWithdrawn  State = "withdrawn"
	StateProposed   State = "proposed"
	StateAccepted   State = "accepted"
	StatePlanned    State = "planned"
	StateInProgress State = "inProgress"
	StateShipped    State = "shipped"
	StateValidated  State = "validated"
	StateDeclined   State = "declined"
)

// FeedbackKind is what sort of thing was said.
type FeedbackKind string

// The kinds. People send the first four; machines the fifth.
const (
	KindProblem  FeedbackKind = "problem"
	KindIdea     FeedbackKind = "idea"
	KindPraise   FeedbackKind = "praise"
	KindQuestion FeedbackKind = "question"
	KindSignal   FeedbackKind = "signal"
	KindSurvey   FeedbackKind = "survey"
)

// StepPhase says whether a step of a status line is behind, here, or ahead.
type StepPhase int

// The phases.
const (
	StepDone StepPhase = iota
	StepNow
	StepAhead
)

// Step is one stop on a status line.
type Step struct {
	State State
	Phase StepPhase
	Label string    // "" takes the state's word
	At    time.Time // when it was reached, or for a step ahead when it is promised; zero: unknown
	By    string    // who moved it; "" where that is nobody's business
	Words string    // what the people said about it: the reason, the plan; "" for nothing
}

// Score is a number and where it comes from.
type Score struct {
	Total    float64
	Priority int         // 1-5, the band; 0: not shown
	Severity int         // 1-4; 0: not shown
	Parts    []ScorePart // in the order of the formula
	Override string      // why a person set the score by hand; "" where nobody did
}

// ScorePart is one factor of a score.
type ScorePart struct {
	Name  string  // "reach"
	Value float64 // as it goes into the formula
	Share float64 // 0-1: how much of what this factor can give it gives; the length of its piece of the bar
	Why   string  // "7 companies, the latest 2 days ago"
}

// Trend is how often something is said, week by week.
type Trend struct {
	Weeks []int // oldest first; the last one is the running week
	// Words is what a reader may conclude: "3 this week, 1 to 2 before". An arrow is drawn only when Tone is set, which is
	// when the change is beyond noise.
	Words string
	Tone  Tone
}

// Pager leads through a list by cursors. Paths are without the base, "" where there is no such page.
type Pager struct {
	First string
	Next  string
	Shown int // items on this page
	Total int // 0: not known
}

// Link is a word that leads somewhere. Path is without the base; an absolute https address leaves the site.
type Link struct{ Text, Path string }
