package demo

import "learningloop/internal/improvement"

// plan is what becomes of a theme.
type plan struct {
	title, outcome string
	share          float64 // of what people say, that is attached in reviews; the rest stays in the queue
	moves          []move
}

// move is one step of a plan, at a time of the history.
type move struct {
	week, day, hour int // from the first Monday; day 0 is Monday
	verb            improvement.Verb
	who             string // a member of staff
	reason, owner   string
	due             int // days after the first Monday; 0: none
	effort          float64
	release         string
	kind            improvement.DeclineKind
	revisit         int    // days after the first Monday; 0: none
	ops             string // inConsole: the status that an operator sets
}

// What moves do, beside improvement's own verbs.
const (
	propose   improvement.Verb = "propose"   // make an Improvement of what was said so far
	inConsole improvement.Verb = "inConsole" // an operator sets a status in OpsCenter

	accept   = improvement.Accept
	planned  = improvement.Plan
	start    = improvement.Start
	shipped  = improvement.Ship
	declined = improvement.Reject
	reopened = improvement.Reopen
)
