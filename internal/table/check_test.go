package table

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"learningloop/internal/fault"
)

func TestCheckAttrs(t *testing.T) {
	digits := func(n int) string { return strings.Repeat("9", n) }
	tests := []struct {
		name  string
		attrs string
		ok    bool
	}{
		{"empty object", `{}`, true},
		{"object with spaces around", "\n {\"a\" : [1, 2] }\t", true},
		{"braces in strings do not nest", `{"a":"` + strings.Repeat("{[", 100) + `"}`, true},
		{"escaped quotes", `{"a\"":"\\\"","b":"\\"}`, true},
		{"empty string is a value", `{"a":"","b":["",""]}`, true},
		{"32 levels", strings.Repeat(`{"a":`, 31) + `{}` + strings.Repeat("}", 31), true},
		{"33 levels", strings.Repeat(`{"a":`, 32) + `{}` + strings.Repeat("}", 32), false},
		{"33 levels of lists", `{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, false},
		{"siblings do not nest", `{"a":[` + strings.TrimSuffix(strings.Repeat(`{"b":[]},`, 100), ",") + `]}`, true},
		{"38 digits", `{"a":` + digits(38) + `}`, true},
		{"39 digits", `{"a":` + digits(39) + `}`, false},
		{"39 digits over the point", `{"a":` + digits(20) + `.` + digits(19) + `}`, false},
		{"zeros in front do not count", `{"a":0.` + strings.Repeat("0", 50) + digits(38) + `}`, true},
		{"zeros behind do not count", `{"a":` + digits(38) + strings.Repeat("0", 50) + `,"b":1.` + strings.Repeat("0", 99) + `}`, true},
		{"zeros between count", `{"a":1` + strings.Repeat("0", 37) + `1}`, false},
		{"largest", `{"a":9.9e125}`, true},
		{"too large", `{"a":1E126}`, false},
		{"too large without an exponent", `{"a":1` + strings.Repeat("0", 126) + `}`, false},
		{"smallest", `{"a":-1e-130}`, true},
		{"too small", `{"a":0.9e-130}`, false},
		{"too small without an exponent", `{"a":0.` + strings.Repeat("0", 130) + `1}`, false},
		{"zero of any spelling", `{"a":0e999999999999999999999999,"b":-0.000E-9999}`, true},
		{"exponent beyond any integer", `{"a":1e-99999999999999999999999999}`, false},
		{"digits in strings do not count", `{"a":"` + digits(99) + `","` + digits(99) + `":1}`, true},
		{"name empty", `{"":1}`, false},
		{"name empty inside", `{"a":[[{"b":1,"" :2}]]}`, false},
		{"list", `[]`, false},
		{"null", `null`, false},
		{"string", `"{}"`, false},
		{"nothing", ``, false},
		{"cut short", `{"a":`, false},
		{"a space that JSON does not know", "{}\v", false},
		{"two objects", `{}{}`, false},
		{"not UTF-8", "{\"a\":\"\xc3\"}", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckAttrs(json.RawMessage(tt.attrs))
			if (err == nil) != tt.ok || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("CheckAttrs(%.80s) = %v, want ok %t", tt.attrs, err, tt.ok)
			}
		})
	}
}

func FuzzCheckAttrs(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,-2.5e3,"x\"y",null,true,{"":{}}]}`, `{"a":1e126}`, `[`, "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckAttrs(json.RawMessage(s)) != nil {
			return
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(s), &m); err != nil && !strings.Contains(err.Error(), "into Go") {
			t.Errorf("%q passes, but %v", s, err)
		}
		if size := ItemSize(Row{Key: Key{P: "p", S: "s"}, Attrs: json.RawMessage(s)}); size <= 0 {
			t.Errorf("%q has size %d", s, size)
		}
	})
}

// The bare row is pk, sk, schema and version with their values: 2+1 + 2+1 + 6+1 + 7+1.
func TestItemSize(t *testing.T) {
	const bare = 21
	row := func(attrs string) Row { return Row{Key: Key{P: "p", S: "s"}, Attrs: json.RawMessage(attrs)} }
	full := Row{
		Key: Key{P: "pé", S: "s"}, Type: "thing", Schema: 12, Version: 345, Expires: time.Unix(1_700_000_000, 0),
		Index: map[Index]Key{"ranked": {P: "rp", S: "rs"}}, Attrs: json.RawMessage(`{}`),
	}
	tests := []struct {
		name string
		row  Row
		want int
	}{
		{"bare", row(`{}`), bare},
		{"no attributes", row(``), bare},
		{"string: UTF-8 bytes of name and value", row(`{"é":"日本"}`), bare + 2 + 6},
		{"escapes count as what they stand for", row(`{"a":"\u00e9\n"}`), bare + 1 + 3},
		{"number: a byte for two digits and one more", row(`{"a":1}`), bare + 1 + 2},
		{"even digits", row(`{"a":1234}`), bare + 1 + 3},
		{"odd digits", row(`{"a":12345}`), bare + 1 + 4},
		{"zeros are trimmed", row(`{"a":1200000.00}`), bare + 1 + 2},
		{"a negative one has a byte more", row(`{"a":-1234}`), bare + 1 + 4},
		{"38 digits", row(`{"a":12345678901234567890123456789012345678}`), bare + 1 + 20},
		{"zero", row(`{"a":0}`), bare + 1 + 1},
		{"boolean: a byte", row(`{"a":true,"b":false}`), bare + 2*2},
		{"null at the top is not kept", row(`{"a":null}`), bare},
		{"null inside: a byte", row(`{"a":[null]}`), bare + 1 + 3 + 1 + 1},
		{"empty list and map: 3 bytes", row(`{"a":[],"b":{}}`), bare + 2*(1+3)},
		{"list: a byte for each element", row(`{"a":["xy","z"]}`), bare + 1 + 3 + (1 + 2) + (1 + 1)},
		{"map: a byte for each element and its name", row(`{"a":{"bc":"d"}}`), bare + 1 + 3 + (1 + 2 + 1)},
		{"everything", full, bare + len("é") + 1 + 2 + (4 + 5) + (7 + 2) + (2*8 + 2 + 2)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ItemSize(tt.row); got != tt.want {
				t.Errorf("ItemSize = %d, want %d", got, tt.want)
			}
		})
	}
}
