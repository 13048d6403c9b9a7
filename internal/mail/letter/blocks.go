package letter

// Lead is the sentence that says it all, larger than the rest.
type Lead string

// Paragraph is running text; its line ends are kept.
type Paragraph string

// Heading begins a section.
type Heading string

// Note is an aside, smaller: how fresh the data is.
type Note string

// Quote is the reader's own words, or another person's. Addresses in it are kept from becoming links, for anybody may
// have written them.
type Quote struct {
	Text string
	By   string // "You, 3 March 2025"; may be empty
}

// Button is the one thing to do.
type Button struct{ Label, URL string }

// Link is a further thing to read.
type Link struct{ Label, URL string }

// Image is a picture of the message, named by its content id. Its alternative text says what it shows, numbers included;
// with images off it is read in the picture's place, so no height is kept free.
type Image struct {
	CID, Alt string
	Width    int // CSS pixels; it shrinks to what there is
}

// State is how far a step is.
type State int

// The states of a step.
const (
	Ahead State = iota
	Done
	Current
)

// Step is one stop of a status line.
type Step struct {
	Name  string
	When  string // "3 March 2025"; may be empty
	State State
}

// Steps are a status line, the first step first.
type Steps []Step

// Tone says what a change means. It is always written too, never colour alone.
type Tone int

// The tones of a change.
const (
	Plain  Tone = iota // nothing to compare with
	Better             // beyond noise, for the better
	Worse              // beyond noise, for the worse
	Steady             // within noise
)

// Number is a figure with what it was before.
type Number struct {
	Label   string // "Feedback"
	Value   string // "34"
	Compare string // "28 the week before"; may be empty
	Tone    Tone
}

// Numbers are three to five figures side by side.
type Numbers []Number

// Item is an entry of a list.
type Item struct {
	Text string
	URL  string // may be empty
	Meta string // "12 days old · Ana · score 34"; may be empty
}

// List is entries under a heading.
type List struct {
	Title string
	Items []Item
	Empty string // what is said where there is no item; "" leaves the list out
}

func (Lead) links() []string      { return nil }
func (Paragraph) links() []string { return nil }
func (Heading) links() []string   { return nil }
func (Note) links() []string      { return nil }
func (Quote) links() []string     { return nil }
func (Image) links() []string     { return nil }
func (Steps) links() []string     { return nil }
func (Numbers) links() []string   { return nil }
func (b Button) links() []string  { return []string{b.URL} }
func (b Link) links() []string    { return []string{b.URL} }

func (b List) links() []string {
	var out []string
	for _, i := range b.Items {
		if i.URL != "" {
			out = append(out, i.URL)
		}
	}
	return out
}
