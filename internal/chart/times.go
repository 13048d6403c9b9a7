package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Times is how long something took, period by period: each time is a dot, and where they are enough a bar says their
// median and a thin one what nine of ten stayed within. The scale goes in powers, because seconds and weeks lie on one.
// All texts may be hostile.
type Times struct {
	Title  string // "Time to resolve"
	Unit   string // what took so long, for one and many: "episode", "episodes"
	Units  string
	Period string // "week"
	Points []Took
	Words  func(time.Duration) string // "3 h 20 min"
}

// Took is one period of Times.
type Took struct {
	Label       string
	Each        []time.Duration // in any order; none below zero
	Median, P90 time.Duration   // 0: of too few to be said
	Partial     bool
}

// Bounds of what is drawn and written of one period.
const (
	maxDots   = 24 // of more, a line from the shortest to the longest is drawn
	maxListed = 4  // of more, the shortest and the longest are written
)

// Empty says whether there is nothing to draw.
func (t Times) Empty() bool {
	return !slices.ContainsFunc(t.Points, func(p Took) bool { return len(p.Each) > 0 })
}

// Alt says what the chart shows in a sentence.
func (t Times) Alt() string {
	t = t.clean()
	if t.Empty() {
		return t.Title + ": no data yet."
	}
	n, low, high, last := 0, time.Duration(math.MaxInt64), time.Duration(0), 0
	for i, p := range t.Points {
		if len(p.Each) == 0 {
			continue
		}
		n, last = n+len(p.Each), i
		low, high = min(low, p.Each[0]), max(high, p.Each[len(p.Each)-1])
	}
	periods := t.Period
	if len(t.Points) > 1 {
		periods += "s"
	}
	s := fmt.Sprintf("%s: %s in %d %s, from %s to %s; latest in the %s of %s: %s", t.Title, t.amount(n), len(t.Points), periods, t.Words(low), t.Words(high),
		t.Period, t.Points[last].Label, t.list(t.Points[last]))
	if m := t.Points[last].Median; m > 0 {
		s += ", median " + t.Words(m)
	}
	return s + "."
}

// TimesRow is a period as a line of a table.
type TimesRow struct{ Label, N, Each, Median, P90 string }

// Rows are the chart as a table, the oldest first.
func (t Times) Rows() []TimesRow {
	t = t.clean()
	out := make([]TimesRow, len(t.Points))
	for i, p := range t.Points {
		out[i] = TimesRow{Label: p.Label, N: Number(float64(len(p.Each))), Each: t.list(p), Median: "–", P90: "–"}
		if p.Partial {
			out[i].Label += " so far"
		}
		if p.Median > 0 {
			out[i].Median, out[i].P90 = t.Words(p.Median), t.Words(p.P90)
		}
	}
	return out
}

// TimesFigure is the chart for a page, as Figure is.
func TimesFigure(t Times) string {
	var b strings.Builder
	b.WriteString(`<figure class="chart">` + t.svg(Wide, "chart-wide") + t.svg(Narrow, "chart-narrow"))
	c := t.clean()
	fmt.Fprintf(&b, `<details><summary>The numbers</summary><table><thead><tr><th scope="col">%s</th><th scope="col" class="number">%s</th><th scope="col">Each</th>`+
		`<th scope="col">Median</th><th scope="col">Nine of ten within</th></tr></thead><tbody>`, esc(capital(c.Period)), esc(capital(c.Units)))
	for _, r := range t.Rows() {
		fmt.Fprintf(&b, `<tr><th scope="row">%s</th><td class="number">%s</td><td>%s</td><td>%s</td><td>%s</td></tr>`,
			esc(r.Label), esc(r.N), esc(r.Each), esc(r.Median), esc(r.P90))
	}
	b.WriteString(`</tbody></table></details></figure>`)
	return b.String()
}

func (t Times) svg(size Size, class string) string {
	c := &svgCanvas{}
	DrawTimes(t, size, c)
	return svgOf(c, size, class, t.Alt())
}

// list writes a period's times, or from which to which they go.
func (t Times) list(p Took) string {
	n := len(p.Each)
	if n > maxListed {
		return t.Words(p.Each[0]) + " to " + t.Words(p.Each[n-1])
	}
	words := make([]string, n)
	for i, d := range p.Each {
		words[i] = t.Words(d)
	}
	return cmp.Or(strings.Join(words, ", "), "–")
}

func (t Times) amount(n int) string {
	if n == 1 {
		return "1 " + t.Unit
	}
	return Number(float64(n)) + " " + t.Units
}

// clean bounds the chart as Series.clean does, and puts each period's times in order.
func (t Times) clean() Times {
	t.Title, t.Unit, t.Units, t.Period = line(t.Title), line(t.Unit), line(t.Units), cmp.Or(line(t.Period), "week")
	t.Points = slices.Clone(t.Points[max(0, len(t.Points)-MaxPoints):])
	for i := range t.Points {
		p := &t.Points[i]
		p.Label, p.Each = line(p.Label), slices.Sorted(slices.Values(p.Each))
	}
	if t.Words == nil {
		t.Words = time.Duration.String
	}
	return t
}

// rungs are where the scale may have a line.
var rungs = []time.Duration{
	time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 90 * 24 * time.Hour,
	365 * 24 * time.Hour, 3650 * 24 * time.Hour,
}

var rungNames = []string{"1 s", "10 s", "1 min", "10 min", "1 h", "6 h", "1 day", "1 week", "30 days", "90 days", "1 year", "10 years"}

// scaleOf is the first and the last rung that all times lie between.
func (t Times) scaleOf() (low, high int) {
	low, high = len(rungs)-1, 0
	for _, p := range t.Points {
		if len(p.Each) == 0 {
			continue
		}
		for low > 0 && rungs[low] > p.Each[0] {
			low--
		}
		for high < len(rungs)-1 && rungs[high] < max(p.Each[len(p.Each)-1], p.P90) {
			high++
		}
	}
	return max(0, min(low, high-1)), max(high, 1)
}

// DrawTimes lays the times out and puts them on a canvas.
func DrawTimes(t Times, size Size, c Canvas) {
	t = t.clean()
	l := &layout{size: size, c: c}
	c.Rect(0, 0, size.W, size.H, Paper)
	c.Text(Text{X: edge, Y: titleSize, Size: titleSize, Bold: true, Role: Ink, S: fit(t.Title, titleSize, true, size.W-2*edge)})
	if t.Empty() {
		c.Text(Text{X: edge, Y: titleSize + 28, Size: textSize, Role: Muted, S: "No data yet."})
		return
	}
	low, high := t.scaleOf()
	widest := 0.0
	for i := low; i <= high; i++ {
		widest = max(widest, width(rungNames[i], smallSize, false))
	}
	for _, p := range t.Points { // feet names the points of a Series
		l.s.Points = append(l.s.Points, Point{Label: p.Label})
	}
	l.left, l.top, l.base = widest+12, titleSize+26, size.H-footSize
	l.slot = (size.W - l.left - edge) / float64(len(t.Points))
	bottom, span := math.Log(rungs[low].Seconds()), math.Log(rungs[high].Seconds())-math.Log(rungs[low].Seconds())
	y := func(d time.Duration) float64 {
		share := (math.Log(max(d.Seconds(), 1e-3)) - bottom) / span
		return round(l.base - (l.base-l.top)*min(max(share, 0), 1))
	}
	for i := low; i <= high; i++ {
		role := Grid
		if i == low {
			role = Axis
		}
		c.Line(l.left, y(rungs[i]), size.W-edge, y(rungs[i]), false, role)
		c.Text(Text{X: l.left - 8, Y: y(rungs[i]) + 4, Size: smallSize, Anchor: End, Role: Muted, S: rungNames[i]})
	}
	for i, p := range t.Points {
		l.took(p, l.middle(i), y)
	}
	l.name(t, y)
	l.feet()
}

func (l *layout) middle(i int) float64 { return round(l.left + (float64(i)+0.5)*l.slot) }

// name says the latest median or, where there is none, the latest time, the longest of its period: the others look the same.
func (l *layout) name(t Times, y func(time.Duration) float64) {
	at, text, d := -1, "", time.Duration(0)
	for i, p := range t.Points {
		switch {
		case p.Median > 0:
			at, text, d = i, "median "+t.Words(p.Median), p.Median
		case len(p.Each) > 0 && !strings.HasPrefix(text, "median "):
			at, d = i, p.Each[len(p.Each)-1]
			text = t.Words(d)
		}
	}
	l.c.Text(l.inside(Text{X: l.middle(at), Y: y(d) - 8, Size: textSize, Anchor: Middle, Bold: true, Role: Ink, Halo: true, S: text}))
}

// took draws one period: its dots side by side, and over them the median and what nine of ten stayed within.
func (l *layout) took(p Took, mid float64, y func(time.Duration) float64) {
	role, n := LastBar, len(p.Each)
	w := round(math.Min(maxBar, l.slot*0.72))
	if p.Median > 0 {
		role = Bar
	}
	if n > maxDots {
		l.c.Rect(mid-1, y(p.Each[n-1]), 2, y(p.Each[0])-y(p.Each[n-1]), Bar)
	} else {
		for i, d := range p.Each {
			x := mid
			if n > 1 {
				x += round((float64(i)/float64(n-1) - 0.5) * max(0, w-7))
			}
			l.dot(x, y(d), role)
		}
	}
	if p.Median > 0 {
		l.c.Rect(mid-w/2, y(p.Median)-2, w, 4, LastBar)
		l.c.Rect(mid-w/2, y(p.P90)-0.8, w, 1.6, Muted)
	}
}

// dot is a small octagon: a Canvas draws no circles.
func (l *layout) dot(x, y float64, role Role) {
	const r, k = 3.6, 3.6 * 0.4142
	l.c.Polygon([]Pt{{x - k, y - r}, {x + k, y - r}, {x + r, y - k}, {x + r, y + k}, {x + k, y + r}, {x - k, y + r}, {x - r, y + k}, {x - r, y - k}}, role)
}
