package chart

import (
	_ "embed"
	"fmt"
	"html"
	"strconv"
	"strings"
)

// CSS colours the charts of a page by the page's tokens (--ink, --accent, ...), which light and dark share, with the light
// values where there are none. It belongs into the page's own style sheet: no chart carries styles of its own, because
// the pages' content security policy allows none.
//
//go:embed chart.css
var CSS string

// SVG is the chart for a page of ours, to be put inline: escaped, without styles, scripts or ids. Without CSS it has
// the light colours.
func SVG(s Series, size Size) string { return svg(s, size, "") }

// Figure is the chart for a page, in a wide and a narrow layout of which CSS shows one, above its numbers as a table that
// a reader can open. It is escaped HTML.
func Figure(s Series) string {
	var b strings.Builder
	b.WriteString(`<figure class="chart">` + svg(s, Wide, "chart-wide") + svg(s, Narrow, "chart-narrow"))
	rows := s.Rows()
	if len(rows) > 0 {
		c := s.clean()
		fmt.Fprintf(&b, `<details><summary>The numbers</summary><table><thead><tr><th scope="col">%s</th><th scope="col" class="number">%s</th>`+
			`<th scope="col">Marked</th></tr></thead><tbody>`, esc(capital(c.Period)), esc(capital(c.Units)))
		for _, r := range rows {
			fmt.Fprintf(&b, `<tr><th scope="row">%s</th><td class="number">%s</td><td>%s</td></tr>`, esc(r.Label), esc(r.Value), esc(r.Marks))
		}
		b.WriteString(`</tbody></table></details>`)
	}
	b.WriteString(`</figure>`)
	return b.String()
}

func svg(s Series, size Size, class string) string {
	c := &svgCanvas{}
	Draw(s, size, c)
	return svgOf(c, size, class, s.Alt())
}

func svgOf(c *svgCanvas, size Size, class, alt string) string {
	return fmt.Sprintf(`<svg class="%s" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-label="%s">%s</svg>`,
		strings.TrimSpace("chart-svg "+class), num(size.W), num(size.H), num(size.W), num(size.H), esc(alt), c.b.String())
}

// light are the colours without a style sheet; presentation attributes give way to any rule.
var light = map[Role]string{
	Paper: "#ffffff", Ink: "#1b2430", Muted: "#56616f", Grid: "#d5dae1", Axis: "#7d8793", Bar: "#6f9bc8", LastBar: "#0b5cad",
	Usual: "#e7ebf0", ReleaseOf: "#1a7f4b", Trouble: "#b3261e",
}

// Light is a role's colour on light paper, "#rrggbb".
func Light(r Role) string { return light[r] }

type svgCanvas struct{ b strings.Builder }

func (c *svgCanvas) Rect(x, y, w, h float64, r Role) {
	fmt.Fprintf(&c.b, `<rect class="c-%s" fill="%s" x="%s" y="%s" width="%s" height="%s"/>`, r, light[r], num(x), num(y), num(w), num(h))
}

func (c *svgCanvas) Outline(x, y, w, h float64, r Role) {
	fmt.Fprintf(&c.b, `<rect class="l-%s" fill="none" stroke="%s" stroke-width="2" x="%s" y="%s" width="%s" height="%s"/>`,
		r, light[r], num(x+1), num(y+1), num(max(0, w-2)), num(max(0, h-2)))
}

func (c *svgCanvas) Line(x1, y1, x2, y2 float64, dashed bool, r Role) {
	extra := ""
	if dashed {
		extra = ` stroke-width="1.5" stroke-dasharray="3 3"`
	}
	fmt.Fprintf(&c.b, `<line class="l-%s" stroke="%s" x1="%s" y1="%s" x2="%s" y2="%s"%s/>`, r, light[r], num(x1), num(y1), num(x2), num(y2), extra)
}

func (c *svgCanvas) Polygon(pts []Pt, r Role) {
	fmt.Fprintf(&c.b, `<polygon class="c-%s" fill="%s" points="`, r, light[r])
	for i, p := range pts {
		if i > 0 {
			c.b.WriteByte(' ')
		}
		c.b.WriteString(num(p.X) + "," + num(p.Y))
	}
	c.b.WriteString(`"/>`)
}

func (c *svgCanvas) Text(t Text) {
	class, extra := "c-"+string(t.Role), ""
	if t.Halo {
		// Drawn under the letters, so that they stay sharp on lines and bars.
		class += " c-halo"
		extra = ` stroke="` + light[Paper] + `" stroke-width="4" stroke-linejoin="round" paint-order="stroke"`
	}
	if t.Bold {
		extra += ` font-weight="600"`
	}
	if a := [...]string{"", "middle", "end"}[t.Anchor]; a != "" {
		extra += ` text-anchor="` + a + `"`
	}
	fmt.Fprintf(&c.b, `<text class="%s" fill="%s" x="%s" y="%s" font-size="%s"%s>%s</text>`, class, light[t.Role], num(t.X), num(t.Y), num(t.Size), extra, esc(t.S))
}

func num(f float64) string { return strconv.FormatFloat(round(f), 'f', -1, 64) }

func esc(s string) string { return html.EscapeString(s) }
