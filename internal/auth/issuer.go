package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"learningloop/internal/fault"
)

const (
	issuerTimeout = 5 * time.Second // of one call to the issuer: a reader waits for it
	rediscover    = time.Hour       // after which a withdrawn key is forgotten
	pause         = 2 * time.Second // after a call that failed
)

// algorithms are the asymmetric ones, whatever the issuer says it supports: no "none", and no HMAC, whose key would be
// one that is published.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// issuer is what was discovered.
type issuer struct {
	provider   *oidc.Provider
	verifier   *oidc.IDTokenVerifier
	endSession string
	until      time.Time
}

// discovered asks the issuer for its configuration where that is not known or old. An old one serves on while the issuer
// does not answer.
func (a *Auth) discovered(ctx context.Context) (*issuer, error) {
	// Held while asking: whoever comes meanwhile needs the same answer. The client's timeout bounds it, not the first
	// caller's context, whose end is no reason for the others to fail.
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.cfg.Now()
	if a.issuer != nil && now.Before(a.issuer.until) {
		return a.issuer, nil
	}
	// Those who waited behind a call that failed must not each wait for another.
	if a.failed != nil && now.Before(a.retry) {
		return nil, a.failed
	}
	i, err := a.discover(oidc.ClientContext(context.WithoutCancel(ctx), a.client))
	if err != nil {
		if a.issuer != nil {
			a.issuer.until = a.cfg.Now().Add(time.Minute)
			return a.issuer, nil
		}
		a.failed, a.retry = unavailable(err), a.cfg.Now().Add(pause)
		return nil, a.failed
	}
	a.issuer, a.failed = i, nil
	return i, nil
}

func (a *Auth) discover(ctx context.Context) (*issuer, error) {
	provider, err := oidc.NewProvider(ctx, a.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discover issuer %s: %w", a.cfg.Issuer, err)
	}
	var more struct {
		Keys       string `json:"jwks_uri"`
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, fmt.Errorf("read configuration of issuer %s: %w", a.cfg.Issuer, err)
	}
	keys := keySet{oidc.NewRemoteKeySet(ctx, more.Keys)}
	verifier := oidc.NewVerifier(a.cfg.Issuer, keys, &oidc.Config{
		ClientID: a.cfg.ClientID, SupportedSigningAlgs: algorithms,
		// A token that ended by our clock may not have ended by the issuer's.
		Now: func() time.Time { return a.cfg.Now().Add(-Leeway) },
	})
	return &issuer{provider: provider, verifier: verifier, endSession: more.EndSession, until: a.cfg.Now().Add(rediscover)}, nil
}

func unavailable(err error) error {
	return fault.Wrap(fault.Unavailable, "issuer_unavailable", "The sign-in service does not answer. Try again in a moment.", err)
}

// keySet tells a token that is bad from keys that could not be had: the verifier flattens the error to text.
type keySet struct{ *oidc.RemoteKeySet }

type fetchKey struct{}

func (k keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.RemoteKeySet.VerifySignature(ctx, jwt)
	if fetch, ok := ctx.Value(fetchKey{}).(*error); ok && err != nil && unreachable(err) {
		*fetch = err
	}
	return payload, err
}

func unreachable(err error) bool {
	_, ok := errors.AsType[*unansweredError](err)
	return ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// EndSessionURL is where a browser ends the session at the issuer itself, for a link on a page; "" where the issuer names no
// such address. Both spellings of the way back are sent: the standard's (OpenID Connect RP-Initiated Logout) and Cognito's.
func (a *Auth) EndSessionURL(ctx context.Context) string {
	i, err := a.discovered(ctx)
	if err != nil || i.endSession == "" {
		return ""
	}
	return withQuery(i.endSession, map[string]string{
		"client_id": a.cfg.ClientID, "post_logout_redirect_uri": a.base + "/", "logout_uri": a.base + "/",
	})
}
