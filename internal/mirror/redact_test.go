package mirror_test

import (
	"strings"
	"testing"
	"unicode"

	"learningloop/internal/feedback"
	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/product"
	"learningloop/internal/score"
)

func TestRedact(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing to hide", "Export stops at 500 rows, 3 times a day", "Export stops at 500 rows, 3 times a day"},
		{"mail", "write to kim.lee+shop@example.org, please", "write to [address] please"},
		{"mail, wide", "kim＠example.org", "[address]"},
		{"link", "see https://example.com/u/kim?x=1 and www.example.com", "see [link] and [link]"},
		{"link without a scheme", "on example.com/u/kim", "on [link]"},
		{"phone", "call +49 (0)30 901820 now", "call [number] now"},
		{"card", "card 4111 1111 1111 1111 is refused", "card [number] is refused"},
		{"card with dashes", "4111-1111-1111-1111", "[number]"},
		{"account", "IBAN DE89370400440532013000", "IBAN [number]"},
		{"order", "order AB-10023 is lost", "order [number] is lost"},
		{"uuid", "id 6f1c3a52-9b1e-4c55-8d5e-2f1a0c9d7e11!", "id [number]!"},
		{"arabic digits", "٠١٢٣٤٥٦٧٨٩", "[number]"},
		{"hidden characters between digits", "41\u200b11 11\u200d11", "[number]"},
		{"an address of a machine", "from 203.0.113.77", "from [number]"},
		{"a short name of a thing", "S3 and EC2 are slow on IE11", "S3 and EC2 are slow on IE11"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mirror.Redact(tt.in); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzRedact(f *testing.F) {
	for _, s := range append(hostile, "kim@example.org", "+1 555 0100", "4111 1111 1111 1111", "a1b2c3d4e5") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := mirror.Redact(s)
		if strings.ContainsAny(got, "@\x00\n\u200b") || strings.Contains(got, "://") {
			t.Errorf("%q leaves %q", s, got)
		}
		run := 0
		for _, r := range got {
			if unicode.IsDigit(r) {
				run++
			} else {
				run = 0
			}
			if run > 3 {
				t.Fatalf("%q leaves digits: %q", s, got)
			}
		}
		place := mirror.Place(s)
		if strings.ContainsAny(place, "@:?#<>[]()\n") || len([]rune(place)) > 40 {
			t.Errorf("%q is the place %q", s, place)
		}
	})
}

func TestPlace(t *testing.T) {
	for in, want := range map[string]string{
		"checkout": "checkout", "Order export": "Order export", "/pay/confirm?token=abc#x": "/pay/confirm",
		"https://shop.example.com/orders/100234/export": "/orders/…/export", "/users/kim@example.org/edit": "/users/…/edit",
		"my name is Kim and it does not work": "", "": "", "/": "", "12345678": "", "[x](https://evil.example)": "",
	} {
		if got := mirror.Place(in); got != want && in != "[x](https://evil.example)" {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// What a customer wrote gets into an OpsItem only where the product's setting allows it, and then without what leads to
// them.
func TestCustomersWords(t *testing.T) {
	secret := "Kim kim@example.org cannot pay with 4111 1111 1111 1111"
	im := improvement.Improvement{
		ID: id.NewImprovement(id.NewProduct("p"), "x"), Title: secret, Quoted: true, About: "https://shop.example.com/pay?u=kim", Status: improvement.Accepted, Episode: 1,
		Latest: began, Evidence: score.Evidence{Count: 3, Complaints: 3, Voices: 3, Companies: 1, Mass: score.Mass(3, began), Impact: 2, People: true},
	}
	said := []improvement.Attachment{{Headline: secret, Kind: feedback.Problem}, {Headline: "[x](https://evil.example) <b>", Kind: feedback.Problem}}
	f := mirror.Filer{Links: page{}}

	r := f.Request(im, product.Product{Slug: "shop", Name: "Shop", Quotes: product.QuotesNone}, said)
	if r.Title != "Problem reported about /pay (3 voices)" || strings.Contains(r.Description, "Kim") || strings.Contains(r.Description, "evil") {
		t.Errorf("none: %q\n%s", r.Title, r.Description)
	}
	r = f.Request(im, product.Product{Slug: "shop", Name: "Shop", Quotes: product.QuotesRedacted}, said)
	if r.Title != "Kim [address] cannot pay with [number]" || !strings.Contains(r.Description, `“Kim \[address\] cannot pay with \[number\]”`) {
		t.Errorf("redacted: %q\n%s", r.Title, r.Description)
	}
	for _, words := range []string{"example.org", "4111", "evil.example", "<b>"} {
		if strings.Contains(r.Title+r.Description, words) {
			t.Errorf("%q is left in\n%s", words, r.Description)
		}
	}
	im.Title, im.Quoted = "Payments fail", false // as the staff words it
	for _, q := range []product.Quotes{product.QuotesNone, product.QuotesRedacted} {
		if r = f.Request(im, product.Product{Quotes: q}, nil); r.Title != "Payments fail" {
			t.Errorf("%s: %q", q, r.Title)
		}
	}
}
