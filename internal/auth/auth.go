package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"learningloop/internal/fault"
)

// Lifetimes.
const (
	SessionLife = 8 * time.Hour    // a working day
	loginLife   = 10 * time.Minute // to type a password and a second factor
	Leeway      = time.Minute      // by which clocks may differ
)

// Config is what an Auth needs.
type Config struct {
	Issuer       string                                // OIDC_ISSUER, byte by byte as the iss claim has it
	ClientID     string                                // OIDC_CLIENT_ID
	ClientSecret func(context.Context) (string, error) // asked at each sign-in; nil for a public client
	PublicURL    string                                // PUBLIC_URL; may have a path
	Key          []byte                                // 32 bytes, for this use alone: token.Keys.Derive("auth")
	DefaultRole  Role                                  // of whoever is in no group; "" refuses them
	Now          func() time.Time
	Random       io.Reader
	Transport    http.RoundTripper // to the issuer; nil for http.DefaultTransport

	// Fail answers a request that failed, in the form its caller expects; err is a *fault.Error. Nil answers in plain text.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
}

// Auth verifies tokens, runs sign-ins and knows sessions. It is safe for concurrent use.
type Auth struct {
	cfg    Config
	public *url.URL
	base   string // PUBLIC_URL without a slash at its end
	secure bool
	aead   cipher.AEAD
	csrf   *http.CrossOriginProtection
	client *http.Client

	mu     sync.Mutex
	issuer *issuer
	failed error // of the last discovery, until retry
	retry  time.Time
}

// New makes an Auth. It asks nobody anything.
func New(cfg Config) (*Auth, error) {
	public, err := url.Parse(strings.TrimSuffix(cfg.PublicURL, "/"))
	if err != nil || public.Host == "" || public.Scheme != "https" && public.Scheme != "http" {
		return nil, fmt.Errorf("read public URL %q: not an absolute http or https URL", cfg.PublicURL)
	}
	if cfg.Issuer == "" || cfg.ClientID == "" || cfg.Now == nil || cfg.Random == nil {
		return nil, errors.New("auth needs an issuer, a client id, a clock and randomness")
	}
	if cfg.DefaultRole != "" && !(Staff{Role: cfg.DefaultRole}).May(Leadership) {
		return nil, fmt.Errorf("auth: no such role: %q", cfg.DefaultRole)
	}
	if len(cfg.Key) != 32 {
		return nil, fmt.Errorf("auth needs a key of 32 bytes, not %d", len(cfg.Key))
	}
	block, err := aes.NewCipher(cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("make session cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make session cipher: %w", err)
	}
	csrf := http.NewCrossOriginProtection()
	// Behind a proxy the Host we see need not be the one the browser sees.
	if err := csrf.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, fmt.Errorf("trust public URL %q: %w", cfg.PublicURL, err)
	}
	if cfg.Fail == nil {
		cfg.Fail = plain
	}
	if cfg.Transport == nil {
		cfg.Transport = http.DefaultTransport
	}
	return &Auth{
		cfg: cfg, public: public, base: public.String(), secure: public.Scheme == "https", aead: aead, csrf: csrf,
		client: &http.Client{Transport: &transport{next: cfg.Transport, now: cfg.Now}, Timeout: issuerTimeout},
	}, nil
}

// Authenticate says who makes the request. A bearer token counts before a cookie, and a bad one is not made good by a
// cookie. Errors are *fault.Error: Unauthenticated, Forbidden (no role; a cross-origin change) or Unavailable.
func (a *Auth) Authenticate(r *http.Request) (Staff, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Staff{}, fault.New(fault.Unauthenticated, "bad_token", "Send the token as: Authorization: Bearer TOKEN.")
		}
		return a.Verify(r.Context(), strings.TrimSpace(token))
	}
	s, err := a.session(r)
	if err != nil {
		return Staff{}, err
	}
	if err := a.csrf.Check(r); err != nil {
		return Staff{}, fault.Wrap(fault.Forbidden, "cross_origin", "This request did not come from our own pages.", err)
	}
	return s, nil
}

// API lets a request through that a member with the role makes. The handler finds the member with FromContext.
func (a *Auth) API(role Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := a.allowed(r, role)
		if err != nil {
			if fault.Is(err, fault.Unauthenticated) {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			a.cfg.Fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithStaff(r.Context(), s)))
	})
}

// Page does as API does, and sends a reader who is not signed in to do so and come back. Who sends a form after the
// session's end is told, not sent away: what was typed would be lost.
func (a *Auth) Page(role Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := a.allowed(r, role)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(WithStaff(r.Context(), s)))
		case fault.Is(err, fault.Unauthenticated) && (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("Authorization") == "":
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, a.LoginURL(r.URL.RequestURI()), http.StatusSeeOther)
		default:
			a.cfg.Fail(w, r, err)
		}
	})
}

func (a *Auth) allowed(r *http.Request, role Role) (Staff, error) {
	s, err := a.Authenticate(r)
	if err != nil {
		return Staff{}, err
	}
	if !s.May(role) {
		return Staff{}, fault.New(fault.Forbidden, "role_needed", "This needs the role "+string(role)+".")
	}
	return s, nil
}

// Protect refuses requests that change something and come from another site, for pages without a session.
func (a *Auth) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.csrf.Check(r); err != nil {
			a.cfg.Fail(w, r, fault.Wrap(fault.Forbidden, "cross_origin", "This request did not come from our own pages.", err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func plain(w http.ResponseWriter, _ *http.Request, err error) {
	msg := "Something went wrong."
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Msg != "" {
		msg = f.Msg
	}
	status := http.StatusInternalServerError
	switch fault.KindOf(err) {
	case fault.Invalid:
		status = http.StatusBadRequest
	case fault.Unauthenticated:
		status = http.StatusUnauthorized
	case fault.Forbidden:
		status = http.StatusForbidden
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
	default:
	}
	http.Error(w, msg, status)
}
