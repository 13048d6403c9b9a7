package chart

import (
	"fmt"
	"strings"
	"time"
)

// Course is what happened in a stretch of time, on a line: a tick for everything, a line with a name for what matters. Its
// table is the business of whoever draws it. All texts may be hostile.
type Course struct {
	Title string
	At    []time.Time // everything, in any order
	Marks []Mark
}

// The sizes of a Course.
var (
	courseWide   = Size{W: 680, H: 132}
	courseNarrow = Size{W: 320, H: 132}
)

// CourseFigure is the line for a page, in a wide and a narrow layout of which CSS shows one. It is escaped HTML, and empty
// where all happened at one moment.
func CourseFigure(s Course) string {
	if from, to := s.ends(); !to.After(from) {
		return ""
	}
	draw := func(size Size, class string) string {
		c := &svgCanvas{}
		DrawCourse(s, size, c)
		return svgOf(c, size, class, s.Alt())
	}
	return `<figure class="chart">` + draw(courseWide, "chart-wide") + draw(courseNarrow, "chart-narrow") + `</figure>`
}

// Alt says what the line shows in a sentence.
func (s Course) Alt() string {
	names := make([]string, len(s.Marks))
	for i, m := range s.Marks {
		names[i] = line(m.Label)
	}
	return fmt.Sprintf("%s: %d moments. %s.", line(s.Title), len(s.At), capital(strings.Join(names, ", ")))
}

func (s Course) ends() (from, to time.Time) {
	note := func(t time.Time) {
		if from.IsZero() || t.Before(from) {
			from = t
		}
		if t.After(to) {
			to = t
		}
	}
	for _, t := range s.At {
		note(t)
	}
	for _, m := range s.Marks {
		note(m.At)
	}
	return from, to
}

// DrawCourse lays the line out and puts it on a canvas.
func DrawCourse(s Course, size Size, c Canvas) {
	l := &layout{size: size, c: c, left: edge + 6, base: size.H - 14}
	from, to := s.ends()
	x := func(t time.Time) float64 {
		return round(l.left + (size.W-2*l.left)*float64(t.Sub(from))/float64(max(to.Sub(from), 1)))
	}
	c.Rect(0, 0, size.W, size.H, Paper)
	c.Line(l.left, l.base, size.W-l.left, l.base, false, Axis)
	for _, t := range s.At {
		c.Rect(x(t)-0.8, l.base-7, 1.6, 14, Bar)
	}
	for _, m := range s.Marks {
		m.Label = line(m.Label)
		p := l.seat(placed{m: m, x: x(m.At)})
		l.placed = append(l.placed, p)
		l.markLine(p)
	}
	for _, p := range l.placed {
		l.markLabel(p)
	}
}
