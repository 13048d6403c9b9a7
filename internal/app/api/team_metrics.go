package api

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"learningloop/internal/chart"
	"learningloop/internal/fault"
	"learningloop/internal/incident"
	"learningloop/internal/metric"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/web"
)

// spans are the numbers of weeks that the page offers.
var spans = []int{1, 4, usualWeeks, 26, 52}

func metricsPath(slug string) string { return web.Path("team", slug, "metrics") }

// metricsPage shows how a product's episodes go.
func (a *API) metricsPage(r *http.Request) (answer, error) {
	p, review, n, err := a.pathReview(r)
	if err != nil {
		return answer{}, err
	}
	sh, err := a.teamShell(r, "Metrics of "+p.Name, web.SectionMetrics, &p)
	if err != nil {
		return answer{}, err
	}
	looks, err := a.lookBacks(r, p, review)
	if err != nil {
		return answer{}, err
	}
	v := metricsPageView(p, review, n)
	v.Looks = looks
	last := review.Rows[len(review.Rows)-1].Week
	until := func(w metric.Week) string {
		if w.Contains(a.Now()) {
			return ""
		}
		return w.Start.Format(time.DateOnly)
	}
	at := func(path string, weeks int, w metric.Week) string {
		q := ""
		if weeks != usualWeeks {
			q = "weeks=" + strconv.Itoa(weeks)
		}
		if u := until(w); u != "" {
			q += map[bool]string{true: "&"}[q != ""] + "until=" + u
		}
		if q != "" {
			q = "?" + q
		}
		return path + q
	}
	for _, s := range spans {
		v.Spans = append(v.Spans, web.Span{Weeks: s, Path: at(metricsPath(p.Slug), s, last), Current: s == n})
	}
	if first := review.Rows[0].Week; p.Created.Before(first.Start) {
		v.Earlier = at(metricsPath(p.Slug), n, first.Previous())
	}
	if !last.Contains(a.Now()) && last.End.Before(a.Now()) {
		later := metric.WeekOf(last.Start.AddDate(0, 0, 7*n))
		if later.Start.After(a.Now()) {
			later = metric.WeekOf(a.Now())
		}
		v.Later = at(metricsPath(p.Slug), n, later)
	}
	v.Exports = []web.Link{{Text: "Download as CSV", Path: at(metricsPath(p.Slug)+".csv", n, last)}}
	return draw(sh, v)
}

// metricsCSV gives the same weeks as a file.
func (a *API) metricsCSV(r *http.Request) (answer, error) {
	p, review, _, err := a.pathReview(r)
	if err != nil {
		return answer{}, err
	}
	if err := a.saw(r, by(r).Who, "exported metrics", p.Slug, string(p.ID)); err != nil {
		return answer{}, err
	}
	f, err := metricsFile(review, p)
	return answer{file: &f}, err
}

// pathReview reviews the weeks that a page asks for: ?weeks=&until=.
func (a *API) pathReview(r *http.Request) (product.Product, metric.Review, int, error) {
	p, err := a.pathProduct(r)
	if err != nil {
		return p, metric.Review{}, 0, err
	}
	n, until := usualWeeks, a.Now()
	var bad []fault.Field
	if s := r.URL.Query().Get("weeks"); s != "" {
		if n, err = strconv.Atoi(s); err != nil || n < 1 || n > metric.MaxWeeks {
			bad = append(bad, fault.Field{Pointer: "/weeks", Detail: "must be 1 to 53"})
		}
	}
	if s := r.URL.Query().Get("until"); s != "" {
		var ok bool
		if until, ok = parseDay(s); !ok {
			bad = append(bad, fault.Field{Pointer: "/until", Detail: mustBeDay})
		}
	}
	if len(bad) > 0 {
		return p, metric.Review{}, 0, fault.Fields(bad...)
	}
	weeks := metric.WeekOf(until).Back(n)
	// Weeks before there was anything to count would say "none" where nothing is known.
	for len(weeks) > 1 && !p.Created.Before(weeks[0].End) {
		weeks = weeks[1:]
	}
	review, err := metric.For(r.Context(), a.Store, p, weeks, a.Now())
	return p, review, n, err
}

// shownLooks is how many retrospectives the page lists.
const shownLooks = 20

func (a *API) lookBacks(r *http.Request, p product.Product, review metric.Review) ([]web.LookBack, error) {
	ps, err := a.Store.ListPostIncidents(r.Context(), p.ID, review.Rows[0].Start, mostShown)
	if err != nil {
		return nil, err
	}
	end := review.Rows[len(review.Rows)-1].End
	ps = slices.DeleteFunc(ps, func(pi incident.PostIncident) bool { return !pi.At.Before(end) })
	out := make([]web.LookBack, 0, min(len(ps), shownLooks))
	for _, pi := range ps[:min(len(ps), shownLooks)] {
		im, err := a.Store.Improvement(r.Context(), pi.Improvement)
		if err != nil {
			return nil, err
		}
		t := pi.Times()
		l := web.LookBack{
			Title: im.Title, Path: timelinePath(p.Slug, pi.Improvement, pi.Episode), Severity: pi.Severity, At: pi.At, Detect: tookWords(t.Detect),
			Acknowledge: tookWords(t.Acknowledge), Resolve: tookWords(t.Resolve),
		}
		if !pi.Acknowledged.IsZero() && l.Acknowledge == "" {
			l.Acknowledge = "at once"
		}
		out = append(out, l)
	}
	return out, nil
}

func tookWords(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return incident.Took(d)
}

// metricsPageView draws the review of as many weeks as were asked for, or as there are.
func metricsPageView(p product.Product, review metric.Review, asked int) web.Metrics {
	row, _ := review.Last()
	rows := review.Rows
	v := web.Metrics{
		Product: productRef(p), Period: count(len(rows), "week", "weeks") + " up to the " + rows[len(rows)-1].Title(), About: capitalised(row.Title()),
	}
	if len(rows) < asked {
		v.Period += ": all there are"
	}
	if row.Partial {
		v.About += ", so far"
	}
	all := review.Total.All
	if v.Empty = all.Before+all.Opened+all.Reopened == 0; v.Empty {
		v.Verdict = map[bool]string{true: "No episode in this week.", false: "No episode in these weeks."}[len(rows) == 1]
		return v
	}
	v.Verdict = verdictOf(row)
	v.Whole, v.TimesAbout = sumOf(all), "How long it took"
	if len(rows) > 1 {
		v.Whole, v.TimesAbout = fmt.Sprintf("In all %d weeks: ", len(rows))+v.Whole, fmt.Sprintf("How long it took, in all %d weeks", len(rows))
	}
	if review.Cut {
		v.Note = "There are more episodes than one review reads: the earliest are missing."
	}
	v.Numbers = []web.Number{
		changeNumber("Opened", row.Opened, row), changeNumber("Reopened", row.Reopened, row), changeNumber("Resolved", row.Resolved, row), openNumber(row.All),
	}
	v.Times = []web.Number{tookNumber("To acknowledge", all.Acknowledge), tookNumber("To file", all.File), tookNumber("To resolve", all.Resolve)}
	v.Charts, v.Pictures = metricCharts(review), timesCharts(review)
	for _, r := range slices.Backward(rows) {
		line := metricLine(r.Start.Format("2 January 2006"), r.All)
		line.Partial = r.Partial
		v.Weeks = append(v.Weeks, line)
	}
	for i, c := range review.Total.BySeverity {
		v.Splits = append(v.Splits, metricLine(fmt.Sprintf("severity %d", i+1), c))
	}
	for _, s := range opsitem.Sources {
		v.Splits = append(v.Splits, metricLine(sourceWords[s], review.Total.BySource[s]))
	}
	return v
}

var sourceWords = map[opsitem.Source]string{opsitem.Machine: "machines alone", opsitem.People: "people alone", opsitem.Both: "machines and people"}

func capitalised(s string) string { return "W" + s[1:] } // of a week's title

func verdictOf(r metric.Row) string {
	c, when, end := r.All, "in the "+r.Title(), " at its end"
	if r.Partial {
		when, end = "so far "+when, ""
	}
	switch {
	case c.Opened+c.Reopened+c.Resolved == 0:
		return fmt.Sprintf("No episode was opened or resolved %s; %s under way%s.", when, orNone(c.Open), end)
	case c.Reopened > 0:
		return fmt.Sprintf("%s opened, %d reopened and %s resolved %s; %s under way%s.", episodes(c.Opened), c.Reopened, orNone(c.Resolved), when, orNone(c.Open), end)
	default:
		return fmt.Sprintf("%s opened and %s resolved %s; %s under way%s.", episodes(c.Opened), orNone(c.Resolved), when, orNone(c.Open), end)
	}
}

// sumOf is what a reader can check, see metric.Counts.
func sumOf(c metric.Counts) string {
	return fmt.Sprintf("%d open before + %d opened + %d reopened − %d resolved = %d open.", c.Before, c.Opened, c.Reopened, c.Resolved, c.Open)
}

func orNone(n int) string {
	if n == 0 {
		return "none"
	}
	return strconv.Itoa(n)
}

func episodes(n int) string {
	switch n {
	case 0:
		return "No episode was"
	case 1:
		return "1 episode was"
	default:
		return fmt.Sprintf("%d episodes were", n)
	}
}

// changeNumber shows a count with what a week like the one before would have held, as far as chance says.
func changeNumber(label string, c metric.Change, r metric.Row) web.Number {
	n := web.Number{Label: label, Value: strconv.Itoa(c.Now), Change: c.Words(), Was: fmt.Sprintf("%d the week before", c.Before)}
	switch {
	case c.Known:
	case c.Now+c.Before == 0:
		n.Change, n.Was = "none, as before", ""
	default:
		n.Change, n.Was = "nothing to compare it with yet", ""
	}
	if !c.Known || r.Partial || math.IsInf(c.Ratio.High, 1) || c.Before == 0 {
		return n
	}
	n.At, n.Low, n.High = float64(c.Now), c.Ratio.Low*float64(c.Before), c.Ratio.High*float64(c.Before)
	n.Before, n.HasBefore, n.Max = float64(c.Before), true, 1.05*max(float64(c.Now), n.High, float64(c.Before))
	return n
}

func openNumber(c metric.Counts) web.Number {
	n := web.Number{Label: "Open at the end", Value: strconv.Itoa(c.Open)}
	switch {
	case c.Age.Known():
		n.Was, n.Note = "half are older than "+incident.Took(c.Age.Median), "one in ten than "+incident.Took(c.Age.P90)
	case c.Open > 0:
		n.Was = "too few to say how old"
	}
	return n
}

func tookNumber(label string, s metric.Spread) web.Number {
	if !s.Known() {
		return web.Number{Label: label, Value: "–", Was: map[bool]string{true: "none did", false: "too few to say: " + count(s.N, "episode", "episodes")}[s.N == 0]}
	}
	return web.Number{Label: label, Value: incident.Took(s.Median), Was: "median of " + count(s.N, "episode", "episodes"), Note: "nine of ten within " + incident.Took(s.P90)}
}

func metricLine(label string, c metric.Counts) web.MetricLine {
	took := func(s metric.Spread) web.Took {
		t := web.Took{N: s.N}
		if s.Known() {
			t.Median, t.P90 = incident.Took(s.Median), incident.Took(s.P90)
		}
		return t
	}
	return web.MetricLine{
		Label: label, Before: c.Before, Opened: c.Opened, Resolved: c.Resolved, Reopened: c.Reopened, Open: c.Open, Age: took(c.Age), Acknowledge: took(c.Acknowledge),
		File: took(c.File), ResolveIn: took(c.Resolve),
	}
}

// metricCharts are a review's counts as pictures: one idea each.
func metricCharts(review metric.Review) []chart.Series {
	series := func(title, unit, units string, value func(metric.Counts) float64) chart.Series {
		s := chart.Series{Title: title, Unit: unit, Units: units, Period: "week"}
		for _, r := range review.Rows {
			s.Points = append(s.Points, chart.Point{Label: r.Label(), Start: r.Start, Value: value(r.All), Partial: r.Partial})
		}
		return s
	}
	opened := series("Episodes opened", "episode", "episodes", func(c metric.Counts) float64 { return float64(c.Opened) })
	for _, r := range review.Rows {
		if r.BySeverity[0].Opened > 0 {
			opened.Marks = append(opened.Marks, chart.Mark{At: r.Start.Add(r.End.Sub(r.Start) / 2), Kind: chart.Incident, Label: cmp.Or(several(r.BySeverity[0].Opened), "severity 1")})
		}
	}
	return []chart.Series{
		opened,
		series("Episodes reopened", "episode", "episodes", func(c metric.Counts) float64 { return float64(c.Reopened) }),
		series("Episodes resolved", "episode", "episodes", func(c metric.Counts) float64 { return float64(c.Resolved) }),
		series("Open at the week's end", "episode", "episodes", func(c metric.Counts) float64 { return float64(c.Open) }),
	}
}

// timesCharts are the pictures of how long things took; one without a single time is left out.
func timesCharts(review metric.Review) (out []chart.Times) {
	add := func(title string, of func(metric.Row) (metric.Spread, []time.Duration)) {
		t := chart.Times{Title: title, Unit: "episode", Units: "episodes", Period: "week", Words: incident.Took}
		for _, r := range review.Rows {
			s, each := of(r)
			p := chart.Took{Label: r.Label(), Each: each, Partial: r.Partial}
			if s.Known() {
				p.Median, p.P90 = s.Median, s.P90
			}
			t.Points = append(t.Points, p)
		}
		if !t.Empty() {
			out = append(out, t)
		}
	}
	add("Time to acknowledge", func(r metric.Row) (metric.Spread, []time.Duration) { return r.All.Acknowledge, r.Each.Acknowledge })
	add("Time to resolve", func(r metric.Row) (metric.Spread, []time.Duration) { return r.All.Resolve, r.Each.Resolve })
	add("Time to file", func(r metric.Row) (metric.Spread, []time.Duration) { return r.All.File, r.Each.File })
	add("Age of what is open", func(r metric.Row) (metric.Spread, []time.Duration) { return r.All.Age, r.Each.Age })
	return out
}

func several(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("severity 1: %d", n)
}
