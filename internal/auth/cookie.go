package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"learningloop/internal/fault"
)

// Names of cookies, before their prefix.
const (
	sessionCookie = "loop_session"
	loginCookie   = "loop_login_" // and the beginning of the state
)

// session is what the session cookie holds.
type session struct {
	Subject string    `json:"s"`
	Email   string    `json:"e,omitempty"`
	Name    string    `json:"n"`
	Role    Role      `json:"r"`
	Until   time.Time `json:"u"`
}

// login is what the cookie of a sign-in under way holds.
type login struct {
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"`
	Return   string    `json:"r"`
	Until    time.Time `json:"u"`
}

// seal encrypts v. The name is authenticated with it, and so are issuer and client: a cookie is worth nothing under
// another name, or once staff are those of another issuer.
func (a *Auth) seal(name string, v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("seal cookie: %w", err)
	}
	nonce := make([]byte, a.aead.NonceSize())
	if _, err := io.ReadFull(a.cfg.Random, nonce); err != nil {
		return "", fmt.Errorf("seal cookie: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(a.aead.Seal(nonce, nonce, text, a.bound(name))), nil
}

func (a *Auth) bound(name string) []byte {
	return []byte(name + "\x00" + a.cfg.Issuer + "\x00" + a.cfg.ClientID)
}

func (a *Auth) unseal(name, value string, v any) error {
	data, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(data) < a.aead.NonceSize() {
		return errors.New("not a sealed cookie")
	}
	text, err := a.aead.Open(nil, data[:a.aead.NonceSize()], data[a.aead.NonceSize():], a.bound(name))
	if err != nil {
		return errors.New("not sealed here")
	}
	return json.Unmarshal(text, v)
}

// name is the cookie's with the prefix that makes a browser refuse it from anybody but this very host over https
// (RFC 6265bis, 4.1.3.2).
func (a *Auth) name(cookie string) string {
	if a.secure {
		return "__Host-" + cookie
	}
	return cookie
}

// cookie makes one; life <= 0 removes it.
func (a *Auth) cookie(name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: a.name(name), Value: value, Path: "/", HttpOnly: true, Secure: a.secure, SameSite: http.SameSiteLaxMode,
		MaxAge: int(life / time.Second),
	}
	if life <= 0 {
		c.MaxAge = -1
	}
	return c
}

func notSignedIn(err error) error {
	return fault.Wrap(fault.Unauthenticated, "not_signed_in", "Sign in to see this.", err)
}

// session reads the session cookie.
func (a *Auth) session(r *http.Request) (Staff, error) {
	c, err := r.Cookie(a.name(sessionCookie))
	if err != nil {
		return Staff{}, notSignedIn(nil)
	}
	var s session
	if err := a.unseal(sessionCookie, c.Value, &s); err != nil {
		return Staff{}, notSignedIn(err)
	}
	if !a.cfg.Now().Before(s.Until) {
		return Staff{}, fault.New(fault.Unauthenticated, "session_ended", "Your session has ended. Sign in again.")
	}
	return Staff{Subject: s.Subject, Email: s.Email, Name: s.Name, Role: s.Role}, nil
}

// pending are the sign-ins under way in this browser, by the name of their cookie without its prefix.
func (a *Auth) pending(r *http.Request) (names []string) {
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, a.name(loginCookie)) {
			names = append(names, strings.TrimPrefix(c.Name, a.name("")))
		}
	}
	return names
}
