// Package address reads e-mail addresses strictly and in bounds. It is apart from mail so that whoever only has to
// check an address (a form, an API) links no mail library.
package address

import (
	"errors"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"

	"learningloop/internal/fault"
)

// Bounds of an address in bytes (RFC 5321, 4.5.3.1; 254 is the longest that fits a path with its angle brackets).
const (
	MaxLen   = 254
	maxLocal = 64
)

// Address is a mailbox: a bare address and, where known, the name of who reads it. The name is any text; building a
// mail makes it harmless.
type Address struct {
	Name  string
	Email string
}

// IsZero says whether there is no address.
func (a Address) IsZero() bool { return a.Email == "" }

// Parse reads a bare address, name@example.com, as a person types it; white space around it is forgiven. It gives the
// form that mail is sent to: the local part as it is, the domain in lower case and in its ASCII form (IDNA), so that one
// mailbox has one spelling.
//
// It is stricter than RFC 5322: no display name, no comment, no quoted local part, no IP address, no name without a dot
// (localhost), and an ASCII local part, because SES delivers to no other ("SendEmail", Destination). The error is
// fault.Invalid and never repeats the address.
func Parse(s string) (Address, error) {
	s = strings.Trim(s, " \t\r\n")
	switch {
	case s == "":
		return Address{}, bad("address_missing", "An e-mail address is missing.")
	case len(s) > MaxLen:
		return Address{}, bad("address_too_long", "An e-mail address has at most 254 characters.")
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 {
		return Address{}, malformed()
	}
	local, domain := s[:at], s[at+1:]
	if !isASCII(local) {
		return Address{}, bad("address_not_ascii", "Before the @, only letters without accents, digits and . _ + - can be delivered to.")
	}
	if len(local) > maxLocal || !isDotAtom(local) {
		return Address{}, malformed()
	}
	// idna reads a broken byte as U+FFFD and lets that pass.
	if strings.ContainsRune(strings.ToValidUTF8(domain, "\uFFFD"), '\uFFFD') {
		return Address{}, malformed()
	}
	// Lookup maps case and width, refuses what no registry gives out, and answers in ASCII.
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !isDomain(ascii) {
		return Address{}, malformed()
	}
	out := local + "@" + ascii
	if len(out) > MaxLen {
		return Address{}, bad("address_too_long", "An e-mail address has at most 254 characters.")
	}
	// The library that builds mails reads addresses this way; what it would refuse must not get that far.
	if p, err := mail.ParseAddress(out); err != nil || p.Address != out || p.Name != "" {
		return Address{}, malformed()
	}
	return Address{Email: out}, nil
}

// Named is Parse with a name: "Team Example" and team@example.com.
func Named(name, email string) (Address, error) {
	a, err := Parse(email)
	a.Name = name
	return a, err
}

// ParseMailbox reads an address as settings have it, with or without a name: "Team <team@example.com>".
func ParseMailbox(s string) (Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil {
		return Address{}, malformed()
	}
	return Named(a.Name, a.Address)
}

// Why is what is wrong with an address that Parse refused, for whoever typed it.
func Why(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Msg
	}
	return "That is not an e-mail address."
}

func bad(code, msg string) error { return fault.New(fault.Invalid, code, msg) }

func malformed() error {
	return bad("address_malformed", "That is not an e-mail address; it should look like name@example.com.")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// isDotAtom is RFC 5322's dot-atom-text: words of atext with single dots between them.
func isDotAtom(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

func isAtext(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// isDomain wants two labels or more of letters, digits and inner hyphens, the last not a number (that would be an IP
// address).
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(l, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
			return false
		}
	}
	return strings.ContainsFunc(labels[len(labels)-1], func(r rune) bool { return r >= 'a' && r <= 'z' })
}
