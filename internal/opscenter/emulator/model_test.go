package emulator

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The table of operations and its types are the model's, member for member.
func TestTypesMatchTheModel(t *testing.T) {
	m, err := loadModel()
	if err != nil {
		t.Fatal(err)
	}
	for name := range m.Operations {
		if _, ok := operations[name]; !ok {
			t.Errorf("operation %s is missing", name)
		}
	}
	for name, op := range operations {
		modelled, ok := m.Operations[name]
		if !ok {
			t.Errorf("operation %s is not in the model", name)
			continue
		}
		compareType(t, name+" input", modelled.Input.shape, op.in, true)
		compareType(t, name+" output", modelled.Output.shape, op.out, false)
	}
}

// compareType wants a field for every member of a request; of an answer the fields that there are must be members.
func compareType(t *testing.T, path string, s *shape, typ reflect.Type, complete bool) {
	t.Helper()
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	want := map[string]reflect.Kind{
		"structure": reflect.Struct, "list": reflect.Slice, "map": reflect.Map, "string": reflect.String,
		"integer": reflect.Int, "timestamp": reflect.Struct,
	}[s.Type]
	if typ.Kind() != want {
		t.Errorf("%s is a %s, want a %s", path, typ.Kind(), want)
		return
	}
	switch s.Type {
	case "list":
		compareType(t, path+"[]", s.Member.shape, typ.Elem(), complete)
	case "map":
		compareType(t, path+"{}", s.Value.shape, typ.Elem(), complete)
	case "structure":
		for f := range typ.Fields() {
			if member := s.Members[f.Name]; member != nil {
				if path != "GetOpsSummary input.Aggregators[]" || f.Name != "Aggregators" { // contains itself
					compareType(t, path+"."+f.Name, member.shape, f.Type, complete)
				}
				continue
			}
			t.Errorf("%s has no member %s", path, f.Name)
		}
		for member := range s.Members {
			if _, ok := typ.FieldByName(member); !ok && complete {
				t.Errorf("%s lacks %s", path, member)
			}
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, tc := range []struct {
		name, pattern, value string
		want                 bool
	}{
		{"words", `^(?!\s*$).+`, "Checkout answers slowly", true},
		{"leading blanks are fine", `^(?!\s*$).+`, "  x", true},
		{"empty", `^(?!\s*$).+`, "", false},
		{"only white space", `^(?!\s*$).+`, " \t ", false},
		{"the dot stops at a line break", `^(?!\s*$).+`, "one\ntwo", false},
		{"a line break at the end", `^(?!\s*$).+`, "one\n", false},
		{"a carriage return", `^(?!\s*$).+`, "one\rtwo", false},
		{"a line separator", `^(?!\s*$).+`, "one\u2028two", false},
		{"a no-break space is no white space to Java", `^(?!\s*$).+`, "\u00a0", true},
		{"descriptions have lines", `[\s\S]*\S[\s\S]*`, "\none\ntwo\n", true},
		{"but not only those", `[\s\S]*\S[\s\S]*`, "\n \n", false},
		{"an id", `^(oi)-[0-9a-f]{12}$`, "oi-0123456789ab", true},
		{"AWS's own sample id", `^(oi)-[0-9a-f]{12}$`, "oi-0b725EXAMPLE", false},
		{"the whole value must match", `^(range|count|sum)`, "counting", false},
		{"no line break after an anchor", `^[0-9]{12}$`, "111122223333\n", false},
		{"letters of any script in tags", `^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`, "équipe 日本", true},
		{"no emoji in tags", `^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`, "🙂", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			match, err := compilePattern(tc.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := match(tc.value); got != tc.want {
				t.Errorf("%q matches %q: %v, want %v", tc.pattern, tc.value, got, tc.want)
			}
		})
	}
	if _, err := compilePattern(`^(?=x)y$`); err == nil {
		t.Error("a pattern that Go cannot express and nobody has translated was let through")
	}
}

// A deep or odd body is refused, never a crash; what is accepted was bound to its type.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{}`, ``, `null`, `[]`, `{"Title":"t","Source":"s","Description":"d"}`, `{"OpsItemId":"oi-0123456789ab"}`,
		`{"OpsItemFilters":[{"Key":"CreatedTime","Operator":"GreaterThan","Values":["NaN"]}],"NextToken":"AAAAAAAAAAA"}`,
		`{"Title":"t","Source":"s","Description":"d","OperationalData":{"/aws/dedup":{"Value":"{\"dedupString\":\"x\"}"}}}`,
		`{"Title":"t","Source":"s","Description":"d","PlannedStartTime":1e300}`, strings.Repeat(`{"a":`, 200),
		`{"Filters":[{"Key":"AWS:OpsItem.Status","Values":["Open"]}],"Aggregators":[{"AggregatorType":"count"}]}`,
	} {
		for i := range len(operations) {
			f.Add(uint8(i), []byte(s)) // 19 operations
		}
	}
	names := slices.Sorted(maps.Keys(operations))
	e, err := New(Config{Account: testAccount, Region: testRegion, Rand: rand.NewChaCha8([32]byte{})})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	f.Fuzz(func(t *testing.T, op uint8, body []byte) {
		in, refusal := parse(body)
		if refusal != nil {
			return
		}
		name := names[int(op)%len(names)]
		out, refusal := e.invoke(t.Context(), operations[name], caller{ARN: testCaller}, in)
		answer := out
		if refusal != nil {
			if refusal.Status == http.StatusInternalServerError {
				t.Fatalf("%s: internal error", name)
			}
			answer = refusal.body(e.model)
		}
		if _, err := json.Marshal(answer); err != nil {
			t.Fatalf("%s: answer cannot be encoded: %v", name, err)
		}
	})
}
