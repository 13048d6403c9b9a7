package score

import (
	"strings"

	"learningloop/internal/number"
)

// Words says the evidence as people would: "1 incident, 12 complaints, 43 companies". Whatever is not there is not said.
func (e Evidence) Words() string {
	// Evidence that was summed up before these were told apart has none of them.
	incidents := e.Incidents
	if incidents == 0 && e.Machines {
		incidents = 1
	}
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{
		{incidents, "incident", "incidents"},
		{e.Complaints, "complaint", "complaints"},
		{e.Count - e.Signals - e.Complaints, "other word", "other words"},
		{e.Companies, "company", "companies"},
	} {
		switch {
		case p.n == 1:
			parts = append(parts, "1 "+p.one)
		case p.n > 1:
			parts = append(parts, number.Thousands(p.n)+" "+p.many)
		}
	}
	if len(parts) == 0 {
		return "no evidence"
	}
	return strings.Join(parts, ", ")
}
