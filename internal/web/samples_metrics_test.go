package web

import (
	"math"
	"time"

	"learningloop/internal/chart"
)

func series(title, unit, units string, values ...float64) chart.Series {
	s := chart.Series{Title: title, Unit: unit, Units: units, Period: "week"}
	first := time.Date(2026, 3, 16, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -7*(len(values)-1))
	for i, v := range values {
		at := first.AddDate(0, 0, 7*i)
		s.Points = append(s.Points, chart.Point{Label: at.Format("2 Jan"), Start: at, Value: v, Partial: i == len(values)-1})
	}
	return s
}

func metricsPage() Metrics {
	some := Took{7, "12 min", "1 h 4 min"}
	opened := series("Episodes opened", "episode", "episodes", 3, 5, 2, 0, 4, 6, 3, 11, 7, 2, 5, 1)
	opened.Marks = []chart.Mark{{At: opened.Points[7].Start.Add(60 * time.Hour), Kind: chart.Incident}}
	return Metrics{
		Product: shop, Period: "12 weeks up to the week of 16 March 2026",
		Spans:   []Span{{4, "/team/web-shop/metrics?weeks=4", false}, {12, "/team/web-shop/metrics", true}, {26, "/team/web-shop/metrics?weeks=26", false}},
		Earlier: "/team/web-shop/metrics?until=2025-12-22", Verdict: "5 episodes were opened and 4 resolved in the week of 9 March 2026; 6 were under way at its end.",
		About: "Week of 9 March 2026", Whole: "In all 12 weeks: 0 open before + 46 opened + 3 reopened − 43 resolved = 6 open.",
		Numbers: []Number{
			{Label: "Opened", Value: "5", Change: "within noise", Was: "2 the week before", At: 5, Low: 0.8, High: 24, Before: 2, HasBefore: true, Max: 25},
			{Label: "Resolved", Value: "4", Change: "within noise", Was: "7 the week before"},
			{Label: "Open at the end", Value: "6", Was: "half of them older than 3 days 2 h"},
		},
		TimesAbout: "How long it took, in all 12 weeks",
		Times: []Number{
			{Label: "To acknowledge", Value: "12 min", Was: "median of 7 episodes", Note: "nine of ten within 1 h 4 min"},
			{Label: "To resolve", Value: "–", Was: "too few to say: 4 episodes"},
		},
		Pictures: []chart.Times{{Title: "Time to resolve", Unit: "episode", Units: "episodes", Period: "week", Points: []chart.Took{
			{Label: "2 Mar", Each: []time.Duration{time.Minute, time.Hour, 2 * time.Hour, 5 * time.Hour, 26 * time.Hour}, Median: 2 * time.Hour, P90: 26 * time.Hour},
			{Label: "9 Mar"},
			{Label: "16 Mar", Each: []time.Duration{40 * time.Minute}, Partial: true},
		}}},
		Charts: []chart.Series{opened, series("Episodes reopened", "episode", "episodes", 0, 0, math.NaN(), 1, 0, 0, 0, 1, 0, math.NaN(), 1, 0)},
		Weeks: []MetricLine{
			{Label: "16 March 2026", Partial: true, Before: 6, Opened: 1, Open: 7, Age: some}, {Label: "9 March 2026", Before: 4, Opened: 5, Resolved: 4, Reopened: 1, Open: 6, Age: some, Acknowledge: some, File: some, ResolveIn: Took{N: 4}},
		},
		Splits:  []MetricLine{{Label: "severity 1", Opened: 2, Resolved: 2, ResolveIn: Took{N: 2}}, {Label: "machines", Opened: 31, Resolved: 28, Open: 3, Acknowledge: some}},
		Looks:   []LookBack{{"Payments fail with an error", "/team/web-shop/improvements/imp_1/episodes/1", "", 1, daysAgo(12), "4 min", "11 min", "2 h 41 min"}, {"Search is slow", "/team/web-shop/improvements/imp_2/episodes/3", "", 2, daysAgo(30), "", "", ""}},
		Exports: []Link{{"Download as CSV", "/team/web-shop/metrics.csv?weeks=12"}}, Note: "There are more episodes than one review reads: the earliest are missing.",
	}
}

func timelinePage() Timeline {
	return Timeline{
		Product: shop, ID: "imp_1", Title: "Payments fail with an error", Episode: 1, Severity: 1, Source: "machines and people",
		OpsItem: &Link{"oi-0123456789ab", "/_local/opscenter/items/oi-0123456789ab"}, Made: now, LookBack: daysAgo(12), Waiting: "Its event waits to be told.",
		Times:   []Fact{{"To detect", "4 min"}, {"To file", "2 s"}, {"To acknowledge", "11 min"}, {"To resolve", "2 h 41 min"}},
		Seconds: true,
		Course: chart.Course{
			Title: "The episode as a line of time", At: []time.Time{daysAgo(13), daysAgo(12), daysAgo(12).Add(11 * time.Minute)},
			Marks: []chart.Mark{{At: daysAgo(12), Label: "detected", Kind: chart.Moment}, {At: daysAgo(12).Add(11 * time.Minute), Label: "acknowledged 11 min", Kind: chart.Moment}},
		},
		Moments: []Moment{
			{At: daysAgo(13), Kind: "deployment", What: "checkout-service was deployed to production (d-CHECKOUT42)"},
			{At: daysAgo(12), Kind: "signal", What: "checkout-payment-errors is in alarm", Mark: "detected"},
			{At: daysAgo(12).Add(time.Minute), Kind: "complaint", What: "I pressed Pay and got an error, and my money is gone", Path: "/team/web-shop/improvements/imp_1"},
			{At: daysAgo(12).Add(90 * time.Second), Kind: "complaint", What: "4 complaints within 12 s", More: []Moment{
				{At: daysAgo(12).Add(90 * time.Second), Kind: "complaint", What: "Charged twice", Path: "/team/web-shop/improvements/imp_1"}, {At: daysAgo(12).Add(102 * time.Second), Kind: "complaint", What: "Pay does nothing"},
			}},
			{At: daysAgo(12).Add(2 * time.Minute), Kind: "filed", What: "Filed as oi-0123456789ab", Path: "/_local/opscenter/items/oi-0123456789ab"},
			{At: daysAgo(12).Add(11 * time.Minute), Kind: "status", What: "started", Who: "arn:aws:iam::111122223333:user/operator"},
			{At: daysAgo(12).Add(time.Hour), Kind: "told", What: "43 people told: in progress"},
		},
		Left: []string{"And 412 more complaints in between."}, Other: "/team/web-shop/improvements/imp_1/episodes/1?kept=yes", Download: "/team/web-shop/improvements/imp_1/episodes/1/timeline.md",
		Episodes: []Link{{"episode 2", "/team/web-shop/improvements/imp_1/episodes/2"}},
	}
}

func metricSamples() []sample {
	frozen := timelinePage()
	frozen.Frozen, frozen.Waiting, frozen.Left = true, "", nil
	bare := Timeline{Product: shop, ID: "imp_1", Title: "A dark mode", Episode: 1, Severity: 3, Made: now, Times: []Fact{{"To resolve", "under way"}}, Download: "/x"}
	empty := Metrics{Product: shop, Period: "12 weeks up to the week of 16 March 2026", Verdict: "No episode yet.", Empty: true, Spans: metricsPage().Spans}
	return []sample{
		{"metrics", 200, team("Metrics", SectionMetrics, &shop, "/team/web-shop/metrics"), metricsPage()},
		{"metrics-empty", 200, team("Metrics", SectionMetrics, &shop, "/team/web-shop/metrics"), empty},
		{"timeline", 200, team("Timeline", SectionImprovements, &shop, ""), timelinePage()},
		{"timeline-kept", 200, team("Timeline", SectionImprovements, &shop, ""), frozen},
		{"timeline-bare", 200, team("Timeline", SectionImprovements, &shop, ""), bare},
	}
}
