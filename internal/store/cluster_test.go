package store_test

import (
	"fmt"
	"testing"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/trend"
)

func TestClustersInOrder(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	one := aCluster()
	one.Scope = "b"
	r.must(r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Clusters: []improvement.Cluster{one}}))
	got, err := r.Clusters(ctx, shop, []improvement.Scope{"a", "b", "c"})
	r.must(err)
	one.Version = 1
	equal(t, []improvement.Cluster{{Product: shop, Scope: "a"}, one, {Product: shop, Scope: "c"}}, got)
	if got, err := r.Clusters(ctx, shop, nil); len(got) != 0 || err != nil {
		t.Errorf("of nothing: %v, %v", got, err)
	}
	// Another product's is another's.
	got, err = r.Clusters(ctx, id.NewProduct("other"), []improvement.Scope{"b"})
	r.must(err)
	equal(t, []improvement.Cluster{{Product: id.NewProduct("other"), Scope: "b"}}, got)
}

func TestProblems(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	midnight := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	var marks []trend.Mark
	add := func(name string, at time.Time, change func(*feedback.Feedback)) {
		marks = append(marks, trend.MarkOf(said(name, func(f *feedback.Feedback) {
			f.Received = at
			if change != nil {
				change(f)
			}
		})))
	}
	for i := range 8 { // around the turn of a month, ten minutes apart
		add(fmt.Sprint(i), midnight.Add(time.Duration(i-4)*10*time.Minute), nil)
	}
	add("idea", midnight, func(f *feedback.Feedback) { f.Kind = feedback.Idea })
	add("taken back", midnight, func(f *feedback.Feedback) { f.State = feedback.Withdrawn })
	r.must(r.Count(ctx, marks))
	tests := []struct {
		name     string
		from, to time.Duration // from midnight
		most     int
		want     []string
	}{
		{"all", -time.Hour, time.Hour, 100, []string{"7", "6", "5", "4", "3", "2", "1", "0"}},
		{"both ends count", -20 * time.Minute, 10 * time.Minute, 100, []string{"5", "4", "3", "2"}},
		{"one month", time.Minute, time.Hour, 100, []string{"7", "6", "5"}},
		{"an instant", 0, 0, 100, []string{"4"}},
		{"the latest of many", -time.Hour, time.Hour, 3, []string{"7", "6", "5"}},
		{"nothing", time.Hour, 2 * time.Hour, 100, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := r.Problems(ctx, shop, midnight.Add(tt.from), midnight.Add(tt.to), tt.most)
			r.must(err)
			var names []string
			for _, m := range got {
				for i := range 8 {
					if m.Feedback == id.NewFeedback(shop, fmt.Sprint(i)) {
						names = append(names, fmt.Sprint(i))
					}
				}
			}
			equal(t, tt.want, names)
			if len(got) != len(names) {
				t.Errorf("%d marks, %d problems", len(got), len(names))
			}
		})
	}
}

// A key lies among what is due while a firing of it is muted, and only then.
func TestDueMuted(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	k := aSignalKey()
	k.Muted.Check = start.Add(time.Minute)
	r.must(r.SaveSignalKey(ctx, k))
	due := func(at time.Time) int {
		t.Helper()
		n, cursor := 0, ""
		for {
			ks, next, err := r.DueMuted(ctx, at, cursor)
			r.must(err)
			n += len(ks)
			if cursor = next; cursor == "" {
				return n
			}
		}
	}
	if before, then := due(start), due(start.Add(time.Minute)); before != 0 || then != 1 {
		t.Errorf("%d due before its time, %d then", before, then)
	}
	k.Version, k.Muted = 1, nil
	r.must(r.SaveSignalKey(ctx, k))
	if n := due(start.Add(time.Hour)); n != 0 {
		t.Errorf("%d due with nothing muted", n)
	}
}

// The Improvements whose andon is up are found by that alone, whatever else there is, and no longer than it is up.
func TestAndonsUp(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	im := func(name string, pulled time.Duration) improvement.Improvement {
		return improvement.Improvement{
			ID: id.NewImprovement(shop, name), Status: improvement.Accepted, Episode: 1, Updated: start,
			Andon: improvement.Andon{Pulled: start.Add(pulled), Episode: 1},
		}
	}
	first, last, stood, shipped, earlier := im("first", 0), im("last", time.Minute), im("stood", 0), im("shipped", 0), im("earlier", 0)
	stood.Andon.Stood, shipped.Status, earlier.Episode = start, improvement.Shipped, 2
	for _, i := range []improvement.Improvement{first, last, stood, shipped, earlier} {
		r.must(r.SaveChange(ctx, improvement.Change{Improvement: i}))
	}
	for i := range 200 {
		r.must(r.SaveChange(ctx, improvement.Change{Improvement: improvement.Improvement{ID: id.NewImprovement(shop, fmt.Sprint(i)), Status: improvement.Accepted}}))
	}
	up := func(most int) (got []improvement.Improvement) {
		t.Helper()
		rows, queries := r.table.read(func() {
			var err error
			got, err = r.AndonsUp(ctx, shop, most)
			r.must(err)
		})
		if rows > 2 || queries != 1 {
			t.Errorf("%d rows in %d queries", rows, queries)
		}
		return got
	}
	equal(t, []string{string(last.ID), string(first.ID)}, names(up(10), improvementName))
	equal(t, []string{string(last.ID)}, names(up(1), improvementName))
	last = up(1)[0]
	last.Andon.Stood = start.Add(time.Hour)
	r.must(r.SaveChange(ctx, improvement.Change{Improvement: last}))
	equal(t, []string{string(first.ID)}, names(up(10), improvementName))
	if got, err := r.AndonsUp(ctx, id.NewProduct("other"), 10); err != nil || len(got) > 0 {
		t.Errorf("another product: %v, %v", got, err)
	}
}

// What every piece asks for is read once in some seconds.
func TestProductLately(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	p := ensureShop(r)
	get := func() string {
		t.Helper()
		p, err := r.ProductLately(ctx, shop)
		r.must(err)
		return p.Name
	}
	get()
	r.faulty.Reset()
	if get(); r.faulty.Calls() != 0 {
		t.Errorf("%d calls for what is remembered", r.faulty.Calls())
	}
	p.Name = "Renamed"
	r.must(r.SaveProduct(ctx, p, nil))
	if got := get(); got != "Renamed" {
		t.Errorf("after a change here: %s", got)
	}
}
