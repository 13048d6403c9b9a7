package digest

import (
	"fmt"
	"math"

	"learningloop/internal/number"
	"learningloop/internal/stats"
)

// metric is how one of the numbers is made.
type metric struct {
	label string
	tone  Tone // of more of it; "" is neither good nor bad
	count func(Tally) int64
}

var (
	heard    = metric{"Feedback from people", "", func(t Tally) int64 { return t.Feedback }}
	problems = metric{"Problems reported", Bad, func(t Tally) int64 { return t.Problems }}
	// Machines repeat themselves: one incident fires many alarms, many times. Hours are what comes by itself, nearly enough
	// to be compared as counts.
	alarmed = metric{"Hours with an alarm", Bad, func(t Tally) int64 { return t.Alarmed }}
)

// fewRatings is below how many ratings a share of them is called a share of few.
const fewRatings = 20

// figure is a Number with how it is compared; compare is nil where there is nothing on either side.
type figure struct {
	Number
	compare func(level float64) *Comparison
}

// numbers sets a report's figures beside those of the period before. All intervals hold together at Confidence.
func numbers(f Facts, p Period) []Number {
	figures := []figure{heard.figure(f, p), problems.figure(f, p)}
	if f.Now.Rated > 0 || f.Before.Rated > 0 {
		figures = append(figures, unhappy(f, p))
	}
	figures = append(figures, alarmed.figure(f, p), shipped(f, p))
	compared := 0
	for _, n := range figures {
		if n.compare != nil {
			compared++
		}
	}
	level := stats.Each(Confidence, compared)
	out := make([]Number, len(figures))
	for i, n := range figures {
		if n.compare != nil {
			n.Change = n.compare(level)
			n.Said = n.Change.words()
		}
		out[i] = n.Number
	}
	return out
}

func (m metric) figure(f Facts, p Period) figure {
	now, like, was := m.count(f.Now), m.count(f.Like), m.count(f.Before)
	n := figure{Number: Number{Label: m.label, Value: float64(now), Shown: number.Thousands(now)}}
	if f.Compared > 0 {
		n.Has, n.Like, n.Before = true, float64(like), float64(was)
		n.Was = was1(number.Thousands(was), p, like != now, number.Thousands(like))
		if like+was > 0 {
			n.compare = func(level float64) *Comparison { return m.ratio(like, was, p, level) }
		}
	}
	return n
}

func was1(was string, p Period, differs bool, like string) string {
	was += " " + before(p)
	if differs {
		was += ", against " + like + " without what is new"
	}
	return was
}

func unhappy(f Facts, p Period) figure {
	n := figure{Number: Number{Label: "Unhappy ratings (1 or 2 of 5)", Value: share(f.Now), Shown: percent(f.Now), Note: of(f.Now)}}
	if f.Compared > 0 {
		n.Has, n.Like, n.Before = true, share(f.Like), share(f.Before)
		n.Was = was1(shareOf(f.Before), p, f.Like.Rated != f.Now.Rated, shareOf(f.Like))
		if f.Like.Rated > 0 && f.Before.Rated > 0 {
			n.compare = func(level float64) *Comparison { return differ(f, level) }
		}
	}
	return n
}

// shipped is what people did; it is no matter of chance, so it has no interval, and nothing is said about a change.
func shipped(f Facts, p Period) figure {
	n := figure{Number: Number{Label: "Improvements shipped", Value: float64(f.Now.Shipped), Shown: number.Thousands(f.Now.Shipped)}}
	if f.Compared > 0 {
		n.Has, n.Like, n.Before = true, float64(f.Like.Shipped), float64(f.Before.Shipped)
		n.Was = was1(number.Thousands(f.Before.Shipped), p, f.Like.Shipped != f.Now.Shipped, number.Thousands(f.Like.Shipped))
	}
	return n
}

func (m metric) ratio(now, was int64, p Period, level float64) *Comparison {
	prev := p.Previous()
	r := stats.RateRatio(stats.Rate{N: now, Exposure: p.Hours()}, stats.Rate{N: was, Exposure: prev.Hours()}, level)
	c := &Comparison{Ratio: true, Low: r.Low, Noise: r.Holds(1)}
	if was == 0 {
		c.Open = true // JSON has no infinity
	} else {
		c.Estimate, c.High = r.Estimate, r.High
		// What a period as long as this one would have held at the rate before, times the ends.
		expected := float64(was) * p.Hours() / prev.Hours()
		c.From, c.To = r.Low*expected, r.High*expected
	}
	if !c.Noise {
		c.Tone = toneOf(m.tone, r.Low > 1)
	}
	return c
}

func differ(f Facts, level float64) *Comparison {
	est, i := stats.Difference(stats.Share{K: f.Like.Unhappy, N: f.Like.Rated}, stats.Share{K: f.Before.Unhappy, N: f.Before.Rated}, level)
	c := &Comparison{Estimate: est, Low: i.Low, High: i.High, Noise: i.Holds(0)}
	c.From, c.To = max(0, share(f.Before)+i.Low), min(1, share(f.Before)+i.High)
	if !c.Noise {
		c.Tone = toneOf(Bad, i.Low > 0)
	}
	return c
}

// toneOf is the tone of more, or of less, of something that is good or bad.
func toneOf(t Tone, more bool) Tone {
	switch {
	case t == "" || more:
		return t
	case t == Bad:
		return Good
	default:
		return Bad
	}
}

func share(t Tally) float64 {
	if t.Rated == 0 {
		return 0
	}
	return float64(t.Unhappy) / float64(t.Rated)
}

func percent(t Tally) string {
	if t.Rated == 0 {
		return "no ratings"
	}
	return fmt.Sprintf("%.0f%%", 100*share(t))
}

// shareOf is a share with what it is one of: "47% of 36".
func shareOf(t Tally) string {
	if t.Rated == 0 {
		return percent(t)
	}
	return percent(t) + " of " + number.Thousands(t.Rated)
}

// of says what a share is one of, beside it.
func of(t Tally) string {
	switch {
	case t.Rated == 0:
		return ""
	case t.Rated < fewRatings:
		return "of " + quantity(t.Rated, "rating", "ratings") + ", which is few"
	default:
		return "of " + quantity(t.Rated, "rating", "ratings")
	}
}

const noise = "within noise"

// words says where the change lies, and whether that is noise.
func (c *Comparison) words() string {
	s := c.points()
	if c.Ratio {
		s = c.times()
	}
	switch {
	case !c.Noise:
		return s
	case s == "":
		return noise
	default:
		return noise + " (" + s + ")"
	}
}

// wide is from how many times as many a range that may be noise says nothing: one hour with an alarm after one is "100%
// fewer to 318.5 times as many".
const wide = 20

// times says where a ratio lies: "1.5 to 4.9 times as many". Its ends are rounded outwards, so that the words claim no
// more than the interval does.
func (c *Comparison) times() string {
	switch {
	case c.Low < 1 && (c.Open || c.High >= wide):
		return ""
	case c.Open:
		return fmt.Sprintf("at least %.1f times as many", down(c.Low, .1))
	case c.Low >= 1 && c.High >= 2:
		return fmt.Sprintf("%.1f to %.1f times as many", down(c.Low, .1), up(c.High, .1))
	case c.Low >= 1:
		return fmt.Sprintf("%s to %s more", percentDown(c.Low-1), percentUp(c.High-1))
	case c.High <= 1:
		return fmt.Sprintf("%s to %s fewer", percentDown(1-c.High), percentUp(1-c.Low))
	case c.High >= 2:
		return fmt.Sprintf("%s fewer to %.1f times as many", percentUp(1-c.Low), up(c.High, .1))
	default:
		return fmt.Sprintf("%s fewer to %s more", percentUp(1-c.Low), percentUp(c.High-1))
	}
}

// points says where a difference of shares lies: "5 to 33 points more".
func (c *Comparison) points() string {
	low, high := math.Abs(100*c.Low), math.Abs(100*c.High)
	switch {
	case c.Low >= 0:
		return fmt.Sprintf("%.0f to %.0f points more", down(low, 1), up(high, 1))
	case c.High <= 0:
		return fmt.Sprintf("%.0f to %.0f points less", down(high, 1), up(low, 1))
	default:
		return fmt.Sprintf("%.0f points less to %.0f points more", up(low, 1), up(high, 1))
	}
}

// hair is what rounding to a binary fraction may add to a number that is whole.
const hair = 1e-9

func down(x, step float64) float64 { return math.Floor(x/step+hair) * step }
func up(x, step float64) float64   { return math.Ceil(x/step-hair) * step }

// percentDown and percentUp write a share; below one percent with a tenth, so that little is not nothing.
func percentDown(x float64) string {
	if x > 0 && x < .01 {
		return fmt.Sprintf("%.1f%%", down(100*x, .1))
	}
	return fmt.Sprintf("%.0f%%", down(100*x, 1))
}

func percentUp(x float64) string {
	if x > 0 && x < .01 {
		return fmt.Sprintf("%.1f%%", up(100*x, .1))
	}
	return fmt.Sprintf("%.0f%%", up(100*x, 1))
}
