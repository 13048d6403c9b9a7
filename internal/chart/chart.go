// Package chart draws counts over time, and draws it the same everywhere: laid out once, then put on
// whatever Canvas there is. SVG for pages is here; PNG for mails is in chartpng, apart because it carries fonts.
//
// A chart shows one idea: bars from zero, each saying its own number, releases and incidents marked by a line, a shape
// and their name. There is no legend and nothing depends on colour alone. Alt says the number in words, and Rows are the
// same chart as a table. Times is the other kind: how long something took, a dot for each.
package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"learningloop/internal/number"
)

// MaxPoints is how many bars are drawn; of more, the newest are.
const MaxPoints = 60

// Series is what a chart shows. All its texts may be hostile.
type Series struct {
	Title  string // "Feedback a week", or the finding itself
	Unit   string // what is counted, for one and many: "piece of feedback", "pieces of feedback"
	Units  string
	Period string // what a bar is: "week", "month"
	Points []Point
	Marks  []Mark
	Band   *Band
}

// Point is one bar. A value that is below zero or no number is drawn as missing.
type Point struct {
	Label   string    // below the bar, short: "3 Mar"
	Start   time.Time // of the period
	Value   float64
	Partial bool // the period is not over: drawn as an outline
}

// Kind is what a mark marks.
type Kind int

// The kinds of marks.
const (
	Other Kind = iota
	Release
	Incident
	Moment // nothing but its name
)

// String is the kind as a word.
func (k Kind) String() string {
	switch k {
	case Release:
		return "release"
	case Incident:
		return "incident"
	case Moment:
		return ""
	default:
		return "event"
	}
}

// Mark is a moment worth seeing beside the numbers. One outside the bars is left out.
type Mark struct {
	At    time.Time
	Label string
	Kind  Kind
}

// Band is the range that is usual, drawn behind the bars.
type Band struct {
	Low, High float64
	Label     string // "usual"
}

// Row is a bar as a line of a table.
type Row struct {
	Label, Value string
	Marks        string // "release 2.1; incident"
}

// Alt says what the chart shows in a sentence or two, with its latest number: what a reader without the picture gets.
func (s Series) Alt() string {
	s = s.clean()
	if len(s.Points) == 0 {
		return s.Title + ": no data yet."
	}
	var b strings.Builder
	last := s.Points[len(s.Points)-1]
	fmt.Fprintf(&b, "%s: %s in the %s of %s", s.Title, s.amount(last.Value), s.Period, last.Label)
	if last.Partial {
		b.WriteString(" so far")
	}
	if n := len(s.Points); n > 1 {
		fmt.Fprintf(&b, ", %s the %s before", Number(s.Points[n-2].Value), s.Period)
		if top := s.highest(); n > 2 && s.Points[top].Value > 0 {
			fmt.Fprintf(&b, "; the most was %s in the %s of %s", Number(s.Points[top].Value), s.Period, s.Points[top].Label)
		}
	}
	b.WriteString(".")
	if s.Band != nil {
		fmt.Fprintf(&b, " %s: %s to %s.", capital(s.Band.Label), Number(s.Band.Low), Number(s.Band.High))
	}
	for _, m := range s.Marks {
		if i, _, ok := s.slot(m.At); ok {
			fmt.Fprintf(&b, " %s, %s of %s.", capital(m.name()), s.Period, s.Points[i].Label)
		}
	}
	return b.String()
}

// Rows are the chart as a table, the oldest first.
func (s Series) Rows() []Row {
	s = s.clean()
	out := make([]Row, len(s.Points))
	for i, p := range s.Points {
		out[i] = Row{Label: p.Label, Value: Number(p.Value)}
		if p.Partial {
			out[i].Value += " so far"
		}
	}
	for _, m := range s.Marks {
		if i, _, ok := s.slot(m.At); ok {
			if out[i].Marks != "" {
				out[i].Marks += "; "
			}
			out[i].Marks += m.name()
		}
	}
	return out
}

// name is "release 2.1", "incident", "event sale".
func (m Mark) name() string {
	if m.Label == "" || strings.HasPrefix(strings.ToLower(m.Label), m.Kind.String()) {
		if m.Label == "" {
			return m.Kind.String()
		}
		return m.Label
	}
	return m.Kind.String() + " " + m.Label
}

func (s Series) amount(v float64) string {
	unit := s.Units
	if v == 1 {
		unit = s.Unit
	}
	return strings.TrimSpace(Number(v) + " " + unit)
}

// highest is the index of the greatest value, the latest of equals.
func (s Series) highest() int {
	top := 0
	for i, p := range s.Points {
		if p.Value >= s.Points[top].Value || missing(s.Points[top].Value) {
			top = i
		}
	}
	return top
}

// slot finds the bar whose period holds t, and how far into it t lies, 0 to 1. The last period is as long as the one
// before.
func (s Series) slot(t time.Time) (i int, share float64, ok bool) {
	for i, p := range s.Points {
		end := p.Start.AddDate(0, 0, 7)
		switch {
		case i+1 < len(s.Points):
			end = s.Points[i+1].Start
		case i > 0:
			end = p.Start.Add(p.Start.Sub(s.Points[i-1].Start))
		}
		if !t.Before(p.Start) && t.Before(end) {
			return i, float64(t.Sub(p.Start)) / float64(end.Sub(p.Start)), true
		}
	}
	return 0, 0, false
}

// clean bounds the series and makes its texts single lines without control characters.
func (s Series) clean() Series {
	s.Title, s.Unit, s.Units, s.Period = line(s.Title), line(s.Unit), line(s.Units), line(s.Period)
	if s.Period == "" {
		s.Period = "week"
	}
	s.Points = append([]Point(nil), s.Points[max(0, len(s.Points)-MaxPoints):]...)
	for i := range s.Points {
		s.Points[i].Label = line(s.Points[i].Label)
		if missing(s.Points[i].Value) {
			s.Points[i].Value = math.NaN()
		}
	}
	s.Marks = append([]Mark(nil), s.Marks...)
	for i := range s.Marks {
		s.Marks[i].Label = line(s.Marks[i].Label)
	}
	if s.Band != nil {
		b := *s.Band
		b.Label = line(b.Label)
		s.Band = &b
		if missing(b.Low) || missing(b.High) || b.High < b.Low {
			s.Band = nil
		}
	}
	return s
}

func missing(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) || v < 0 }

// line makes any text one line: control characters and what reorders text go.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufffe', r == '\uffff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return shorten(strings.Join(strings.Fields(s), " "), 200)
}

func shorten(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return strings.TrimRight(string(r[:limit-1]), " ") + "…"
	}
	return s
}

func capital(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

// Number is a value as people read it: "1,240", "3.5", "none" for one that is missing.
func Number(v float64) string {
	if missing(v) {
		return "none"
	}
	s := strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	whole, frac, _ := strings.Cut(s, ".")
	whole = number.Group(whole)
	if frac != "" {
		return whole + "." + frac
	}
	return whole
}
