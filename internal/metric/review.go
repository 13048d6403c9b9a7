package metric

import (
	"math"
	"slices"
	"time"

	"learningloop/internal/opsitem"
	"learningloop/internal/stats"
)

// Confidence is the level at which all comparisons of one week hold together.
const Confidence = 0.95

// Enough is of how many episodes a time has to be to be said.
const Enough = 5

// Spread is how long something took: half took no longer than Median, nine of ten no longer than P90 (of an even number
// the mean of the middle two; by nearest rank). Both mean nothing where Known is false.
type Spread struct {
	N           int
	Median, P90 time.Duration
}

// Known says whether it is of enough episodes.
func (s Spread) Known() bool { return s.N >= Enough }

// Counts is what happened in a week to some episodes.
//
// Before + Opened + Reopened - Resolved = Open, of any week, severity and source; and a week's Open is the next one's Before.
type Counts struct {
	Before      int    // under way when the week began
	Opened      int    // the first episode of something
	Reopened    int    // came back: as the next episode, or as the same one that went on after all
	Resolved    int    // each time one was
	Open        int    // under way at the week's end, or now where it is not over
	Age         Spread // of those, since they were opened
	Acknowledge Spread // from opening; of those acknowledged in the week
	File        Spread // of those filed in the week
	Resolve     Spread // of those resolved in the week for good so far: one that came back counts once, when it was last resolved
}

// Change is a count against that of the week before.
type Change struct {
	Now, Before int
	Ratio       stats.Ratio // of the rates: a week that is not over yet is compared by its hours so far
	Known       bool        // false: there is nothing to compare, the week before was not whole, or both are none
}

// Noise says whether nothing may be said to have changed.
func (c Change) Noise() bool { return !c.Known || c.Ratio.Holds(1) }

// Each is every single time that a Spread is of, in order: what a picture shows where a median says nothing.
type Each struct{ Age, Acknowledge, File, Resolve []time.Duration }

// Row is one week.
type Row struct {
	Week
	Each       Each // over all
	Partial    bool // not over at the time of the review
	All        Counts
	BySeverity [4]Counts                 // severity 1 first; an episode is of the worst it ever was
	BySource   map[opsitem.Source]Counts // every source is there

	Opened, Resolved, Reopened Change
}

// Review is a product's weeks, the earliest first.
type Review struct {
	At   time.Time
	Rows []Row

	Total Row  // all of the weeks as one; nothing is compared
	Cut   bool // there are more episodes than were read: the earliest are missing
}

// Last is the latest row that is whole, or the latest of all.
func (r Review) Last() (Row, bool) {
	for _, row := range slices.Backward(r.Rows) {
		if !row.Partial {
			return row, true
		}
	}
	if len(r.Rows) == 0 {
		return Row{}, false
	}
	return r.Rows[len(r.Rows)-1], true
}

// Of reviews weeks that follow each other. episodes are all that were under way in any of them or in the week before the
// first; begun is when the product was made, before which there is nothing to compare with.
func Of(episodes []opsitem.Episode, weeks []Week, begun, now time.Time) Review {
	out := Review{At: now}
	staged := make([]opsitem.Episode, len(episodes))
	for i, e := range episodes {
		staged[i] = e.Staged()
	}
	var before Counts
	for i, w := range weeks {
		if i == 0 {
			before = count(staged, w.Previous(), now, every)
		}
		row := rowOf(staged, w, now)
		row.compare(before, begun, now)
		before = row.All
		out.Rows = append(out.Rows, row)
	}
	if len(weeks) > 0 {
		out.Total = rowOf(staged, Week{weeks[0].Start, weeks[len(weeks)-1].End}, now)
	}
	return out
}

func rowOf(staged []opsitem.Episode, w Week, now time.Time) Row {
	row := Row{Week: w, Partial: now.Before(w.End), BySource: map[opsitem.Source]Counts{}}
	row.All, row.Each = counts(staged, w, now, every)
	for s := range row.BySeverity {
		row.BySeverity[s] = count(staged, w, now, func(e opsitem.Episode) bool { return e.Stages.Worst == s+1 })
	}
	for _, src := range opsitem.Sources {
		row.BySource[src] = count(staged, w, now, func(e opsitem.Episode) bool { return e.Stages.Source == src })
	}
	return row
}

func every(opsitem.Episode) bool { return true }

func count(episodes []opsitem.Episode, w Week, now time.Time, keep func(opsitem.Episode) bool) Counts {
	c, _ := counts(episodes, w, now, keep)
	return c
}

func counts(episodes []opsitem.Episode, w Week, now time.Time, keep func(opsitem.Episode) bool) (c Counts, t Each) {
	end := w.End
	if now.Before(end) {
		end = now.Add(1) // what happened at this moment, happened
	}
	w = Week{Start: earlier(w.Start, end), End: end}
	for _, e := range episodes {
		if !keep(e) {
			continue
		}
		turns := turnsOf(e)
		for i, at := range turns {
			switch {
			case !w.Contains(at):
			case i%2 == 1:
				c.Resolved++
			case i == 0 && e.N <= 1:
				c.Opened++
			default:
				c.Reopened++
			}
		}
		if ended := turns[len(turns)-1]; len(turns)%2 == 0 && w.Contains(ended) {
			t.Resolve = append(t.Resolve, took(e.Opened, ended))
		}
		if underWay(turns, w.Start) {
			c.Before++
		}
		if w.Contains(e.Stages.Acknowledged) {
			t.Acknowledge = append(t.Acknowledge, took(e.Opened, e.Stages.Acknowledged))
		}
		if w.Contains(e.Filed) {
			t.File = append(t.File, took(e.Opened, e.Filed))
		}
		if underWay(turns, end) {
			c.Open++
			t.Age = append(t.Age, took(e.Opened, end).Truncate(time.Microsecond))
		}
	}
	c.Age, c.Acknowledge, c.File, c.Resolve = spread(t.Age), spread(t.Acknowledge), spread(t.File), spread(t.Resolve)
	return c, t
}

// turnsOf are the moments at which an episode was opened, resolved, went on, was resolved again, and so on. Clocks that
// disagree turn nothing around: none is before the last.
func turnsOf(e opsitem.Episode) []time.Time {
	out := []time.Time{e.Opened}
	add := func(t time.Time) { out = append(out, later(out[len(out)-1], t)) }
	for _, s := range e.Stages.Reopened {
		add(s.Resolved)
		add(s.Reopened)
	}
	if !e.Resolved.IsZero() {
		add(e.Resolved)
	}
	return out
}

// underWay says whether an episode was under way right before a moment.
func underWay(turns []time.Time, at time.Time) bool {
	n := 0
	for n < len(turns) && turns[n].Before(at) {
		n++
	}
	return n%2 == 1
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func took(from, to time.Time) time.Duration { return max(to.Sub(from), 0) }

func spread(ds []time.Duration) Spread {
	s := Spread{N: len(ds)}
	if s.N == 0 {
		return s
	}
	slices.Sort(ds)
	s.Median = ds[(s.N-1)/2] + (ds[s.N/2]-ds[(s.N-1)/2])/2
	s.P90 = ds[int(math.Ceil(0.9*float64(s.N)))-1]
	return s
}

// compare sets a row's counts against those of the week before.
func (r *Row) compare(before Counts, begun, now time.Time) {
	const grace = time.Hour // a product made in the first hour of a week was there for all of it
	whole := begun.Before(r.Previous().Start.Add(grace))
	hours := r.End.Sub(r.Start).Hours()
	if r.Partial {
		hours = now.Sub(r.Start).Hours()
	}
	pairs := []struct {
		to          *Change
		now, before int
	}{
		{&r.Opened, r.All.Opened, before.Opened}, {&r.Resolved, r.All.Resolved, before.Resolved}, {&r.Reopened, r.All.Reopened, before.Reopened},
	}
	compared := 0
	for _, p := range pairs {
		*p.to = Change{Now: p.now, Before: p.before, Known: whole && hours > 0 && p.now+p.before > 0}
		if p.to.Known {
			compared++
		}
	}
	level := stats.Each(Confidence, compared)
	for _, p := range pairs {
		if p.to.Known {
			p.to.Ratio = stats.RateRatio(
				stats.Rate{N: int64(p.now), Exposure: hours}, stats.Rate{N: int64(p.before), Exposure: 7 * 24}, level)
		}
	}
}
