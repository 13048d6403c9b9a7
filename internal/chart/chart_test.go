package chart

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func day(month time.Month, d int) time.Time { return time.Date(2025, month, d, 0, 0, 0, 0, time.UTC) }

// Retail is twelve weeks with all there is to draw.
func retail() Series {
	s := Series{
		Title: "Feedback a week", Unit: "piece of feedback", Units: "pieces of feedback", Period: "week",
		Marks: []Mark{
			{At: day(time.January, 15), Label: "2.0", Kind: Release},
			{At: day(time.February, 12), Label: "2.1", Kind: Release},
			{At: day(time.February, 13), Label: "checkout down", Kind: Incident},
			{At: day(time.March, 11), Label: "2.2", Kind: Release},
			{At: day(time.June, 1), Label: "out of range", Kind: Release},
		},
		Band: &Band{Low: 18, High: 36, Label: "usual"},
	}
	for i, v := range []float64{24, 31, 28, 19, 22, 35, 64, 41, 30, 27, 25, 21} {
		at := day(time.January, 6).AddDate(0, 0, 7*i)
		s.Points = append(s.Points, Point{Label: at.Format("2 Jan"), Start: at, Value: v})
	}
	return s
}

func TestAlt(t *testing.T) {
	point := func(v float64) Point { return Point{Label: "3 Mar", Start: day(time.March, 3), Value: v} }
	tests := []struct {
		name string
		s    Series
		want string
	}{
		{"all there is", retail(), "Feedback a week: 21 pieces of feedback in the week of 24 Mar, 25 the week before; " +
			"the most was 64 in the week of 17 Feb. Usual: 18 to 36. Release 2.0, week of 13 Jan. Release 2.1, week of 10 Feb. " +
			"Incident checkout down, week of 10 Feb. Release 2.2, week of 10 Mar."},
		{"nothing", Series{Title: "Feedback"}, "Feedback: no data yet."},
		{"one", Series{Title: "Feedback", Unit: "piece", Units: "pieces", Points: []Point{point(1)}}, "Feedback: 1 piece in the week of 3 Mar."},
		{"missing and endless", Series{Title: "F", Points: []Point{point(math.NaN()), point(math.Inf(1))}}, "F: none in the week of 3 Mar, none the week before."},
		{"not over", Series{Title: "F", Points: []Point{{Label: "3 Mar", Value: 1240.26, Partial: true}}}, "F: 1,240.3 in the week of 3 Mar so far."},
		{"hostile", Series{Title: "a\r\n\x00b\u202e\xff", Points: []Point{{Label: "<b>\n"}}}, "a b\uFFFD: 0 in the week of <b>."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.s.Alt()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestRows(t *testing.T) {
	got := retail().Rows()
	if len(got) != 12 {
		t.Fatalf("%d rows", len(got))
	}
	want := []Row{{"10 Feb", "35", "release 2.1; incident checkout down"}, {"17 Feb", "64", ""}}
	if d := cmp.Diff(want, got[5:7]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567.89: "1,234,567.9", 0.25: "0.3", -1: "none"} {
		if got := Number(v); got != want {
			t.Errorf("Number(%g) = %q, want %q", v, got, want)
		}
	}
}

func TestScale(t *testing.T) {
	for peak, want := range map[float64][2]float64{0: {1, 1}, 1: {1, 1}, 3: {1, 3}, 4: {1, 4}, 9: {5, 10}, 64: {20, 80}, 1000: {500, 1000}, 0.3: {0.1, 0.3}} {
		step, ceiling := scale(peak)
		if math.Abs(step-want[0]) > 1e-9 || math.Abs(ceiling-want[1]) > 1e-9 {
			t.Errorf("scale(%g) = %g, %g; want %v", peak, step, ceiling, want)
		}
	}
}

func many() Series {
	s := retail()
	s.Points = nil
	for i := range 52 {
		at := day(time.January, 6).AddDate(0, 0, 7*i)
		s.Points = append(s.Points, Point{Label: at.Format("2 Jan"), Start: at, Value: float64(i * 40), Partial: i == 51})
	}
	return s
}

func hostile() Series {
	s := retail()
	s.Title = `<script>alert(1)</script>" onload="x` + "\x00\u202e"
	s.Points[3].Label = `"><img src=x>`
	s.Points[4].Value = math.Inf(1)
	s.Points[5].Value = -7
	s.Marks[0].Label = strings.Repeat("A very long release name ", 20)
	s.Band.Label = "<b>"
	s.Units = "</svg>"
	return s
}

func TestFigureGolden(t *testing.T) {
	for name, s := range map[string]Series{"retail": retail(), "many": many(), "empty": {Title: "Feedback a week"}, "hostile": hostile()} {
		t.Run(name, func(t *testing.T) {
			got := strings.ReplaceAll(Figure(s), "><", ">\n<") + "\n"
			file := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("run with -update if this is meant (-want +got):\n%s", d)
			}
		})
	}
}

// A page's content security policy blocks style attributes, and nothing hostile may come out as markup.
func TestFigureIsSafe(t *testing.T) {
	got := Figure(hostile())
	if m := regexp.MustCompile(`(?i)<script|<img|<b>|\sstyle=|\son\w+="|\sid=`).FindString(got); m != "" {
		t.Errorf("the figure has %q", m)
	}
	dec := xml.NewDecoder(strings.NewReader(got))
	dec.Entity = xml.HTMLEntity
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

// recorder keeps what a chart draws, to check that it can be read.
type recorder struct {
	size  Size
	texts []Text
	bars  int
	bad   []string
}

func (r *recorder) in(x, y float64) {
	if math.IsNaN(x) || math.IsNaN(y) || x < -0.1 || y < -0.1 || x > r.size.W+0.1 || y > r.size.H+0.1 {
		r.bad = append(r.bad, fmt.Sprintf("(%g, %g)", x, y))
	}
}

func (r *recorder) Rect(x, y, w, h float64, role Role) {
	r.in(x, y)
	r.in(x+w, y+h)
	if role == Bar || role == LastBar {
		r.bars++
	}
}

func (r *recorder) Outline(x, y, w, h float64, role Role)       { r.Rect(x, y, w, h, role) }
func (r *recorder) Line(x1, y1, x2, y2 float64, _ bool, _ Role) { r.in(x1, y1); r.in(x2, y2) }
func (r *recorder) Polygon(pts []Pt, _ Role)                    { r.in(pts[0].X, pts[0].Y) }
func (r *recorder) Text(t Text)                                 { r.texts = append(r.texts, t) }

func TestLayoutFits(t *testing.T) {
	one := Series{Title: "One", Points: []Point{{Label: "3 Mar", Start: day(time.March, 3), Value: 5}}}
	zero := Series{Title: "None", Points: []Point{{Label: "3 Mar", Start: day(time.March, 3)}, {Label: "10 Mar", Start: day(time.March, 10)}}}
	huge := Series{Title: "Huge", Points: []Point{{Label: "3 Mar", Start: day(time.March, 3), Value: 1e15}}}
	crowded := retail()
	for i := range 30 {
		crowded.Marks = append(crowded.Marks, Mark{At: day(time.January, 7+i), Label: fmt.Sprintf("1.%d", i), Kind: Release})
	}
	for name, s := range map[string]Series{
		"retail": retail(), "many": many(), "hostile": hostile(), "one": one, "zero": zero, "huge": huge, "crowded": crowded, "empty": {},
	} {
		for _, size := range []Size{Wide, Narrow, Mail} {
			t.Run(fmt.Sprintf("%s %g", name, size.W), func(t *testing.T) {
				r := &recorder{size: size}
				Draw(s, size, r)
				if len(r.bad) > 0 {
					t.Errorf("drawn outside: %v", r.bad)
				}
				for i, a := range r.texts {
					from, to := extent(a)
					if from < -1 || to > size.W+1 || a.Y > size.H || a.Y < a.Size*0.8 {
						t.Errorf("%q lies outside: %g to %g, y %g", a.S, from, to, a.Y)
					}
					for _, b := range r.texts[:i] {
						f2, t2 := extent(b)
						if math.Abs(a.Y-b.Y) < 9 && from < t2-3 && f2 < to-3 {
							t.Errorf("%q and %q lie on each other", a.S, b.S)
						}
					}
				}
			})
		}
	}
}

func TestLayoutBars(t *testing.T) {
	r := &recorder{size: Wide}
	Draw(retail(), Wide, r)
	if r.bars != 12 {
		t.Errorf("%d bars, want 12", r.bars)
	}
	var marks []string
	for _, x := range r.texts {
		if strings.HasPrefix(x.S, "Release") || strings.HasPrefix(x.S, "Incident") || strings.HasPrefix(x.S, "usual") {
			marks = append(marks, x.S)
		}
	}
	if d := cmp.Diff([]string{"usual 18–36", "Release 2.0", "Release 2.1", "Incident checkout down", "Release 2.2"}, marks); d != "" {
		t.Errorf("named (-want +got):\n%s", d)
	}
}
