package digest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/digest"
	"learningloop/internal/product"
)

// What is said of a change, from nothing to much, both ways. The intervals, by scipy 1.17.1 as in stats: 40 after 0 from
// 10.351; 100 after 100 0.7503 to 1.3329; 103,000 after 100,000 1.0211 to 1.0390; 1,010,000 after 1,000,000 1.0072 to 1.0128;
// 150 after 100 1.1569 to 1.9517; 160 after 100 1.2385 to 2.0753; 50 after 100 0.3487 to 0.7089. The words may not claim more.
func TestWhatIsSaidOfAChange(t *testing.T) {
	tests := []struct {
		name     string
		now, was int64
		shown    string
		said     string
		verdict  string
	}{
		{"none and none", 0, 0, "0", "", "A quiet week: nobody said anything new, nothing is overdue."},
		{"one after none", 1, 0, "1", "within noise", "1 piece of feedback, after none the week before (within noise)."},
		{"many after none", 40, 0, "40", "at least 10.3 times as many", "40 pieces of feedback, at least 10.3 times as many as the week before (0)."},
		{"none after one", 0, 1, "0", "within noise", "A quiet week: nobody said anything new, nothing is overdue."},
		// What may be a hundredth or three hundred times says nothing.
		{"one after one", 1, 1, "1", "within noise", "1 piece of feedback, about as many as the week before (1; within noise)."},
		{"as many", 100, 100, "100", "within noise (25% fewer to 34% more)", "100 pieces of feedback, about as many as the week before (100; within noise)."},
		{"a little more of very many", 103000, 100000, "103,000", "2% to 4% more", "103,000 pieces of feedback, 2% to 4% more than the week before (100,000)."},
		{"a trifle more of very many", 1010000, 1000000, "1,010,000", "0.7% to 2% more", "1,010,000 pieces of feedback, 0.7% to 2% more than the week before (1,000,000)."},
		{"some more", 150, 100, "150", "15% to 96% more", "150 pieces of feedback, 15% to 96% more than the week before (100)."},
		{"some more, perhaps twice", 160, 100, "160", "1.2 to 2.1 times as many", "160 pieces of feedback, 1.2 to 2.1 times as many as the week before (100)."},
		{"fewer", 50, 100, "50", "29% to 66% fewer", "50 pieces of feedback, 29% to 66% fewer than the week before (100)."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(t)
			m.products = []product.Product{checkout}
			m.say(checkout, monday.AddDate(0, 0, -10), tt.was)
			m.say(checkout, monday.AddDate(0, 0, -3), tt.now)
			r, err := digest.Build(t.Context(), m, checkout, digest.PeriodBefore(digest.Week, monday), monday)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{r.Numbers[0].Shown, r.Numbers[0].Said, r.Verdict}
			if d := cmp.Diff([]string{tt.shown, tt.said, tt.verdict}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			c := r.Numbers[0].Change
			if c != nil && !c.Open && c.Noise != (c.From <= float64(tt.was) && float64(tt.was) <= c.To) {
				t.Errorf("the interval drawn, %v to %v, contradicts noise %v at %d before", c.From, c.To, c.Noise, tt.was)
			}
		})
	}
}

// More numbers compared at once make each interval wider, so that all hold together.
func TestIntervalsHoldTogether(t *testing.T) {
	width := func(names ...string) float64 {
		m := newMemory(t)
		m.products = []product.Product{checkout}
		m.say(checkout, monday.AddDate(0, 0, -10), 50, names...)
		m.say(checkout, monday.AddDate(0, 0, -3), 60, names...)
		r, err := digest.Build(t.Context(), m, checkout, digest.PeriodBefore(digest.Week, monday), monday)
		if err != nil {
			t.Fatal(err)
		}
		return r.Numbers[0].Change.High - r.Numbers[0].Change.Low
	}
	one, two, three := width(), width("kind_problem"), width("kind_problem", "rating_1")
	if one >= two || two >= three {
		t.Errorf("widths %.3f, %.3f, %.3f: want each wider than the one before", one, two, three)
	}
}

// The report over all is the sum of the products' in every count, and says nothing they do not.
func TestOverallIsTheSum(t *testing.T) {
	m := twoProducts(t)
	m.say(search, monday.AddDate(0, 0, -2), 7, "kind_problem", "rating_1")
	m.say(search, monday.AddDate(0, 0, -60), 3)
	period := digest.PeriodBefore(digest.Week, monday)
	var reports []digest.Report
	var now, before digest.Tally
	for _, p := range m.products {
		r, err := digest.Build(t.Context(), m, p, period, monday)
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r)
		now.Add(r.Facts.Now)
		before.Add(r.Facts.Before)
	}
	all := digest.Overall(period, monday, reports)
	if d := cmp.Diff(now, all.Facts.Now); d != "" {
		t.Errorf("now (-want +got):\n%s", d)
	}
	if d := cmp.Diff(before, all.Facts.Before); d != "" {
		t.Errorf("before (-want +got):\n%s", d)
	}
	for i, p := range all.Series {
		var want int64
		for _, r := range reports {
			if j := i - (len(all.Series) - len(r.Series)); j >= 0 {
				want += r.Series[j].Feedback
			}
		}
		if p.Feedback != want {
			t.Errorf("%s: %d pieces, want %d", p.Period.Name(), p.Feedback, want)
		}
	}
	if n := len(reports[0].Series); n != digest.Periods {
		t.Errorf("%d periods, want %d", n, digest.Periods)
	}
}
