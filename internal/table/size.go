package table

import (
	"bytes"
	"encoding/json"
)

// MaxItem is DynamoDB's limit for a row with everything around it, in bytes as ItemSize counts them.
const MaxItem = 400 << 10

// ItemSize is how large a row is for DynamoDB, which sets both its limit and its price (DynamoDB Developer Guide,
// "DynamoDB item sizes and formats"): the UTF-8 bytes of names and strings, about half a byte a digit for numbers, one
// byte for a boolean, 3 for a list or map and one for each of its elements.
func ItemSize(r Row) int {
	n := len("pk") + len(r.Key.P) + len("sk") + len(r.Key.S) + len("schema") + intSize(int64(r.Schema)) +
		len("version") + intSize(r.Version)
	if r.Type != "" {
		n += len("type") + len(r.Type)
	}
	if !r.Expires.IsZero() {
		n += len("expires") + intSize(r.Expires.Unix())
	}
	for name, k := range r.Index {
		n += 2*len(name) + len("_p") + len("_s") + len(k.P) + len(k.S)
	}
	if len(bytes.TrimSpace(r.Attrs)) == 0 {
		return n
	}
	dec := json.NewDecoder(bytes.NewReader(r.Attrs))
	dec.UseNumber()
	var attrs map[string]any
	if dec.Decode(&attrs) != nil {
		return n + len(r.Attrs)
	}
	for name, v := range attrs {
		if v != nil { // such a member is not kept
			n += len(name) + valueSize(v)
		}
	}
	return n
}

func valueSize(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case json.Number:
		return NumberSize(v.String())
	case []any:
		n := 3
		for _, e := range v {
			n += 1 + valueSize(e)
		}
		return n
	case map[string]any:
		n := 3
		for name, e := range v {
			n += 1 + len(name) + valueSize(e)
		}
		return n
	default: // a boolean or null
		return 1
	}
}

func intSize(i int64) int {
	b, _ := json.Marshal(i)
	return NumberSize(string(b))
}

// NumberSize is the size of a number: a byte for every two significant digits, one more, and one for the sign of a
// negative one; 21 at most.
func NumberSize(s string) int {
	digits, _ := significant([]byte(s))
	n := (digits+1)/2 + 1
	if s != "" && s[0] == '-' {
		n++
	}
	return min(n, 21)
}
