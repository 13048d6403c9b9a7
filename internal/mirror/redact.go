package mirror

import (
	"regexp"
	"strings"
	"unicode"

	"learningloop/internal/feedback"
)

// What is taken out of a quote, and what stands there instead. Too much taken out does no harm, too little does.
var secrets = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*:/*[^\s:]\S*|\S*//\S+|\bwww\.\S+`), "[link]"},
	{regexp.MustCompile(`\S*[@\x{FF20}\x{FE6B}]\S*`), "[address]"},
	// Hosts and the addresses of machines.
	{regexp.MustCompile(`(?i)\b[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|net|org|io|dev|info|biz|edu|gov|mil|co|ai|app|example|test|local|internal|[a-z]{2})\b(/\S*)?`), "[link]"},
	{regexp.MustCompile(`(?i)\b[0-9a-f]{0,4}(:[0-9a-f]{0,4}){3,7}\b`), "[number]"},
	// Phone numbers, cards, accounts: digits in groups, four and more of them in all.
	{regexp.MustCompile(`[\pL\p{Nd}_-]*[+(]?\p{Nd}[\p{Nd}\s().,/:_-]*\p{Nd}[\pL\p{Nd}_-]*`), "[number]"},
	// Ids, keys, order numbers: letters and digits in one word of five and more.
	{regexp.MustCompile(`[\pL\p{Nd}_-]*\p{Nd}[\pL\p{Nd}_-]*`), "[id]"},
}

// fewDigits is how many digits a number may have that tells nothing about anybody: "3 times", "500 rows".
const fewDigits = 3

// Redact takes out of a customer's words whatever may lead to a person: addresses, links, and numbers and ids that are
// longer than a count. Names it cannot know; it is for headlines, not for whole texts.
func Redact(s string) string {
	// What nobody sees could hide what is looked for.
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cf, unicode.Cc, unicode.Mn):
			return -1
		default:
			return r
		}
	}, s)
	for _, x := range secrets {
		s = x.form.ReplaceAllStringFunc(s, func(m string) string {
			digits, others := 0, 0
			for _, r := range m {
				if unicode.IsDigit(r) {
					digits++
				} else if unicode.IsLetter(r) {
					others++
				}
			}
			if x.with == "[number]" && digits <= fewDigits && digits > 0 || x.with == "[id]" && digits <= fewDigits && digits+others < 5 {
				return m
			}
			return x.with
		})
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "://", " ")), " ")
}

// maxPlace is the length of a component's or page's name in a title.
const maxPlace = 40

// Place gives a component or page as an OpsItem may name it: it comes with the feedback, so nothing but what a name or a
// path is made of is kept, without the query and with everything taken out that Redact would.
func Place(s string) string {
	if i := strings.Index(s, "://"); i >= 0 { // of a page's address the path says where it is
		_, s, _ = strings.Cut(s[i+len("://"):], "/")
		s = "/" + s
	}
	if i := strings.IndexAny(s, "?#;"); i >= 0 {
		s = s[:i]
	}
	parts := strings.Split(s, "/")
	for i, part := range parts {
		if part = Redact(part); strings.Contains(part, "[") || len(strings.Fields(part)) > 3 {
			part = "…" // an id; or a sentence, which is nobody's component
		}
		parts[i] = strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" ._-…", r) {
				return r
			}
			return -1
		}, part))
	}
	if s = strings.Join(parts, "/"); strings.Trim(s, "/… ") == "" {
		return ""
	}
	return feedback.Cut(s, maxPlace)
}
