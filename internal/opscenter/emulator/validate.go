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
	c.value(s, "", in)
	switch {
	case c.wrongType != "":
		return errSerialization(c.wrongType)
	case len(c.broken) > 0:
		return errValidation(c.broken...)
	}
	return nil
}

type checker struct {
	wrongType string   // the first value of a wrong type, as AWS words it
	broken    []string // constraints that do not hold, as AWS words them
}

func (c *checker) mistyped(v any, want string) {
	if c.wrongType == "" {
		c.wrongType = wrongTypeText(jsonKind(v), want)
	}
}

func (c *checker) fail(path, shown, constraint string) {
	c.broken = append(c.broken, fmt.Sprintf("Value %sat '%s' failed to satisfy constraint: %s", shown, path, constraint))
}

func (c *checker) value(s *shape, path string, v any) {
	switch s.Type {
	case "structure":
		if m, ok := v.(map[string]any); ok {
			c.structure(s, path, m)
			return
		}
		c.mistyped(v, "structure")
	case "list":
		if l, ok := v.([]any); ok {
			c.list(s, path, l)
			return
		}
		c.mistyped(v, "list")
	case "map":
		if m, ok := v.(map[string]any); ok {
			c.mapping(s, path, m)
			return
		}
		c.mistyped(v, "map")
	case "string":
		if t, ok := v.(string); ok {
			for _, constraint := range s.brokenBy(t) {
				c.fail(path, "'"+t+"' ", constraint)
			}
			return
		}
		c.mistyped(v, "String")
	case "integer":
		c.integer(s, path, v)
	case "timestamp":
		if _, ok := readTimestamp(v); !ok {
			c.mistyped(v, "Date")
		}
	}
}

func (c *checker) structure(s *shape, path string, m map[string]any) {
	for _, name := range s.Required {
		if m[name] == nil {
			c.fail(join(path, lowerFirst(name)), "null ", "Member must not be null")
		}
	}
	for _, name := range s.names {
		if v := m[name]; v != nil { // null is as good as absent
			c.value(s.Members[name].shape, join(path, lowerFirst(name)), v)
		}
	}
}

func (c *checker) list(s *shape, path string, l []any) {
	c.size(s, path, len(l))
	for i, v := range l {
		at := join(path, strconv.Itoa(i+1)+".member")
		if v == nil {
			c.fail(at, "null ", "Member must not be null")
			continue
		}
		c.value(s.Member.shape, at, v)
	}
}

func (c *checker) mapping(s *shape, path string, m map[string]any) {
	c.size(s, path, len(m))
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if broken := s.Key.shape.brokenBy(k); len(broken) > 0 {
			c.fail(path, "'"+k+"' ", "Map keys must satisfy constraint: ["+strings.Join(broken, ", ")+"]")
		}
		at := join(path, k+".member")
		if m[k] == nil {
			c.fail(at, "null ", "Member must not be null")
			continue
		}
		c.value(s.Value.shape, at, m[k])
	}
}

func (c *checker) size(s *shape, path string, n int) {
	if s.Max != nil && int64(n) > *s.Max {
		c.fail(path, "", fmt.Sprintf("Member must have length less than or equal to %d", *s.Max))
	}
	if s.Min != nil && int64(n) < *s.Min {
		c.fail(path, "", fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min))
	}
}

func (c *checker) integer(s *shape, path string, v any) {
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
		c.fail(path, "'"+num.String()+"' ", fmt.Sprintf("Member must have value less than or equal to %d", *s.Max))
	}
	if s.Min != nil && n < *s.Min {
		c.fail(path, "'"+num.String()+"' ", fmt.Sprintf("Member must have value greater than or equal to %d", *s.Min))
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

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
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
