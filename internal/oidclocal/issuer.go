package oidclocal

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Lifetimes. A token lasts a working day, so that a script begun in the morning still runs in the evening.
const (
	TokenLife = 12 * time.Hour
	codeLife  = time.Minute
	maxCodes  = 100 // waiting at once; the oldest gives way
)

// Path is where the issuer is mounted: its URL is that of the process plus Path.
const Path = "/_local/oidc"

// Staff is the one member whom the issuer vouches for.
type Staff struct {
	Subject string
	Email   string
	Name    string
	Groups  []string // as Cognito has them: "admin", "member", "leadership"
}

// DefaultStaff may do everything.
var DefaultStaff = Staff{Subject: "local-staff", Email: "staff@example.com", Name: "Local staff", Groups: []string{"admin"}}

// Config is what an Issuer needs; all of it is required but Staff, which is DefaultStaff where it has no Subject.
type Config struct {
	URL          string // the issuer: PUBLIC_URL + Path
	ClientID     string
	RedirectURLs []string // where authorize may send a browser, exactly
	KeyFile      string   // made where it does not exist, readable to its owner only
	Staff        Staff
	Now          func() time.Time
	Random       io.Reader
}

// Issuer is the issuer: an http.Handler to be mounted at Path + "/". It is safe for concurrent use.
type Issuer struct {
	cfg    Config
	base   *url.URL
	key    jose.JSONWebKey
	signer jose.Signer
	mux    *http.ServeMux

	mu    sync.Mutex
	codes map[string]grant
}

// New makes an Issuer with the key of cfg.KeyFile.
func New(cfg Config) (*Issuer, error) {
	base, err := url.Parse(cfg.URL)
	if err != nil || base.Host == "" || !strings.HasSuffix(base.Path, Path) {
		return nil, fmt.Errorf("read local issuer's URL %q: not an absolute URL that ends with %s", cfg.URL, Path)
	}
	if cfg.Staff.Subject == "" {
		cfg.Staff = DefaultStaff
	}
	key, err := loadKey(cfg.KeyFile, cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("load local issuer's key %s: %w", cfg.KeyFile, err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("make local issuer's signer: %w", err)
	}
	i := &Issuer{cfg: cfg, base: base, key: key, signer: signer, mux: http.NewServeMux(), codes: map[string]grant{}}
	i.mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	i.mux.HandleFunc("GET /keys", i.keys)
	i.mux.HandleFunc("GET /authorize", i.authorize)
	i.mux.HandleFunc("POST /token", i.token)
	return i, nil
}

// ServeHTTP answers requests under Path, with or without the path of PUBLIC_URL before it: a proxy may have taken it off.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, rest, _ := strings.Cut(r.URL.Path, Path)
	if !strings.HasPrefix(rest, "/") {
		http.NotFound(w, r)
		return
	}
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = rest, ""
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	i.mux.ServeHTTP(w, r)
}

// Token is an ID token of the local member, issued at now.
func (i *Issuer) Token(now time.Time) (string, error) { return i.sign(now, i.cfg.Staff, "") }

// claims are those of an ID token, as a Cognito user pool writes them.
type claims struct {
	jwt.Claims
	Nonce         string   `json:"nonce,omitempty"`
	TokenUse      string   `json:"token_use"`
	Email         string   `json:"email,omitempty"`
	EmailVerified bool     `json:"email_verified"`
	Name          string   `json:"name,omitempty"`
	Groups        []string `json:"cognito:groups,omitempty"`
}

func (i *Issuer) sign(now time.Time, s Staff, nonce string) (string, error) {
	token, err := jwt.Signed(i.signer).Claims(claims{
		Claims: jwt.Claims{
			Issuer: i.cfg.URL, Subject: s.Subject, Audience: jwt.Audience{i.cfg.ClientID},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(TokenLife)),
		},
		Nonce: nonce, TokenUse: "id", Email: s.Email, EmailVerified: true, Name: s.Name, Groups: s.Groups,
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign local token: %w", err)
	}
	return token, nil
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	at := i.cfg.URL
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                i.cfg.URL,
		"authorization_endpoint":                at + "/authorize",
		"token_endpoint":                        at + "/token",
		"jwks_uri":                              at + "/keys",
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
		"scopes_supported":                      []string{"openid", "email", "profile"},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"none"},
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.key.Public()}})
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}
