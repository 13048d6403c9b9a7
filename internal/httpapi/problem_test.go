package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

const secret = "dynamodb: connection to 10.0.0.7 refused"

// Clients read these: a change of a golden file is a change of the API.
func TestProblems(t *testing.T) {
	tests := []struct {
		name string // and the golden file's
		err  error
	}{
		{"invalid-fields", fault.Fields(fault.Field{Pointer: "/text", Detail: "is required"}, fault.Field{Pointer: "/a~1b", Detail: "<b>is</b> not a field here"})},
		{"invalid", fault.Wrap(fault.Invalid, "idempotency_key_reused", "Use a new key.", errors.New(secret))},
		{"malformed-json", DecodeJSON([]byte(`{"a":`), &body{})},
		{"body-too-large", fault.New(fault.Invalid, "body_too_large", "The body is larger than 4 bytes.")},
		{"invalid-utf8", errUTF8},
		{"unsupported-media", fault.New(fault.Invalid, "unsupported_media", "Send application/json.")},
		{"method-not-allowed", fault.New(fault.Invalid, "method_not_allowed", "This path takes: GET.")},
		{"precondition-failed", fault.New(fault.Conflict, "precondition_failed", "It changed.")},
		{"unauthenticated", fault.New(fault.Unauthenticated, "bad_token", "This link or token is not valid.")},
		{"forbidden", fault.New(fault.Forbidden, "role_needed", "This needs the role admin.")},
		{"not-found", fmt.Errorf("load it: %w", fault.New(fault.NotFound, "unknown_feedback", "There is no such feedback."))},
		{"conflict", fault.New(fault.Conflict, "wrong_status", "It is shipped.")},
		{"rate-limited", fault.New(fault.RateLimited, "slow_down", "Too many at once.")},
		{"unavailable", fault.Wrap(fault.Unavailable, "table_unavailable", "The store does not answer.", errors.New(secret))},
		{"cancelled", fmt.Errorf("query %s: %w", secret, context.Canceled)},
		{"internal", fault.Wrap(fault.Internal, "newer_schema", secret, errors.New(secret))},
		{"unknown", errors.New(secret)},
		{"unset", &fault.Error{Code: "odd", Msg: secret}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/feedback/secret-token", nil)
			r = r.WithContext(context.WithValue(r.Context(), requestIDKey, "req-12345678"))
			w := httptest.NewRecorder()
			WriteProblem(w, r, tt.err)
			var doc map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			if doc["status"] != float64(w.Code) || doc["title"] != http.StatusText(w.Code) {
				t.Errorf("answered %d with %v %v", w.Code, doc["status"], doc["title"])
			}
			var got bytes.Buffer
			fmt.Fprintf(&got, "%d\n", w.Code)
			for _, h := range []string{"Cache-Control", "Content-Type", "Retry-After", "Www-Authenticate"} {
				if v := w.Header().Get(h); v != "" {
					fmt.Fprintf(&got, "%s: %s\n", h, v)
				}
			}
			indented, err := json.MarshalIndent(doc, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got.Write(append(indented, '\n'))
			if strings.Contains(got.String(), secret) || strings.Contains(got.String(), "secret-token") {
				t.Errorf("it tells what is inside: %s", &got)
			}
			file := filepath.Join("testdata", tt.name+".txt")
			if *update {
				if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, got.Bytes(), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; go test -update writes it", err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("(-golden +now):\n%s", d)
			}
		})
	}
}

// Every kind has a status of its own, so that nothing falls through.
func TestEveryKindHasAStatus(t *testing.T) {
	for k := fault.Invalid; k <= fault.Internal; k++ {
		if s := Status(fault.New(k, "x", "x")); s < 400 {
			t.Errorf("%s: %d", k, s)
		}
	}
	if s := Status(errors.New("x")); s != http.StatusInternalServerError {
		t.Errorf("unknown: %d", s)
	}
	// A code that has a status of its own does not give it to an error of ours.
	if s := Status(fault.New(fault.Internal, "body_too_large", "")); s != http.StatusInternalServerError {
		t.Errorf("internal: %d", s)
	}
}

func TestWriteJSON(t *testing.T) {
	w := httptest.NewRecorder()
	WriteJSON(w, http.StatusCreated, map[string]string{"a": "<b>"})
	if w.Code != http.StatusCreated || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if strings.Contains(w.Body.String(), "<b>") {
		t.Errorf("a browser that guesses would see markup: %s", w.Body)
	}
	w = httptest.NewRecorder()
	w.Header().Set("Cache-Control", "max-age=60")
	WriteJSON(w, http.StatusOK, 1)
	if got := w.Header().Get("Cache-Control"); got != "max-age=60" {
		t.Errorf("Cache-Control %q", got)
	}
}

func TestBearer(t *testing.T) {
	tests := []struct{ header, want string }{
		{"Bearer abc", "abc"}, {"bearer abc", "abc"}, {"BEARER  abc ", "abc"}, {"Basic abc", ""}, {"Bearer", ""}, {"", ""}, {"abc", ""}, {"Bearerabc", ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Authorization", tt.header)
		if got := Bearer(r); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.header, got, tt.want)
		}
	}
}

// The log line says what was asked by its pattern: paths, queries and headers of customers carry their tokens.
func TestLogLine(t *testing.T) {
	const token = "f-k3v9q2xa-0123.TOPSECRET"
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /s/{token}", ok)
	mux.HandleFunc("POST /s/{token}/edit", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("GET /t/{token}/", ok)
	mux.HandleFunc("GET /v1/feedback/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK) // too late
		if RequestID(r.Context()) == "" {
			t.Error("the request has no id")
		}
	})
	tests := []struct {
		name, method, target string
		route                string
		status               int
		level                string
	}{
		{"usual", http.MethodGet, "/healthz", "GET /healthz", 200, "INFO"},
		{"a page with a token", http.MethodGet, "/s/" + token, "GET /s/{token}", 200, "INFO"},
		{"a failure", http.MethodPost, "/s/" + token + "/edit?token=" + token, "POST /s/{token}/edit", 500, "ERROR"},
		{"no route", http.MethodGet, "/nowhere/" + token, "", 404, "INFO"},
		{"another method", http.MethodPut, "/s/" + token, "", 405, "INFO"},
		{"a redirect to a clean path", http.MethodGet, "/s//" + token, "GET /s/{token}", 307, "INFO"},
		{"a redirect to a slash", http.MethodGet, "/t/" + token, "GET /t/{token}/", 307, "INFO"},
		{"a redirect to a clean path and a slash", http.MethodGet, "/x/../t//" + token, "GET /t/{token}/", 307, "INFO"},
		{"the first status counts", http.MethodGet, "/v1/feedback/" + token, "GET /v1/feedback/{id}", 418, "INFO"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var lines bytes.Buffer
			at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
			clock := func() time.Time { at = at.Add(time.Millisecond); return at }
			h := Logged(slog.New(slog.NewJSONHandler(&lines, nil)), clock, func() string { return "made-here" }, mux, mux)
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, strings.NewReader(token))
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("X-Request-Id", token) // of no form an id has
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if strings.Contains(lines.String(), "TOPSECRET") {
				t.Errorf("the token is in the log: %s", &lines)
			}
			var got map[string]any
			if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
				t.Fatalf("not one line: %v\n%s", err, &lines)
			}
			delete(got, "time")
			status := float64(tt.status)
			if tt.status == 307 && got["status"] == float64(301) {
				status = 301 // older releases of Go redirect so
			}
			want := map[string]any{
				"level": tt.level, "msg": "request", "request_id": "made-here", "route": tt.route, "method": tt.method, "status": status, "took": float64(time.Millisecond),
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got := w.Header().Get("X-Request-Id"); got != "made-here" {
				t.Errorf("X-Request-Id %q", got)
			}
		})
	}
}

// The gateway's own id is kept, so that its log and ours are one story.
func TestRequestIDs(t *testing.T) {
	tests := []struct{ name, sent, want string }{
		{"the gateway's", "8f14e45f-ceea-467f-9d3c-1b2a3c4d5e6f", "8f14e45f-ceea-467f-9d3c-1b2a3c4d5e6f"},
		{"none", "", "made-here"},
		{"too short", "1234567", "made-here"},
		{"too long", strings.Repeat("a", 65), "made-here"},
		{"a line break", "12345678\n{\"level\":\"ERROR\"}", "made-here"},
		{"markup", "<script>alert(1)</script>", "made-here"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mux := http.NewServeMux()
			var inside string
			mux.HandleFunc("GET /", func(_ http.ResponseWriter, r *http.Request) { inside = RequestID(r.Context()) })
			h := Logged(slog.New(slog.DiscardHandler), time.Now, func() string { return "made-here" }, mux, mux)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.Header["X-Request-Id"] = []string{tt.sent}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if inside != tt.want || w.Header().Get("X-Request-Id") != tt.want {
				t.Errorf("inside %q, answered %q, want %q", inside, w.Header().Get("X-Request-Id"), tt.want)
			}
		})
	}
	if got := RequestID(t.Context()); got != "" {
		t.Errorf("outside of a request: %q", got)
	}
}
