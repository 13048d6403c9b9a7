package emulator

import (
	"encoding/json"
	"fmt"
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

// Every constraint of every input shape: a request that keeps it is not refused for it, one that breaks it is, naming
// the member. (The generated values are this test's own reading of the model.)
func TestEveryConstraint(t *testing.T) {
	r := newRig(t)
	tried := 0
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		s := r.model.Operations[name].Input.shape
		for _, c := range casesOf(s, "", 0) {
			tried++
			in := sample(s, 0).(map[string]any)
			maps.Copy(in, c.in.(map[string]any))
			for _, k := range c.without {
				delete(in, k)
			}
			body, err := json.Marshal(in)
			if err != nil {
				t.Fatal(err)
			}
			a := r.raw(name, string(body))
			code, _ := a.body["__type"].(string)
			msg, _ := a.body["message"].(string)
			switch {
			case c.want == "" && (code == "ValidationException" && strings.Contains(msg, "failed to satisfy") || code == "SerializationException"):
				t.Errorf("%s: %s: refused: %s %s", name, c.what, code, msg)
			case c.want != "" && (code != c.want || a.status != http.StatusBadRequest):
				t.Errorf("%s: %s: got %d %.300s, want %s", name, c.what, a.status, fmt.Sprint(a.body), c.want)
			case c.want == "ValidationException" && !strings.Contains(msg, "'"+c.path):
				t.Errorf("%s: %s: message does not name %s: %s", name, c.what, c.path, msg)
			}
		}
	}
	t.Logf("%d requests at and beyond the constraints of %d operations", tried, len(operations))
	if tried < 500 {
		t.Errorf("only %d requests tried: the generator does not reach the model any more", tried)
	}
}

type constraintCase struct {
	what, path, want string
	in               any
	without          []string
}

// casesOf walks a shape and gives values at and beyond its constraints.
func casesOf(s *shape, path string, depth int) []constraintCase {
	var out []constraintCase
	if depth > 4 {
		return nil
	}
	add := func(what, want string, v any) {
		out = append(out, constraintCase{what: path + " " + what, path: path, want: want, in: v})
	}
	wrong := map[string]any{"structure": "x", "list": map[string]any{}, "map": []any{}, "string": 5, "integer": "5", "timestamp": "x"}[s.Type]
	if path != "" {
		add("of a wrong type", "SerializationException", wrong)
		add("true", "SerializationException", true)
	}
	switch s.Type {
	case "string":
		for _, v := range edges(s) {
			want := ""
			if len(s.brokenBy(v)) > 0 {
				want = "ValidationException"
			}
			add(fmt.Sprintf("of %d characters %.20q", length(v), v), want, v)
		}
	case "integer":
		if s.Min != nil {
			add("at min", "", *s.Min)
			add("below min", "ValidationException", *s.Min-1)
			add("at max", "", *s.Max)
			add("above max", "ValidationException", *s.Max+1)
		}
		add("with a fraction", "SerializationException", 1.5)
		add("beyond 32 bits", "SerializationException", int64(1)<<40)
	case "timestamp":
		add("as epoch seconds", "", 1558386334.995)
	case "list":
		if s.Max != nil && *s.Max <= 1000 {
			add("full", "", repeat(s, int(*s.Max)))
			add("overfull", "ValidationException", repeat(s, int(*s.Max)+1))
		}
		if s.Min != nil && *s.Min > 0 {
			add("empty", "ValidationException", []any{})
		}
		add("with null", "ValidationException", []any{nil})
		for _, c := range casesOf(s.Member.shape, path+".1.member", depth+1) {
			c.in = []any{c.in}
			out = append(out, c)
		}
	case "map":
		key := sample(s.Key.shape, 0).(string)
		for _, v := range edges(s.Key.shape) {
			want := ""
			if len(s.Key.shape.brokenBy(v)) > 0 {
				want = "ValidationException"
			}
			add(fmt.Sprintf("key %.20q", v), want, map[string]any{v: sample(s.Value.shape, depth+1)})
		}
		for _, c := range casesOf(s.Value.shape, path+"."+key+".member", depth+1) {
			c.in = map[string]any{key: c.in}
			out = append(out, c)
		}
	case "structure":
		for name, ref := range s.Members {
			at := join(path, lowerFirst(name))
			for _, c := range casesOf(ref.shape, at, depth+1) {
				whole := sample(s, depth).(map[string]any)
				if sub, ok := c.in.(map[string]any); ok && c.without != nil {
					c.in = sub
				}
				whole[name] = c.in
				c.in = whole
				c.without = nil
				out = append(out, c)
			}
		}
		for _, name := range s.Required {
			whole := sample(s, depth).(map[string]any)
			delete(whole, name)
			c := constraintCase{what: path + " without " + name, path: join(path, lowerFirst(name)), want: "ValidationException", in: whole}
			if path == "" {
				c.without = []string{name}
			}
			out = append(out, c)
		}
	}
	return out
}

// sample is a value that keeps a shape's constraints, with the required members only.
func sample(s *shape, depth int) any {
	switch s.Type {
	case "structure":
		out := map[string]any{}
		for _, name := range s.Required {
			out[name] = sample(s.Members[name].shape, depth+1)
		}
		return out
	case "list":
		return []any{sample(s.Member.shape, depth+1)}
	case "map":
		return map[string]any{sample(s.Key.shape, depth+1).(string): sample(s.Value.shape, depth+1)}
	case "integer":
		return 1
	case "timestamp":
		return 1558386334.995
	}
	if s.Enum != nil {
		return s.Enum[0]
	}
	for _, v := range []string{"x", "oi-0123456789ab", "111122223333", "count", "AWS:OpsItem", "arn:aws:ssm:us-east-1:111122223333:opsitem/oi-0123456789ab"} {
		if len(s.brokenBy(v)) == 0 {
			return v
		}
	}
	panic("no sample for a string with pattern " + s.Pattern)
}

func repeat(s *shape, n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = sample(s.Member.shape, 0)
	}
	return out
}

// edges are values around a string's constraints.
func edges(s *shape) []string {
	base := sample(s, 0).(string)
	out := []string{base, "", " ", "\n", base + "\n", "🙂", "no such value"}
	if s.Max != nil {
		out = append(out, strings.Repeat("ä", int(*s.Max)), strings.Repeat("ä", int(*s.Max)+1), strings.Repeat("a", int(*s.Max)))
	}
	return out
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
