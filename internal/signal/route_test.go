package signal

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
)

func TestRoute(t *testing.T) {
	s := Signal{
		Source: "aws.cloudwatch", Account: "111122223333", Region: "eu-central-1", Name: "checkout-payments-latency",
		Resources: []string{"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:checkout-payments-latency", "i-1"},
	}
	one := func(product string, r Rule) ProductRules { return ProductRules{Product: product, Rules: []Rule{r}} }
	tests := []struct {
		name   string
		rules  []ProductRules
		want   string
		reason string // part of it
	}{
		{"nothing set", nil, "", "no default"},
		{"no rule matches, no default", []ProductRules{one("a", Rule{Name: "search-*"})}, "", "no default"},
		{"no rule matches: the first default", []ProductRules{one("a", Rule{Name: "search-*"}), {Product: "b", Default: true}, {Product: "c", Default: true}}, "b", "default product"},
		{"a rule beats the default", []ProductRules{{Product: "b", Default: true}, one("a", Rule{Source: "aws.*"})}, "a", "rule 1: source aws.*"},
		{"an empty rule is everything", []ProductRules{one("a", Rule{})}, "a", "everything"},
		{"name beats account, Region and source together", []ProductRules{one("a", Rule{Account: "111122223333", Region: "eu-central-1", Source: "aws.cloudwatch"}), one("b", Rule{Name: "checkout-*"})}, "b", "name checkout-*"},
		{"resource beats name", []ProductRules{one("a", Rule{Name: "checkout-payments-latency"}), one("b", Rule{Resource: "i-1"})}, "b", "resource i-1"},
		{"exact beats pattern", []ProductRules{one("a", Rule{Name: "checkout-payments-latenc?"}), one("b", Rule{Name: "checkout-payments-latency"})}, "b", ""},
		{"longer pattern beats shorter", []ProductRules{one("a", Rule{Name: "checkout-*"}), one("b", Rule{Name: "checkout-payments-*"})}, "b", ""},
		{"a pattern of everything says nothing", []ProductRules{one("a", Rule{Name: "*"}), one("b", Rule{Source: "aws.cloudwatch"})}, "b", ""},
		{"equal: first in order", []ProductRules{one("a", Rule{Region: "eu-*"}), one("b", Rule{Region: "eu-*"})}, "a", ""},
		{"equal on the first field: the next decides", []ProductRules{one("a", Rule{Name: "checkout-*"}), one("b", Rule{Name: "checkout-*", Account: "111122223333"})}, "b", "name checkout-*"},
		{"every field must match", []ProductRules{one("a", Rule{Name: "checkout-*", Region: "us-*"})}, "", ""},
		{"a product's second rule", []ProductRules{{Product: "a", Rules: []Rule{{Name: "x"}, {Resource: "arn:*:alarm:checkout-*"}}}}, "a", "rule 2:"},
		{"upper case is another name", []ProductRules{one("a", Rule{Name: "Checkout-*"})}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, reason := Route(tt.rules, s)
			if got != tt.want || !strings.Contains(reason, tt.reason) || reason == "" {
				t.Errorf("got %q because %q", got, reason)
			}
		})
	}
}

func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"", "anything", true},
		{"*", "", true},
		{"a", "", false},
		{"a*c", "abbbc", true},
		{"a*c", "abbbcd", false},
		{"a*b*c", "a-b-b-c", true},
		{"?", "語", true},
		{"??", "語", false},
		{"*.json", "a.json.json", true},
		{"[a]", "a", false}, // no classes
		{"[a]", "[a]", true},
		{"a/*", "a/b/c", true}, // a slash is a character
		{"**a**", "bab", true},
		{"é", "é", true},
		{strings.Repeat("a*", 1000) + "b", strings.Repeat("a", 20_000), false}, // in bounded time
	}
	for _, tt := range tests {
		if got := glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("glob(%.40q, %.40q) = %v", tt.pattern, tt.s, got)
		}
	}
}

func TestCheckRules(t *testing.T) {
	bad := CheckRules("/routing", []Rule{{Name: "checkout-*"}, {}, {Source: "aws.\ncloudwatch", Resource: strings.Repeat("a", 2049)}, {Name: " x"}, {Name: "\xff"}})
	want := []string{"/routing/1", "/routing/2/source", "/routing/2/resource", "/routing/3/name", "/routing/4/name"}
	if diff := cmp.Diff(want, pointers(bad)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func pointers(fields []fault.Field) (all []string) {
	for _, f := range fields {
		all = append(all, f.Pointer)
	}
	return all
}

func TestSameEpisode(t *testing.T) {
	last := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		last  time.Time
		now   time.Time
		quiet time.Duration
		want  bool
	}{
		{"no episode yet", time.Time{}, last, time.Hour, false},
		{"at once", last, last, time.Hour, true},
		{"within the quiet time", last, last.Add(59 * time.Minute), time.Hour, true},
		{"at its end", last, last.Add(time.Hour), time.Hour, true},
		{"after it", last, last.Add(time.Hour + time.Nanosecond), time.Hour, false},
		{"a word that came late opens nothing", last, last.Add(-48 * time.Hour), time.Hour, true},
		{"no quiet time", last, last.Add(time.Nanosecond), 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := SameEpisode(tt.last, tt.now, tt.quiet); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestWeighAndEnds(t *testing.T) {
	tests := []struct {
		name string
		s    Signal
		open bool
		why  Reason
		ends bool
	}{
		{"firing", Signal{State: Firing}, false, "", false},
		{"a test passes, open", Signal{State: Recovered, Source: "aws.synthetics"}, true, "", true},
		{"a test passes, nothing open", Signal{State: Recovered, Source: "aws.synthetics"}, false, ReasonNothingOpen, true},
		{"a build succeeds, nothing open", Signal{State: Recovered, Source: "aws.codebuild"}, false, ReasonNothingOpen, true},
		{"a check passes, nothing open", Signal{State: Recovered, Source: "aws.securityhub"}, false, ReasonNothingOpen, true},
		{"an alarm is OK, nothing open", Signal{State: Recovered, Source: "aws.cloudwatch"}, false, "", true},
		{"an event of AWS Health closes, nothing open", Signal{State: Recovered, Source: "aws.health"}, false, "", true},
		{"launch", Signal{State: Info, Release: "d-1"}, false, "", true},
		{"notice", Signal{State: Info}, true, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if why, ends := Weigh(tt.s, tt.open), tt.s.Ends(); why != tt.why || ends != tt.ends {
				t.Errorf("reason %q, ends %v", why, ends)
			}
		})
	}
}
