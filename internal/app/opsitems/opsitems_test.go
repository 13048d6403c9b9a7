package opsitems_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/app/apptest"
	"learningloop/internal/app/opsitems"
	"learningloop/internal/config"
	"learningloop/internal/fault"
	"learningloop/internal/governor"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opscenter"
	"learningloop/internal/opscenter/emulator"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/store"
	"learningloop/internal/table"
	"learningloop/internal/table/embedded"
)

var ana = improvement.By{Who: "ana@example.com"}

type page struct{}

func (page) Improvement(im improvement.Improvement, _ string) string {
	return "https://loop.example.com/" + string(im.ID)
}

type silent struct{}

func (silent) FilingFailed(context.Context, id.Improvement, error) {}

// gauge keeps the latest number of each name.
type gauge map[string]float64

func (g gauge) Count(name string, n float64) { g[name] = n }

type world struct {
	*opsitems.Handler
	gauge gauge
	t     *testing.T
	st    *store.Store
	ops   *emulator.Emulator
	team  *improvement.Service
	p     product.Product
	feed  table.Feed
	now   time.Time
	n     int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, gauge: gauge{}, now: time.Date(2026, 10, 19, 2, 46, 54, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w.ops, err = emulator.New(emulator.Config{Account: "111122223333", Region: "us-east-1", Clock: clock}); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(w.ops.ServeHTTP))
	w.feed = db.Feed()
	t.Cleanup(func() { w.feed.Close(); srv.Close(); _ = w.ops.Close(); _ = db.Close() })
	client := ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	w.st = store.New(db, clock)
	filer := mirror.Filer{Links: page{}}
	w.Handler = &opsitems.Handler{
		Mirror: &mirror.Service{Store: w.st, Center: opscenter.New(client, ""), Filer: filer, Meter: silent{}, Now: clock}, Gauge: w.gauge, Log: slog.New(slog.DiscardHandler),
	}
	w.team = &improvement.Service{Store: w.st, Filer: filer, Now: clock, Rand: func() string { w.n++; return fmt.Sprint(w.n) }}
	if w.p, err = product.New("shop", "seed", w.now); err != nil {
		t.Fatal(err)
	}
	if err := w.st.SaveProduct(t.Context(), w.p, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// accepted gives an Improvement whose episode waits to be filed.
func (w *world) accepted() id.Improvement {
	w.t.Helper()
	im, err := w.team.Propose(w.t.Context(), w.p, improvement.Proposal{Title: "Rows"}, ana)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.team.Decide(w.t.Context(), im.ID, improvement.Decision{Verb: improvement.Accept}, ana); err != nil {
		w.t.Fatal(err)
	}
	return im.ID
}

func (w *world) load(iid id.Improvement) improvement.Improvement {
	w.t.Helper()
	im, err := w.st.Improvement(w.t.Context(), iid)
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

func (w *world) written() []table.Change {
	w.t.Helper()
	c, err := apptest.Written(w.t.Context(), w.feed)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// handle gives an input to the function as the runtime does.
func (w *world) handle(in any) any {
	w.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := w.Handle(w.t.Context(), raw)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) stream(changes ...table.Change) []events.DynamoDBBatchItemFailure {
	w.t.Helper()
	raw, err := apptest.Stream(changes...)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.handle(raw).(events.DynamoDBEventResponse).BatchItemFailures
}

func (w *world) console(oid string, s opsitem.Status) {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	if err := w.ops.Edit(w.t.Context(), oid, emulator.Edit{Status: string(s)}); err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
}

// samples gives events/opsitems, told of an OpsItem of ours where oid is not "".
func samples(t *testing.T, oid string) []string {
	t.Helper()
	files, err := filepath.Glob("../../../events/opsitems/ssm-*.json")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	var out []string
	for _, f := range files {
		b, err := os.ReadFile(f) //nolint:gosec // a fixture
		if err != nil {
			t.Fatal(err)
		}
		if oid != "" {
			b = bytes.ReplaceAll(b, []byte("oi-56f7100bcb95"), []byte(oid))
			b = bytes.ReplaceAll(b, []byte(`"modified-by": "arn:aws:iam::111122223333:user/operator"`), []byte(`"modified-by": "arn:aws:iam::111122223333:user/somebody"`))
		}
		out = append(out, string(b))
	}
	return out
}

// The change stream files what was decided; doubled and late records file nothing more.
func TestStreamFiles(t *testing.T) {
	w := newWorld(t)
	iid := w.accepted()
	changes := w.written()
	if failed := w.stream(changes...); failed != nil {
		t.Fatalf("%+v", failed)
	}
	oid := w.load(iid).OpsItem
	if oid == "" {
		t.Fatal("not filed")
	}
	again := append(w.written(), changes...)
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable on purpose
	for range 5 {
		r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		w.stream(append(again, again...)...)
	}
	items, _, err := w.ops.List(t.Context(), emulator.Query{})
	if err != nil || len(items) != 1 || items[0].ID != oid {
		t.Errorf("%+v, %v", items, err)
	}
	if more := w.written(); len(more) != 0 {
		t.Errorf("written again: %v", more)
	}
}

// Every sample, about an OpsItem of somebody else and about one of ours, twice and shuffled.
func TestEvents(t *testing.T) {
	w := newWorld(t)
	iid := w.accepted()
	w.stream(w.written()...)
	oid := w.load(iid).OpsItem
	w.written()
	foreign, ours := samples(t, ""), samples(t, oid)
	w.handle(apptest.SQS(append(foreign, ours...)...)) // nothing happened in OpsCenter: nothing happens here
	if c := w.written(); len(c) != 0 {
		t.Errorf("events about nothing changed %v", c)
	}
	w.console(oid, opsitem.InProgress)
	if out := w.handle(apptest.SQS(ours[1])).(events.SQSEventResponse); len(out.BatchItemFailures) != 0 {
		t.Fatalf("%+v", out)
	}
	want := w.load(iid)
	if want.Status != improvement.InProgress || want.LastBy == "" || want.LastBy == "arn:aws:iam::111122223333:user/somebody" {
		t.Errorf("%+v", want) // who did it is OpsCenter's word, not the event's
	}
	w.written()
	all := append(append(foreign, ours...), ours...)
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // repeatable on purpose
	for range 5 {
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		w.handle(apptest.SQS(all...))
	}
	if c := w.written(); len(c) != 0 {
		t.Errorf("events told again changed %v", c)
	}
	if d := cmp.Diff(want, w.load(iid)); d != "" {
		t.Error(d)
	}
}

func TestPoisonAndOutage(t *testing.T) {
	w := newWorld(t)
	iid := w.accepted()
	w.stream(w.written()...)
	oid := w.load(iid).OpsItem
	w.console(oid, opsitem.Resolved)
	bad := []string{"", "x", "null", "[]", `{"detail":7}`, `{"detail":{"ops-item-id":""}}`, `{"detail":{"ops-item-id":"../../x"}}`}
	out := w.handle(apptest.SQS(append(bad, samples(t, oid)[1])...)).(events.SQSEventResponse)
	if len(out.BatchItemFailures) != 0 || w.load(iid).Status != improvement.Shipped {
		t.Errorf("%+v, %s", out, w.load(iid).Status)
	}
	w.console(oid, opsitem.Open)
	w.ops.Faults().Throttle(emulator.Any, 1)
	out = w.handle(apptest.SQS(samples(t, oid)[1])).(events.SQSEventResponse)
	if len(out.BatchItemFailures) != 1 {
		t.Errorf("throttled: %+v", out)
	}
	if w.handle(apptest.SQS(samples(t, oid)[1])); w.load(iid).Status != improvement.Accepted {
		t.Errorf("%s", w.load(iid).Status)
	}
	for _, in := range []string{`{}`, `x`} {
		if _, err := w.Handle(t.Context(), json.RawMessage(in)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// The stream and the events lost everything: the schedules find it.
func TestSchedulesHeal(t *testing.T) {
	w := newWorld(t)
	iid := w.accepted()
	sweep := map[string]string{"schedule": "opsitems-sweep", "at": "2026-10-19T03:00:00Z"}
	reconcile := map[string]string{"schedule": "opsitems-reconcile", "at": "2026-10-19T03:00:00Z"}
	w.Mirror.Budget = governor.Budget{Month: 4}
	w.handle(sweep)
	if w.gauge[config.MetricOpsItemsUsed] != 25 || w.gauge[config.MetricOpsItemsHeld] != 0 {
		t.Errorf("one of four is filed: %v", w.gauge)
	}
	oid := w.load(iid).OpsItem
	if oid == "" {
		t.Fatal("not filed")
	}
	w.console(oid, opsitem.InProgress)
	w.handle(sweep)
	if w.load(iid).Status != improvement.Accepted {
		t.Error("a sweep reads OpsCenter")
	}
	w.handle(reconcile)
	want := w.load(iid)
	if want.Status != improvement.InProgress {
		t.Errorf("%+v", want)
	}
	w.handle(reconcile)
	w.handle(sweep)
	if d := cmp.Diff(want, w.load(iid)); d != "" {
		t.Error(d)
	}
	w.ops.Faults().Down(true)
	raw := json.RawMessage(`{"schedule":"opsitems-reconcile"}`)
	if _, err := w.Handle(t.Context(), raw); !fault.Is(err, fault.Unavailable) {
		t.Errorf("while it is down: %v", err)
	}
}

func TestUnreadableRow(t *testing.T) {
	w := newWorld(t)
	iid := w.accepted()
	changes := w.written()
	k := table.Key{P: "i-broken", S: "episode#000001"}
	broken := table.Change{Key: k, New: &table.Row{Key: k, Type: store.TypeEpisode, Schema: 99, Attrs: json.RawMessage(`{}`)}}
	if failed := w.stream(append([]table.Change{broken, {Key: k}}, changes...)...); len(failed) != 1 {
		t.Errorf("%+v", failed)
	}
	if w.load(iid).OpsItem == "" {
		t.Error("the others waited for it")
	}
}
