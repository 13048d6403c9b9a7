package metric_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/id"
	"learningloop/internal/metric"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
)

var (
	update = flag.Bool("update", false, "write the golden file anew")
	monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	shop   = id.NewProduct("shop")
	long   = monday.AddDate(-2, 0, 0)
)

// episode was opened so many hours after the Monday, and took so long for each stage; -1 is never.
func episode(name string, opened, ack, resolved float64, change ...func(*opsitem.Episode)) opsitem.Episode {
	at := func(h float64) time.Time { return monday.Add(time.Duration(h * float64(time.Hour))) }
	e := opsitem.Episode{
		Improvement: id.NewImprovement(shop, name), N: 1, Opened: at(opened), Filed: at(opened).Add(time.Minute),
		Stages: opsitem.Stages{Severity: 2, Worst: 2, Source: opsitem.Machine},
	}
	if ack >= 0 {
		e.Stages.Acknowledged = at(opened + ack)
	}
	if resolved >= 0 {
		e.Resolved = at(opened + resolved)
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func TestWeeks(t *testing.T) {
	newYear := metric.WeekOf(time.Date(2027, 1, 2, 23, 0, 0, 0, time.FixedZone("x", -7200)))
	if newYear.Name() != "2026-W53" || !newYear.Start.Equal(time.Date(2026, 12, 28, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%s from %v", newYear.Name(), newYear.Start)
	}
	back := newYear.Back(3)
	if len(back) != 3 || back[0].Name() != "2026-W51" || !back[1].End.Equal(back[2].Start) {
		t.Errorf("%v", back)
	}
	if len(newYear.Back(0)) != 1 || len(newYear.Back(9999)) != metric.MaxWeeks {
		t.Error("not held to bounds")
	}
	if got := metric.Between(monday.Add(time.Hour), monday.AddDate(0, 0, 14)); len(got) != 3 || got[2].Name() != "2026-W12" {
		t.Errorf("%v", got)
	}
	if got := metric.Between(monday, monday.Add(-time.Hour)); got != nil {
		t.Errorf("backwards: %v", got)
	}
	if got := metric.Between(time.Time{}, monday); len(got) != metric.MaxWeeks+1 {
		t.Errorf("all of time: %d weeks", len(got))
	}
}

func TestCounts(t *testing.T) {
	w := metric.WeekOf(monday)
	hour := time.Hour
	six := []opsitem.Episode{
		episode("a", 1, 1, 10), episode("b", 2, 2, 20), episode("c", 3, 3, 30), episode("d", 4, 4, 40), episode("e", 5, 5, 50), episode("f", 6, 6, -1),
	}
	tests := []struct {
		name string
		in   []opsitem.Episode
		now  time.Time
		want metric.Counts
	}{
		{"nothing", nil, w.End, metric.Counts{}},
		{
			"one",
			[]opsitem.Episode{episode("a", 1, 1, 10)},
			w.End.AddDate(0, 1, 0),
			metric.Counts{
				Opened: 1, Resolved: 1, Acknowledge: metric.Spread{1, hour, hour}, File: metric.Spread{1, time.Minute, time.Minute},
				Resolve: metric.Spread{1, 10 * hour, 10 * hour},
			},
		},
		{
			"medians of even and odd numbers, p90 by nearest rank", six, w.End,
			metric.Counts{
				Opened: 6, Resolved: 5, Open: 1, Age: metric.Spread{1, 162 * hour, 162 * hour}, Acknowledge: metric.Spread{6, 3*hour + 30*time.Minute, 6 * hour},
				File: metric.Spread{6, time.Minute, time.Minute}, Resolve: metric.Spread{5, 30 * hour, 50 * hour},
			},
		},
		{
			"opened before and resolved after",
			[]opsitem.Episode{episode("a", -100, 20, 400)},
			w.End.AddDate(0, 1, 0),
			metric.Counts{Before: 1, Open: 1, Age: metric.Spread{1, 268 * hour, 268 * hour}},
		},
		{
			"under way in the running week",
			[]opsitem.Episode{episode("a", -100, -1, -1)},
			monday.Add(24 * hour),
			metric.Counts{Before: 1, Open: 1, Age: metric.Spread{1, 124 * hour, 124 * hour}},
		},
		{
			"on the dots",
			[]opsitem.Episode{episode("a", 0, -1, 168), episode("b", 168, -1, -1)},
			w.End.AddDate(0, 0, 1),
			metric.Counts{Opened: 1, Open: 1, Age: metric.Spread{1, 168 * hour, 168 * hour}, File: metric.Spread{1, time.Minute, time.Minute}},
		},
		{
			"the next episode of something",
			[]opsitem.Episode{episode("a", 1, -1, -1, func(e *opsitem.Episode) { e.N, e.Filed = 2, time.Time{} })},
			w.End,
			metric.Counts{Reopened: 1, Open: 1, Age: metric.Spread{1, 167 * hour, 167 * hour}},
		},
		{
			"the same that went on after all",
			[]opsitem.Episode{episode("a", -200, -1, 900, func(e *opsitem.Episode) {
				e.Stages.Reopened = []opsitem.Span{{Resolved: monday.Add(-50 * hour), Reopened: monday.Add(2 * hour)}, {Resolved: monday.Add(5 * hour), Reopened: w.End.Add(hour)}}
			})},
			w.End.AddDate(0, 2, 0),
			metric.Counts{Resolved: 1, Reopened: 1}, // resolved at the week's end
		},
		{
			"clocks that disagree",
			[]opsitem.Episode{episode("a", 5, -1, -1, func(e *opsitem.Episode) { e.Resolved, e.Filed = monday.Add(4*hour), time.Time{} })},
			w.End,
			metric.Counts{Opened: 1, Resolved: 1, Resolve: metric.Spread{1, 0, 0}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := metric.Of(tt.in, []metric.Week{w}, long, tt.now)
			if d := cmp.Diff(tt.want, got.Rows[0].All); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	each := metric.Of(six, []metric.Week{w}, long, w.End).Rows[0].Each
	if d := cmp.Diff([]time.Duration{10 * hour, 20 * hour, 30 * hour, 40 * hour, 50 * hour}, each.Resolve); d != "" || len(each.Age) != 1 || len(each.Acknowledge) != 6 {
		t.Errorf("each %+v", each)
	}
	if s := (metric.Spread{N: 4}); s.Known() || !(metric.Spread{N: 5}).Known() {
		t.Error("four are enough, or five are not")
	}
}

// Severities and sources each add up to the whole; an episode of an older release has both.
func TestSplits(t *testing.T) {
	in := []opsitem.Episode{
		episode("a", 1, -1, -1, func(e *opsitem.Episode) { e.Stages.Worst = 1 }),
		episode("b", 1, -1, -1, func(e *opsitem.Episode) { e.Stages.Source = opsitem.People }),
		{Improvement: id.NewImprovement(shop, "old"), N: 1, Opened: monday, Request: opsitem.Request{Severity: 3}},
		{Improvement: id.NewImprovement(shop, "older"), N: 1, Opened: monday},
	}
	row := metric.Of(in, []metric.Week{metric.WeekOf(monday)}, long, monday.AddDate(0, 0, 7)).Rows[0]
	got := fmt.Sprint(row.All.Opened)
	for _, c := range row.BySeverity {
		got += fmt.Sprint(" ", c.Opened)
	}
	for _, s := range opsitem.Sources {
		got += fmt.Sprint(" ", s, " ", row.BySource[s].Opened)
	}
	if want := "4 1 1 1 1 machine 1 people 3 both 0"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func many(week, n int) (out []opsitem.Episode) {
	for i := range n {
		out = append(out, episode(fmt.Sprint(week, "/", i), float64(168*week)+float64(i)*0.3, -1, -1))
	}
	return out
}

// Nothing is said to have changed but what an exact interval says, and that only where there is a whole week before.
func TestChange(t *testing.T) {
	tests := []struct {
		name       string
		was, is    int
		begun, now time.Time
		known      bool
		noise      bool
		word       string
	}{
		{"within noise", 8, 12, long, monday.AddDate(0, 0, 7), true, true, "within noise"},
		{"a rise", 18, 60, long, monday.AddDate(0, 0, 7), true, false, "1.9 to 6.0 times as many"},
		{"a fall", 60, 18, long, monday.AddDate(0, 0, 7), true, false, "48% to 84% fewer"},
		{"from none", 0, 20, long, monday.AddDate(0, 0, 7), true, false, "at least 4.9 times as many"},
		{"none, as before", 0, 0, long, monday.AddDate(0, 0, 7), false, true, ""},
		{"the product is new", 1, 60, monday.AddDate(0, 0, -3), monday.AddDate(0, 0, 7), false, true, ""},
		{"a day of the running week is no fall", 20, 4, long, monday.AddDate(0, 0, 1), true, true, "within noise"},
		{"nothing of the week is over", 20, 0, long, monday, false, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := metric.Of(append(many(-1, tt.was), many(0, tt.is)...), []metric.Week{metric.WeekOf(monday)}, tt.begun, tt.now).Rows[0]
			c := row.Opened
			if c.Now != tt.is || c.Before != tt.was || c.Known != tt.known || c.Noise() != tt.noise || c.Words() != tt.word {
				t.Errorf("%+v: noise %v, %q", c, c.Noise(), c.Words())
			}
		})
	}
}

// A year of a product: every week is there, and what is under way at the end of one begins the next.
func TestAYear(t *testing.T) {
	var in []opsitem.Episode
	for i := range 1000 {
		in = append(in, episode(fmt.Sprint(i), float64(i)*8.7, float64(i%7)/3, float64(i%40)*9))
	}
	weeks := metric.WeekOf(monday.AddDate(1, 0, 0)).Back(53)
	r := metric.Of(in, weeks, long, monday.AddDate(1, 0, 0))
	opened, resolved := 0, 0
	for i, row := range r.Rows {
		opened, resolved = opened+row.All.Opened, resolved+row.All.Resolved
		if want := opened - resolved; row.All.Open != want {
			t.Errorf("week %d: %d under way, want %d", i, row.All.Open, want)
		}
	}
	if len(r.Rows) != 53 || opened != 1000 || !r.Rows[52].Partial || r.Rows[51].Partial {
		t.Errorf("%d weeks, %d opened", len(r.Rows), opened)
	}
	if last, ok := r.Last(); !ok || last.Name() != r.Rows[51].Name() {
		t.Errorf("the last whole week is %s", last.Name())
	}
	if _, ok := (metric.Review{}).Last(); ok {
		t.Error("no week is a week")
	}
}

func TestCSV(t *testing.T) {
	in := append(many(-1, 2), many(0, 6)...)
	in = append(in, episode("x", 1, 1, 10), episode("y", 1, 1, 10), episode("z", 1, 1, 10), episode("u", 1, 1, 10), episode("v", 1, 1, 10))
	r := metric.Of(in, metric.WeekOf(monday.AddDate(0, 0, 7)).Back(2), long, monday.AddDate(0, 0, 9))
	got, err := r.CSV("=cmd|' /C calc'!A0")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/review.csv", got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/review.csv")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("(-want +got; -update writes it anew):\n%s", d)
	}
	if strings.Contains(string(got), "\n=") {
		t.Error("a formula")
	}
	empty, err := metric.Review{}.CSV("shop")
	if err != nil || strings.Count(string(empty), "\r\n") != 1 {
		t.Errorf("%q, %v", empty, err)
	}
}

// No cell is taken for a formula, whatever it begins with; all others are as they were.
func FuzzHarmless(f *testing.F) {
	for _, s := range []string{"", "=1+1", "+1", "-1", "@x", "\tx", "\rx", "checkout", "'=1", "é="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := metric.Harmless(s)
		if got != "" && strings.ContainsRune("=+-@\t\r", rune(got[0])) {
			t.Errorf("%q gives %q", s, got)
		}
		if strings.TrimPrefix(got, "'") != s && got != s {
			t.Errorf("%q gives %q", s, got)
		}
	})
}

type reader struct {
	open, resolved int // pages, of 250
	fails          int
	since          time.Time
}

func (r *reader) page(kind string, pages int, cursor string) ([]opsitem.Episode, string, error) {
	n := 0
	_, _ = fmt.Sscan(cursor, &n)
	if pages == 0 {
		return nil, "", nil
	}
	out := make([]opsitem.Episode, 250)
	for i := range out {
		out[i] = episode(fmt.Sprint(kind, n, i), 1, -1, -1)
	}
	if n++; n < pages {
		return out, fmt.Sprint(n), nil
	}
	return out, "", nil
}

func (r *reader) OpenEpisodes(_ context.Context, _ id.Product, cursor string) ([]opsitem.Episode, string, error) {
	if r.fails == 1 {
		return nil, "", errors.New("broken")
	}
	return r.page("open", r.open, cursor)
}

func (r *reader) ResolvedEpisodes(_ context.Context, _ id.Product, since time.Time, cursor string) ([]opsitem.Episode, string, error) {
	if r.since = since; r.fails == 2 {
		return nil, "", errors.New("broken")
	}
	return r.page("resolved", r.resolved, cursor)
}

func TestFor(t *testing.T) {
	p := product.Product{ID: shop, Created: long}
	weeks := metric.WeekOf(monday).Back(2)
	for _, tt := range []struct {
		name string
		r    reader
		n    int
		cut  bool
	}{
		{"none", reader{}, 0, false},
		{"several pages", reader{open: 2, resolved: 3}, 1250, false},
		{"as many as are read", reader{open: 20}, 5000, false},
		{"more than are read", reader{open: 21, resolved: 1}, 5250, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := metric.For(t.Context(), &tt.r, p, weeks, monday.AddDate(0, 0, 7))
			if err != nil || got.Rows[1].All.Opened != tt.n || got.Cut != tt.cut || !tt.r.since.Equal(monday.AddDate(0, 0, -14)) {
				t.Errorf("%d of %v, cut %v, since %v, %v", got.Rows[1].All.Opened, tt.n, got.Cut, tt.r.since, err)
			}
		})
	}
	for k := 1; k <= 2; k++ {
		if _, err := metric.For(t.Context(), &reader{fails: k}, p, weeks, monday); err == nil {
			t.Errorf("list %d is broken, and nobody says so", k)
		}
	}
	if got, err := metric.For(t.Context(), &reader{fails: 1}, p, nil, monday); err != nil || len(got.Rows) != 0 {
		t.Errorf("no week: %+v, %v", got, err)
	}
}
