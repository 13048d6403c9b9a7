package emulator

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// ec2Event is the example event of "Amazon EventBridge input transformation".
const ec2Event = `{"version":"0","id":"7bf73129-1428-4cd3-a780-95db273d1602","detail-type":"EC2 Instance State-change Notification",
"source":"aws.ec2","account":"123456789012","time":"2015-11-11T21:29:54Z","region":"us-east-1",
"resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
"detail":{"instance-id":"i-0123456789","state":"RUNNING","n":9007199254740993,"yes":true,"none":null,"said":"a \"b\" <c> & d","lines":"a\nb","list":["x","y"]}}`

var testRule = ruleName{"example", "arn:aws:events:us-east-2:123456789012:rule/example"}

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	v, err := parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestTransform(t *testing.T) {
	paths := map[string]string{
		"instance": "$.detail.instance-id", "state": "$.detail.state", "detail": "$.detail", "gone": "$.detail.gone",
		"n": "$.detail.n", "yes": "$.detail.yes", "none": "$.detail.none", "said": "$.detail.said", "lines": "$.detail.lines",
		"list": "$.detail.list", "second": "$.detail.list[1]", "every": "$.detail.list[*]", "first": "$.resources[0]",
	}
	for _, tc := range []struct{ name, template, want string }{
		// The examples of the documentation.
		{"simple string", `"instance <instance> is in <state>"`, `"instance i-0123456789 is in RUNNING"`},
		{"string with escaped quotes", `"instance \"<instance>\" is in <state>"`, `"instance \"i-0123456789\" is in RUNNING"`},
		{"simple JSON", `{"instance" : <instance>, "state": <state>}`, `{"instance":"i-0123456789","state":"RUNNING"}`},
		{"strings and variables", `{"instance":<instance>,"state":"<state>","text":"instance \"<instance>\" is in <state>"}`, `{"instance":"i-0123456789","state":"RUNNING","text":"instance \"i-0123456789\" is in RUNNING"}`},
		{"variables and constants", `{"state": [ 9, <state>, true ], "Transformed" : "Yes"}`, `{"state":[9,"RUNNING",true],"Transformed":"Yes"}`},
		{"reserved variables", `{"arn":<aws.events.rule-arn>,"name":<aws.events.rule-name>,"at":<aws.events.event.ingestion-time>}`, `{"arn":"arn:aws:events:us-east-2:123456789012:rule/example","name":"example","at":"2026-10-19T02:46:53Z"}`},
		{"reserved variables in a string", `"<aws.events.rule-name> triggered"`, `"example triggered"`},
		{"lines of text", "\"<instance> is\"\n\"in <state>\"", `"i-0123456789 is\nin RUNNING"`},

		{"values keep their type", `{"n":<n>,"yes":<yes>,"none":<none>,"list":<list>}`, `{"n":9007199254740993,"yes":true,"none":null,"list":["x","y"]}`},
		{"values in a string", `"<n> <yes> <none>"`, `"9007199254740993 true null"`},
		{"a path that leads nowhere", `{"a":<gone>,"b":"x<gone>y"}`, `{"a":null,"b":"xy"}`},
		{"an object in a string loses its quotes", `{"a":"list <list>"}`, `{"a":"list [x,y]"}`},
		{"a string as a value is escaped", `{"a":<said>,"b":<lines>}`, `{"a":"a \"b\" <c> & d","b":"a\nb"}`},
		{"elements", `[<second>,<every>,<first>]`, `["y",["x","y"],"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"]`},
		{"a sign that is no placeholder", `{"a":"1 < 2 > 0 <no such>"}`, `{"a":"1 < 2 > 0 <no such>"}`},
		{"a backslash before a quote", `{"a":"\\","b":<state>}`, `{"a":"\\","b":"RUNNING"}`},
		{"a colon after a string with a placeholder", `{"a":["<state>",":"]}`, `{"a":["RUNNING",":"]}`},
		{"no placeholder", `{"a":1}`, `{"a":1}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tr := transformer{paths: paths, template: tc.template}
			got, err := tr.apply(testRule, object(t, ec2Event), "2026-10-19T02:46:53Z")
			if err != nil {
				t.Fatal(err)
			}
			var want any
			dec := json.NewDecoder(strings.NewReader(tc.want))
			dec.UseNumber()
			if err := dec.Decode(&want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("the event", func(t *testing.T) {
		tr := transformer{template: `{"head":<aws.events.event>,"all":<aws.events.event.json>}`}
		got, err := tr.apply(testRule, object(t, ec2Event), "")
		if err != nil {
			t.Fatal(err)
		}
		head := object(t, ec2Event)
		delete(head, "detail")
		if diff := cmp.Diff(any(map[string]any{"head": head, "all": object(t, ec2Event)}), got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBadTransformers(t *testing.T) {
	many := map[string]string{}
	for i := range maxVariables + 1 {
		many[fmt.Sprint("v", i)] = "$"
	}
	one := func(name, path string) map[string]string { return map[string]string{name: path} }
	for _, tc := range []struct {
		name     string
		paths    map[string]string
		template string
		field    string
	}{
		{"no template", nil, "", "inputTemplate"},
		{"a long template", nil, `"` + strings.Repeat("a", maxTemplate-1) + `"`, "inputTemplate"},
		{"many variables", many, `"a"`, "inputPathsMap"},
		{"a name in AWS's way", one("aws-x", "$"), `"a"`, "inputPathsMap.aws-x"},
		{"a name with a dot", one("a.b", "$"), `"a"`, "inputPathsMap.a.b"},
		{"a long name", one(strings.Repeat("a", 257), "$"), `"a"`, "inputPathsMap." + strings.Repeat("a", 257)},
		{"no path", one("a", ""), `"a"`, "inputPathsMap.a"},
		{"a path from nowhere", one("a", "detail.x"), `"a"`, "inputPathsMap.a"},
		{"a bracketed name", one("a", "$['detail']"), `"a"`, "inputPathsMap.a"},
		{"a filter", one("a", "$.x[?(@.y)]"), `"a"`, "inputPathsMap.a"},
		{"a recursion", one("a", "$..x"), `"a"`, "inputPathsMap.a"},
		{"a long path", one("a", "$."+strings.Repeat("a", 255)), `"a"`, "inputPathsMap.a"},
		{"an unknown placeholder", nil, `"<who>"`, "inputTemplate"},
		{"a placeholder as key", one("a", "$.source"), `{<a>: 1}`, "inputTemplate"},
		{"a placeholder in a key", one("a", "$.source"), `{"x<a>" : 1}`, "inputTemplate"},
		{"the event in a string", nil, `"<aws.events.event.json>"`, "inputTemplate"},
		{"a bare word", nil, `hello`, "inputTemplate"},
		{"a value that spoils the JSON", one("a", "$.detail.said"), `{"a":"<a>"}`, "inputTemplate"},
		{"a line break that spoils the JSON", one("a", "$.detail.lines"), `{"a":"<a>"}`, "inputTemplate"},
		{"blanks", nil, "  ", "inputTemplate"},
		{"two objects", nil, "{} {}", "inputTemplate"},
		{"an open string", nil, `"a`, "inputTemplate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tr := transformer{paths: tc.paths, template: tc.template}
			v, err := tr.apply(testRule, object(t, ec2Event), "")
			if err == nil || err.Members["Field"] != tc.field {
				t.Errorf("%v, %v; want field %s", v, err, tc.field)
			}
		})
	}
	t.Run("too much", func(t *testing.T) {
		tr := transformer{template: "[" + strings.Repeat("<aws.events.event.json>,", 300) + "1]"}
		event := map[string]any{"detail": strings.Repeat("a", 1<<14)}
		if _, err := tr.apply(testRule, event, ""); err == nil || !strings.Contains(err.Message, "makes more than") {
			t.Errorf("%v", err)
		}
	})
}

func TestPath(t *testing.T) {
	event := object(t, `{"a":{"b-c":{"d_e":[{"f":1},{"f":2},{"g":3}]},"x/y":"s"},"l":[[1,2],[3]]}`)
	for _, tc := range []struct {
		path, want string
		found      bool
	}{
		{"$.a.b-c.d_e[1].f", "2", true},
		{"$.a.x/y", `"s"`, true},
		{"$.l[0][1]", "2", true},
		{"$.l[0]", "[1,2]", true},
		{"$.a.b-c.d_e[*].f", "[1,2]", true},
		{"$.a.*", `[{"d_e":[{"f":1},{"f":2},{"g":3}]},"s"]`, true},
		{"$.l[*][0]", "[1,3]", true},
		{"$.a.none", "", false},
		{"$.l[9]", "", false},
		{"$.a[0]", "", false},
		{"$.l.a", "", false},
		{"$.a.x/y.z", "", false},
		{"$.a.*.none", "", false},
	} {
		t.Run(tc.path, func(t *testing.T) {
			steps, ok := readPath(tc.path)
			if !ok {
				t.Fatal("no path")
			}
			got, found := follow(event, steps)
			if found != tc.found || found && encodeJSON(got) != tc.want {
				t.Errorf("%v %v", got, found)
			}
		})
	}
}

// Whatever template, path and event come together, the outcome is JSON or a refusal that names a member.
func FuzzTransform(f *testing.F) {
	for _, s := range []string{
		`{"title":<a>,"b":"<a>"}`, `"<a>" "<aws.events.rule-name>"`, `{"x":<aws.events.event.json>}`, `<a>`, `"\`, `{"<a>":1}`, `[<a>,<a>]`, "<a", `"<a>`, ``,
	} {
		f.Add(s, "$.detail.said", ec2Event)
		f.Add(s, "$.detail[*]", `{"detail":["x",{"y":"\""}]}`)
	}
	f.Fuzz(func(t *testing.T, template, path, text string) {
		event, refusal := parse([]byte(text))
		if refusal != nil {
			return
		}
		tr := transformer{paths: map[string]string{"a": path}, template: template}
		v, refusal := tr.apply(testRule, event, "2026-10-19T02:46:53Z")
		if refusal != nil {
			if refusal.Status != 400 || refusal.Members["Field"] == nil {
				t.Fatalf("%+v", refusal)
			}
			return
		}
		if _, err := json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	})
}

// A value outside of quotes stays one value, whatever it says.
func FuzzTransformedValue(f *testing.F) {
	for _, s := range []string{"", "a", `"`, `","severity":"1`, "<a>", "\n", `\`, "\u2028", "ü🙂"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		tr := transformer{paths: map[string]string{"a": "$.detail"}, template: `{"title":<a>,"end":true}`}
		got, refusal := tr.apply(testRule, map[string]any{"detail": s}, "")
		if refusal != nil {
			t.Fatal(refusal)
		}
		if diff := cmp.Diff(any(map[string]any{"title": s, "end": true}), got); diff != "" {
			t.Error(diff)
		}
	})
}
