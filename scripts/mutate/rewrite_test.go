package main

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestEachMutant writes a module whose program prints what its functions
// answer, makes all mutants of it, and holds what each changes against want:
// the text says for each mutant what the program prints instead.
func TestEachMutant(t *testing.T) {
	const src = `package p

import "errors"

func And(a, b bool) bool { return a && b }

func Less(a, b int) string {
	if a < b {
		return "less"
	}
	return "not"
}

func Fails(n int) error {
	if n != 0 {
		return errors.New("no")
	}
	return nil
}

func Switch(s string) int {
	n := 1
	switch s {
	case "a":
		n = 5
	default:
		n++
	}
	return n
}

func Room() (out []int) {
	out = append(out, 1)
	func() { out = append(out, 2) }()
	return out
}
`
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, made, err := rewrite("p", "p/p.go", []byte(src), "m/live", 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(string(out), "\n"), strings.Count(src, "\n"); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "p.go", out, 0); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write("go.mod", "module m\n\ngo 1.26.0\n")
	write("live/live.go", string(runtimeSource))
	write("p/p.go", string(out))
	write("main.go", `package main

import (
	"fmt"
	"m/p"
)

func main() {
	fmt.Print(p.And(true, true), p.And(true, false), p.And(false, true), " ", p.Less(1, 2), p.Less(2, 2), p.Less(3, 2), " ", p.Fails(0), p.Fails(1), " ", p.Switch("a"), p.Switch("b"), " ", p.Room())
}
`)
	binary := filepath.Join(dir, "bin")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = dir
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, text, out)
	}
	want := map[string]string{
		"none":                                             "truefalsefalse lessnotnot <nil>no 52 [1 2]",
		"And: false: a && b":                               "falsefalsefalse lessnotnot <nil>no 52 [1 2]",
		"And: true: a":                                     "truefalsetrue lessnotnot <nil>no 52 [1 2]",
		"And: true: b":                                     "truetruefalse lessnotnot <nil>no 52 [1 2]",
		"Less: true: a < b":                                "truefalsefalse lesslessless <nil>no 52 [1 2]",
		"Less: false: a < b":                               "truefalsefalse notnotnot <nil>no 52 [1 2]",
		"Less: <=: a < b":                                  "truefalsefalse lesslessnot <nil>no 52 [1 2]",
		"Fails: true: n != 0":                              "truefalsefalse lessnotnot nono 52 [1 2]",
		"Fails: false: n != 0":                             "truefalsefalse lessnotnot <nil><nil> 52 [1 2]",
		"Switch: true: case \"a\"":                         "truefalsefalse lessnotnot <nil>no 55 [1 2]",
		"Switch: false: case \"a\"":                        "truefalsefalse lessnotnot <nil>no 22 [1 2]",
		"Switch: dropped: n = 5":                           "truefalsefalse lessnotnot <nil>no 12 [1 2]",
		"Switch: dropped: n++":                             "truefalsefalse lessnotnot <nil>no 51 [1 2]",
		"Room: dropped: out = append(out, 1)":              "truefalsefalse lessnotnot <nil>no 52 [2]",
		"Room: dropped: out = append(out, 2)":              "truefalsefalse lessnotnot <nil>no 52 [1]",
		"Room: dropped: func() { out = append(out, 2) }()": "truefalsefalse lessnotnot <nil>no 52 [1]",
		"Fails: nil: return errors.New(\"no\")":            "truefalsefalse lessnotnot <nil><nil> 52 [1 2]",
	}
	seen := 0
	for _, m := range append(made, mutant{id: -5, key: key{fn: "none"}}) {
		name := m.key.String()
		if m.id < 0 {
			name = "none"
		}
		c := exec.Command(binary)
		c.Env = append(os.Environ(), "MUTANT_ACTIVE="+strconv.Itoa(m.id), "MUTANT_LIMIT=100")
		text, err := c.Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		w, ok := want[name]
		if plain := strings.NewReplacer(" ", ""); !ok || plain.Replace(string(text)) != plain.Replace(w) {
			t.Errorf("%s: %s, want %s", name, text, w)
		}
		seen++
	}
	if seen != len(want) {
		t.Errorf("%d mutants, want %d", seen-1, len(want)-1)
	}
}

// TestList reads back what is written, with reasons that people wrote between.
func TestList(t *testing.T) {
	l := list{
		key{"a", "f", "true", "x: y && z"}: "Because.",
		key{"a", "T.g", "<=", "a < b #2"}:  "Because.",
		key{"b", "f", "nil", "return err"}: unjudged,
	}
	file := filepath.Join(t.TempDir(), "list.md")
	if err := os.WriteFile(file, []byte("# Title\n\n"+l.text([]string{"a", "b"})), 0o600); err != nil {
		t.Fatal(err)
	}
	back, err := readList(file)
	if err != nil || len(back) != len(l) {
		t.Fatalf("%v, %v", back, err)
	}
	for k, reason := range l {
		if back[k] != reason {
			t.Errorf("%v: %q", k, back[k])
		}
	}
	for _, bad := range []string{"no list", listHeading + "\n\n    f: true: x\n", listHeading + "\n\n### a\n\nR.\n\n    f true x\n"} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if l, err := readList(file); err == nil {
			t.Errorf("%q: %v", bad, l)
		}
	}
}
