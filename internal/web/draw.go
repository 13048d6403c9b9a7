package web

import "math"

// NewScore is a score by the formula reach x impact x confidence / effort, each part with its share of its own scale:
// reach logarithmic up to 64 companies, impact of 3, confidence of 1, effort the cheaper the longer. why goes by part name.
func NewScore(total, reach, impact, confidence, effort float64, why map[string]string) Score {
	part := func(name string, v, share float64) ScorePart {
		return ScorePart{Name: name, Value: v, Share: clamp(share), Why: why[name]}
	}
	ease := 1.0
	if effort > 1 {
		ease = 1 / effort
	}
	return Score{Total: total, Parts: []ScorePart{
		part("reach", reach, math.Log2(1+math.Max(0, reach))/6),
		part("impact", impact, impact/3),
		part("confidence", confidence, confidence),
		part("effort", effort, ease),
	}}
}

func clamp(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return math.Max(0, math.Min(1, f))
}

// round keeps coordinates short.
func round(f float64) float64 { return math.Round(f*10) / 10 }

// barPiece is one part of a score on a bar 100 units long.
type barPiece struct {
	X, W float64
	N    int // 1-based: the colour
}

// bar lays a score's parts end to end. Every part has an equal lane and fills as much of it as its share, so that a bar
// is the longer the higher all its parts are.
func bar(s Score) []barPiece {
	if len(s.Parts) == 0 || num(s.Total) == "0" {
		return nil // shares of nothing
	}
	lane := 100 / float64(len(s.Parts))
	var l []barPiece
	x := 0.0
	for i, p := range s.Parts {
		w := clamp(p.Share) * lane
		if w < 0.5 {
			continue
		}
		l = append(l, barPiece{X: round(x), W: round(w - 0.8), N: i%4 + 1})
		x += w
	}
	return l
}

// sparkBar is one week of a trend.
type sparkBar struct {
	X, Y, W, H float64
	Last       bool
}

// sparkW is the width of a spark line's view box for n weeks; each week takes 6 units, 5 of them ink.
const sparkStep, sparkHeight = 6, 18

type sparkView struct {
	Width int
	Bars  []sparkBar
}

func spark(t Trend) sparkView {
	top := 1
	for _, n := range t.Weeks {
		top = max(top, n)
	}
	v := sparkView{Width: max(1, len(t.Weeks)) * sparkStep}
	for i, n := range t.Weeks {
		h := 1.0 // a week without any still shows that it was
		if n > 0 {
			h = math.Max(2, float64(n)/float64(top)*sparkHeight)
		}
		v.Bars = append(v.Bars, sparkBar{
			X: float64(i * sparkStep), Y: round(sparkHeight - h), W: sparkStep - 1, H: round(h), Last: i == len(t.Weeks)-1,
		})
	}
	return v
}

// intervalView is a figure's interval on a scale 200 units wide.
type intervalView struct {
	Low, High, Width, At, Before float64
	HasBefore                    bool
}

// interval is nil where there is nothing to draw.
func interval(n Number) *intervalView {
	if !(n.Max > n.Min) {
		return nil
	}
	x := func(f float64) float64 { return round(6 + 188*clamp((f-n.Min)/(n.Max-n.Min))) }
	v := &intervalView{Low: x(n.Low), High: x(n.High), At: x(n.At), Before: x(n.Before), HasBefore: n.HasBefore}
	v.Width = round(math.Max(1, v.High-v.Low))
	return v
}

// steps marks how far along a status line is, for reading aloud: "step 2 of 5".
type stepView struct {
	Step
	N, Of int
}

func steps(l []Step) []stepView {
	out := make([]stepView, len(l))
	for i, s := range l {
		out[i] = stepView{Step: s, N: i + 1, Of: len(l)}
	}
	return out
}
