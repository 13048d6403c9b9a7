package chart

import (
	"encoding/xml"
	"errors"
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

// resolve is twelve weeks: none, some, enough for a median, and more than are drawn one by one.
func resolve() Times {
	t := Times{Title: "Time to resolve", Unit: "episode", Units: "episodes", Period: "week"}
	for i, n := range []int{0, 1, 2, 0, 3, 5, 0, 40, 1, 0, 4, 0} {
		p := Took{Label: day(time.January, 6).AddDate(0, 0, 7*i).Format("2 Jan"), Partial: i == 11}
		for k := range n {
			p.Each = append(p.Each, time.Duration((k+1)*(k+1))*11*time.Minute)
		}
		if n >= 5 {
			p.Median, p.P90 = p.Each[n/2], p.Each[n*9/10]
		}
		t.Points = append(t.Points, p)
	}
	return t
}

func hostileTimes() Times {
	t := resolve()
	t.Title, t.Units = `<script>alert(1)</script>" onload="x`+"\x00\u202e", "</svg>"
	t.Points[1].Label = `"><img src=x>`
	t.Words = func(time.Duration) string { return "<b>" }
	return t
}

func TestTimesAlt(t *testing.T) {
	took := func(label string, each ...time.Duration) Took { return Took{Label: label, Each: each} }
	tests := []struct {
		name string
		t    Times
		want string
	}{
		{"nothing", Times{Title: "Age", Points: []Took{took("3 Mar")}}, "Age: no data yet."},
		{"one", Times{Title: "Age", Unit: "episode", Points: []Took{took("3 Mar", time.Hour), took("10 Mar")}}, "Age: 1 episode in 2 weeks, from 1h0m0s to 1h0m0s; latest in the week of 3 Mar: 1h0m0s."},
		{"in any order", Times{Title: "Age", Units: "episodes", Points: []Took{took("3 Mar", 3*time.Second, time.Second)}}, "Age: 2 episodes in 1 week, from 1s to 3s; latest in the week of 3 Mar: 1s, 3s."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.t.Alt()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestTimesRows(t *testing.T) {
	rows := resolve().Rows()
	want := []TimesRow{
		{"6 Jan", "0", "–", "–", "–"},
		{"20 Jan", "2", "11m0s, 44m0s", "–", "–"},
		{"10 Feb", "5", "11m0s to 4h35m0s", "1h39m0s", "4h35m0s"},
		{"24 Mar so far", "0", "–", "–", "–"},
	}
	if d := cmp.Diff(want, []TimesRow{rows[0], rows[2], rows[5], rows[11]}); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestTimesFigure(t *testing.T) {
	for name, s := range map[string]Times{"times": resolve(), "times_hostile": hostileTimes(), "times_empty": {Title: "Age"}} {
		t.Run(name, func(t *testing.T) {
			got := strings.ReplaceAll(TimesFigure(s), "><", ">\n<") + "\n"
			file := filepath.Join("testdata", name+".html")
			if *update {
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
			if m := regexp.MustCompile(`(?i)<script|<img|<b>|\sstyle=|\son\w+="|\sid=`).FindString(got); m != "" {
				t.Errorf("the figure has %q", m)
			}
			dec := xml.NewDecoder(strings.NewReader(got))
			for {
				if _, err := dec.Token(); errors.Is(err, io.EOF) {
					return
				} else if err != nil {
					t.Fatalf("not well-formed: %v", err)
				}
			}
		})
	}
}

func TestTimesLayout(t *testing.T) {
	year := Times{Title: "A year"}
	for i := range 52 {
		p := Took{Label: day(time.January, 6).AddDate(0, 0, 7*i).Format("2 Jan")}
		for k := range i % 7 {
			p.Each = append(p.Each, time.Duration(i*k)*time.Hour)
		}
		year.Points = append(year.Points, p)
	}
	of := func(each ...time.Duration) Times {
		return Times{Title: "x", Points: []Took{{Label: "3 Mar", Each: each}}}
	}
	for name, s := range map[string]Times{
		"resolve": resolve(), "hostile": hostileTimes(), "year": year, "at once": of(0), "on a rung": of(time.Hour), "first rung": of(time.Second),
		"endless": of(math.MaxInt64), "all there is": of(0, time.Second, 100*365*24*time.Hour), "empty": {},
	} {
		for _, size := range []Size{Wide, Narrow} {
			t.Run(fmt.Sprintf("%s %g", name, size.W), func(t *testing.T) {
				r := &recorder{size: size}
				DrawTimes(s, size, r)
				if len(r.bad) > 0 {
					t.Errorf("drawn outside: %v", r.bad)
				}
				for i, a := range r.texts {
					if from, to := extent(a); from < -1 || to > size.W+1 || a.Y > size.H {
						t.Errorf("%q lies outside: %g to %g, y %g", a.S, from, to, a.Y)
					}
					for _, b := range r.texts[:i] {
						from, to := extent(a)
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
