package product

import (
	"fmt"
	"regexp"
	"slices"

	"learningloop/internal/fault"
	"learningloop/internal/signal"
)

// Runbook is what an operator may run when a signal that Match takes fires: an Automation document.
type Runbook struct {
	Match      signal.Rule `json:"match"`
	Automation string      `json:"automation"` // name or ARN of the document
}

// Runbooks is a product's runbook map.
type Runbooks []Runbook

// MaxRunbooks bounds the map of a product.
const MaxRunbooks = 50

// An Automation document's name (API_CreateDocument: 3 to 128 characters of these), or its ARN. A shared document is known
// by its ARN, and AWS's own by name.
var automationForm = regexp.MustCompile(`^([A-Za-z0-9_.-]{3,128}|arn:aws[a-z-]*:ssm:[a-z0-9-]{0,30}:[0-9]{0,12}:(document|automation-definition)/[A-Za-z0-9_./:$-]{3,160})$`)

// For gives the documents for a signal, in the order of the map, each once.
func (r Runbooks) For(s signal.Signal) []string {
	var out []string
	for _, b := range r {
		if b.Match.Matches(s) && !slices.Contains(out, b.Automation) {
			out = append(out, b.Automation)
		}
	}
	return out
}

func (r Runbooks) check() (bad []fault.Field) {
	if len(r) > MaxRunbooks {
		bad = append(bad, fault.Field{Pointer: "/runbooks", Detail: fmt.Sprintf("must be at most %d", MaxRunbooks)})
	}
	for i, b := range r {
		for _, f := range signal.CheckRules("/match", []signal.Rule{b.Match}) {
			f.Pointer = fmt.Sprintf("/runbooks/%d/match%s", i, f.Pointer[len("/match/0"):])
			bad = append(bad, f)
		}
		if !automationForm.MatchString(b.Automation) {
			bad = append(bad, fault.Field{
				Pointer: fmt.Sprintf("/runbooks/%d/automation", i),
				Detail:  "must be the name of an Automation document, like AWS-RestartEC2Instance, or its ARN",
			})
		}
	}
	return bad
}
