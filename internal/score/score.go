// Package score puts the queue in order: score = reach x impact x confidence / effort, with every part shown.
//
// Reach is the sum over distinct voices of weight x 2^(-age of its latest word / 30 days). Kept as a mass, the sum of
// weight x 2^(time since the epoch below / 30 days), it needs no recomputation as time goes by: every reach decays by the
// same factor, so the order of logarithms never changes by age alone.
package score

import (
	"fmt"
	"math"
	"time"
)

// HalfLife is the age at which a voice counts half.
const HalfLife = 30 * 24 * time.Hour

// epoch is where masses count from. A float64 holds 2^1023, so masses last for some 80 years from here.
var epoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// Weights of voices (DESIGN: "Reach").
const (
	WeightCompany   = 1.0
	WeightPerson    = 1.0
	WeightMachine   = 1.0
	WeightAnonymous = 0.3
)

// Mass is what one voice of a weight, last heard at t, adds to a reach.
func Mass(weight float64, t time.Time) float64 {
	return weight * math.Exp2(float64(t.Sub(epoch))/float64(HalfLife))
}

// Evidence is what an item's score is made of, summed up as Feedback is attached.
type Evidence struct {
	Count    int     `json:"count"`    // pieces of Feedback
	Signals  int     `json:"signals"`  // of them from machines
	Voices   int     `json:"voices"`   // distinct companies, people and machines
	Mass     float64 `json:"mass"`     // sum of Mass over voices
	Impact   float64 `json:"impact"`   // 0..3, the highest of any piece
	People   bool    `json:"people"`   // at least one piece comes from a person
	Machines bool    `json:"machines"` // at least one piece comes from a machine

	Incidents  int `json:"incidents"`  // distinct alarms and the like that fired
	Complaints int `json:"complaints"` // problems that people reported
	Companies  int `json:"companies"`  // distinct companies
}

// Parts are the factors of a score at one moment.
type Parts struct {
	Reach      float64 `json:"reach"`
	Impact     float64 `json:"impact"`
	Confidence float64 `json:"confidence"`
	Effort     float64 `json:"effort"`
}

// Score is a total with the parts it is the product of, and what follows from it.
type Score struct {
	Total    float64 `json:"total"`
	Parts    Parts   `json:"parts"`
	Priority int     `json:"priority"` // 1..5, as in OpsCenter
	Severity int     `json:"severity"` // 1..4, as in OpsCenter
	Why      string  `json:"why"`      // the sum in words
}

// Confidence is 0.5..1: the lower bound of the 95 % Wilson interval when all of n voices agree, n/(n+z^2) with z = 1.96,
// on the upper half of the scale. People and machines saying the same count as three voices more.
func Confidence(e Evidence) float64 {
	n := float64(e.Voices)
	if e.People && e.Machines {
		n += 3
	}
	const z2 = 1.96 * 1.96
	return 0.5 + 0.5*n/(n+z2)
}

// Effort is a person's estimate, 1 where there is none.
func effort(estimate float64) float64 {
	if estimate <= 0 {
		return 1
	}
	return estimate
}

// At is the score at a moment. effort is a person's estimate in any unit used throughout a product; 0 is 1.
func At(e Evidence, estimate float64, now time.Time) Score {
	p := Parts{Impact: e.Impact, Confidence: Confidence(e), Effort: effort(estimate)}
	if e.Mass > 0 {
		p.Reach = e.Mass / Mass(1, now)
	}
	s := Score{Total: p.Reach * p.Impact * p.Confidence / p.Effort, Parts: p, Severity: Severity(p.Impact)}
	s.Priority = Priority(s.Total)
	s.Why = fmt.Sprintf("reach %.2f x impact %.1f x confidence %.2f / effort %g", p.Reach, p.Impact, p.Confidence, p.Effort)
	return s
}

// Log is the base-2 logarithm of the score without its decay: two items compare by it at any time. Nothing to rank (no
// reach or no impact) is the smallest number.
func Log(e Evidence, estimate float64) float64 {
	if e.Mass <= 0 || e.Impact <= 0 {
		return -math.MaxFloat64
	}
	return math.Log2(e.Mass) + math.Log2(e.Impact) + math.Log2(Confidence(e)) - math.Log2(effort(estimate))
}

// Priority is the band of a total: >= 32 is 1, 16 is 2, 8 is 3, 4 is 4, else 5.
func Priority(total float64) int {
	for i, least := range []float64{32, 16, 8, 4} {
		if total >= least {
			return i + 1
		}
	}
	return 5
}

// BandFloor is the lowest total of a band 1..5.
func BandFloor(priority int) float64 {
	if priority < 1 || priority > 4 {
		return 0
	}
	return math.Exp2(float64(6 - priority))
}

// Severity 1..4 follows from impact.
func Severity(impact float64) int {
	switch {
	case impact >= 3:
		return 1
	case impact >= 2:
		return 2
	case impact >= 1:
		return 3
	default:
		return 4
	}
}

// ImpactOfSeverity is the impact of a machine's word: 3, 2, 1, 0.5 for severities 1 to 4.
func ImpactOfSeverity(severity int) float64 {
	switch severity {
	case 1:
		return 3
	case 2:
		return 2
	case 3:
		return 1
	default:
		return 0.5
	}
}
