package table

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Limits of values (DynamoDB Developer Guide, "Quotas": nested attribute depth, numbers).
const (
	maxDepth     = 32  // levels of nesting, the row itself being the first
	maxDigits    = 38  // significant digits of a number
	maxMagnitude = 125 // decimal exponent of the largest number
	minMagnitude = -130
)

// CheckAttrs holds the attributes of a row against what every engine can keep: a JSON object in valid UTF-8, named
// members, numbers of at most 38 significant digits between 1E-130 and 9.9E+125, at most 32 levels.
func CheckAttrs(attrs json.RawMessage) error {
	b := bytes.TrimLeft(attrs, " \t\r\n")
	if len(b) == 0 || b[0] != '{' || !json.Valid(b) || !utf8.Valid(b) {
		return invalid("The attributes of a row must be a JSON object.")
	}
	depth := 0
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return invalid("The attributes of a row may nest 32 levels deep.")
			}
			i++
		case c == '}' || c == ']':
			depth--
			i++
		case c == '"':
			n := stringEnd(b[i:])
			if n == 2 && isName(b[i+n:]) {
				return invalid("The attributes of a row must have names.")
			}
			i += n
		case c == '-' || '0' <= c && c <= '9':
			n := numberEnd(b[i:])
			if !numberFits(b[i : i+n]) {
				return invalid("A number of a row has more than 38 digits or is too large or too small.")
			}
			i += n
		default:
			i++
		}
	}
	return nil
}

// stringEnd is the length of the JSON string that b starts with; the JSON is known to be valid.
func stringEnd(b []byte) int {
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// isName says whether the string before b was the name of a member.
func isName(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == ':'
}

func numberEnd(b []byte) int {
	i := bytes.IndexFunc(b, func(r rune) bool { return !isNumeral(r) })
	if i < 0 {
		return len(b)
	}
	return i
}

func isNumeral(r rune) bool {
	return '0' <= r && r <= '9' || r == '-' || r == '+' || r == '.' || r == 'e' || r == 'E'
}

// numberFits says whether DynamoDB keeps a JSON number exactly.
func numberFits(b []byte) bool {
	if len(b) <= maxDigits && !bytes.ContainsAny(b, "eE") {
		return true // too short to break a limit
	}
	digits, exp := significant(b)
	return digits == 0 || digits <= maxDigits && exp <= maxMagnitude && exp >= minMagnitude
}

// significant gives the number of significant digits of a JSON number and the decimal exponent of the first of them.
func significant(b []byte) (digits, exp int) {
	mantissa, power := b, 0
	if i := bytes.IndexAny(b, "eE"); i >= 0 {
		mantissa, power = b[:i], exponent(b[i+1:])
	}
	before, first, zeros := 0, -1, 0 // digits before the point; position of the first significant one; zeros that may trail
	point, pos := false, 0
	for _, c := range mantissa {
		switch {
		case c == '.':
			point = true
		case c < '0' || c > '9':
		default:
			if !point {
				before++
			}
			switch {
			case c != '0' && first < 0:
				first, digits = pos, 1
			case c != '0':
				digits, zeros = digits+zeros+1, 0
			case first >= 0:
				zeros++
			}
			pos++
		}
	}
	if first < 0 {
		return 0, 0
	}
	return digits, before - 1 - first + power
}

// exponent reads a JSON exponent, held within bounds so that it cannot overflow.
func exponent(b []byte) int {
	n, neg := 0, false
	for _, c := range b {
		switch {
		case c == '-':
			neg = true
		case c >= '0' && c <= '9' && n < 1<<20:
			n = n*10 + int(c-'0')
		}
	}
	if neg {
		return -n
	}
	return n
}
