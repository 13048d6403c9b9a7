package signal

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"learningloop/internal/id"
)

// bound holds a Signal to the limits and cleans what came from outside. Readers need not think of either.
func (s *Signal) bound() {
	s.EventID, s.Name, s.Title = line(s.EventID, MaxName), line(s.Name, MaxName), line(s.Title, MaxTitle)
	s.Text, s.Release, s.Suppressed = block(s.Text, MaxText), line(s.Release, MaxName), line(s.Suppressed, MaxTitle)
	s.Resources = resources(s.Resources)
	if len(s.Link) > MaxLink {
		s.Link = ""
	}
}

// resources gives each once, ARNs first because the limit must not cost one, in the order in which they came.
func resources(all []string) []string {
	var arns, ids []string
	seen := make(map[string]bool, len(all))
	for _, r := range all {
		r = line(r, len(r))
		if r == "" || len(r) > MaxResource || seen[r] {
			continue
		}
		seen[r] = true
		if strings.HasPrefix(r, "arn:") {
			arns = append(arns, r)
		} else {
			ids = append(ids, r)
		}
	}
	arns = append(arns, ids...)
	return slices.Clip(arns[:min(len(arns), MaxResources)])
}

// key joins parts into what can be a table key: unambiguous, of printable text, at most MaxKey bytes.
func key(parts ...string) string {
	clean := make([]string, len(parts))
	exact := true
	for i, p := range parts {
		c := line(p, len(p))
		exact = exact && c == p
		if i < len(parts)-1 {
			// A name that may hold slashes comes last; in any other place it would let one thing pass for another.
			c = escape.Replace(c)
		}
		clean[i] = c
	}
	k := strings.Join(clean, "/")
	if exact && len(k) <= MaxKey {
		return k
	}
	// What cleaning or cutting made alike, the hash of the original tells apart.
	const hash = 16
	n := min(len(k), MaxKey-hash-1)
	for n > 0 && n < len(k) && !utf8.RuneStart(k[n]) {
		n--
	}
	return k[:n] + "~" + id.Hash(hash, parts...)
}

var escape = strings.NewReplacer("%", "%25", "/", "%2F")

// line is s on one line, without control and direction-changing characters, at most limit runes.
func line(s string, limit int) string {
	return cut(strings.Join(strings.Fields(printable(s)), " "), limit)
}

// block is s with its lines, otherwise as line does it.
func block(s string, limit int) string { return cut(strings.TrimSpace(printable(s)), limit) }

// cut shortens s to limit runes, the last of them an ellipsis where something was cut.
func cut(s string, limit int) string {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == limit {
			return strings.TrimRightFunc(s[:i], unicode.IsSpace) + "…"
		}
	}
	return s
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == ' ':
			return r
		case r == '\r' || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			// Direction changes can make a mail's line read as something else than it says.
			return -1
		default:
			return r // invalid UTF-8 arrives as U+FFFD
		}
	}, s)
}

// paragraphs joins what there is to say, a blank line between.
func paragraphs(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
	return strings.Join(parts, "\n\n")
}
