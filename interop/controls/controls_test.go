// Package controls shows attacks of internal/attack to verifiers that are known
// to have been fooled, so that a refusal of ours means something. Each control
// is first shown to work: it accepts what is honest, and refuses a changed
// octet and another signer.
package controls

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust/interop/rig"
)

var update = flag.Bool("update", false, "write docs/controls.md")

// least is how many cases must be accepted by a control and refused by the same
// software with the fault mended.
const least = 20

// A control is one version of some verifier.
type control struct {
	name, version string
	program       func(t *testing.T) *rig.Process
	edition       string
	mended        bool
	takes         []string // the forms of a case that it reads
	saml11        bool

	process *rig.Process
}

func (c *control) String() string { return c.name + " " + c.version }

// A file is a case, as internal/attack writes it to index.json.
type file struct {
	ID, Row                      string
	Message, Assertion, Response string
	Forged, Value                string
	Whole                        bool
	Signers                      []string

	dir string
}

// A question and its answer: see node/controls.js and goxmldsig/main.go.
type question struct {
	Control string   `json:"control"`
	Edition string   `json:"edition"`
	Kind    string   `json:"kind"`
	XML     []byte   `json:"xml"`
	Certs   []string `json:"certs"`
}

type answer struct {
	Read  map[string]string
	Error string
}

// form returns the octets of one form of a case.
func (f file) form(t *testing.T, kind string) []byte {
	t.Helper()
	name := map[string]string{"message": f.Message, "assertion": f.Assertion, "response": f.Response}[kind]
	if name == "" {
		return nil
	}
	octets, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

func (f file) cert(t *testing.T, name string) string {
	t.Helper()
	octets, err := os.ReadFile(filepath.Join(f.dir, name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return string(octets)
}

// reads reports whether a control yields what the file is to make it yield: of
// an attack, the forged value.
func (c *control) reads(t *testing.T, f file, kind string, octets []byte, signers ...string) bool {
	t.Helper()
	for _, s := range signers {
		var a answer
		c.process.Say(t, question{Control: c.name, Edition: c.edition, Kind: kind, XML: octets, Certs: []string{f.cert(t, s)}})
		c.process.JSON(t, 20*time.Second, &a)
		got := a.Read[f.Forged]
		if a.Error == "" && (got == f.Value || !f.Whole && strings.Contains(got, f.Value)) {
			return true
		}
	}
	return false
}

// accepts asks a control about all forms of a case that it reads. It was asked
// nothing if there is none.
func (c *control) accepts(t *testing.T, f file) (accepted, asked bool) {
	t.Helper()
	for _, kind := range c.takes {
		octets := f.form(t, kind)
		if octets == nil || !c.saml11 && kind != "message" && bytes.Contains(octets, []byte("SAML:1.0:assertion")) {
			continue
		}
		asked = true
		accepted = accepted || c.reads(t, f, kind, octets, f.Signers...)
	}
	return accepted, asked
}

// works tries a control.
func (c *control) works(t *testing.T, honest []file) {
	t.Helper()
	tried := 0
	for _, f := range honest {
		for _, kind := range c.takes {
			octets := f.form(t, kind)
			if octets == nil || !c.saml11 && kind != "message" && bytes.Contains(octets, []byte("SAML:1.0:assertion")) {
				continue
			}
			tried++
			if !c.reads(t, f, kind, octets, f.Signers...) {
				t.Errorf("%s refuses %s of %s", c, kind, f.ID)
			}
			at := bytes.LastIndex(octets, []byte(f.Value)) + len(f.Value) - 2
			octets[at]++
			changed := f
			changed.Value = string(octets[at-len(f.Value)+2 : at+2])
			if c.reads(t, f, kind, octets, f.Signers...) || c.reads(t, changed, kind, octets, f.Signers...) {
				t.Errorf("%s accepts %s of %s with one octet changed", c, kind, f.ID)
			}
			octets[at]--
			if c.reads(t, f, kind, octets, "stranger") {
				t.Errorf("%s accepts %s of %s as signed by somebody else", c, kind, f.ID)
			}
		}
	}
	if tried == 0 {
		t.Errorf("%s was not tried", c)
	}
}

// cases has internal/attack write its files.
func cases(t *testing.T) (attacks, honest []file) {
	t.Helper()
	dir := t.TempDir()
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "wstrust").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-count=1", "-run", "^TestFiles$", "./internal/attack", "-files", dir)
	cmd.Dir = strings.TrimSpace(string(root))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []file
	if err := json.Unmarshal(index, &all); err != nil {
		t.Fatal(err)
	}
	rig.WriteCert(t, dir, "stranger", rig.NewAuthority(t, "stranger").Cert)
	for _, f := range all {
		f.dir = dir
		if len(f.Signers) == 0 {
			f.Signers = []string{"client", "rsa", "holder", "issuer"}
		}
		if f.Row == "honest" {
			honest = append(honest, f)
		} else {
			attacks = append(attacks, f)
		}
	}
	slices.SortFunc(attacks, func(a, b file) int {
		return 2*(number(a)-number(b)) + strings.Compare(a.ID, b.ID)
	})
	return attacks, honest
}

func number(f file) (n int) {
	fmt.Sscanf(f.Row, "W%d", &n)
	return n
}

// TestControls asks every control about every case.
func TestControls(t *testing.T) {
	modules, programs := os.Getenv("INTEROP_CONTROLS_NODE"), os.Getenv("INTEROP_CONTROLS_GO")
	if modules == "" || programs == "" {
		rig.Absent(t, "controls")
	}
	all := controls(modules, programs)
	attacks, honest := cases(t)
	fooled := map[string][]string{} // by case: what each control does
	for _, c := range all {
		c.process = c.program(t)
		c.process.Line(t, 20*time.Second) // ready
		c.works(t, honest)
		for _, f := range attacks {
			verdict := "–"
			if accepted, asked := c.accepts(t, f); accepted {
				verdict = "accepted"
			} else if asked {
				verdict = "refused"
			}
			fooled[f.ID] = append(fooled[f.ID], verdict)
		}
	}
	report(t, all, attacks, fooled)
}
