package product_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/product"
	"learningloop/internal/signal"
)

var now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// pointers gives the pointers of the bad fields that err names.
func pointers(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != fault.Invalid {
		t.Fatalf("not Invalid: %v", err)
	}
	var out []string
	for _, f := range e.Fields {
		if f.Detail == "" {
			t.Errorf("%s has no detail", f.Pointer)
		}
		out = append(out, f.Pointer)
	}
	return out
}

func TestCheckSlug(t *testing.T) {
	tests := []struct {
		slug string
		ok   bool
	}{
		{"example", true},
		{"a", true},
		{"7", true},
		{"any-company-2", true},
		{strings.Repeat("a", 40), true},
		{strings.Repeat("a", 41), false},
		{"", false},
		{"-a", false},
		{"a-", false},
		{"-", false},
		{"A", false},
		{"ä", false},
		{"a b", false},
		{"a\n", false},
		{"../x", false},
		{"a/b", false},
		{"a\x00", false},
	}
	for _, tt := range tests {
		err := product.CheckSlug(tt.slug)
		if got := pointers(t, err); (err == nil) != tt.ok || !tt.ok && !cmp.Equal(got, []string{"/slug"}) {
			t.Errorf("%q: %v", tt.slug, err)
		}
	}
}

func TestNew(t *testing.T) {
	p, err := product.New("shop", "seed", now)
	if err != nil {
		t.Fatal(err)
	}
	want := product.Product{
		ID: p.ID, Slug: "shop", Name: "shop", Rules: product.Rules{Severity: 2}, Quotes: product.QuotesNone,
		ClusterMinutes: 60, Andon: product.Andon{Minutes: 60}, Created: now,
	}
	if d := cmp.Diff(want, p); d != "" || p.ID == "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if other, err := product.New("shop", "another seed", now); err != nil || other.ID == p.ID {
		t.Errorf("two seeds: %s and %s, %v", p.ID, other.ID, err)
	}
	if _, err := product.New("No Slug", "seed", now); err == nil {
		t.Error("a bad slug passes")
	}
}

// Every bad field is named at once.
func TestWithRefuses(t *testing.T) {
	tests := []struct {
		name string
		s    product.Settings
		want []string
	}{
		{"nothing set", product.Settings{}, nil},
		{"an empty name", product.Settings{Name: new("")}, []string{"/name"}},
		{"a name of spaces", product.Settings{Name: new(" \t\u00a0 ")}, []string{"/name"}},
		{"the longest name, in characters", product.Settings{Name: new(strings.Repeat("ü", 80))}, nil},
		{"a longer name", product.Settings{Name: new(strings.Repeat("ü", 81))}, []string{"/name"}},
		{"a name with a NUL", product.Settings{Name: new("Shop\x00")}, []string{"/name"}},
		{"a name that reads backwards", product.Settings{Name: new("Shop \u202egnp.exe")}, []string{"/name"}},
		{"a name in bad UTF-8", product.Settings{Name: new("Shop\xff")}, []string{"/name"}},
		{"the longest about", product.Settings{About: new(strings.Repeat("ü", 300))}, nil},
		{"a longer about", product.Settings{About: new(strings.Repeat("ü", 301))}, []string{"/about"}},
		{"unknown quotes", product.Settings{Quotes: new(product.Quotes("all"))}, []string{"/quotes"}},
		{"bad addresses", product.Settings{DigestTo: []string{"boss@example.com", "boss", ""}}, []string{"/digestTo/1", "/digestTo/2"}},
		{"too many addresses", product.Settings{DigestTo: slicesOf("boss@example.com", 51)}, []string{"/digestTo"}},
		{"a rule that takes everything", product.Settings{Routing: []signal.Rule{{Source: "aws.cloudwatch"}, {}}}, []string{"/routing/1"}},
		{"severity out of range", product.Settings{Rules: &product.RuleSettings{Severity: new(5)}}, []string{"/rules/severity"}},
		{"severity below nothing", product.Settings{Rules: &product.RuleSettings{Severity: new(-1)}}, []string{"/rules/severity"}},
		{"band out of range", product.Settings{Rules: &product.RuleSettings{Band: new(6)}}, []string{"/rules/band"}},
		{"band below nothing", product.Settings{Rules: &product.RuleSettings{Band: new(-1)}}, []string{"/rules/band"}},
		{
			"all at once",
			product.Settings{
				Name: new(""), About: new(strings.Repeat("x", 301)), Quotes: new(product.Quotes("")), DigestTo: []string{"x"},
				Routing: []signal.Rule{{}}, Rules: &product.RuleSettings{Severity: new(9), Band: new(3)},
			},
			[]string{"/name", "/about", "/routing/0", "/quotes", "/digestTo/0", "/rules/severity", "/rules/band"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := product.New("shop", "seed", now)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.With(tt.s)
			if d := cmp.Diff(tt.want, pointers(t, err)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func slicesOf(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

func TestWithApplies(t *testing.T) {
	p, err := product.New("shop", "seed", now)
	if err != nil {
		t.Fatal(err)
	}
	p.DigestTo, p.Routing, p.Version = []string{"old@example.com"}, []signal.Rule{{Name: "old"}}, 3
	// What is nil stays.
	same, err := p.With(product.Settings{})
	if d := cmp.Diff(p, same); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	got, err := p.With(product.Settings{
		Name: new("  The\r\nShop  "), About: new("Buy\nthings"), Default: new(true), Quotes: new(product.QuotesRedacted),
		Routing: []signal.Rule{}, DigestTo: []string{" Boss@Example.COM "}, Rules: &product.RuleSettings{Severity: new(0)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := p
	want.Name, want.About, want.Default, want.Quotes = "The Shop", "Buy things", true, product.QuotesRedacted
	want.Routing, want.DigestTo, want.Rules = []signal.Rule{}, []string{"Boss@example.com"}, product.Rules{}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if p.DigestTo[0] != "old@example.com" {
		t.Errorf("the product it was made from has changed: %v", p.DigestTo)
	}
}

// A band decides for people, so it is tried on history first: the same band, and not another.
func TestBandNeedsDryRun(t *testing.T) {
	tests := []struct {
		name  string
		rules product.Rules // as they are
		band  int
		ok    bool
	}{
		{"never tried", product.Rules{}, 2, false},
		{"tried", product.Rules{DryRun: 2}, 2, true},
		{"another was tried", product.Rules{DryRun: 1}, 2, false},
		{"set already", product.Rules{Band: 2, DryRun: 4}, 2, true},
		{"off needs no trial", product.Rules{Band: 2}, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := product.Product{Slug: "shop", Rules: tt.rules}
			got, err := p.With(product.Settings{Rules: &product.RuleSettings{Band: &tt.band}})
			if (err == nil) != tt.ok {
				t.Fatalf("With: %v", err)
			}
			if tt.ok && (got.Rules.Band != tt.band || got.Rules.DryRun != tt.rules.DryRun) {
				t.Errorf("rules %+v", got.Rules)
			}
			if !tt.ok && !strings.Contains(err.Error(), "/v1/products/shop/dry-run") {
				t.Errorf("the error does not say where to try it: %v", err)
			}
		})
	}
}
