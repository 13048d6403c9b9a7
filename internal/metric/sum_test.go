package metric_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"learningloop/internal/metric"
	"learningloop/internal/opsitem"
)

// history makes an episode up, and says which way each of its turns went: +1 begins, -1 ends. One in ten has clocks that
// disagree.
func history(r *rand.Rand, i int) (e opsitem.Episode, begun []time.Time, ended []time.Time) {
	at := monday.Add(time.Duration(r.Int64N(int64(6 * 7 * 24 * time.Hour)))).Truncate(time.Hour) // on week borders, too
	skewed := r.IntN(10) == 0
	on := func() time.Time {
		step := time.Duration(r.Int64N(int64(9 * 24 * time.Hour))).Truncate(time.Hour)
		if skewed && r.IntN(2) == 0 {
			return at.Add(-step)
		}
		at = at.Add(step)
		return at
	}
	e = episode(fmt.Sprint("e", i), 0, -1, -1)
	e.N, e.Opened, e.Filed = 1+r.IntN(3), at, time.Time{}
	e.Stages.Worst, e.Stages.Severity = 1+r.IntN(4), 4
	e.Stages.Source = opsitem.Sources[r.IntN(len(opsitem.Sources))]
	begun = append(begun, at)
	for range r.IntN(4) {
		s := opsitem.Span{Resolved: on(), Reopened: on()}
		e.Stages.Reopened = append(e.Stages.Reopened, s)
		ended, begun = append(ended, s.Resolved), append(begun, s.Reopened)
	}
	if r.IntN(3) > 0 {
		e.Resolved = on()
		ended = append(ended, e.Resolved)
	}
	if skewed {
		begun, ended = nil, nil
	}
	return e, begun, ended
}

func sums(t *testing.T, what string, c metric.Counts) {
	t.Helper()
	if c.Before+c.Opened+c.Reopened-c.Resolved != c.Open || c.Before < 0 || c.Open < 0 {
		t.Errorf("%s: %d before + %d opened + %d reopened - %d resolved is not %d open", what, c.Before, c.Opened, c.Reopened, c.Resolved, c.Open)
	}
}

func parts(row metric.Row) map[string]metric.Counts {
	out := map[string]metric.Counts{"all": row.All}
	for i, c := range row.BySeverity {
		out[fmt.Sprint("severity ", i+1)] = c
	}
	for src, c := range row.BySource {
		out["source "+string(src)] = c
	}
	return out
}

// Whatever episodes lived through, and whenever a review is made: what was open, with what began and without what ended, is
// what is open; of each week, severity and source, and from one week to the next.
func TestSum(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 17))
		var in []opsitem.Episode
		begun, ended, known := 0, 0, true
		now := monday.Add(time.Duration(r.Int64N(int64(9 * 7 * 24 * time.Hour)))).Truncate(time.Hour)
		for i := range r.IntN(40) {
			e, b, f := history(r, i)
			in = append(in, e)
			known = known && len(b) > 0
			for _, at := range b {
				begun += map[bool]int{true: 1}[!at.After(now)]
			}
			for _, at := range f {
				ended += map[bool]int{true: 1}[!at.After(now)]
			}
		}
		review := metric.Of(in, metric.WeekOf(monday.AddDate(0, 0, 6*7)).Back(1+r.IntN(9)), long, now)
		for what, c := range parts(review.Total) {
			sums(t, fmt.Sprint(seed, " total ", what), c)
		}
		for i, row := range review.Rows {
			for what, c := range parts(row) {
				sums(t, fmt.Sprint(seed, " ", row.Name(), " ", what), c)
				if i > 0 && c.Before != parts(review.Rows[i-1])[what].Open {
					t.Errorf("%d %s %s: %d before, but %d were open", seed, row.Name(), what, c.Before, parts(review.Rows[i-1])[what].Open)
				}
			}
		}
		first, last := review.Rows[0].All, review.Rows[len(review.Rows)-1].All
		if review.Total.All.Before != first.Before || review.Total.All.Open != last.Open {
			t.Errorf("%d: in all %+v, from %+v to %+v", seed, review.Total.All, first, last)
		}
		if end := review.Rows[len(review.Rows)-1].End; known && now.Before(end) && last.Open != begun-ended {
			t.Errorf("%d: %d open, but %d began and %d ended", seed, last.Open, begun, ended)
		}
		if t.Failed() {
			return
		}
	}
}
