package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"learningloop/internal/fault"
)

// What the issuer answers to a code is looked at as any token is, and must belong to the sign-in.
func TestExchange(t *testing.T) {
	key := newKey(t, "k1")
	idToken := func(change map[string]any) func(string) (int, map[string]any) {
		return func(nonce string) (int, map[string]any) {
			c := idClaims(map[string]any{"nonce": nonce})
			maps.Copy(c, change)
			return 200, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": sign(t, jose.ES256, key, "JWT", c)}
		}
	}
	tests := []struct {
		name   string
		answer func(nonce string) (int, map[string]any)
		secret func(context.Context) (string, error)
		status int
	}{
		{"good", idToken(nil), nil, 303},
		{"good, with a secret", idToken(nil), func(context.Context) (string, error) { return "s3cret", nil }, 303},
		{"a secret that cannot be had", idToken(nil), func(context.Context) (string, error) { return "", errors.New("denied") }, 500},
		{"a token of another sign-in", idToken(map[string]any{"nonce": "other"}), nil, 401},
		{"a token without nonce", idToken(map[string]any{"nonce": ""}), nil, 401},
		{"a token for another client", idToken(map[string]any{"aud": "client-2"}), nil, 401},
		{"an old token", idToken(map[string]any{"exp": start.Unix() - 3600}), nil, 401},
		{"somebody who is not staff", idToken(map[string]any{"cognito:groups": []string{}}), nil, 403},
		{"no ID token", func(string) (int, map[string]any) { return 200, map[string]any{"access_token": "a"} }, nil, 401},
		{"the code is refused", func(string) (int, map[string]any) { return 400, map[string]any{"error": "invalid_grant"} }, nil, 401},
		{"the issuer fails", func(string) (int, map[string]any) { return 502, nil }, nil, 503},
		{"the issuer is busy", func(string) (int, map[string]any) { return 429, nil }, nil, 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fakeIssuer{}
			f.set(0, key)
			a, _ := newAuth(t, f, func(c *Config) { c.ClientSecret = tt.secret })
			mux := http.NewServeMux()
			a.Register(mux)

			began := httptest.NewRecorder()
			mux.ServeHTTP(began, httptest.NewRequest(http.MethodGet, LoginPath+"?return=/team/x", nil))
			to, err := url.Parse(began.Header().Get("Location"))
			if err != nil {
				t.Fatal(err)
			}
			asked := to.Query()
			if asked.Get("redirect_uri") != publicURL+CallbackPath || asked.Get("code_challenge_method") != "S256" || asked.Get("scope") != "openid email profile" || asked.Has("client_secret") {
				t.Errorf("asked %v", asked)
			}
			f.token = func(r *http.Request) (int, map[string]any) {
				sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
				if base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || r.FormValue("code") != "c-1" || r.FormValue("redirect_uri") != publicURL+CallbackPath {
					t.Errorf("exchanged with %v", r.Form)
				}
				user, secret, basic := r.BasicAuth()
				if tt.secret != nil && (user != clientID || secret != "s3cret") || tt.secret == nil && (basic || r.FormValue("client_id") != clientID) {
					t.Errorf("as client %q, basic %v", user, basic)
				}
				return tt.answer(asked.Get("nonce"))
			}
			r := httptest.NewRequest(http.MethodGet, CallbackPath+"?code=c-1&state="+asked.Get("state"), nil)
			for _, c := range began.Result().Cookies() {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			var session *http.Cookie
			for _, c := range w.Result().Cookies() {
				if c.Name == a.name(sessionCookie) {
					session = c
				}
			}
			if (session != nil) != (tt.status == 303) {
				t.Errorf("session %v", session)
			}
			if tt.status == 303 && w.Header().Get("Location") != publicURL+"/team/x" {
				t.Errorf("sent to %s", w.Header().Get("Location"))
			}
		})
	}
}

func TestPlainFail(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{"ours", fault.New(fault.Forbidden, "x", "Not for you."), 403, "Not for you.\n"},
		{"unknown, of which nothing is told", errors.New("dial 10.0.0.1: secret"), 500, "Something went wrong.\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			plain(w, nil, tt.err)
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("%d %q", w.Code, w.Body)
			}
		})
	}
}
