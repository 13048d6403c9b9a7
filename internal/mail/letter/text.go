package letter

import (
	"strings"
	"unicode/utf8"
)

// column is where text lines end. Addresses are never broken.
const column = 72

// text writes the text part, block after block with an empty line between.
func (l Letter) text() string {
	w := &writer{}
	if s := clean(l.Headline); s != "" {
		w.para(s, "", "")
	}
	for _, b := range l.Blocks {
		b.write(w)
	}
	w.gap()
	w.line("--")
	f := l.Footer
	w.tight(clean(f.Why), "", "")
	if f.StopURL != "" {
		label := clean(f.StopLabel)
		if label == "" {
			label = stopLabel
		}
		w.line(label + ": " + f.StopURL)
	}
	w.tight(clean(f.Reply), "", "")
	w.tight(clean(f.Who), "", "")
	return w.b.String()
}

// writer writes wrapped lines.
type writer struct {
	b strings.Builder
}

func (w *writer) line(s string) { w.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// gap leaves an empty line, except at the start.
func (w *writer) gap() {
	if w.b.Len() > 0 {
		w.b.WriteByte('\n')
	}
}

// para writes a paragraph after a gap; see tight.
func (w *writer) para(s, first, next string) {
	if s == "" {
		return
	}
	w.gap()
	w.tight(s, first, next)
}

// tight writes text wrapped at the column; its first line begins with first, all others with next. Line ends are kept.
func (w *writer) tight(s, first, next string) {
	if s == "" {
		return
	}
	prefix := first
	for l := range strings.SplitSeq(s, "\n") {
		cur, size := prefix, utf8.RuneCountInString(prefix)
		empty := true
		for word := range strings.FieldsSeq(l) {
			n := utf8.RuneCountInString(word)
			switch {
			case empty:
				cur, size, empty = cur+word, size+n, false
			case size+1+n > column:
				w.line(cur)
				cur, size = next+word, utf8.RuneCountInString(next)+n
			default:
				cur, size = cur+" "+word, size+1+n
			}
		}
		w.line(cur)
		prefix = next
	}
}

func (b Lead) write(w *writer)      { w.para(keepLines(string(b)), "", "") }
func (b Paragraph) write(w *writer) { w.para(keepLines(string(b)), "", "") }
func (b Note) write(w *writer)      { w.para(keepLines(string(b)), "", "") }

func (b Heading) write(w *writer) {
	if s := clean(string(b)); s != "" {
		w.gap()
		w.heading(s)
	}
}

func (w *writer) heading(s string) {
	w.tight(s, "", "")
	w.line(strings.Repeat("-", min(column, utf8.RuneCountInString(s))))
}

func (b Quote) write(w *writer) {
	w.para(defused(keepLines(b.Text)), "> ", "> ")
	if s := clean(b.By); s != "" {
		w.tight(s, "  ", "  ")
	}
}

func (b Button) write(w *writer) { w.link(clean(b.Label), b.URL) }
func (b Link) write(w *writer)   { w.link(clean(b.Label), b.URL) }

// link puts the address on a line of its own, where clients find its end.
func (w *writer) link(label, url string) {
	w.gap()
	w.tight(label+":", "", "")
	w.line(url)
}

func (b Image) write(w *writer) { w.para(clean(b.Alt), "", "") }

func (b Steps) write(w *writer) {
	if len(b) == 0 {
		return
	}
	w.gap()
	for _, s := range b {
		sign := map[State]string{Done: "[x] ", Current: "[>] ", Ahead: "[ ] "}[s.State]
		text := clean(s.Name)
		if when := clean(s.When); when != "" {
			text += ", " + when
		}
		if s.State == Current {
			text += " (now)"
		}
		w.tight(text, sign, "    ")
	}
}

func (b Numbers) write(w *writer) {
	if len(b) == 0 {
		return
	}
	w.gap()
	for _, n := range b {
		text := clean(n.Label) + ": " + clean(n.Value)
		word, _, _ := n.Tone.word()
		switch compare := clean(n.Compare); {
		case compare != "" && word != "":
			text += " (" + compare + ", " + word + ")"
		case compare+word != "":
			text += " (" + compare + word + ")"
		}
		w.tight(text, "", "  ")
	}
}

func (b List) write(w *writer) {
	if len(b.Items) == 0 && b.Empty == "" {
		return
	}
	w.gap()
	if s := clean(b.Title); s != "" {
		w.heading(s)
	}
	if len(b.Items) == 0 {
		w.tight(clean(b.Empty), "", "")
	}
	for _, i := range b.Items {
		w.tight(clean(i.Text), "* ", "  ")
		w.tight(clean(i.Meta), "  ", "  ")
		if i.URL != "" {
			w.line("  " + i.URL)
		}
	}
}
