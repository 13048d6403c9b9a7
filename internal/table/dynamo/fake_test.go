package dynamo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"learningloop/internal/table/dynamo"
)

// answer is what a fake DynamoDB says to one request: a status and a body, or an error of the connection.
type answer struct {
	status int
	body   string
	err    error
}

func ok(body string) answer { return answer{status: 200, body: body} }

// refuse is an error as DynamoDB spells it; members are further members of the body.
func refuse(code string, members ...string) answer {
	body := fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"injected"%s}`, code, strings.Join(append([]string{""}, members...), ","))
	return answer{status: 400, body: body}
}

// cancel is a cancelled transaction with one reason for each operation; "None" is no reason.
func cancel(reasons ...string) answer {
	var list []string
	for _, r := range reasons {
		if !strings.HasPrefix(r, "{") {
			r = `{"Code":"` + r + `"}`
		}
		list = append(list, r)
	}
	return refuse("TransactionCanceledException", `"CancellationReasons":[`+strings.Join(list, ",")+`]`)
}

// request is what the engine sent: the operation and its input.
type request struct {
	op   string
	body map[string]any
}

// script is an HTTP client that answers in order, and a clockwork for the waits between.
type script struct {
	t       *testing.T
	answers []answer
	sent    []request
	waits   []time.Duration
	onWait  func()
}

// Do is the SDK's HTTP client.
func (s *script) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	req := request{op: op}
	if err := json.Unmarshal(body, &req.body); err != nil {
		return nil, err
	}
	s.sent = append(s.sent, req)
	if len(s.sent) > len(s.answers) {
		s.t.Errorf("unexpected request %d: %s %s", len(s.sent), op, body)
		return nil, io.ErrUnexpectedEOF
	}
	return s.answers[len(s.sent)-1].response(r)
}

func (a answer) response(r *http.Request) (*http.Response, error) {
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{
		StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Requestid": {"injected"}},
		Body:   io.NopCloser(bytes.NewReader([]byte(a.body))), ContentLength: int64(len(a.body)),
	}, nil
}

// ops lists the operations sent.
func (s *script) ops() []string {
	var ops []string
	for _, r := range s.sent {
		ops = append(ops, r.op)
	}
	return ops
}

// engine makes an engine that is answered by the script; its clock stands at 1,000,000 seconds.
func (s *script) engine() *dynamo.Table {
	client := dynamodb.NewFromConfig(awsConfig(), func(o *dynamodb.Options) { o.HTTPClient = s })
	return dynamo.New(client, "table", dynamo.Options{
		Clock:    func() time.Time { return time.Unix(1_000_000, 0) },
		Random:   func() float64 { return 0.5 },
		Attempts: 4,
		Sleep: func(ctx context.Context, d time.Duration) error {
			s.waits = append(s.waits, d)
			if s.onWait != nil {
				s.onWait()
			}
			return ctx.Err()
		},
	})
}

// flaky passes requests on, but refuses some of them before they arrive, as a busy DynamoDB does. LocalStack serialises
// transactions and never does so itself.
type flaky struct {
	next     http.RoundTripper
	mu       sync.Mutex
	rng      *rand.Rand
	injected map[string]int
}

// RoundTrip refuses one request in six.
func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	code := f.choose(op)
	if code == "" {
		return f.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a := refuse(code)
	if code == "TransactionCanceledException" {
		reasons := make([]string, bytes.Count(body, []byte(`"TableName"`)))
		for i := range reasons {
			reasons[i] = "None"
		}
		reasons[len(reasons)-1] = "TransactionConflict"
		a = cancel(reasons...)
	}
	return a.response(r)
}

func (f *flaky) choose(op string) string {
	codes := []string{"ProvisionedThroughputExceededException", "ThrottlingException"}
	switch op {
	case "TransactWriteItems":
		codes = append(codes, "TransactionCanceledException", "TransactionCanceledException", "TransactionInProgressException")
	case "PutItem", "UpdateItem", "DeleteItem", "GetItem", "BatchGetItem":
		codes = append(codes, "TransactionConflictException")
	case "Query":
	default: // making the table is not under test
		return ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rng.IntN(6) != 0 {
		return ""
	}
	code := codes[f.rng.IntN(len(codes))]
	f.injected[code]++
	return code
}
