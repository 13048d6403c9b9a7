package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/tabletest"
	"learningloop/internal/trail"
	"learningloop/internal/trend"
)

// writer is one way to change the store: what must be there before, and the step as its caller takes it, again and again
// until it succeeds or is told that it is done.
type writer struct {
	name   string
	before func(ctx context.Context, r *rig) error
	do     func(ctx context.Context, r *rig) error
}

func attached(ctx context.Context, r *rig) error {
	f := aLoosePiece()
	f.ID = sampleFeedback
	if err := r.CreateFeedback(ctx, f); err != nil {
		return err
	}
	f.Version, f.Improvement = 1, sampleImprovement
	return r.SaveAttachment(ctx, improvement.Change{Improvement: anImprovement()}, anAttachment(), filled[improvement.Voice](), f)
}

func detach(count int) func(ctx context.Context, r *rig) error {
	return func(ctx context.Context, r *rig) error {
		im, v, f, log := anImprovement(), filled[improvement.Voice](), aLoosePiece(), filled[trail.Entry]()
		f.ID = sampleFeedback
		im.Version, v.Version, f.Version, v.Count = 1, 1, 2, count
		return r.SaveDetachment(ctx, improvement.Change{Improvement: im, Log: &log}, sampleFeedback, v, f)
	}
}

func writers() []writer {
	log := filled[trail.Entry]()
	marks := func(change func(i int, f *feedback.Feedback)) []trend.Mark {
		var out []trend.Mark
		for i := range 60 { // with their cells, two transactions
			out = append(out, trend.MarkOf(said(fmt.Sprint(i), func(f *feedback.Feedback) {
				f.Context.Component, f.Version = fmt.Sprint(i), 1
				change(i, f)
			})))
		}
		return out
	}
	plainMarks := marks(func(int, *feedback.Feedback) {})
	changedMarks := marks(func(i int, f *feedback.Feedback) {
		if i%20 == 0 {
			f.State, f.Version = feedback.Withdrawn, 2
		}
		if i%20 == 1 {
			f.Context.Component, f.Version = "another", 2
		}
	})
	return []writer{
		{"create product", nil, func(ctx context.Context, r *rig) error { return r.SaveProduct(ctx, aProduct(), &log) }},
		{"change product", func(ctx context.Context, r *rig) error { return r.SaveProduct(ctx, aProduct(), nil) }, func(ctx context.Context, r *rig) error {
			p := aProduct()
			p.Version, p.Name = 1, "Renamed"
			return r.SaveProduct(ctx, p, &log)
		}},
		{"ensure product", nil, func(ctx context.Context, r *rig) error {
			_, err := r.EnsureProduct(ctx, "shop", func() (product.Product, error) { return product.New("shop", "shop", start) })
			return err
		}},
		{"create feedback", nil, func(ctx context.Context, r *rig) error { return r.CreateFeedback(ctx, aFeedback()) }},
		{"save feedback", func(ctx context.Context, r *rig) error { return r.CreateFeedback(ctx, aFeedback()) }, func(ctx context.Context, r *rig) error {
			f := aFeedback()
			f.Version, f.Text = 1, "edited"
			return r.SaveFeedback(ctx, f)
		}},
		{"finish triage", func(ctx context.Context, r *rig) error { return r.CreateFeedback(ctx, aFeedback()) }, func(ctx context.Context, r *rig) error {
			f := aFeedback()
			f.Version, f.Todo, f.State = 1, false, feedback.Triaged
			return r.FinishTriage(ctx, f)
		}},
		{"count", nil, func(ctx context.Context, r *rig) error { return r.Count(ctx, plainMarks) }},
		{
			"count some again", func(ctx context.Context, r *rig) error { return r.Count(ctx, plainMarks[20:40]) },
			func(ctx context.Context, r *rig) error { return r.Count(ctx, plainMarks) },
		},
		{
			"reverse counts", func(ctx context.Context, r *rig) error { return r.Count(ctx, plainMarks) },
			func(ctx context.Context, r *rig) error { return r.Count(ctx, changedMarks) },
		},
		{"save change", nil, func(ctx context.Context, r *rig) error {
			e, n, entry := anEpisode(), aNotice(), filled[improvement.Entry]()
			return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Entry: &entry, Episode: &e, Notice: &n, Log: &log})
		}},
		{"save change with all that it gathers", nil, func(ctx context.Context, r *rig) error {
			k, an := aSignalKey(), anAndon()
			return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Clusters: []improvement.Cluster{aCluster()}, Key: &k, Pull: &an})
		}},
		{"save cluster", nil, func(ctx context.Context, r *rig) error { return r.SaveCluster(ctx, aCluster()) }},
		{"save signal key", nil, func(ctx context.Context, r *rig) error { return r.SaveSignalKey(ctx, aSignalKey()) }},
		{"change signal key", func(ctx context.Context, r *rig) error { return r.SaveSignalKey(ctx, aSignalKey()) }, func(ctx context.Context, r *rig) error {
			k := aSignalKey()
			k.Version, k.Muted = 1, nil
			return r.SaveSignalKey(ctx, k)
		}},
		{"save andon", nil, func(ctx context.Context, r *rig) error { return r.SaveAndon(ctx, anAndon()) }},
		{"attach", nil, func(ctx context.Context, r *rig) error {
			err := attached(ctx, r)
			if _, there := errors.AsType[*feedback.ExistsError](err); !there {
				return err
			}
			f := aLoosePiece()
			f.ID, f.Version, f.Improvement = sampleFeedback, 1, sampleImprovement
			return r.SaveAttachment(ctx, improvement.Change{Improvement: anImprovement()}, anAttachment(), filled[improvement.Voice](), f)
		}},
		{"detach", attached, detach(1)},
		{"detach the last of a voice", attached, detach(0)},
		{"finish notice", func(ctx context.Context, r *rig) error {
			n := aNotice()
			return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Notice: &n})
		}, func(ctx context.Context, r *rig) error {
			n := aNotice()
			n.Version = 1
			return r.FinishNotice(ctx, n)
		}},
		{"order mails", func(ctx context.Context, r *rig) error {
			m := aMail()
			m.Name, m.State = "second", followup.Sent
			return r.OrderMails(ctx, []followup.Mail{m})
		}, func(ctx context.Context, r *rig) error {
			second, third := aMail(), aMail()
			second.Name, third.Name = "second", "third"
			return r.OrderMails(ctx, []followup.Mail{aMail(), second, third})
		}},
		{"save mail", func(ctx context.Context, r *rig) error { return r.OrderMails(ctx, []followup.Mail{aMail()}) }, func(ctx context.Context, r *rig) error {
			m := aMail()
			m.Version, m.State = 1, followup.Sent
			return r.SaveMail(ctx, m)
		}},
		{"suppress", nil, func(ctx context.Context, r *rig) error { return r.Suppress(ctx, "somebody", "bounced", start) }},
		{
			"unsuppress", func(ctx context.Context, r *rig) error { return r.Suppress(ctx, "somebody", "bounced", start) },
			func(ctx context.Context, r *rig) error { return r.Unsuppress(ctx, "somebody") },
		},
		{"stop digests", nil, func(ctx context.Context, r *rig) error { return r.StopDigest(ctx, id.All, "somebody", true, start) }},
		{
			"send digests again", func(ctx context.Context, r *rig) error { return r.StopDigest(ctx, shop, "somebody", true, start) },
			func(ctx context.Context, r *rig) error { return r.StopDigest(ctx, shop, "somebody", false, start) },
		},
		{"set aside", nil, func(ctx context.Context, r *rig) error { return r.SetAside(ctx, aSetAside()) }},
		{"decide on what is set aside", func(ctx context.Context, r *rig) error { return r.SetAside(ctx, aSetAside()) }, func(ctx context.Context, r *rig) error {
			a := aSetAside()
			a.Version, a.State = 1, signal.Dropped
			return r.SaveSetAside(ctx, a, &log)
		}},
		{"create digest", nil, func(ctx context.Context, r *rig) error { return r.CreateDigest(ctx, aDigest()) }},
		{"save episode", func(ctx context.Context, r *rig) error {
			e := anEpisode()
			return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e})
		}, func(ctx context.Context, r *rig) error {
			e := anEpisode()
			e.Version, e.Order = 1, ""
			return r.SaveEpisode(ctx, e)
		}},
		{"order a post-incident", nil, func(ctx context.Context, r *rig) error {
			e, order := anEpisode(), aPostIncident()
			return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e, PostIncident: &order})
		}},
		{"tell a post-incident", func(ctx context.Context, r *rig) error {
			order := aPostIncident()
			return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), PostIncident: &order})
		}, func(ctx context.Context, r *rig) error {
			told := aPostIncident()
			told.Version, told.Told = 1, start
			return r.SavePostIncident(ctx, told)
		}},
		{"index the episodes of an older release", func(ctx context.Context, r *rig) error {
			if err := r.SaveProduct(ctx, aProduct(), nil); err != nil {
				return err
			}
			e := anEpisode()
			if err := r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e}); err != nil {
				return err
			}
			return r.forgetIndex(ctx, e)
		}, func(ctx context.Context, r *rig) error {
			_, err := r.IndexEpisodes(ctx)
			return err
		}},
		{"save what was filed", nil, func(ctx context.Context, r *rig) error {
			e := anEpisode()
			return r.SaveFiled(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e})
		}},
		{"go on with the OpsItem of the last episode", func(ctx context.Context, r *rig) error {
			e := anEpisode()
			return r.SaveFiled(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e})
		}, func(ctx context.Context, r *rig) error {
			im, next, last := anImprovement(), anEpisode(), anEpisode()
			im.Version, last.Version, last.Order, next.N = 1, 1, "", last.N+1
			return r.SaveNext(ctx, improvement.Change{Improvement: im, Episode: &next}, last)
		}},
		{"save when all was checked", nil, func(ctx context.Context, r *rig) error { return r.SaveChecked(ctx, start) }},
		{"save watermark", nil, func(ctx context.Context, r *rig) error { return r.SaveWatermark(ctx, start) }},
		{"log", nil, func(ctx context.Context, r *rig) error { return r.Log(ctx, log) }},
	}
}

// done says whether a step that is taken again may stop: it succeeded, or what it does is there.
func done(err error) bool {
	_, exists := errors.AsType[*feedback.ExistsError](err)
	return err == nil || exists || fault.Is(err, fault.Conflict)
}

// Every write either happens as a whole or not at all, and taking the step again ends where a clean run does, whether the
// write or only its answer was lost.
func TestWritersLostAndPersisted(t *testing.T) {
	for _, w := range writers() {
		t.Run(w.name, func(t *testing.T) {
			begin := func(t *testing.T) *rig {
				t.Helper()
				r := newRig(t)
				if w.before != nil {
					r.must(w.before(t.Context(), r))
				}
				r.faulty.Reset()
				return r
			}
			clean := begin(t)
			empty := clean.dump()
			if err := w.do(t.Context(), clean); err != nil {
				t.Fatalf("clean run: %v", err)
			}
			calls, want := clean.faulty.Calls(), clean.dump()
			if cmp.Equal(empty, want) {
				t.Fatal("it changes nothing")
			}
			if err := w.do(t.Context(), clean); !done(err) {
				t.Errorf("twice: %v", err)
			}
			if d := cmp.Diff(want, clean.dump()); d != "" {
				t.Errorf("twice (-once +twice):\n%s", d)
			}
			for k := 1; k <= calls; k++ {
				for _, mode := range tabletest.Modes() {
					r := begin(t)
					r.faulty.FailAt(k, mode)
					if err := w.do(t.Context(), r); !fault.Is(err, fault.Unavailable) {
						t.Errorf("call %d of %d fails %s: %v", k, calls, mode, err)
					}
					if len(r.faulty.Failed()) != 1 {
						t.Errorf("call %d of %d did not fail", k, calls)
					}
					if err := w.do(t.Context(), r); !done(err) {
						t.Errorf("call %d of %d fails %s, then: %v", k, calls, mode, err)
					}
					if d := cmp.Diff(want, r.dump()); d != "" {
						t.Errorf("call %d of %d fails %s (-clean +retried):\n%s", k, calls, mode, d)
					}
				}
			}
		})
	}
}

// Whoever read a thing before it changed writes nothing.
func TestStaleWritesConflict(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	e, n := anEpisode(), aNotice()
	r.must(r.SaveProduct(ctx, aProduct(), nil))
	r.must(r.CreateFeedback(ctx, aFeedback()))
	r.must(r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e, Notice: &n}))
	r.must(r.OrderMails(ctx, []followup.Mail{aMail()}))
	r.must(r.SetAside(ctx, aSetAside()))
	r.must(r.CreateDigest(ctx, aDigest()))
	want := r.dump()
	const stale = 7
	entry := filled[improvement.Entry]()
	log := filled[trail.Entry]()
	for name, write := range map[string]func() error{
		"product":                 func() error { p := aProduct(); p.Version = stale; return r.SaveProduct(ctx, p, &log) },
		"product of a taken slug": func() error { p := aProduct(); p.ID = id.NewProduct("other"); return r.SaveProduct(ctx, p, &log) },
		"feedback":                func() error { f := aFeedback(); f.Version = stale; return r.SaveFeedback(ctx, f) },
		"triage":                  func() error { f := aFeedback(); f.Version = stale; return r.FinishTriage(ctx, f) },
		"improvement": func() error {
			return r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Entry: &entry, Log: &log})
		},
		"episode": func() error { e := anEpisode(); e.Version = stale; return r.SaveEpisode(ctx, e) },
		"filed": func() error {
			e := anEpisode()
			e.Version = stale
			return r.SaveFiled(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e})
		},
		"notice":        func() error { n := aNotice(); n.Version = stale; return r.FinishNotice(ctx, n) },
		"mail":          func() error { m := aMail(); m.Version = stale; return r.SaveMail(ctx, m) },
		"set aside":     func() error { a := aSetAside(); a.Version = stale; return r.SaveSetAside(ctx, a, &log) },
		"digest":        func() error { return r.CreateDigest(ctx, aDigest()) },
		"post-incident": func() error { p := aPostIncident(); p.Version = stale; return r.SavePostIncident(ctx, p) },
		"attachment":    func() error { return attachAgain(ctx, r) },
		"cluster": func() error {
			c, im := aCluster(), anImprovement()
			c.Version, im.Version = stale, 1
			return r.SaveChange(ctx, improvement.Change{Improvement: im, Clusters: []improvement.Cluster{c}, Log: &log})
		},
		"signal key":            func() error { k := aSignalKey(); k.Version = stale; return r.SaveSignalKey(ctx, k) },
		"andon":                 func() error { a := anAndon(); a.Version = stale; return r.SaveAndon(ctx, a) },
		"detachment of nothing": func() error { return detach(0)(ctx, r) },
	} {
		if err := write(); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A conflict leaves no part of the write, not even its line in the log.
	if d := cmp.Diff(want, r.dump()); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
}

func attachAgain(ctx context.Context, r *rig) error {
	f, im := aFeedback(), anImprovement()
	f.Version, im.Version = 9, 1
	return r.SaveAttachment(ctx, improvement.Change{Improvement: im}, anAttachment(), filled[improvement.Voice](), f)
}

func TestCreateFeedbackTellsWhatIsThere(t *testing.T) {
	r := newRig(t)
	r.must(r.CreateFeedback(t.Context(), aFeedback()))
	other := aFeedback()
	other.Text = "another"
	err := r.CreateFeedback(t.Context(), other)
	exists, ok := errors.AsType[*feedback.ExistsError](err)
	if !ok {
		t.Fatalf("create again: %v", err)
	}
	want := aFeedback()
	want.Version = 1
	equal(t, want, exists.Feedback)
}

// A slug's product is remembered for some seconds, but not past a change made here.
func TestProductCache(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	p := ensureShop(r)
	bySlug := func() string {
		t.Helper()
		p, err := r.ProductBySlug(ctx, "shop")
		r.must(err)
		return p.Name
	}
	bySlug()
	if _, queries := r.table.read(func() { r.faulty.Reset(); bySlug() }); queries+r.faulty.Calls() != 0 {
		t.Errorf("%d calls for what is remembered", r.faulty.Calls())
	}
	p.Name = "Renamed here"
	r.must(r.SaveProduct(ctx, p, nil))
	if got := bySlug(); got != "Renamed here" {
		t.Errorf("after a change here: %s", got)
	}
	// Even where only the answer of the change was lost.
	p.Version, p.Name = 2, "Renamed and lost"
	r.faulty.Reset()
	r.faulty.FailAt(1, tabletest.After)
	if err := r.SaveProduct(ctx, p, nil); err == nil {
		t.Fatal("nothing failed")
	}
	r.faulty.Reset()
	if got := bySlug(); got != "Renamed and lost" {
		t.Errorf("after a change whose answer was lost: %s", got)
	}
	// A reader that comes between may remember what was there before; the change makes it forget.
	p.Version, p.Name = 3, "Renamed while read"
	between := false
	r.faulty.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) {
		if c.Method == "Write" && !between {
			between = true
			bySlug()
		}
		return tabletest.Before, nil
	})
	r.must(r.SaveProduct(ctx, p, nil))
	r.faulty.Reset()
	if got := bySlug(); got != "Renamed while read" {
		t.Errorf("after a change while it was read: %s", got)
	}
	// Another process's change is seen in time.
	elsewhere := store.New(r.table, r.clock)
	p.Version, p.Name = 4, "Renamed elsewhere"
	r.must(elsewhere.SaveProduct(ctx, p, nil))
	r.mu.Lock()
	r.now = r.now.Add(11e9)
	r.mu.Unlock()
	if got := bySlug(); got != "Renamed elsewhere" {
		t.Errorf("eleven seconds after a change elsewhere: %s", got)
	}
}
