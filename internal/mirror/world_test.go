package mirror_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
)

var (
	began = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	ana   = improvement.By{Who: "ana@example.com", Request: "r-1"}
)

const operator = "arn:aws:sts::111122223333:assumed-role/operator/console"

// readOne is the port's call for one row, as tabletest names it.
const readOne = "Get"

type page struct{}

func (page) Improvement(im improvement.Improvement, slug string) string {
	return "https://loop.example.com/team/" + slug + "/improvements/" + string(im.ID)
}

// meter counts what an alarm watches.
type meter struct {
	mu     sync.Mutex
	failed []error
}

func (m *meter) FilingFailed(_ context.Context, _ id.Improvement, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed = append(m.failed, err)
}

// event is what an OpsItem event carries that is used.
type event struct {
	Detail struct {
		ID      string    `json:"ops-item-id"`
		By      string    `json:"modified-by"`
		Created string    `json:"created-by"`
		Source  string    `json:"source"`
		Status  string    `json:"status"`
		At      time.Time `json:"modified-time"`
	} `json:"detail"`
	Type string `json:"detail-type"`
}

// world is the mirror on a real store and a real OpsCenter over HTTP.
type world struct {
	*mirror.Service
	t     *testing.T
	st    *store.Store
	port  *tabletest.Faulty
	ops   *emulator.Emulator
	team  *improvement.Service
	meter *meter
	p     product.Product
	only  id.Improvement // the one a test is about
	oid   string         // its OpsItem

	client *ssm.Client

	mu     sync.Mutex
	at     time.Time
	skew   time.Duration  // how far OpsCenter's clock goes before ours
	calls  map[string]int // of OpsCenter's operations
	events []event
	count  int
}

func (w *world) now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.at }

func (w *world) wait(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.at = w.at.Add(d) }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, at: began, calls: map[string]int{}, meter: &meter{}}
	db, err := embedded.OpenMem(embedded.Options{Clock: w.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w.port = tabletest.Wrap(db)
	w.st = store.New(w.port, w.now)
	w.open("")
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.calls[strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM.")]++
		w.mu.Unlock()
		w.ops.ServeHTTP(rw, r)
	}))
	srv.Config.ErrorLog = nil
	t.Cleanup(func() { srv.Close(); _ = w.ops.Close() })
	client := ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), HTTPClient: srv.Client(), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	w.client = client
	filer := mirror.Filer{Links: page{}}
	w.Service = &mirror.Service{Store: w.st, Center: opscenter.New(client, ""), Filer: filer, Meter: w.meter, Now: w.now}
	w.team = &improvement.Service{Store: w.st, Filer: filer, Now: w.now, Rand: w.rand}
	if w.p, err = product.New("shop", "seed", began); err != nil {
		t.Fatal(err)
	}
	if err := w.st.SaveProduct(t.Context(), w.p, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// open opens OpsCenter with what dir holds; "" is memory.
func (w *world) open(dir string) {
	w.t.Helper()
	ops, err := emulator.New(emulator.Config{
		Account: "111122223333", Region: "us-east-1", Dir: dir, Clock: func() time.Time { return w.now().Add(w.skew) }, Operator: operator,
		DeletionDelay: -1,
		Events: func(_ context.Context, raw json.RawMessage) error {
			var e event
			err := json.Unmarshal(raw, &e)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
			return err
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.ops = ops
}

// restart ends OpsCenter and the mirror and begins both again: what they know is what is stored.
func (w *world) restart(dir string) {
	w.t.Helper()
	if err := w.ops.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open(dir)
	again := *w.Service
	w.Service = &again
}

func (w *world) rand() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	return fmt.Sprint(w.count)
}

// accepted gives an Improvement that waits to be filed.
func (w *world) accepted() id.Improvement {
	w.t.Helper()
	say := &feedback.Service{Store: w.st, People: []byte("key"), Now: w.now, Rand: w.rand}
	f, err := say.Submit(w.t.Context(), feedback.Draft{Product: "shop", Kind: feedback.Problem, Text: "Rows are missing", Submitter: feedback.DraftSubmitter{Company: "AnyCompany"}}, "", feedback.API)
	if err != nil {
		w.t.Fatal(err)
	}
	im, err := w.team.Propose(w.t.Context(), w.p, improvement.Proposal{Title: "Export more rows " + w.rand(), Feedback: []id.Feedback{f.ID}}, ana)
	if err != nil {
		w.t.Fatal(err)
	}
	w.decide(im.ID, improvement.Decision{Verb: improvement.Accept, Reason: "many ask"})
	return im.ID
}

// filed gives one whose OpsItem is there.
func (w *world) filed() (id.Improvement, string) {
	w.t.Helper()
	iid := w.accepted()
	w.run(iid, 1)
	w.wait(time.Minute)
	oid := w.load(iid).OpsItem
	if oid == "" {
		w.t.Fatal("not filed")
	}
	w.forget()
	return iid, oid
}

func (w *world) decide(iid id.Improvement, d improvement.Decision) {
	w.t.Helper()
	if _, err := w.team.Decide(w.t.Context(), iid, d, ana); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run(iid id.Improvement, n int) {
	w.t.Helper()
	if err := w.Run(w.t.Context(), iid, n); err != nil {
		w.t.Fatal(err)
	}
}

// settle sweeps, and lets time pass, until no order is left.
func (w *world) settle() {
	w.t.Helper()
	for range 20 {
		if _, err := w.Sweep(w.t.Context()); err != nil && w.t.Context().Err() != nil {
			w.t.Fatal(err)
		}
		if n, err := w.st.PendingCount(w.t.Context(), store.TypeEpisode, 10); err == nil && n == 0 {
			return
		}
		w.wait(20 * time.Minute)
	}
	w.t.Fatal("orders are left")
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

func (w *world) history(iid id.Improvement) []improvement.Entry {
	w.t.Helper()
	h, err := store.Everything(func(c string) ([]improvement.Entry, string, error) { return w.st.History(w.t.Context(), iid, c) })
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

func (w *world) items() []emulator.Item {
	w.t.Helper()
	items, _, err := w.ops.List(w.t.Context(), emulator.Query{})
	if err != nil {
		w.t.Fatal(err)
	}
	return items
}

func (w *world) item(oid string) emulator.Item {
	w.t.Helper()
	it, err := w.ops.Item(w.t.Context(), oid)
	if err != nil {
		w.t.Fatal(err)
	}
	return it
}

// console sets a status as an operator does; the event waits to be delivered.
func (w *world) console(oid string, s opsitem.Status) {
	w.t.Helper()
	w.wait(time.Minute)
	if err := w.ops.Edit(w.t.Context(), oid, emulator.Edit{Status: string(s)}); err != nil {
		w.t.Fatal(err)
	}
	w.wait(time.Minute)
}

// deliver hands over the events that wait, and gives what they came to.
func (w *world) deliver() []mirror.Outcome {
	w.t.Helper()
	if err := w.ops.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	var out []mirror.Outcome
	for _, e := range w.forget() {
		o, err := w.Hear(w.t.Context(), wordOf(e))
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func wordOf(e event) mirror.Word {
	d := e.Detail
	return mirror.Word{
		OpsItem: d.ID, Created: e.Type == "OpsItem Create", CreatedBy: d.Created, By: d.By, Status: opsitem.Status(d.Status), Source: d.Source, At: d.At,
	}
}

// forget takes the events that wait away, and begins counting calls anew.
func (w *world) forget() []event {
	w.t.Helper()
	if err := w.ops.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.events
	w.events = nil
	clear(w.calls)
	return e
}

func (w *world) called() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.calls {
		n += c
	}
	return n
}

const (
	alarmARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors"
)

// alarm receives what an alarm says, and attaches it as triage does.
func (w *world) alarm(name string, state signal.State, severity int) id.Improvement {
	w.t.Helper()
	at := w.now()
	say := &feedback.Service{Store: w.st, People: []byte("key"), Now: w.now, Rand: w.rand}
	f, err := say.Receive(w.t.Context(), w.p.ID, signal.Signal{
		ID: id.Hash(26, name, string(state), at.String()), Key: "alarm/111122223333/us-east-1/" + name, Name: name, Title: name + " is in alarm", State: state,
		Severity: severity, Time: at, Category: signal.Availability, Resources: []string{strings.Replace(alarmARN, "errors", name, 1), "i-1"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	iid, err := w.team.AttachSignal(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	return iid
}

// complain attaches a complaint of a company.
func (w *world) complain(iid id.Improvement, company, text string) {
	w.t.Helper()
	say := &feedback.Service{Store: w.st, People: []byte("key"), Now: w.now, Rand: w.rand}
	f, err := say.Submit(w.t.Context(), feedback.Draft{
		Product: "shop", Kind: feedback.Problem, Text: text, Submitter: feedback.DraftSubmitter{Company: company},
	}, "", feedback.API)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.team.Attach(w.t.Context(), iid, f.ID, ana); err != nil {
		w.t.Fatal(err)
	}
}

// rules sets the product's.
func (w *world) rules(set func(p *product.Product)) {
	w.t.Helper()
	set(&w.p)
	p, err := w.st.Product(w.t.Context(), w.p.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	w.p.Version = p.Version
	if err := w.st.SaveProduct(w.t.Context(), w.p, nil); err != nil {
		w.t.Fatal(err)
	}
}

// edit sets something in the console; the event waits to be delivered.
func (w *world) edit(oid string, e emulator.Edit) {
	w.t.Helper()
	if err := w.ops.Edit(w.t.Context(), oid, e); err != nil {
		w.t.Fatal(err)
	}
}

// said are the lines of the history from the n-th on.
func (w *world) said(iid id.Improvement, n int) []string {
	w.t.Helper()
	var out []string
	for _, e := range w.history(iid)[n:] {
		out = append(out, strings.TrimSuffix(e.What+": "+e.Detail, ": "))
	}
	return out
}

func (w *world) data(oid string) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for _, d := range w.item(oid).Data {
		out[d.Key] = d.Value
	}
	return out
}
