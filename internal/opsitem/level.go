package opsitem

import "strings"

// Level is how bad a thing is, how soon it is wanted, and what it concerns, in OpsCenter's words. A zero member is unset.
type Level struct {
	Severity int    `json:"severity,omitzero"` // 1 critical .. 4 low
	Priority int    `json:"priority,omitzero"` // 1 first .. 5
	Category string `json:"category,omitzero"` // one of Categories
}

// Categories are OpsCenter's (Systems Manager API reference, CreateOpsItem).
var Categories = []string{"Availability", "Cost", "Performance", "Recovery", "Security"}

// Beyond gives the members of l that are set and differ from those of other.
func (l Level) Beyond(other Level) Level {
	if l.Severity == other.Severity {
		l.Severity = 0
	}
	if l.Priority == other.Priority {
		l.Priority = 0
	}
	if l.Category == other.Category {
		l.Category = ""
	}
	return l
}

// With gives l with the members of other that are set.
func (l Level) With(other Level) Level {
	if other.Severity != 0 {
		l.Severity = other.Severity
	}
	if other.Priority != 0 {
		l.Priority = other.Priority
	}
	if other.Category != "" {
		l.Category = other.Category
	}
	return l
}

// Named says whether an ARN names what speaks (an alarm, a finding) and not what is spoken of: an OpsItem that somebody
// else files for the same one is about the same thing, while many things may be wrong with one instance.
func Named(arn string) bool {
	if !strings.HasPrefix(arn, "arn:") {
		return false
	}
	for _, part := range []string{":alarm:", "/finding/", ":finding/", ":anomaly", ":canary:"} {
		if strings.Contains(arn, part) {
			return true
		}
	}
	return false
}
