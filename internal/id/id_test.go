package id_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
	"learningloop/internal/id"
)

// Stored data, tokens and links hang on these: what makes an id may never change.
func TestIDsArePinned(t *testing.T) {
	p := id.NewProduct("seed")
	got := []string{
		string(p), string(id.NewFeedback(p, "key", "k", "0")), string(id.NewImprovement(p, "signal", "alarm/1")),
		id.NewFeedback(p, "key", "k", "0").Correlation(), id.Hash(26, "a", "b"),
	}
	want := []string{
		"6dbpe2aa", "f-6dbpe2aa-zb71n8kfd8s33pcsnxgzah51eb", "i-6dbpe2aa-kapszw7adq3x8m9a",
		"c-6dbpe2aa-zb71n8kfd8s33pcsnxgzah51eb", "2rknxw7nt3nsvpf0mms7en4zv9",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestHashKeepsPartsApart(t *testing.T) {
	tests := []struct {
		name string
		a, b []string
	}{
		{"where one ends and the next begins", []string{"ab", "c"}, []string{"a", "bc"}},
		{"an empty part is a part", []string{"a"}, []string{"a", ""}},
		{"order counts", []string{"a", "b"}, []string{"b", "a"}},
		{"a length is no part's text", []string{"\x00\x00\x00\x01a"}, []string{"a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a, b := id.Hash(26, tt.a...), id.Hash(26, tt.b...); a == b {
				t.Errorf("%q and %q both give %s", tt.a, tt.b, a)
			}
		})
	}
}

// An id alone finds its item: it says its product, and is read back as it is.
func TestRoundTrip(t *testing.T) {
	for _, seed := range []string{"", "a", "b", "c", "hostile \x00\xff <script>", strings.Repeat("x", 10_000)} {
		p := id.NewProduct(seed)
		if got, err := id.ParseProduct(string(p)); err != nil || got != p {
			t.Errorf("product of %q: %v, %v", seed, got, err)
		}
		f := id.NewFeedback(p, "s", seed)
		if got, err := id.ParseFeedback(string(f)); err != nil || got != f || f.Product() != p {
			t.Errorf("feedback of %q: %v, %v, product %s", seed, got, err, f.Product())
		}
		i := id.NewImprovement(p, "s", seed)
		if got, err := id.ParseImprovement(string(i)); err != nil || got != i || i.Product() != p {
			t.Errorf("improvement of %q: %v, %v, product %s", seed, got, err, i.Product())
		}
		if got, err := id.FromCorrelation(f.Correlation()); err != nil || got != f {
			t.Errorf("correlation %s: %v, %v", f.Correlation(), got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	p := id.NewProduct("p")
	f, i := string(id.NewFeedback(p, "f")), string(id.NewImprovement(p, "i"))
	bad := []string{
		"", "f-", "-", "f--", f + "x", f[:len(f)-1], strings.ToUpper(f), f + "\n", "x" + f[1:], strings.Replace(f, string(p), "all", 1),
		f[:len(f)-1] + "i", f[:len(f)-1] + "l", f[:len(f)-1] + "o", f[:len(f)-1] + "u", "../" + f, f + "/..", f + "\x00",
	}
	for _, s := range bad {
		for kind, parse := range map[string]func(string) error{
			"feedback":    func(s string) error { _, err := id.ParseFeedback(s); return err },
			"correlation": func(s string) error { _, err := id.FromCorrelation(s); return err },
			"improvement": func(s string) error { _, err := id.ParseImprovement(s); return err },
			"product":     func(s string) error { _, err := id.ParseProduct(s); return err },
		} {
			if err := parse(s); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s %q: %v", kind, s, err)
			}
		}
	}
	if _, err := id.ParseFeedback(i); !fault.Is(err, fault.NotFound) {
		t.Errorf("an improvement read as feedback: %v", err)
	}
	if _, err := id.ParseImprovement(f); !fault.Is(err, fault.NotFound) {
		t.Errorf("feedback read as an improvement: %v", err)
	}
	if _, err := id.ParseProduct(string(id.All)); !fault.Is(err, fault.NotFound) {
		t.Errorf("all read as a product: %v", err)
	}
}

// The "c-" of a product's id that ends in c is not the mark of a correlation id.
func TestFromCorrelationReadsOnlyTheFront(t *testing.T) {
	f := id.Feedback("f-aaaaaaac-" + strings.Repeat("0", 26))
	for _, s := range []string{string(f), f.Correlation()} {
		if got, err := id.FromCorrelation(s); err != nil || got != f {
			t.Errorf("%s: %s, %v", s, got, err)
		}
	}
}

func TestEmbeddedProductOfNoID(t *testing.T) {
	for _, s := range []string{"", "f", "f-a", "f-a-b-c"} {
		if p := id.Feedback(s).Product(); p != "" {
			t.Errorf("%q has product %q", s, p)
		}
	}
}
