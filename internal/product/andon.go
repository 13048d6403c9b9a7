package product

import (
	"time"

	"learningloop/internal/fault"
)

// Andon says how many people, speaking of problems at about the same time, need wait for nobody: then what they speak of
// is filed at once with severity 1.
type Andon struct {
	People  int `json:"people"`  // distinct persons who report a problem; 0: off
	Minutes int `json:"minutes"` // within which
}

// MaxAndon is the largest number of people an andon may wait for: so many are kept with it.
const MaxAndon = 50

// AndonSettings is what staff may set of an Andon; nil leaves as it is.
type AndonSettings struct {
	People  *int `json:"people"`
	Minutes *int `json:"minutes"`
}

// On says whether people can pull it.
func (a Andon) On() bool { return a.People > 0 }

// Window is within which time they have to.
func (a Andon) Window() time.Duration { return minutes(a.Minutes) }

// Watched says whether a person's problem may be gathered with others by rule. Where it is not, looking costs nothing.
func (p Product) Watched() bool { return len(p.Components) > 0 || p.Andon.On() }

func (p *Product) setAndon(s AndonSettings) (bad []fault.Field) {
	if s.People != nil {
		if p.Andon.People = *s.People; *s.People != 0 && (*s.People < 2 || *s.People > MaxAndon) {
			bad = append(bad, fault.Field{Pointer: "/andon/people", Detail: "must be 2 to 50, or 0 for off"})
		}
	}
	if s.Minutes != nil {
		if p.Andon.Minutes = *s.Minutes; *s.Minutes < 1 || *s.Minutes > maxMinutes {
			bad = append(bad, fault.Field{Pointer: "/andon/minutes", Detail: "must be 1 to 1,440"})
		}
	}
	return bad
}
