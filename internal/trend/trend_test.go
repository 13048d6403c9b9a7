package trend_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/signal"
	"learningloop/internal/trend"
)

var (
	shop = id.NewProduct("shop")
	hour = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
)

func said(name string, change func(*feedback.Feedback)) feedback.Feedback {
	f := feedback.Feedback{
		ID: id.NewFeedback(shop, name), Kind: feedback.Problem, Text: "x", Channel: feedback.API, Received: hour.Add(59*time.Minute + 59*time.Second),
		State: feedback.Received, Version: 1,
	}
	if change != nil {
		change(&f)
	}
	return f
}

func TestCells(t *testing.T) {
	all := trend.Cell{Product: shop, Dimension: trend.All, Hour: hour}
	tests := []struct {
		name string
		f    feedback.Feedback
		want map[trend.Cell]trend.Counts
	}{
		{"a bare problem", said("a", nil), map[trend.Cell]trend.Counts{all: {"n": 1, "kind_problem": 1, "channel_api": 1}}},
		{
			"everything said", said("b", func(f *feedback.Feedback) {
				f.Kind, f.Channel, f.Rating, f.Context.Component, f.Submitter.Company = feedback.Praise, feedback.Form, 5, "basket", "AnyCompany"
			}),
			map[trend.Cell]trend.Counts{
				all: {"n": 1, "kind_praise": 1, "channel_form": 1, "rating_5": 1},
				{Product: shop, Dimension: trend.Component("basket"), Hour: hour}:                          {"n": 1, "kind_praise": 1, "channel_form": 1, "rating_5": 1},
				{Product: shop, Dimension: trend.Company(feedback.CompanyKey(" anycompany ")), Hour: hour}: {"n": 1, "kind_praise": 1, "channel_form": 1, "rating_5": 1},
			},
		},
		{"withdrawn", said("c", func(f *feedback.Feedback) { f.State = feedback.Withdrawn; f.Rating = 5 }), nil},
		{
			"the hour is UTC's", said("d", func(f *feedback.Feedback) {
				f.Received = hour.In(time.FixedZone("half past", 5*3600+1800)).Add(time.Minute)
			}),
			map[trend.Cell]trend.Counts{all: {"n": 1, "kind_problem": 1, "channel_api": 1}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, trend.MarkOf(tt.f).Cells()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// A Mark says all that was counted, without words or people: it is kept for as long as the counts are.
func TestMarkSurvivesStorage(t *testing.T) {
	f := said("a", func(f *feedback.Feedback) {
		f.Rating, f.Context.Component, f.Text = 2, "basket", "secret words"
		f.Submitter = feedback.Submitter{Person: "p", Name: "Martha", Email: "martha@example.com", Company: "AnyCompany"}
		f.Received = time.Date(2026, 3, 2, 9, 0, 0, 123456789, time.FixedZone("", 3600))
	})
	m := trend.MarkOf(f)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{"secret", "Martha", "martha", "AnyCompany"} {
		if strings.Contains(string(b), private) {
			t.Errorf("a mark holds %q: %s", private, b)
		}
	}
	var back trend.Mark
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if !back.Same(m) || !m.Same(back) {
		t.Errorf("%+v and %+v are not the same", m, back)
	}
	if d := cmp.Diff(m.Cells(), back.Cells()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestSame(t *testing.T) {
	base := trend.MarkOf(said("a", nil))
	tests := []struct {
		name   string
		change func(*trend.Mark)
		same   bool
	}{
		{"itself", func(*trend.Mark) {}, true},
		{"stored more often", func(m *trend.Mark) { m.Version = 9 }, true},
		{"seen later", func(m *trend.Mark) { m.Seen = 9 }, true},
		{"in another zone", func(m *trend.Mark) { m.Received = m.Received.In(time.FixedZone("", 3600)) }, true},
		{"of another kind", func(m *trend.Mark) { m.Kind = feedback.Idea }, false},
		{"with a rating", func(m *trend.Mark) { m.Rating = 1 }, false},
		{"about a component", func(m *trend.Mark) { m.Component = "x" }, false},
		{"for a company", func(m *trend.Mark) { m.Company = "x" }, false},
		{"withdrawn", func(m *trend.Mark) { m.Nothing = true }, false},
		{"at another time", func(m *trend.Mark) { m.Received = m.Received.Add(1) }, false},
	}
	for _, tt := range tests {
		m := base
		tt.change(&m)
		if base.Same(m) != tt.same || m.Same(base) != tt.same {
			t.Errorf("%s: %v", tt.name, base.Same(m))
		}
	}
}

func TestMinus(t *testing.T) {
	tests := []struct {
		name       string
		a, b, want trend.Counts
	}{
		{"nothing", nil, nil, trend.Counts{}},
		{"less nothing", trend.Counts{"n": 2, "zero": 0}, nil, trend.Counts{"n": 2}},
		{"nothing less something", nil, trend.Counts{"n": 2}, trend.Counts{"n": -2}},
		{"what is alike goes", trend.Counts{"n": 1, "a": 1}, trend.Counts{"n": 1, "b": 1}, trend.Counts{"a": 1, "b": -1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := maps.Clone(tt.a), maps.Clone(tt.b)
			if d := cmp.Diff(tt.want, tt.a.Minus(tt.b)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if !maps.Equal(a, tt.a) || !maps.Equal(b, tt.b) {
				t.Error("an operand has changed")
			}
		})
	}
}

// All products are the sum of each, a week the sum of its hours: in any order, and in any grouping.
func TestTallyAddsUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var marks []trend.Mark
	for i := range 200 {
		marks = append(marks, trend.MarkOf(said(string(rune('a'+i)), func(f *feedback.Feedback) {
			f.Received = hour.Add(time.Duration(rnd.IntN(48)) * time.Hour)
			f.Kind = feedback.Kinds[rnd.IntN(4)]
			f.Rating = rnd.IntN(6)
			f.Context.Component = []string{"", "basket", "search"}[rnd.IntN(3)]
			if rnd.IntN(10) == 0 {
				f.Signal = &signal.Signal{State: signal.Firing, Severity: 1 + rnd.IntN(4)}
			}
			if rnd.IntN(10) == 0 {
				f.State = feedback.Withdrawn
			}
		})))
	}
	whole := trend.Tally(marks)
	var n int64
	for c, counts := range whole {
		if c.Dimension == trend.All {
			n += counts["n"]
		}
	}
	var counted int64
	for _, m := range marks {
		if !m.Nothing {
			counted++
		}
	}
	if n != counted || counted == int64(len(marks)) {
		t.Errorf("%d counted, want %d of %d", n, counted, len(marks))
	}
	rnd.Shuffle(len(marks), func(i, j int) { marks[i], marks[j] = marks[j], marks[i] })
	parts := map[trend.Cell]trend.Counts{}
	for chunk := range slices.Chunk(marks, 7) {
		for c, counts := range trend.Tally(chunk) {
			if parts[c] == nil {
				parts[c] = trend.Counts{}
			}
			parts[c].Add(counts)
		}
	}
	if d := cmp.Diff(whole, parts); d != "" {
		t.Errorf("(-whole +parts):\n%s", d)
	}
}

func TestSum(t *testing.T) {
	got := trend.Sum([]trend.Hourly{{Counts: trend.Counts{"n": 1, "a": 2}}, {Counts: trend.Counts{"n": 2}}, {}})
	if d := cmp.Diff(trend.Counts{"n": 3, "a": 2}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
