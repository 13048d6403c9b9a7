package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"

	"learningloop/internal/fault"
)

// maxToken bounds what is looked at at all; Cognito's tokens are below 4 KB.
const maxToken = 16 << 10

// claims are those that matter of an ID token.
type claims struct {
	TokenUse        string          `json:"token_use"` // Cognito's
	Authorized      string          `json:"azp"`       // the client it was made for, where there are several audiences
	Email           string          `json:"email"`
	EmailVerified   json.RawMessage `json:"email_verified"` // a boolean; some issuers send a string
	Name            string          `json:"name"`
	CognitoUsername string          `json:"cognito:username"`
	CognitoGroups   []string        `json:"cognito:groups"`
	Groups          []string        `json:"groups"`
}

// Verify says whose ID token it is. Errors are *fault.Error: Unauthenticated ("token_expired" where getting a new one
// helps, else "bad_token"), Forbidden ("not_staff"), or Unavailable where the issuer cannot be asked.
func (a *Auth) Verify(ctx context.Context, token string) (Staff, error) {
	t, err := a.verify(ctx, token)
	if err != nil {
		return Staff{}, err
	}
	return a.staff(t)
}

func badToken(err error) error {
	return fault.Wrap(fault.Unauthenticated, "bad_token", "This token is not valid here. Send the ID token of a member of staff.", err)
}

func (a *Auth) verify(ctx context.Context, token string) (*oidc.IDToken, error) {
	if len(token) > maxToken || strings.Count(token, ".") != 2 {
		return nil, badToken(errors.New("not a signed JWT"))
	}
	i, err := a.discovered(ctx)
	if err != nil {
		return nil, err
	}
	var fetch error
	t, err := i.verifier.Verify(context.WithValue(ctx, fetchKey{}, &fetch), token)
	if fetch != nil {
		return nil, unavailable(fetch)
	}
	if expired, ok := errors.AsType[*oidc.TokenExpiredError](err); ok {
		return nil, fault.Wrap(fault.Unauthenticated, "token_expired", "This token has expired. Get a new one.", expired)
	}
	if err != nil {
		return nil, badToken(err)
	}
	if err := idToken(token); err != nil {
		return nil, badToken(err)
	}
	if t.Subject == "" || len(t.Subject) > 255 { // OpenID Connect Core, 2
		return nil, badToken(errors.New("the token names nobody"))
	}
	if t.IssuedAt.After(a.cfg.Now().Add(Leeway)) {
		return nil, badToken(fmt.Errorf("issued in the future: %s", t.IssuedAt.UTC().Format(time.RFC3339)))
	}
	return t, nil
}

// idToken refuses tokens that are good but for another use. It reads a header whose signature has been verified.
func idToken(token string) error {
	head, _, _ := strings.Cut(token, ".")
	data, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	var header struct {
		Type string `json:"typ"`
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	if header.Type != "" && !strings.EqualFold(header.Type, "JWT") {
		return fmt.Errorf("a token of type %q", header.Type)
	}
	return nil
}

func (a *Auth) staff(t *oidc.IDToken) (Staff, error) {
	var c claims
	if err := t.Claims(&c); err != nil {
		return Staff{}, badToken(errors.New("the claims are not of their types"))
	}
	if c.TokenUse != "" && c.TokenUse != "id" {
		return Staff{}, badToken(fmt.Errorf("token_use is %q", c.TokenUse))
	}
	if c.Authorized != "" && c.Authorized != a.cfg.ClientID { // OpenID Connect Core, 3.1.3.7
		return Staff{}, badToken(errors.New("the token was made for another client"))
	}
	groups := c.CognitoGroups
	if len(groups) == 0 {
		groups = c.Groups
	}
	s := Staff{Subject: t.Subject, Email: shown(c.Email, 320), Role: roleOf(groups, a.cfg.DefaultRole)}
	// An address that nobody verified could be anybody's, and the staff log shows it.
	if v := strings.Trim(string(c.EmailVerified), `"`); v == "false" {
		s.Email = ""
	}
	for _, name := range []string{c.Name, s.Email, c.CognitoUsername, t.Subject} {
		if s.Name = shown(name, 200); s.Name != "" {
			break
		}
	}
	if s.Role == "" {
		return Staff{}, fault.New(fault.Forbidden, "not_staff", "You are signed in, but in none of the groups admin, member or leadership.")
	}
	return s, nil
}

// shown is s on one line, without control characters, at most limit bytes.
func shown(s string, limit int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s))
	for len(s) > limit {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}
