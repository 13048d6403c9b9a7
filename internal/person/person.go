// Package person knows people by the HMAC of their address: the same person everywhere, and no address in any key, log
// or metric.
package person

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/mail"
	"strings"
	"unicode"
)

// ID is the HMAC of an address, 32 hex characters; "" is nobody (anonymous).
type ID string

// MaxAddress is the longest address, in bytes (RFC 5321, 4.5.3.1.3, less the angle brackets).
const MaxAddress = 254

// ErrAddress says that something is no e-mail address. Its text never repeats the address.
var ErrAddress = errors.New("is not an e-mail address; it should look like name@example.com")

// ParseAddress reads a bare e-mail address: a local part, an @, and a domain with a dot. It gives it without white space
// around it and with the domain in lower case.
func ParseAddress(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > MaxAddress || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar || strings.ContainsRune(`<>"(),:;\`, r)
	}) {
		return "", ErrAddress
	}
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s || a.Name != "" {
		return "", ErrAddress
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], strings.ToLower(s[at+1:])
	if len(local) > 64 || !strings.Contains(domain, ".") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") ||
		strings.Contains(domain, "..") || strings.HasPrefix(domain, "[") {
		return "", ErrAddress
	}
	return local + "@" + domain, nil
}

// Of is the id of whoever reads mail at an address. Case does not tell people apart.
func Of(key []byte, address string) ID {
	if address == "" {
		return ""
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(strings.ToLower(address)))
	return ID(hex.EncodeToString(h.Sum(nil)[:16]))
}

// Mask shows an address to whoever holds a link about it: enough to recognise one's own, too little to learn another's.
func Mask(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" {
		return ""
	}
	return string([]rune(local)[:1]) + "…@" + domain
}
