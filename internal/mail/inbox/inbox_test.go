package inbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/mail"
	"learningloop/internal/mail/inbox"
	"learningloop/internal/mail/ses"
)

var noon = time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

func open(t *testing.T, cfg inbox.Config) *inbox.Inbox {
	t.Helper()
	cfg.Now = now
	in, err := inbox.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() }) // some tests close it themselves
	return in
}

// client is the real SDK client, talking to the inbox over HTTP.
func client(t *testing.T, in *inbox.Inbox) *sesv2.Client {
	t.Helper()
	srv := httptest.NewServer(in.API())
	t.Cleanup(srv.Close)
	return ses.NewClient(aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

func sender(t *testing.T, in *inbox.Inbox) *ses.Sender {
	t.Helper()
	s, err := ses.New(client(t, in), ses.Config{
		From:             mail.Address{Name: "AnyCompany Retail", Email: "loop@example.com"},
		ReplyTo:          mail.Address{Name: "Read by a person", Email: "team@example.com"},
		ConfigurationSet: "loop", Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func message(id, to string) mail.Message {
	return mail.Message{
		ID: id, To: mail.Address{Name: "Ana <b>", Email: to}, Subject: "Geplant für März: 🎉", Text: "Hello.\nÜber uns.\n",
		HTML: `<!doctype html><html><head></head><body><p>Hello</p><img src="cid:chart" alt="7"></body></html>`, UnsubscribeURL: "http://127.0.0.1:8080/u/x",
		Headers: map[string]string{mail.HeaderCorrelation: "corr-1"}, Tags: map[string]string{"kind": "planned:1"},
		Inline: []mail.Inline{{CID: "chart", Name: "chart.png", Type: "image/png", Bytes: []byte("\x89PNG")}},
	}
}

func TestSendAndRead(t *testing.T) {
	in := open(t, inbox.Config{Dir: t.TempDir()})
	id, err := sender(t, in).Send(t.Context(), message("m1", "ana@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := in.List(0)
	if err != nil || len(list) != 1 {
		t.Fatalf("List = %v, %v", list, err)
	}
	m := list[0]
	if want := "local-" + m.ID; id != want {
		t.Errorf("id = %q, want %q", id, want)
	}
	got := map[string]string{"from": m.From, "to": m.To, "subject": m.Subject, "text": m.Text, "set": m.Set, "picture": string(m.Pictures["chart"].Bytes)}
	for _, h := range m.Headers {
		got[h.Name] = h.Value
	}
	delete(got, "Content-Type")
	want := map[string]string{
		"from": `"AnyCompany Retail" <loop@example.com>`, "to": "ana@example.org", "subject": "Geplant für März: 🎉",
		"text": "Hello.\nÜber uns.\n", "set": "loop", "picture": "\x89PNG",
		"From": `"AnyCompany Retail" <loop@example.com>`, "To": `"Ana <b>" <ana@example.org>`, "Reply-To": `"Read by a person" <team@example.com>`,
		"Subject": "Geplant für März: 🎉", "Message-ID": "<m1@example.com>", "X-Loop-Mail-Id": "m1", "X-Correlation-Id": "corr-1",
		"List-Unsubscribe": "<http://127.0.0.1:8080/u/x>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Date": "Tue, 04 Mar 2025 12:00:00 +0000", "MIME-Version": "1.0", "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("mail (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]string{"kind": "planned_1"}, m.Tags); d != "" {
		t.Errorf("tags (-want +got):\n%s", d)
	}
	if !m.At.Equal(noon) {
		t.Errorf("at = %v", m.At)
	}
}

func TestRepeatsAreSeen(t *testing.T) {
	in := open(t, inbox.Config{})
	s := sender(t, in)
	for range 2 {
		if _, err := s.Send(t.Context(), message("same", "ana@example.org")); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := in.List(0); err != nil || len(list) != 2 {
		t.Errorf("%d mails, %v; want 2", len(list), err)
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault inbox.Fault
		kind  fault.Kind
		code  string
	}{
		{"throttled", inbox.Throttled, fault.RateLimited, ses.CodeThrottled},
		{"over the day's quota", inbox.OverQuota, fault.RateLimited, ses.CodeThrottled},
		{"rejected", inbox.Rejected, fault.Invalid, ses.CodeRejected},
		{"paused", inbox.Paused, fault.Unavailable, ses.CodePaused},
		{"suspended", inbox.Suspended, fault.Unavailable, ses.CodePaused},
		{"broken", inbox.Broken, fault.Unavailable, ses.CodeUnavailable},
		{"unknown 5xx", inbox.Fault{Status: 503, Type: "Whatever", Message: "x"}, fault.Unavailable, ses.CodeUnavailable},
		{"unknown 429", inbox.Fault{Status: 429, Type: "Whatever", Message: "x"}, fault.RateLimited, ses.CodeThrottled},
		{"unknown 4xx", inbox.Fault{Status: 418, Type: "Whatever", Message: "x"}, fault.Internal, ses.CodeUnknown},
		{"no permission", inbox.Fault{Status: 403, Type: "AccessDeniedException", Message: "x"}, fault.Internal, ses.CodeMisconfigured},
		{"no configuration set", inbox.Fault{Status: 404, Type: "NotFoundException", Message: "x"}, fault.Internal, ses.CodeMisconfigured},
		{
			"sender not verified",
			inbox.Fault{Status: 400, Type: "MailFromDomainNotVerifiedException", Message: "loop@example.com"},
			fault.Forbidden, ses.CodeNotVerified,
		},
		{"bad request", inbox.Fault{Status: 400, Type: "BadRequestException", Message: "Missing final '@domain' secret@"}, fault.Invalid, ses.CodeRejected},
	}
	for _, tt := range tests {
		for _, when := range []inbox.When{inbox.Before, inbox.After} {
			t.Run(fmt.Sprintf("%s %d", tt.name, when), func(t *testing.T) {
				in := open(t, inbox.Config{})
				s := sender(t, in)
				in.FailNext(1, tt.fault, when)
				_, err := s.Send(t.Context(), message("m", "secret@example.org"))
				e, ok := errors.AsType[*fault.Error](err)
				if !ok || e.Kind != tt.kind || e.Code != tt.code {
					t.Fatalf("error = %v, want %v %s", err, tt.kind, tt.code)
				}
				if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "@") {
					t.Errorf("an address in %q", err)
				}
				list, lerr := in.List(0)
				if want := map[inbox.When]int{inbox.Before: 0, inbox.After: 1}[when]; lerr != nil || len(list) != want {
					t.Errorf("%d mails taken, %v; want %d", len(list), lerr, want)
				}
				if _, err := s.Send(t.Context(), message("m", "ana@example.org")); err != nil {
					t.Errorf("the next mail: %v", err)
				}
			})
		}
	}
}

func TestSandbox(t *testing.T) {
	in := open(t, inbox.Config{Sandbox: true, Verified: []string{"example.net", "Ana@example.org"}})
	s := sender(t, in)
	for to, ok := range map[string]bool{"any@example.net": true, "ana@example.org": true, "secret@example.org": false} {
		_, err := s.Send(t.Context(), message("m", to))
		if ok != (err == nil) {
			t.Errorf("%s: %v", to, err)
		}
		if err != nil && (!fault.Is(err, fault.Forbidden) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("error = %v", err)
		}
	}
	st, err := s.AccountStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := (ses.Status{Sandbox: true, Sending: true, Enforcement: "HEALTHY", Max24h: 200, MaxRate: 1}); st != want {
		t.Errorf("status = %+v, want %+v", st, want)
	}
	if !strings.Contains(st.Note(), "sandbox") {
		t.Errorf("note = %q", st.Note())
	}
	in.SetSandbox(false)
	if st, err = s.AccountStatus(t.Context()); err != nil || st.Sandbox || st.Note() != "" {
		t.Errorf("status = %+v, %v", st, err)
	}
}

func TestSimpleContentAndRefusals(t *testing.T) {
	text := &types.Content{Data: aws.String("Hello ü")}
	simple := func() *sesv2.SendEmailInput {
		return &sesv2.SendEmailInput{
			FromEmailAddress: aws.String("Loop <loop@example.com>"), Destination: &types.Destination{ToAddresses: []string{"Ana <ana@example.org>", "bo@example.org"}},
			Content: &types.EmailContent{Simple: &types.Message{Subject: &types.Content{Data: aws.String("S ü")}, Body: &types.Body{Text: text, Html: text}}},
		}
	}
	raw := func(s string) *sesv2.SendEmailInput {
		return &sesv2.SendEmailInput{Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(s)}}}
	}
	tests := []struct {
		name string
		in   func() *sesv2.SendEmailInput
		to   string // "" is refused
	}{
		{"simple", simple, "ana@example.org, bo@example.org"},
		{"recipients of the message itself", func() *sesv2.SendEmailInput {
			return raw("From: a@example.com\r\nTo: Ana <ana@example.org>\r\nCc: bo@example.org\r\n\r\nHi")
		}, "ana@example.org, bo@example.org"},
		{"bytes that are no UTF-8", func() *sesv2.SendEmailInput {
			return raw("From: a@example.com\r\nTo: ana@example.org\r\nSubject: \xff\r\n\r\n\xff")
		}, "ana@example.org"},
		{"no recipient", func() *sesv2.SendEmailInput { return raw("From: a@example.com\r\n\r\nHi") }, ""},
		{"no sender", func() *sesv2.SendEmailInput { return raw("To: a@example.com\r\n\r\nHi") }, ""},
		{"no message", func() *sesv2.SendEmailInput { return raw("") }, ""},
		{"no header", func() *sesv2.SendEmailInput { return raw("hello there\r\n\r\nHi") }, ""},
		{"no content", func() *sesv2.SendEmailInput { in := simple(); in.Content = &types.EmailContent{}; return in }, ""},
		{"a template", func() *sesv2.SendEmailInput {
			in := simple()
			in.Content = &types.EmailContent{Template: &types.Template{}}
			return in
		}, ""},
		{"bad address", func() *sesv2.SendEmailInput {
			in := simple()
			in.Destination.ToAddresses = []string{"ana"}
			return in
		}, ""},
		{"too many", func() *sesv2.SendEmailInput {
			in := simple()
			for i := range 50 {
				in.Destination.BccAddresses = append(in.Destination.BccAddresses, fmt.Sprintf("a%d@example.org", i))
			}
			return in
		}, ""},
		{"bad tag", func() *sesv2.SendEmailInput {
			in := simple()
			in.EmailTags = []types.MessageTag{{Name: aws.String("a:b"), Value: aws.String("c")}}
			return in
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			box := open(t, inbox.Config{})
			_, err := client(t, box).SendEmail(t.Context(), tt.in())
			list, lerr := box.List(0)
			if lerr != nil {
				t.Fatal(lerr)
			}
			if tt.to == "" {
				if _, ok := errors.AsType[*types.BadRequestException](err); !ok || len(list) != 0 {
					t.Errorf("error = %v, %d mails", err, len(list))
				}
				return
			}
			if err != nil || len(list) != 1 || list[0].To != tt.to {
				t.Errorf("error = %v, mails = %+v", err, list)
			}
		})
	}
}

func TestWithoutSignature(t *testing.T) {
	in := open(t, inbox.Config{})
	w := httptest.NewRecorder()
	in.API().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v2/email/outbound-emails", strings.NewReader("{}")))
	if w.Code != http.StatusForbidden || w.Header().Get("X-Amzn-ErrorType") != "MissingAuthenticationTokenException" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	in := open(t, inbox.Config{Dir: dir})
	s := sender(t, in)
	for i := range 3 {
		if _, err := s.Send(t.Context(), message(fmt.Sprint(i), "ana@example.org")); err != nil {
			t.Fatal(err)
		}
	}
	before, err := in.List(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	// What a crash may leave: a line of zeros in the middle, half a line at the end.
	f, err := os.OpenFile(filepath.Join(dir, inbox.FileName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\x00\x00\x00\n{\"at\":\"2025"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}

	in = open(t, inbox.Config{Dir: dir})
	after, err := in.List(0)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("after the restart (-want +got):\n%s", d)
	}
	if _, err := sender(t, in).Send(t.Context(), message("4", "bo@example.org")); err != nil {
		t.Fatal(err)
	}
	list, err := in.List(2)
	if err != nil || len(list) != 2 || list[0].To != "bo@example.org" || list[1].ID != before[0].ID {
		t.Errorf("List(2) = %v, %v", list, err)
	}
	if m, err := in.Get(list[0].ID); err != nil || m.To != "bo@example.org" {
		t.Errorf("Get = %v, %v", m.To, err)
	}
}

func TestConcurrent(t *testing.T) {
	in := open(t, inbox.Config{Dir: t.TempDir()})
	s := sender(t, in)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 10 {
				if _, err := s.Send(t.Context(), message(fmt.Sprintf("%d-%d", i, k), "ana@example.org")); err != nil {
					t.Error(err)
				}
				if _, err := in.List(5); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var got []map[string]any
	w := get(t, in, "/_local/mail.json")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	seen := map[any]bool{}
	for _, m := range got {
		seen[m["headers"].(map[string]any)["X-Loop-Mail-Id"]] = true
	}
	if len(seen) != 80 {
		t.Errorf("%d different mails, want 80", len(seen))
	}
}

func get(t *testing.T, in *inbox.Inbox, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	in.Pages().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}
