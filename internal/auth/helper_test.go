package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"learningloop/internal/fault"
)

const (
	issuerURL = "https://issuer.example.com/pool"
	publicURL = "https://loop.example.com/prod"
	clientID  = "client-1"
)

var (
	start   = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	testKey = []byte("0123456789abcdef0123456789abcdef")
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fakeIssuer is an issuer with whatever keys, and faults, a test gives it.
type fakeIssuer struct {
	mu    sync.Mutex
	keys  []jose.JSONWebKey
	fail  int // status to answer with; -1 for no answer
	asked map[string]int
	token func(*http.Request) (int, map[string]any) // the token endpoint
}

func (f *fakeIssuer) set(fail int, keys ...jose.JSONWebKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail, f.keys = fail, keys
}

func (f *fakeIssuer) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[path]
}

func (f *fakeIssuer) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked == nil {
		f.asked = map[string]int{}
	}
	f.asked[r.URL.Path]++
	w := httptest.NewRecorder()
	switch {
	case f.fail == -1:
		return nil, errors.New("connection refused")
	case f.fail != 0:
		w.WriteHeader(f.fail)
	case r.URL.Path == "/pool/.well-known/openid-configuration":
		write(w, map[string]any{
			"issuer": issuerURL, "authorization_endpoint": issuerURL + "/authorize", "token_endpoint": issuerURL + "/token",
			"jwks_uri": issuerURL + "/keys", "end_session_endpoint": issuerURL + "/logout",
			// An issuer that offers weak algorithms must not weaken us.
			"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
		})
	case r.URL.Path == "/pool/keys":
		set := jose.JSONWebKeySet{}
		for _, k := range f.keys {
			set.Keys = append(set.Keys, k.Public())
		}
		write(w, set)
	case r.URL.Path == "/pool/token" && f.token != nil:
		status, body := f.token(r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		write(w, body)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	return w.Result(), nil
}

func write(w io.Writer, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}

func newKey(t *testing.T, kid string) jose.JSONWebKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: k, KeyID: kid, Algorithm: "ES256", Use: "sig"}
}

// sign makes a token of the claims; typ "" leaves the header out.
func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, typ string, claims map[string]any) string {
	t.Helper()
	opts := &jose.SignerOptions{}
	if typ != "" {
		opts = opts.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// idClaims are those of a good token, changed; nil removes.
func idClaims(change map[string]any) map[string]any {
	c := map[string]any{
		"iss": issuerURL, "aud": clientID, "sub": "u-1", "iat": start.Unix(), "exp": start.Add(time.Hour).Unix(), "token_use": "id",
		"email": "mary.major@example.com", "email_verified": true, "name": "Mary Major", "cognito:groups": []string{"other", "member"},
	}
	maps.Copy(c, change)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func newAuth(t *testing.T, rt http.RoundTripper, change ...func(*Config)) (*Auth, *clock) {
	t.Helper()
	c := &clock{now: start}
	cfg := Config{Issuer: issuerURL, ClientID: clientID, PublicURL: publicURL, Key: testKey, Now: c.Now, Random: rand.Reader, Transport: rt}
	for _, f := range change {
		f(&cfg)
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

// check holds an error to its kind and code, and to never carrying the token.
func check(t *testing.T, err error, kind fault.Kind, code, token string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != kind || f.Code != code {
		t.Errorf("error %v (%v), want %s %s", err, fault.KindOf(err), kind, code)
		return
	}
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 20 && strings.Contains(err.Error(), part) {
			t.Errorf("the error holds a part of the token: %v", err)
		}
	}
}

// soon tries f until it gives no error. A key set hands the answer of a call to whoever asks while that call is being put
// away, so right after one that found nothing the next may find nothing either.
func soon(t *testing.T, f func() error) error {
	t.Helper()
	var err error
	for range 200 {
		if err = f(); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}
