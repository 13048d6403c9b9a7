package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"unicode"
)

// Line makes any text a single harmless header line of at most limit characters: control characters, line ends and runs
// of white space become one space, what reorders text (bidirectional overrides) goes, broken UTF-8 becomes U+FFFD, and an
// encoded word spelt out ("=?utf-8?q?...?=") no longer reads as one.
func Line(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		case reorders(r):
			return -1
		}
		return r
	}, s)
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "=?", "= ?")
	return cut(s, limit)
}

// body makes any text fit for a part: valid UTF-8, line ends as one kind, no control characters but tab and line end.
func body(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// reorders is true of the explicit bidirectional controls. Letters of right-to-left scripts order themselves; these only
// serve to make one text look like another.
func reorders(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// cut shortens to limit characters with an ellipsis, at a word's end where one is near.
func cut(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	r = r[:limit-1]
	if sp := strings.LastIndexByte(string(r), ' '); sp > len(string(r))*3/4 {
		return string(r)[:sp] + "…"
	}
	return string(r) + "…"
}

// idLocal makes any text the part of a Message-ID before the @: different texts stay different.
func idLocal(id string) string {
	s := strings.ReplaceAll(url.QueryEscape(id), ".", "%2E")
	if len(s) <= 120 {
		return s
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}
