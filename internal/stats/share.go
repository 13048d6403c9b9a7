package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Share is K of N.
type Share struct{ K, N int64 }

func (s Share) known() bool { return s.N > 0 && s.K >= 0 && s.K <= s.N }

// Value is K/N; NaN where N is 0.
func (s Share) Value() float64 {
	if !s.known() {
		return math.NaN()
	}
	return float64(s.K) / float64(s.N)
}

// Wilson is the interval of a share by Wilson's score, without continuity correction: with z the quantile of the normal
// distribution at (1+level)/2, (k + z²/2 ± z * sqrt(k(n-k)/n + z²/4)) / (n + z²) (Wilson, JASA 22, 1927).
func Wilson(s Share, level float64) Interval {
	if !s.known() || !(level > 0 && level < 1) {
		return Interval{0, 1}
	}
	k, n := float64(s.K), float64(s.N)
	z := mathext.NormalQuantile((1 + level) / 2)
	mid, half := k+z*z/2, z*math.Sqrt(k*(n-k)/n+z*z/4)
	i := Interval{(mid - half) / (n + z*z), (mid + half) / (n + z*z)}
	// The ends are 0 and 1 exactly where all or none agree; rounding must not leave them a hair inside or outside.
	if s.K == 0 {
		i.Low = 0
	}
	if s.K == s.N {
		i.High = 1
	}
	return i
}

// Difference is how far one share is from another, by Newcombe's hybrid score method without continuity correction
// (Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17, 1998,
// method 10): with d = a - b and (l, u) Wilson's intervals of each,
// (d - sqrt((a-la)² + (ub-b)²), d + sqrt((ua-a)² + (b-lb)²)). The estimate is NaN where either is unknown.
func Difference(a, b Share, level float64) (estimate float64, i Interval) {
	if !a.known() || !b.known() || !(level > 0 && level < 1) {
		return math.NaN(), Interval{-1, 1}
	}
	wa, wb := Wilson(a, level), Wilson(b, level)
	pa, pb := a.Value(), b.Value()
	d := pa - pb
	return d, Interval{
		max(-1, d-math.Hypot(pa-wa.Low, wb.High-pb)),
		min(1, d+math.Hypot(wa.High-pa, pb-wb.Low)),
	}
}
