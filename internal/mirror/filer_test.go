package mirror_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"learningloop/internal/id"
	"learningloop/internal/improvement"
	"learningloop/internal/mirror"
	"learningloop/internal/opsitem"
	"learningloop/internal/product"
	"learningloop/internal/score"
)

// renderers read Markdown as plain CommonMark and as GitHub does, which makes links of bare addresses.
var renderers = map[string]goldmark.Markdown{
	"CommonMark": goldmark.New(),
	"GFM":        goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList, extension.Typographer)),
}

// hostile is what people may type where a title is asked for.
var hostile = []string{
	"[click me](https://evil.example)", "![x](https://evil.example/p.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>",
	"https://evil.example/a?b=c", "http://evil.example", "HTTPS://EVIL.EXAMPLE", "www.evil.example", "WWW.evil.example", "Www.Evil.example",
	"ftp://evil.example", "mailto:a@evil.example", "xmpp:a@evil.example", "a@evil.example", "<https://evil.example>", "<a@evil.example>",
	"[x][1] [1]: https://evil.example", "[1]: https://evil.example", "# heading", "> quote", "- item", "* item", "+ item", "1. item", "1) item",
	"```code```", "`code`", "~~~", "~~gone~~", "**bold**", "__bold__", "_it_", "---", "***", "===", "| a | b |\n| - | - |\n| c | d |",
	"&lt;script&gt;", "&#60;b&#62;", "&copy;", "\\[x\\](https://evil.example)", "\\\\[x](https://evil.example)", "a\n\n[x](https://evil.example)",
	"a\n\n# heading", "    code", "\tcode", "[^1]", "[x]: y", "- [ ] task", "\x00\x1b[31m", "\u202egnp.exe", "<!-- x", "<![CDATA[x]]>", "<?php ?>",
	"javascript:alert(1)", "[x](javascript:alert(1))", "!\\[x](https://evil.example)", "a://www.evil.example", "//evil.example", "evil.example",
	"h\u200dttps://evil.example", "https:\u200b//evil.example", "://", "@", "www.", "w*w*w.evil.example", "https&#58;//evil.example", "https&colon;//evil.example",
}

func TestHarmless(t *testing.T) {
	for name, md := range renderers {
		for _, s := range hostile {
			// As it stands in a line, and alone, where a line's beginning means something.
			for _, doc := range []string{"Title: **" + mirror.Harmless(s) + "** (shop)", "Outcome wanted: " + mirror.Harmless(s)} {
				if bad := nodes(md, doc, "Document", "Paragraph", "Text", "String", "Emphasis"); bad != "" {
					t.Errorf("%s: %q becomes %s", name, s, bad)
				}
			}
		}
	}
	// It is still read as it was typed.
	var out bytes.Buffer
	if err := renderers["GFM"].Convert([]byte("x "+mirror.Harmless("a_b*c [d] <e> & 50% #1 (f)")), &out); err != nil || out.String() != "<p>x a_b*c [d] &lt;e&gt; &amp; 50% #1 (f)</p>\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// nodes names the nodes of a document beyond those that text may be.
func nodes(md goldmark.Markdown, doc string, allowed ...string) string {
	root := md.Parser().Parse(text.NewReader([]byte(doc)))
	bad := ""
	_ = ast.Walk(root, func(n ast.Node, in bool) (ast.WalkStatus, error) {
		kind := n.Kind().String()
		if e, ok := n.(*ast.Emphasis); ok && e.Level != 2 {
			bad += " light emphasis"
		}
		if in && !strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+kind+" ") {
			bad += " " + kind
		}
		return ast.WalkContinue, nil
	})
	return bad
}

func FuzzHarmless(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, md := range renderers {
			if bad := nodes(md, "Outcome wanted: "+mirror.Harmless(s), "Document", "Paragraph", "Text", "String"); bad != "" {
				t.Errorf("%s: %q becomes%s", name, s, bad)
			}
		}
	})
}

func TestRequestHoldsTheLimits(t *testing.T) {
	p := product.Product{Slug: strings.Repeat("s", 40), Name: strings.Repeat("]", 80)}
	for _, s := range append(hostile, strings.Repeat("*", 1000), strings.Repeat("www.a@b ", 200), strings.Repeat("語", 1000), strings.Repeat("😀 ", 500), "x") {
		im := improvement.Improvement{
			ID: id.NewImprovement(id.NewProduct("p"), "x"), Title: s, Outcome: s + s, Owner: s, Episode: 1, Correlation: "c-1", Due: began,
			Evidence: score.Evidence{Count: 1_000_000, Signals: 999_999, Voices: 1_000_000, Mass: 1e12, Impact: 3, People: true, Machines: true},
		}
		for i := range 100 {
			im.Resources = append(im.Resources, fmt.Sprintf("arn:aws:lambda:us-east-1:111122223333:function:%d-%s", i, strings.Repeat("x", 1500)), "i-1")
		}
		r := mirror.Filer{Links: page{}}.Request(im, p, nil)
		if n := utf8.RuneCountInString(r.Title); n > mirror.MaxTitle || n == 0 || strings.ContainsAny(r.Title, "\n\r") {
			t.Errorf("title of %d: %q", n, r.Title)
		}
		if n := utf8.RuneCountInString(r.Description); n > mirror.MaxDescription {
			t.Errorf("description of %d", n)
		}
		if !strings.Contains(r.Description, "("+page{}.Improvement(im, p.Slug)+")") || !strings.HasSuffix(r.Description, "c-1\n") {
			t.Errorf("the end is cut off: %q", r.Description)
		}
		size := 2
		for _, a := range r.Resources {
			if size += len(`{"arn":""},`) + len(a); !strings.HasPrefix(a, "arn:") {
				t.Errorf("resource %q", a)
			}
		}
		if size > 20<<10 || len(r.Resources) == 0 {
			t.Errorf("%d resources of %d bytes", len(r.Resources), size)
		}
		for name, md := range renderers {
			links := 0
			_ = ast.Walk(md.Parser().Parse(text.NewReader([]byte(r.Description))), func(n ast.Node, in bool) (ast.WalkStatus, error) {
				switch n := n.(type) {
				case *ast.Link:
					if in {
						links++
						if string(n.Destination) != (page{}).Improvement(im, p.Slug) {
							t.Errorf("%s: a link to %s", name, n.Destination)
						}
					}
				case *ast.AutoLink, *ast.Image, *ast.RawHTML, *ast.HTMLBlock, *ast.CodeSpan, *ast.CodeBlock, *ast.FencedCodeBlock, *ast.Heading:
					t.Errorf("%s: %q makes a %s", name, s, n.Kind())
				}
				return ast.WalkContinue, nil
			})
			if links != 1 {
				t.Errorf("%s: %q leaves %d links", name, s, links)
			}
		}
	}
}

// Time alone never makes an update: what is wanted depends on decisions and evidence only.
func TestWant(t *testing.T) {
	f := mirror.Filer{Links: page{}}
	p := product.Product{Slug: "shop", Name: "Shop"}
	im := improvement.Improvement{
		ID: id.NewImprovement(id.NewProduct("p"), "x"), Title: "t", Outcome: "Whoever pays\n pays once.", Status: improvement.Planned, Owner: "ana", Due: began, Episode: 2, Correlation: "c", Latest: began,
		Evidence: score.Evidence{Count: 13, Signals: 1, Incidents: 1, Complaints: 12, Companies: 43, Voices: 44, Mass: score.Mass(4, began), Impact: 2, People: true},
	}
	want := f.Want(im, p, nil)
	later := im
	later.Updated, later.Version, later.Entries = began.Add(time.Hour), 9, 9
	if d := cmp.Diff(want, f.Want(later, p, nil)); d != "" {
		t.Error(d)
	}
	data := map[string]string{
		opsitem.KeyEpisode: string(im.ID) + "/2", opsitem.KeyImprovement: string(im.ID), opsitem.KeyCorrelation: "c", opsitem.KeyOwner: "ana", opsitem.KeyDue: "2026-03-02",
		opsitem.KeyProduct: "shop", opsitem.KeyScore: "7.7", opsitem.KeyEvidence: "1 incident, 12 complaints, 43 companies",
		opsitem.KeyGoal: "Whoever pays pays once.",
	}
	if d := cmp.Diff(data, want.Data); d != "" || want.Status != opsitem.Open || want.Level != (opsitem.Level{Severity: 2, Priority: 4, Category: "Availability"}) {
		t.Errorf("%+v %s", want, d)
	}
}
