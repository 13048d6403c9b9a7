package emulator

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// faultPlan is all faults that are set, as GET and PUT of /_opscenter/faults have them. DELETE clears them.
type faultPlan struct {
	Next         []nextFault       `json:"next"`
	Down         bool              `json:"down"`    // cut every connection to AWS's endpoint
	Latency      map[string]string `json:"latency"` // operation, or * for any -> a Go duration
	LoseEvents   int               `json:"loseEvents"`
	RepeatEvents int               `json:"repeatEvents"`
}

// nextFault is one way for the next requests to go wrong.
type nextFault struct {
	Operation string         `json:"operation"` // "CreateOpsItem", or * for any
	Count     *int           `json:"count"`     // 1 where absent; -1: all until the faults are cleared
	Kind      string         `json:"kind,omitempty"`
	Code      string         `json:"code,omitempty"`
	Status    int            `json:"status,omitempty"`
	Message   string         `json:"message,omitempty"`
	Members   map[string]any `json:"members,omitempty"` // further ones of the exception that code names
	After     bool           `json:"after,omitempty"`
	Drop      bool           `json:"drop,omitempty"`
}

// faultKinds save writing out the usual ones.
var faultKinds = map[string]Fault{"": {}, "error": {}, "throttle": throttled, "overQuota": overQuota, "drop": {Drop: true}}

const (
	anyOperation = "*"
	maxLatency   = 10 * time.Minute
	maxFaults    = 1000
)

var codeForm = regexp.MustCompile(`^[A-Za-z]{0,128}$`)

func (e *Emulator) getFaults(w http.ResponseWriter, _ *http.Request) {
	e.reply(w, e.faults.plan(), nil)
}

func (e *Emulator) putFaults(w http.ResponseWriter, r *http.Request) {
	var in faultPlan
	err := readOrder(w, r, &in)
	if err == nil {
		err = e.faults.follow(in, e.model)
	}
	e.reply(w, e.faults.plan(), err)
}

func (e *Emulator) deleteFaults(w http.ResponseWriter, r *http.Request) {
	e.faults.Clear()
	e.getFaults(w, r)
}

// plan gives what is still to strike.
func (f *Faults) plan() faultPlan {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := faultPlan{Next: []nextFault{}, Down: f.down, Latency: map[string]string{}, LoseEvents: f.lose, RepeatEvents: f.repeat}
	for _, p := range f.next {
		left := p.left
		out.Next = append(out.Next, nextFault{
			Operation: operationText(p.op), Count: &left,
			Code: p.fault.Code, Status: p.fault.Status, Message: p.fault.Message, Members: p.fault.Members,
			After: p.fault.After, Drop: p.fault.Drop,
		})
	}
	for op, d := range f.latency {
		if d > 0 {
			out.Latency[operationText(op)] = d.String()
		}
	}
	return out
}

func operationText(op string) string {
	if op == Any {
		return anyOperation
	}
	return op
}

// follow puts a plan in the place of all faults there are, or nothing where it is wrong.
func (f *Faults) follow(plan faultPlan, m *model) *Error {
	if len(plan.Next) > maxFaults {
		return errField("next", "can have %d entries", maxFaults)
	}
	next := make([]planned, len(plan.Next))
	for i, n := range plan.Next {
		p, err := n.read("next["+strconv.Itoa(i)+"].", m)
		if err != nil {
			return err
		}
		next[i] = p
	}
	latency := map[string]time.Duration{}
	for _, name := range slices.Sorted(maps.Keys(plan.Latency)) {
		op, err := readOperation("latency."+name, name)
		if err != nil {
			return err
		}
		d, perr := time.ParseDuration(plan.Latency[name])
		if perr != nil || d < 0 || d > maxLatency {
			return errField("latency."+name, "must be a duration such as 250ms, at most %s", maxLatency)
		}
		latency[op] = d
	}
	for name, n := range map[string]int{"loseEvents": plan.LoseEvents, "repeatEvents": plan.RepeatEvents} {
		if n < 0 {
			return errField(name, "must not be negative")
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next, f.down, f.latency, f.lose, f.repeat = next, plan.Down, latency, plan.LoseEvents, plan.RepeatEvents
	return nil
}

func (n nextFault) read(field string, m *model) (planned, *Error) {
	op, err := readOperation(field+"operation", n.Operation)
	if err != nil {
		return planned{}, err
	}
	fault, ok := faultKinds[n.Kind]
	if !ok {
		return planned{}, errField(field+"kind", "must be one of error, throttle, overQuota and drop")
	}
	left := 1
	if n.Count != nil {
		left = *n.Count
	}
	switch {
	case left == 0 || left < -1:
		return planned{}, errField(field+"count", "must be 1 or more, or -1 for all until the faults are cleared")
	case n.Status != 0 && (n.Status < 400 || n.Status > 599):
		return planned{}, errField(field+"status", "must be from 400 to 599")
	case !codeForm.MatchString(n.Code):
		return planned{}, errField(field+"code", "must have letters only")
	}
	if n.Code != "" {
		fault.Code = n.Code
	}
	if n.Status != 0 {
		fault.Status = n.Status
	}
	if n.Message != "" {
		fault.Message = n.Message
	}
	if err := checkMembers(field, m.Shapes[fault.Code], n.Members); err != nil {
		return planned{}, err
	}
	fault.Members = n.Members
	fault.After, fault.Drop = n.After, fault.Drop || n.Drop
	return planned{op, left, fault}, nil
}

// checkMembers holds the members of a fault to the exception's shape: an SDK would not read others.
func checkMembers(field string, s *shape, members map[string]any) *Error {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if s == nil || !s.Exception || s.Members[name] == nil || name == "Message" {
			return errField(field+"members."+name, "is no member of the exception; code says which one it is, and message what it says")
		}
	}
	if len(members) > 0 {
		if err := check(s, members); err != nil {
			return errField(field+"members", "does not fit: %s", err.Message)
		}
	}
	return nil
}

func readOperation(field, name string) (string, *Error) {
	if name == anyOperation {
		return Any, nil
	}
	if _, ok := operations[name]; !ok {
		return "", errField(field, "must be an operation such as CreateOpsItem, or * for any")
	}
	return name, nil
}
