// Package oidclocal is an OpenID Connect issuer for one machine: it lets `make run` and tests go through the very same
// sign-in as a deployment, with nothing to set up and nobody to ask. It approves whoever asks as the one local member of
// staff, so it exists only where the process listens on loopback; no Lambda links it.
//
// It knows what the code flow with PKCE needs and no more: discovery, keys, authorize, token. Redirects go only to the
// addresses it was given. Codes live in memory, are good once, for a minute. The key lives in a file, so that tokens and
// sign-ins outlive a restart.
package oidclocal
