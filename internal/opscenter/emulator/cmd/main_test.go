package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

func TestBadFlags(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string // a part of the error
	}{
		{"caller", []string{"-caller", "A"}, "ACCESS-KEY-ID=ARN"},
		{"account", []string{"-account", "five"}, "12 digits"},
		{"Region", []string{"-region", "moon"}, "not an AWS Region"},
		{"address", []string{"-addr", "127.0.0.1:99999"}, "listen"},
		{"flag", []string{"-colour"}, "colour"},
		{"a word that is no flag", []string{"start"}, `"start" is no flag`},
		{"a quota that is none", []string{"-quota", "colour=1"}, "NAME=N"},
		{"a quota without a number", []string{"-quota", "tags"}, "NAME=N"},
		{"a quota of nothing", []string{"-quota", "tags=0"}, "NAME=N"},
		{"a file that cannot be", []string{"-events", "no/such/folder/events"}, "no such file"},
		{"another one", []string{"-events", "-", "-notifications", "no/such/folder/events"}, "no such file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := run(t.Context(), append([]string{"-addr", "127.0.0.1:0"}, tc.args...), io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// running is the command, running.
type running struct {
	t      *testing.T
	url    string
	stdout *lines
	cancel context.CancelFunc
	done   chan error
}

// lines collects what is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write takes from several goroutines.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p) // a buffer takes everything
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

var endpoint = regexp.MustCompile(`endpoint=(http://\S+)`)

// start runs the command with args on some port.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	r := &running{t: t, stdout: new(lines), cancel: cancel, done: make(chan error, 1)}
	go func() {
		err := run(ctx, append(args, "-addr", "127.0.0.1:0"), r.stdout, in) // the last -addr counts
		in.CloseWithError(io.EOF)
		r.done <- err
	}()
	t.Cleanup(func() { cancel(); _ = r.stop() })
	said := bufio.NewScanner(out)
	for said.Scan() {
		if m := endpoint.FindStringSubmatch(said.Text()); m != nil {
			r.url = m[1]
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return r
		}
	}
	t.Fatalf("it does not run: %v", r.stop())
	return nil
}

// stop ends it as a signal would.
func (r *running) stop() error {
	r.cancel()
	err := <-r.done
	r.done <- err
	return err
}

func (r *running) client(accessKey string) *ssm.Client {
	return ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(r.url), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: "any"}, nil
		}),
	})
}

// create makes an OpsItem that names a topic.
func (r *running) create(accessKey string, tags ...types.Tag) (string, error) {
	out, err := r.client(accessKey).CreateOpsItem(r.t.Context(), &ssm.CreateOpsItemInput{
		Title: aws.String("Checkout answers slowly"), Description: aws.String("d"), Source: aws.String("LearningLoop"), Tags: tags,
		Notifications: []types.OpsItemNotification{{Arn: aws.String("arn:aws:sns:us-east-1:000000000000:ops")}},
	})
	if err != nil {
		return "", err // the SDK's own
	}
	return *out.OpsItemId, nil
}

func (r *running) mustCreate(accessKey string) string {
	r.t.Helper()
	id, err := r.create(accessKey)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *running) read(id string) (*types.OpsItem, error) {
	out, err := r.client("AKID").GetOpsItem(r.t.Context(), &ssm.GetOpsItemInput{OpsItemId: &id})
	if err != nil {
		return nil, err // the SDK's own
	}
	return out.OpsItem, nil
}

// get opens a page under another name for the host, or its own where host is "".
func (r *running) get(method, path, host string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Host = host
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// One address answers AWS's SDKs and people, by the names of this machine and those it is told.
func TestServes(t *testing.T) {
	r := start(t, "-host", "opscenter")
	id := r.mustCreate("AKID")
	for _, tc := range []struct {
		name, method, path, host string
		status                   int
		text                     string
	}{
		{name: "the console", method: "GET", path: consolePath, status: 200, text: id},
		{name: "an item", method: "GET", path: consolePath + "/items/" + id, status: 200, text: "Checkout answers slowly"},
		{name: "the faults", method: "GET", path: "/_opscenter/faults", status: 200, text: `"next":[]`},
		{name: "no operation", method: "GET", path: "/", status: 400, text: "UnknownOperationException"},
		{name: "no path of AWS's", method: "POST", path: "//", status: 400, text: "UnknownOperationException"},
		{name: "by name", method: "GET", path: consolePath, host: "localhost:8081", status: 200},
		{name: "by an address", method: "GET", path: consolePath, host: "192.0.2.1:8081", status: 200},
		{name: "by a long address", method: "GET", path: consolePath, host: "[::1]", status: 200},
		{name: "by the name it was told", method: "GET", path: consolePath, host: "OpsCenter:8081", status: 200},
		{name: "by a name that points here", method: "GET", path: consolePath, host: "evil.example:8081", status: 421, text: "evil.example; -host adds one"},
		{name: "the endpoint likewise", method: "POST", path: "/", host: "evil.example", status: 421},
		{name: "the faults likewise", method: "DELETE", path: "/_opscenter/faults", host: "localhost.evil.example", status: 421},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if status, text := r.get(tc.method, tc.path, tc.host); status != tc.status || !strings.Contains(text, tc.text) {
				t.Errorf("%d %.300s, want %d %q", status, text, tc.status, tc.text)
			}
		})
	}
}

func TestFlags(t *testing.T) {
	limited := func(t *testing.T, err error, limitType string) {
		t.Helper()
		if e, ok := errors.AsType[*types.OpsItemLimitExceededException](err); !ok || aws.ToString(e.LimitType) != limitType {
			t.Errorf("%v, want %s", err, limitType)
		}
	}
	t.Run("dir", func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, "-dir", dir)
		id := r.mustCreate("AKID")
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := start(t, "-dir", dir).read(id); err != nil {
			t.Error(err)
		}
		if _, err := start(t).read(id); code(err) != "OpsItemNotFoundException" {
			t.Errorf("without it: %v", err)
		}
	})
	t.Run("account and Region", func(t *testing.T) {
		r := start(t, "-account", "111122223333")
		it, err := r.read(r.mustCreate("AKID"))
		if err != nil || *it.CreatedBy != "arn:aws:iam::111122223333:user/AKID" {
			t.Errorf("%+v, %v", it, err)
		}
		if _, err := start(t, "-region", "eu-west-1").create("AKID"); code(err) != "InvalidSignatureException" {
			t.Error(err)
		}
	})
	t.Run("callers", func(t *testing.T) {
		r := start(t, "-caller", "A=arn:a", "-caller", "B=arn:b=c")
		for key, want := range map[string]string{"A": "arn:a", "B": "arn:b=c", "C": "arn:aws:iam::000000000000:user/C"} {
			if it, err := r.read(r.mustCreate(key)); err != nil || *it.CreatedBy != want {
				t.Errorf("%+v, %v, want %s", it, err, want)
			}
		}
	})
	t.Run("rate", func(t *testing.T) {
		r := start(t, "-rate", "0.001", "-burst", "2")
		var codes []string
		for range 3 {
			_, err := r.create("AKID")
			codes = append(codes, code(err))
		}
		if got := strings.Join(codes, " "); got != "  ThrottlingException" {
			t.Errorf("%q", got)
		}
	})
	t.Run("quotas", func(t *testing.T) {
		r := start(t, "-monthly", "1")
		r.mustCreate("AKID")
		_, err := r.create("AKID")
		limited(t, err, "OpsItemsPerMonth")
		r = start(t, "-total", "1")
		r.mustCreate("AKID")
		_, err = r.create("AKID")
		limited(t, err, "OpsItemsPerAccount")
		two := []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}
		if _, err := start(t, "-quota", "tags=2").create("AKID", two...); err != nil {
			t.Error(err)
		}
		if _, err := start(t, "-quota", "tags=1").create("AKID", two...); code(err) != "OpsItemInvalidParameterException" {
			t.Error(err)
		}
	})
	t.Run("deletion delay", func(t *testing.T) {
		for delay, want := range map[string]string{"1h": "", "0": "OpsItemNotFoundException", "-1s": "OpsItemNotFoundException"} {
			r := start(t, "-deletion-delay", delay)
			id := r.mustCreate("AKID")
			if _, err := r.client("AKID").DeleteOpsItem(t.Context(), &ssm.DeleteOpsItemInput{OpsItemId: &id}); err != nil {
				t.Fatal(err)
			}
			if _, err := r.read(id); code(err) != want {
				t.Errorf("%s: %v, want %q", delay, err, want)
			}
		}
	})
	t.Run("clock skew", func(t *testing.T) {
		late := func(in *http.Request) {
			in.Header.Set("X-Amz-Date", "20200101T000000Z")
			in.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=A/20200101/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
		}
		for skew, want := range map[string]int{"0": 200, "5m": 400} {
			r := start(t, "-clock-skew", skew)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			req.Header.Set("X-Amz-Target", "AmazonSSM.DescribeOpsItems")
			late(req)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Body.Close(); resp.StatusCode != want {
				t.Errorf("%s: %s, want %d", skew, resp.Status, want)
			}
		}
	})
	t.Run("operator", func(t *testing.T) {
		r := start(t, "-operator", "arn:me")
		id := r.mustCreate("AKID")
		resp, err := http.PostForm(r.url+consolePath+"/bulk", url.Values{"id": {id}, "action": {"resolve"}, "sure": {"yes"}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if it, err := r.read(id); err != nil || *it.LastModifiedBy != "arn:me" {
			t.Errorf("%+v, %v", it, err)
		}
	})
}

// What OpsCenter sends elsewhere arrives where the flags say: at a URL, in a file, on standard output.
func TestSinks(t *testing.T) {
	var got lines
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(&got, req.Body) // the test fails without it
		_, _ = io.WriteString(&got, "\n")
		if req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %v", req.Method, req.Header)
		}
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "lines")
	for _, tc := range []struct {
		name string
		to   string
		text func(r *running) string
	}{
		{"a URL", server.URL, func(*running) string { return got.text() }},
		{"a file", file, func(*running) string {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
			}
			return string(text)
		}},
		{"standard output", "-", func(r *running) string { return r.stdout.text() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := start(t, "-events", tc.to, "-notifications", tc.to)
			id := r.mustCreate("AKID")
			if err := r.stop(); err != nil { // what is under way is handed over
				t.Fatal(err)
			}
			all := strings.Split(strings.TrimSuffix(tc.text(r), "\n"), "\n")
			if len(all) != 2 {
				t.Fatalf("%d lines, want an event and a notification: %q", len(all), all)
			}
			var event struct {
				DetailType string `json:"detail-type"`
				Detail     struct {
					ID string `json:"ops-item-id"`
				}
			}
			if err := json.Unmarshal([]byte(all[0]), &event); err != nil || event.DetailType != "OpsItem Create" || event.Detail.ID != id {
				t.Errorf("%s, %v", all[0], err)
			}
			var note map[string]string
			if err := json.Unmarshal([]byte(all[1]), &note); err != nil {
				t.Fatal(err)
			}
			message := note["Message"]
			delete(note, "Message")
			want := map[string]string{"TopicArn": "arn:aws:sns:us-east-1:000000000000:ops", "Subject": "Checkout answers slowly", "OpsItemId": id}
			if diff := cmp.Diff(want, note); diff != "" || !strings.Contains(message, id) {
				t.Errorf("%s %s", message, diff)
			}
		})
	}
}

// A receiver that refuses or is not there loses what it was sent, and nothing else.
func TestDeafSinks(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for _, to := range []string{server.URL, "http://127.0.0.1:1/"} {
		s, err := openSink(to, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.send(t.Context(), []byte("{}")); err == nil {
			t.Errorf("%s took it", to)
		}
	}
	start(t, "-events", server.URL).mustCreate("AKID")
}

// An answer that is delayed on purpose does not hold up the end, and is no answer then.
func TestStopDuringDelay(t *testing.T) {
	r := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.url+"/_opscenter/faults", strings.NewReader(`{"latency":{"*":"5m"}}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	answered := make(chan error, 1)
	go func() {
		_, err := r.create("AKID")
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Fatalf("not delayed: %v", err)
	case <-time.After(100 * time.Millisecond): // on its way
	}
	began := time.Now()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > shutdownTimeout/2 {
		t.Errorf("took %s", took)
	}
	if err := <-answered; err == nil || code(err) != "" {
		t.Errorf("answered with %v", err)
	}
}
