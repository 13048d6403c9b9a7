package store_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/digest"
	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/score"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/trail"
	"learningloop/internal/trend"
)

func feedbackName(f feedback.Feedback) string           { return string(f.ID) }
func improvementName(im improvement.Improvement) string { return string(im.ID) }
func queueName(q store.QueueItem) string                { return q.ID() }
func names[T any](items []T, name func(T) string) []string {
	out := []string{}
	for _, it := range items {
		out = append(out, name(it))
	}
	return out
}

// told stores n triaged pieces, one every six hours back from start, of kinds by turns, and counts them.
func told(r *rig, n int) []feedback.Feedback {
	r.t.Helper()
	out := make([]feedback.Feedback, n)
	var marks []trend.Mark
	for i := range out {
		f := said(fmt.Sprint("told ", i), func(f *feedback.Feedback) {
			f.Received, f.Kind = start.Add(-time.Duration(i)*6*time.Hour), feedback.Kinds[i%4]
			f.State, f.Todo = feedback.Triaged, false
		})
		r.must(r.CreateFeedback(r.t.Context(), f))
		f.Version = 1
		out[i] = f
		marks = append(marks, trend.MarkOf(f))
	}
	r.must(r.Count(r.t.Context(), marks))
	return out
}

// Newest first over months and pages, whatever the size of a page.
func TestListFeedback(t *testing.T) {
	r := newRig(t)
	pieces := told(r, 300) // 75 days
	since := start.AddDate(0, -6, 0)
	for _, limit := range []int{1, 7, 25, 100} {
		got := all(t, feedbackName, func(cursor string) (store.Page[feedback.Feedback], error) {
			return r.ListFeedback(t.Context(), shop, since, store.FeedbackFilter{}, cursor, limit)
		})
		if d := cmp.Diff(pieces, got); d != "" {
			t.Errorf("pages of %d (-want +got):\n%s", limit, d)
		}
	}
	var ideas []feedback.Feedback
	for _, f := range pieces {
		if f.Kind == feedback.Idea {
			ideas = append(ideas, f)
		}
	}
	got := all(t, feedbackName, func(cursor string) (store.Page[feedback.Feedback], error) {
		return r.ListFeedback(t.Context(), shop, since, store.FeedbackFilter{Kind: feedback.Idea, State: feedback.Triaged}, cursor, 10)
	})
	equal(t, names(ideas, feedbackName), names(got, feedbackName))
	if got := all(t, feedbackName, func(cursor string) (store.Page[feedback.Feedback], error) {
		return r.ListFeedback(t.Context(), shop, since, store.FeedbackFilter{State: feedback.Withdrawn}, cursor, 10)
	}); len(got) > 0 {
		t.Errorf("%d withdrawn", len(got))
	}
	page, err := r.ListFeedback(t.Context(), id.NewProduct("other"), since, store.FeedbackFilter{}, "", 10)
	if err != nil || len(page.Items) > 0 || page.Next != "" {
		t.Errorf("another product: %+v, %v", page, err)
	}
}

// A filter that matches nothing, or only the last row, costs a bounded read a page, and the cursor goes on from there.
func TestWindows(t *testing.T) {
	const rows = 1300
	r := newRig(t)
	ctx := t.Context()
	var marks []trend.Mark
	for i := range rows {
		f := said(fmt.Sprint("w", i), func(f *feedback.Feedback) {
			f.Received, f.State, f.Todo = start.Add(-time.Duration(i)*time.Second), feedback.Triaged, false
			if i == rows-1 {
				f.Kind = feedback.Question // the oldest, and the least of the queue
			}
		})
		r.must(r.CreateFeedback(ctx, f))
		marks = append(marks, trend.MarkOf(f))
		if i < 700 {
			r.must(r.SaveChange(ctx, improvement.Change{Improvement: improvement.Improvement{
				ID: id.NewImprovement(shop, fmt.Sprint(i)), Status: improvement.Proposed, Updated: start.Add(-time.Duration(i) * time.Second),
				Evidence: score.Evidence{Mass: 1, Impact: 1, Voices: 1},
			}}))
			r.must(r.Log(ctx, trail.Entry{ID: fmt.Sprint(i), At: start.Add(time.Duration(i) * time.Second), By: "martha"}))
		}
	}
	r.must(r.Count(ctx, marks))
	tests := []struct {
		name string
		list func(cursor string, limit int) (n int, next string, err error)
		want int // items in all
		rows int // rows in all
	}{
		{"feedback of a kind nobody said", func(c string, limit int) (int, string, error) {
			p, err := r.ListFeedback(ctx, shop, start.AddDate(0, -1, 0), store.FeedbackFilter{Kind: feedback.Praise}, c, limit)
			return len(p.Items), p.Next, err
		}, 0, rows},
		{"feedback of a kind said once", func(c string, limit int) (int, string, error) {
			p, err := r.ListFeedback(ctx, shop, start.AddDate(0, -1, 0), store.FeedbackFilter{Kind: feedback.Question}, c, limit)
			return len(p.Items), p.Next, err
		}, 1, rows},
		{"queue of a kind nobody said", func(c string, limit int) (int, string, error) {
			p, err := r.Queue(ctx, shop, store.QueueFilter{Kind: feedback.Praise}, c, limit)
			return len(p.Items), p.Next, err
		}, 0, rows},
		{"queue of a kind said once", func(c string, limit int) (int, string, error) {
			p, err := r.Queue(ctx, shop, store.QueueFilter{Kind: feedback.Question}, c, limit)
			return len(p.Items), p.Next, err
		}, 1, rows},
		{"improvements of a status nothing has", func(c string, limit int) (int, string, error) {
			p, err := r.ListImprovements(ctx, shop, store.ImprovementFilter{Status: improvement.Shipped}, false, c, limit)
			return len(p.Items), p.Next, err
		}, 0, 700},
		{"log of nobody", func(c string, limit int) (int, string, error) {
			p, err := r.ListLog(ctx, start, store.LogFilter{By: "mary"}, c, limit)
			return len(p.Items), p.Next, err
		}, 0, 700},
	}
	for _, tt := range tests {
		for _, limit := range []int{1, 25, 100} {
			t.Run(fmt.Sprintf("%s by %d", tt.name, limit), func(t *testing.T) {
				got, pages, cursor := 0, 0, ""
				for {
					var n int
					var next string
					var err error
					read, _ := r.table.read(func() { n, next, err = tt.list(cursor, limit) })
					r.must(err)
					if read > store.Window+limit+1 {
						t.Errorf("page %d reads %d rows", pages, read)
					}
					got += n
					if pages++; pages > 1+tt.rows/100 {
						t.Fatalf("%d pages over %d rows", pages, tt.rows)
					}
					if cursor = next; cursor == "" {
						break
					}
				}
				if got != tt.want {
					t.Errorf("%d items, want %d", got, tt.want)
				}
			})
		}
	}
}

// queued stores Improvements of all statuses and loose pieces, of all scores.
func queued(r *rig, improvements, pieces int) (ims []improvement.Improvement, fs []feedback.Feedback) {
	r.t.Helper()
	rnd := rand.New(rand.NewPCG(7, 8))
	for i := range improvements {
		im := improvement.Improvement{
			ID: id.NewImprovement(shop, fmt.Sprint(i)), Title: fmt.Sprint(i), Status: improvement.Statuses[i%len(improvement.Statuses)],
			Effort: float64(rnd.IntN(4)), Updated: start.Add(-time.Duration(rnd.IntN(1e6)) * time.Second),
			Evidence: score.Evidence{Voices: rnd.IntN(9), Impact: float64(rnd.IntN(4)), Mass: score.Mass(rnd.Float64()*9, start.AddDate(0, 0, -rnd.IntN(400)))},
		}
		r.must(r.SaveChange(r.t.Context(), improvement.Change{Improvement: im}))
		im.Version = 1
		ims = append(ims, im)
	}
	for i := range pieces {
		f := said(fmt.Sprint("queued ", i), func(f *feedback.Feedback) {
			f.State, f.Todo, f.Kind = feedback.Triaged, false, []feedback.Kind{feedback.Problem, feedback.Idea, feedback.Question, feedback.Praise}[i%4]
			f.Rating, f.Received = rnd.IntN(6), start.AddDate(0, 0, -rnd.IntN(400)).Add(-time.Duration(i)*time.Second)
			if i%3 == 0 {
				f.Submitter.Company = "AnyCompany"
			}
			if i%5 == 0 {
				f.Improvement = id.NewImprovement(shop, "elsewhere")
			}
		})
		r.must(r.CreateFeedback(r.t.Context(), f))
		fs = append(fs, f)
	}
	return ims, fs
}

// The queue is one list in the order of scores, though Improvements and loose pieces lie apart.
func TestQueue(t *testing.T) {
	r := newRig(t)
	ims, fs := queued(r, 140, 200)
	tests := []struct {
		name   string
		filter store.QueueFilter
		keep   func(im *improvement.Improvement, f *feedback.Feedback) bool
	}{
		{"all", store.QueueFilter{}, func(*improvement.Improvement, *feedback.Feedback) bool { return true }},
		{"improvements", store.QueueFilter{Type: "improvement"}, func(im *improvement.Improvement, _ *feedback.Feedback) bool { return im != nil }},
		{"loose pieces", store.QueueFilter{Type: "feedback"}, func(_ *improvement.Improvement, f *feedback.Feedback) bool { return f != nil }},
		{"ideas", store.QueueFilter{Kind: feedback.Idea}, func(_ *improvement.Improvement, f *feedback.Feedback) bool {
			return f != nil && f.Kind == feedback.Idea
		}},
		{"improvements that are ideas", store.QueueFilter{Type: "improvement", Kind: feedback.Idea}, func(*improvement.Improvement, *feedback.Feedback) bool { return false }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := map[string]bool{}
			for _, im := range ims {
				if im.Status == improvement.Proposed && tt.keep(&im, nil) {
					want[string(im.ID)] = true
				}
			}
			for _, f := range fs {
				if f.Kind != feedback.Praise && f.Improvement == "" && tt.keep(nil, &f) {
					want[string(f.ID)] = true
				}
			}
			for _, limit := range []int{1, 7, 100} {
				got := all(t, queueName, func(cursor string) (store.Page[store.QueueItem], error) {
					p, err := r.Queue(t.Context(), shop, tt.filter, cursor, limit)
					if len(p.Items) > limit {
						t.Fatalf("a page of %d has %d items", limit, len(p.Items))
					}
					return p, err
				})
				if len(got) != len(want) {
					t.Errorf("pages of %d: %d items, want %d", limit, len(got), len(want))
				}
				for i, q := range got {
					if !want[q.ID()] {
						t.Errorf("%s does not wait", q.ID())
					}
					// At any time: the order was laid down when the rows were written.
					for _, at := range []time.Time{start, start.AddDate(3, 0, 0)} {
						if i > 0 && q.Score(at).Total > got[i-1].Score(at).Total*(1+1e-9) {
							t.Errorf("pages of %d: item %d scores %g, the one before %g", limit, i, q.Score(at).Total, got[i-1].Score(at).Total)
						}
					}
				}
			}
		})
	}
}

// Every list of Improvements ends, however many of each status there are and however large its pages.
func TestListImprovements(t *testing.T) {
	r := newRig(t)
	ims, _ := queued(r, 7*90, 0)
	byScore := func(a, b improvement.Improvement) bool {
		return score.Log(a.Evidence, a.Effort) > score.Log(b.Evidence, b.Effort)+1e-12
	}
	byTime := func(a, b improvement.Improvement) bool { return a.Updated.After(b.Updated) }
	list := func(flt store.ImprovementFilter, ranked bool, limit int) []improvement.Improvement {
		return all(t, improvementName, func(cursor string) (store.Page[improvement.Improvement], error) {
			return r.ListImprovements(t.Context(), shop, flt, ranked, cursor, limit)
		})
	}
	open := func(limit int) []improvement.Improvement {
		return all(t, improvementName, func(cursor string) (store.Page[improvement.Improvement], error) {
			return r.ListOpen(t.Context(), shop, cursor, limit)
		})
	}
	for _, limit := range []int{3, 25, 100} {
		tests := []struct {
			name  string
			got   []improvement.Improvement
			keep  func(improvement.Improvement) bool
			after func(a, b improvement.Improvement) bool
		}{
			{"all by score", list(store.ImprovementFilter{}, true, limit), func(improvement.Improvement) bool { return true }, byScore},
			{"planned by score", list(store.ImprovementFilter{Status: improvement.Planned}, true, limit), func(im improvement.Improvement) bool { return im.Status == improvement.Planned }, byScore},
			{"all by time", list(store.ImprovementFilter{}, false, limit), func(improvement.Improvement) bool { return true }, byTime},
			{"planned by time", list(store.ImprovementFilter{Status: improvement.Planned}, false, limit), func(im improvement.Improvement) bool { return im.Status == improvement.Planned }, byTime},
			{"open by score", open(limit), func(im improvement.Improvement) bool { return !im.Status.Closed() }, byScore},
		}
		for _, tt := range tests {
			want := 0
			for _, im := range ims {
				if tt.keep(im) {
					want++
				}
			}
			if len(tt.got) != want {
				t.Errorf("%s by %d: %d, want %d", tt.name, limit, len(tt.got), want)
			}
			for i, im := range tt.got {
				if !tt.keep(im) || im.Version != 1 {
					t.Errorf("%s by %d: %s is %s, version %d", tt.name, limit, im.ID, im.Status, im.Version)
				}
				if i > 0 && tt.after(im, tt.got[i-1]) {
					t.Errorf("%s by %d: item %d comes too late", tt.name, limit, i)
				}
			}
		}
	}
	proposed, loose, err := r.QueueSize(t.Context(), shop)
	if err != nil || proposed != 90 || loose != 0 {
		t.Errorf("queue of %d and %d, %v", proposed, loose, err)
	}
	ranked, err := r.Ranked(t.Context(), shop, improvement.Planned, 5)
	r.must(err)
	equal(t, names(list(store.ImprovementFilter{Status: improvement.Planned}, true, 5)[:5], improvementName), names(ranked, improvementName))
	since := start.Add(-500_000 * time.Second)
	changed, err := store.Everything(func(cursor string) ([]improvement.Improvement, string, error) {
		return r.Changed(t.Context(), shop, since, cursor)
	})
	r.must(err)
	want := list(store.ImprovementFilter{}, false, 100)
	want = want[:slices.IndexFunc(want, func(im improvement.Improvement) bool { return im.Updated.Before(since) })]
	slices.Reverse(want)
	equal(t, names(want, improvementName), names(changed, improvementName))
}

// A cursor is a place, not a row: what is written or taken away meanwhile does not shake it.
func TestCursorsSurviveChanges(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	_, fs := queued(r, 70, 40)
	first, err := r.Queue(ctx, shop, store.QueueFilter{}, "", 10)
	r.must(err)
	before := all(t, queueName, func(c string) (store.Page[store.QueueItem], error) {
		return r.Queue(ctx, shop, store.QueueFilter{}, c, 100)
	})
	// The last item of the first page is decided, and something more urgent comes in.
	last := first.Items[9]
	if last.Improvement != nil {
		im := *last.Improvement
		im.Status = improvement.Accepted
		r.must(r.SaveChange(ctx, improvement.Change{Improvement: im}))
	} else {
		f := *last.Feedback
		f.Improvement = id.NewImprovement(shop, "x")
		r.must(r.SaveFeedback(ctx, f))
	}
	urgent := fs[0]
	urgent.ID, urgent.Kind, urgent.Rating, urgent.Improvement, urgent.Received = id.NewFeedback(shop, "urgent"), feedback.Problem, 1, "", start.AddDate(1, 0, 0)
	r.must(r.CreateFeedback(ctx, urgent))
	rest := []string{}
	for cursor := first.Next; cursor != ""; {
		p, err := r.Queue(ctx, shop, store.QueueFilter{}, cursor, 10)
		r.must(err)
		rest = append(rest, names(p.Items, queueName)...)
		cursor = p.Next
	}
	equal(t, names(before[10:], queueName), rest)
}

func TestBadCursors(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	long := strings.Repeat("x", table.MaxSortKey)
	bad := []string{
		"x", "!", "ÿ", "\x00", encode("x"), encode("{}"), encode("[]"), encode(`["a","b","c","d","e","f","g","h"]`), encode(`[1]`), encode(`[1,2]`), encode("null"),
		encode(`["` + long + `"]`), encode(`["` + long + `","` + long + `"]`), encode(`["marks#` + string(id.NewProduct("other")) + `#2026-03","x"]`),
	}
	lists := map[string]func(cursor string) error{
		"feedback": func(c string) error {
			_, err := r.ListFeedback(ctx, shop, start, store.FeedbackFilter{}, c, 5)
			return err
		},
		"queue": func(c string) error { _, err := r.Queue(ctx, shop, store.QueueFilter{}, c, 5); return err },
		"improvements": func(c string) error {
			_, err := r.ListImprovements(ctx, shop, store.ImprovementFilter{}, true, c, 5)
			return err
		},
		"open": func(c string) error { _, err := r.ListOpen(ctx, shop, c, 5); return err },
	}
	one := map[string]func(cursor string) error{ // of one partition: any one text is a place
		"recent": func(c string) error {
			_, err := r.ListImprovements(ctx, shop, store.ImprovementFilter{}, false, c, 5)
			return err
		},
		"set aside": func(c string) error { _, err := r.ListSetAside(ctx, c, 5); return err },
		"digests":   func(c string) error { _, err := r.ListDigests(ctx, c, 5); return err },
		"log":       func(c string) error { _, err := r.ListLog(ctx, start, store.LogFilter{}, c, 5); return err },
	}
	maps.Copy(lists, one)
	for name, list := range lists {
		for _, c := range bad {
			if c == encode(`["a","b","c","d","e","f","g","h"]`) && name == "improvements" {
				c = encode(`["a"]`)
			}
			if c == bad[len(bad)-1] && name == "queue" {
				continue // of two partitions: any two texts are places in them
			}
			if list(c) == nil {
				t.Errorf("%s takes the cursor %q", name, c)
				continue
			}
			e, ok := errors.AsType[*fault.Error](list(c))
			if !ok || e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Pointer != "/cursor" {
				t.Errorf("%s, cursor %q: %v", name, c, list(c))
			}
		}
	}
	for _, c := range []string{"x", "-1:", "4:", "99:x", ":", "1:!"} {
		if _, _, err := r.DueFeedback(ctx, start, c); !fault.Is(err, fault.Invalid) {
			t.Errorf("due, cursor %q: %v", c, err)
		}
	}
}

func TestListSetAside(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	var want []string
	for i := range 60 {
		a := signal.NewSetAside(fmt.Appendf(nil, `{"n": %d, "nothing": null}`, i), "why", start.Add(-time.Duration(i)*time.Minute))
		r.must(r.SetAside(ctx, a))
		later := a
		later.Received, later.Why = start.Add(time.Hour), "again"
		r.must(r.SetAside(ctx, later)) // the same event changes nothing
		if i%3 == 0 {
			a.State, a.Version = signal.Dropped, 1
			r.must(r.SaveSetAside(ctx, a, nil))
			continue
		}
		want = append(want, fmt.Sprintf(`{"n": %d, "nothing": null}`, i))
	}
	got := all(t, func(a signal.SetAside) string { return a.ID }, func(c string) (store.Page[signal.SetAside], error) { return r.ListSetAside(ctx, c, 7) })
	equal(t, want, names(got, func(a signal.SetAside) string { return string(a.Event) }))
}

// An event is kept as it came, byte for byte, whatever the engine makes of numbers and nulls.
func TestSetAsideKeepsBytes(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60)
	for name, event := range map[string]string{
		"JSON": ` {"b": null, "a": 1.0, "a": 2} `, "a long number": `{"n": 1e400}`, "deep": deep, "no JSON": "hello \x00 world", "null": "null", "a text": `"x"`, "nothing": "", "an empty name": `{"": 1}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			a := signal.NewSetAside([]byte(event), "why", start)
			r.must(r.SetAside(t.Context(), a))
			got, err := r.SetAsideByID(t.Context(), a.ID)
			r.must(err)
			equal(t, string(a.Event), string(got.Event))
		})
	}
}

func TestListDigestsAndLog(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	var digests, lines, hers []string
	for i := range 30 {
		d := digest.Digest{ID: digest.IDOf(shop, digest.PeriodOf(digest.Week, start.AddDate(0, 0, 7*i))), Made: start.AddDate(0, 0, 7*i)}
		r.must(r.CreateDigest(ctx, d))
		digests = append(digests, string(d.ID))
		e := trail.Entry{ID: fmt.Sprint(i), At: start.Add(time.Duration(i) * time.Minute), By: []string{"martha", "mary"}[i%2], Subject: "x", Product: string(shop)}
		r.must(r.Log(ctx, e))
		lines = append(lines, e.ID)
		if e.By == "mary" {
			hers = append(hers, e.ID)
		}
	}
	r.must(r.Log(ctx, trail.Entry{ID: "yesterday", At: start.AddDate(0, 0, -1)}))
	slices.Reverse(digests)
	slices.Reverse(lines)
	slices.Reverse(hers)
	gotDigests := all(t, func(d digest.Digest) string { return string(d.ID) }, func(c string) (store.Page[digest.Digest], error) { return r.ListDigests(ctx, c, 7) })
	equal(t, digests, names(gotDigests, func(d digest.Digest) string { return string(d.ID) }))
	line := func(e trail.Entry) string { return e.ID }
	log := func(flt store.LogFilter) []string {
		return names(all(t, line, func(c string) (store.Page[trail.Entry], error) { return r.ListLog(ctx, start, flt, c, 7) }), line)
	}
	equal(t, lines, log(store.LogFilter{}))
	equal(t, hers, log(store.LogFilter{By: "mary", Subject: "x", Product: string(shop)}))
	equal(t, []string{}, log(store.LogFilter{Subject: "y"}))
	equal(t, []string{}, log(store.LogFilter{Product: "other"}))
}

// Orders come when they are due, all shards of them, and no further.
func TestDue(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	want := map[string]bool{}
	var mails []followup.Mail
	for i := range 200 {
		m := followup.Mail{Owner: fmt.Sprint("owner ", i), Name: "receipt", State: followup.Due, Ordered: start.Add(-time.Duration(i) * time.Second)}
		switch i % 4 {
		case 1:
			m.RetryAt = start // now
		case 2:
			m.RetryAt = start.Add(1) // not yet
		case 3:
			m.State = followup.Sent
		}
		if i%4 < 2 {
			want[m.Owner] = true
		}
		mails = append(mails, m)
	}
	r.must(r.OrderMails(ctx, mails))
	got, err := store.Everything(func(c string) ([]followup.Mail, string, error) { return r.DueMails(ctx, start, c) })
	r.must(err)
	for _, m := range got {
		if !want[m.Owner] || m.Version != 1 {
			t.Errorf("%s is due, retry at %v, version %d", m.Owner, m.RetryAt, m.Version)
		}
		delete(want, m.Owner)
	}
	if len(want) > 0 {
		t.Errorf("%d are missing", len(want))
	}
	if n, err := r.PendingCount(ctx, store.TypeMail, 1000); err != nil || n != 150 {
		t.Errorf("%d wait, %v", n, err)
	}
	if n, err := r.PendingCount(ctx, store.TypeMail, 10); err != nil || n < 10 || n > 50 {
		t.Errorf("counted to 10: %d, %v", n, err)
	}
	// Episodes and notices, too.
	e, n := anEpisode(), aNotice()
	e.RetryAt, n.At = start.Add(time.Hour), start.Add(time.Hour)
	r.must(r.SaveChange(ctx, improvement.Change{Improvement: anImprovement(), Episode: &e, Notice: &n}))
	for _, tt := range []struct {
		at   time.Time
		want int
	}{{start, 0}, {start.Add(time.Hour), 1}} {
		es, err := store.Everything(func(c string) ([]opsitem.Episode, string, error) { return r.DueEpisodes(ctx, tt.at, c) })
		r.must(err)
		ns, err := store.Everything(func(c string) ([]improvement.Notice, string, error) { return r.DueNotices(ctx, tt.at, c) })
		r.must(err)
		if len(es) != tt.want || len(ns) != tt.want {
			t.Errorf("at %s: %d episodes and %d notices are due, want %d", tt.at, len(es), len(ns), tt.want)
		}
	}
}

// A row of a newer release does not hold up what waits behind it.
func TestDuePassesOverWhatItCannotRead(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	want := 0
	for i := range 100 {
		f := said(fmt.Sprint(i), func(f *feedback.Feedback) { f.Received = start.Add(-time.Hour + time.Duration(i)*time.Second) })
		r.must(r.CreateFeedback(ctx, f))
		if i%10 > 0 {
			want++
			continue
		}
		row := r.row(table.Key{P: string(f.ID), S: "self"})
		row.Schema = 2
		r.must(r.table.Write(ctx, table.Put(row, table.Always("a newer release"))))
	}
	got, unread := 0, 0
	for cursor := ""; ; {
		fs, next, err := r.DueFeedback(ctx, start, cursor)
		if err != nil {
			unread++
			if fault.KindOf(err) != fault.Internal {
				t.Errorf("%v", err)
			}
		}
		got += len(fs)
		if cursor = next; cursor == "" {
			break
		}
	}
	if got != want || unread == 0 {
		t.Errorf("%d are due, want %d; %d pages told of others", got, want, unread)
	}
}

func TestOldestUncounted(t *testing.T) {
	r := newRig(t)
	if at, err := r.OldestUncounted(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("none: %v, %v", at, err)
	}
	for i := range 30 {
		r.must(r.CreateFeedback(context.Background(), said(fmt.Sprint(i), func(f *feedback.Feedback) { f.Received = start.Add(-time.Duration(i*7%30) * time.Minute) })))
	}
	if at, err := r.OldestUncounted(t.Context()); err != nil || !at.Equal(start.Add(-29*time.Minute)) {
		t.Errorf("oldest: %v, %v", at, err)
	}
}

func TestSections(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	im := improvement.Improvement{ID: sampleImprovement}
	for i := 1; i <= 230; i++ {
		r.must(r.SaveChange(ctx, improvement.Change{Improvement: im, Entry: &improvement.Entry{Seq: i}, Episode: &opsitem.Episode{Improvement: im.ID, N: i}}))
		im.Version = int64(i)
	}
	history, err := store.Everything(func(c string) ([]improvement.Entry, string, error) { return r.History(ctx, im.ID, c) })
	r.must(err)
	episodes, err := store.Everything(func(c string) ([]opsitem.Episode, string, error) { return r.Episodes(ctx, im.ID, c) })
	r.must(err)
	if len(history) != 230 || len(episodes) != 230 {
		t.Fatalf("%d entries, %d episodes", len(history), len(episodes))
	}
	for i := range history {
		if history[i].Seq != i+1 || episodes[i].N != i+1 || episodes[i].Version != 1 {
			t.Fatalf("entry %d is %d, episode %d", i+1, history[i].Seq, episodes[i].N)
		}
	}
	mails, _, err := r.Mails(ctx, string(im.ID), "")
	if err != nil || len(mails) != 0 {
		t.Errorf("mails %v, %v", mails, err)
	}
}

func TestSuppression(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	stopped := func(scope id.Product) bool {
		t.Helper()
		yes, err := r.DigestStopped(ctx, scope, "martha")
		r.must(err)
		return yes
	}
	r.must(r.StopDigest(ctx, shop, "martha", true, start))
	if !stopped(shop) || stopped(id.All) {
		t.Error("digests of one product are stopped, and no others")
	}
	if yes, err := r.Suppressed(ctx, "martha"); err != nil || yes {
		t.Error("a stop of digests stops other mail")
	}
	r.must(r.Suppress(ctx, "martha", "bounced", start))
	r.must(r.StopDigest(ctx, shop, "martha", false, start))
	if yes, err := r.Suppressed(ctx, "martha"); err != nil || !yes || stopped(shop) {
		t.Error("digests sent again undo a bounce")
	}
}

func TestInStatusGivesAll(t *testing.T) {
	r := newRig(t)
	want := map[id.Improvement]bool{}
	for n := range 230 {
		im := anImprovement()
		im.ID, im.Status = id.NewImprovement(shop, "in status", fmt.Sprint(n)), improvement.Statuses[1+n%2]
		r.must(r.SaveChange(t.Context(), improvement.Change{Improvement: im}))
		if n%2 == 0 {
			want[im.ID] = true
		}
	}
	ims, err := store.Everything(func(cursor string) ([]improvement.Improvement, string, error) {
		return r.InStatus(t.Context(), shop, improvement.Statuses[1], cursor)
	})
	r.must(err)
	for _, im := range ims {
		delete(want, im.ID)
	}
	if len(ims) != 115 || len(want) != 0 {
		t.Errorf("%d listed, %d are missing", len(ims), len(want))
	}
}
