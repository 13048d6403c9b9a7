package improvement_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
)

var began = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

type page struct{}

func (page) Improvement(im improvement.Improvement, slug string) string {
	return "https://loop.example.com/team/" + slug + "/improvements/" + string(im.ID)
}

// world is deciding on a real store, with a clock that stands still until it is moved.
type world struct {
	*improvement.Service
	t     *testing.T
	st    *store.Store
	port  *tabletest.Faulty
	say   *feedback.Service
	p     product.Product
	now   time.Time
	count int
}

func newWorld(t *testing.T, rules product.Rules) *world {
	t.Helper()
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{t: t, port: tabletest.Wrap(db), now: began}
	clock := func() time.Time { return w.now }
	w.st = store.New(w.port, clock)
	w.Service = &improvement.Service{Store: w.st, Filer: mirror.Filer{Links: page{}}, Now: clock, Rand: w.rand}
	w.say = &feedback.Service{Store: w.st, People: []byte("key"), Now: clock, Rand: w.rand}
	p, err := product.New("shop", "seed", began)
	if err != nil {
		t.Fatal(err)
	}
	p.Rules = rules
	if err := w.st.SaveProduct(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	w.p = p
	return w
}

func (w *world) rand() string { w.count++; return fmt.Sprint(w.count) }

// hear receives a piece; who is an address, "" for nobody.
func (w *world) hear(text, who, company string) feedback.Feedback {
	w.t.Helper()
	f, err := w.say.Submit(w.t.Context(), feedback.Draft{
		Product: "shop", Kind: feedback.Problem, Text: text, Submitter: feedback.DraftSubmitter{Email: who, Company: company, HearBack: who != ""},
	}, "", feedback.API)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// alarm receives what an alarm says, and attaches it as triage does.
func (w *world) alarm(state signal.State, severity int, at time.Time) id.Improvement {
	w.t.Helper()
	f, err := w.say.Receive(w.t.Context(), w.p.ID, signal.Signal{
		ID: id.Hash(26, string(state), at.String()), Key: "alarm/111122223333/us-east-1/errors", Title: "errors is in alarm", State: state,
		Severity: severity, Time: at, Category: signal.Availability, Resources: []string{"arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors", "i-1"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	iid, err := w.AttachSignal(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	return iid
}

func (w *world) propose(title string, pieces ...feedback.Feedback) improvement.Improvement {
	w.t.Helper()
	var ids []id.Feedback
	for _, f := range pieces {
		ids = append(ids, f.ID)
	}
	im, err := w.Propose(w.t.Context(), w.p, improvement.Proposal{Product: "shop", Title: title, Feedback: ids}, ana)
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

var ana = improvement.By{Who: "ana@example.com", Request: "r-1"}

func (w *world) decide(iid id.Improvement, d improvement.Decision) improvement.Improvement {
	w.t.Helper()
	im, err := w.Decide(w.t.Context(), iid, d, ana)
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

func (w *world) load(iid id.Improvement) improvement.Improvement {
	w.t.Helper()
	im, err := w.st.Improvement(w.t.Context(), iid)
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

func (w *world) episode(iid id.Improvement, n int) opsitem.Episode {
	w.t.Helper()
	ep, err := w.st.Episode(w.t.Context(), iid, n)
	if err != nil {
		w.t.Fatal(err)
	}
	return ep
}

func all[T any](t *testing.T, list func(context.Context, id.Improvement, string) ([]T, string, error), iid id.Improvement) []T {
	t.Helper()
	out, err := store.Everything(func(c string) ([]T, string, error) { return list(t.Context(), iid, c) })
	if err != nil {
		t.Fatal(err)
	}
	return out
}
