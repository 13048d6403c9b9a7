package score_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"learningloop/internal/score"
)

var now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func days(n float64) time.Duration { return time.Duration(n * 24 * float64(time.Hour)) }

// voices sums up what voices of weight 1, last heard some days ago, weigh together.
func voices(ages ...float64) (mass float64) {
	for _, a := range ages {
		mass += score.Mass(1, now.Add(-days(a)))
	}
	return mass
}

// The expected numbers are worked out by hand from DESIGN.md, "Priority".
func TestAt(t *testing.T) {
	tests := []struct {
		name   string
		e      score.Evidence
		effort float64
		want   score.Score
	}{
		{
			"nothing",
			score.Evidence{},
			0,
			score.Score{Total: 0, Parts: score.Parts{Reach: 0, Impact: 0, Confidence: 0.5, Effort: 1}, Priority: 5, Severity: 4, Why: "reach 0.00 x impact 0.0 x confidence 0.50 / effort 1"},
		},
		{
			// one company today: 1 x 2 x (0.5 + 0.5 x 1/(1+3.8416)) = 2 x 0.603272
			"one company today",
			score.Evidence{Count: 1, Voices: 1, Mass: voices(0), Impact: 2, People: true},
			0,
			score.Score{Total: 1.206543, Parts: score.Parts{Reach: 1, Impact: 2, Confidence: 0.603272, Effort: 1}, Priority: 5, Severity: 2, Why: "reach 1.00 x impact 2.0 x confidence 0.60 / effort 1"},
		},
		{
			// 30 days are half, 60 a quarter: reach 1.75; confidence 0.5 + 0.5 x 3/6.8416 = 0.719247; 1.75 x 3 x 0.719247 / 0.5
			"three companies, a month apart",
			score.Evidence{Count: 3, Voices: 3, Mass: voices(0, 30, 60), Impact: 3, People: true},
			0.5,
			score.Score{Total: 7.552093, Parts: score.Parts{Reach: 1.75, Impact: 3, Confidence: 0.719247, Effort: 0.5}, Priority: 4, Severity: 1, Why: "reach 1.75 x impact 3.0 x confidence 0.72 / effort 0.5"},
		},
		{
			// people and machines: as three voices more, 0.5 + 0.5 x 5/8.8416 = 0.782754; 2 x 1 x 0.782754 / 4
			"a machine says the same",
			score.Evidence{Count: 2, Signals: 1, Voices: 2, Mass: voices(0, 0), Impact: 1, People: true, Machines: true},
			4,
			score.Score{Total: 0.391377, Parts: score.Parts{Reach: 2, Impact: 1, Confidence: 0.782754, Effort: 4}, Priority: 5, Severity: 3, Why: "reach 2.00 x impact 1.0 x confidence 0.78 / effort 4"},
		},
		{
			// an estimate below nothing is none
			"anonymous",
			score.Evidence{Count: 1, Voices: 1, Mass: score.Mass(score.WeightAnonymous, now), Impact: 0.5, People: true},
			-1,
			score.Score{Total: 0.090491, Parts: score.Parts{Reach: 0.3, Impact: 0.5, Confidence: 0.603272, Effort: 1}, Priority: 5, Severity: 4, Why: "reach 0.30 x impact 0.5 x confidence 0.60 / effort 1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := score.At(tt.e, tt.effort, now)
			if d := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-6)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			p := got.Parts
			if product := p.Reach * p.Impact * p.Confidence / p.Effort; math.Abs(product-got.Total) > 1e-9 {
				t.Errorf("the parts give %g, the total is %g", product, got.Total)
			}
		})
	}
}

// A voice counts half after 30 days, a quarter after 60, whatever the day.
func TestDecay(t *testing.T) {
	e := score.Evidence{Voices: 1, Mass: score.Mass(1, now), Impact: 1}
	for _, tt := range []struct{ days, reach float64 }{{0, 1}, {30, 0.5}, {60, 0.25}, {15, math.Sqrt2 / 2}, {-30, 2}} {
		if got := score.At(e, 0, now.Add(days(tt.days))).Parts.Reach; math.Abs(got-tt.reach) > 1e-9 {
			t.Errorf("after %g days: reach %g, want %g", tt.days, got, tt.reach)
		}
	}
}

// The queue is kept in the order of Log. It must be the order of scores at any moment, or the queue would lie.
func TestOrderOfLogIsOrderOfScore(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	type item struct {
		e      score.Evidence
		effort float64
	}
	items := make([]item, 300)
	for i := range items {
		it := &items[i]
		it.effort = []float64{0, 0.5, 1, 3, 13}[rnd.IntN(5)]
		it.e.Impact = []float64{0, 0.5, 1, 1.5, 2, 3}[rnd.IntN(6)]
		it.e.People, it.e.Machines = rnd.IntN(2) == 0, rnd.IntN(2) == 0
		for range rnd.IntN(40) {
			it.e.Voices++
			it.e.Mass += score.Mass([]float64{1, 0.3}[rnd.IntN(2)], now.Add(-days(rnd.Float64()*700)))
		}
	}
	slices.SortFunc(items, func(a, b item) int { // by Log, highest first
		la, lb := score.Log(a.e, a.effort), score.Log(b.e, b.effort)
		switch {
		case la > lb:
			return -1
		case la < lb:
			return 1
		}
		return 0
	})
	for _, at := range []time.Time{now.AddDate(-2, 0, 0), now, now.AddDate(0, 0, 13), now.AddDate(1, 0, 0), now.AddDate(30, 0, 0)} {
		for i := 1; i < len(items); i++ {
			a, b := score.At(items[i-1].e, items[i-1].effort, at).Total, score.At(items[i].e, items[i].effort, at).Total
			if b > a*(1+1e-9) {
				t.Fatalf("at %s item %d scores %g, the one before it %g", at, i, b, a)
			}
		}
	}
}

func TestLogOfNothingIsLast(t *testing.T) {
	least := score.Log(score.Evidence{Voices: 1, Mass: score.Mass(score.WeightAnonymous, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)), Impact: 0.5}, 1e6)
	for name, e := range map[string]score.Evidence{"no reach": {Impact: 3}, "no impact": {Mass: 5, Voices: 5}, "nothing": {}} {
		if got := score.Log(e, 0); got >= least || math.IsInf(got, 0) || math.IsNaN(got) {
			t.Errorf("%s: %g, want a number below %g", name, got, least)
		}
	}
}

// Masses must last as long as the project can.
func TestMassLasts(t *testing.T) {
	for _, y := range []int{1970, 2025, 2055} {
		m := score.Mass(1, time.Date(y, 12, 31, 0, 0, 0, 0, time.UTC))
		// DynamoDB keeps numbers between 1E-130 and 9.9E+125.
		if m < 1e-130*1e120 && y >= 2025 || m > 9.9e125 || m <= 0 {
			t.Errorf("%d: %g", y, m)
		}
	}
}

func TestPriority(t *testing.T) {
	tests := []struct {
		total float64
		want  int
	}{
		{1e9, 1},
		{32, 1},
		{math.Nextafter(32, 0), 2},
		{16, 2},
		{math.Nextafter(16, 0), 3},
		{8, 3},
		{math.Nextafter(8, 0), 4},
		{4, 4},
		{math.Nextafter(4, 0), 5},
		{0, 5},
		{-1, 5},
		{math.NaN(), 5},
		{math.Inf(1), 1},
	}
	for _, tt := range tests {
		if got := score.Priority(tt.total); got != tt.want {
			t.Errorf("Priority(%g) = %d, want %d", tt.total, got, tt.want)
		}
	}
	for band := 1; band <= 4; band++ {
		floor := score.BandFloor(band)
		if score.Priority(floor) != band || score.Priority(math.Nextafter(floor, 0)) != band+1 {
			t.Errorf("the floor of band %d is %g", band, floor)
		}
	}
	for _, band := range []int{5, 0, -1, 6} {
		if got := score.BandFloor(band); got != 0 {
			t.Errorf("BandFloor(%d) = %g", band, got)
		}
	}
}

func TestSeverity(t *testing.T) {
	tests := []struct {
		impact float64
		want   int
	}{{3, 1}, {4, 1}, {2.99, 2}, {2, 2}, {1.99, 3}, {1, 3}, {0.99, 4}, {0.5, 4}, {0, 4}}
	for _, tt := range tests {
		if got := score.Severity(tt.impact); got != tt.want {
			t.Errorf("Severity(%g) = %d, want %d", tt.impact, got, tt.want)
		}
	}
	for sev := 1; sev <= 4; sev++ {
		if got := score.Severity(score.ImpactOfSeverity(sev)); got != sev {
			t.Errorf("severity %d comes back as %d", sev, got)
		}
	}
	for _, sev := range []int{0, 5, -1} {
		if got := score.ImpactOfSeverity(sev); got != 0.5 {
			t.Errorf("ImpactOfSeverity(%d) = %g", sev, got)
		}
	}
}

// Every voice more makes more confident, and none makes certain.
func TestConfidence(t *testing.T) {
	last := 0.0
	for n := range 1000 {
		c := score.Confidence(score.Evidence{Voices: n})
		if c <= last || c < 0.5 || c >= 1 {
			t.Fatalf("%d voices: %g after %g", n, c, last)
		}
		last = c
	}
	both := score.Confidence(score.Evidence{Voices: 2, People: true, Machines: true})
	if alone := score.Confidence(score.Evidence{Voices: 5, People: true}); both != alone {
		t.Errorf("people and machines: %g, want that of three voices more, %g", both, alone)
	}
}
