package metric

import (
	"fmt"
	"math"
)

// Words says how a count changed against the week before, with its interval; that it is noise; or "" where there is
// nothing to compare. Ends are rounded outwards: the words claim no more than the interval does.
func (c Change) Words() string {
	const hair = 1e-9
	down := func(x float64) float64 { return math.Floor(x*10+hair) / 10 }
	up := func(x float64) float64 { return math.Ceil(x*10-hair) / 10 }
	percent := func(x float64, round func(float64) float64) string { return fmt.Sprintf("%.0f%%", round(100*x)) }
	switch r := c.Ratio; {
	case !c.Known:
		return ""
	case c.Noise():
		return "within noise"
	case math.IsInf(r.High, 1):
		return fmt.Sprintf("at least %.1f times as many", down(r.Low))
	case r.Low > 1:
		return fmt.Sprintf("%.1f to %.1f times as many", down(r.Low), up(r.High))
	default:
		return fmt.Sprintf("%s to %s fewer", percent(1-r.High, math.Floor), percent(1-r.Low, math.Ceil))
	}
}
