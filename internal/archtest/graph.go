package archtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Package is what go list says of one.
type Package struct {
	ImportPath string
	Dir        string
	Standard   bool
	GoFiles    []string
	Imports    []string
	Deps       []string
}

// Graph is a program's packages by import path.
type Graph map[string]Package

// Load asks go list for the module's packages and all they link, without tests.
func Load(ctx context.Context, dir string) (Graph, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,Imports,Deps", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.Bytes())
	}
	g := Graph{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return g, nil
		} else if err != nil {
			return nil, err
		}
		g[p.ImportPath] = p
	}
}

// Check gives every breach of the rules in layers.go, in order. module is the module's path.
func (g Graph) Check(module string) []string {
	var all []string
	for path, p := range g {
		local, ok := strings.CutPrefix(path, module+"/")
		if !ok {
			continue
		}
		layer, ok := place(local)
		if !ok {
			all = append(all, local+" has no layer: give it one in internal/archtest/layers.go")
			continue
		}
		for _, imp := range p.Imports {
			if why := g.refuse(module, local, layer, imp); why != "" {
				all = append(all, local+" imports "+strings.TrimPrefix(imp, module+"/")+": "+why)
			}
		}
		all = append(all, g.links(module, local, layer, p.Deps)...)
	}
	slices.Sort(all)
	return all
}

// refuse gives the reason why a package of layer must not import imp, or "".
func (g Graph) refuse(module, path string, layer Layer, imp string) string {
	if target, ok := strings.CutPrefix(imp, module+"/"); ok {
		return refuseOwn(path, layer, target)
	}
	switch {
	case !pure[layer]:
		return ""
	case g[imp].Standard:
		if under(imp, impure) && !under(imp, harmless) {
			return "the " + string(layer) + " is pure"
		}
	case !under(imp, libraries):
		return "not a library on the allow-list of the " + string(layer)
	}
	return ""
}

func refuseOwn(path string, layer Layer, target string) string {
	to, ok := place(target)
	if !ok {
		return "" // reported once, for the package itself
	}
	if !slices.Contains(mayImport[layer], to) {
		return string(layer) + " must not import " + string(to)
	}
	apart := (layer == Adapter || layer == LocalOnly) && (to == Adapter || to == LocalOnly)
	if _, ok := neighbours[[2]string{path, target}]; apart && tree(path) != tree(target) && !ok {
		return "adapters do not import each other"
	}
	return ""
}

// links checks what a package links through others.
func (g Graph) links(module, path string, layer Layer, deps []string) []string {
	var all []string
	for _, dep := range deps {
		own, isOwn := strings.CutPrefix(dep, module+"/")
		to, _ := place(own)
		switch {
		case layer == Function && (under(dep, notInLambda) || isOwn && (to == LocalOnly || to == TestKit)):
			all = append(all, path+" links "+strings.TrimPrefix(dep, module+"/")+": no Lambda may")
		case pure[layer] && under(dep, notInPure):
			all = append(all, path+" links "+dep+": the "+string(layer)+" is pure")
		}
	}
	return all
}
