package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parse reads a request body into plain JSON values (numbers keep their text). AWS reads an absent body as an object
// without members.
func parse(body []byte) (map[string]any, *Error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	if !utf8.Valid(body) {
		return nil, errSerialization("")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, errSerialization("")
	}
	if _, err := dec.Token(); err != io.EOF { // the bare io.EOF, as documented
		return nil, errSerialization("")
	}
	in, ok := v.(map[string]any)
	if !ok {
		return nil, errSerialization("Start of structure or map found where not expected.")
	}
	return in, nil
}

// check holds a request against its shape: a value of the wrong JSON type is a SerializationException, a broken
// constraint a ValidationException that lists all of them, an unknown member nothing at all.
func check(s *shape, in map[string]any) *Error {
	c := &checker{}
	c.value(s, in)
	switch {
	case c.wrongType != "":
		return errSerialization(c.wrongType)
	case c.count > 0:
		return errValidation(c.count, c.broken)
	}
	return nil
}

type checker struct {
	at        []hop    // where the value that is looked at stands; worded only for what is broken
	wrongType string   // the first value of a wrong type, as AWS words it
	broken    []string // constraints that do not hold, as AWS words them: the first maxListed
	count     int      // of all that do not hold
}

// hop leads from a value to one in it.
type hop struct {
	name  string // of a member, or the key of an entry
	index int    // of an element, from 1
}

// member looks at a value one step further in.
func (c *checker) member(h hop, s *shape, v any) {
	c.at = append(c.at, h)
	c.value(s, v)
	c.at = c.at[:len(c.at)-1]
}

// missing notes that there is nothing one step further in.
func (c *checker) missing(h hop) {
	c.at = append(c.at, h)
	c.fail("null ", "Member must not be null")
	c.at = c.at[:len(c.at)-1]
}

// path words where the checker is: "opsItemFilters.1.member.key".
func (c *checker) path() string {
	var b strings.Builder
	for i, h := range c.at {
		if i > 0 {
			b.WriteByte('.')
		}
		if h.index > 0 {
			b.WriteString(strconv.Itoa(h.index) + ".member")
			continue
		}
		b.WriteString(h.name)
	}
	return b.String()
}

func (c *checker) mistyped(v any, want string) {
	if c.wrongType == "" {
		c.wrongType = wrongTypeText(jsonKind(v), want)
	}
}

func (c *checker) fail(shown, constraint string) {
	if c.count++; c.count <= maxListed {
		c.broken = append(c.broken, fmt.Sprintf("Value %sat '%s' failed to satisfy constraint: %s", shown, c.path(), constraint))
	}
}

func (c *checker) value(s *shape, v any) {
	switch s.Type {
	case "structure":
		if m, ok := v.(map[string]any); ok {
			c.structure(s, m)
			return
		}
		c.mistyped(v, "structure")
	case "list":
		if l, ok := v.([]any); ok {
			c.list(s, l)
			return
		}
		c.mistyped(v, "list")
	case "map":
		if m, ok := v.(map[string]any); ok {
			c.mapping(s, m)
			return
		}
		c.mistyped(v, "map")
	case "string":
		if t, ok := v.(string); ok {
			for _, constraint := range s.brokenBy(t) {
				c.fail("'"+t+"' ", constraint)
			}
			return
		}
		c.mistyped(v, "String")
	case "integer":
		c.integer(s, v)
	case "timestamp":
		if _, ok := readTimestamp(v); !ok {
			c.mistyped(v, "Date")
		}
	}
}

func (c *checker) structure(s *shape, m map[string]any) {
	for _, name := range s.Required {
		if m[name] == nil {
			c.missing(hop{name: lowerFirst(name)})
		}
	}
	for _, name := range s.names {
		if v := m[name]; v != nil { // null is as good as absent
			c.member(hop{name: lowerFirst(name)}, s.Members[name].shape, v)
		}
	}
}

func (c *checker) list(s *shape, l []any) {
	c.size(s, len(l))
	for i, v := range l {
		if v == nil {
			c.missing(hop{index: i + 1})
			continue
		}
		c.member(hop{index: i + 1}, s.Member.shape, v)
	}
}

func (c *checker) mapping(s *shape, m map[string]any) {
	c.size(s, len(m))
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if broken := s.Key.shape.brokenBy(k); len(broken) > 0 {
			c.fail("'"+k+"' ", "Map keys must satisfy constraint: ["+strings.Join(broken, ", ")+"]")
		}
		at := hop{name: k + ".member"}
		if m[k] == nil {
			c.missing(at)
			continue
		}
		c.member(at, s.Value.shape, m[k])
	}
}

func (c *checker) size(s *shape, n int) {
	if s.Max != nil && int64(n) > *s.Max {
		c.fail("", fmt.Sprintf("Member must have length less than or equal to %d", *s.Max))
	}
	if s.Min != nil && int64(n) < *s.Min {
		c.fail("", fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min))
	}
}

func (c *checker) integer(s *shape, v any) {
	num, ok := v.(json.Number)
	if !ok {
		c.mistyped(v, "Integer")
		return
	}
	n, err := strconv.ParseInt(num.String(), 10, 32)
	if err != nil {
		c.mistyped(v, "Integer")
		return
	}
	if s.Max != nil && n > *s.Max {
		c.fail("'"+num.String()+"' ", fmt.Sprintf("Member must have value less than or equal to %d", *s.Max))
	}
	if s.Min != nil && n < *s.Min {
		c.fail("'"+num.String()+"' ", fmt.Sprintf("Member must have value greater than or equal to %d", *s.Min))
	}
}

// brokenBy lists the constraints of a string shape that t breaks.
func (s *shape) brokenBy(t string) []string {
	var out []string
	if s.Enum != nil && !slices.Contains(s.Enum, t) {
		out = append(out, "Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
	if s.Max != nil || s.Min != nil {
		n := length(t)
		if s.Max != nil && n > *s.Max {
			out = append(out, fmt.Sprintf("Member must have length less than or equal to %d", *s.Max))
		}
		if s.Min != nil && n < *s.Min {
			out = append(out, fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min))
		}
	}
	if s.matches != nil && !s.matches(t) {
		out = append(out, "Member must satisfy regular expression pattern: "+s.Pattern)
	}
	return out
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func jsonKind(v any) string {
	switch v.(type) {
	case map[string]any:
		return "START_OBJECT"
	case []any:
		return "START_ARRAY"
	case string:
		return "STRING_VALUE"
	case json.Number:
		return "NUMBER_VALUE"
	case bool:
		return "BOOLEAN_VALUE"
	}
	return "NULL_VALUE"
}
