package followup_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	appfollowup "learningloop/internal/app/followup"
	"learningloop/internal/digest"
	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/incident"
	"learningloop/internal/links"
	"learningloop/internal/mail"
	"learningloop/internal/mail/inbox"
	"learningloop/internal/mail/ses"
	"learningloop/internal/mirror"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
	"learningloop/internal/timeline"
	"learningloop/internal/token"
)

const public = "https://loop.example.com/prod"

var ana = improvement.By{Who: "ana@example.com"}

// meter notes what an alarm and the dashboard watch.
type meter struct {
	failed int
	gauges map[string]float64
}

func (m *meter) MailFailed(context.Context, followup.MailKind, error) { m.failed++ }
func (m *meter) Count(name string, n float64)                         { m.gauges[name] = n }

func (m *meter) EventFailed(context.Context, string, error) { m.failed++ }

// bus keeps what is put on it, and fails where it is told to.
type bus struct {
	events []incident.Event
	down   bool
}

func (b *bus) Put(_ context.Context, e incident.Event) error {
	if b.down {
		return fault.New(fault.Unavailable, "bus_unavailable", "The event bus does not answer.")
	}
	b.events = append(b.events, e)
	return nil
}

// world is telling, through a real SES client into the inbox.
type world struct {
	*appfollowup.Handler
	t     *testing.T
	st    *store.Store
	inbox *inbox.Inbox
	meter *meter
	bus   bus
	keys  token.Keys
	say   *feedback.Service
	team  *improvement.Service
	sums  *digest.Service
	p     product.Product
	feed  table.Feed
	now   time.Time
	n     int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), meter: &meter{gauges: map[string]float64{}}}
	clock := func() time.Time { return w.now }
	rnd := func() string { w.n++; return fmt.Sprint(w.n) }
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w.inbox, err = inbox.Open(inbox.Config{Now: clock}); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(w.inbox.API())
	w.feed = db.Feed()
	t.Cleanup(func() { w.feed.Close(); srv.Close(); _ = w.inbox.Close(); _ = db.Close() })
	sender, err := ses.New(sesv2.New(sesv2.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}), ses.Config{From: mail.Address{Name: "Learning Loop", Email: "loop@example.com"}, ReplyTo: mail.Address{Name: "The team", Email: "team@example.com"}, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	if w.keys, err = token.New("0123456789abcdef0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	w.st = store.New(db, clock)
	link := links.Links{Public: public, Tokens: w.keys}
	log := slog.New(slog.DiscardHandler)
	w.Handler = &appfollowup.Handler{
		Incidents: &incident.Service{
			Store: w.st, Teller: timeline.Teller{Store: w.st, Now: clock}, Bus: &w.bus, Links: link, Meter: w.meter, Now: clock,
		},
		Followup: &followup.Service{Store: w.st, Post: &appfollowup.Post{Sender: sender, Links: link, Digests: w.st}, Meter: w.meter, Now: clock},
		Bounces:  &appfollowup.Bounces{Store: w.st, People: w.keys.People(), Log: log, Now: clock}, Account: sender, Sandbox: w.meter, Log: log,
	}
	w.say = &feedback.Service{Store: w.st, People: w.keys.People(), Now: clock, Rand: rnd}
	w.team = &improvement.Service{Store: w.st, Filer: mirror.Filer{Links: link}, Now: clock, Rand: rnd}
	w.sums = &digest.Service{Store: w.st, People: w.keys.People(), Now: clock}
	if w.p, err = product.New("shop", "seed", w.now.AddDate(0, -2, 0)); err != nil {
		t.Fatal(err)
	}
	w.p.Name, w.p.DigestTo = "AnyCompany Retail", []string{"boss@example.com"}
	if err := w.st.SaveProduct(t.Context(), w.p, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// hear receives a piece and orders its receipt, as triage does.
func (w *world) hear(name, email, text string) feedback.Feedback {
	w.t.Helper()
	f, err := w.say.Submit(w.t.Context(), feedback.Draft{
		Product: "shop", Kind: feedback.Idea, Text: text, Submitter: feedback.DraftSubmitter{Name: name, Email: email, HearBack: true},
	}, "", feedback.API)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.st.OrderMails(w.t.Context(), []followup.Mail{followup.ReceiptFor(f, w.now)}); err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *world) accept(title string, f feedback.Feedback) id.Improvement {
	w.t.Helper()
	im, err := w.team.Propose(w.t.Context(), w.p, improvement.Proposal{Title: title, Feedback: []id.Feedback{f.ID}}, ana)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.team.Decide(w.t.Context(), im.ID, improvement.Decision{Verb: improvement.Accept, Reason: title}, ana); err != nil {
		w.t.Fatal(err)
	}
	return im.ID
}

func (w *world) sweep() {
	w.t.Helper()
	if err := w.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// mails gives what arrived, the oldest first.
func (w *world) mails() []inbox.Mail {
	w.t.Helper()
	all, err := w.inbox.List(0)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

func header(m inbox.Mail, name string) string {
	for _, h := range m.Headers {
		if h.Name == name {
			return strings.TrimSpace(h.Value) // a long value stands on a line of its own
		}
	}
	return ""
}
