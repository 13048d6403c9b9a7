package httpapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// slowMembers is what membersOf does, by the standard library's decoder.
func slowMembers(t *testing.T, raw []byte) []member {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var out []member
	for dec.More() {
		var m member
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		m.name, _ = name.(string)
		if err := dec.Decode(&m.value); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return out
}

func FuzzMembersOf(f *testing.F) {
	for _, s := range []string{
		`{}`, ` { } `, `{"a":1}`, `{"a":-1.5e+3,"b":true,"c":null}`, `{"b":"x","a":"y","b":"z"}`, `{"":""}`,
		` { "a" : { "b" : [ 1 , {"c":"}"} , "]" ] } , "d" : [ ] } `, `{"a\"b":"c\\","\u0061":"\ud83d\ude00","d":"\\\""}`,
		"{\n\t\"a\"\r:\n1\t,\"b\":\n\n[[],[[]]]\n}", `{"a":{}}`, `{"a":[],"b":0}`, `{"a":"{,:","b":":,}"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := bytes.TrimSpace(raw)
		if !json.Valid(raw) || len(b) == 0 {
			return
		}
		got, err := membersOf(raw)
		if (err == nil) != (b[0] == '{') {
			t.Fatalf("%q: %v", raw, err)
		}
		if err != nil || !utf8.Valid(raw) {
			return // a body is held to UTF-8 before it comes here
		}
		if diff := cmp.Diff(slowMembers(t, raw), got, cmp.AllowUnexported(member{})); diff != "" {
			t.Errorf("%q differs from the standard library's decoder (-want +got):\n%s", raw, diff)
		}
	})
}
