// Package id makes and reads identifiers. Every id but a product's embeds the id of its product, so that an id alone
// finds its item; ids are URL-safe, hold nothing personal, and sort nowhere: time order lives in keys and indexes.
package id

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"

	"learningloop/internal/fault"
)

// Product is eight characters, given once: "k3v9q2xa".
type Product string

// Feedback is "f-<product>-<26 characters>".
type Feedback string

// Improvement is "i-<product>-<16 characters>".
type Improvement string

// All stands in the place of a product where something spans all of them; it is no product's id.
const All Product = "all"

const (
	productLen     = 8
	feedbackLen    = 26
	improvementLen = 16
)

var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

var (
	productForm     = regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{8}$`)
	feedbackForm    = regexp.MustCompile(`^f-[0-9a-hjkmnp-tv-z]{8}-[0-9a-hjkmnp-tv-z]{26}$`)
	improvementForm = regexp.MustCompile(`^i-[0-9a-hjkmnp-tv-z]{8}-[0-9a-hjkmnp-tv-z]{16}$`)
)

// Hash is n characters that depend on all parts and on where one ends and the next begins.
func Hash(n int, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		// A length before each part keeps ("ab","c") and ("a","bc") apart.
		h.Write([]byte{byte(len(p) >> 24), byte(len(p) >> 16), byte(len(p) >> 8), byte(len(p))})
		h.Write([]byte(p))
	}
	return encoding.EncodeToString(h.Sum(nil))[:n]
}

// NewProduct derives a product's id from seed, which is random.
func NewProduct(seed string) Product { return Product(Hash(productLen, "product", seed)) }

// NewFeedback derives a Feedback's id from what makes it one: the same seed gives the same id.
func NewFeedback(p Product, seed ...string) Feedback {
	return Feedback("f-" + string(p) + "-" + Hash(feedbackLen, append([]string{"feedback", string(p)}, seed...)...))
}

// NewImprovement derives an Improvement's id from what makes it one.
func NewImprovement(p Product, seed ...string) Improvement {
	return Improvement("i-" + string(p) + "-" + Hash(improvementLen, append([]string{"improvement", string(p)}, seed...)...))
}

// Product is the product that the Feedback is about.
func (f Feedback) Product() Product { return embedded(string(f)) }

// Product is the product that the Improvement is for.
func (i Improvement) Product() Product { return embedded(string(i)) }

func embedded(s string) Product {
	if parts := strings.Split(s, "-"); len(parts) == 3 {
		return Product(parts[1])
	}
	return ""
}

// Correlation is the id under which one piece of feedback is found from any end of the loop: logs, OpsItems, mails. It
// is the Feedback's own id in another dress, so that it needs no storage.
func (f Feedback) Correlation() string { return strings.Replace(string(f), "f-", "c-", 1) }

// FromCorrelation gives the Feedback a correlation id stands for. The Feedback's own id stands for it too.
func FromCorrelation(c string) (Feedback, error) {
	if rest, ok := strings.CutPrefix(c, "c-"); ok {
		c = "f-" + rest
	}
	return ParseFeedback(c)
}

// ParseProduct reads a product's id; what is none is NotFound.
func ParseProduct(s string) (Product, error) {
	if !productForm.MatchString(s) {
		return "", fault.New(fault.NotFound, "unknown_product", "There is no such product.")
	}
	return Product(s), nil
}

// ParseFeedback reads a Feedback's id; what is none is NotFound, as a well-formed id of nothing would be.
func ParseFeedback(s string) (Feedback, error) {
	if !feedbackForm.MatchString(s) {
		return "", fault.New(fault.NotFound, "unknown_feedback", "There is no such feedback.")
	}
	return Feedback(s), nil
}

// ParseImprovement reads an Improvement's id; what is none is NotFound.
func ParseImprovement(s string) (Improvement, error) {
	if !improvementForm.MatchString(s) {
		return "", fault.New(fault.NotFound, "unknown_improvement", "There is no such improvement.")
	}
	return Improvement(s), nil
}
