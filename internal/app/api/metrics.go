package api

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"learningloop/internal/fault"
	"learningloop/internal/metric"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/stats"
)

// usualWeeks is how many weeks a review shows where nobody says.
const usualWeeks = 12

// metricsView is a metrics review as the API shows it. Times are whole seconds.
type metricsView struct {
	Product string     `json:"product"` // slug
	At      time.Time  `json:"at"`
	Cut     bool       `json:"cut"` // there are more episodes than were read
	Weeks   []weekView `json:"weeks"`
}

type weekView struct {
	Week       string                        `json:"week"` // 2026-W10
	From       string                        `json:"from"`
	To         string                        `json:"to"` // the last day
	Partial    bool                          `json:"partial"`
	All        countsView                    `json:"all"`
	BySeverity map[string]countsView         `json:"bySeverity"`
	BySource   map[opsitem.Source]countsView `json:"bySource"`
	Changes    map[string]countChange        `json:"changes"`
}

type countsView struct {
	OpenBefore  int        `json:"openBefore"`
	Opened      int        `json:"opened"`
	Resolved    int        `json:"resolved"`
	Reopened    int        `json:"reopened"`
	Open        int        `json:"open"`
	Age         spreadView `json:"age"`
	Acknowledge spreadView `json:"acknowledge"`
	File        spreadView `json:"file"`
	Resolve     spreadView `json:"resolve"`
}

// spreadView has no times where they are of fewer than metric.Enough.
type spreadView struct {
	N      int    `json:"n"`
	Median *int64 `json:"medianSeconds,omitempty"`
	P90    *int64 `json:"p90Seconds,omitempty"`
}

// countChange is a count against that of the week before.
type countChange struct {
	Before int      `json:"before"`
	Known  bool     `json:"known"`          // false: there is nothing to compare
	Noise  bool     `json:"noise"`          // nothing may be said to have changed
	Low    *float64 `json:"low,omitempty"`  // of the ratio of the rates
	High   *float64 `json:"high,omitempty"` // absent: it is open
}

func viewCounts(c metric.Counts) countsView {
	return countsView{c.Before, c.Opened, c.Resolved, c.Reopened, c.Open, viewSpread(c.Age), viewSpread(c.Acknowledge), viewSpread(c.File), viewSpread(c.Resolve)}
}

func viewSpread(s metric.Spread) spreadView {
	v := spreadView{N: s.N}
	if s.Known() {
		v.Median, v.P90 = new(int64(s.Median.Round(time.Second)/time.Second)), new(int64(s.P90.Round(time.Second)/time.Second))
	}
	return v
}

func viewChange(c metric.Change) countChange {
	v := countChange{Before: c.Before, Known: c.Known, Noise: c.Noise()}
	if c.Known {
		v.Low, v.High = finite(c.Ratio.Low), finite(c.Ratio.High)
	}
	return v
}

// finite is nil for what JSON has no number for.
func finite(x float64) *float64 {
	if (stats.Interval{Low: 0, High: 1e300}).Holds(x) {
		return &x
	}
	return nil
}

func viewMetrics(r metric.Review, slug string) metricsView {
	v := metricsView{Product: slug, At: r.At, Cut: r.Cut, Weeks: []weekView{}}
	for _, row := range r.Rows {
		w := weekView{
			Week: row.Name(), From: row.Start.Format(time.DateOnly), To: row.End.AddDate(0, 0, -1).Format(time.DateOnly), Partial: row.Partial,
			All: viewCounts(row.All), BySeverity: map[string]countsView{}, BySource: map[opsitem.Source]countsView{},
			Changes: map[string]countChange{"opened": viewChange(row.Opened), "resolved": viewChange(row.Resolved), "reopened": viewChange(row.Reopened)},
		}
		for i, c := range row.BySeverity {
			w.BySeverity[strconv.Itoa(i+1)] = viewCounts(c)
		}
		for s, c := range row.BySource {
			w.BySource[s] = viewCounts(c)
		}
		v.Weeks = append(v.Weeks, w)
	}
	return v
}

// metrics gives a product's metrics review as JSON, or as CSV to whoever accepts that.
func (a *API) metrics(w http.ResponseWriter, r *http.Request) (any, error) {
	q, err := a.listQuery(r, "from", "to")
	if err != nil {
		return nil, err
	}
	weeks, err := a.weeksBetween(q.values["from"], q.values["to"])
	if err != nil {
		return nil, err
	}
	review, err := metric.For(r.Context(), a.Store, q.product, weeks, a.Now())
	if err != nil {
		return nil, err
	}
	if err := a.saw(r, by(r).Who, "exported metrics", q.product.Slug, string(q.product.ID)); err != nil {
		return nil, err
	}
	w.Header().Set("Vary", "Accept")
	if !acceptsCSV(r) {
		return viewMetrics(review, q.product.Slug), nil
	}
	f, err := metricsFile(review, q.product)
	w.Header().Set("Content-Disposition", f.disposition())
	return raw{media: f.media, body: f.body}, err
}

const csvMedia = "text/csv; charset=utf-8; header=present"

// metricsFile is a review as a file to keep.
func metricsFile(r metric.Review, p product.Product) (file, error) {
	body, err := r.CSV(p.Slug)
	return file{name: "metrics-" + p.Slug + ".csv", media: csvMedia, body: body}, err
}

// mustBeDay is said of what parseDay does not take.
const mustBeDay = "must be a date like 2026-12-31"

// parseDay reads a day that something may have happened on.
func parseDay(s string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, s)
	return t, err == nil && t.Year() >= 2000 && t.Year() <= 2200
}

// weeksBetween reads a range of days as the weeks that hold them: the usual number up to now where nobody says.
func (a *API) weeksBetween(from, to string) ([]metric.Week, error) {
	var bad []fault.Field
	day := func(name, s string, otherwise time.Time) time.Time {
		if s == "" {
			return otherwise
		}
		t, ok := parseDay(s)
		if !ok {
			bad = append(bad, fault.Field{Pointer: "/" + name, Detail: mustBeDay})
		}
		return t
	}
	last := day("to", to, a.Now())
	first := day("from", from, metric.WeekOf(last).Back(usualWeeks)[0].Start)
	if len(bad) == 0 && last.Before(first) {
		bad = append(bad, fault.Field{Pointer: "/from", Detail: "must not be after to"})
	}
	if len(bad) > 0 {
		return nil, fault.Fields(bad...)
	}
	weeks := metric.Between(first, last)
	if len(weeks) > metric.MaxWeeks {
		return nil, fault.Fields(fault.Field{Pointer: "/from", Detail: "must be at most 53 weeks before to"})
	}
	return weeks, nil
}

// acceptsCSV says whether CSV is the first of ours that a request names.
func acceptsCSV(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q == 0 {
			continue
		}
		if slices.Contains([]string{"text/csv", "application/json", "*/*"}, media) {
			return media == "text/csv"
		}
	}
	return false
}

// file is an answer to be kept.
type file struct {
	name, media string
	body        []byte
}

func (f file) disposition() string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": f.name})
}
