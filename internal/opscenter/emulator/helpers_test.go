package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
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
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if _, bench := t.(*testing.B); bench {
			e.ServeHTTP(w, req)
			return
		}
		r.watch(w, req)
	}))
	t.Cleanup(func() {
		r.server.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	r.client = ssm.New(ssm.Options{
		Region: testRegion, BaseEndpoint: aws.String(r.server.URL), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(credentialsOf("AKIDEXAMPLE")),
	})
	return r
}

func credentialsOf(accessKeyID string) func(context.Context) (aws.Credentials, error) {
	return func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: "secret"}, nil
	}
}

func (r *rig) drain() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	if err := r.Drain(ctx); err != nil {
		r.t.Fatal(err)
	}
}

// look gives an item as the console shows it.
func (r *rig) look(id string) Item {
	r.t.Helper()
	it, err := r.Item(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return it
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
	defer resp.Body.Close()
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

// common are the errors that any AWS service may answer besides those that the model lists for an operation.
var common = []string{
	"ValidationException", "SerializationException", "UnknownOperationException", "MissingAuthenticationTokenException",
	"IncompleteSignatureException", "InvalidSignatureException", "UnrecognizedClientException", "ThrottlingException",
	"RequestEntityTooLargeException",
}

// watch holds every answer of every test to the service model: members, constraints, errors that the operation lists.
func (r *rig) watch(w http.ResponseWriter, req *http.Request) {
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, req) // a cut connection panics through to the server
	name := strings.TrimPrefix(req.Header.Get("X-Amz-Target"), targetPrefix)
	if req.Context().Err() != nil {
		return // the client did not wait for an answer
	}
	op := r.model.Operations[name]
	out, err := parse(rec.Body.Bytes())
	switch {
	case err != nil:
		r.t.Errorf("%s: answer is not a JSON object: %s", name, rec.Body)
	case rec.Code == http.StatusOK:
		r.conform(name, op.Output.shape, out)
	default:
		code, _ := out["__type"].(string)
		listed := slices.ContainsFunc(op.Errors, func(e shapeRef) bool { return e.Shape == code })
		if !listed && !slices.Contains(common, code) {
			r.t.Errorf("%s: answers %s, which the model does not list", name, code)
		}
		if listed {
			delete(out, "__type")
			r.conform(name+" "+code, r.model.Shapes[code], out)
		}
	}
	if rec.Header().Get("X-Amzn-Requestid") == "" || rec.Header().Get("Content-Type") != contentType {
		r.t.Errorf("%s: headers %v", name, rec.Header())
	}
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()) // the client fails the test
}

func (r *rig) conform(what string, s *shape, v any) {
	if err := check(s, v.(map[string]any)); err != nil {
		r.t.Errorf("%s: answer breaks the model: %s", what, err.Message)
	}
	for _, m := range unknownMembers(s, v) {
		r.t.Errorf("%s: answer has member %s, unknown to the model", what, m)
	}
}

func unknownMembers(s *shape, v any) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			next := s.Value
			if s.Type == "structure" {
				next = s.Members[k]
			}
			if next == nil {
				out = append(out, k)
				continue
			}
			out = append(out, unknownMembers(next.shape, e)...)
		}
	case []any:
		for _, e := range v {
			out = append(out, unknownMembers(s.Member.shape, e)...)
		}
	}
	return out
}

// refused fails the test unless err is an AWS error of the SDK's type.
func refused[E error](t testing.TB, err error) {
	t.Helper()
	_ = refusal[E](t, err)
}

// refusal is refused, and gives the error.
func refusal[E error](t testing.TB, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("got %v, want a %T", err, e)
	}
	return e
}

// refusedAs is refused for errors that the SDK has no type for.
func refusedAs(t testing.TB, err error, code string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}
