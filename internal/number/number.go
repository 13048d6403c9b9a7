// Package number writes numbers as people read them, in one way wherever they are read: on pages, in mails and in pictures.
package number

import (
	"strconv"
	"strings"
)

// Thousands writes a whole number with its thousands apart: 12,345.
func Thousands[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	if digits, negative := strings.CutPrefix(s, "-"); negative {
		return "-" + Group(digits)
	}
	return Group(s)
}

// Group sets the thousands of digits apart: "12345" is "12,345".
func Group(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
