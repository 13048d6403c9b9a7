package triage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"learningloop/internal/app/apptest"
	apptriage "learningloop/internal/app/triage"
	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
	"learningloop/internal/trend"
	"learningloop/internal/triage"
)

var now = time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC)

// nobody attaches nothing.
type nobody struct{ triage.Attacher }

func (nobody) AttachSignal(context.Context, feedback.Feedback) (id.Improvement, error) {
	return "", nil
}

type world struct {
	*apptriage.Handler
	t    *testing.T
	db   *embedded.DB
	port *tabletest.Faulty
	st   *store.Store
	say  *feedback.Service
	p    product.Product
	feed table.Feed
	n    int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, port: tabletest.Wrap(db)}
	clock := func() time.Time { return now }
	w.st = store.New(w.port, clock)
	w.say = &feedback.Service{Store: w.st, People: []byte("key"), Now: clock, Rand: func() string { w.n++; return fmt.Sprint(w.n) }}
	w.Handler = &apptriage.Handler{Triage: &triage.Service{Store: w.st, Attacher: nobody{}, Now: clock}, Log: slog.New(slog.DiscardHandler)}
	if w.p, err = product.New("example", "seed", now); err != nil {
		t.Fatal(err)
	}
	if err := w.st.SaveProduct(t.Context(), w.p, nil); err != nil {
		t.Fatal(err)
	}
	w.feed = db.Feed()
	t.Cleanup(func() { w.feed.Close(); _ = db.Close() })
	return w
}

func (w *world) submit(k feedback.Kind) feedback.Feedback {
	w.t.Helper()
	f, err := w.say.Submit(w.t.Context(), feedback.Draft{Product: "example", Kind: k, Text: "words", Submitter: feedback.DraftSubmitter{Email: "a@example.com", HearBack: true}}, "", feedback.API)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *world) written() []table.Change {
	w.t.Helper()
	c, err := apptest.Written(w.t.Context(), w.feed)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// wake hands changes over as the stream does, and gives what is reported as failed.
func (w *world) wake(changes ...table.Change) []events.DynamoDBBatchItemFailure {
	w.t.Helper()
	raw, err := apptest.Stream(changes...)
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := w.Handle(w.t.Context(), raw)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.(events.DynamoDBEventResponse).BatchItemFailures
}

// counted gives how many pieces of each kind are counted, and holds that counting anew gives the same.
func (w *world) counted() map[string]int64 {
	w.t.Helper()
	sum := trend.Counts{}
	hours, err := w.st.Counts(w.t.Context(), w.p.ID, trend.All, now.Truncate(time.Hour), now.Add(time.Hour))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range hours {
		sum.Add(h.Counts)
	}
	if diff, err := w.st.Recount(w.t.Context(), w.p.ID, now); err != nil || len(diff) != 0 {
		w.t.Errorf("a recount differs: %v, %v", diff, err)
	}
	return sum
}

func TestStreamTriages(t *testing.T) {
	w := newWorld(t)
	a, b := w.submit(feedback.Idea), w.submit(feedback.Problem)
	changes := w.written()
	if failed := w.wake(changes...); failed != nil {
		t.Fatalf("%+v", failed)
	}
	for _, f := range []feedback.Feedback{a, b} {
		got, err := w.st.Feedback(t.Context(), f.ID)
		if err != nil || got.State != feedback.Triaged || got.Todo {
			t.Errorf("%+v, %v", got, err)
		}
		if m, err := w.st.Mail(t.Context(), string(f.ID), "receipt"); err != nil || m.Person != f.Submitter.Person {
			t.Errorf("receipt %+v, %v", m, err)
		}
	}
	if c := w.counted(); c["n"] != 2 || c["kind_idea"] != 1 {
		t.Errorf("%v", c)
	}
	// The changes that triage itself made, the old ones again, doubled and in another order: nothing new is written.
	again := append(w.written(), changes...)
	for range 3 {
		slices.Reverse(again)
		w.wake(append(again, again...)...)
	}
	if c := w.counted(); c["n"] != 2 {
		t.Errorf("counted twice: %v", c)
	}
	if more := w.written(); len(more) != 0 {
		t.Errorf("written again: %v", more)
	}
}

// A piece changes while the stream still tells of what it was: what it is now is what counts.
func TestLateImageCountsNothing(t *testing.T) {
	w := newWorld(t)
	f := w.submit(feedback.Idea)
	before := w.written()
	if _, err := w.say.Edit(t.Context(), f.ID, feedback.Draft{Product: "example", Kind: feedback.Problem, Text: "other words", Submitter: feedback.DraftSubmitter{Email: "a@example.com", HearBack: true}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wake(before...)
	if c := w.counted(); c["n"] != 1 || c["kind_problem"] != 1 || c["kind_idea"] != 0 {
		t.Errorf("%v", c)
	}
	// Both images in one batch: the last says how it is.
	w = newWorld(t)
	f = w.submit(feedback.Idea)
	if _, err := w.say.Withdraw(t.Context(), f.ID); err != nil {
		t.Fatal(err)
	}
	w.wake(w.written()...)
	if c := w.counted(); c["n"] != 0 {
		t.Errorf("%v", c)
	}
}

func TestOneBadRecordBlocksNobody(t *testing.T) {
	w := newWorld(t)
	good := w.submit(feedback.Idea)
	changes := w.written()
	bad := changes[0]
	row := *bad.New
	row.Key.P, row.Schema = "f-broken", 99 // a newer release wrote it
	bad.Key, bad.New = row.Key, &row
	other := table.Change{Key: table.Key{P: "x", S: "y"}, New: &table.Row{Key: table.Key{P: "x", S: "y"}, Type: "product", Schema: 1, Attrs: json.RawMessage(`{}`)}}
	gone := table.Change{Key: table.Key{P: "gone", S: "self"}}
	if failed := w.wake(other, gone, bad, changes[0]); len(failed) != 1 || failed[0].ItemIdentifier != fmt.Sprintf("%021d", 3) {
		t.Errorf("%+v", failed)
	}
	if f, err := w.st.Feedback(t.Context(), good.ID); err != nil || f.State != feedback.Triaged {
		t.Errorf("%+v, %v", f, err)
	}
}

// The stream lost everything: the schedule finds it. Each file of events/triage, twice.
func TestSchedulesHeal(t *testing.T) {
	files, err := filepath.Glob("../../../events/triage/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file) //nolint:gosec // a fixture
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t)
		f := w.submit(feedback.Idea)
		for range 2 {
			if _, err := w.Handle(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := w.st.Feedback(t.Context(), f.ID); err != nil || got.State != feedback.Triaged {
			t.Errorf("%s: %+v, %v", file, got, err)
		}
		if c := w.counted(); c["n"] != 1 {
			t.Errorf("%s: %v", file, c)
		}
	}
	w := newWorld(t)
	for _, in := range []string{`{}`, `x`, `{"Records":[{"eventSource":"aws:sqs"}]}`} {
		if _, err := w.Handle(t.Context(), json.RawMessage(in)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
