package awsenv

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"learningloop/internal/config"
	"learningloop/internal/fault"
	"learningloop/internal/opsitem"
)

// env points AWS's SDK at a server, and at nothing else.
func env(t *testing.T, h http.HandlerFunc) (Env, *int) {
	t.Helper()
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { calls++; h(w, r) }))
	t.Cleanup(srv.Close)
	for k, v := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": srv.URL,
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(k, v)
	}
	e, err := Start(t.Context(), config.Common{Stage: "test", TableName: "loop", PublicURL: "https://loop.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return e, &calls
}

const literal = "0123456789abcdef0123456789abcdef"

func TestStartCallsNobody(t *testing.T) {
	e, calls := env(t, func(http.ResponseWriter, *http.Request) {})
	if e.Store == nil || e.Log == nil || e.Metrics == nil || e.AWS.Region != "us-east-1" || e.Center("") == nil || *calls != 0 {
		t.Errorf("%+v, %d calls", e, *calls)
	}
	if _, err := e.Tokens(t.Context(), config.TokenKey{Literal: literal}); err != nil || *calls != 0 {
		t.Errorf("a key at hand: %v, %d calls", err, *calls)
	}
}

func TestTokensFromSecretsManager(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:key"
	e, calls := env(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("X-Amz-Target"); got != "secretsmanager.GetSecretValue" {
			t.Errorf("asked for %s", got)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = w.Write([]byte(`{"SecretString":"` + literal + `"}`))
	})
	got, err := e.Tokens(t.Context(), config.TokenKey{SecretARN: arn})
	if err != nil || *calls != 1 {
		t.Fatalf("%v, %d calls", err, *calls)
	}
	want, err := e.Tokens(t.Context(), config.TokenKey{Literal: literal})
	if err != nil || got.Sign("s", "x") != want.Sign("s", "x") {
		t.Errorf("another key: %v", err)
	}
}

func TestTokensThatAreNot(t *testing.T) {
	e, _ := env(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"ResourceNotFoundException","message":"x"}`))
	})
	if _, err := e.Tokens(t.Context(), config.TokenKey{SecretARN: "arn:x"}); err == nil {
		t.Error("no secret, and a key")
	}
	if _, err := e.Tokens(t.Context(), config.TokenKey{Literal: "short"}); err == nil || strings.Contains(err.Error(), "short\"") {
		t.Errorf("a short key: %v", err)
	}
}

// OpsCenter is asked once: retries are the stored orders', and doubled they would be storms.
func TestCenterTriesOnce(t *testing.T) {
	e, calls := env(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"ThrottlingException","message":"Rate exceeded"}`))
	})
	var center opsitem.Center = e.Center("arn:aws:sns:us-east-1:111122223333:ops")
	if _, err := center.Get(t.Context(), "oi-000000000001"); !fault.Is(err, fault.RateLimited) || *calls != 1 {
		t.Errorf("%v after %d calls", err, *calls)
	}
}

func TestRandom(t *testing.T) {
	form, seen := regexp.MustCompile(`^[0-9a-f]{32}$`), map[string]bool{}
	for range 1000 {
		r := Random()
		if !form.MatchString(r) || seen[r] {
			t.Fatalf("%q", r)
		}
		seen[r] = true
	}
	if Transport() == nil {
		t.Error("no way out")
	}
}
