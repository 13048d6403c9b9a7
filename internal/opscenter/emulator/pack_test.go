package emulator

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

// The first look at packed values may be wrong one way only: it never misses a value that fits, and what it lets through
// is held against each value.
func TestPackedValues(t *testing.T) {
	long := strings.Repeat("x", maxPacked)
	for _, tc := range []struct {
		name   string
		values []string
		want   []string
		may    bool
	}{
		{"none", nil, []string{"a"}, false},
		{"one", []string{"abc"}, []string{"b"}, true},
		{"one, not there", []string{"abc"}, []string{"x"}, false},
		{"any of several texts", []string{"abc"}, []string{"x", "c"}, true},
		{"the second", []string{"abc", "def"}, []string{"ef"}, true},
		{"not there", []string{"abc", "def"}, []string{"cd"}, false},
		{"across two", []string{"abc", "def"}, []string{"c\x00d"}, true},
		{"long ones", []string{long, "def"}, []string{"not there"}, true},
		{"a long one alone", []string{long + long}, []string{"not there"}, false},
		{"everything holds nothing", []string{"abc", "def"}, []string{""}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			it := &item{Data: map[string]dataValue{}}
			for i, v := range tc.values {
				it.Data[string(rune('a'+i))] = dataValue{Value: v, Type: searchable}
			}
			for range 20 { // in whatever order a map gives them
				it.derive()
				if !slices.IsSortedFunc(it.findable, func(a, b datum) int { return cmp.Compare(a.key, b.key) }) {
					t.Fatalf("in no order: %v", it.findable)
				}
			}
			if got := it.mayHold(tc.want); got != tc.may {
				t.Errorf("may hold: %v", got)
			}
			holds := slices.ContainsFunc(tc.values, func(v string) bool {
				return slices.ContainsFunc(tc.want, func(w string) bool { return strings.Contains(v, w) })
			})
			e := &Emulator{}
			conds, err := e.conditions([]filter{{Key: "OperationalDataValue", Operator: opContains, Values: tc.want}})
			if err != nil {
				t.Fatal(err)
			}
			if got := conds[0].match(it); got != holds {
				t.Errorf("the filter says %v, the values %v", got, holds)
			}
		})
	}
}
