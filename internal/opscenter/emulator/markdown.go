package emulator

import (
	"bytes"
	"html/template"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// descriptionHeading is the level of all headings in a description: one below the section that it stands in.
const descriptionHeading = 3

var (
	markdown = goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(shownHTML{}, 1), util.Prioritized(linkedImages{}, 1))),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(flatHeadings{}, 1))),
	)
	sanitizer = newSanitizer()
)

// newSanitizer lets through what Markdown makes, without images: a description must not make a reader's browser call
// elsewhere.
func newSanitizer() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("h3", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "del",
		"table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}

type flatHeadings struct{}

// Transform gives every heading the same level, whatever the text has, so that the page's outline stays whole.
func (flatHeadings) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker below gives no error
		if h, ok := n.(*ast.Heading); ok && entering {
			h.Level = descriptionHeading
		}
		return ast.WalkContinue, nil
	})
}

// shownHTML shows HTML in a description as the text that somebody typed, so that nothing they said is lost.
type shownHTML struct{}

// RegisterFuncs takes over the nodes of raw HTML.
func (shownHTML) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, func(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if raw, ok := n.(*ast.RawHTML); ok && entering {
			for i := range raw.Segments.Len() {
				part := raw.Segments.At(i)
				_, _ = w.Write(util.EscapeHTML(part.Value(src))) // a buffer
			}
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(ast.KindHTMLBlock, func(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		block, ok := n.(*ast.HTMLBlock)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		_, _ = w.WriteString("<p>") // a buffer, here and below
		for i := range n.Lines().Len() {
			line := n.Lines().At(i)
			_, _ = w.Write(util.EscapeHTML(line.Value(src)))
		}
		if block.HasClosure() {
			_, _ = w.Write(util.EscapeHTML(block.ClosureLine.Value(src)))
		}
		_, _ = w.WriteString("</p>\n")
		return ast.WalkContinue, nil
	})
}

// linkedImages makes a link of an image, which newSanitizer keeps out: its words and where it is are not lost.
type linkedImages struct{}

// RegisterFuncs takes over the nodes of images.
func (linkedImages) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindImage, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		image, ok := n.(*ast.Image)
		if !ok || n.Parent() != nil && n.Parent().Kind() == ast.KindLink { // a link in a link is none; the words are its text
			return ast.WalkContinue, nil
		}
		if !entering {
			_, _ = w.WriteString("</a>") // a buffer, here and below
			return ast.WalkContinue, nil
		}
		_, _ = w.WriteString(`<a href="`)
		_, _ = w.Write(util.EscapeHTML(util.URLEscape(image.Destination, true)))
		_, _ = w.WriteString(`">`)
		if !image.HasChildren() {
			_, _ = w.Write(util.EscapeHTML(image.Destination))
		}
		return ast.WalkContinue, nil
	})
}

// renderMarkdown makes a description safe to show, whoever wrote it.
func renderMarkdown(src string) template.HTML {
	var out bytes.Buffer
	if err := markdown.Convert([]byte(src), &out); err != nil {
		return template.HTML("<p>" + template.HTMLEscapeString(src) + "</p>") // escaped
	}
	return template.HTML(sanitizer.SanitizeBytes(out.Bytes())) // sanitized
}
