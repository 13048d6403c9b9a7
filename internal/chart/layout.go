package chart

import (
	"math"
	"strings"
)

// Sizes in CSS pixels.
const (
	textSize  = 13.0
	smallSize = 12.0
	titleSize = 16.0
	rowHeight = 18.0 // of a row of mark labels
	maxRows   = 4
	footSize  = 24.0 // labels below the bars
	edge      = 2.0
	maxBar    = 56.0
)

// Draw lays the series out and puts it on a canvas.
func Draw(s Series, size Size, c Canvas) {
	l := layout{s: s.clean(), size: size, c: c}
	l.draw()
}

type layout struct {
	s         Series
	size      Size
	c         Canvas
	left      float64 // of the first slot
	slot      float64 // width of a bar's place
	top, base float64 // y of the highest value and of zero
	peak      float64 // value at top
	placed    []placed
}

// placed is a mark with the row it got.
type placed struct {
	m        Mark
	x        float64
	row      int
	text     string  // "" where there was no room
	at       Anchor  // Start: to the right of the line
	from, to float64 // extent, for the next one to keep clear of
}

func (l *layout) draw() {
	l.c.Rect(0, 0, l.size.W, l.size.H, Paper)
	l.c.Text(Text{X: edge, Y: titleSize, Size: titleSize, Bold: true, Role: Ink, S: fit(l.s.Title, titleSize, true, l.size.W-2*edge)})
	if len(l.s.Points) == 0 {
		l.c.Text(Text{X: edge, Y: titleSize + 28, Size: textSize, Role: Muted, S: "No data yet."})
		return
	}
	direct := l.frame()
	if !direct {
		l.grid()
	}
	l.band()
	for _, p := range l.placed {
		l.markLine(p)
	}
	l.bars(direct)
	for _, p := range l.placed {
		l.markLabel(p)
	}
}

// frame decides the plot's edges and says whether every bar has room for its own number; then no axis is needed.
func (l *layout) frame() (direct bool) {
	n := float64(len(l.s.Points))
	widest := 0.0
	for _, p := range l.s.Points {
		widest = math.Max(widest, width(Number(p.Value), textSize, true))
		if !missing(p.Value) {
			l.peak = math.Max(l.peak, p.Value)
		}
	}
	if l.s.Band != nil {
		l.peak = math.Max(l.peak, l.s.Band.High)
	}
	l.left = edge
	l.slot = (l.size.W - 2*edge) / n
	direct = l.slot >= widest+4
	if !direct {
		_, l.peak = scale(l.peak)
		l.left = width(Number(l.peak), smallSize, false) + 12
		l.slot = (l.size.W - l.left - edge) / n
	}
	if l.peak <= 0 {
		l.peak = 1
	}
	l.place()
	rows := 0
	for _, p := range l.placed {
		rows = max(rows, p.row+1)
	}
	l.top = titleSize + 14 + float64(rows)*rowHeight + textSize + 6
	l.base = l.size.H - footSize
	return direct
}

// scale is a step of 1, 2 or 5 times a power of ten and the first multiple of it that holds peak, in four steps at most.
func scale(peak float64) (step, ceiling float64) {
	if peak <= 0 {
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
	if peak >= 1 {
		step = math.Max(step, 1)
	}
	return step, math.Ceil(peak/step) * step
}

func (l *layout) y(v float64) float64 { return round(l.base - (l.base-l.top)*v/l.peak) }

func (l *layout) grid() {
	step, _ := scale(l.peak)
	for i := 1; float64(i)*step <= l.peak*1.0001; i++ {
		v := float64(i) * step
		l.c.Line(l.left, l.y(v), l.size.W-edge, l.y(v), false, Grid)
		l.c.Text(Text{X: l.left - 8, Y: l.y(v) + 4, Size: smallSize, Anchor: End, Role: Muted, S: Number(v)})
	}
	l.c.Text(Text{X: l.left - 8, Y: l.base + 1, Size: smallSize, Anchor: End, Role: Muted, S: "0"})
}

func (l *layout) band() {
	b := l.s.Band
	if b == nil {
		return
	}
	top := l.y(b.High)
	l.c.Rect(l.left, top, l.size.W-edge-l.left, math.Max(1, l.y(b.Low)-top), Usual)
}

func (l *layout) bars(direct bool) {
	w := round(math.Min(maxBar, l.slot*0.72))
	last, top := len(l.s.Points)-1, l.s.highest()
	l.c.Line(l.left, l.base, l.size.W-edge, l.base, false, Axis)
	for i, p := range l.s.Points {
		mid := round(l.left + (float64(i)+0.5)*l.slot)
		role := Bar
		if i == last {
			role = LastBar
		}
		y := l.base
		if !missing(p.Value) {
			y = l.y(p.Value)
		}
		switch h := l.base - y; {
		case h <= 0: // nothing to draw; its number says zero, or none
		case p.Partial:
			l.c.Rect(mid-w/2, y, w, h, Paper)
			l.c.Outline(mid-w/2, y, w, h, role)
		default:
			l.c.Rect(mid-w/2, y, w, h, role)
		}
		if direct || i == last || i == top {
			s := Number(p.Value)
			if missing(p.Value) {
				s = "–"
			}
			t := Text{X: mid, Y: y - 5, Size: textSize, Anchor: Middle, Bold: i == last, Role: Muted, Halo: true, S: s}
			if i == last {
				t.Role = Ink
			}
			l.c.Text(l.inside(t))
		}
	}
	l.feet()
	l.bandLabel(direct)
}

// feet names the bars, counted from the last, as many as have room.
func (l *layout) feet() {
	last, every, right := len(l.s.Points)-1, l.labelEvery(), math.Inf(1)
	for i := last; i >= 0; i -= every {
		t := Text{X: round(l.left + (float64(i)+0.5)*l.slot), Y: l.base + 17, Size: smallSize, Anchor: Middle, Role: Muted, S: l.s.Points[i].Label}
		if i == last {
			t.Role = Ink
		}
		t = l.inside(t)
		from, to := extent(t)
		if to+8 > right {
			continue
		}
		right = from
		l.c.Text(t)
	}
}

// bandLabel names the band above its edge, where neither a bar nor a number nor a mark is in the way; where there is no
// such place, Alt has to do.
func (l *layout) bandLabel(direct bool) {
	b := l.s.Band
	if b == nil || b.Label == "" {
		return
	}
	t := Text{Y: l.y(b.High) - 4, Size: smallSize, Role: Muted, S: b.Label + " " + Number(b.Low) + "–" + Number(b.High)}
	w := width(t.S, t.Size, false)
	for i := range l.s.Points {
		t.X = round(l.left + float64(i)*l.slot + 2)
		if t.X+w < l.size.W-edge && l.clear(t.X, t.X+w, t.Y+4, direct) {
			l.c.Text(t)
			return
		}
	}
}

// clear says whether nothing that is drawn reaches above y between two x.
func (l *layout) clear(from, to, y float64, direct bool) bool {
	top := l.s.highest()
	for i, p := range l.s.Points {
		x, reach := l.left+float64(i)*l.slot, l.base
		if !missing(p.Value) {
			reach = l.y(p.Value)
		}
		if direct || i == top || i == len(l.s.Points)-1 {
			reach -= textSize + 5
		}
		if x < to && x+l.slot > from && reach < y {
			return false
		}
	}
	for _, p := range l.placed {
		if p.x > from-4 && p.x < to+4 {
			return false
		}
	}
	return true
}

// labelEvery is how many bars share one label below, counted from the last.
func (l *layout) labelEvery() int {
	widest := 0.0
	for _, p := range l.s.Points {
		widest = math.Max(widest, width(p.Label, smallSize, false))
	}
	return max(1, int(math.Ceil((widest+8)/l.slot)))
}

// inside keeps a centred text within the picture.
func (l *layout) inside(t Text) Text {
	switch from, to := extent(t); {
	case to > l.size.W-1:
		t.X, t.Anchor = l.size.W-1, End
	case from < 1:
		t.X, t.Anchor = 1, Start
	}
	return t
}

func extent(t Text) (from, to float64) {
	w := width(t.S, t.Size, t.Bold)
	switch t.Anchor {
	case Middle:
		return t.X - w/2, t.X + w/2
	case End:
		return t.X - w, t.X
	default:
		return t.X, t.X + w
	}
}

// place gives each mark a row for its label, so that no two labels meet. Where there is no room the line and its shape
// stay, and the table says the name.
func (l *layout) place() {
	for _, m := range l.s.Marks {
		i, share, ok := l.s.slot(m.At)
		if !ok {
			continue
		}
		l.placed = append(l.placed, l.seat(placed{m: m, x: round(l.left + (float64(i)+share)*l.slot)}))
	}
}

// seat finds the first row with room for a mark's label, to its right or to its left, else for its shape alone.
func (l *layout) seat(p placed) placed {
	p.text = shorten(capital(p.m.name()), 22)
	w := width(p.text, smallSize, false) + 12
	for row := range maxRows {
		for _, side := range []Anchor{Start, End} {
			p.row, p.at, p.from, p.to = row, side, p.x-5, p.x+w
			if side == End {
				p.from, p.to = p.x-w, p.x+5
			}
			if p.from >= 0 && p.to <= l.size.W-1 && l.free(p) {
				return p
			}
		}
	}
	p.text, p.from, p.to = "", p.x-5, p.x+5
	for row := range maxRows {
		if p.row = row; l.free(p) {
			return p
		}
	}
	return p
}

func (l *layout) free(p placed) bool {
	for _, o := range l.placed {
		if o.row == p.row && p.from < o.to+6 && o.from < p.to+6 {
			return false
		}
	}
	return true
}

func (l *layout) markY(p placed) float64 { return titleSize + 14 + float64(p.row)*rowHeight + 10 }

func (l *layout) markLine(p placed) {
	l.c.Line(p.x, l.markY(p)-4, p.x, l.base, true, markRole(p.m.Kind))
}

// markLabel draws the shape, which differs by kind, and the name.
func (l *layout) markLabel(p placed) {
	x, y := p.x, l.markY(p)-4
	switch p.m.Kind {
	case Incident:
		l.c.Polygon([]Pt{{x, y - 5.5}, {x + 5.5, y}, {x, y + 5.5}, {x - 5.5, y}}, Trouble)
	case Release:
		l.c.Polygon([]Pt{{x - 5, y - 4.5}, {x + 5, y - 4.5}, {x, y + 5}}, ReleaseOf)
	default:
		l.c.Polygon([]Pt{{x - 4, y - 4}, {x + 4, y - 4}, {x + 4, y + 4}, {x - 4, y + 4}}, Muted)
	}
	if p.text == "" {
		return
	}
	t := Text{X: x + 9, Y: y + 4, Size: smallSize, Anchor: p.at, Role: Ink, Halo: true, S: p.text}
	if p.at == End {
		t.X = x - 9
	}
	l.c.Text(t)
}

func markRole(k Kind) Role {
	switch k {
	case Incident:
		return Trouble
	case Release:
		return ReleaseOf
	default:
		return Muted
	}
}

func round(f float64) float64 { return math.Round(f*10) / 10 }

// width estimates a text's width without a font, a little on the wide side: fonts differ between readers anyway.
func width(s string, size float64, bold bool) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("ijlItf.,:;'|!()[] ", r):
			w += 0.34
		case strings.ContainsRune("mwMW@%", r):
			w += 0.9
		case r >= 0x1100:
			w += 1.05
		case r >= 'A' && r <= 'Z':
			w += 0.7
		default:
			w += 0.58
		}
	}
	if bold {
		w *= 1.06
	}
	return w * size
}

// fit shortens a text to a width.
func fit(s string, size float64, bold bool, limit float64) string {
	if width(s, size, bold) <= limit {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && width(string(r)+"…", size, bold) > limit {
		r = r[:len(r)-1]
	}
	return strings.TrimRight(string(r), " ") + "…"
}
