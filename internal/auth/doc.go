// Package auth says which member of staff makes a request. It takes two proofs:
//
//   - a bearer token: a JWT of the one configured OpenID Connect issuer, verified here on every request;
//   - a session cookie, which pages get by signing in at the issuer (authorization code flow with PKCE).
//
// # Bearer tokens
//
// Only ID tokens are taken: issuer and audience (the client id) must match, the signature must be of a key the issuer
// publishes, by an asymmetric algorithm. Cognito's access tokens carry client_id in place of aud and token_use "access",
// and say nothing about who somebody is; they are refused, as are tokens typed for another use (RFC 9068 "at+jwt",
// "logout+jwt"). A clock may be off by Leeway.
//
// The issuer is asked for its configuration at the first token, not at start-up, so that a function starts without it;
// again every hour, so that a withdrawn key does not live on; and for its keys when a token names an unknown one, but at
// most once in ten seconds, so that nobody can use us to flood it. While it does not answer, a token is neither good nor
// bad: that is Unavailable, not Unauthenticated.
//
// # Roles
//
// The role comes from the groups the issuer states ("cognito:groups", else "groups"): admin, member or leadership; the
// highest counts. Somebody with none of them is known but not staff (Forbidden), unless Config.DefaultRole says otherwise,
// which is right only where everybody at the issuer is staff.
//
// # Sessions
//
// The cookie holds the member and an end, sealed with AES-256-GCM; nothing is stored and pages need no issuer. It ends
// after SessionLife, whatever happens at the issuer meanwhile: whoever leaves the team is out within that time, and
// changing TOKEN_KEY ends all sessions at once. Cookies are HttpOnly and SameSite=Lax; where PUBLIC_URL is https they are
// Secure under the __Host- prefix.
//
// State, nonce and PKCE verifier of a sign-in under way lie in a sealed cookie of ten minutes, one for each, so that
// several tabs can sign in at once.
//
// A request that changes something on the strength of a cookie must come from our own pages
// (net/http.CrossOriginProtection); Authenticate sees to it, so that no handler can forget. Bearer tokens need no such
// check: no browser attaches one by itself.
//
// Links are built from PUBLIC_URL, so a stage prefix or a proxy changes nothing. Tokens, codes and cookies are never
// logged, and errors never hold one.
package auth
