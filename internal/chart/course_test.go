package chart

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCourse(t *testing.T) {
	at := func(minute int) time.Time { return day(time.March, 3).Add(time.Duration(minute) * time.Minute) }
	mark := func(minute int, label string) Mark { return Mark{At: at(minute), Label: label, Kind: Moment} }
	s := Course{
		Title: "What happened", At: []time.Time{at(0), at(1), at(64), at(139), at(20)},
		Marks: []Mark{mark(0, "detected"), mark(0, "filed 20 s"), mark(64, "acknowledged 1 h 4 min"), mark(139, "resolved <b>2 h</b>\x00")},
	}
	if want := "What happened: 5 moments. Detected, filed 20 s, acknowledged 1 h 4 min, resolved <b>2 h</b>."; s.Alt() != want {
		t.Errorf("%q", s.Alt())
	}
	got := CourseFigure(s)
	for _, want := range []string{">Detected<", ">Filed 20 s<", ">Acknowledged 1 h 4 min<", ">Resolved &lt;b&gt;2 h&lt;/b&gt;<"} {
		if strings.Count(got, want) != 2 {
			t.Errorf("%s is there %d times, want wide and narrow", want, strings.Count(got, want))
		}
	}
	if got := CourseFigure(Course{At: []time.Time{at(3), at(3)}}); got != "" {
		t.Errorf("a line of one moment: %s", got)
	}
	for _, size := range []Size{courseWide, courseNarrow} {
		t.Run(fmt.Sprint(size.W), func(t *testing.T) {
			r := &recorder{size: size}
			DrawCourse(s, size, r)
			if len(r.bad) > 0 || len(r.texts) != 4 {
				t.Errorf("drawn outside: %v, texts %+v", r.bad, r.texts)
			}
			for i, a := range r.texts {
				from, to := extent(a)
				for _, b := range r.texts[:i] {
					f2, t2 := extent(b)
					if a.Y == b.Y && from < t2 && f2 < to {
						t.Errorf("%q and %q lie on each other", a.S, b.S)
					}
				}
			}
		})
	}
}
