package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Rate is events counted over an exposure in any unit, the same for all that are compared: hours, say.
type Rate struct {
	N        int64
	Exposure float64
}

// Ratio is how many times as high one rate is as another.
type Ratio struct {
	Estimate float64 // NaN where neither counted anything, +Inf where only the second did not
	Interval
	P float64 // two-sided, of the two rates being one; it is below 1-level exactly where the Interval does not hold 1
}

// RateRatio compares the rate a with the rate b, exactly. Given the sum n = a.N + b.N of two independent Poisson counts,
// a.N is binomial with p = r*ta / (r*ta + tb), where r is the ratio of the rates and t the exposures (Przyborowski and
// Wilenski, Biometrika 31, 1940). The interval is that of Clopper and Pearson for p, carried over to r = p/(1-p) * tb/ta;
// P is twice the smaller tail, at most 1.
func RateRatio(a, b Rate, level float64) Ratio {
	nothing := Ratio{Estimate: math.NaN(), Interval: Interval{0, math.Inf(1)}, P: 1}
	n := a.N + b.N
	if a.N < 0 || b.N < 0 || n == 0 || !(a.Exposure > 0) || !(b.Exposure > 0) || !(level > 0 && level < 1) {
		return nothing
	}
	scale := b.Exposure / a.Exposure
	ratio := func(p float64) float64 { return p / (1 - p) * scale }
	p := ClopperPearson(a.N, n, level)
	r := Ratio{Interval: Interval{ratio(p.Low), ratio(p.High)}}
	if r.Estimate = math.Inf(1); b.N > 0 {
		r.Estimate = float64(a.N) / float64(b.N) * scale
	}
	same := a.Exposure / (a.Exposure + b.Exposure)
	r.P = min(1, 2*min(atMost(a.N, n, same), atLeast(a.N, n, same)))
	return r
}

// ClopperPearson is the exact interval of a binomial proportion, k of n: the quantiles (1-level)/2 of Beta(k, n-k+1) and
// (1+level)/2 of Beta(k+1, n-k) (Clopper and Pearson, Biometrika 26, 1934).
func ClopperPearson(k, n int64, level float64) Interval {
	if n <= 0 || k < 0 || k > n || !(level > 0 && level < 1) {
		return Interval{0, 1}
	}
	i, tail := Interval{0, 1}, (1-level)/2
	if k > 0 {
		i.Low = mathext.InvRegIncBeta(float64(k), float64(n-k+1), tail)
	}
	if k < n {
		i.High = mathext.InvRegIncBeta(float64(k+1), float64(n-k), 1-tail)
	}
	return i
}

// atLeast is P(X >= k) for X binomial of n and p: the regularised incomplete beta function I_p(k, n-k+1) (Abramowitz and
// Stegun, 26.5.24).
func atLeast(k, n int64, p float64) float64 {
	if k <= 0 {
		return 1
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

// atMost is P(X <= k).
func atMost(k, n int64, p float64) float64 {
	if k >= n {
		return 1
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}
