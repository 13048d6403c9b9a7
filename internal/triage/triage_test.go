package triage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
	"learningloop/internal/trend"
	"learningloop/internal/triage"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

type page struct{}

func (page) Improvement(im improvement.Improvement, _ string) string { return string(im.ID) }

// world is triage on the real store, on a table that fails where it is told to.
type world struct {
	*triage.Service

	t      *testing.T
	store  *store.Store
	faulty *tabletest.Faulty
	say    *feedback.Service
	team   *improvement.Service
	shop   product.Product

	mu  sync.Mutex
	n   int
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: start}
	clock := func() time.Time { // no two moments are one
		w.mu.Lock()
		defer w.mu.Unlock()
		w.now = w.now.Add(time.Nanosecond)
		return w.now
	}
	db, err := embedded.OpenMem(embedded.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.faulty = tabletest.Wrap(db)
	w.store = store.New(w.faulty, clock)
	team := &improvement.Service{Store: w.store, Filer: mirror.Filer{Links: page{}}, Now: clock, Rand: w.rand}
	w.team = team
	w.say = &feedback.Service{Store: w.store, People: []byte("key"), Now: clock, Rand: w.rand}
	w.Service = &triage.Service{Store: w.store, Attacher: team, Now: clock}
	if w.shop, err = product.New("shop", "seed", start); err != nil {
		t.Fatal(err)
	}
	w.must(w.store.SaveProduct(t.Context(), w.shop, nil))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) rand() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return fmt.Sprint(w.n)
}

func (w *world) submit(text, email string) feedback.Feedback {
	w.t.Helper()
	f, err := w.say.Submit(w.t.Context(), feedback.Draft{
		Product: "shop", Kind: feedback.Problem, Text: text, Submitter: feedback.DraftSubmitter{Email: email, HearBack: email != ""},
	}, text, feedback.API)
	w.must(err)
	return f
}

func (w *world) alarm(n int, key string, st signal.State) feedback.Feedback {
	w.t.Helper()
	f, err := w.say.Receive(w.t.Context(), w.shop.ID, signal.Signal{
		ID: fmt.Sprint("signal ", n), Key: key, Title: key + " fires", Text: "x", State: st, Severity: 3, Time: start,
	})
	w.must(err)
	return f
}

// get gives the piece as it stands.
func (w *world) get(fid id.Feedback) feedback.Feedback {
	w.t.Helper()
	f, err := w.store.Feedback(w.t.Context(), fid)
	w.must(err)
	return f
}

func (w *world) waiting() int {
	w.t.Helper()
	n, err := w.store.PendingCount(w.t.Context(), store.TypeFeedback, 1000)
	w.must(err)
	return n
}

// counted holds the counts against a recount, and gives how many pieces they hold.
func (w *world) counted() int64 {
	w.t.Helper()
	diff, err := w.store.Recount(w.t.Context(), w.shop.ID, start)
	w.must(err)
	if len(diff) > 0 {
		w.t.Errorf("a recount finds differences: %v", diff)
	}
	hours, err := w.store.Counts(w.t.Context(), w.shop.ID, trend.All, start, start.Add(time.Hour))
	w.must(err)
	return trend.Sum(hours)["n"]
}

// receipts gives the receipts ordered for a piece.
func (w *world) receipts(fid id.Feedback) []followup.Mail {
	w.t.Helper()
	mails, _, err := w.store.Mails(w.t.Context(), string(fid), "")
	w.must(err)
	return mails
}

func TestRun(t *testing.T) {
	w := newWorld(t)
	anna, nobody := w.submit("the basket is empty", "anna@example.com"), w.submit("it is slow", "")
	w.must(w.Run(t.Context(), []feedback.Feedback{anna, nobody}))
	for _, f := range []feedback.Feedback{anna, nobody} {
		want := f
		want.State, want.Todo, want.Version = feedback.Triaged, false, 2
		if d := cmp.Diff(want, w.get(f.ID)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	got := w.receipts(anna.ID)
	if len(got) != 1 || got[0].Ordered.Before(start) {
		t.Fatalf("receipts: %+v", got)
	}
	want := []followup.Mail{{
		Owner: string(anna.ID), Name: "receipt", Kind: followup.Receipt, State: followup.Due, Feedback: anna.ID, Person: anna.Submitter.Person,
		Ordered: got[0].Ordered, Version: 1,
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("receipts (-want +got):\n%s", d)
	}
	if got := w.receipts(nobody.ID); len(got) > 0 {
		t.Errorf("a receipt for nobody: %+v", got)
	}
	if n := w.counted(); n != 2 {
		t.Errorf("%d counted", n)
	}
	queue, err := w.store.Queue(t.Context(), w.shop.ID, store.QueueFilter{}, "", 0)
	if err != nil || len(queue.Items) != 2 {
		t.Errorf("%d in the queue, %v", len(queue.Items), err)
	}
	w.must(w.Run(t.Context(), nil))
}

// Whatever is told twice, or by stream and sweep at once, is done once.
func TestOnce(t *testing.T) {
	tests := []struct {
		name string
		run  func(w *world, pieces []feedback.Feedback)
	}{
		{"each twice in one batch", func(w *world, pieces []feedback.Feedback) { w.must(w.Run(w.t.Context(), append(pieces, pieces...))) }},
		{"two batches, the second read before the first was done", func(w *world, pieces []feedback.Feedback) {
			w.must(w.Run(w.t.Context(), pieces))
			w.must(w.Run(w.t.Context(), pieces))
		}},
		{"stream and sweep at once", func(w *world, pieces []feedback.Feedback) {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if err := w.Run(context.Background(), pieces); err != nil {
						w.t.Error(err)
					}
				})
			}
			wg.Go(func() {
				if _, err := w.Sweep(context.Background()); err != nil {
					w.t.Error(err)
				}
			})
			wg.Wait()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			var pieces []feedback.Feedback
			for i := range 30 {
				pieces = append(pieces, w.submit(fmt.Sprint("text ", i), fmt.Sprintf("p%d@example.com", i)))
			}
			for i := range 5 {
				pieces = append(pieces, w.alarm(i, "alarm/checkout", signal.Firing))
			}
			tt.run(w, pieces)
			if _, err := w.Sweep(t.Context()); err != nil { // what lost a race is taken up by the sweep
				t.Fatal(err)
			}
			if n := w.counted(); n != 35 || w.waiting() != 0 {
				t.Errorf("%d counted, %d wait", n, w.waiting())
			}
			for _, f := range pieces[:30] {
				if got := w.receipts(f.ID); len(got) != 1 || got[0].Version != 1 {
					t.Errorf("receipts of %s: %+v", f.ID, got)
				}
			}
			im, err := w.store.Improvement(t.Context(), id.NewImprovement(w.shop.ID, "signal", "alarm/checkout"))
			if err != nil || im.Evidence.Count != 5 || im.Evidence.Voices != 1 {
				t.Errorf("%+v, %v", im.Evidence, err)
			}
		})
	}
}

func TestSignals(t *testing.T) {
	w := newWorld(t)
	fired, launched, other := w.alarm(1, "alarm/a", signal.Firing), w.alarm(2, "pipeline/p", signal.Info), w.alarm(3, "alarm/never", signal.Recovered)
	back := w.alarm(4, "alarm/a", signal.Recovered)
	w.must(w.Run(t.Context(), []feedback.Feedback{fired, launched, other, back}))
	iid := id.NewImprovement(w.shop.ID, "signal", "alarm/a")
	for _, tt := range []struct {
		name string
		f    feedback.Feedback
		want id.Improvement
	}{{"fired", fired, iid}, {"recovered", back, iid}, {"only told", launched, ""}, {"the end of nothing", other, ""}} {
		if got := w.get(tt.f.ID); got.Improvement != tt.want || got.State != feedback.Triaged || got.Todo {
			t.Errorf("%s: attached to %q, %s", tt.name, got.Improvement, got.State)
		}
	}
	im, err := w.store.Improvement(t.Context(), iid)
	if err != nil || im.Firing() || im.Evidence.Signals != 2 {
		t.Errorf("%+v, %v", im, err)
	}
}

// A recovery that overtakes the alarm it ends waits for it, or the alarm would seem to burn for ever.
func TestRecoveryOutOfTurn(t *testing.T) {
	w := newWorld(t)
	fired, back := w.alarm(1, "alarm/a", signal.Firing), w.alarm(2, "alarm/a", signal.Recovered)
	never := w.alarm(3, "alarm/b", signal.Recovered)
	err := w.Run(t.Context(), []feedback.Feedback{back, never})
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), string(back.ID)) || strings.Contains(err.Error(), string(never.ID)) {
		t.Errorf("out of turn: %v", err)
	}
	if got := w.get(never.ID); got.Todo {
		t.Error("the end of nothing waits for ever")
	}
	w.must(w.Run(t.Context(), []feedback.Feedback{fired}))
	w.must(w.Run(t.Context(), []feedback.Feedback{back}))
	im, err := w.store.Improvement(t.Context(), id.NewImprovement(w.shop.ID, "signal", "alarm/a"))
	if err != nil || im.Firing() || im.Evidence.Signals != 2 {
		t.Errorf("firing %v after %d signals, %v", im.Firing(), im.Evidence.Signals, err)
	}
	if n := w.waiting(); n != 0 {
		t.Errorf("%d wait", n)
	}
	// In one batch they are put in order, by when they happened.
	late, err := w.say.Receive(t.Context(), w.shop.ID, signal.Signal{ID: "late", Key: "alarm/c", Title: "x", Text: "x", State: signal.Firing, Severity: 3, Time: start.Add(-time.Minute)})
	w.must(err)
	w.must(w.Run(t.Context(), []feedback.Feedback{w.alarm(4, "alarm/c", signal.Recovered), late}))
	im, err = w.store.Improvement(t.Context(), id.NewImprovement(w.shop.ID, "signal", "alarm/c"))
	if err != nil || im.Firing() || im.Evidence.Signals != 2 {
		t.Errorf("in one batch: firing %v after %d signals, %v", im.Firing(), im.Evidence.Signals, err)
	}
}

// What its submitter took back counts as nothing, whether it was counted before or not, and nobody writes to them.
func TestWithdrawn(t *testing.T) {
	w := newWorld(t)
	before, after := w.submit("taken back before triage", "a@example.com"), w.submit("taken back while it is triaged", "b@example.com")
	if _, err := w.say.Withdraw(t.Context(), before.ID); err != nil {
		t.Fatal(err)
	}
	w.must(w.Run(t.Context(), []feedback.Feedback{w.get(before.ID)}))
	// Triage read the piece, its submitter takes it back, triage counts what it read, and finds that it changed.
	if _, err := w.say.Withdraw(t.Context(), after.ID); err != nil {
		t.Fatal(err)
	}
	w.must(w.Run(t.Context(), []feedback.Feedback{after}))
	if got := w.get(after.ID); got.State != feedback.Withdrawn || !got.Todo {
		t.Errorf("%s, todo %v", got.State, got.Todo)
	}
	hours, err := w.store.Counts(t.Context(), w.shop.ID, trend.All, start, start.Add(time.Hour))
	if n := trend.Sum(hours)["n"]; err != nil || n != 1 {
		t.Fatalf("%d counted before the reversal, %v", n, err)
	}
	w.must(w.Run(t.Context(), []feedback.Feedback{w.get(after.ID)}))
	if n := w.counted(); n != 0 || w.waiting() != 0 {
		t.Errorf("%d counted, %d wait", n, w.waiting())
	}
	for _, fid := range []id.Feedback{before.ID, after.ID} {
		if got := w.get(fid); got.State != feedback.Withdrawn || got.Todo || got.Loose() {
			t.Errorf("%s, todo %v", got.State, got.Todo)
		}
	}
	if got := w.receipts(before.ID); len(got) > 0 {
		t.Errorf("a receipt for what was taken back: %+v", got)
	}
}

// A slow triage that read a piece before it was edited undoes nothing.
func TestLateTriageAfterEdit(t *testing.T) {
	w := newWorld(t)
	old := w.submit("the first word", "a@example.com")
	edited, err := w.say.Edit(t.Context(), old.ID, feedback.Draft{Product: "shop", Kind: feedback.Praise, Text: "the last word", Rating: 5})
	w.must(err)
	w.must(w.Run(t.Context(), []feedback.Feedback{edited}))
	w.must(w.Run(t.Context(), []feedback.Feedback{old}))
	if n := w.counted(); n != 1 {
		t.Errorf("%d counted", n)
	}
	if got := w.get(old.ID); got.Text != "the last word" || got.State != feedback.Triaged {
		t.Errorf("%+v", got)
	}
}

// poisoned fails for one piece, and for no other.
type poisoned struct {
	triage.Store
	triage.Attacher

	fid  id.Feedback
	kind fault.Kind
}

func (p poisoned) Count(ctx context.Context, marks []trend.Mark) error {
	for _, m := range marks {
		if m.Feedback == p.fid && p.kind != fault.Unset {
			return fault.New(p.kind, "poison", "")
		}
	}
	return p.Store.Count(ctx, marks)
}

func (p poisoned) AttachSignal(ctx context.Context, f feedback.Feedback) (id.Improvement, error) {
	if f.ID == p.fid {
		return "", errors.New("poison")
	}
	return p.Attacher.AttachSignal(ctx, f)
}

// One that cannot be triaged is named, and keeps no other from its turn; once it can be, the sweep takes it up.
func TestPoison(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind fault.Kind // of the failure to count it; Unset: to attach it
	}{{"cannot be counted", fault.Internal}, {"is refused", fault.Invalid}, {"cannot be attached", fault.Unset}} {
		for _, by := range []string{"stream", "sweep"} {
			t.Run(tt.name+" by "+by, func(t *testing.T) {
				w := newWorld(t)
				var pieces []feedback.Feedback
				for i := range 5 {
					pieces = append(pieces, w.submit(fmt.Sprint("text ", i), "a@example.com"))
				}
				bad := w.alarm(1, "alarm/bad", signal.Firing)
				pieces = append(pieces, bad, w.alarm(2, "alarm/good", signal.Firing), w.submit("the last", ""))
				healthy := *w.Service
				p := poisoned{Store: w.store, Attacher: w.Attacher, fid: bad.ID, kind: tt.kind}
				w.Store, w.Attacher = p, p
				var err error
				if by == "stream" {
					err = w.Run(t.Context(), pieces)
				} else {
					_, err = w.Sweep(t.Context())
				}
				if err == nil || !strings.Contains(err.Error(), string(bad.ID)) {
					t.Errorf("the error does not name it: %v", err)
				}
				if n := w.waiting(); n != 1 {
					t.Errorf("%d wait, want 1", n)
				}
				for _, f := range pieces {
					if got := w.get(f.ID); (got.State == feedback.Triaged) == (f.ID == bad.ID) {
						t.Errorf("%s: %s", f.ID, got.State)
					}
				}
				*w.Service = healthy
				if n, err := w.Sweep(t.Context()); n != 1 || err != nil {
					t.Errorf("swept %d, %v", n, err)
				}
				if n := w.counted(); n != 8 || w.waiting() != 0 {
					t.Errorf("%d counted, %d wait", n, w.waiting())
				}
			})
		}
	}
}

// A store that does not answer is not asked for each piece by itself.
func TestOutageIsNotMultiplied(t *testing.T) {
	w := newWorld(t)
	var pieces []feedback.Feedback
	for i := range 50 {
		pieces = append(pieces, w.submit(fmt.Sprint("text ", i), ""))
	}
	w.faulty.Reset()
	w.faulty.FailWhen(func(tabletest.Call) (tabletest.Mode, error) {
		return tabletest.Before, fault.New(fault.Unavailable, "down", "")
	})
	if err := w.Run(t.Context(), pieces); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	if n := w.faulty.Calls(); n > 3 {
		t.Errorf("%d calls", n)
	}
}

// The stream may lose anything: the sweep takes up whatever waits, over pages and shards.
func TestSweepHeals(t *testing.T) {
	w := newWorld(t)
	const pieces = 350
	for i := range pieces {
		w.submit(fmt.Sprint("text ", i), "")
	}
	// One was written by a newer release: it waits until that is back.
	newer := w.submit("of tomorrow", "")
	row, err := w.faulty.Get(t.Context(), table.Key{P: string(newer.ID), S: "self"}, true)
	w.must(err)
	row.Schema++
	w.must(w.faulty.Write(t.Context(), table.Put(row, table.Always("a newer release"))))

	n, err := w.Sweep(t.Context())
	if n != pieces || fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), string(newer.ID)) {
		t.Errorf("swept %d, %v", n, err)
	}
	hours, err := w.store.Counts(t.Context(), w.shop.ID, trend.All, start, start.Add(time.Hour))
	if got := trend.Sum(hours)["n"]; err != nil || got != pieces {
		t.Errorf("%d counted, %v", got, err)
	}
	row.Schema--
	w.must(w.faulty.Write(t.Context(), table.Put(row, table.Always("back"))))
	if n, err := w.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if n, err := w.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("nothing waits: swept %d, %v", n, err)
	}
	if n := w.counted(); n != pieces+1 {
		t.Errorf("%d counted", n)
	}
}

// Every call of the store may fail, before or after it is applied: sweeping again ends where a clean run does.
func TestLostAndPersisted(t *testing.T) {
	type end struct {
		Counted  int64
		Waiting  int
		Receipts int
		Evidence int
		States   []feedback.State
	}
	fill := func(w *world) []feedback.Feedback {
		return []feedback.Feedback{
			w.submit("one", "a@example.com"), w.submit("two", ""), w.alarm(1, "alarm/a", signal.Firing), w.alarm(2, "alarm/a", signal.Recovered),
		}
	}
	state := func(w *world, pieces []feedback.Feedback) end {
		e := end{Counted: w.counted(), Waiting: w.waiting(), Receipts: len(w.receipts(pieces[0].ID))}
		for _, f := range pieces {
			e.States = append(e.States, w.get(f.ID).State)
		}
		im, err := w.store.Improvement(w.t.Context(), id.NewImprovement(w.shop.ID, "signal", "alarm/a"))
		w.must(err)
		e.Evidence = im.Evidence.Count
		return e
	}
	clean := newWorld(t)
	pieces := fill(clean)
	clean.faulty.Reset()
	if _, err := clean.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls := clean.faulty.Calls()
	want := state(clean, pieces)
	if want.Counted != 4 || want.Receipts != 1 || want.Evidence != 2 || want.Waiting != 0 {
		t.Fatalf("clean run: %+v", want)
	}
	for k := 1; k <= calls; k++ {
		for _, mode := range tabletest.Modes() {
			w := newWorld(t)
			pieces := fill(w)
			w.faulty.Reset()
			w.faulty.FailAt(k, mode)
			_, first := w.Sweep(t.Context())
			failed := len(w.faulty.Failed())
			w.faulty.Reset()
			_, err := w.Sweep(t.Context())
			if failed != 1 || first == nil || err != nil {
				t.Errorf("call %d of %d fails %s: %d failed, %v, then %v", k, calls, mode, failed, first, err)
			}
			if d := cmp.Diff(want, state(w, pieces)); d != "" {
				t.Errorf("call %d of %d fails %s (-clean +got):\n%s", k, calls, mode, d)
			}
		}
	}
}
