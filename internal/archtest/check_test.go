package archtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCheck breaks each rule once, on programs that do not exist.
func TestCheck(t *testing.T) {
	std := func(g Graph) Graph {
		for _, p := range []string{"context", "net/http", "net/url", "os", "math/rand/v2", "testing", "crypto/rand"} {
			g[p] = Package{ImportPath: p, Standard: true}
		}
		return g
	}
	one := func(path string, imports ...string) Graph {
		return std(Graph{module + "/" + path: {Imports: imports}})
	}
	linking := func(path string, deps ...string) Graph {
		return std(Graph{module + "/" + path: {Deps: deps}})
	}
	tests := []struct {
		name string
		g    Graph
		want []string
	}{
		{"the whole way down", std(Graph{
			module + "/functions/api":      {Imports: []string{module + "/internal/app/api", "os"}},
			module + "/internal/app/api":   {Imports: []string{module + "/internal/store", "net/http"}},
			module + "/internal/store":     {Imports: []string{module + "/internal/feedback", module + "/internal/table"}},
			module + "/internal/feedback":  {Imports: []string{module + "/internal/person", module + "/internal/fault", "context", "net/url"}},
			module + "/internal/mail/ses":  {Imports: []string{module + "/internal/mail", "github.com/aws/aws-sdk-go-v2/aws"}},
			module + "/infra":              {Imports: []string{module + "/internal/config", "github.com/aws/aws-cdk-go/awscdk/v2"}},
			module + "/internal/stats":     {Imports: []string{"gonum.org/v1/gonum/mathext", "math/rand/v2"}},
			module + "/functions/local":    {Imports: []string{module + "/internal/table/embedded"}, Deps: []string{"github.com/cockroachdb/pebble/v2"}},
			module + "/internal/tools/x/y": {Imports: []string{module + "/internal/testenv", "testing"}},
		}), nil},
		{"no layer", one("internal/surprise"), []string{"internal/surprise has no layer: give it one in internal/archtest/layers.go"}},
		{"domain to adapter", one("internal/feedback", module+"/internal/store"), []string{"internal/feedback imports internal/store: domain must not import adapter"}},
		{"domain to storage port", one("internal/feedback", module+"/internal/table"), []string{"internal/feedback imports internal/table: domain must not import port"}},
		{"domain to AWS", one("internal/feedback", "github.com/aws/aws-sdk-go-v2/aws"), []string{"internal/feedback imports github.com/aws/aws-sdk-go-v2/aws: not a library on the allow-list of the domain"}},
		{"domain to HTTP", one("internal/score", "net/http"), []string{"internal/score imports net/http: the domain is pure"}},
		{"domain to the environment", one("internal/score", "os"), []string{"internal/score imports os: the domain is pure"}},
		{"domain to chance", one("internal/score", "crypto/rand"), []string{"internal/score imports crypto/rand: the domain is pure"}},
		{"domain to HTTP through others", linking("internal/score", "net/http"), []string{"internal/score links net/http: the domain is pure"}},
		{"adapter to app", one("internal/store", module+"/internal/app"), []string{"internal/store imports internal/app: adapter must not import app"}},
		{"adapter to adapter", one("internal/store", module+"/internal/table/dynamo"), []string{"internal/store imports internal/table/dynamo: adapters do not import each other"}},
		{"adapter to local engine", one("internal/table/dynamo", module+"/internal/table/embedded"), []string{"internal/table/dynamo imports internal/table/embedded: adapter must not import local only"}},
		{"stand-in to adapter of another tree", one("internal/mail/inbox", module+"/internal/web"), []string{"internal/mail/inbox imports internal/web: adapters do not import each other"}},
		{"app to function", one("internal/app/api", module+"/functions/api"), []string{"internal/app/api imports functions/api: app must not import function"}},
		{"app to emulator", one("internal/app/api", module+"/internal/opscenter/emulator"), []string{"internal/app/api imports internal/opscenter/emulator: app must not import local only"}},
		{"infra to domain", one("infra", module+"/internal/feedback"), []string{"infra imports internal/feedback: infra must not import domain"}},
		{"program to test kit", one("internal/app/api", module+"/internal/testenv"), []string{"internal/app/api imports internal/testenv: app must not import test kit"}},
		{"Lambda links Pebble", linking("functions/api", "github.com/cockroachdb/pebble/v2/vfs"), []string{"functions/api links github.com/cockroachdb/pebble/v2/vfs: no Lambda may"}},
		{"Lambda links the CDK", linking("functions/api", "github.com/aws/jsii-runtime-go"), []string{"functions/api links github.com/aws/jsii-runtime-go: no Lambda may"}},
		{"Lambda links the embedded engine", linking("functions/api", module+"/internal/table/embedded"), []string{"functions/api links internal/table/embedded: no Lambda may"}},
		{"Lambda links the emulator", linking("functions/api", module+"/internal/opscenter/emulator"), []string{"functions/api links internal/opscenter/emulator: no Lambda may"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.g.Check(module)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestImpureCalls(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string
	}{
		{"call", "package p\nimport \"time\"\nvar x = time.Now()\n", []string{"3: time.Now"}},
		{"value", "package p\nimport \"time\"\nvar now = time.Now\n", []string{"3: time.Now"}},
		{"other name", "package p\nimport t \"time\"\nfunc f() { t.Sleep(1) }\n", []string{"3: t.Sleep"}},
		{"chance", "package p\nimport \"math/rand/v2\"\nvar x = rand.IntN(3)\n", []string{"3: rand.IntN"}},
		{"time as data", "package p\nimport \"time\"\nvar x = time.Unix(0, 0).Add(time.Hour)\n", nil},
		{"seeded", "package p\nimport \"math/rand/v2\"\nvar x = rand.New(rand.NewPCG(1, 2)).IntN(3)\n", nil},
		{"not the package", "package p\ntype T struct{ Now int }\nfunc f(time T) int { return time.Now }\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := impureCalls("p.go", tt.src)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlace(t *testing.T) {
	tests := []struct {
		name, path string
		want       Layer
		ok         bool
	}{
		{"exact", "internal/table", Port, true},
		{"exact before the tree", "internal/mail/inbox", LocalOnly, true},
		{"below a tree", "internal/mail/ses", Adapter, true},
		{"the longest tree", "internal/opscenter/emulator/cmd", Tool, true},
		{"local is no Lambda", "functions/local", Local, true},
		{"below a package is not the package", "internal/table/other", "", false},
		{"nowhere", "internal/other", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := place(tt.path); got != tt.want || ok != tt.ok {
				t.Errorf("place(%q) = %q, %t; want %q, %t", tt.path, got, ok, tt.want, tt.ok)
			}
		})
	}
}
