package web

import "time"

// LocalIndex is `/_local/`: the whole loop as one picture, for who tries it.
type LocalIndex struct {
	Parts     []LoopPart // the nine, in the order of LoopParts; missing ones are drawn without a count
	Try       []Try      // three
	Schedules []Schedule
	Places    []Link // inbox, OpsCenter console, metrics ...
	AWS       string // address of the AWS endpoint for SDKs and the CLI
	DataDir   string
	Version   string
}

// LoopPart is one part of the loop with its live count.
type LoopPart struct {
	Key   string // see LoopParts
	Count int
	Unit  string // "waiting", "sent"
	Path  string // without the base
	Fault string // what is wrong here, or ""
}

// LoopParts are the keys of the nine parts, in order.
var LoopParts = []string{
	"received", "triaged", "decided", "filed", "worked", "told", "validated", "reflected", "reported",
}

// Try is something to try: a link, a button, or a command to copy.
type Try struct {
	Title   string
	Text    string
	Link    *Link
	Post    *Post
	Command string
	Done    bool
}

// Schedule is a schedule that can be run by hand.
type Schedule struct {
	Name  string
	Every string // "every 5 minutes"
	Last  time.Time
	Next  time.Time
	Path  string // to post to, without the base
}

func (LocalIndex) template() string { return "local_index" }
func (LocalIndex) secret() bool     { return false }
