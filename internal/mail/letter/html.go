package letter

import (
	"embed"
	"html/template"
	"net/url"
	"strings"
)

//go:embed letter.html
var files embed.FS

var layout = template.Must(template.ParseFS(files, "letter.html"))

// page is what the template shows; all texts are clean.
type page struct {
	Title, Preheader, Brand, Headline string
	Blocks                            []blockView
	Footer                            Footer
}

type blockView struct {
	Name string
	Data any
}

func (l Letter) page() page {
	p := page{
		Title: clean(l.Subject), Preheader: l.preheader(), Brand: clean(l.Brand), Headline: clean(l.Headline),
		Footer: Footer{
			Why: clean(l.Footer.Why), StopLabel: clean(l.Footer.StopLabel), StopURL: l.Footer.StopURL, Reply: clean(l.Footer.Reply),
			Who: clean(l.Footer.Who),
		},
	}
	if p.Footer.StopLabel == "" {
		p.Footer.StopLabel = stopLabel
	}
	for _, b := range l.Blocks {
		if name, data := b.view(); name != "" {
			p.Blocks = append(p.Blocks, blockView{name, data})
		}
	}
	return p
}

const stopLabel = "Stop these mails"

// lines are the lines of a text, which the template joins by line breaks.
func lines(s string) []string {
	if s = keepLines(s); s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func (b Lead) view() (string, any)      { return "lead", lines(string(b)) }
func (b Paragraph) view() (string, any) { return "paragraph", lines(string(b)) }
func (b Heading) view() (string, any)   { return "heading", clean(string(b)) }
func (b Note) view() (string, any)      { return "note", lines(string(b)) }
func (b Button) view() (string, any)    { return "button", Button{clean(b.Label), b.URL} }
func (b Link) view() (string, any)      { return "link", Link{clean(b.Label), b.URL} }

func (b Quote) view() (string, any) {
	return "quote", struct {
		Lines []string
		By    string
	}{lines(defused(keepLines(b.Text))), clean(b.By)}
}

func (b Image) view() (string, any) {
	return "image", struct {
		// The template would refuse the scheme cid, which is all that a picture in a mail can have.
		Src   template.URL
		Alt   string
		Width int
	}{template.URL("cid:" + url.PathEscape(b.CID)), clean(b.Alt), b.Width} //nolint:gosec // escaped, and of a scheme that loads nothing
}

func (b Steps) view() (string, any) {
	type step struct {
		Name, When, Sign, Word, Class, Colour string
		Strong                                bool
	}
	var out []step
	for _, s := range b {
		v := step{Name: clean(s.Name), When: clean(s.When)}
		switch s.State {
		case Done:
			v.Sign, v.Word, v.Class, v.Colour = "✓", "done", "good", "#1a7f4b"
		case Current:
			v.Sign, v.Word, v.Class, v.Colour, v.Strong = "●", "now", "accent", "#0b5cad", true
		case Ahead:
			v.Sign, v.Word, v.Class, v.Colour = "○", "to come", "muted", "#56616f"
		}
		out = append(out, v)
	}
	return "steps", out
}

// word and its class and colour are how a tone is said and shown.
func (t Tone) word() (word, class, colour string) {
	switch t {
	case Better:
		return "better", "good", "#1a7f4b"
	case Worse:
		return "worse", "bad", "#b3261e"
	case Steady:
		return "within noise", "muted", "#56616f"
	case Plain:
	}
	return "", "muted", "#56616f"
}

func (b Numbers) view() (string, any) {
	type number struct{ Label, Value, Compare, Word, Class, Colour string }
	v := struct {
		Width int // percent of the column
		Cells []number
	}{Width: 33}
	if n := len(b); n == 1 || n == 2 || n == 4 {
		v.Width = 100 / n
	}
	for _, n := range b {
		c := number{Label: clean(n.Label), Value: clean(n.Value), Compare: clean(n.Compare)}
		c.Word, c.Class, c.Colour = n.Tone.word()
		v.Cells = append(v.Cells, c)
	}
	return "numbers", v
}

func (b List) view() (string, any) {
	if len(b.Items) == 0 && b.Empty == "" {
		return "", nil
	}
	v := List{Title: clean(b.Title), Empty: clean(b.Empty)}
	for _, i := range b.Items {
		v.Items = append(v.Items, Item{Text: clean(i.Text), URL: i.URL, Meta: clean(i.Meta)})
	}
	return "list", v
}
