package emulator

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:embed ssm-opsitems.json
var modelJSON []byte

// model is AWS's own description of the operations: which members a request may have and what holds of each.
type model struct {
	Operations map[string]modelOperation `json:"operations"`
	Shapes     map[string]*shape         `json:"shapes"`
}

type modelOperation struct {
	Input  shapeRef   `json:"input"`
	Output shapeRef   `json:"output"`
	Errors []shapeRef `json:"errors"`
}

type shapeRef struct {
	Shape string `json:"shape"`
	shape *shape
}

// shape is one type of the model with its constraints. References are resolved when the model is loaded, so that
// checking a request follows pointers and looks nothing up.
type shape struct {
	Type      string               `json:"type"`
	Required  []string             `json:"required"`
	Members   map[string]*shapeRef `json:"members"`
	Member    *shapeRef            `json:"member"` // of a list
	Key       *shapeRef            `json:"key"`    // of a map
	Value     *shapeRef            `json:"value"`  // of a map
	Min       *int64               `json:"min"`
	Max       *int64               `json:"max"`
	Pattern   string               `json:"pattern"`
	Enum      []string             `json:"enum"`
	Exception bool                 `json:"exception"`
	Fault     bool                 `json:"fault"`

	names   []string // of Members, sorted: errors come in a stable order
	matches func(string) bool
}

// loadModel reads the embedded model. It fails for a pattern that Go cannot express and nobody has translated.
func loadModel() (*model, error) {
	m := new(model)
	if err := json.Unmarshal(modelJSON, m); err != nil {
		return nil, fmt.Errorf("read the service model: %w", err)
	}
	resolve := func(owner string, r *shapeRef) error {
		if r == nil || r.Shape == "" {
			return nil
		}
		if r.shape = m.Shapes[r.Shape]; r.shape == nil {
			return fmt.Errorf("service model: %s names unknown shape %s", owner, r.Shape)
		}
		return nil
	}
	for name, s := range m.Shapes {
		refs := []*shapeRef{s.Member, s.Key, s.Value}
		for member, r := range s.Members {
			s.names = append(s.names, member)
			refs = append(refs, r)
		}
		slices.Sort(s.names)
		for _, r := range refs {
			if err := resolve(name, r); err != nil {
				return nil, err
			}
		}
		if s.Pattern != "" {
			match, err := compilePattern(s.Pattern)
			if err != nil {
				return nil, fmt.Errorf("service model: shape %s: %w", name, err)
			}
			s.matches = match
		}
	}
	for name, op := range m.Operations {
		if err := resolve(name, &op.Input); err != nil {
			return nil, err
		}
		if err := resolve(name, &op.Output); err != nil {
			return nil, err
		}
		m.Operations[name] = op
	}
	return m, nil
}

// translated holds the model's patterns that RE2 has no word for, or a slow one, as functions.
var translated = map[string]func(string) bool{
	// A lookahead: not only white space. The dot and the whole-string match forbid a line break anywhere.
	`^(?!\s*$).+`: func(s string) bool { return hasInk(s) && !strings.ContainsAny(s, lineTerminators) },
	// Any text with one character that is no white space.
	`[\s\S]*\S[\s\S]*`: hasInk,
}

// Java's regular expressions, which AWS validates with, take these for \s and for what the dot does not match.
const (
	whiteSpace      = " \t\n\v\f\r"
	lineTerminators = "\n\r\u0085\u2028\u2029"
)

func hasInk(s string) bool { return strings.Trim(s, whiteSpace) != "" }

// compilePattern gives the test for a pattern of the model. AWS matches the whole value, anchors or not.
func compilePattern(p string) (func(string) bool, error) {
	if f := translated[p]; f != nil {
		return f, nil
	}
	re, err := regexp.Compile(`\A(?:` + p + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", p, err)
	}
	return re.MatchString, nil
}

// length counts what the model's min and max of a string count.
func length(s string) int64 { return int64(utf8.RuneCountInString(s)) }

// cut takes the first n characters.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// oneLine puts blanks for line breaks, which titles cannot have.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(lineTerminators, r) {
			return ' '
		}
		return r
	}, s)
}
