// Package product is what feedback is about: a workload, service or app, with the rules its team set for it.
package product

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"learningloop/internal/fault"
	"learningloop/internal/id"
	"learningloop/internal/mail/address"
	"learningloop/internal/signal"
)

// Product is one product. Slug may change; ID never does.
type Product struct {
	ID       id.Product    `json:"id"`
	Slug     string        `json:"slug"`
	Name     string        `json:"name"`
	About    string        `json:"about,omitempty"` // one sentence for whoever gives feedback
	Default  bool          `json:"default"`         // signals that no rule of any product claims come here
	Routing  []signal.Rule `json:"routing"`         // which signals are about it
	Runbooks Runbooks      `json:"runbooks"`        // what to run for which signals
	Rules    Rules         `json:"rules"`
	Quotes   Quotes        `json:"quotes"`   // how much of customers' words goes into OpsItems
	DigestTo []string      `json:"digestTo"` // addresses of leadership
	// Components are its parts, so that what alarms and people say of one meets.
	Components []Component `json:"components"`
	// ClusterMinutes is how far words about one part may lie apart to be about one cause; 0 is DefaultWindow.
	ClusterMinutes int       `json:"clusterMinutes"`
	Andon          Andon     `json:"andon"`
	Mutes          []Mute    `json:"mutes"`
	Unmuted        *Mute     `json:"unmuted,omitempty"` // the one removed last, so that it can be set again; nil: none, or it is set again
	Created        time.Time `json:"created"`
	Version        int64     `json:"version"`
}

// Rules decide for people, and say so.
type Rules struct {
	// Severity: a firing signal of this severity (1..4) or a worse one is accepted by rule; 0 is off.
	Severity int `json:"severity"`
	// Band: an Improvement whose score reaches this band (1..5) is accepted by rule; 0 is off. It can be set only after a
	// dry run of the same band.
	Band int `json:"band"`
	// DryRun is the band last tried on history.
	DryRun int `json:"dryRun"`
}

// Quotes says how much of customers' words goes into OpsItems.
type Quotes string

// The settings of Quotes.
const (
	QuotesNone     Quotes = "none"
	QuotesRedacted Quotes = "redacted"
)

// DefaultRules hold until a team sets its own: what an alarm calls critical or high is worked at once.
var DefaultRules = Rules{Severity: 2}

// reserved are the team's pages that are about no one product: /team/<slug>/... would be theirs.
var reserved = []string{"digests", "log", "products", "set-aside"}

var slugForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// CheckSlug says whether s can name a product in links.
func CheckSlug(s string) error {
	if !slugForm.MatchString(s) {
		return fault.Fields(fault.Field{Pointer: "/slug", Detail: "must be 1 to 40 of a-z, 0-9 and -, and not begin or end with -"})
	}
	if slices.Contains(reserved, s) {
		return fault.Fields(fault.Field{Pointer: "/slug", Detail: "must not be one of " + strings.Join(reserved, ", ") + ": pages of the team have these names"})
	}
	return nil
}

// Settings is what staff may set; nil leaves as it is.
type Settings struct {
	Name     *string       `json:"name"`
	About    *string       `json:"about"`
	Default  *bool         `json:"default"`
	Routing  []signal.Rule `json:"routing"`
	Runbooks Runbooks      `json:"runbooks"`
	Rules    *RuleSettings `json:"rules"`
	Quotes   *Quotes       `json:"quotes"`
	DigestTo []string      `json:"digestTo"`

	Components     []Component    `json:"components"`
	ClusterMinutes *int           `json:"clusterMinutes"`
	Andon          *AndonSettings `json:"andon"`
	Mutes          []Mute         `json:"mutes"`
	By             string         `json:"-"` // who sets it
}

// RuleSettings is the part of Rules that staff may set.
type RuleSettings struct {
	Severity *int `json:"severity"`
	Band     *int `json:"band"`
}

// New makes a product with the rules that hold until its team sets others. seed is random.
func New(slug, seed string, now time.Time) (Product, error) {
	if err := CheckSlug(slug); err != nil {
		return Product{}, err
	}
	return Product{ID: id.NewProduct(seed), Slug: slug, Name: slug, Rules: DefaultRules, Quotes: QuotesNone, ClusterMinutes: DefaultWindow, Andon: Andon{Minutes: DefaultWindow}, Created: now}, nil
}

// With gives the product with the settings applied, or an Invalid error that names every bad field.
func (p Product) With(s Settings) (Product, error) {
	var bad []fault.Field
	reject := func(pointer, detail string) { bad = append(bad, fault.Field{Pointer: pointer, Detail: detail}) }
	if s.Name != nil {
		if p.Name = line(*s.Name); p.Name == "" || utf8.RuneCountInString(p.Name) > 80 || hidden(p.Name) {
			reject("/name", "must be 1 to 80 characters, all of them visible")
		}
	}
	if s.About != nil {
		if p.About = line(*s.About); utf8.RuneCountInString(p.About) > 300 || hidden(p.About) {
			reject("/about", "must be at most 300 characters, all of them visible")
		}
	}
	if s.Default != nil {
		p.Default = *s.Default
	}
	if s.Routing != nil {
		p.Routing = s.Routing
		bad = append(bad, signal.CheckRules("/routing", s.Routing)...)
	}
	if s.Runbooks != nil {
		p.Runbooks = s.Runbooks
		bad = append(bad, s.Runbooks.check()...)
	}
	if s.Quotes != nil {
		if p.Quotes = *s.Quotes; p.Quotes != QuotesNone && p.Quotes != QuotesRedacted {
			reject("/quotes", "must be none or redacted")
		}
	}
	if s.DigestTo != nil {
		p.DigestTo = make([]string, 0, len(s.DigestTo))
		if len(s.DigestTo) > 50 {
			reject("/digestTo", "must be at most 50 addresses")
		}
		for i, raw := range s.DigestTo {
			a, err := address.Parse(raw)
			if err != nil {
				reject(fmt.Sprintf("/digestTo/%d", i), address.Why(err))
			}
			p.DigestTo = append(p.DigestTo, a.Email)
		}
	}
	if s.Rules != nil {
		bad = append(bad, p.setRules(*s.Rules)...)
	}
	if s.Components != nil {
		bad = append(bad, p.setComponents(s.Components)...)
	}
	if s.ClusterMinutes != nil {
		if p.ClusterMinutes = *s.ClusterMinutes; *s.ClusterMinutes < 1 || *s.ClusterMinutes > maxMinutes {
			reject("/clusterMinutes", "must be 1 to 1,440")
		}
	}
	if s.Andon != nil {
		bad = append(bad, p.setAndon(*s.Andon)...)
	}
	if s.Mutes != nil {
		bad = append(bad, p.setMutes(s.Mutes, s.By)...)
	} else if s.Components != nil {
		bad = append(bad, p.keepMuted()...)
	}
	return p, fault.Fields(bad...)
}

// line puts a text on one line, for pages and subjects of mails.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }

// hidden says whether a line holds what nobody sees: control characters, and the bidirectional overrides that make a text
// read as something else (Unicode TR 36, 2.4).
func hidden(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
	})
}

func (p *Product) setRules(r RuleSettings) (bad []fault.Field) {
	if r.Severity != nil {
		if p.Rules.Severity = *r.Severity; *r.Severity < 0 || *r.Severity > 4 {
			bad = append(bad, fault.Field{Pointer: "/rules/severity", Detail: "must be 1 to 4, or 0 for off"})
		}
	}
	if r.Band != nil {
		switch {
		case *r.Band < 0 || *r.Band > 5:
			bad = append(bad, fault.Field{Pointer: "/rules/band", Detail: "must be 1 to 5, or 0 for off"})
		case *r.Band != 0 && *r.Band != p.Rules.Band && *r.Band != p.Rules.DryRun:
			bad = append(bad, fault.Field{Pointer: "/rules/band", Detail: "can be set after a dry run of the same band: POST /v1/products/" + p.Slug + "/dry-run"})
		}
		p.Rules.Band = *r.Band
	}
	return bad
}
