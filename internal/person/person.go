// Package person knows people by the HMAC of their address: the same person everywhere, and no address in any key, log
// or metric.
package person

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// ID is the HMAC of an address, 32 hex characters; "" is nobody (anonymous).
type ID string

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

// Name is whoever did something as people read it: of an operator's ARN the part that says who, user/NAME or ROLE/SESSION;
// of a service that acts by itself its role alone (IAM User Guide, "Service-linked roles"). Anything else stays as it is.
func Name(by string) string {
	parts := strings.SplitN(by, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[5] == "" {
		return by
	}
	who := strings.TrimPrefix(parts[5], "assumed-role/")
	if strings.HasPrefix(who, "AWSServiceRoleFor") {
		who, _, _ = strings.Cut(who, "/")
	}
	return who
}
