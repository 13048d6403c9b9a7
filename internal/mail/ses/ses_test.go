package ses

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"learningloop/internal/fault"
	"learningloop/internal/mail"
)

// The errors that SES itself answers, and what arrives, are tested against the inbox.

var from = mail.Address{Name: "Loop", Email: "loop@EXAMPLE.com"}

func message() mail.Message {
	return mail.Message{ID: "m1", To: mail.Address{Email: "secret@bücher.example"}, Subject: "S", Text: "T"}
}

func newSender(t *testing.T, api API, cfg Config) *Sender {
	t.Helper()
	cfg.From = from
	s, err := New(api, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func httpClient(url string) *sesv2.Client {
	return NewClient(aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(url), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// recorder keeps what it is asked to send.
type recorder struct {
	API
	in []*sesv2.SendEmailInput
}

func (r *recorder) SendEmail(_ context.Context, in *sesv2.SendEmailInput, _ ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	r.in = append(r.in, in)
	return &sesv2.SendEmailOutput{MessageId: aws.String("ses-1")}, nil
}

func TestSendAsks(t *testing.T) {
	r := &recorder{}
	s := newSender(t, r, Config{ReplyTo: mail.Address{Email: "team@example.com"}, ConfigurationSet: "loop"})
	m := message()
	m.Tags = map[string]string{"kind": "planned", "odd key": "ü:" + strings.Repeat("x", 300), "none": ""}
	id, err := s.Send(t.Context(), m)
	if err != nil || id != "ses-1" {
		t.Fatalf("Send = %q, %v", id, err)
	}
	got := r.in[0]
	raw := string(got.Content.Raw.Data)
	got.Content = nil
	want := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("loop@example.com"), ConfigurationSetName: aws.String("loop"),
		Destination: &types.Destination{ToAddresses: []string{"secret@xn--bcher-kva.example"}},
		EmailTags: []types.MessageTag{
			{Name: aws.String("kind"), Value: aws.String("planned")},
			{Name: aws.String("odd_key"), Value: aws.String("___" + strings.Repeat("x", 253))},
		},
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(sesv2.SendEmailInput{}, types.Destination{}, types.MessageTag{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !strings.Contains(raw, "Reply-To: <team@example.com>\r\n") {
		t.Errorf("the reply address is missing in\n%s", raw)
	}
}

func TestSendRefusesBeforeAsking(t *testing.T) {
	r := &recorder{}
	m := message()
	m.To.Email = "secret"
	_, err := newSender(t, r, Config{}).Send(t.Context(), m)
	if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "secret") {
		t.Errorf("error = %v", err)
	}
	if len(r.in) != 0 {
		t.Error("SES was asked")
	}
}

func TestSendWithoutAnswer(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	hang := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	defer close(hang)
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>secret@example.org</html>"))
	}))
	defer odd.Close()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()

	tests := []struct {
		name  string
		ctx   func() context.Context
		url   string
		cause error // to be found in the error, or nil
	}{
		{"nobody listens", t.Context, gone.URL, nil},
		{"no answer in time", func() context.Context { return short }, slow.URL, context.DeadlineExceeded},
		{"canceled", func() context.Context { return canceled }, slow.URL, context.Canceled},
		{"a proxy's page", t.Context, odd.URL, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSender(t, httpClient(tt.url), Config{})
			_, err := s.Send(tt.ctx(), message())
			if !fault.Is(err, fault.Unavailable) {
				t.Errorf("error = %v, want unavailable", err)
			}
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("error = %v hides %v", err, tt.cause)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("an address in %v", err)
			}
			if _, err := s.AccountStatus(tt.ctx()); !fault.Is(err, fault.Unavailable) {
				t.Errorf("status: error = %v, want unavailable", err)
			}
		})
	}
}

// The outbox repeats sends; a client that did too would send mails twice without its knowledge.
func TestClientDoesNotRepeat(t *testing.T) {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	if _, err := newSender(t, httpClient(srv.URL), Config{}).Send(t.Context(), message()); err == nil {
		t.Error("no error")
	}
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no sender":         {},
		"bad sender":        {From: mail.Address{Email: "Loop <loop@example.com>"}},
		"bad reply address": {From: from, ReplyTo: mail.Address{Email: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(&recorder{}, cfg); !fault.Is(err, fault.Invalid) {
				t.Errorf("error = %v, want invalid", err)
			}
		})
	}
}

func TestNote(t *testing.T) {
	fine := Status{Sending: true, Enforcement: "HEALTHY", Max24h: 50000, Sent24h: 10}
	tests := []struct {
		name   string
		change func(*Status)
		want   string
	}{
		{"fine", func(*Status) {}, ""},
		{"sandbox", func(s *Status) { s.Sandbox = true }, "sandbox"},
		{"paused is said first", func(s *Status) { s.Sandbox, s.Sending = true, false }, "paused"},
		{"shut down", func(s *Status) { s.Enforcement = "SHUTDOWN" }, "paused"},
		{"under review", func(s *Status) { s.Enforcement = "PROBATION" }, "reviews"},
		{"quota nearly used", func(s *Status) { s.Sent24h = 45000 }, "45000 of the 50000"},
		{"no limit", func(s *Status) { s.Max24h, s.Sent24h = -1, 1e6 }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := fine
			tt.change(&s)
			if got := s.Note(); (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("note = %q, want %q in it", got, tt.want)
			}
		})
	}
}
