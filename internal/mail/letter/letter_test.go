package letter

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"learningloop/internal/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

var footer = Footer{
	Why:       "You get this because you sent feedback about AnyCompany Retail on 3 March 2025 and asked to hear back.",
	StopLabel: "Stop mails about this", StopURL: "https://loop.example.com/u/abc",
	Reply: "Replies to this mail reach the team.", Who: "AnyCompany Retail, Example Street 1, Example Town",
}

func receipt() Letter {
	return Letter{
		Subject: "We have your feedback", Brand: "AnyCompany Retail", Headline: "We have your feedback",
		Blocks: []Block{
			Paragraph("Thank you, Ana. A person will read it, and you will hear what becomes of it."),
			Quote{Text: "Export stops at 1,000 rows.\n\nI need all of them by the end of the month, see https://example.net/report.", By: "You, 3 March 2025"},
			Button{"See where it stands", "https://loop.example.com/s/abc"},
			Steps{{"Received", "3 March 2025", Current}, {"Decided", "", Ahead}, {"Planned", "", Ahead}, {"Shipped", "", Ahead}},
		},
		Footer: footer,
	}
}

func planned() Letter {
	return Letter{
		Subject: "Planned for March: export more than 1,000 rows", Brand: "AnyCompany Retail",
		Headline: "Planned for March: export more than 1,000 rows",
		Blocks: []Block{
			Paragraph("We will do it: exports of more than 1,000 rows are planned for 28 March, and Bo sees to it."),
			Quote{Text: "Export stops at 1,000 rows.", By: "You, 3 March 2025"},
			Steps{
				{"Received", "3 March 2025", Done},
				{"Decided", "5 March 2025", Done},
				{"Planned", "6 March 2025, due 28 March", Current},
				{"Shipped", "", Ahead},
				{"Did it help?", "", Ahead},
			},
			Button{"See where it stands", "https://loop.example.com/s/abc"},
		},
		Footer: footer,
	}
}

func digest() Letter {
	return Letter{
		Subject: "Fewer complaints since 2.2, two promises overdue", Brand: "Weekly digest · AnyCompany Retail · 24 to 30 March 2025",
		Blocks: []Block{
			Lead("Release 2.2 helped: complaints about the checkout fell by half. Two promises are overdue."),
			Numbers{
				{"Feedback", "21", "25 the week before", Steady},
				{"Problems", "9", "18 the week before", Better},
				{"Time to decide", "6.5 d", "3.1 d the week before", Worse},
			},
			Paragraph("Decide: do we pay for the larger export, 12 companies wide?"),
			Button{"Decide", "https://loop.example.com/team/retail/improvements/i1"},
			Image{
				CID: "chart", Alt: "Feedback a week: 21 pieces of feedback in the week of 24 Mar, 25 the week before; the most was 64 in the week of 17 Feb.",
				Width: 440,
			},
			List{Title: "What matters most", Items: []Item{
				{"Export more than 1,000 rows", "https://loop.example.com/team/retail/improvements/i1", "34 points · 12 companies · 27 days old · Bo"},
				{"Checkout is slow on phones", "https://loop.example.com/team/retail/improvements/i2", "18 points · 5 companies · 9 days old · nobody yet"},
			}},
			List{Title: "Promises overdue", Items: []Item{
				{"Answer on the price list", "https://loop.example.com/team/retail/improvements/i3", "4 days late · Cy"},
				{"Second language for receipts", "", "1 day late · nobody"},
			}},
			List{Title: "Retrospectives", Empty: "None held, none due, none missed."},
			Note("Counted up to 30 March 2025, 23:59 UTC; everything received by then is in."),
			Link{"This digest in the archive", "https://loop.example.com/team/digests/d1"},
		},
		Footer: Footer{
			Why: "You get this every Monday because you follow AnyCompany Retail.", StopLabel: "Stop this digest",
			StopURL: "https://loop.example.com/u/def", Reply: "Replies reach the team.", Who: "AnyCompany Retail",
		},
	}
}

const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>` + "\r\nBcc: x\x00\u202e{{.Secret}} & </td></table> 🎉 שלום"

func hostile() Letter {
	return Letter{
		Subject: evil, Preheader: evil, Brand: evil, Headline: evil,
		Blocks: []Block{
			Lead(evil), Paragraph(evil), Heading(evil), Note(evil),
			Quote{Text: evil + "\nhttp://phish.example/x or www.phish.example, mail me@phish.example", By: evil},
			Steps{{evil, evil, Done}, {evil, "", Current}},
			Numbers{{evil, evil, evil, Worse}},
			Image{CID: `x" onerror="alert(1)`, Alt: evil, Width: 1},
			List{Title: evil, Items: []Item{{evil, "https://loop.example.com/?a=1&b=%3Cscript%3E", evil}}},
			Link{evil, "https://loop.example.com/"},
			Button{evil, "https://loop.example.com/"},
		},
		Footer: Footer{Why: evil, StopLabel: evil, StopURL: "https://loop.example.com/u/x", Reply: evil, Who: evil},
	}
}

func render(t *testing.T, l Letter) (html, text string) {
	t.Helper()
	html, text, err := l.Render()
	if err != nil {
		t.Fatal(err)
	}
	return html, text
}

func TestGolden(t *testing.T) {
	for name, l := range map[string]Letter{"receipt": receipt(), "planned": planned(), "digest": digest(), "hostile": hostile()} {
		html, text := render(t, l)
		for ext, got := range map[string]string{".html": html, ".txt": text} {
			t.Run(name+ext, func(t *testing.T) {
				file := filepath.Join("testdata", name+ext)
				if *update {
					if err := os.MkdirAll("testdata", 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(string(want), got); d != "" {
					t.Errorf("run with -update if this is meant (-want +got):\n%s", d)
				}
			})
		}
	}
}

func TestHostile(t *testing.T) {
	html, text := render(t, hostile())
	allowed := regexp.MustCompile(`<img class="picture" src="cid:x%22%20onerror=%22alert%281%29"`)
	rest := allowed.ReplaceAllString(html, "")
	if m := regexp.MustCompile(`(?i)<script|<img|\son\w+="|javascript:|ZgotmplZ`).FindString(rest); m != "" {
		t.Errorf("the mail has %q", m)
	}
	if strings.Count(html, "</table>") != strings.Count(html, "<table ") {
		t.Error("hostile text closed a table")
	}
	for name, s := range map[string]string{"HTML": html, "text": text} {
		if i := strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' || r == '\u202e' }); i >= 0 {
			t.Errorf("the %s part has %q", name, s[i:min(len(s), i+8)])
		}
		for _, link := range []string{"http://phish", "www.phish", "me@phish", "phish.example"} {
			if strings.Contains(s, link) {
				t.Errorf("the %s part has %q, which clients make a link of", name, link)
			}
		}
	}
}

func TestEveryMail(t *testing.T) {
	for name, l := range map[string]Letter{"receipt": receipt(), "planned": planned(), "digest": digest(), "hostile": hostile(), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			html, text := render(t, l)
			if len(html) > 50<<10 {
				t.Errorf("%d bytes; Gmail cuts mails off at 102 KB", len(html))
			}
			for _, must := range []string{`name="color-scheme" content="light dark"`, "prefers-color-scheme: dark", "max-width:600px", "<!doctype html>"} {
				if !strings.Contains(html, must) {
					t.Errorf("no %q", must)
				}
			}
			if n := strings.Count(html, `class="fill" bgcolor`); n > 1 {
				t.Errorf("%d buttons", n)
			}
			// Everything that is coloured for light paper has a class that dark clients recolour.
			for _, tag := range regexp.MustCompile(`<[a-z0-9]+ [^>]*style="[^"]*(?:;|")color:#[^>]*>`).FindAllString(html, -1) {
				if !strings.Contains(tag, "class=") {
					t.Errorf("no class on %s", tag)
				}
			}
			for line := range strings.SplitSeq(text, "\n") {
				if n := len([]rune(line)); n > column && !strings.Contains(line, "https://") && !strings.Contains(line, "alert(1)") {
					t.Errorf("a text line of %d: %q", n, line)
				}
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	tests := []struct {
		name string
		l    Letter
		code string
	}{
		{"two buttons", Letter{Blocks: []Block{Button{"a", "https://a.example"}, Button{"b", "https://b.example"}}}, "letter_buttons"},
		{"script", Letter{Blocks: []Block{Button{"a", "javascript:alert(1)"}}}, "letter_link"},
		{"data", Letter{Blocks: []Block{Link{"a", "data:text/html,x"}}}, "letter_link"},
		{"relative", Letter{Blocks: []Block{Link{"a", "/s/x"}}}, "letter_link"},
		{"no address", Letter{Blocks: []Block{Button{"a", ""}}}, "letter_link"},
		{"in a list", Letter{Blocks: []Block{List{Items: []Item{{"a", "vbscript:x", ""}}}}}, "letter_link"},
		{"in the footer", Letter{Footer: Footer{StopURL: "mailto:a@example.com"}}, "letter_link"},
		{"with a user", Letter{Blocks: []Block{Link{"a", "https://bank.example@evil.example/"}}}, "letter_link"},
		{"with a line end", Letter{Blocks: []Block{Link{"a", "https://a.example/\nx"}}}, "letter_link"},
		{"with a quote", Letter{Blocks: []Block{Link{"a", `https://a.example/"onclick="x`}}}, "letter_link"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := tt.l.Render()
			e, ok := errors.AsType[*fault.Error](err)
			if !ok || e.Kind != fault.Invalid || e.Code != tt.code {
				t.Errorf("error = %v, want %s", err, tt.code)
			}
		})
	}
}

func TestDefused(t *testing.T) {
	show := strings.NewReplacer(joiner, "|")
	for in, want := range map[string]string{
		"https://evil.example/a.b":   "https:|//evil|.example/a.b",
		"a.bb.cc.dd":                 "a.bb|.cc|.dd",
		"www.x":                      "www|.x",
		"me@evil.example":            "me|@evil|.example",
		"It stops. Why? 1,000.50 ok": "It stops. Why? 1,000.50 ok",
		"version 2.1.0, e.g. this":   "version 2.1.0, e.g. this",
		"пример.рф":                  "пример|.рф",
	} {
		if got := show.Replace(defused(in)); got != want {
			t.Errorf("defused(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzLetter(f *testing.F) {
	f.Add("text", "https://loop.example.com")
	f.Add(evil, "javascript:x")
	f.Fuzz(func(t *testing.T, s, link string) {
		l := Letter{
			Headline: s, Blocks: []Block{Lead(s), Quote{Text: s, By: s}, Steps{{s, s, Done}}, Numbers{{s, s, s, Better}}, List{Title: s, Items: []Item{{s, link, s}}}},
			Footer: Footer{Why: s},
		}
		html, text, err := l.Render()
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if strings.Count(html, "<") != strings.Count(html, ">") {
			t.Errorf("markup is not balanced:\n%s", html)
		}
		if strings.Contains(strings.ToLower(html), "<script") || strings.ContainsAny(text, "\r\x00") {
			t.Errorf("%s\n%s", html, text)
		}
	})
}
