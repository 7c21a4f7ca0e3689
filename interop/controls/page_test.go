package controls

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wstrust/interop/rig"
)

// controls are those of the catalogue, each before its mended edition.
func controls(modules, programs string) []*control {
	node := func(t *testing.T) *rig.Process {
		t.Setenv("NODE_PATH", modules)
		return rig.Start(t, rig.Program(t, "node"), "node/controls.js")
	}
	program := func(name string) func(t *testing.T) *rig.Process {
		return func(t *testing.T) *rig.Process { return rig.Start(t, filepath.Join(programs, name)) }
	}
	any, response, document := []string{"message", "assertion", "response"}, []string{"response"}, []string{"assertion", "response"}
	return []*control{
		{name: "xml-crypto", version: "6.0.0", edition: "vulnerable", program: node, takes: any, saml11: true},
		{name: "xml-crypto", version: "6.3.2", edition: "mended", mended: true, program: node, takes: any, saml11: true},
		{name: "samlify", version: "2.9.1", edition: "vulnerable", program: node, takes: response},
		{name: "samlify", version: "2.13.1", edition: "mended", mended: true, program: node, takes: response},
		{name: "node-saml", version: "5.0.1", edition: "vulnerable", program: node, takes: response},
		{name: "node-saml", version: "5.1.0", edition: "mended", mended: true, program: node, takes: response},
		{name: "goxmldsig", version: "1.4.0", program: program("older"), takes: document, saml11: true},
		{name: "goxmldsig", version: "1.5.0", program: program("vulnerable"), takes: document, saml11: true},
		{name: "goxmldsig", version: "1.6.1", mended: true, program: program("mended"), takes: document, saml11: true},
	}
}

// report writes the table of who accepts what, and demands that it is enough.
func report(t *testing.T, all []*control, attacks []file, fooled map[string][]string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("| case |")
	for _, c := range all {
		fmt.Fprintf(&b, " %s |", c)
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(all)+1) + "\n")
	accepted, faults, perControl := 0, 0, make([]int, len(all))
	for _, f := range attacks {
		verdicts := fooled[f.ID]
		if !slices.Contains(verdicts, "accepted") {
			continue
		}
		accepted++
		fault := false
		for i, v := range verdicts {
			if v == "accepted" {
				perControl[i]++
				fault = fault || verdicts[mendedOf(all, i)] == "refused"
			}
		}
		if fault {
			faults++
		}
		fmt.Fprintf(&b, "| %s | %s |\n", f.ID, strings.Join(verdicts, " | "))
	}
	fmt.Fprintf(&b, "| **all %d** |", accepted)
	for i, c := range all {
		fmt.Fprintf(&b, " %d |", perControl[i])
		if perControl[i] == 0 && !c.mended {
			t.Errorf("%s accepts no case", c)
		}
	}
	fmt.Fprintf(&b, "\n\nOf %d cases shown, %d are accepted by at least one control, %d of them by one whose mended edition refuses them.\n", len(attacks), accepted, faults)
	t.Logf("counted: %d cases of %d accepted by controls, %d of them refused once the fault is mended", accepted, len(attacks), faults)
	if faults < least {
		t.Errorf("%d cases are accepted by a control and refused by its mended edition, fewer than %d", faults, least)
	}
	if t.Failed() {
		t.Log("docs/controls.md is not compared")
		return
	}
	rig.Page(t, "../../docs/controls.md", "controls", b.String(), *update)
}

// mendedOf is the mended edition of a control.
func mendedOf(all []*control, i int) int {
	for k, c := range all {
		if c.mended && c.name == all[i].name {
			return k
		}
	}
	return i
}
