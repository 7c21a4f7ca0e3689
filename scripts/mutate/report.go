package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// A verdict is what became of a mutant.
type verdict int

const (
	survived verdict = iota
	killedByOwn
	killedByOthers
)

// figures of one package.
type figures struct{ own, others, listed, unlisted int }

func (f figures) all() int { return f.own + f.others + f.listed + f.unlisted }

func (f figures) rate() float64 { return 100 * float64(f.own+f.others) / float64(max(1, f.all())) }

func (f *figures) add(g figures) {
	f.own += g.own
	f.others += g.others
	f.listed += g.listed
	f.unlisted += g.unlisted
}

func count(mutants []mutant, became map[int]verdict, l list) map[string]figures {
	per := map[string]figures{}
	for _, m := range mutants {
		f := per[m.key.pkg]
		switch became[m.id] {
		case killedByOwn:
			f.own++
		case killedByOthers:
			f.others++
		case survived:
			if reason, ok := l[m.key]; ok && reason != unexplained {
				f.listed++
			} else {
				f.unlisted++
			}
		}
		per[m.key.pkg] = f
	}
	return per
}

// table is the first half of the document; total is its last line.
func table(per map[string]figures, packages []string) (text string, total figures) {
	var out strings.Builder
	out.WriteString("| package | mutants | killed by its own tests | by others | survived, listed below | survived | killed |\n|---|---|---|---|---|---|---|\n")
	row := func(name string, f figures) {
		fmt.Fprintf(&out, "| %s | %d | %d | %d | %d | %d | %.1f %% |\n", name, f.all(), f.own, f.others, f.listed, f.unlisted, f.rate())
	}
	for _, pkg := range packages {
		if f, ok := per[pkg]; ok {
			row(pkg, f)
			total.add(f)
		}
	}
	row("all", total)
	return out.String(), total
}

const preface = `# Mutation testing

Written by ` + "`make mutate`" + ` (scripts/mutate), save for the reasons. A mutant is the source with one small change; a test suite that still passes has not noticed. These changes are made, one at a
time, in every function of the packages that verify:

- a condition of ` + "`if` and `for`, a `case` of a `switch`, an operand of `&&` and `||`" + `, a comparison, a returned yes or no: always true, and always false;
- ` + "`<`, `<=`, `>`, `>=`" + `: equals are let through where they were not, and the other way round;
- a returned error: forgotten;
- a call or an assignment that stands as a statement: left out.

Conditions are not negated: whoever notices that a check always passes, and that it never does, notices that too. A run that never ends counts as noticed. The package's own tests are asked first, then those
of the packages that use it. CI tries a sample that changes with each commit, and fails if one survives that is not listed.

`

// write puts the document in place: a new table, and the list without what is
// dead or gone, with what is new.
func write(file string, mutants []mutant, became map[int]verdict, l list, packages []string, now time.Time) error {
	kept := list{}
	for _, m := range mutants {
		if became[m.id] != survived {
			continue
		}
		kept[m.key] = unexplained
		if reason, ok := l[m.key]; ok {
			kept[m.key] = reason
		}
	}
	rows, _ := table(count(mutants, became, l), packages)
	text := preface + "Last run over everything: " + now.Format(time.DateOnly) + ".\n\n" + rows + "\n" + kept.text(packages)
	return os.WriteFile(file, []byte(text), 0o644)
}
