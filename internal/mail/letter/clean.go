package letter

import (
	"regexp"
	"strings"
	"unicode"
)

// clean makes any text one line without control characters and without what reorders text.
func clean(s string) string { return strings.Join(strings.Fields(keepLines(s)), " ") }

// keepLines is clean with line ends and indentation kept; more than one empty line in a row becomes one.
func keepLines(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufffe', r == '\uffff':
			return -1
		}
		return r
	}, s)
	return strings.Trim(manyLines.ReplaceAllString(s, "\n\n"), "\n ")
}

var manyLines = regexp.MustCompile(`\n\s*\n\s*\n+`)

// linkable finds what mail clients make a link of by themselves: a scheme, an @, a dot between letters as in a host name.
var linkable = regexp.MustCompile(`://|[\pL\pN]@[\pL\pN]|[\pL\pN-]{2}\.\pL{2}|[Ww][Ww][Ww]\.`)

// joiner is U+2060, which shows nothing and breaks no line.
const joiner = "\u2060"

// defused keeps clients from making links of what somebody wrote. Without it, whoever sends feedback in another's name
// could have us mail them a working link under our own name.
func defused(s string) string {
	for range 2 { // matches of neighbouring dots overlap: "a.bb.cc"
		s = linkable.ReplaceAllStringFunc(s, func(m string) string {
			return strings.NewReplacer("://", ":"+joiner+"//", "@", joiner+"@", ".", joiner+".").Replace(m)
		})
	}
	return s
}
