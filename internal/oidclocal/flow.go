package oidclocal

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// grant is what a code stands for.
type grant struct {
	redirect  string
	challenge string // S256 of the verifier (RFC 7636)
	nonce     string
	until     time.Time
}

// authorize sends the browser back with a code at once: there is nobody to ask.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back := q.Get("redirect_uri")
	// Until both are known to be ours nothing may be sent there (RFC 6749, 4.1.2.1).
	if q.Get("client_id") != i.cfg.ClientID || !slices.Contains(i.cfg.RedirectURLs, back) {
		http.Error(w, "This client or redirect address is not known here.", http.StatusBadRequest)
		return
	}
	reply := url.Values{"state": {q.Get("state")}, "iss": {i.cfg.URL}}
	switch {
	case q.Get("response_type") != "code":
		reply.Set("error", "unsupported_response_type")
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		reply.Set("error", "invalid_scope")
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		reply.Set("error", "invalid_request")
		reply.Set("error_description", "PKCE with S256 is required")
	default:
		code, err := i.issue(grant{redirect: back, challenge: q.Get("code_challenge"), nonce: q.Get("nonce")})
		if err != nil {
			reply.Set("error", "server_error")
			break
		}
		reply.Set("code", code)
	}
	http.Redirect(w, r, back+"?"+reply.Encode(), http.StatusFound)
}

func (i *Issuer) issue(g grant) (string, error) {
	code, err := secret(i.cfg.Random)
	if err != nil {
		return "", err
	}
	now := i.cfg.Now()
	g.until = now.Add(codeLife)
	i.mu.Lock()
	defer i.mu.Unlock()
	oldest := ""
	for c, other := range i.codes {
		if !now.Before(other.until) {
			delete(i.codes, c)
		} else if oldest == "" || other.until.Before(i.codes[oldest].until) {
			oldest = c
		}
	}
	if len(i.codes) >= maxCodes {
		delete(i.codes, oldest)
	}
	i.codes[code] = g
	return code, nil
}

// redeem takes the code away, whatever comes of it: a second try with a stolen one finds nothing.
func (i *Issuer) redeem(code string) (grant, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	g, ok := i.codes[code]
	delete(i.codes, code)
	return g, ok && i.cfg.Now().Before(g.until)
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request")
		return
	}
	f := r.PostForm
	if f.Get("grant_type") != "authorization_code" {
		refuse(w, "unsupported_grant_type")
		return
	}
	if f.Get("client_id") != i.cfg.ClientID {
		refuse(w, "invalid_client")
		return
	}
	g, ok := i.redeem(f.Get("code"))
	sum := sha256.Sum256([]byte(f.Get("code_verifier")))
	proof := base64.RawURLEncoding.EncodeToString(sum[:])
	if !ok || g.redirect != f.Get("redirect_uri") || subtle.ConstantTimeCompare([]byte(proof), []byte(g.challenge)) != 1 {
		refuse(w, "invalid_grant")
		return
	}
	idToken, err := i.sign(i.cfg.Now(), i.cfg.Staff, g.nonce)
	access, err2 := secret(i.cfg.Random) // opaque: nothing here takes it
	if err != nil || err2 != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "access_token": access, "id_token": idToken, "expires_in": int(TokenLife / time.Second),
	})
}

func refuse(w http.ResponseWriter, code string) {
	answer(w, http.StatusBadRequest, map[string]string{"error": code})
}

func secret(random io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
