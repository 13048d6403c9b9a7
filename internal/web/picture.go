package web

// loopWords are the names of the nine parts, with what happens in each.
var loopWords = map[string][2]string{
	"received":  {"Received", "stored, then answered"},
	"triaged":   {"Triaged", "counted and scored"},
	"decided":   {"Decided", "by people, together"},
	"filed":     {"Filed", "as an OpsItem"},
	"worked":    {"Worked", "in OpsCenter"},
	"told":      {"Told", "everybody who asked"},
	"validated": {"Validated", "did it help?"},
	"reflected": {"Reflected", "stop, start, keep"},
	"reported":  {"Reported", "to leadership"},
}

// loopNode is one part of the picture.
type loopNode struct {
	LoopPart
	Name, About string
	N           int
	X, Y        int  // left top
	Known       bool // it has a count
}

const (
	nodeW, nodeH = 164, 92
	nodeGap      = 36
)

// picture lays the nine parts out: five from left to right, four back from right to left, and home again.
func picture(v LocalIndex) []loopNode {
	have := map[string]LoopPart{}
	for _, p := range v.Parts {
		have[p.Key] = p
	}
	const top, bottom = 8, 208
	l := make([]loopNode, 0, len(LoopParts))
	for i, key := range LoopParts {
		p, ok := have[key]
		if !ok {
			p = LoopPart{Key: key}
		}
		n := loopNode{LoopPart: p, Name: loopWords[key][0], About: loopWords[key][1], N: i + 1, Known: ok}
		if i < 5 {
			n.X, n.Y = i*(nodeW+nodeGap), top
		} else {
			n.X, n.Y = (nodeW+nodeGap)/2+(8-i)*(nodeW+nodeGap), bottom
		}
		l = append(l, n)
	}
	return l
}
