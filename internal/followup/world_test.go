package followup_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
)

var (
	began = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	ana   = improvement.By{Who: "ana@example.com"}
)

// readOne is the port's call for one row, as tabletest names it.
const readOne = "Get"

type page struct{}

func (page) Improvement(im improvement.Improvement, _ string) string { return string(im.ID) }

// post keeps what was sent, and fails as it is told: before it took the letter, or after.
type post struct {
	mu     sync.Mutex
	sent   []followup.Letter
	before []error
	after  []error
}

func (p *post) Send(_ context.Context, l followup.Letter) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.before) > 0 {
		err := p.before[0]
		p.before = p.before[1:]
		return "", err
	}
	p.sent = append(p.sent, l)
	if len(p.after) > 0 {
		err := p.after[0]
		p.after = p.after[1:]
		return "", err
	}
	return fmt.Sprint("provider-", len(p.sent)), nil
}

// to says how many mails of each name went to each address.
func (p *post) to() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]int{}
	for _, l := range p.sent {
		what := string(l.Mail.Kind)
		if l.Mail.Notice != nil {
			what = fmt.Sprintf("%s %d", l.Mail.Notice.Status, l.Mail.Notice.Episode)
		}
		out[l.To+" "+what]++
	}
	return out
}

type meter struct {
	mu     sync.Mutex
	failed int
}

func (m *meter) MailFailed(context.Context, followup.MailKind, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed++
}

type world struct {
	*followup.Service
	t     *testing.T
	st    *store.Store
	port  *tabletest.Faulty
	post  *post
	meter *meter
	team  *improvement.Service
	say   *feedback.Service
	p     product.Product
	now   time.Time
	count int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{t: t, port: tabletest.Wrap(db), post: &post{}, meter: &meter{}, now: began}
	clock := func() time.Time { return w.now }
	w.st = store.New(w.port, clock)
	w.Service = &followup.Service{Store: w.st, Post: w.post, Meter: w.meter, Now: clock}
	w.team = &improvement.Service{Store: w.st, Filer: mirror.Filer{Links: page{}}, Now: clock, Rand: w.rand}
	w.say = &feedback.Service{Store: w.st, People: []byte("key"), Now: clock, Rand: w.rand}
	if w.p, err = product.New("shop", "seed", began); err != nil {
		t.Fatal(err)
	}
	if err := w.st.SaveProduct(t.Context(), w.p, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) rand() string { w.count++; return fmt.Sprint(w.count) }

func (w *world) hear(who string) feedback.Feedback {
	w.t.Helper()
	f, err := w.say.Submit(w.t.Context(), feedback.Draft{
		Product: "shop", Kind: feedback.Idea, Text: "More rows " + w.rand(), Submitter: feedback.DraftSubmitter{Email: who, HearBack: who != ""},
	}, "", feedback.API)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *world) propose(pieces ...feedback.Feedback) id.Improvement {
	w.t.Helper()
	im, err := w.team.Propose(w.t.Context(), w.p, improvement.Proposal{Title: "Export more rows"}, ana)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range pieces {
		if err := w.team.Attach(w.t.Context(), im.ID, f.ID, ana); err != nil {
			w.t.Fatal(err)
		}
	}
	return im.ID
}

func (w *world) decide(iid id.Improvement, d improvement.Decision) improvement.Improvement {
	w.t.Helper()
	im, err := w.team.Decide(w.t.Context(), iid, d, ana)
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

// settle sweeps until nothing waits, and lets time pass for what is tried again.
func (w *world) settle() {
	w.t.Helper()
	for range 20 {
		_, _ = w.Sweep(w.t.Context()) // what fails is swept again
		left := 0
		for _, typ := range []string{store.TypeMail, store.TypeNotice} {
			n, err := w.st.PendingCount(w.t.Context(), typ, 1000)
			if err != nil {
				n = 1
			}
			left += n
		}
		if left == 0 {
			return
		}
		w.now = w.now.Add(time.Hour)
	}
	w.t.Fatal("orders are left")
}
