package digest_test

import (
	"fmt"
	"testing"
	"time"

	"learningloop/internal/digest"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/product"
	"learningloop/internal/score"
	"learningloop/internal/trend"
)

// monday is when the weekly digests of these tests run: week 47 of 2026 is just over.
var monday = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

func newProduct(slug, name string, created time.Time, to ...string) product.Product {
	return product.Product{ID: id.NewProduct(slug), Slug: slug, Name: name, Created: created, DigestTo: to}
}

var (
	checkout = newProduct("checkout", "Checkout", monday.AddDate(-1, 0, 0), "ana@example.com", "ben@example.com")
	search   = newProduct("search", "Search", monday.AddDate(-1, 0, 0), "ana@example.com")
)

// say counts n pieces of people in the hour of t, each also as what names say.
func (m *memory) say(p product.Product, t time.Time, n int64, names ...string) {
	m.count(p, t, trend.Counts{"n": n})
	for _, name := range names {
		m.count(p, t, trend.Counts{name: n})
	}
}

// signal counts n words of machines.
func (m *memory) signal(p product.Product, t time.Time, n int64, names ...string) {
	m.say(p, t, n, append(names, "kind_signal")...)
}

func (m *memory) count(p product.Product, t time.Time, c trend.Counts) {
	h := t.UTC().Truncate(time.Hour)
	if m.hours[p.ID] == nil {
		m.hours[p.ID] = map[time.Time]trend.Counts{}
	}
	if m.hours[p.ID][h] == nil {
		m.hours[p.ID][h] = trend.Counts{}
	}
	m.hours[p.ID][h].Add(c)
}

// step is one status that an Improvement reached, days before monday.
type step struct {
	to     improvement.Status
	ago    int
	detail string
}

// improve adds an Improvement with its history. voices say how highly it scores.
func (m *memory) improve(p product.Product, title, owner string, voices int, due time.Time, created int, steps ...step) id.Improvement {
	iid := id.NewImprovement(p.ID, title, fmt.Sprint(created))
	at := func(ago int) time.Time { return monday.AddDate(0, 0, -ago).Add(4 * time.Hour) }
	im := improvement.Improvement{
		ID: iid, Title: title, Status: improvement.Proposed, Owner: owner, Due: due, Created: at(created), Updated: at(created), Entries: 1,
	}
	if voices > 0 {
		im.Evidence = score.Evidence{
			Count: 2 * voices, Voices: voices, Mass: float64(voices) * score.Mass(1, monday.AddDate(0, 0, -3)), Impact: 2, People: true,
		}
	}
	m.entries[iid] = []improvement.Entry{{Seq: 1, At: im.Created, What: "proposed", To: improvement.Proposed}}
	for i, s := range steps {
		m.entries[iid] = append(m.entries[iid], improvement.Entry{Seq: i + 2, At: at(s.ago), From: im.Status, To: s.to, Detail: s.detail})
		im.Status, im.Updated, im.Entries = s.to, at(s.ago), i+2
		if s.to.Closed() {
			im.Closed = at(s.ago)
		}
	}
	m.ims = append(m.ims, im)
	return iid
}

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// busy is a product with twelve weeks behind it and a week in which much happened.
func busy(t *testing.T) *memory {
	m := newMemory(t)
	m.products = []product.Product{checkout}
	for i, n := range []int64{14, 17, 12, 20, 16, 15, 19, 13, 16, 21, 18, 48} {
		start := digest.PeriodOf(digest.Week, monday).Previous().Start.AddDate(0, 0, 7*(i-11))
		m.say(checkout, start.Add(9*time.Hour), n/2, "kind_problem", "rating_2")
		m.say(checkout, start.Add(50*time.Hour), n-n/2, "kind_idea", "rating_4")
		if i%4 == 3 {
			m.signal(checkout, start.Add(47*time.Hour), 1, "launch", "severity_4")
		}
	}
	m.signal(checkout, monday.AddDate(0, 0, -4), 9, "firing", "severity_1", "incident")
	m.say(checkout, monday.Add(-time.Hour), 2, "kind_praise") // belongs to the week that runs
	m.improve(checkout, "Export more than 1,000 rows", "Ana", 9, day("2026-11-16"), 40, step{improvement.Accepted, 30, ""}, step{improvement.Planned, 20, "Ana, by 16 November 2026"})
	m.improve(checkout, "Search is slow on phones", "", 14, time.Time{}, 21)
	m.improve(checkout, "Pay by invoice", "Ben", 4, day("2026-12-02"), 12, step{improvement.Accepted, 6, ""}, step{improvement.Planned, 5, "Ben, by 2 December 2026"})
	receipts := m.improve(checkout, "Receipts lack the VAT number", "Ana", 6, time.Time{}, 33, step{improvement.Accepted, 30, ""}, step{improvement.Shipped, 3, "release 4.2"})
	m.improve(checkout, "Dark mode", "", 2, time.Time{}, 50, step{improvement.Declined, 2, "offStrategy"})
	m.improve(checkout, "Totals round wrongly", "Ben", 3, time.Time{}, 60, step{improvement.Accepted, 40, ""}, step{improvement.Shipped, 9, "release 4.1"})
	// One was opened before the week, two in it, one is of the week that runs.
	for n, ago := range []int{9, 6, 3, 0} {
		m.looks = append(m.looks, incident.PostIncident{Improvement: receipts, Episode: n + 1, Severity: 2, At: monday.AddDate(0, 0, -ago)})
	}
	m.improve(checkout, "Forgot to close last spring", "", 1, time.Time{}, 200, step{improvement.Declined, 150, ""})
	return m
}
