package digest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
)

// Bounds of what is read for one product's report.
const (
	maxRanked = 1000 // Improvements of one status that is worked; more are not promises but a backlog
	// maxDecide is how many proposed ones are looked at for the decision to ask for: the highest scores.
	maxDecide = 100
)

// PatienceDays is how long a proposed Improvement may wait before leadership is asked to decide.
const PatienceDays = 14

// standing is how a product's open Improvements stand at one moment.
type standing struct {
	top     []Item
	overdue []Item // all of them
	ask     *Ask
}

func stand(ctx context.Context, r Reader, p product.Product, at time.Time) (standing, error) {
	var st standing
	var open []Item
	for _, s := range []improvement.Status{improvement.Proposed, improvement.Accepted, improvement.Planned, improvement.InProgress} {
		limit := maxRanked
		if s == improvement.Proposed {
			limit = maxDecide
		}
		ims, err := r.Ranked(ctx, p.ID, s, limit)
		if err != nil {
			return standing{}, fmt.Errorf("list %s improvements of %s: %w", s, p.ID, err)
		}
		for _, im := range ims {
			if im.Status != s {
				continue // the index is a moment behind
			}
			it := itemOf(im, p, at)
			open = append(open, it)
			if it.Late > 0 {
				st.overdue = append(st.overdue, it)
			}
		}
	}
	st.overdue = byLateness(st.overdue)
	st.ask = askOf(st.overdue, open)
	st.top = topOf(open)
	return st, nil
}

func itemOf(im improvement.Improvement, p product.Product, at time.Time) Item {
	sc := im.Score(at)
	it := Item{
		ID: im.ID, Slug: p.Slug, Product: line(p.Name), Title: line(im.Title), Status: im.Status, Owner: line(im.Owner), Due: im.Due,
		Age: max(0, daysBetween(im.Created, at)), Score: sc.Total, Why: sc.Why, Voices: im.Evidence.Voices,
	}
	if im.Overdue(at) {
		it.Late = daysBetween(im.Due, at)
	}
	return it
}

// topOf gives the open ones of the highest scores; what scores nothing is not ranked.
func topOf(open []Item) []Item {
	top := slices.DeleteFunc(slices.Clone(open), func(i Item) bool { return i.Score <= 0 })
	slices.SortFunc(top, func(a, b Item) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
	return top[:min(len(top), MaxTop)]
}

func byLateness(items []Item) []Item {
	slices.SortFunc(items, func(a, b Item) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return items
}

// askOf gives the one decision to ask for: a promise that was not kept comes before one that nobody made; among each, the
// highest score.
func askOf(overdue, open []Item) *Ask {
	higher := func(a, b Item) int { return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(b.ID, a.ID)) }
	if len(overdue) > 0 {
		it := slices.MaxFunc(overdue, higher)
		who := it.Owner
		if who == "" {
			who = "nobody in particular"
		}
		return &Ask{
			Question: fmt.Sprintf("Keep the promise of “%s”, give it a new date, or decline it?", it.Title),
			Why:      fmt.Sprintf("It was promised for %s by %s and is %s late.", it.Due.Format("2 January"), who, days(it.Late)),
			Item:     it,
		}
	}
	waiting := slices.DeleteFunc(slices.Clone(open), func(i Item) bool {
		return i.Status != improvement.Proposed || i.Age <= PatienceDays || i.Score <= 0
	})
	if len(waiting) == 0 {
		return nil
	}
	it := slices.MaxFunc(waiting, higher)
	return &Ask{
		Question: fmt.Sprintf("Accept “%s”, or decline it?", it.Title),
		Why: fmt.Sprintf("It has waited %s for a decision, with the score %.1f from %s.", days(it.Age), it.Score,
			quantity(int64(it.Voices), "voice", "voices")),
		Item: it,
	}
}

// changed is what became of a product's Improvements in a period.
type changed struct {
	list        []Change // all of them, the latest first
	now, before Tally    // Decided and Shipped only
}

// decisions are the statuses that somebody's decision led to.
var decisions = []improvement.Status{improvement.Accepted, improvement.Planned, improvement.Declined}

func change(ctx context.Context, r Reader, p product.Product, period Period) (changed, error) {
	var out changed
	before := period.Previous()
	seen := map[id.Improvement]bool{}
	cursor := ""
	for {
		// Whatever happened to an Improvement since then moved its time of the last change at least that far, so none is
		// missed, however late this runs.
		ims, next, err := r.Changed(ctx, p.ID, before.Start, cursor)
		if err != nil {
			return changed{}, fmt.Errorf("list changed improvements of %s: %w", p.ID, err)
		}
		for _, im := range ims {
			if seen[im.ID] || undecided(im, before.Start) {
				continue
			}
			seen[im.ID] = true
			entries, err := history(ctx, r, im)
			if err != nil {
				return changed{}, err
			}
			if last := out.entries(entries, period, before); last != nil {
				out.list = append(out.list, Change{
					ID: im.ID, Slug: p.Slug, Product: line(p.Name), Title: line(im.Title), Status: last.To, At: last.At, Owner: line(im.Owner),
					Detail: line(last.Detail),
				})
			}
		}
		if cursor = next; cursor == "" {
			out.list = latestFirst(out.list)
			return out, nil
		}
	}
}

// undecided says that nothing was decided about im since a moment, so that its history need not be read: it is new, or it
// was closed before and only gathered evidence.
func undecided(im improvement.Improvement, since time.Time) bool {
	return im.Status == improvement.Proposed && im.Entries < 2 || im.Status.Closed() && im.Closed.Before(since)
}

func history(ctx context.Context, r Reader, im improvement.Improvement) ([]improvement.Entry, error) {
	var all []improvement.Entry
	cursor := ""
	for {
		page, next, err := r.History(ctx, im.ID, cursor)
		if err != nil {
			return nil, fmt.Errorf("read history of %s: %w", im.ID, err)
		}
		all = append(all, page...)
		if cursor = next; cursor == "" {
			return all, nil
		}
	}
}

// entries counts an Improvement's decisions and gives the last one of the period, if there is one. In one period it
// counts once as decided and once as shipped, however often it went to and fro.
func (c *changed) entries(entries []improvement.Entry, period, before Period) (last *improvement.Entry) {
	var now, prior Tally
	for i, e := range entries {
		t := &now
		switch {
		case e.From == "" || e.To == "", e.ByAlarm(): // it was proposed, or nothing was decided
			continue
		case period.Contains(e.At):
			last = &entries[i]
		case before.Contains(e.At):
			t = &prior
		default:
			continue
		}
		if slices.Contains(decisions, e.To) {
			t.Decided = 1
		}
		if e.To == improvement.Shipped {
			t.Shipped = 1
		}
	}
	c.now.Add(now)
	c.before.Add(prior)
	return last
}

func latestFirst(list []Change) []Change {
	slices.SortFunc(list, func(a, b Change) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	return list
}

// line makes one line of people's words: no control characters, none that turn the reading around, no more than
// MaxTitle. It stays hostile otherwise: whoever renders it escapes it.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar, r >= 0x200E && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s)
	return feedback.Cut(s, MaxTitle)
}

// daysBetween is how many midnights (UTC) lie between two moments.
func daysBetween(from, to time.Time) int {
	const day = 24 * time.Hour
	return int(to.UTC().Truncate(day).Sub(from.UTC().Truncate(day)) / day)
}
