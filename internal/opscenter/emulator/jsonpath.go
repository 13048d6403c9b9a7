package emulator

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// step is one step of a JSON path: into a member, an element, or all of them.
type step struct {
	name  string
	index int
	all   bool
}

// stepForm is what EventBridge knows of JSON path: members after a dot, of letters, digits, dashes, underscores and
// slashes; elements by number; a star for all ("Amazon EventBridge input transformation", Note).
var stepForm = regexp.MustCompile(`^(?:\.([A-Za-z0-9_/-]+)|(\.\*|\[\*\])|\[([0-9]{1,9})\])`)

// readPath reads a path such as $.detail.state.value or $.resources[0].
func readPath(path string) ([]step, bool) {
	if path == "" || path[0] != '$' {
		return nil, false
	}
	var out []step
	for rest := path[1:]; rest != ""; {
		m := stepForm.FindStringSubmatch(rest)
		if m == nil {
			return nil, false
		}
		s := step{name: m[1], all: m[2] != "", index: -1}
		if m[3] != "" {
			s.index, _ = strconv.Atoi(m[3]) // digits, few enough
		}
		out = append(out, s)
		rest = rest[len(m[0]):]
	}
	return out, true
}

// follow gives what a path leads to; with a star in it a list of all that it leads to.
func follow(v any, steps []step) (any, bool) {
	for i, s := range steps {
		switch {
		case s.all:
			found := []any{}
			for _, e := range elements(v) {
				if x, ok := follow(e, steps[i+1:]); ok {
					found = append(found, x)
				}
			}
			return found, len(found) > 0
		case s.name != "":
			m, _ := v.(map[string]any)
			next, ok := m[s.name]
			if !ok {
				return nil, false
			}
			v = next
		default:
			l, _ := v.([]any)
			if s.index >= len(l) {
				return nil, false
			}
			v = l[s.index]
		}
	}
	return v, true
}

// elements are a list's elements or an object's members, by name.
func elements(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		out := make([]any, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, v[k])
		}
		return out
	}
	return nil
}
