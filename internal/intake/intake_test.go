package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/intake"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
	"learningloop/internal/trail"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// world takes events in with the real store and receiver, on a table that fails where it is told to.
type world struct {
	*intake.Service

	t      *testing.T
	store  *store.Store
	faulty *tabletest.Faulty
	shop   product.Product

	mu     sync.Mutex
	metred []string
}

func (w *world) SetAside(_ context.Context, sid, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.metred = append(w.metred, sid+" "+why)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, faulty: tabletest.Wrap(db)}
	clock := func() time.Time { return start }
	w.store = store.New(w.faulty, clock)
	receiver := &feedback.Service{Store: w.store, People: []byte("key"), Now: clock, Rand: func() string { t.Error("an event needs no chance"); return "" }}
	w.Service = &intake.Service{Store: w.store, Receiver: receiver, Meter: w, Now: clock}
	w.shop = w.add("shop", func(p *product.Product) { p.Routing = []signal.Rule{{Name: "checkout-*"}} })
	return w
}

func (w *world) add(slug string, change func(*product.Product)) product.Product {
	w.t.Helper()
	p, err := product.New(slug, slug, start)
	w.must(err)
	change(&p)
	w.must(w.store.SaveProduct(w.t.Context(), p, nil))
	p.Version = 1
	return p
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) take(event string) intake.Outcome {
	w.t.Helper()
	out, err := w.Take(w.t.Context(), []byte(event))
	w.must(err)
	return out
}

// aside gives the events that are set aside.
func (w *world) aside() []signal.SetAside {
	w.t.Helper()
	p, err := w.store.ListSetAside(w.t.Context(), "", 100)
	w.must(err)
	return p.Items
}

// stored counts the pieces of feedback.
func (w *world) stored() int {
	w.t.Helper()
	n, err := w.store.PendingCount(w.t.Context(), store.TypeFeedback, 1000)
	w.must(err)
	return n
}

func alarmOf(name, eventID, state string) string {
	return fmt.Sprintf(`{"version":"0","id":%q,"detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch","account":"111122223333",
"time":"2026-03-02T08:00:00Z","region":"us-east-1","resources":["arn:aws:cloudwatch:us-east-1:111122223333:alarm:%s"],
"detail":{"alarmName":%q,"state":{"value":%q,"reason":"2 datapoints","timestamp":"2026-03-02T08:00:00.000+0000"},"previousState":{"value":"OK"}}}`, eventID, name, name, state)
}

func own(detail string) string {
	return `{"version":"0","id":"e-2","detail-type":"Feedback Submitted","source":"learningloop","account":"111122223333",
"time":"2026-03-02T08:00:00Z","region":"us-east-1","resources":[],"detail":` + detail + `}`
}

const stranger = `{"version":"0","id":"e-3","detail-type":"Scan Completed","source":"custom.scanner","account":"111122223333",
"time":"2026-03-02T08:00:00Z","region":"us-east-1","resources":[],"detail":{"none": null, "n": 1e400}}`

// A signal is about the product whose rules claim it, else about the default one; the same event twice is one.
func TestSignalsFindTheirProduct(t *testing.T) {
	w := newWorld(t)
	claimed := w.take(alarmOf("checkout-errors", "e-1", "ALARM"))
	if claimed.Feedback.Product() != w.shop.ID || claimed.SetAside != "" || claimed.Ignored != "" {
		t.Errorf("claimed: %+v", claimed)
	}
	if again := w.take(alarmOf("checkout-errors", "e-1", "ALARM")); again != claimed {
		t.Errorf("again: %+v", again)
	}
	unclaimed := w.take(alarmOf("search-errors", "e-1", "ALARM"))
	if unclaimed.SetAside == "" {
		t.Fatalf("about no product: %+v", unclaimed)
	}
	if a := w.aside(); len(a) != 1 || !strings.Contains(a[0].Why, "No product claims") {
		t.Errorf("set aside: %+v", a)
	}
	rest := w.add("rest", func(p *product.Product) { p.Default = true })
	if got := w.take(alarmOf("other-errors", "e-1", "ALARM")); got.Feedback.Product() != rest.ID {
		t.Errorf("by default: %+v", got)
	}
	f, err := w.store.Feedback(t.Context(), claimed.Feedback)
	w.must(err)
	if f.Signal == nil || f.Signal.Key != "alarm/111122223333/us-east-1/checkout-errors" || f.Signal.State != signal.Firing || f.Kind != feedback.Signal || !f.Todo {
		t.Errorf("stored %+v", f)
	}
	if n := w.stored(); n != 2 {
		t.Errorf("%d stored", n)
	}
}

// The project's own event is the body of POST /v1/feedback, and is held to the same rules.
func TestOwnEvent(t *testing.T) {
	good := own(`{"product":"shop","kind":"idea","text":"More rows","submitter":{"email":"anna@example.com","hearBack":true},"context":{"component":"table"}}`)
	w := newWorld(t)
	out := w.take(good)
	if again := w.take(good); again != out || out.Feedback == "" {
		t.Errorf("%+v, then %+v", out, again)
	}
	f, err := w.store.Feedback(t.Context(), out.Feedback)
	w.must(err)
	if f.Kind != feedback.Idea || f.Text != "More rows" || f.Channel != feedback.Event || !f.WantsWord() || f.Context.Component != "table" || f.Signal != nil {
		t.Errorf("%+v", f)
	}
	tests := []struct {
		name, event string
		why         string // part of the reason it is set aside for
	}{
		{"a bad field", own(`{"product":"shop","kind":"idea","text":""}`), "/text is required"},
		{"an unknown product", own(`{"product":"nowhere","kind":"idea","text":"x"}`), "/product is not the slug"},
		{"an unknown field", own(`{"product":"shop","kind":"idea","text":"x","stars":5}`), "stars"},
		{"a wrong type", own(`{"product":"shop","kind":"idea","text":5}`), "text"},
		{"no object", own(`[]`), "/detail"},
		{"the same id with another body", own(`{"product":"shop","kind":"idea","text":"Another"}`), "used for another request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.take(good)
			out := w.take(tt.event)
			a := w.aside()
			if out.SetAside == "" || len(a) != 1 || !strings.Contains(a[0].Why, tt.why) {
				t.Errorf("%+v: %+v", out, a)
			}
			if n := w.stored(); n != 1 {
				t.Errorf("%d stored", n)
			}
		})
	}
}

// What nobody understands is kept as it came, once, and seen.
func TestSetAsideOnce(t *testing.T) {
	for name, event := range map[string]string{
		"an unknown kind": stranger, "no event": `{"hello": null}`, "no JSON": "hello \x00\xff", "nothing": "", "null": "null", "a list": "[]",
		"an alarm without a name": alarmOf("", "e-1", "ALARM"), "a state that alarms have not": alarmOf("checkout-x", "e-1", "MELTING"),
		"too deep for attributes": `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first, second := w.take(event), w.take(event)
			if first != second || first.SetAside == "" || first.Feedback != "" {
				t.Errorf("%+v, then %+v", first, second)
			}
			a := w.aside()
			if len(a) != 1 || a[0].Why == "" || a[0].State != signal.Waiting {
				t.Fatalf("set aside: %+v", a)
			}
			var text string
			if string(a[0].Event) != event && (json.Unmarshal(a[0].Event, &text) != nil || text != strings.ToValidUTF8(event, "\ufffd")) {
				t.Errorf("kept %q of %q", a[0].Event, event)
			}
			if len(w.metred) == 0 || !strings.HasPrefix(w.metred[0], first.SetAside+" ") {
				t.Errorf("metred %q", w.metred)
			}
		})
	}
}

// An event that no row can hold must not be acknowledged: the queue's dead-letter queue keeps it then.
func TestTooLargeToSetAside(t *testing.T) {
	for name, event := range map[string]string{"an event": `{"x":"` + strings.Repeat("x", 800<<10) + `"}`, "more than an event may have": strings.Repeat("x", 2<<20)} {
		w := newWorld(t)
		_, err := w.Take(t.Context(), []byte(event))
		if err == nil || !fault.Retry(err) || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Everything of events/signals is taken in, set aside or passed over, and a second time changes nothing.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("../../events/signals/*.json")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	w := newWorld(t)
	w.add("rest", func(p *product.Product) { p.Default = true })
	first := map[string]intake.Outcome{}
	for round := range 2 {
		for _, file := range files {
			event, err := os.ReadFile(file)
			w.must(err)
			out := w.take(string(event))
			if set := btoi(out.Feedback != "") + btoi(out.Ignored != "") + btoi(out.SetAside != ""); set != 1 {
				t.Errorf("%s: %+v", filepath.Base(file), out)
			}
			if round == 0 {
				first[file] = out
			} else if out != first[file] {
				t.Errorf("%s: %+v, first %+v", filepath.Base(file), out, first[file])
			}
		}
	}
	for file, out := range first {
		if strings.Contains(file, "unknown") != (out.SetAside != "") && !strings.Contains(file, "learningloop-feedback-submitted") {
			t.Errorf("%s: %+v", filepath.Base(file), out)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// An outage is worth a retry, and leaves nothing half done; after it the event is taken in, once.
func TestLostAndPersisted(t *testing.T) {
	for name, event := range map[string]string{
		"a signal": alarmOf("checkout-errors", "e-1", "ALARM"), "feedback": own(`{"product":"shop","kind":"idea","text":"x"}`), "a stranger": stranger,
	} {
		t.Run(name, func(t *testing.T) {
			clean := newWorld(t)
			clean.faulty.Reset()
			want := clean.take(event)
			calls := clean.faulty.Calls()
			for k := 1; k <= calls; k++ {
				for _, mode := range tabletest.Modes() {
					w := newWorld(t)
					w.faulty.Reset()
					w.faulty.FailAt(k, mode)
					if _, err := w.Take(t.Context(), []byte(event)); !fault.Retry(err) {
						t.Errorf("call %d fails %s: %v", k, mode, err)
					}
					if len(w.faulty.Failed()) != 1 {
						t.Errorf("call %d did not fail", k)
					}
					if got := w.take(event); got != want {
						t.Errorf("call %d fails %s, then %+v, want %+v", k, mode, got, want)
					}
					if w.stored() != clean.stored() || len(w.aside()) != len(clean.aside()) {
						t.Errorf("call %d fails %s: %d stored, %d set aside", k, mode, w.stored(), len(w.aside()))
					}
				}
			}
		})
	}
}

// An outage sets nothing aside: it says nothing about the event.
func TestOutageSetsNothingAside(t *testing.T) {
	w := newWorld(t)
	w.faulty.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) { return tabletest.Before, errors.New("who knows") })
	if _, err := w.Take(t.Context(), []byte(alarmOf("checkout-errors", "e-1", "ALARM"))); !fault.Retry(err) {
		t.Errorf("%v", err)
	}
	w.faulty.Reset()
	if len(w.aside()) != 0 || len(w.metred) != 0 {
		t.Errorf("set aside: %+v", w.aside())
	}
}

// lines gives the staff log of the day.
func (w *world) lines() []trail.Entry {
	w.t.Helper()
	p, err := w.store.ListLog(w.t.Context(), start, store.LogFilter{}, "", 100)
	w.must(err)
	return p.Items
}

func TestReplayWhenRulesHaveChanged(t *testing.T) {
	w := newWorld(t)
	sid := w.take(alarmOf("search-errors", "e-1", "ALARM")).SetAside
	if _, err := w.Replay(t.Context(), sid, "ana@example.com", "r-1"); !fault.Is(err, fault.Invalid) {
		t.Errorf("still about no product: %v", err)
	}
	if a, err := w.store.SetAsideByID(t.Context(), sid); err != nil || a.State != signal.Waiting || len(w.lines()) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	search := w.add("search", func(p *product.Product) { p.Routing = []signal.Rule{{Name: "search-*"}} })
	out, err := w.Replay(t.Context(), sid, "ana@example.com", "r-2")
	if err != nil || out.Feedback.Product() != search.ID {
		t.Fatalf("%+v, %v", out, err)
	}
	a, err := w.store.SetAsideByID(t.Context(), sid)
	if err != nil || a.State != signal.Replayed || a.By != "ana@example.com" || len(w.aside()) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	want := []trail.Entry{{ID: w.lines()[0].ID, At: start, By: "ana@example.com", Action: "replayed set-aside event", Subject: sid, Request: "r-2"}}
	if d := cmp.Diff(want, w.lines()); d != "" {
		t.Errorf("log (-want +got):\n%s", d)
	}
	if _, err := w.Replay(t.Context(), sid, "ana@example.com", "r-3"); !fault.Is(err, fault.Conflict) || w.stored() != 1 {
		t.Errorf("again: %v, %d stored", err, w.stored())
	}
	// The event itself, delivered again, is what was replayed.
	if got := w.take(alarmOf("search-errors", "e-1", "ALARM")); got.Feedback != out.Feedback {
		t.Errorf("delivered again: %+v", got)
	}
	if _, err := w.Replay(t.Context(), "s-none", "ana@example.com", "r"); !fault.Is(err, fault.NotFound) {
		t.Errorf("nothing: %v", err)
	}
}

func TestDrop(t *testing.T) {
	w := newWorld(t)
	sid := w.take(stranger).SetAside
	var e *fault.Error
	if err := w.Drop(t.Context(), sid, "", "ana@example.com", "r"); !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Pointer != "/reason" {
		t.Errorf("without a reason: %v", err)
	}
	w.must(w.Drop(t.Context(), sid, "Noise", "ana@example.com", "r"))
	a, err := w.store.SetAsideByID(t.Context(), sid)
	if err != nil || a.State != signal.Dropped || a.Reason != "Noise" || a.By != "ana@example.com" || len(w.aside()) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	if l := w.lines(); len(l) != 1 || l[0].Action != "dropped set-aside event" || l[0].Subject != sid {
		t.Errorf("log %+v", l)
	}
	if err := w.Drop(t.Context(), sid, "Again", "bo@example.com", "r"); !fault.Is(err, fault.Conflict) {
		t.Errorf("again: %v", err)
	}
	if _, err := w.Replay(t.Context(), sid, "bo@example.com", "r"); !fault.Is(err, fault.Conflict) {
		t.Errorf("replayed after all: %v", err)
	}
	// It stays decided when it is delivered again.
	if out := w.take(stranger); out.SetAside != sid || len(w.aside()) != 0 {
		t.Errorf("delivered again: %+v", out)
	}
}

// Two members decide at once: one is told that it was decided.
func TestDecideAtOnce(t *testing.T) {
	w := newWorld(t)
	sid := w.take(stranger).SetAside
	raced := false
	w.faulty.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) {
		if c.Method == "Write" && !raced {
			raced = true
			w.must(w.Drop(t.Context(), sid, "Noise", "ana@example.com", "r-1"))
		}
		return tabletest.Before, nil
	})
	if err := w.Drop(t.Context(), sid, "Useless", "bo@example.com", "r-2"); !fault.Is(err, fault.Conflict) {
		t.Errorf("the second: %v", err)
	}
	if a, err := w.store.SetAsideByID(t.Context(), sid); err != nil || a.By != "ana@example.com" || len(w.lines()) != 1 {
		t.Errorf("%+v, %v, log %+v", a, err, w.lines())
	}
}

// A test that passes again and again ends nothing, and would only fill the store.
func TestIdleRecoveries(t *testing.T) {
	w := newWorld(t)
	w.add("rest", func(p *product.Product) { p.Default = true })
	passed, err := os.ReadFile("../../events/signals/synthetics-canary-testrun-successful.json")
	w.must(err)
	if out := w.take(string(passed)); out.Ignored != signal.ReasonNothingOpen || w.stored() != 0 {
		t.Errorf("%+v, %d stored", out, w.stored())
	}
	// Where somebody has to look at it first, a failure to look is no reason to forget it.
	w.faulty.Reset()
	w.faulty.FailWhen(func(c tabletest.Call) (tabletest.Mode, error) {
		if strings.HasPrefix(c.Keys[0].P, "i-") {
			return tabletest.Before, fault.New(fault.Unavailable, "down", "")
		}
		return tabletest.Before, nil
	})
	if _, err := w.Take(t.Context(), passed); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	w.faulty.Reset()
	// The recovery of what did fire is kept.
	failed, err := os.ReadFile("../../events/signals/synthetics-canary-testrun-failure.json")
	w.must(err)
	out := w.take(string(failed))
	f, err := w.store.Feedback(t.Context(), out.Feedback)
	w.must(err)
	iid := id.NewImprovement(f.Product(), "signal", f.Signal.Key)
	raise(w, iid, f)
	if out := w.take(string(passed)); out.Feedback == "" {
		t.Errorf("%+v", out)
	}
}

// raise makes the Improvement that triage makes of a signal.
func raise(w *world, iid id.Improvement, f feedback.Feedback) {
	w.t.Helper()
	w.must(w.store.SaveChange(w.t.Context(), improvement.Change{Improvement: improvement.Improvement{
		ID: iid, Title: f.Title, Status: improvement.Proposed, SignalKey: f.Signal.Key, Alarms: []improvement.Alarm{{Key: "k", Firing: true}},
	}}))
}

// What is said once that it is over is kept whatever is open: what it ends may still be under way.
func TestEarlyRecoveries(t *testing.T) {
	w := newWorld(t)
	w.add("rest", func(p *product.Product) { p.Default = true })
	for _, name := range []string{"health-event-issue-closed", "config-rule-compliant-again"} {
		event, err := os.ReadFile("../../events/signals/" + name + ".json")
		w.must(err)
		if out := w.take(string(event)); out.Feedback == "" {
			t.Errorf("%s: %+v", name, out)
		}
	}
}
