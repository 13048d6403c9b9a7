// Package chartpng draws charts as PNG, for mails: their clients show no SVG. It is apart from chart because it carries
// the fonts (the Go fonts, about 300 KB).
package chartpng

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"git.sr.ht/~sbinet/gg"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"

	"learningloop/internal/chart"
)

// Scale is how many pixels of the picture a CSS pixel has, for sharp text on today's screens.
const Scale = 2

// MaxWidth bounds the picture in CSS pixels: mails are one column of 600.
const MaxWidth = 600

// Render draws the series as PNG at Scale times the size, in the light colours. The fonts have the Latin, Greek and
// Cyrillic scripts; letters of others are left out of the picture, not of chart.Series.Alt.
func Render(s chart.Series, size chart.Size) ([]byte, error) {
	// Said so that NaN is refused too.
	if !(size.W >= 1 && size.W <= MaxWidth && size.H >= 1 && size.H <= MaxWidth) {
		return nil, fmt.Errorf("chart of %g x %g: both must be within 1 and %d", size.W, size.H, MaxWidth)
	}
	f, err := loadFonts()
	if err != nil {
		return nil, err
	}
	c := &canvas{dc: gg.NewContext(int(size.W*Scale), int(size.H*Scale)), fonts: f, faces: map[face]font.Face{}}
	defer c.close()
	c.dc.Scale(Scale, Scale)
	chart.Draw(s, size, c)
	if c.err != nil {
		return nil, fmt.Errorf("draw chart: %w", c.err)
	}
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&b, reduced(c.dc.Image())); err != nil {
		return nil, fmt.Errorf("encode chart: %w", err)
	}
	return b.Bytes(), nil
}

// fonts are parsed once and shared; a Font is safe for use by many, the faces made of it are not.
type fonts struct{ regular, bold *sfnt.Font }

var loadFonts = sync.OnceValues(func() (fonts, error) {
	regular, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return fonts{}, fmt.Errorf("load font: %w", err)
	}
	bold, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return fonts{}, fmt.Errorf("load font: %w", err)
	}
	return fonts{regular, bold}, nil
})

type face struct {
	size float64
	bold bool
}

type canvas struct {
	dc    *gg.Context
	fonts fonts
	faces map[face]font.Face
	err   error // the first one
}

func (c *canvas) close() {
	for _, f := range c.faces {
		_ = f.Close() // holds nothing but memory
	}
}

func (c *canvas) Rect(x, y, w, h float64, r chart.Role) {
	// On whole pixels of the picture, edges are sharp.
	x, y, right, bottom := snap(x), snap(y), snap(x+w), snap(y+h)
	c.dc.DrawRectangle(x, y, right-x, bottom-y)
	c.dc.SetHexColor(chart.Light(r))
	c.dc.Fill()
}

func (c *canvas) Outline(x, y, w, h float64, r chart.Role) {
	const line = 2
	c.Rect(x, y, w, line, r)
	c.Rect(x, y, line, h, r)
	c.Rect(x+w-line, y, line, h, r)
	c.Rect(x, y+h-line, w, line, r)
}

func (c *canvas) Line(x1, y1, x2, y2 float64, dashed bool, r chart.Role) {
	c.dc.SetHexColor(chart.Light(r))
	c.dc.SetLineWidth(1 * Scale)
	c.dc.SetDash()
	if dashed {
		c.dc.SetLineWidth(1.5 * Scale)
		c.dc.SetDash(3*Scale, 3*Scale)
	}
	c.dc.SetLineCapButt()
	c.dc.DrawLine(snap(x1), snap(y1), snap(x2), snap(y2))
	c.dc.Stroke()
}

func (c *canvas) Polygon(pts []chart.Pt, r chart.Role) {
	for i, p := range pts {
		if i == 0 {
			c.dc.MoveTo(p.X, p.Y)
			continue
		}
		c.dc.LineTo(p.X, p.Y)
	}
	c.dc.ClosePath()
	c.dc.SetHexColor(chart.Light(r))
	c.dc.Fill()
}

func (c *canvas) Text(t chart.Text) {
	f, err := c.face(face{t.Size, t.Bold})
	if err != nil {
		c.err = err
		return
	}
	s := c.drawable(t.S, t.Bold)
	w := float64(font.MeasureString(f, s)) / 64 // in pixels of the picture
	x, y := t.X*Scale, t.Y*Scale
	switch t.Anchor {
	case chart.Middle:
		x -= w / 2
	case chart.End:
		x -= w
	case chart.Start:
	}
	c.dc.Push()
	defer c.dc.Pop()
	c.dc.Identity()
	x, y = math.Round(x), math.Round(y)
	c.dc.SetFontFace(f)
	if t.Halo {
		// The letters in the paper's colour all around: what a stroke behind them is in SVG.
		c.dc.SetHexColor(chart.Light(chart.Paper))
		for _, r := range []float64{2, 4} {
			for i := range 12 {
				sin, cos := math.Sincos(float64(i) * math.Pi / 6)
				c.dc.DrawString(s, x+r*cos, y+r*sin)
			}
		}
	}
	c.dc.SetHexColor(chart.Light(t.Role))
	c.dc.DrawString(s, x, y)
}

func (c *canvas) face(k face) (font.Face, error) {
	if f, ok := c.faces[k]; ok {
		return f, nil
	}
	src := c.fonts.regular
	if k.bold {
		src = c.fonts.bold
	}
	f, err := opentype.NewFace(src, &opentype.FaceOptions{Size: k.size * Scale, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("font of %g: %w", k.size, err)
	}
	c.faces[k] = f
	return f, nil
}

// drawable leaves out what the font has no glyph for; a row of empty boxes says less than nothing.
func (c *canvas) drawable(s string, bold bool) string {
	f := c.fonts.regular
	if bold {
		f = c.fonts.bold
	}
	var buf sfnt.Buffer
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if g, err := f.GlyphIndex(&buf, r); err != nil || g == 0 {
			return -1
		}
		return r
	}, s)), " ")
}

func snap(f float64) float64 { return math.Round(f*Scale) / Scale }

// reduced gives the picture a palette of its 256 most frequent colours, which keeps mails small: a chart has a dozen
// colours, and the rest are shades of soft edges that nobody tells apart.
func reduced(src image.Image) image.Image {
	rgba, ok := src.(*image.RGBA) // what gg draws on
	if !ok {
		return src
	}
	count := map[uint32]int{}
	pixels := make([]uint32, len(rgba.Pix)/4)
	for i := range pixels {
		pixels[i] = binary.BigEndian.Uint32(rgba.Pix[4*i:])
	}
	for _, p := range pixels {
		count[p]++
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b uint32) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	dst := image.NewPaletted(rgba.Rect, nil)
	for _, c := range colours[:min(256, len(colours))] {
		dst.Palette = append(dst.Palette, rgbaOf(c))
	}
	index := make(map[uint32]uint8, len(colours))
	for _, c := range colours {
		index[c] = uint8(dst.Palette.Index(rgbaOf(c))) //nolint:gosec // a palette has at most 256 colours
	}
	for i, p := range pixels {
		dst.Pix[i] = index[p]
	}
	return dst
}

func rgbaOf(c uint32) color.RGBA {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], c)
	return color.RGBA{R: b[0], G: b[1], B: b[2], A: b[3]}
}
