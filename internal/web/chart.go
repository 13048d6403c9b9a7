package web

import "math"

// chartView is a bar chart laid out in its view box.
type chartView struct {
	*Chart
	Width, Height float64
	Left, Right   float64
	Base          float64 // y of zero
	Bars          []chartBar
	Ticks         []chartTick
	Marked        []chartMark
}

type chartBar struct {
	X, Y, W, H float64
	CX         float64 // middle
	Label      string
	Show       bool // its label fits
	Value      float64
	Partial    bool
	ShowValue  bool // the highest and the last one say their number
	TextY      float64
}

type chartTick struct{ Y, TextY, Value float64 }

type chartMark struct {
	X, Top, Base, TextY float64
	Anchor              string
	Kind, Label         string
	TextX               float64
}

const (
	chartHeight   = 220.0
	chartFoot     = 24.0 // for the labels below
	chartMarkLine = 18.0 // for one line of marks above
	chartLabel    = 46.0 // a date label takes this much
)

// chart lays a chart out for a view box of the given width: the wide one for desktops, a narrow one for phones, where a
// shrunk text could not be read.
func chart(c *Chart, width int) chartView {
	v := chartView{Chart: c, Width: float64(width), Height: chartHeight, Left: 34, Right: float64(width) - 4}
	v.Base = v.Height - chartFoot
	lines := math.Min(3, float64(len(c.Marks)))
	top := 16 + lines*chartMarkLine
	peak, highest := 0.0, 0
	for i, p := range c.Points {
		if p.Value > peak {
			peak, highest = p.Value, i
		}
	}
	stepSize, ceiling := scale(peak)
	y := func(f float64) float64 { return round(v.Base - (v.Base-top)*math.Max(0, f)/ceiling) }
	for f := 0.0; f <= ceiling+stepSize/2; f += stepSize {
		v.Ticks = append(v.Ticks, chartTick{Y: y(f), TextY: y(f) + 4, Value: f})
	}
	if len(c.Points) == 0 {
		return v
	}
	lane := (v.Right - v.Left) / float64(len(c.Points))
	every := max(1, int(math.Ceil(chartLabel/lane)))
	last := len(c.Points) - 1
	for i, p := range c.Points {
		x := v.Left + float64(i)*lane
		w := math.Min(lane*0.72, 40)
		b := chartBar{
			X: round(x + (lane-w)/2), W: round(w), Y: y(p.Value), CX: round(x + lane/2), Label: p.Label, Value: p.Value, Partial: p.Partial,
			Show: (last-i)%every == 0, ShowValue: i == last || i == highest,
		}
		b.H = round(v.Base - b.Y)
		b.TextY = b.Y - 5
		v.Bars = append(v.Bars, b)
	}
	for i, m := range c.Marks {
		if m.Index < 0 || m.Index > last {
			continue
		}
		x := round(v.Left + (float64(m.Index)+0.5)*lane)
		line := 12 + float64(i%3)*chartMarkLine
		k := chartMark{X: x, Top: line - 4, Base: v.Base, TextY: line, Anchor: "start", Kind: m.Kind, Label: m.Label, TextX: x + 10}
		if x > v.Width*0.6 {
			k.Anchor, k.TextX = "end", x-10
		}
		v.Marked = append(v.Marked, k)
	}
	return v
}

// scale is a step of 1, 2 or 5 times a power of ten, and the first multiple of it that holds peak: at most five steps.
func scale(peak float64) (step, ceiling float64) {
	if !(peak > 0) || math.IsInf(peak, 0) {
		return 1, 1
	}
	raw := peak / 4
	pow := math.Pow(10, math.Floor(math.Log10(raw)))
	step = 10 * pow
	for _, m := range []float64{1, 2, 5} {
		if m*pow >= raw {
			step = m * pow
			break
		}
	}
	if step < 1 {
		step = 1
	}
	return step, math.Ceil(peak/step) * step
}
