package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"learningloop/internal/fault"
)

// Paths of the handlers, below PUBLIC_URL.
const (
	LoginPath    = "/auth/login"
	CallbackPath = "/auth/callback" // to be registered with the issuer: PUBLIC_URL + CallbackPath
	LogoutPath   = "/auth/logout"   // POST
)

// home is where a sign-in ends that nobody came to for a page.
const home = "/team"

// maxReturn is the length, in bytes, of a path to come back to. maxPending cookies with one each have to fit API Gateway's
// 10 KB of headers.
const maxReturn = 1000

// maxPending is how many sign-ins may be under way in one browser: a few tabs. More would fill the header.
const maxPending = 4

// Register adds the handlers to a mux that sees paths without PUBLIC_URL's own.
func (a *Auth) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET "+LoginPath, a.handle(a.login))
	mux.HandleFunc("GET "+CallbackPath, a.handle(a.callback))
	mux.HandleFunc("POST "+LogoutPath, a.handle(a.logout))
}

// LoginURL is where to sign in to come back to a path of ours, query included, as a mux sees it.
func (a *Auth) LoginURL(back string) string {
	return withQuery(a.base+LoginPath, map[string]string{"return": returnPath(back)})
}

func (a *Auth) handle(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// Addresses here carry codes and state: they stay out of caches and of referrers.
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if err := h(w, r); err != nil {
			a.cfg.Fail(w, r, err)
		}
	}
}

func (a *Auth) login(w http.ResponseWriter, r *http.Request) error {
	cfg, err := a.oauth(r.Context(), false)
	if err != nil {
		return err
	}
	var secrets [3]string
	for i := range secrets {
		if secrets[i], err = a.secret(); err != nil {
			return err
		}
	}
	l := login{
		State: secrets[0], Nonce: secrets[1], Verifier: secrets[2],
		Return: returnPath(r.URL.Query().Get("return")), Until: a.cfg.Now().Add(loginLife),
	}
	name := loginCookieOf(l.State)
	sealed, err := a.seal(name, l)
	if err != nil {
		return err
	}
	if old := a.pending(r); len(old) >= maxPending {
		for _, o := range old {
			http.SetCookie(w, a.cookie(o, "", 0))
		}
	}
	http.SetCookie(w, a.cookie(name, sealed, loginLife))
	http.Redirect(w, r, cfg.AuthCodeURL(l.State, oidc.Nonce(l.Nonce), oauth2.S256ChallengeOption(l.Verifier)), http.StatusSeeOther)
	return nil
}

func loginCookieOf(state string) string { return loginCookie + state[:min(len(state), 8)] }

func (a *Auth) callback(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	l, err := a.under(r, q.Get("state"))
	if err != nil {
		return fault.Wrap(fault.Unauthenticated, "login_lost", "This sign-in was not begun in this browser, or took too long. Sign in again.", err)
	}
	http.SetCookie(w, a.cookie(loginCookieOf(l.State), "", 0))
	if q.Get("code") == "" {
		// The issuer's own words may be anybody's: this address can be typed.
		return fault.New(fault.Unauthenticated, "login_refused", "The sign-in service did not let you in.")
	}
	s, err := a.exchange(r.Context(), q.Get("code"), l)
	if err != nil {
		return err
	}
	sealed, err := a.seal(sessionCookie, session{
		Subject: s.Subject, Email: s.Email, Name: s.Name, Role: s.Role, Until: a.cfg.Now().Add(SessionLife),
	})
	if err != nil {
		return err
	}
	http.SetCookie(w, a.cookie(sessionCookie, sealed, SessionLife))
	http.Redirect(w, r, a.base+returnPath(l.Return), http.StatusSeeOther)
	return nil
}

// under finds the sign-in that the state belongs to.
func (a *Auth) under(r *http.Request, state string) (login, error) {
	var l login
	name := loginCookieOf(state)
	c, err := r.Cookie(a.name(name))
	if err != nil {
		return l, err
	}
	if err := a.unseal(name, c.Value, &l); err != nil {
		return l, err
	}
	if subtle.ConstantTimeCompare([]byte(l.State), []byte(state)) != 1 {
		return l, errors.New("another state")
	}
	if !a.cfg.Now().Before(l.Until) {
		return l, errors.New("too late")
	}
	return l, nil
}

// exchange trades the code for an ID token and says whose it is.
func (a *Auth) exchange(ctx context.Context, code string, l login) (Staff, error) {
	cfg, err := a.oauth(ctx, true)
	if err != nil {
		return Staff{}, err
	}
	token, err := cfg.Exchange(oidc.ClientContext(ctx, a.client), code, oauth2.VerifierOption(l.Verifier))
	if err != nil {
		if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
			// Only its code: the rest of the answer is nobody's business.
			return Staff{}, fault.Wrap(fault.Unauthenticated, "login_refused", "The sign-in service did not let you in.", fmt.Errorf("exchange code: %q", refused.ErrorCode))
		}
		return Staff{}, unavailable(fmt.Errorf("exchange code: %w", err))
	}
	raw, _ := token.Extra("id_token").(string)
	t, err := a.verify(ctx, raw)
	if err != nil {
		return Staff{}, err
	}
	if subtle.ConstantTimeCompare([]byte(t.Nonce), []byte(l.Nonce)) != 1 {
		return Staff{}, badToken(errors.New("the token was made for another sign-in"))
	}
	return a.staff(t)
}

// logout ends the session here. The one at the issuer goes on; EndSessionURL ends that.
func (a *Auth) logout(w http.ResponseWriter, r *http.Request) error {
	if err := a.csrf.Check(r); err != nil {
		return fault.Wrap(fault.Forbidden, "cross_origin", "This request did not come from our own pages.", err)
	}
	http.SetCookie(w, a.cookie(sessionCookie, "", 0))
	for _, name := range a.pending(r) {
		http.SetCookie(w, a.cookie(name, "", 0))
	}
	http.Redirect(w, r, a.base+"/", http.StatusSeeOther)
	return nil
}

func (a *Auth) oauth(ctx context.Context, withSecret bool) (*oauth2.Config, error) {
	i, err := a.discovered(ctx)
	if err != nil {
		return nil, err
	}
	cfg := &oauth2.Config{
		ClientID: a.cfg.ClientID, Endpoint: i.provider.Endpoint(), RedirectURL: a.base + CallbackPath,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
	// Said, not found out by trying: a second try would spend the code.
	cfg.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	if withSecret && a.cfg.ClientSecret != nil {
		cfg.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
		if cfg.ClientSecret, err = a.cfg.ClientSecret(ctx); err != nil {
			return nil, fmt.Errorf("load client secret: %w", err)
		}
	}
	return cfg, nil
}

// secret is 256 random bits, also in the form of a PKCE verifier (RFC 7636, 4.1).
func (a *Auth) secret() (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(a.cfg.Random, b); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// returnPath is raw where it is a path of ours, with or without a query, and home otherwise. What follows PUBLIC_URL in a
// redirect must not lead to another host, out of the stage, or round in a circle.
func returnPath(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil, u.Scheme != "", u.Host != "", u.User != nil, u.Opaque != "":
		return home
	case !strings.HasPrefix(u.Path, "/"), strings.HasPrefix(u.Path, "//"), strings.Contains(u.Path, `\`):
		return home
	case path.Clean(u.Path) != u.Path && path.Clean(u.Path)+"/" != u.Path: // dot segments, also written with %2e
		return home
	case strings.HasPrefix(u.Path, "/auth/"):
		return home
	}
	back := (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
	if len(back) > maxReturn { // it goes into a cookie
		return home
	}
	return back
}

func withQuery(address string, params map[string]string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	q := u.Query()
	for k, v := range params {
		q.Set(k, v)
	}
	u.RawQuery = q.Encode()
	return u.String()
}
