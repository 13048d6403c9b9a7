// Package stats says how far numbers may differ by chance alone, so that nothing is called a change without its interval.
//
// All functions are total: where nothing can be known (no trials, no exposure, nothing counted, a level outside 0..1)
// they give the widest interval there is, so that a caller that forgets a case says too little rather than too much.
//
// Counts are taken as Poisson: each piece comes by itself. Words that come together, because of one incident or one
// campaign, break that, and the interval is then too narrow; who shows it says so or splits what comes together.
package stats

// Interval is where a value lies with the confidence it was made for. High may be +Inf.
type Interval struct{ Low, High float64 }

// Holds says whether x lies within.
func (i Interval) Holds(x float64) bool { return i.Low <= x && x <= i.High }

// Each is the level that each of n intervals needs for all of them to hold together with the given one: Bonferroni's
// 1 - (1-level)/n (Dunn, "Multiple Comparisons Among Means", JASA 56, 1961).
func Each(level float64, n int) float64 {
	if n < 2 {
		return level
	}
	return 1 - (1-level)/float64(n)
}
