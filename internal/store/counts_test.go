package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/table"
	"learningloop/internal/table/tabletest"
	"learningloop/internal/trend"
)

// heard stores n pieces over three hours, of many components and companies, and gives their Marks.
func heard(r *rig, n int) []trend.Mark {
	r.t.Helper()
	marks := make([]trend.Mark, n)
	for i := range marks {
		f := said(fmt.Sprint("piece ", i), func(f *feedback.Feedback) {
			f.Received = start.Add(time.Duration(i%3) * time.Hour)
			f.Kind = feedback.Kinds[i%4]
			f.Rating = i % 6
			f.Context.Component = fmt.Sprint("component ", i%50)
			if i%2 == 0 {
				f.Submitter.Company = fmt.Sprint("company ", i%40)
			}
		})
		r.must(r.CreateFeedback(r.t.Context(), f))
		f.Version = 1
		marks[i] = trend.MarkOf(f)
	}
	return marks
}

// cells gives all counts of the month.
func cells(r *rig) map[string]trend.Counts {
	r.t.Helper()
	out := map[string]trend.Counts{}
	p, err := r.table.Query(context.Background(), table.Query{P: "counts#" + string(shop) + "#2026-03", Consistent: true})
	r.must(err)
	for _, row := range p.Rows {
		c := trend.Counts{}
		r.must(json.Unmarshal(row.Attrs, &c))
		for k, v := range c {
			if v == 0 {
				delete(c, k)
			}
		}
		if len(c) > 0 {
			out[row.Key.S] = c
		}
	}
	return out
}

// due is what counting marks once has to give.
func due(marks []trend.Mark) map[string]trend.Counts {
	out := map[string]trend.Counts{}
	for c, n := range trend.Tally(marks) {
		out[string(c.Dimension)+"#"+c.Hour.Format(trend.Hour)] = n
	}
	return out
}

// healthy holds the counts against the Marks and against a recount.
func healthy(t *testing.T, r *rig, marks []trend.Mark) {
	t.Helper()
	equal(t, due(marks), cells(r))
	diff, err := r.Recount(t.Context(), shop, start)
	r.must(err)
	if len(diff) > 0 {
		t.Errorf("a recount finds %d differences: %v", len(diff), diff)
	}
}

func TestCountOnce(t *testing.T) {
	const pieces = 130
	tests := []struct {
		name  string
		count func(t *testing.T, r *rig, marks []trend.Mark)
	}{
		{"all together: more than 100 marks, more than 100 cells", func(_ *testing.T, r *rig, marks []trend.Mark) {
			r.must(r.Count(context.Background(), marks))
		}},
		{"none", func(_ *testing.T, r *rig, marks []trend.Mark) {
			r.must(r.Count(context.Background(), nil))
			r.must(r.Count(context.Background(), marks))
		}},
		{"one by one", func(_ *testing.T, r *rig, marks []trend.Mark) {
			for _, m := range marks {
				r.must(r.Count(context.Background(), []trend.Mark{m}))
			}
		}},
		{"each twice in one batch", func(_ *testing.T, r *rig, marks []trend.Mark) {
			r.must(r.Count(context.Background(), append(slices.Clone(marks), marks...)))
		}},
		{"shuffled, overlapping, again and again", func(_ *testing.T, r *rig, marks []trend.Mark) {
			rnd := rand.New(rand.NewPCG(5, 6))
			for range 5 {
				batch := slices.Clone(marks)
				rnd.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
				r.must(r.Count(context.Background(), batch[:rnd.IntN(len(batch))]))
			}
			r.must(r.Count(context.Background(), marks))
		}},
		{"two triages at once", func(t *testing.T, r *rig, marks []trend.Mark) {
			t.Helper()
			back := slices.Clone(marks)
			slices.Reverse(back)
			var wg sync.WaitGroup
			for _, batch := range [][]trend.Mark{marks, back, marks[30:90]} {
				wg.Go(func() {
					for chunk := range slices.Chunk(batch, 40) {
						if err := r.Count(context.Background(), chunk); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			marks := heard(r, pieces)
			tt.count(t, r, marks)
			healthy(t, r, marks)
		})
	}
}

// A later word about a piece replaces what it counted as: the difference is posted, once, whoever comes when.
func TestReversal(t *testing.T) {
	ctx := context.Background()
	change := func(r *rig, m trend.Mark, do func(*feedback.Feedback)) trend.Mark {
		r.t.Helper()
		f, err := r.Feedback(ctx, m.Feedback)
		r.must(err)
		do(&f)
		r.must(r.SaveFeedback(ctx, f))
		f.Version++
		return trend.MarkOf(f)
	}
	withdraw := func(f *feedback.Feedback) {
		*f = feedback.Feedback{ID: f.ID, Kind: f.Kind, Channel: f.Channel, Received: f.Received, State: feedback.Withdrawn, Todo: true, Version: f.Version}
	}
	retag := func(f *feedback.Feedback) { f.Context.Component, f.Kind = "moved", feedback.Praise }
	tests := []struct {
		name string
		run  func(r *rig, marks []trend.Mark)
	}{
		{"withdrawn after it was counted", func(r *rig, marks []trend.Mark) {
			r.must(r.Count(ctx, marks))
			marks[0] = change(r, marks[0], withdraw)
			r.must(r.Count(ctx, marks[:1]))
		}},
		{"withdrawn before it was counted", func(r *rig, marks []trend.Mark) {
			marks[0] = change(r, marks[0], withdraw)
			r.must(r.Count(ctx, marks))
		}},
		{"withdrawn, told twice", func(r *rig, marks []trend.Mark) {
			r.must(r.Count(ctx, marks))
			marks[0] = change(r, marks[0], withdraw)
			r.must(r.Count(ctx, marks[:1]))
			r.must(r.Count(ctx, marks[:1]))
		}},
		{"moved to another component", func(r *rig, marks []trend.Mark) {
			r.must(r.Count(ctx, marks))
			marks[1] = change(r, marks[1], retag)
			r.must(r.Count(ctx, marks))
		}},
		{"the old word and the new in one batch", func(r *rig, marks []trend.Mark) {
			old := marks[1]
			marks[1] = change(r, marks[1], retag)
			r.must(r.Count(ctx, append([]trend.Mark{marks[1], old}, marks...)))
		}},
		{"the old word comes late", func(r *rig, marks []trend.Mark) {
			old := slices.Clone(marks)
			marks[0], marks[1] = change(r, marks[0], withdraw), change(r, marks[1], retag)
			r.must(r.Count(ctx, marks))
			r.must(r.Count(ctx, old))
		}},
		{"there and back again, and the word between comes late", func(r *rig, marks []trend.Mark) {
			kind, component := marks[1].Kind, marks[1].Component
			r.must(r.Count(ctx, marks))
			between := change(r, marks[1], retag)
			marks[1] = change(r, between, func(f *feedback.Feedback) { f.Kind, f.Context.Component = kind, component })
			r.must(r.Count(ctx, marks))
			r.must(r.Count(ctx, []trend.Mark{between}))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			marks := heard(r, 20)
			tt.run(r, marks)
			healthy(t, r, marks)
		})
	}
}

// Two that change the same Mark at once do not post the difference twice.
func TestConcurrentReversal(t *testing.T) {
	r := newRig(t)
	marks := heard(r, 10)
	r.must(r.Count(t.Context(), marks))
	for i := range marks {
		f, err := r.Feedback(t.Context(), marks[i].Feedback)
		r.must(err)
		f.State = feedback.Withdrawn
		r.must(r.SaveFeedback(t.Context(), f))
		f.Version++
		marks[i] = trend.MarkOf(f)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := r.Count(context.Background(), marks); err != nil && !fault.Is(err, fault.Unavailable) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r.must(r.Count(t.Context(), marks))
	healthy(t, r, marks)
}

// Any call of a count may fail, before or after it is applied: counting again ends with the same counts.
func TestCountLostAndPersisted(t *testing.T) {
	for _, mode := range tabletest.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			r := newRig(t)
			marks := heard(r, 110)
			failing := 6
			r.faulty.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) { // every second call, until it is well again
				if c.N%2 == 0 && failing > 0 {
					failing--
					return mode, fault.New(fault.Unavailable, "injected", "")
				}
				return mode, nil
			})
			failed := 0
			for r.Count(context.Background(), marks) != nil {
				if failed++; failed > 50 {
					t.Fatal("counting never ends")
				}
			}
			if failing > 0 {
				t.Fatal("too little failed")
			}
			r.faulty.Reset()
			healthy(t, r, marks)
		})
	}
}

// A recount finds whatever was tampered with, and says by how much.
func TestRecountFindsDifferences(t *testing.T) {
	hour := start
	allCell := trend.Cell{Product: shop, Dimension: trend.All, Hour: hour}
	other := trend.Cell{Product: shop, Dimension: trend.Component("nobody's"), Hour: hour}
	add := func(r *rig, c trend.Cell, n trend.Counts) {
		k := table.Key{P: "counts#" + string(shop) + "#2026-03", S: string(c.Dimension) + "#" + c.Hour.Format(trend.Hour)}
		r.must(r.table.Write(context.Background(), table.Add(k, "count", 1, n)))
	}
	tests := []struct {
		name   string
		tamper func(r *rig, marks []trend.Mark)
		want   map[trend.Cell]trend.Counts
	}{
		{"nothing", func(*rig, []trend.Mark) {}, map[trend.Cell]trend.Counts{}},
		{"one too many", func(r *rig, _ []trend.Mark) { add(r, allCell, trend.Counts{"n": 1}) }, map[trend.Cell]trend.Counts{allCell: {"n": -1}}},
		{"one too few", func(r *rig, _ []trend.Mark) { add(r, allCell, trend.Counts{"n": -2, "rating_3": -1}) }, map[trend.Cell]trend.Counts{allCell: {"n": 2, "rating_3": 1}}},
		{"a cell of nobody", func(r *rig, _ []trend.Mark) { add(r, other, trend.Counts{"n": 5}) }, map[trend.Cell]trend.Counts{other: {"n": -5}}},
		{"zeros are no difference", func(r *rig, _ []trend.Mark) { add(r, other, trend.Counts{"n": 0}) }, map[trend.Cell]trend.Counts{}},
		{"a cell that is gone", func(r *rig, marks []trend.Mark) {
			k := table.Key{P: "counts#" + string(shop) + "#2026-03", S: string(trend.Component("component 0")) + "#" + hour.Format(trend.Hour)}
			r.must(r.table.Write(context.Background(), table.Delete(k, table.Exists())))
		}, map[trend.Cell]trend.Counts{{Product: shop, Dimension: trend.Component("component 0"), Hour: hour}: {"n": 1, "kind_problem": 1, "channel_api": 1}}},
		{"feedback that changed behind the counts", func(r *rig, marks []trend.Mark) {
			f, err := r.Feedback(context.Background(), marks[3].Feedback) // the second of the first hour: praise, rating 3
			r.must(err)
			f.Rating = 5
			r.must(r.SaveFeedback(context.Background(), f))
		}, map[trend.Cell]trend.Counts{
			allCell: {"rating_3": -1, "rating_5": 1},
			{Product: shop, Dimension: trend.Component("component 3"), Hour: hour}: {"rating_3": -1, "rating_5": 1},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			marks := heard(r, 12)
			r.must(r.Count(t.Context(), marks))
			tt.tamper(r, marks)
			got, err := r.Recount(t.Context(), shop, start.AddDate(0, 0, 7))
			r.must(err)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestCounts(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	at := func(s string) time.Time {
		t.Helper()
		v, err := time.Parse(trend.Hour, s)
		r.must(err)
		return v
	}
	for i, s := range []string{"2026-01-31T23", "2026-02-01T00", "2026-02-28T23", "2026-03-01T00", "2026-03-01T01"} {
		f := said(fmt.Sprint(i), func(f *feedback.Feedback) { f.Received = at(s).Add(59 * time.Minute); f.Context.Component = "basket" })
		r.must(r.Count(ctx, []trend.Mark{trend.MarkOf(f)}))
	}
	tests := []struct {
		name, from, to string
		want           []string
	}{
		{"over three months", "2026-01-01T00", "2027-01-01T00", []string{"2026-01-31T23", "2026-02-01T00", "2026-02-28T23", "2026-03-01T00", "2026-03-01T01"}},
		{"the end is left out", "2026-01-31T23", "2026-03-01T00", []string{"2026-01-31T23", "2026-02-01T00", "2026-02-28T23"}},
		{"one hour", "2026-03-01T00", "2026-03-01T01", []string{"2026-03-01T00"}},
		{"nothing said", "2026-02-10T00", "2026-02-20T00", nil},
		{"no time at all", "2026-03-01T00", "2026-03-01T00", nil},
		{"backwards", "2026-03-01T00", "2026-01-01T00", nil},
	}
	for _, tt := range tests {
		for _, d := range []trend.Dimension{trend.All, trend.Component("basket")} {
			hours, err := r.Counts(ctx, shop, d, at(tt.from), at(tt.to))
			r.must(err)
			var got []string
			for _, h := range hours {
				got = append(got, h.Hour.Format(trend.Hour))
				if h.Dimension != d || h.Counts["n"] != 1 {
					t.Errorf("%s: %+v", tt.name, h)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
	}
	if hours, err := r.Counts(ctx, id.NewProduct("other"), trend.All, at("2026-01-01T00"), at("2027-01-01T00")); err != nil || len(hours) > 0 {
		t.Errorf("another product: %v, %v", hours, err)
	}
}
