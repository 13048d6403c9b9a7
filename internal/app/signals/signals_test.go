package signals_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"learningloop/internal/app/apptest"
	"learningloop/internal/app/signals"
	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/intake"
	"learningloop/internal/mirror"
	"learningloop/internal/product"
	"learningloop/internal/signal"
	"learningloop/internal/store"
	"learningloop/internal/table/embedded"
	"learningloop/internal/table/tabletest"
	"learningloop/internal/triage"
)

// outcome is what becomes of a sample. Exactly one of Key, Feedback, Ignored and SetAside is set.
type outcome struct {
	Product  string // slug
	Key      string
	Severity int
	State    signal.State
	Feedback string // text of people's words
	Ignored  bool
	SetAside bool
}

func fires(product, key string, severity int) outcome {
	return outcome{Product: product, Key: key, Severity: severity, State: signal.Firing}
}

func is(state signal.State, o outcome) outcome { o.State = state; return o }

var ignored = outcome{Ignored: true}

// products take their signals by every sort of rule there is; what none claims is about the default product.
var routing = map[string][]signal.Rule{
	"search":   {{Source: "aws.cloudwatch", Name: "search-*"}},
	"payments": {{Resource: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:payments-*"}},
	"mailer":   {{Name: "mailer-*", Region: "us-east-1", Account: "111122223333"}},
	"west":     {{Region: "us-west-2", Source: "aws.codepipeline"}},
	"basket":   {{Name: "basket-*"}},
	"platform": {{Source: "aws.health"}, {Source: "aws.guardduty", Account: "*"}},
	"nobody":   {{Source: "aws.cloudwatch", Account: "999999999999"}},
}

const here = "111122223333/us-east-1"

// samples says for every file of events/signals what becomes of it.
var samples = map[string]outcome{
	"cloudwatch-alarm-configuration-change":           ignored,
	"cloudwatch-alarm-state-change-single":            fires("search", "alarm/"+here+"/search-latency", 3),
	"cloudwatch-alarm-state-change-ok":                is(signal.Recovered, fires("search", "alarm/"+here+"/search-latency", 3)),
	"cloudwatch-alarm-state-change-metric-math":       fires("payments", "alarm/"+here+"/payments-latency", 3),
	"cloudwatch-alarm-state-change-composite":         fires("basket", "alarm/"+here+"/basket-latency", 2),
	"cloudwatch-alarm-state-change-severity-tag":      fires("example", "alarm/"+here+"/checkout-errors", 1),
	"cloudwatch-alarm-state-change-insufficient-data": ignored,
	"codepipeline-pipeline-execution-state-change":    ignored,
	"codepipeline-pipeline-started-0":                 ignored,
	"codepipeline-pipeline-succeeded-3":               is(signal.Info, fires("mailer", "pipeline/"+here+"/mailer-release", 4)),
	"codepipeline-pipeline-failed-5":                  fires("west", "pipeline/111122223333/us-west-2/mailer-release", 3),
	"codepipeline-stage-failed":                       fires("west", "pipeline/111122223333/us-west-2/mailer-release", 3),
	"codepipeline-action-failed-15":                   fires("west", "pipeline/111122223333/us-west-2/mailer-release", 3),
	"codepipeline-action-succeeded-13":                ignored,
	"codedeploy-deployment-state-change":              is(signal.Info, fires("basket", "deployment/"+here+"/basket-app/payments-production", 4)),
	"codedeploy-deployment-failure":                   fires("basket", "deployment/"+here+"/basket-app/payments-production", 3),
	"codedeploy-instance-failure":                     fires("basket", "deployment/"+here+"/basket-app/payments-production", 4),
	"health-event-account-retirement":                 fires("platform", "health/"+here+"/EC2/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED", 3),
	"health-event-account-retirement-backup":          fires("platform", "health/"+here+"/EC2/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED", 3),
	"health-event-issue-open":                         fires("platform", "health/"+here+"/DYNAMODB/AWS_DYNAMODB_OPERATIONAL_ISSUE", 2),
	"health-event-issue-closed":                       is(signal.Recovered, fires("platform", "health/"+here+"/DYNAMODB/AWS_DYNAMODB_OPERATIONAL_ISSUE", 2)),
	"learningloop-feedback-submitted":                 {Product: "example", Feedback: "The export stops at 1,000 rows."},
	"learningloop-post-incident-opened":               ignored,

	"synthetics-canary-status-change":              ignored,
	"synthetics-canary-testrun-successful":         is(signal.Recovered, fires("mailer", "canary/"+here+"/mailer-canary", 3)),
	"synthetics-canary-testrun-failure":            fires("mailer", "canary/"+here+"/mailer-canary", 3),
	"codebuild-build-state-change":                 is(signal.Recovered, fires("basket", "build/111122223333/us-west-2/basket-build", 4)),
	"codebuild-build-failed":                       fires("basket", "build/111122223333/us-west-2/basket-build", 4),
	"appconfig-deployment-start":                   ignored,
	"appconfig-deployment-complete":                is(signal.Info, fires("example", "configuration/"+here+"/ba8toh7/pgil2o7/ga3tqep", 4)),
	"appconfig-deployment-rollback":                fires("example", "configuration/"+here+"/ba8toh7/pgil2o7/ga3tqep", 3),
	"guardduty-finding":                            fires("platform", "guardduty/"+here+"/1ab92989eaf0e742df4a014d5example", 3),
	"securityhub-findings-imported":                is(signal.Recovered, fires("example", findingKey, 4)),
	"securityhub-findings-imported-critical":       fires("example", findingKey, 1),
	"config-rule-noncompliant":                     fires("example", "config/"+here+"/s3-bucket-encrypted/basket-exports", 3),
	"config-rule-compliant-again":                  is(signal.Recovered, fires("example", "config/"+here+"/s3-bucket-encrypted/basket-exports", 3)),
	"config-rule-compliant-first":                  ignored,
	"cost-anomaly-detected":                        fires("example", "cost/111122223333/abcdef12-1234-4ea0-84cc-918a97d736ef/Amazon DynamoDB", 3),
	"connect-contact-lens-post-call-rules-matched": fires("example", "contact/"+here+"/instance-ARN/search-unhappy", 4),
	"connect-contact-lens-realtime-rules-matched":  fires("example", "contact/"+here+"/instance-ARN/search-unhappy", 4),
	"events-rule-scheduled-event":                  ignored,
	"scheduler-scheduled-event":                    ignored,
	"unknown-service-event":                        {SetAside: true},
}

const findingKey = "securityhub/111122223333/us-west-2/arn:aws:securityhub:eu-central-1:111122223333:subscription/pci-dss/v/3.2.1/PCI.Lambda.2/finding/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"

type event struct {
	name string
	body []byte
	at   time.Time
	ends bool
}

// read gives the samples in the order in which they happened; what came first caused what came later.
func read(t *testing.T) []event {
	t.Helper()
	files, err := filepath.Glob("../../../events/signals/*.json")
	if err != nil || len(files) != len(samples) {
		t.Fatalf("%d files, %d expectations, %v", len(files), len(samples), err)
	}
	var out []event
	for _, f := range files {
		b, err := os.ReadFile(f) //nolint:gosec // a fixture
		if err != nil {
			t.Fatal(err)
		}
		e := event{name: strings.TrimSuffix(filepath.Base(f), ".json"), body: b}
		if _, ok := samples[e.name]; !ok {
			t.Fatalf("nobody says what becomes of %s", e.name)
		}
		p, _ := signal.Parse(b) // the one that nobody understands has a time as well
		if e.at = p.Time; p.Signal != nil {
			e.at, e.ends = p.Signal.Time, p.Signal.State == signal.Recovered
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b event) int {
		return cmp.Or(a.at.Compare(b.at), rank(a.ends)-rank(b.ends), strings.Compare(a.name, b.name))
	})
	return out
}

// rank puts what ends something behind what began it at the same moment.
func rank(ends bool) int {
	if ends {
		return 1
	}
	return 0
}

type meter struct{ aside int }

func (m *meter) SetAside(context.Context, string, string) { m.aside++ }

type world struct {
	*signals.Handler
	t        *testing.T
	db       *embedded.DB
	port     *tabletest.Faulty
	st       *store.Store
	triage   *triage.Service
	meter    *meter
	products map[string]product.Product // by slug
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := embedded.OpenMem(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now := func() time.Time { return time.Date(2026, 10, 3, 8, 0, 0, 0, time.UTC) }
	w := &world{t: t, db: db, port: tabletest.Wrap(db), meter: &meter{}, products: map[string]product.Product{}}
	w.st = store.New(w.port, now)
	for _, slug := range append([]string{"example"}, slices.Sorted(maps.Keys(routing))...) {
		p, err := product.New(slug, slug, now())
		if err != nil {
			t.Fatal(err)
		}
		p.Default, p.Routing = slug == "example", routing[slug]
		if err := w.st.SaveProduct(t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
		w.products[slug] = p
	}
	say := &feedback.Service{Store: w.st, People: []byte("key"), Now: now, Rand: func() string { return "random" }}
	w.Handler = &signals.Handler{
		Intake: &intake.Service{Store: w.st, Receiver: say, Meter: w.meter, Now: now}, Log: slog.New(slog.DiscardHandler),
	}
	w.triage = &triage.Service{Store: w.st, Now: now, Attacher: &improvement.Service{Store: w.st, Filer: mirror.Filer{Links: page{}}, Now: now, Rand: func() string { return "r" }}}
	return w
}

type page struct{}

func (page) Improvement(im improvement.Improvement, _ string) string {
	return "https://loop.example.com/" + string(im.ID)
}

// take hands a batch to the handler and triages what came of it. Every other message came by SNS.
func (w *world) take(events ...event) {
	w.t.Helper()
	var bodies []string
	for i, e := range events {
		body := e.body
		if i%2 == 1 {
			wrapped, err := apptest.SNS(body)
			if err != nil {
				w.t.Fatal(err)
			}
			body = wrapped
		}
		bodies = append(bodies, string(body))
	}
	out, err := w.Handle(w.t.Context(), apptest.SQS(bodies...))
	if err != nil || len(out.BatchItemFailures) != 0 {
		w.t.Fatalf("%+v, %v", out, err)
	}
	w.sweep()
}

// sweep triages what waits. A recovery that overtook what it ends waits one sweep more.
func (w *world) sweep() {
	w.t.Helper()
	var err error
	for range 3 {
		if _, err = w.triage.Sweep(w.t.Context()); err == nil {
			return
		}
	}
	w.t.Fatal(err)
}

// heard gives what is stored, by the id of the word, or its text.
func (w *world) heard() map[string]outcome {
	w.t.Helper()
	out := map[string]outcome{}
	for slug, p := range w.products {
		all, err := store.Everything(func(c string) ([]feedback.Feedback, string, error) {
			page, err := w.st.ListFeedback(w.t.Context(), p.ID, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), store.FeedbackFilter{}, c, 100)
			return page.Items, page.Next, err
		})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, f := range all {
			if f.State != feedback.Triaged || f.Channel != feedback.Event {
				w.t.Errorf("%+v", f)
			}
			if s := f.Signal; s != nil {
				out[s.ID] = outcome{Product: slug, Key: s.Key, Severity: s.Severity, State: s.State}
			} else {
				out[f.Text] = outcome{Product: slug, Feedback: f.Text}
			}
		}
	}
	return out
}

func (w *world) aside() []signal.SetAside {
	w.t.Helper()
	page, err := w.st.ListSetAside(w.t.Context(), "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return page.Items
}

// wordOf is under which heard gives a sample, if it is stored at all.
func wordOf(t *testing.T, e event) string {
	t.Helper()
	p, err := signal.Parse(e.body)
	switch {
	case err != nil && !errors.Is(err, signal.ErrUnknown):
		t.Fatal(err)
	case p.Signal != nil:
		return p.Signal.ID
	case p.Feedback != nil:
		var d feedback.Draft
		if err := json.Unmarshal(p.Feedback, &d); err != nil {
			t.Fatal(err)
		}
		return d.Text
	}
	return "-"
}

// Every sample of operations' events goes through the handler as a message of the queue: its product, key and severity are
// as they should be. Each of them twice again, and all shuffled, changes not one row.
func TestEverySample(t *testing.T) {
	w := newWorld(t)
	all := read(t)
	for _, e := range all {
		asides := w.meter.aside
		w.take(e)
		got, stored := w.heard()[wordOf(t, e)]
		want := samples[e.name]
		if w.meter.aside > asides {
			got.SetAside = true
		} else if !stored {
			got.Ignored = true
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", e.name, d)
		}
	}
	if a := w.aside(); len(a) != 1 || a[0].Why == "" {
		t.Errorf("set aside: %+v", a)
	}
	feed := w.db.Feed()
	defer feed.Close()
	for _, e := range all {
		w.take(e, e)
	}
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable on purpose
	for range 5 {
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		w.take(all...)
		w.take(append(all[:5:5], all[:5]...)...)
	}
	changed, err := apptest.Written(t.Context(), feed)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changed {
		t.Errorf("written again: %s", c.Key)
	}
}

// In whatever order they come at first: every word about something wrong is stored once, under the same product, key and
// severity, and each thing that is wrong is one Improvement.
func TestShuffledAtFirst(t *testing.T) {
	all := read(t)
	want := map[string]outcome{}
	keys := map[id.Improvement]bool{}
	for _, e := range all {
		if o := samples[e.name]; o.State == signal.Firing || o.Feedback != "" {
			want[wordOf(t, e)] = o
		}
	}
	for seed := range uint64(4) {
		w := newWorld(t)
		for _, o := range want {
			if o.State == signal.Firing {
				keys[id.NewImprovement(w.products[o.Product].ID, "signal", o.Key)] = true
			}
		}
		r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // repeatable on purpose
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for batch := range slices.Chunk(append(slices.Clone(all), all...), 10) {
			w.take(batch...)
		}
		got := w.heard()
		for word, o := range got {
			if o.State != signal.Firing && o.Feedback == "" {
				delete(got, word)
			}
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("seed %d (-want +got):\n%s", seed, d)
		}
		raised := 0
		for _, p := range w.products {
			page, err := w.st.ListImprovements(t.Context(), p.ID, store.ImprovementFilter{}, false, "", 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, im := range page.Items {
				if raised++; !keys[im.ID] {
					t.Errorf("seed %d: raised %+v", seed, im)
				}
			}
		}
		if raised != len(keys) || len(w.aside()) != 1 {
			t.Errorf("seed %d: %d Improvements of %d keys, %d set aside", seed, raised, len(keys), len(w.aside()))
		}
	}
}

// A message that never can succeed is kept aside and acknowledged; it blocks nobody.
func TestPoison(t *testing.T) {
	w := newWorld(t)
	good := read(t)[0].body
	for _, e := range read(t) {
		if e.name == "cloudwatch-alarm-state-change-single" {
			good = e.body
		}
	}
	bad := []string{
		"", "hello", "null", "[]", "7", `"a string"`, `{"source":"aws.cloudwatch"}`, "{\"a\":\"\xff\"}", strings.Repeat("[", 100_000),
		`{"version":"0","id":"1","source":"learningloop","detail-type":"Feedback Submitted","account":"111122223333","region":"us-east-1","time":"2026-03-02T08:00:00Z","resources":[],"detail":{"product":"none","kind":"idea","text":"x"}}`,
		`{"version":"0","id":"2","source":"learningloop","detail-type":"Feedback Submitted","account":"111122223333","region":"us-east-1","time":"2026-03-02T08:00:00Z","resources":[],"detail":{"product":"example","kind":"idea","text":"x","extra":1}}`,
		`{"Type":"Notification","Message":"not JSON"}`, `{"Type":"SubscriptionConfirmation","Message":"x"}`,
	}
	out, err := w.Handle(t.Context(), apptest.SQS(append(append([]string{}, bad...), string(good))...))
	if err != nil || len(out.BatchItemFailures) != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	w.sweep()
	if got := w.heard(); len(got) != 1 {
		t.Errorf("heard %+v", got)
	}
	if a := w.aside(); len(a) != len(bad) || w.meter.aside != len(bad) {
		t.Errorf("%d set aside of %d", len(a), len(bad))
	}
	again, err := w.Handle(t.Context(), apptest.SQS(bad...))
	if err != nil || len(again.BatchItemFailures) != 0 || len(w.aside()) != len(bad) {
		t.Errorf("again: %+v, %v, %d set aside", again, err, len(w.aside()))
	}
}

// While storage fails, messages come again; nothing is lost and nothing is doubled.
func TestStorageFails(t *testing.T) {
	for _, mode := range tabletest.Modes() {
		for k := 1; ; k++ {
			w := newWorld(t)
			var bodies []string
			for _, e := range read(t) {
				if o := samples[e.name]; o.Product == "search" && o.State == signal.Firing || o.SetAside || o.Feedback != "" {
					bodies = append(bodies, string(e.body))
				}
			}
			w.port.Reset()
			w.port.FailAt(k, mode)
			for range 3 {
				out, err := w.Handle(t.Context(), apptest.SQS(bodies...))
				if err != nil {
					t.Fatal(err)
				}
				var rest []string
				for _, f := range out.BatchItemFailures {
					var i int
					if _, err := fmt.Sscanf(f.ItemIdentifier, "message-%d", &i); err != nil {
						t.Fatal(err)
					}
					rest = append(rest, bodies[i])
				}
				if bodies = rest; len(bodies) == 0 {
					break
				}
			}
			struck := len(w.port.Failed()) > 0
			w.port.Reset()
			w.sweep()
			if len(w.heard()) != 2 || len(w.aside()) != 1 {
				t.Errorf("%s %d: heard %+v, %d set aside", mode, k, w.heard(), len(w.aside()))
			}
			if !struck {
				break
			}
		}
	}
}

func TestUnwrap(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"an event", `{"source":"x"}`, `{"source":"x"}`},
		{"a notification", `{"Type":"Notification","Message":"{}"}`, `{}`},
		{"an event that says Message", `{"Message":"x"}`, `{"Message":"x"}`},
		{"a confirmation", `{"Type":"SubscriptionConfirmation","Message":"x"}`, `{"Type":"SubscriptionConfirmation","Message":"x"}`},
		{"an empty notification", `{"Type":"Notification","Message":""}`, `{"Type":"Notification","Message":""}`},
		{"no JSON", `x`, `x`},
		{"nothing", ``, ``},
	} {
		if got := string(signals.Unwrap([]byte(tt.in))); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}
