package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/table/tabletest"
	"learningloop/internal/trend"
)

// forgetIndex makes an episode's row what an older release had written.
func (r *rig) forgetIndex(ctx context.Context, e opsitem.Episode) error {
	row := r.row(table.Key{P: string(e.Improvement), S: fmt.Sprintf("episode#%06d", e.N)})
	delete(row.Index, "recent")
	return r.table.Write(ctx, table.Put(row, table.Always("as before")))
}

func (r *rig) putEpisode(name string, n int, opened, resolved time.Time) opsitem.Episode {
	r.t.Helper()
	iid := id.NewImprovement(shop, name)
	e := opsitem.Episode{Improvement: iid, N: n, Opened: opened, Resolved: resolved}
	r.must(r.SaveEpisode(r.t.Context(), e))
	return e
}

// Whatever was under way in a time is found by two ranges, whenever it was opened; what ended before is not read.
func TestEpisodesOfATime(t *testing.T) {
	r := newRig(t)
	day := func(n int) time.Time { return start.AddDate(0, 0, n) }
	r.putEpisode("long ended", 1, day(-60), day(-30))
	r.putEpisode("old, ended within", 1, day(-60), day(2))
	r.putEpisode("within", 1, day(1), day(3))
	r.putEpisode("ended on the dot", 1, day(-1), day(0))
	r.putEpisode("ended after", 1, day(3), day(40))
	r.putEpisode("still open", 1, day(-90), time.Time{})
	again := r.putEpisode("resolved, then open again", 1, day(1), day(2))
	again.Resolved, again.Version = time.Time{}, 1
	r.must(r.SaveEpisode(t.Context(), again))
	other := opsitem.Episode{Improvement: id.NewImprovement(id.NewProduct("other"), "x"), N: 1, Opened: day(1)}
	r.must(r.SaveEpisode(t.Context(), other))

	open, err := store.Everything(func(c string) ([]opsitem.Episode, string, error) { return r.OpenEpisodes(t.Context(), shop, c) })
	r.must(err)
	ended, err := store.Everything(func(c string) ([]opsitem.Episode, string, error) {
		return r.ResolvedEpisodes(t.Context(), shop, day(0), c)
	})
	r.must(err)
	names := func(es []opsitem.Episode) (out []string) {
		for _, e := range es {
			out = append(out, string(e.Improvement))
		}
		return out
	}
	of := func(names ...string) (out []string) {
		for _, n := range names {
			out = append(out, string(id.NewImprovement(shop, n)))
		}
		return out
	}
	if d := cmp.Diff(of("still open", "resolved, then open again"), names(open)); d != "" {
		t.Errorf("under way (-want +got):\n%s", d)
	}
	if d := cmp.Diff(of("ended after", "within", "old, ended within", "ended on the dot"), names(ended)); d != "" {
		t.Errorf("resolved since (-want +got):\n%s", d)
	}
	if n, err := r.OpenEpisodeCount(t.Context(), shop); n != 2 || err != nil {
		t.Errorf("%d open, %v", n, err)
	}
}

// A list of many is read by pages, and each page is bounded.
func TestEpisodesByPages(t *testing.T) {
	r := newRig(t)
	const many = 600
	for i := range many {
		r.putEpisode(fmt.Sprint(i), 1, start, start.Add(time.Duration(i)*time.Minute))
	}
	seen, cursor := map[id.Improvement]bool{}, ""
	for {
		var page []opsitem.Episode
		var err error
		rows, queries := r.table.read(func() { page, cursor, err = r.ResolvedEpisodes(t.Context(), shop, start, cursor) })
		r.must(err)
		if rows > 250 || queries != 1 {
			t.Fatalf("one page reads %d rows in %d queries", rows, queries)
		}
		for _, e := range page {
			seen[e.Improvement] = true
		}
		if cursor == "" {
			break
		}
	}
	if len(seen) != many {
		t.Errorf("%d seen", len(seen))
	}
	if _, _, err := r.ResolvedEpisodes(t.Context(), shop, start, "bad cursor"); err == nil {
		t.Error("a bad cursor is taken")
	}
}

// Rows of an older release get their place in the index, once; what cannot be read is no reason to stop for ever.
func TestIndexEpisodes(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	r.must(r.SaveProduct(ctx, aProduct(), nil))
	im := anImprovement()
	e := opsitem.Episode{Improvement: im.ID, N: 1, Opened: start, Request: opsitem.Request{Severity: 2}}
	im.Episode = 1
	r.must(r.SaveChange(ctx, improvement.Change{Improvement: im, Episode: &e}))
	r.must(r.forgetIndex(ctx, e))
	if n, err := r.OpenEpisodeCount(ctx, shop); n != 0 || err != nil {
		t.Fatalf("%d before, %v", n, err)
	}
	if n, err := r.IndexEpisodes(ctx); n != 1 || err != nil {
		t.Fatalf("%d indexed, %v", n, err)
	}
	open, _, err := r.OpenEpisodes(ctx, shop, "")
	r.must(err)
	if len(open) != 1 || open[0].Stages.Worst != 2 || !open[0].Stages.Detected.Equal(start) {
		t.Errorf("%+v", open)
	}
	rows, _ := r.table.read(func() {
		if n, err := r.IndexEpisodes(ctx); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
	})
	if rows > 1 { // the product
		t.Errorf("what is indexed is read again: %d rows", rows)
	}
}

// Steps are told after they were stored, and never for what was not.
func TestObserve(t *testing.T) {
	for _, mode := range append(tabletest.Modes(), -1) {
		r := newRig(t)
		var told []opsitem.Step
		r.Observe(func(_ context.Context, s []opsitem.Step) { told = append(told, s...) })
		if mode >= 0 {
			r.faulty.FailAt(1, mode)
		}
		e := anEpisode()
		err := r.SaveChange(t.Context(), improvement.Change{
			Improvement: anImprovement(), Episode: &e, Steps: []opsitem.Step{{Kind: opsitem.StepOpened, Product: "shop"}},
		})
		want := 0
		if err == nil {
			want = 1
		}
		if (err == nil) != (mode < 0) || len(told) != want {
			t.Errorf("mode %v: %v, told %v", mode, err, told)
		}
	}
}

// Launches are found by the hours that counts know of, and nothing else is read.
func TestLaunches(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	r.must(r.SaveProduct(ctx, aProduct(), nil))
	put := func(name string, at time.Time, s *signal.Signal) {
		f := feedback.Feedback{ID: id.NewFeedback(shop, name), Kind: feedback.Signal, State: feedback.Triaged, Received: at, Signal: s, Version: 1}
		r.must(r.CreateFeedback(ctx, f))
		r.must(r.Count(ctx, []trend.Mark{trend.MarkOf(f)}))
	}
	launch := func(release string) *signal.Signal {
		return &signal.Signal{State: signal.Info, Release: release, Severity: 4}
	}
	put("before", start.Add(-25*time.Hour), launch("1"))
	put("within", start.Add(-23*time.Hour), launch("2"))
	put("an alarm", start.Add(-23*time.Hour), &signal.Signal{State: signal.Firing, Severity: 1})
	put("the same hour, too early", start.Add(-24*time.Hour-time.Minute), launch("3"))
	put("later", start.Add(time.Hour), launch("4"))
	put("after", start.Add(3*time.Hour), launch("5"))
	got, err := r.Launches(ctx, shop, start.Add(-24*time.Hour), start.Add(2*time.Hour))
	r.must(err)
	var releases []string
	for _, f := range got {
		releases = append(releases, f.Signal.Release)
	}
	if !slices.Equal(releases, []string{"2", "4"}) {
		t.Errorf("%v", releases)
	}
}

func TestListPostIncidents(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	for n := range 3 {
		p := aPostIncident()
		p.Episode, p.At, p.RetryAt = n+1, start.AddDate(0, 0, 7*n), time.Time{}
		im := anImprovement()
		im.ID = id.NewImprovement(shop, fmt.Sprint(n))
		p.Improvement = im.ID
		r.must(r.SaveChange(ctx, improvement.Change{Improvement: im, PostIncident: &p}))
	}
	got, err := r.ListPostIncidents(ctx, shop, start.AddDate(0, 0, 7), 10)
	r.must(err)
	if len(got) != 2 || got[0].Episode != 3 || got[1].Episode != 2 {
		t.Errorf("%+v", got)
	}
	due, _, err := r.DuePostIncidents(ctx, start.AddDate(0, 0, 30), "")
	r.must(err)
	if len(due) == 0 {
		t.Error("none is due")
	}
	p := got[0]
	p.Told = start
	r.must(r.SavePostIncident(ctx, p))
	if n, err := r.PendingCount(ctx, store.TypePostIncident, 10); n != 2 || err != nil {
		t.Errorf("%d wait, %v", n, err)
	}
}
