package emulator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

const (
	testAccount = "111122223333"
	testRegion  = "us-east-1"
	testCaller  = "arn:aws:iam::111122223333:user/AKIDEXAMPLE"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 10, 19, 2, 46, 53, 629361000, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// box keeps what the emulator hands out.
type box[T any] struct {
	mu  sync.Mutex
	all []T
}

func (b *box[T]) add(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, v)
}

func (b *box[T]) list() []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]T(nil), b.all...)
}

// rig is an emulator behind HTTP with an SDK client for it.
type rig struct {
	*Emulator

	t      testing.TB
	clock  *clock
	server *httptest.Server
	client *ssm.Client
	events box[json.RawMessage]
	notes  box[Notification]
}

func newRig(t testing.TB, edit ...func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, clock: newClock()}
	cfg := Config{
		Account: testAccount, Region: testRegion, Clock: r.clock.now,
		Events: func(_ context.Context, ev json.RawMessage) error { r.events.add(ev); return nil },
		Notify: func(_ context.Context, n Notification) error { r.notes.add(n); return nil },
	}
	for _, f := range edit {
		f(&cfg)
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Emulator = e
	r.server = httptest.NewServer(e)
	t.Cleanup(func() {
		r.server.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	r.client = ssm.New(ssm.Options{
		Region: testRegion, BaseEndpoint: aws.String(r.server.URL), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	return r
}

func (r *rig) drain() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	if err := r.Drain(ctx); err != nil {
		r.t.Fatal(err)
	}
}

// create makes an OpsItem and gives its id.
func (r *rig) create(edit ...func(*ssm.CreateOpsItemInput)) string {
	r.t.Helper()
	in := &ssm.CreateOpsItemInput{
		Title: aws.String("Checkout answers slowly"), Description: aws.String("Checkout answers slowly."),
		Source: aws.String("LearningLoop"),
	}
	for _, f := range edit {
		f(in)
	}
	out, err := r.client.CreateOpsItem(r.t.Context(), in)
	if err != nil {
		r.t.Fatal(err)
	}
	return *out.OpsItemId
}

// answer is what came back over the wire.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

const goodAuth = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261019/us-east-1/ssm/aws4_request, " +
	"SignedHeaders=content-type;host;x-amz-date;x-amz-target, " +
	"Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// raw sends a request as no SDK would.
func (r *rig) raw(op, body string, edit ...func(*http.Request)) answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.server.URL+"/", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Amz-Target", targetPrefix+op)
	req.Header.Set("X-Amz-Date", "20261019T024653Z")
	req.Header.Set("Authorization", goodAuth)
	for _, f := range edit {
		f(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing to lose
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	if err := json.Unmarshal(text, &a.body); err != nil {
		r.t.Fatalf("answer %q is not JSON: %v", text, err)
	}
	return a
}
