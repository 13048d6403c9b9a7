package oidclocal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
)

const (
	public   = "http://127.0.0.1:8080/stage"
	redirect = public + "/auth/callback"
	verifier = "a-verifier-of-at-least-forty-three-characters-x"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newIssuer(t *testing.T, file string) (*Issuer, *clock) {
	t.Helper()
	c := &clock{start}
	i, err := New(Config{URL: public + Path, ClientID: "local", RedirectURLs: []string{redirect}, KeyFile: file, Now: c.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return i, c
}

// refuses everything, so that a test sees what the Transport let through.
type nobody struct{}

func (nobody) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody there")
}

func TestTokenSurvivesARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "oidc.key")
	first, _ := newIssuer(t, file)
	token, err := first.Token(start)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file %v, %v", info, err)
	}

	// Discovery and keys come without any listener: that is what Transport is for.
	again, _ := newIssuer(t, file)
	ctx := oidc.ClientContext(t.Context(), &http.Client{Transport: again.Transport(nobody{})})
	provider, err := oidc.NewProvider(ctx, public+Path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := provider.Verifier(&oidc.Config{ClientID: "local", Now: func() time.Time { return start }}).Verify(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	var c claims
	if err := got.Claims(&c); err != nil {
		t.Fatal(err)
	}
	if got.Subject != DefaultStaff.Subject || c.TokenUse != "id" || c.Email != DefaultStaff.Email || cmp.Diff(DefaultStaff.Groups, c.Groups) != "" {
		t.Errorf("claims %+v", c)
	}
	if !got.Expiry.Equal(start.Add(TokenLife)) {
		t.Errorf("expires %v", got.Expiry)
	}
}

func TestTransportLeavesOthersAlone(t *testing.T) {
	i, _ := newIssuer(t, filepath.Join(t.TempDir(), "key"))
	client := http.Client{Transport: i.Transport(nobody{})}
	for _, address := range []string{"http://127.0.0.1:8081/stage" + Path + "/keys", public + "/_local/mail", public + Path + "x/keys"} {
		if resp, err := client.Get(address); err == nil || !strings.Contains(err.Error(), "nobody there") {
			t.Errorf("%s was answered here: %v", address, resp)
		}
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name string
		text string
		mode os.FileMode
		want string
	}{
		{"others may read it", "{}", 0o644, "chmod 600"},
		{"no key", "hello", 0o600, "read key"},
		{"a public key", `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`, 0o600, "no ECDSA private key"},
		{"a symmetric key", `{"kty":"oct","k":"AAAA"}`, 0o600, "no ECDSA private key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(dir, strings.ReplaceAll(tt.name, " ", "-"))
			if err := os.WriteFile(file, []byte(tt.text), tt.mode); err != nil {
				t.Fatal(err)
			}
			if _, err := loadKey(file, rand.Reader); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	for _, u := range []string{"", "/_local/oidc", "http://127.0.0.1:8080", "http://127.0.0.1:8080/_local/oidc/"} {
		if _, err := New(Config{URL: u, KeyFile: filepath.Join(t.TempDir(), "key"), Random: rand.Reader}); err == nil {
			t.Errorf("URL %q taken", u)
		}
	}
}

func challenge(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func request(change ...string) url.Values {
	q := url.Values{
		"client_id": {"local"}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid email"}, "state": {"s&1"},
		"nonce": {"n1"}, "code_challenge_method": {"S256"}, "code_challenge": {challenge(verifier)},
	}
	for k := 0; k < len(change); k += 2 {
		q.Set(change[k], change[k+1])
	}
	return q
}

func authorize(i *Issuer, q url.Values) *http.Response {
	w := httptest.NewRecorder()
	i.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/stage"+Path+"/authorize?"+q.Encode(), nil))
	return w.Result()
}

func TestAuthorizeRefuses(t *testing.T) {
	i, _ := newIssuer(t, filepath.Join(t.TempDir(), "key"))
	tests := []struct {
		name   string
		change []string
		want   string // the error sent back; "" for none sent anywhere
	}{
		{"another client", []string{"client_id", "x"}, ""},
		{"another redirect address", []string{"redirect_uri", "https://evil.example/auth/callback"}, ""},
		{"a longer redirect address", []string{"redirect_uri", redirect + "/../x"}, ""},
		{"no redirect address", []string{"redirect_uri", ""}, ""},
		{"implicit flow", []string{"response_type", "id_token"}, "unsupported_response_type"},
		{"not OpenID Connect", []string{"scope", "email"}, "invalid_scope"},
		{"no PKCE", []string{"code_challenge_method", ""}, "invalid_request"},
		{"plain PKCE", []string{"code_challenge_method", "plain"}, "invalid_request"},
		{"short challenge", []string{"code_challenge", "x"}, "invalid_request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := authorize(i, request(tt.change...))
			if tt.want == "" {
				if resp.StatusCode != http.StatusBadRequest || resp.Header.Get("Location") != "" {
					t.Errorf("status %d, to %s", resp.StatusCode, resp.Header.Get("Location"))
				}
				return
			}
			to, err := resp.Location()
			if err != nil || to.Query().Get("error") != tt.want || to.Query().Get("state") != "s&1" || to.Query().Has("code") {
				t.Errorf("to %v, %v", to, err)
			}
		})
	}
}

func TestToken(t *testing.T) {
	tests := []struct {
		name   string
		change []string
		wait   time.Duration
		twice  bool
		want   string
	}{
		{name: "as it should be"},
		{name: "another verifier", change: []string{"code_verifier", verifier + "x"}, want: "invalid_grant"},
		{name: "no verifier", change: []string{"code_verifier", ""}, want: "invalid_grant"},
		{name: "another redirect address", change: []string{"redirect_uri", "x"}, want: "invalid_grant"},
		{name: "no such code", change: []string{"code", "x"}, want: "invalid_grant"},
		{name: "another client", change: []string{"client_id", "x"}, want: "invalid_client"},
		{name: "another grant", change: []string{"grant_type", "password"}, want: "unsupported_grant_type"},
		{name: "too late", wait: codeLife, want: "invalid_grant"},
		{name: "used before", twice: true, want: "invalid_grant"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i, c := newIssuer(t, filepath.Join(t.TempDir(), "key"))
			to, err := authorize(i, request()).Location()
			if err != nil {
				t.Fatal(err)
			}
			f := url.Values{"grant_type": {"authorization_code"}, "client_id": {"local"}, "redirect_uri": {redirect}, "code": {to.Query().Get("code")}, "code_verifier": {verifier}}
			for k := 0; k < len(tt.change); k += 2 {
				f.Set(tt.change[k], tt.change[k+1])
			}
			c.now = c.now.Add(tt.wait)
			post := func() map[string]any {
				r := httptest.NewRequest(http.MethodPost, Path+"/token", strings.NewReader(f.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				w := httptest.NewRecorder()
				i.ServeHTTP(w, r)
				var got map[string]any
				if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
					t.Fatalf("%v in %s", err, w.Body)
				}
				return got
			}
			got := post()
			if tt.twice {
				got = post()
			}
			if code, _ := got["error"].(string); code != tt.want {
				t.Errorf("answered %v", got)
			}
			if _, ok := got["id_token"].(string); ok != (tt.want == "") {
				t.Errorf("token: %v", ok)
			}
		})
	}
}

func TestCodesAreBounded(t *testing.T) {
	i, c := newIssuer(t, filepath.Join(t.TempDir(), "key"))
	for range 3 * maxCodes {
		c.now = c.now.Add(time.Millisecond)
		authorize(i, request())
	}
	if len(i.codes) != maxCodes {
		t.Errorf("%d codes wait", len(i.codes))
	}
	c.now = c.now.Add(codeLife)
	if authorize(i, request()); len(i.codes) != 1 {
		t.Errorf("%d codes wait after their time", len(i.codes))
	}
}

func TestElsewhere(t *testing.T) {
	i, _ := newIssuer(t, filepath.Join(t.TempDir(), "key"))
	for _, target := range []string{"/", "/keys", Path, Path + "/nothing"} {
		w := httptest.NewRecorder()
		i.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		if w.Code != http.StatusNotFound {
			body, _ := io.ReadAll(w.Body)
			t.Errorf("%s: %d %s", target, w.Code, body)
		}
	}
}
