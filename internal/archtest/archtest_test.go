package archtest

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	module  = "learningloop"
	root    = "../.."
	maxMain = 60 // lines of a function's main.go: config, clients, wiring
)

func TestDirection(t *testing.T) {
	readSources(t)
	g, err := Load(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, breach := range g.Check(module) {
		t.Error(breach)
	}
	inDomain, err := g.CheckSource(module)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range inDomain {
		t.Errorf("%s: the caller tells it", at)
	}
}

// readSources reads every import clause of the module in this process. go test keeps a result until a file that the test
// itself opened changes; it does not see what go list opens.
func readSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "cdk.out" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		_, err = parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMainsAreShort(t *testing.T) {
	mains, err := filepath.Glob(root + "/functions/*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range mains {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b, []byte("\n")); n > maxMain && filepath.Base(filepath.Dir(path)) != "local" {
			t.Errorf("%s has %d lines, at most %d: what else is in it belongs into internal/app", path, n, maxMain)
		}
	}
}

// TestLayersHangTogether holds the table to itself.
func TestLayersHangTogether(t *testing.T) {
	for path, layer := range places {
		if _, ok := mayImport[layer]; !ok {
			t.Errorf("%s: layer %q may import nothing at all", path, layer)
		}
	}
	for pair, why := range neighbours {
		if why == "" {
			t.Errorf("%v: say why", pair)
		}
	}
}
