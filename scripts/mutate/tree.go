package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// runtimeSource is package live, which the rewritten packages import.
//
//go:embed live/live.go
var runtimeSource []byte

// A tree is the module under test with all its mutants in it, beside the
// source and not in it: the go command reads them through an overlay.
type tree struct {
	root    string // the module's folder
	module  string
	work    string // for what is built and recorded
	mutants []mutant
}

// perPackage is how many numbers each package has, so that a change in one
// leaves the text of the others alone and they need not be built again.
const perPackage = 10_000

func readTree(root, work string, packages []string) (*tree, error) {
	t := &tree{root: root, work: work}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(mod)) {
		if name, ok := strings.CutPrefix(line, "module "); ok {
			t.module = strings.TrimSpace(name)
		}
	}
	runtime := t.module + "/internal/mutant"
	replace := map[string]string{}
	put := func(name string, src []byte) error {
		file := filepath.Join(work, strings.ReplaceAll(name, "/", "_"))
		replace[filepath.Join(root, name)] = file
		return os.WriteFile(file, src, 0o600)
	}
	if err := put("internal/mutant/mutant.go", runtimeSource); err != nil {
		return nil, err
	}
	for i, pkg := range packages {
		files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
		if err != nil {
			return nil, err
		}
		next := 1 + i*perPackage
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			src, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			name := pkg + "/" + filepath.Base(file)
			text, made, err := rewrite(pkg, name, src, runtime, next)
			if err != nil {
				return nil, err
			}
			next += len(made)
			t.mutants = append(t.mutants, made...)
			if err := put(name, text); err != nil {
				return nil, err
			}
		}
		switch made := next - 1 - i*perPackage; {
		case made == 0:
			return nil, fmt.Errorf("%s: nothing to change there", pkg)
		case made >= perPackage:
			return nil, fmt.Errorf("%s: %d mutants, room for %d", pkg, made, perPackage)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	return t, errors.Join(
		unique(t.mutants),
		os.WriteFile(t.overlay(), overlay, 0o600),
	)
}

func (t *tree) overlay() string { return filepath.Join(t.work, "overlay.json") }

// unique says so if two mutants have one key: a function of one name in two
// files of a package, each behind a build tag.
func unique(all []mutant) error {
	seen := map[key]string{}
	for _, m := range all {
		if other, twice := seen[m.key]; twice {
			return fmt.Errorf("%s and %s: two mutants %s", other, m.file, m.key)
		}
		seen[m.key] = m.file
	}
	return nil
}
