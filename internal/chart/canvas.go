package chart

// Role is what a shape is for. A Canvas gives it its colour: a page by its tokens, light and dark; a mail always light,
// because a picture cannot follow its reader's choice.
type Role string

// The roles.
const (
	Paper     Role = "paper" // behind everything, and around text that lies on lines
	Ink       Role = "ink"
	Muted     Role = "muted"
	Grid      Role = "grid"
	Axis      Role = "axis"
	Bar       Role = "bar"
	LastBar   Role = "last" // the bar that the chart is about
	Usual     Role = "usual"
	ReleaseOf Role = "release"
	Trouble   Role = "incident"
)

// Anchor is where a text stands against its x.
type Anchor int

// The anchors.
const (
	Start Anchor = iota
	Middle
	End
)

// Text is one line of text on its base line.
type Text struct {
	X, Y, Size float64
	Anchor     Anchor
	Bold       bool
	Role       Role
	Halo       bool // lies on other things: the paper shows around it
	S          string
}

// Pt is a point.
type Pt struct{ X, Y float64 }

// Canvas is what a chart is drawn on, in CSS pixels from the top left. Shapes come from back to front.
type Canvas interface {
	Rect(x, y, w, h float64, r Role)
	Outline(x, y, w, h float64, r Role) // not filled, its line within the rectangle
	Line(x1, y1, x2, y2 float64, dashed bool, r Role)
	Polygon(pts []Pt, r Role)
	Text(t Text)
}

// Size is a chart's size in CSS pixels.
type Size struct{ W, H float64 }

// The sizes used: text must be readable when a picture is shrunk to a phone, so each place has its own layout.
var (
	Wide   = Size{W: 680, H: 280} // a page on a desktop
	Narrow = Size{W: 320, H: 260} // a page on a phone
	Mail   = Size{W: 440, H: 270} // a picture in a mail, which phones shrink to two thirds
)
