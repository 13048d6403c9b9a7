package stats_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"learningloop/internal/stats"
)

var (
	inf = math.Inf(1)
	// near is what two libraries may differ by.
	near = cmp.Options{cmpopts.EquateApprox(1e-8, 1e-10), cmpopts.EquateNaNs()}
)

// The wanted values come from scipy 1.17.1: binomtest(a, a+b).proportion_ci(level, "exact") gives p, the interval is
// p/(1-p)*tb/ta, and P is min(1, 2*min(binom.cdf(a, n, p0), binom.sf(a-1, n, p0))) with p0 = ta/(ta+tb).
func TestRateRatio(t *testing.T) {
	tests := []struct {
		name     string
		a, b     stats.Rate
		level    float64
		est      float64
		low, hig float64
		p        float64
	}{
		{"within noise", stats.Rate{12, 1}, stats.Rate{8, 1}, .95, 1.5, 0.563825800047, 4.23039741818, 0.503444671631},
		{"a rise", stats.Rate{48, 168}, stats.Rate{18, 168}, .95, 2.66666666667, 1.52297672224, 4.87107301507, 0.000287118449662},
		{"the same as a fall", stats.Rate{18, 168}, stats.Rate{48, 168}, .95, 0.375, 0.205293576365, 0.656608853829, 0.000287118449662},
		{"none before has no upper end", stats.Rate{5, 1}, stats.Rate{0, 1}, .95, inf, 0.916355857315, inf, 0.0625},
		{"none now, seven before", stats.Rate{0, 1}, stats.Rate{7, 1}, .95, 0, 0, 0.693813980097, 0.015625},
		{"none now, three before", stats.Rate{0, 1}, stats.Rate{3, 1}, .95, 0, 0, 2.41995189335, 0.25},
		{"months of 31 and 28 days", stats.Rate{140, 744}, stats.Rate{120, 672}, .9875, 1.05376344086, 0.766946511675, 1.45112373539, 0.720430397448},
		{"many", stats.Rate{100000, 1}, stats.Rate{99000, 1}, .95, 1.0101010101, 1.00125378366, 1.01902650989, 0.0251272176884},
		{"one and one", stats.Rate{1, 1}, stats.Rate{1, 1}, .95, 1, 0.0127393670839, 78.4968353147, 1},
		{"exposures that differ twofold", stats.Rate{3, 2}, stats.Rate{9, 1}, .99, 0.166666666667, 0.0156432982136, 0.950210043344, 0.00771110998211},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := stats.RateRatio(tt.a, tt.b, tt.level)
			want := stats.Ratio{Estimate: tt.est, Interval: stats.Interval{Low: tt.low, High: tt.hig}, P: tt.p}
			if d := cmp.Diff(want, got, near); d != "" {
				t.Errorf("RateRatio(%v, %v, %v) (-want +got):\n%s", tt.a, tt.b, tt.level, d)
			}
		})
	}
}

func TestRateRatioOfNothingKnown(t *testing.T) {
	tests := []struct {
		name  string
		a, b  stats.Rate
		level float64
	}{
		{"nothing counted", stats.Rate{0, 1}, stats.Rate{0, 1}, .95},
		{"no exposure", stats.Rate{3, 0}, stats.Rate{4, 1}, .95},
		{"exposure that is no number", stats.Rate{3, 1}, stats.Rate{4, math.NaN()}, .95},
		{"counts below zero", stats.Rate{-1, 1}, stats.Rate{4, 1}, .95},
		{"certainty", stats.Rate{3, 1}, stats.Rate{4, 1}, 1},
		{"no level", stats.Rate{3, 1}, stats.Rate{4, 1}, math.NaN()},
	}
	want := stats.Ratio{Estimate: math.NaN(), Interval: stats.Interval{Low: 0, High: inf}, P: 1}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(want, stats.RateRatio(tt.a, tt.b, tt.level), near); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// A test at 5 % and an interval at 95 % must never contradict each other, or a page would show an arrow beside "noise".
func TestRateRatioAgreesWithItsP(t *testing.T) {
	for a := range int64(40) {
		for b := range int64(40) {
			for _, tb := range []float64{1, 1.5} {
				r := stats.RateRatio(stats.Rate{a, 1}, stats.Rate{b, tb}, .95)
				if r.Holds(1) != (r.P > .05) {
					t.Fatalf("%d and %d over %v: interval %v, p %v", a, b, tb, r.Interval, r.P)
				}
			}
		}
	}
}

// The interval has to hold the true ratio at least as often as it says: summed over all pairs of counts, by their
// Poisson probabilities.
func TestRateRatioCovers(t *testing.T) {
	poisson := func(k int64, mean float64) float64 {
		lg, _ := math.Lgamma(float64(k) + 1)
		return math.Exp(float64(k)*math.Log(mean) - mean - lg)
	}
	for _, mean := range [][2]float64{{0.5, 0.5}, {3, 3}, {8, 4}, {20, 25}} {
		covered := 0.0
		for a := range int64(70) {
			for b := range int64(70) {
				if stats.RateRatio(stats.Rate{a, 1}, stats.Rate{b, 1}, .9).Holds(mean[0] / mean[1]) {
					covered += poisson(a, mean[0]) * poisson(b, mean[1])
				}
			}
		}
		if covered < .9 {
			t.Errorf("means %v: covered %.4f of the time, want at least 0.9", mean, covered)
		}
	}
}

// From scipy 1.17.1: binomtest(k, n).proportion_ci(level, "wilson").
func TestWilson(t *testing.T) {
	tests := []struct {
		name  string
		s     stats.Share
		level float64
		want  stats.Interval
	}{
		{"none", stats.Share{0, 10}, .95, stats.Interval{0, 0.277532799863}},
		{"all", stats.Share{10, 10}, .95, stats.Interval{0.722467200137, 1}},
		{"half of two", stats.Share{1, 2}, .95, stats.Interval{0.0945312057342, 0.905468794266}},
		{"81 of 263", stats.Share{81, 263}, .95, stats.Interval{0.255288519878, 0.366209576983}},
		{"15 of 148", stats.Share{15, 148}, .95, stats.Interval{0.0623863995307, 0.160487241723}},
		{"few at a high level", stats.Share{7, 9}, .9875, stats.Interval{0.374763237801, 0.953352343871}},
		{"many", stats.Share{52000, 100000}, .99, stats.Interval{0.515929323657, 0.524068022561}},
		{"of none", stats.Share{0, 0}, .95, stats.Interval{0, 1}},
		{"more than all", stats.Share{3, 2}, .95, stats.Interval{0, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, stats.Wilson(tt.s, tt.level), near); d != "" {
				t.Errorf("Wilson(%v, %v) (-want +got):\n%s", tt.s, tt.level, d)
			}
		})
	}
}

// The first eight are the cases of table II of Newcombe's paper, which gives them to four digits; the digits beyond, and
// the last case, come from the formula over scipy 1.17.1's Wilson intervals.
func TestDifference(t *testing.T) {
	tests := []struct {
		name  string
		a, b  stats.Share
		level float64
		est   float64
		want  stats.Interval
	}{
		{"a", stats.Share{56, 70}, stats.Share{48, 80}, .95, 0.2, stats.Interval{0.0524314724024, 0.333872654037}},
		{"b", stats.Share{9, 10}, stats.Share{3, 10}, .95, 0.6, stats.Interval{0.170522723935, 0.809017973535}},
		{"c", stats.Share{6, 7}, stats.Share{2, 7}, .95, 0.571428571429, stats.Interval{0.0582279274823, 0.806249637524}},
		{"d", stats.Share{5, 56}, stats.Share{0, 29}, .95, 0.0892857142857, stats.Interval{-0.0381371479035, 0.192560013855}},
		{"e", stats.Share{0, 10}, stats.Share{0, 20}, .95, 0, stats.Interval{-0.161125158053, 0.277532799863}},
		{"f", stats.Share{0, 10}, stats.Share{0, 10}, .95, 0, stats.Interval{-0.277532799863, 0.277532799863}},
		{"g", stats.Share{10, 10}, stats.Share{0, 20}, .95, 1, stats.Interval{0.679086037142, 1}},
		{"h", stats.Share{10, 10}, stats.Share{0, 10}, .95, 1, stats.Interval{0.607509350431, 1}},
		{"at a level of several", stats.Share{7, 30}, stats.Share{2, 25}, .9875, 0.153333333333, stats.Interval{-0.114726811654, 0.389349663894}},
		{"nothing known", stats.Share{0, 0}, stats.Share{2, 25}, .95, math.NaN(), stats.Interval{-1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			est, got := stats.Difference(tt.a, tt.b, tt.level)
			if d := cmp.Diff(tt.want, got, near); d != "" {
				t.Errorf("Difference(%v, %v, %v) (-want +got):\n%s", tt.a, tt.b, tt.level, d)
			}
			if d := cmp.Diff(tt.est, est, near); d != "" {
				t.Errorf("estimate (-want +got):\n%s", d)
			}
		})
	}
}

func TestEach(t *testing.T) {
	for n, want := range []float64{.95, .95, .975, 1 - .05/3, .9875} {
		if got := stats.Each(.95, n); math.Abs(got-want) > 1e-12 {
			t.Errorf("Each(0.95, %d) = %v, want %v", n, got, want)
		}
	}
}
