package digest

import (
	"fmt"
	"strings"

	"learningloop/internal/chart"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/number"
)

// Links makes the absolute links of a letter.
type Links interface {
	// Digest is a digest's archive page.
	Digest(digest string) string
	// Improvement is an Improvement's page, for members. Only im.ID is set.
	Improvement(im improvement.Improvement, slug string) string
}

// Letter is a report as a mail tells it, before anybody lays it out: in this order on a phone, verdict, numbers and the
// decision asked for come before the first scroll. All texts are plain and may be hostile.
type Letter struct {
	Subject  string
	Scope    string // "Checkout", "All products"
	Period   string // "Week 47 · 16-22 November 2026"
	Verdict  string // the first line
	Quiet    bool
	Numbers  []Line
	Ask      *Asked // nil: nothing is asked
	Chart    chart.Series
	Alt      string // states the chart's number
	Top      Section
	Overdue  Section
	Changes  Section
	Retros   Section
	Filing   string // "" where nothing is to be said
	Fresh    string
	Archive  string // link to the same report on a page
	Footnote string // how to read the intervals
	Why      string // why the reader gets this
}

// Line is one number.
type Line struct {
	Label string
	Value string
	Words string // the period before and what may be said about the change; may be empty
	Tone  Tone
	Noise bool // to be shown grey, and called noise
}

// Asked is the decision that is asked for.
type Asked struct{ Question, Why, Link string }

// Section is a list under a heading. Where it is empty, Empty is said in its place; where that is empty too, nothing is.
type Section struct {
	Heading string
	Entries []Entry
	More    string // "and 4 more"; "" where all are listed
	Empty   string
}

// Entry is one Improvement.
type Entry struct {
	Title string
	Link  string
	Facts string // "planned, Ana, 23 days old, score 12.4, due 2 December"
}

// LetterOf words a digest.
func LetterOf(d Digest, links Links) Letter {
	r := d.Report
	series := r.Chart()
	page := func(iid id.Improvement, slug string) string {
		return links.Improvement(improvement.Improvement{ID: iid}, slug)
	}
	l := Letter{
		Subject: r.Subject, Scope: r.Scope, Period: r.Period.Title(), Verdict: r.Verdict, Quiet: r.Quiet, Chart: series, Alt: series.Alt(),
		Filing: r.Filing, Fresh: r.Fresh.Words(), Archive: links.Digest(string(d.ID)), Footnote: Footnote(r), Why: why(r),
		Top:     Section{Heading: "Highest scores among what is open", Empty: "No open Improvement has a score."},
		Overdue: Section{Heading: "Overdue promises", Empty: "None."},
		Retros:  Section{Heading: "Retrospectives", Empty: r.Retros},
		Changes: Section{Heading: "Decided and shipped in the " + string(r.Period.Kind)},
	}
	for _, n := range r.Numbers {
		l.Numbers = append(l.Numbers, n.line())
	}
	if r.Ask != nil {
		l.Ask = &Asked{Question: r.Ask.Question, Why: r.Ask.Why, Link: page(r.Ask.Item.ID, r.Ask.Item.Slug)}
	}
	for _, it := range r.Top {
		l.Top.Entries = append(l.Top.Entries, Entry{it.Title, page(it.ID, it.Slug), it.facts(r)})
	}
	for _, it := range r.Overdue {
		l.Overdue.Entries = append(l.Overdue.Entries, Entry{it.Title, page(it.ID, it.Slug), it.promise(r)})
	}
	l.Overdue.More = more(r.Facts.Late, len(r.Overdue))
	for _, c := range r.Changes {
		l.Changes.Entries = append(l.Changes.Entries, Entry{c.Title, page(c.ID, c.Slug), c.facts(r)})
	}
	l.Changes.More = more(r.Facts.Changed, len(r.Changes))
	if n := r.Facts.Retros; n > 0 {
		l.Retros.Heading = quantity(int64(n), "retrospective", "retrospectives") + " opened in the " + string(r.Period.Kind)
	}
	for _, k := range r.Looks {
		// The episode's page lies below its Improvement's.
		l.Retros.Entries = append(l.Retros.Entries, Entry{k.Title, fmt.Sprintf("%s/episodes/%d", page(k.Improvement, k.Slug), k.Episode), k.facts(r)})
	}
	l.Retros.More = more(r.Facts.Retros, len(r.Looks))
	return l
}

func (n Number) line() Line {
	l := Line{Label: n.Label, Value: n.Shown}
	var words []string
	said := n.Said
	if n.Change != nil && n.Change.Noise { // whoever lays it out says that it is noise, see Line.Noise: here, only where it lies
		said = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(said, noise), " ("), ")")
	}
	for _, w := range []string{n.Note, n.Was, said} {
		if w != "" {
			words = append(words, w)
		}
	}
	l.Words = strings.Join(words, "; ")
	if n.Change != nil {
		l.Tone, l.Noise = n.Change.Tone, n.Change.Noise
	}
	return l
}

// facts says how an Improvement stands: "Checkout: planned, Ana, 23 days old, score 12.4, due 2 December".
func (it Item) facts(r Report) string {
	parts := []string{Word(it.Status), owner(it.Owner), days(it.Age) + " old", fmt.Sprintf("score %.1f", it.Score)}
	if !it.Due.IsZero() {
		parts = append(parts, "due "+it.Due.UTC().Format("2 January"))
	}
	return scoped(r, it.Product, strings.Join(parts, ", "))
}

func (it Item) promise(r Report) string {
	return scoped(r, it.Product, fmt.Sprintf("%s, promised for %s, %s late", owner(it.Owner), it.Due.UTC().Format("2 January 2006"), days(it.Late)))
}

func (c Change) facts(r Report) string {
	s := Word(c.Status) + " on " + c.At.UTC().Format("2 January")
	if d := c.detail(); d != "" {
		s += " (" + d + ")"
	}
	if c.Status == improvement.Shipped {
		s += "; whether it helped is not measured yet"
	}
	return scoped(r, c.Product, s)
}

func (k Look) facts(r Report) string {
	return scoped(r, k.Product, fmt.Sprintf("episode %d, severity %d, opened on %s", k.Episode, k.Severity, k.At.UTC().Format("2 January")))
}

var declineWords = map[improvement.DeclineKind]string{improvement.TooCostly: "too costly", improvement.OffStrategy: "off strategy"}

func (c Change) detail() string {
	if w, ok := declineWords[improvement.DeclineKind(c.Detail)]; ok && c.Status == improvement.Declined {
		return w
	}
	return c.Detail
}

// scoped names the product where the report is about more than one.
func scoped(r Report, name, s string) string {
	if r.Product == id.All {
		return name + ": " + s
	}
	return s
}

func owner(s string) string {
	if s == "" {
		return "nobody has it"
	}
	return s
}

// Word is a status as people say it.
func Word(s improvement.Status) string {
	if s == improvement.InProgress {
		return "in progress"
	}
	return string(s)
}

func more(all, listed int) string {
	if all <= listed {
		return ""
	}
	return fmt.Sprintf("and %s more", number.Thousands(int64(all-listed)))
}

// Footnote says how to read a report's intervals; "" where it has none.
func Footnote(r Report) string {
	for _, n := range r.Numbers {
		if n.Change != nil {
			return fmt.Sprintf("Each change is given as the range it lies in, all of them together with %.0f%% certainty, as if each piece came by itself. "+
				"What could well be chance is called noise.", 100*Confidence)
		}
	}
	return ""
}

func why(r Report) string {
	if r.Product == id.All {
		return fmt.Sprintf("You get this every %s because you get the digests of more than one product.", r.Period.Kind)
	}
	return fmt.Sprintf("You get this every %s because the team of %s put you on its list for digests.", r.Period.Kind, r.Scope)
}
