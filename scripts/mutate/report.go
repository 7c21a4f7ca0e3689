package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// A verdict is what became of a mutant.
type verdict int

const (
	survived verdict = iota
	killedByOwn
	killedByOthers
)

// figures of one row.
type figures struct {
	own, others      int // killed
	listed, unjudged int // survived
	date             string
}

func (f figures) all() int { return f.own + f.others + f.listed + f.unjudged }

func (f figures) rate() float64 { return 100 * float64(f.own+f.others) / float64(max(1, f.all())) }

func count(mutants []mutant, became map[int]verdict, l list, date string) map[string]figures {
	per := map[string]figures{}
	for _, m := range mutants {
		f := per[m.row()]
		f.date = date
		switch became[m.id] {
		case killedByOwn:
			f.own++
		case killedByOthers:
			f.others++
		case survived:
			if reason := l[m.key]; reason != "" && reason != unjudged {
				f.listed++
			} else {
				f.unjudged++
			}
		}
		per[m.row()] = f
	}
	return per
}

const (
	tableHead = "| package | mutants | killed by its own tests | by others | survived, with a reason | survived, not judged yet | killed | run |\n|---|---|---|---|---|---|---|---|\n"
	tableRow  = "| %s | %d | %d | %d | %d | %d | %.1f %% | %s |\n"
)

// table is the first half of the document.
func table(per map[string]figures, rows []string) string {
	var out strings.Builder
	out.WriteString(tableHead)
	var total figures
	row := func(name string, f figures) {
		fmt.Fprintf(&out, tableRow, name, f.all(), f.own, f.others, f.listed, f.unjudged, f.rate(), f.date)
	}
	for _, name := range rows {
		if f, ok := per[name]; ok {
			row(name, f)
			total.own += f.own
			total.others += f.others
			total.listed += f.listed
			total.unjudged += f.unjudged
		}
	}
	row("all", total)
	var missing []string
	for _, name := range rows {
		if _, ok := per[name]; !ok {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		fmt.Fprintf(&out, "\nNot run as a whole yet: %s.\n", strings.Join(missing, ", "))
	}
	return out.String()
}

// readTable reads the figures back that a document has.
func readTable(file string) (map[string]figures, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	per := map[string]figures{}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(line, "|")
		if len(cells) != 10 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		var f figures
		if _, err := fmt.Sscan(strings.Join(cells[3:7], " "), &f.own, &f.others, &f.listed, &f.unjudged); err == nil {
			f.date = cells[8]
			per[cells[1]] = f
		}
	}
	return per, nil
}

const preface = `# Mutation testing

Written by ` + "`make mutate`" + ` (scripts/mutate), save for the reasons. A mutant is the source with one small change; a test suite that still passes has not noticed. These changes are made, one at a
time, in every function of the packages that verify:

- a condition of ` + "`if` and `for`, a `case` of a `switch`, an operand of `&&` and `||`" + `, a comparison, a returned yes or no: always true, and always false;
- ` + "`<`, `<=`, `>`, `>=`" + `: equals are let through where they were not, and the other way round;
- a returned error: forgotten;
- a call or an assignment that stands as a statement: left out.

Conditions are not negated: whoever notices that a check always passes, and that it never does, notices that too. A run that never ends counts as noticed. The package's own tests are asked first, then those
of the packages that use it, where the last column does not say otherwise: then more are killed than it says. CI tries a sample that changes with each commit, and fails if one survives that is not in the list below.
A package that reads messages and writes them has two rows: its files for the one, and for the other.

`

// write puts the document in place: the table, and the list without what is
// dead or gone and with what is new. What was not run, of all the mutants, keeps
// what it has. When says when the run was, and whose tests were asked.
func write(file string, all, mutants []mutant, became map[int]verdict, l list, when string) error {
	per, err := readTable(file)
	if err != nil {
		return err
	}
	kept := list{}
	rows := rowsOf(mutants)
	for _, m := range all {
		if reason, ok := l[m.key]; ok && !slices.Contains(rows, m.row()) {
			kept[m.key] = reason
		}
	}
	for _, m := range mutants {
		if became[m.id] != survived {
			continue
		}
		kept[m.key] = unjudged
		if reason, ok := l[m.key]; ok {
			kept[m.key] = reason
		}
	}
	maps.Copy(per, count(mutants, became, l, when))
	return os.WriteFile(file, []byte(preface+table(per, allRows(verifiers))+"\n"+kept.text(verifiers)), 0o644)
}
