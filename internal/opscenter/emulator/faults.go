package emulator

import (
	"sync"
	"time"
)

// Any stands for every operation where one is named.
const Any = ""

// Fault is one way for a request to go wrong. The zero value answers InternalServerError without having done anything.
type Fault struct {
	Code    string // "__type" of the answer; "InternalServerError"
	Status  int    // HTTP status; 500 for InternalServerError, else 400
	Message string
	Members map[string]any // the exception's further members, by the model's names: "OpsItemId". Those of
	// OpsItemLimitExceededException are the month's quota where none are given
	After bool // carry the request out and answer the error all the same, as a lost answer looks
	Drop  bool // cut the connection instead of answering
}

const limitExceeded = "OpsItemLimitExceededException"

// The faults that AWS shows most.
var (
	throttled = Fault{Code: "ThrottlingException", Message: "Rate exceeded"}
	overQuota = Fault{Code: limitExceeded, Message: "The account has reached its limit."}
)

// Faults makes an emulator fail on demand, for the tests of those who call it. The methods are safe for concurrent use.
// A fault strikes requests that arrive after it was set; edits from the console are spared, and so is what is below
// ControlPath. /_opscenter/faults sets them from outside of the process.
type Faults struct {
	mu      sync.Mutex
	next    []planned
	down    bool
	latency map[string]time.Duration
	lose    int
	repeat  int
}

type planned struct {
	op    string
	left  int // negative: until Clear
	fault Fault
}

// FailNext lets the next n requests for an operation ("CreateOpsItem", or Any) go wrong; n < 0: all until Clear.
func (f *Faults) FailNext(op string, n int, fault Fault) {
	if n == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = append(f.next, planned{op, n, fault})
}

// Throttle answers the next n requests for an operation, or Any, with ThrottlingException; n < 0: all until Clear.
func (f *Faults) Throttle(op string, n int) {
	f.FailNext(op, n, throttled)
}

// OverQuota answers the next n CreateOpsItem with OpsItemLimitExceededException; n < 0: all until Clear.
func (f *Faults) OverQuota(n int) {
	f.FailNext("CreateOpsItem", n, overQuota)
}

// Down cuts every connection while it is true.
func (f *Faults) Down(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// Latency delays every request for an operation, or Any, by d; 0 ends it.
func (f *Faults) Latency(op string, d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.latency == nil {
		f.latency = map[string]time.Duration{}
	}
	f.latency[op] = d
}

// LoseEvents loses the next n EventBridge events.
func (f *Faults) LoseEvents(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lose += n
}

// RepeatEvents delivers the next n EventBridge events twice.
func (f *Faults) RepeatEvents(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.repeat += n
}

// Clear ends all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next, f.down, f.latency, f.lose, f.repeat = nil, false, nil, 0, 0
}

// strike says what goes wrong with a request for op, if anything, and how long it takes before.
func (f *Faults) strike(op string) (fault *Fault, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delay = f.latency[op] + f.latency[Any]
	if f.down {
		return &Fault{Drop: true}, delay
	}
	for i := range f.next {
		p := &f.next[i]
		if p.op != Any && p.op != op {
			continue
		}
		fault := p.fault
		if p.left--; p.left == 0 {
			f.next = append(f.next[:i:i], f.next[i+1:]...)
		}
		return &fault, delay
	}
	return nil, delay
}

// copies says how often the next event is delivered.
func (f *Faults) copies() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.lose > 0:
		f.lose--
		return 0
	case f.repeat > 0:
		f.repeat--
		return 2
	}
	return 1
}

// struck is what a fault answers.
func (e *Emulator) struck(f *Fault) *Error {
	err := &Error{Code: f.Code, Status: f.Status, Message: f.Message, Members: f.Members}
	if err.Code == "" {
		err.Code = "InternalServerError"
	}
	if err.Status == 0 {
		err.Status = 400
		if err.Code == "InternalServerError" {
			err.Status = 500
		}
	}
	if err.Code == limitExceeded && err.Members == nil {
		err.Members = e.overMonth().Members
	}
	return err
}
