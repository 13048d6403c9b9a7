package signal

import (
	"encoding/json"
	"slices"
	"time"

	"learningloop/internal/fault"
)

// State is what a Signal says about the thing its Key names.
type State string

// The states; doc.go says which event has which.
const (
	Firing    State = "firing"    // something is wrong
	Recovered State = "recovered" // it is right again
	Info      State = "info"      // worth keeping, raises nothing
)

// Category is OpsCenter's vocabulary for what a Signal concerns.
type Category string

// The categories (Systems Manager API reference, CreateOpsItem).
const (
	Availability Category = "Availability"
	Cost         Category = "Cost"
	Performance  Category = "Performance"
	Recovery     Category = "Recovery"
	Security     Category = "Security"
)

// Limits of what a Signal carries, whatever the event held. Texts are cut on rune boundaries.
const (
	MaxEvent     = 1 << 20 // bytes of an event: EventBridge's limit on an entry
	MaxTitle     = 200     // runes
	MaxText      = 10_000  // runes, as for Feedback
	MaxName      = 300     // runes; alarm names have at most 255
	MaxKey       = 400     // bytes; leaves room for a prefix in OpsCenter's 512 for a deduplication string
	MaxResources = 100     // as OpsCenter has it
	MaxResource  = 1_600   // bytes; what is longer is no ARN and left out
	MaxLink      = 2_000   // bytes; a longer one is left out, because half a link leads astray
)

// Signal is one word of a machine about something.
type Signal struct {
	ID         string    `json:"id"`                   // of this one word: the same event twice has the same; 26 characters
	Key        string    `json:"key"`                  // of what it is about: "alarm/111122223333/us-east-1/search-latency"
	EventID    string    `json:"eventId"`              // EventBridge's id; not unique, see doc.go
	Source     string    `json:"source"`               // "aws.cloudwatch"
	DetailType string    `json:"detailType"`           // "CloudWatch Alarm State Change"
	Account    string    `json:"account"`              // the AWS account it happened in, which need not be the one that sent it
	Region     string    `json:"region"`               // the Region it happened in, likewise
	Time       time.Time `json:"time"`                 // when it happened, UTC
	Name       string    `json:"name"`                 // alarm, pipeline, application ...: what a product's name pattern matches
	Title      string    `json:"title"`                // one line, a sentence a person would say
	Text       string    `json:"text,omitempty"`       // plain text; hostile, so renderers escape it
	State      State     `json:"state"`                // Firing, Recovered or Info
	Severity   int       `json:"severity"`             // 1 critical .. 4 low
	Category   Category  `json:"category"`             // OpsCenter's
	Resources  []string  `json:"resources,omitempty"`  // ARNs first, then plain ids; each once
	Release    string    `json:"release,omitempty"`    // what went out or failed to: deployment, execution, configuration
	Link       string    `json:"link,omitempty"`       // https link into the AWS console
	Suppressed string    `json:"suppressed,omitempty"` // why AWS held the alarm's own actions back: "WaitPeriod: ..."
}

// Launch says whether the signal marks that a release went out.
func (s Signal) Launch() bool { return s.State == Info && s.Release != "" }

// Ends says whether the signal ends an open episode of its Key: it recovered, or a release went out where one failed.
func (s Signal) Ends() bool { return s.State == Recovered || s.Launch() }

// Parsed is what an event turned out to be: exactly one of Signal, Feedback and Ignore is set where Parse gave no error.
// The other fields are set as far as the event could be read, error or not, so that a set-aside event can be shown.
type Parsed struct {
	ID         string // deterministic: the Signal's, or one of the event; of the bytes where there is no event
	EventID    string
	Source     string
	DetailType string
	Time       time.Time

	Signal   *Signal
	Feedback json.RawMessage // a JSON object: the body of POST /v1/feedback, not validated
	Ignore   Reason
}

// Reason is why an event that is understood is not kept.
type Reason string

// The reasons.
const (
	ReasonConfiguration    Reason = "alarm_configuration_change" // somebody edited the alarm
	ReasonInsufficientData Reason = "alarm_insufficient_data"    // nothing was measured; see doc.go
	ReasonNeverFired       Reason = "alarm_never_fired"          // OK after OK
	ReasonInProgress       Reason = "in_progress"                // started, resumed, stopping, baking: the end will be told
	ReasonStepDone         Reason = "step_succeeded"             // a stage, an action, an instance: the whole will be told
	ReasonByHand           Reason = "ended_by_hand"              // stopped, cancelled, abandoned or superseded on purpose
	ReasonCanaryStatus     Reason = "canary_status_change"       // created, updated, started or stopped, not in error
	ReasonCompliant        Reason = "never_noncompliant"         // compliant, and was not non-compliant before
	ReasonNotEvaluated     Reason = "not_evaluated"              // the rule does not apply or lacks data
	ReasonOpsItem          Reason = "ops_item"                   // for the opsitems function
	ReasonOwnWord          Reason = "own_event"                  // the loop told it itself: it is no news to it
	ReasonSchedule         Reason = "scheduled_event"            // a timer's tick
	ReasonNothingOpen      Reason = "nothing_open"               // Weigh: it ends an episode that is not open
)

// repeating are the sources whose recoveries come again and again, whatever was before: a test that passes every minute, a
// build, a check that is imported anew each day.
var repeating = []string{"aws.synthetics", "aws.codebuild", "aws.securityhub"}

// Weigh decides whether a Signal is worth keeping, given whether an episode of its Key is open: "" to keep it. A recovery
// of a repeating source that ends nothing would only fill the store, and where it overtook its failure the next one ends
// that. Any other is said once, and may be what a failure that is still under way waits for.
func Weigh(s Signal, open bool) Reason {
	if s.State == Recovered && !open && slices.Contains(repeating, s.Source) {
		return ReasonNothingOpen
	}
	return ""
}

// ErrUnknown says that nobody understands the event: its kind, or a state its kind has grown since. Parse wraps it with
// what it was; errors.Is finds it.
var ErrUnknown error = fault.New(fault.Invalid, "unknown_event", "Nobody here understands this event yet.")
