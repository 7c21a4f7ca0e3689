package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// A list is the second half of the document that this program writes: the
// mutants that may survive, each with a reason. People write the reasons, the
// program keeps the order. A paragraph is the reason for the indented lines
// below it; a heading names their package.
type list map[key]string

// listHeading begins the list in the document.
const listHeading = "## Survivors"

// unjudged stands where somebody has to write a reason, or a test.
const unjudged = "Not judged yet."

func (k key) String() string { return k.fn + ": " + k.op + ": " + k.text }

func readList(file string) (list, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	_, text, ok := strings.Cut("\n"+string(data), "\n"+listHeading+"\n")
	if !ok {
		return nil, fmt.Errorf("%s: no line %q", file, listHeading)
	}
	l := list{}
	pkg, reason, fresh := "", "", true
	for i, line := range strings.Split(text, "\n") {
		switch entry, isEntry := strings.CutPrefix(line, "    "); {
		case isEntry:
			parts := strings.SplitN(entry, ": ", 3)
			if len(parts) != 3 || pkg == "" || reason == "" {
				return nil, fmt.Errorf("%s: line %d of the list: no \"function: mutation: source\" below a package and a reason: %q", file, i, line)
			}
			l[key{pkg, parts[0], parts[1], parts[2]}] = reason
			fresh = true
		case strings.HasPrefix(line, "### "):
			pkg, reason, fresh = strings.TrimPrefix(line, "### "), "", true
		case strings.TrimSpace(line) != "":
			if fresh {
				reason, fresh = "", false
			}
			reason = strings.TrimSpace(reason + " " + strings.TrimSpace(line))
		}
	}
	return l, nil
}

// text is the list as it stands in the document.
func (l list) text(packages []string) string {
	var out strings.Builder
	out.WriteString(listHeading + "\n")
	for _, pkg := range packages {
		reasons := map[string][]string{}
		for k, reason := range l {
			if k.pkg == pkg {
				reasons[reason] = append(reasons[reason], "    "+k.String()+"\n")
			}
		}
		if len(reasons) == 0 {
			continue
		}
		fmt.Fprintf(&out, "\n### %s\n", pkg)
		for _, reason := range sortedKeys(reasons) {
			slices.Sort(reasons[reason])
			fmt.Fprintf(&out, "\n%s\n\n%s", reason, strings.Join(reasons[reason], ""))
		}
	}
	return out.String()
}

func sortedKeys[V any](m map[string]V) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
