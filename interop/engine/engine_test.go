package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust/internal/wsse"
)

var notInNames = regexp.MustCompile(`[^A-Za-z0-9]+`)

func fileName(kind string) string { return notInNames.ReplaceAllString(kind, "-") }

func TestEngine(t *testing.T) {
	w := newWorld(t)
	mine, yours := w.ours(t), theirs()
	slices.SortFunc(mine, func(a, b ours) int { return strings.Compare(a.name, b.name) })
	slices.SortFunc(yours, func(a, b kind) int { return strings.Compare(a.name, b.name) })
	var checks, order []string
	for _, k := range mine {
		octets, _, err := wsse.Protect(k.out, k.o, time.Now())
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		name := fileName(k.name)
		w.write(t, filepath.Join("ours", name+".xml"), octets, nil)
		checks = append(checks, name)
	}
	makes := map[string]string{}
	for _, k := range yours {
		name := fileName(k.name)
		if makes[name] != "" {
			t.Fatalf("two kinds %s", name)
		}
		makes[name] = k.options
		order = append(order, name)
	}
	said := w.run(t, checks, makes, order)
	table := new(strings.Builder)
	agreed := 0
	note := func(name, direction, verdict string) {
		fmt.Fprintf(table, "| %s | %s | %s |\n", name, direction, verdict)
	}
	for i, k := range mine {
		t.Run("ours/"+k.name, func(t *testing.T) {
			if e := said[i].Error; e != "" {
				octets, _ := os.ReadFile(filepath.Join(w.dir, "ours", checks[i]+".xml"))
				t.Errorf("%s\n%s", e, octets)
				note(k.name, "to WSS4J", "refused")
				return
			}
			agreed++
			note(k.name, "to WSS4J", "accepted")
		})
	}
	fromThem := 0
	for i, k := range yours {
		t.Run("theirs/"+k.name, func(t *testing.T) {
			if e := said[len(mine)+i].Error; e != "" {
				t.Fatalf("WSS4J does not make it: %s", e)
			}
			octets, err := os.ReadFile(filepath.Join(w.dir, "made", order[i]+".xml"))
			if err != nil {
				t.Fatal(err)
			}
			pol := wsse.Policy{Required: wsse.BodyTimestamp, RequireTimestamp: true}
			ev, err := w.read(t, octets, pol)
			if k.refused {
				if wsse.ClassOf(err) != wsse.ClassPolicy {
					t.Fatalf("not refused as it should be: %v", err)
				}
				note(k.name, "from WSS4J", "refused, as it must be")
				return
			}
			if err != nil {
				note(k.name, "from WSS4J", "refused")
				t.Fatalf("%v\n%s", err, octets)
			}
			p, err := ev.Body.Payload()
			if err != nil || !strings.Contains(string(p.Raw()), word) || !ev.Body.Signed() {
				t.Fatalf("body: %v", err)
			}
			if strings.Contains(k.options, "encrypt=none") == (ev.Body.Encrypted() != nil) {
				t.Errorf("encrypted: %+v", ev.Body.Encrypted())
			}
			fromThem++
			note(k.name, "from WSS4J", "accepted")
		})
	}
	t.Logf("counted: %d of %d kinds of ours accepted by WSS4J, %d of %d of theirs by us", agreed, len(mine), fromThem, len(yours))
	if agreed < 40 || fromThem < 40 {
		t.Errorf("fewer than 40 kinds in a direction")
	}
	if !t.Failed() {
		record(t, table.String())
	}
}
