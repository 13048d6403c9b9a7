package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"learningloop/internal/config"
)

var update = flag.Bool("update", false, "rewrite the golden templates")

// silence keeps the CDK from saying in twelve lines of red that this Node is old; tests have nothing to add to that.
const silence = "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"

func TestMain(m *testing.M) {
	if _, ok := os.LookupEnv(silence); !ok {
		// The CDK's runtime copies the environment when its package is loaded, before anything here runs. So start again.
		if err := os.Setenv(silence, "18,20"); err == nil {
			jsii.Close()
			if self, err := os.Executable(); err == nil {
				_ = syscall.Exec(self, os.Args, os.Environ()) // on systems without exec the warning stays
			}
		}
	}
	// The CDK's runtime is not closed: its Close waits for a process that another goroutine of it waits for too, which the
	// race detector rightly minds. That process ends when its standard input does, with us.
	os.Exit(m.Run())
}

// errNode says whether the CDK can run at all: it is JavaScript underneath.
var errNode = sync.OnceValue(func() error {
	if os.Getenv("JSII_NODE") != "" {
		return nil
	}
	_, err := exec.LookPath("node")
	return err
})

// template is a synthesised CloudFormation template, twice: for the CDK's assertions, and as plain JSON.
type template struct {
	cdk  assertions.Template
	json document
}

// document is a template as plain JSON.
type document map[string]any

// contexts are the variants that are tried; each is synthesised once in a run.
var contexts = map[string]map[string]string{
	"aws":        {"mailFrom": "Learning Loop <loop@example.com>", "mailReplyTo": "help@example.com", "opsEmail": "ops@example.com"},
	"localstack": {"variant": VariantLocalStack, "endpointSsm": "http://127.0.0.1:8081", "endpointSesv2": "http://127.0.0.1:8082", "keep": "false"},
	"custom": {
		"stage": "dev", "keep": "false", "mailFrom": "loop@example.com", "mailIdentity": "example.com",
		"publicUrl": "https://feedback.example.com", "certificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/1",
		"oidcIssuer": "https://issuer.example.com/", "oidcClientId": "pages", "runbookUrl": "https://example.com/README.md",
	},
}

var (
	synthMu sync.Mutex
	synths  = map[string]func() (template, error){}
)

// synth gives the template of a variant. Without Node it skips, and says so.
func synth(t *testing.T, variant string) template {
	t.Helper()
	if err := errNode(); err != nil {
		t.Skip("SKIPPED, nothing of the stack was tested: the CDK needs Node on the PATH:", err)
	}
	synthMu.Lock()
	once, ok := synths[variant]
	if !ok {
		once = sync.OnceValues(func() (template, error) { return synthesise(contexts[variant]) })
		synths[variant] = once
	}
	synthMu.Unlock()
	got, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func synthesise(context map[string]string) (got template, err error) {
	defer func() { // whatever goes wrong in the JavaScript arrives as a panic
		if r := recover(); r != nil {
			err = fmt.Errorf("synthesise: %v", r)
		}
	}()
	dir, err := os.MkdirTemp("", "learningloop-infra")
	if err != nil {
		return template{}, err
	}
	defer os.RemoveAll(dir)
	build := filepath.Join(dir, "build")
	for _, fn := range config.Functions {
		if err := os.MkdirAll(filepath.Join(build, fn), 0o755); err != nil {
			return template{}, err
		}
		if err := os.WriteFile(filepath.Join(build, fn, "bootstrap"), []byte(fn), 0o755); err != nil {
			return template{}, err
		}
	}
	context = maps.Clone(context)
	context["buildDir"] = build
	app := newApp(context)
	p, err := ParamsFrom(app.Node())
	if err := errors.Join(err, p.CheckBuild()); err != nil {
		return template{}, err
	}
	got.cdk = assertions.Template_FromStack(NewStack(app, p), nil)
	raw, err := json.Marshal(got.cdk.ToJSON())
	if err != nil {
		return template{}, err
	}
	return got, json.Unmarshal(raw, &got.json)
}

// try turns the panic of a failed CDK assertion into a failed test.
func try(t *testing.T, assert func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if r := recover(); r != nil {
			t.Errorf("%v", r)
		}
	}()
	assert()
}

// has wants a resource of the type with at least these properties.
func (s template) has(t *testing.T, typ string, properties map[string]any) {
	t.Helper()
	try(t, func() { s.cdk.HasResourceProperties(jsii.String(typ), properties) })
}

// count wants exactly n resources of the type.
func (s template) count(t *testing.T, typ string, n float64) {
	t.Helper()
	try(t, func() { s.cdk.ResourceCountIs(jsii.String(typ), jsii.Number(n)) })
}

// resource is one resource of a template.
type resource struct {
	id   string
	body map[string]any
}

func (r resource) typ() string { return text(r.body["Type"]) }

// get follows names into the resource's properties; nil where there is nothing.
func (r resource) get(path ...string) any { return dig(r.body["Properties"], path...) }

func dig(v any, path ...string) any {
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// all gives the resources of a type ("" for every type) in order of their ids.
func (d document) all(typ string) []resource {
	resources, _ := d["Resources"].(map[string]any)
	out := make([]resource, 0, len(resources))
	for _, id := range sortedKeys(resources) {
		body, _ := resources[id].(map[string]any)
		if typ == "" || text(body["Type"]) == typ {
			out = append(out, resource{id: id, body: body})
		}
	}
	return out
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func number(v any) float64 {
	f, _ := v.(float64)
	return f
}

// many gives a value that may be one or a list as a list.
func many(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// refersTo says whether anything within v is a Ref or Fn::GetAtt of id.
func refersTo(v any, id string) bool {
	switch v := v.(type) {
	case map[string]any:
		if text(v["Ref"]) == id {
			return true
		}
		if at, ok := v["Fn::GetAtt"].([]any); ok && text(at[0]) == id {
			return true
		}
		for _, x := range v {
			if refersTo(x, id) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if refersTo(x, id) {
				return true
			}
		}
	}
	return false
}

// named gives the function's resource.
func (d document) named(t *testing.T, fn string) resource {
	t.Helper()
	for _, r := range d.all("AWS::Lambda::Function") {
		if strings.HasPrefix(r.id, title(fn)+"Function") {
			return r
		}
	}
	t.Fatalf("no function %s in the template", fn)
	return resource{}
}
