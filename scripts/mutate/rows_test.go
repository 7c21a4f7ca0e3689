package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRows writes one row of a package and keeps what another row has.
func TestRows(t *testing.T) {
	const pkg = "internal/wsse"
	mut := func(id int, file, fn string) mutant {
		return mutant{id: id, key: key{pkg, fn, "true", "x"}, file: pkg + "/" + file}
	}
	reading, gone, writing := mut(1, "verify.go", "f"), mut(2, "place.go", "g"), mut(3, "seal.go", "h")
	if a, b := reading.row(), writing.row(); a != pkg+reads || b != pkg+writes {
		t.Fatalf("%q, %q", a, b)
	}
	l := list{writing.key: "Because.", gone.key: "Because.", reading.key: "Because."}
	file := filepath.Join(t.TempDir(), "mutation.md")
	if err := os.WriteFile(file, []byte(l.text([]string{pkg})), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []mutant{reading, gone, writing}
	if err := write(file, all, all[:2], map[int]verdict{gone.id: killedByOwn}, l, "today"); err != nil {
		t.Fatal(err)
	}
	back, err := readList(file)
	if _, kept := back[gone.key]; err != nil || kept || back[reading.key] != "Because." || back[writing.key] != "Because." {
		t.Errorf("%v, %v", back, err)
	}
	per, err := readTable(file)
	if f := per[pkg+reads]; err != nil || f.own != 1 || f.listed != 1 || f.date != "today" {
		t.Errorf("%+v, %v", per, err)
	}
	if _, ok := per[pkg+writes]; ok {
		t.Error("a row that was not run")
	}
	if n := len(draw(all, per, back, 9, "")); n != 1 {
		t.Errorf("%d drawn", n)
	}
}
