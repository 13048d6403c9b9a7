package address

import (
	"net/mail"
	"strings"
	"testing"

	"learningloop/internal/fault"
)

func TestParse(t *testing.T) {
	long := strings.Repeat("a", 64)
	tests := []struct {
		name, in, want string // want "" is refused
	}{
		{"plain", "ana@example.com", "ana@example.com"},
		{"white space around", "  ana@example.com\n", "ana@example.com"},
		{"the local part keeps its case, the domain does not", "Ana.B@Example.COM", "Ana.B@example.com"},
		{"plus and signs", "a+b_c-d!#$%&'*/=?^`{|}~@example.com", "a+b_c-d!#$%&'*/=?^`{|}~@example.com"},
		{"subdomain", "a@b.c.example.co", "a@b.c.example.co"},
		{"an international domain in its ASCII form", "ana@bücher.example", "ana@xn--bcher-kva.example"},
		{"one spelling for two", "ana@XN--BCHER-KVA.example", "ana@xn--bcher-kva.example"},
		{"full-width dot", "ana@example。com", "ana@example.com"},
		{"local part of 64", long + "@example.com", long + "@example.com"},
		{"empty", "", ""},
		{"blank", "  ", ""},
		{"no at", "ana.example.com", ""},
		{"no local part", "@example.com", ""},
		{"no domain", "ana@", ""},
		{"two ats", "ana@b@example.com", ""},
		{"display name", "Ana <ana@example.com>", ""},
		{"angle brackets", "<ana@example.com>", ""},
		{"comment", "ana(x)@example.com", ""},
		{"quoted local part", `"ana b"@example.com`, ""},
		{"list", "a@example.com,b@example.com", ""},
		{"space within", "an a@example.com", ""},
		{"header injection", "ana@example.com\r\nBcc: all@example.com", ""},
		{"header injection in the local part", "ana\r\nBcc:x@example.com", ""},
		{"NUL", "ana\x00@example.com", ""},
		{"bad UTF-8", "ana@ex\xffample.com", ""},
		{"replacement character", "ana@ex\ufffdample.com", ""},
		{"local part in another script", "アナ@example.com", ""},
		{"leading dot", ".ana@example.com", ""},
		{"double dot", "a..b@example.com", ""},
		{"trailing dot", "ana.@example.com", ""},
		{"domain without a dot", "ana@localhost", ""},
		{"domain ending in a dot", "ana@example.com.", ""},
		{"IP literal", "ana@[127.0.0.1]", ""},
		{"bare IP", "ana@127.0.0.1", ""},
		{"hyphen first", "ana@-example.com", ""},
		{"underscore in the domain", "ana@ex_ample.com", ""},
		{"right-to-left override", "ana@exam\u202eple.com", ""},
		{"local part of 65", long + "a@example.com", ""},
		{"label of 64", "a@" + long + ".com", ""},
		{"255 long", "a@" + strings.Repeat("b.", 125) + "com", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.in)
			if got.Email != tt.want {
				t.Errorf("Parse(%q) = %q, want %q", tt.in, got.Email, tt.want)
			}
			if (err != nil) != (tt.want == "") {
				t.Fatalf("Parse(%q) error = %v", tt.in, err)
			}
			if err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("kind = %v, want invalid", fault.KindOf(err))
			}
			if err != nil && len(tt.in) > 12 && strings.Contains(err.Error(), strings.TrimSpace(tt.in)) {
				t.Errorf("the error repeats the address: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"ana@example.com", "Ana <a@b.c>", "a@bücher.example", "a\r\n@b.c", `"a"@b.c`, "a@[::1]", "a@b。c", "\xff@b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s)
		if err != nil {
			if !a.IsZero() {
				t.Errorf("an address beside an error: %q", a.Email)
			}
			return
		}
		again, err := Parse(a.Email)
		if err != nil || again != a {
			t.Errorf("Parse(%q) = %q, and that again = %q, %v", s, a.Email, again.Email, err)
		}
		if len(a.Email) > MaxLen || !isASCII(a.Email) || strings.ContainsAny(a.Email, " \t\r\n<>\",;:()[]\\\x00") {
			t.Errorf("Parse(%q) = %q", s, a.Email)
		}
		if p, err := mail.ParseAddress("x <" + a.Email + ">"); err != nil || p.Address != a.Email {
			t.Errorf("net/mail reads %q as %v, %v", a.Email, p, err)
		}
	})
}
