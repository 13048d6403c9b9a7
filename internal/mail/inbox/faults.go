package inbox

import "net/http"

// Fault is an error that SES answers.
type Fault struct {
	Status  int
	Type    string // AWS's exception
	Message string
}

// Errors of SES that can be had on demand.
var (
	Throttled = Fault{http.StatusTooManyRequests, "TooManyRequestsException", "Maximum sending rate exceeded."}
	OverQuota = Fault{http.StatusBadRequest, "LimitExceededException", "Daily message quota exceeded."}
	Rejected  = Fault{http.StatusBadRequest, "MessageRejected", "Message contains a virus."}
	Paused    = Fault{http.StatusBadRequest, "SendingPausedException", "Sending is paused for this account."}
	Suspended = Fault{http.StatusBadRequest, "AccountSuspendedException", "This account has been suspended."}
	Broken    = Fault{http.StatusInternalServerError, "InternalServiceErrorException", "Internal failure."}
)

// When says whether a fault comes instead of taking the mail or after it, when the answer is lost.
type When int

// The two times a call can fail.
const (
	Before When = iota // the mail is not taken
	After              // the mail is taken, and the sender does not learn of it
)

type plannedFault struct {
	fault Fault
	when  When
}

// FailNext makes the next n mails fail. Faults asked for in turn come in turn.
func (in *Inbox) FailNext(n int, f Fault, w When) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for range n {
		in.faults = append(in.faults, plannedFault{f, w})
	}
}

func (in *Inbox) nextFault() (plannedFault, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.faults) == 0 {
		return plannedFault{}, false
	}
	f := in.faults[0]
	in.faults = in.faults[1:]
	return f, true
}
