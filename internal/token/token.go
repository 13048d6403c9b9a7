// Package token makes the links that need no sign-in: whoever holds one may see or do one thing with one id. A token is
// the id and an HMAC of it, so that it can be made again at any time and nothing is stored.
package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"learningloop/internal/fault"
)

// Purpose is what a token is for; one for one purpose is worthless for another.
type Purpose string

// The purposes.
const (
	Status Purpose = "status" // a submitter's own feedback
	Stop   Purpose = "stop"   // no more mail
)

// MinKey is the length of a key, in bytes, below which Keys refuses it.
const MinKey = 16

// Keys signs and verifies. The zero value is unusable.
type Keys struct{ key []byte }

// New makes Keys of a secret of at least MinKey bytes.
func New(secret string) (Keys, error) {
	if len(secret) < MinKey {
		return Keys{}, fault.New(fault.Invalid, "short_token_key", "The token key must have at least 16 bytes.")
	}
	return Keys{key: []byte(secret)}, nil
}

// Sign gives the token: the same for the same purpose and id.
func (k Keys) Sign(p Purpose, id string) string { return id + "." + k.mac(p, id) }

// Verify gives the id that the token was made for, or Unauthenticated.
func (k Keys) Verify(p Purpose, token string) (string, error) {
	id, mac, ok := strings.Cut(token, ".")
	if !ok || id == "" || !hmac.Equal([]byte(mac), []byte(k.mac(p, id))) {
		return "", fault.New(fault.Unauthenticated, "bad_token", "This link or token is not valid.")
	}
	return id, nil
}

// Derive gives a key for another use, independent of the tokens.
func (k Keys) Derive(use string) []byte {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte("derive\x00" + use))
	return h.Sum(nil)
}

// People is the key that people's addresses are known by (person.Of).
func (k Keys) People() []byte { return k.Derive("people") }

// mac is 128 bits of the HMAC: more than anybody can try.
func (k Keys) mac(p Purpose, id string) string {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte(string(p) + "\x00" + id))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}
