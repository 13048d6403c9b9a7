package signal

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"learningloop/internal/fault"
)

// Rule says which signals are about a product. Every field that is not empty must match; in a field * stands for any
// characters and ? for one. Matching tells upper from lower case, as AWS's names do.
type Rule struct {
	Source   string `json:"source,omitempty"`   // "aws.cloudwatch"
	Account  string `json:"account,omitempty"`  // "111122223333"
	Region   string `json:"region,omitempty"`   // "eu-*"
	Resource string `json:"resource,omitempty"` // any one of the signal's: "arn:aws:lambda:*:function:checkout-*"
	Name     string `json:"name,omitempty"`     // "checkout-*"
}

// ProductRules are the rules of one product.
type ProductRules struct {
	Product string // whatever the caller knows it by
	Default bool   // takes what no rule of any product claims
	Rules   []Rule
}

// Route says whose signal it is and why. Of all rules that match, the most specific wins: the one that says more of the
// resource, then of the name, the account, the Region, the source; an exact value says more than a pattern, a pattern
// more the more of it is literal. Between equals the first in order wins. Where none matches it is the first default
// product's, or "" where there is none.
func Route(products []ProductRules, s Signal) (product, reason string) {
	var best [5]int
	found := false
	for _, p := range products {
		for i, r := range p.Rules {
			if !r.match(s) {
				continue
			}
			if sp := r.specificity(); !found || slices.Compare(sp[:], best[:]) > 0 {
				found, best, product = true, sp, p.Product
				reason = fmt.Sprintf("rule %d: %s", i+1, r)
			}
		}
	}
	if found {
		return product, reason
	}
	for _, p := range products {
		if p.Default {
			return p.Product, "no rule matched: default product"
		}
	}
	return "", "no rule matched and there is no default product"
}

// Matches says whether the rule takes a signal.
func (r Rule) Matches(s Signal) bool { return r.match(s) }

func (r Rule) match(s Signal) bool {
	return glob(r.Source, s.Source) && glob(r.Account, s.Account) && glob(r.Region, s.Region) && glob(r.Name, s.Name) &&
		(r.Resource == "" || slices.ContainsFunc(s.Resources, func(id string) bool { return glob(r.Resource, id) }))
}

// specificity orders rules; see Route.
func (r Rule) specificity() (sp [5]int) {
	for i, f := range []string{r.Resource, r.Name, r.Account, r.Region, r.Source} {
		literal := len(f) - strings.Count(f, "*") - strings.Count(f, "?")
		switch {
		case f == "" || strings.Trim(f, "*") == "":
		case literal == len(f):
			sp[i] = maxPattern + 1 // above any pattern
		default:
			sp[i] = 1 + literal
		}
	}
	return sp
}

// String says the rule as a person would.
func (r Rule) String() string {
	var parts []string
	for _, f := range r.fields() {
		if f.value != "" {
			parts = append(parts, fmt.Sprintf("%s %s", f.name, f.value))
		}
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

type ruleField struct{ name, value string }

func (r Rule) fields() []ruleField {
	return []ruleField{{"source", r.Source}, {"account", r.Account}, {"region", r.Region}, {"resource", r.Resource}, {"name", r.Name}}
}

// maxPattern is the length of a pattern, in bytes: an ARN's.
const maxPattern = 2048

// CheckRules holds rules that staff set against their form. pointer is where the list stands in the input.
func CheckRules(pointer string, rules []Rule) (bad []fault.Field) {
	for i, r := range rules {
		empty := true
		for _, f := range r.fields() {
			at := fmt.Sprintf("%s/%d/%s", pointer, i, f.name)
			empty = empty && f.value == ""
			if len(f.value) > maxPattern || !utf8.ValidString(f.value) || f.value != line(f.value, len(f.value)) {
				bad = append(bad, fault.Field{Pointer: at, Detail: "must be one line of at most 2,048 bytes, without spaces around it"})
			}
		}
		if empty {
			// It would take every signal there is, which is what a default product is for.
			bad = append(bad, fault.Field{Pointer: fmt.Sprintf("%s/%d", pointer, i), Detail: "must name a source, account, region, resource or name"})
		}
	}
	return bad
}

// glob matches a pattern of * and ?, or anything where it is empty. It takes at most len(pattern) x len(s) steps.
func glob(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	p, n := 0, 0
	star, back := -1, 0
	for n < len(s) {
		_, size := utf8.DecodeRuneInString(s[n:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, n
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			n += size
		case p < len(pattern) && strings.HasPrefix(pattern[p:], s[n:n+size]):
			p += size
			n += size
		case star >= 0:
			_, skip := utf8.DecodeRuneInString(s[back:])
			back += skip
			p, n = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
