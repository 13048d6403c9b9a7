package demo

import (
	"math/rand/v2"
	"time"
)

// weekday and hour are how much is said when: shoppers speak on weekdays before noon and in the evening.
var (
	weekday = [7]float64{0.55, 1.25, 1.15, 1.1, 1.1, 1.05, 0.65} // from Sunday, as time.Weekday counts
	hour    = [24]float64{
		0.15, 0.08, 0.05, 0.05, 0.08, 0.2, 0.45, 0.8, 1.3, 1.7, 1.9, 1.8, 1.5, 1.3, 1.3, 1.3, 1.3, 1.4, 1.6, 1.9, 1.8, 1.4, 0.8, 0.35,
	}
)

// busiest bounds the product of the two.
const busiest = 1.25 * 1.9

// moment is a random moment in a week that begins at monday, by the rhythm.
func moment(r *rand.Rand, monday time.Time) time.Time {
	for {
		t := monday.Add(time.Duration(r.Int64N(int64(7 * 24 * time.Hour)))).Truncate(time.Millisecond)
		if r.Float64()*busiest < weekday[t.Weekday()]*hour[t.Hour()] {
			return t
		}
	}
}

// poisson is how often something happens that happens mean times on average, for small means.
func poisson(r *rand.Rand, mean float64) int {
	n := 0
	for left := r.ExpFloat64(); left < mean; left += r.ExpFloat64() {
		n++
	}
	return n
}
