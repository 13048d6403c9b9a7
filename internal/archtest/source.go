package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// clock are the functions of package time that ask the clock or wait for it. Pure layers are told the time.
var clock = map[string]bool{
	"After": true, "AfterFunc": true, "NewTicker": true, "NewTimer": true, "Now": true, "Since": true, "Sleep": true, "Tick": true,
	"Until": true,
}

// seeded are the names of math/rand/v2 that give the same numbers for the same seed; the others ask for chance.
var seeded = map[string]bool{
	"ChaCha8": true, "New": true, "NewChaCha8": true, "NewPCG": true, "NewZipf": true, "PCG": true, "Rand": true, "Source": true, "Zipf": true,
}

// CheckSource gives every place in the pure layers that asks the clock or chance.
func (g Graph) CheckSource(module string) ([]string, error) {
	var all []string
	for imp, p := range g {
		local, ok := strings.CutPrefix(imp, module+"/")
		if layer, _ := place(local); !ok || !pure[layer] {
			continue
		}
		for _, f := range p.GoFiles {
			found, err := impureCalls(filepath.Join(p.Dir, f), nil)
			if err != nil {
				return nil, err
			}
			for _, at := range found {
				all = append(all, path.Join(local, f)+":"+at)
			}
		}
	}
	return all, nil
}

// impureCalls gives "line: what" for each use of the clock or of chance. src is the text, or nil to read the file.
func impureCalls(file string, src any) ([]string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	names := map[string]string{} // local name -> import path
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		name := path.Base(p)
		if p == "math/rand/v2" {
			name = "rand"
		}
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = p
	}
	var all []string
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		p := names[x.Name]
		if p == "time" && clock[sel.Sel.Name] || p == "math/rand/v2" && !seeded[sel.Sel.Name] {
			all = append(all, fmt.Sprintf("%d: %s.%s", fset.Position(sel.Pos()).Line, x.Name, sel.Sel.Name))
		}
		return true
	})
	return all, nil
}
