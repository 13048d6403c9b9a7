package digest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"learningloop/internal/id"
	"learningloop/internal/product"
)

// Build makes the report of one product for a period that is over, as things stand at a moment.
func Build(ctx context.Context, r Reader, p product.Product, period Period, at time.Time) (Report, error) {
	// Asked first: what arrives while the rest is read must not make the numbers look complete.
	waiting, err := r.OldestUncounted(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("look for what is not counted: %w", err)
	}
	c, err := count(ctx, r, p, period, at)
	if err != nil {
		return Report{}, err
	}
	st, err := stand(ctx, r, p, at)
	if err != nil {
		return Report{}, err
	}
	ch, err := change(ctx, r, p, period)
	if err != nil {
		return Report{}, err
	}
	looks, err := looksOf(ctx, r, p, period)
	if err != nil {
		return Report{}, err
	}
	c.now.Add(ch.now)
	c.before.Add(ch.before)
	f := Facts{Begun: c.begun, Now: c.now, Late: len(st.overdue), Changed: len(ch.list), Retros: len(looks)}
	if whole(c.begun, period.Previous()) {
		f.Like, f.Before, f.Compared = c.now, c.before, 1
	}
	return finish(Report{
		Product: p.ID, Slug: p.Slug, Scope: line(p.Name), Period: period, At: at, Facts: f, Series: c.series, Top: st.top,
		Overdue: st.overdue[:min(len(st.overdue), MaxListed)], Changes: ch.list[:min(len(ch.list), MaxListed)], Ask: st.ask,
		Looks: looks[:min(len(looks), MaxListed)],
		Fresh: fresh(c.newest, waiting, period), Products: 1,
	}), nil
}

// finish works out what follows from the facts.
func finish(r Report) Report {
	f := r.Facts
	r.Retros = lookedBack(f, r.Period)
	r.Numbers = numbers(f, r.Period)
	// Silence after much talk is no quiet period but a question.
	r.Quiet = !fell(r.Numbers[0]) && f.Now.Feedback == 0 && f.Now.Signals == 0 && f.Changed == 0 && f.Late == 0 && r.Fresh.Complete
	r.Verdict = verdict(r)
	r.Subject = subject(r)
	return r
}

// overallScope names the report over all.
const overallScope = "All products"

// Overall sums up the products' reports of one period.
func Overall(period Period, at time.Time, reports []Report) Report {
	all := Report{
		Product: id.All, Scope: overallScope, Period: period, At: at, Fresh: Freshness{Complete: true}, Products: len(reports),
		Facts: Facts{Begun: period.End},
	}
	var open, waiting []Item
	for _, r := range reports {
		f := &all.Facts
		if r.Facts.Begun.Before(f.Begun) {
			f.Begun = r.Facts.Begun
		}
		f.Now.Add(r.Facts.Now)
		f.Like.Add(r.Facts.Like)
		f.Before.Add(r.Facts.Before)
		f.Compared += r.Facts.Compared
		f.Late += r.Facts.Late
		f.Changed += r.Facts.Changed
		f.Retros += r.Facts.Retros
		all.Series = addSeries(all.Series, r.Series)
		open = append(open, r.Top...)
		all.Overdue = append(all.Overdue, r.Overdue...)
		all.Changes = append(all.Changes, r.Changes...)
		all.Looks = append(all.Looks, r.Looks...)
		if r.Ask != nil {
			waiting = append(waiting, r.Ask.Item)
		}
		all.Fresh = all.Fresh.and(r.Fresh)
	}
	all.Top = topOf(open)
	all.Ask = askOf(late(waiting), waiting)
	all.Overdue = byLateness(all.Overdue)[:min(len(all.Overdue), MaxListed)]
	all.Changes = latestFirst(all.Changes)[:min(len(all.Changes), MaxListed)]
	slices.SortStableFunc(all.Looks, func(a, b Look) int { return b.At.Compare(a.At) })
	all.Looks = all.Looks[:min(len(all.Looks), MaxListed)]
	if len(all.Series) == 0 {
		all.Series = []Point{{Period: period}}
	}
	return finish(all)
}

func late(items []Item) []Item {
	var out []Item
	for _, i := range items {
		if i.Late > 0 {
			out = append(out, i)
		}
	}
	return out
}

// addSeries adds two series that end with the same period.
func addSeries(a, b []Point) []Point {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, p := range b {
		out[len(out)-len(b)+i].add(p)
	}
	return out
}

func (f Freshness) and(o Freshness) Freshness {
	if o.Newest.After(f.Newest) {
		f.Newest = o.Newest
	}
	if !o.Complete && (f.Complete || o.Since.Before(f.Since)) {
		f.Complete, f.Since = false, o.Since
	}
	return f
}
