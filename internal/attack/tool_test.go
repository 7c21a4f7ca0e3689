package attack

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// The exit statuses of the tool that a refusal may have.
const (
	exitUnproven = 6
	exitClock    = 8
)

// TestTool has the tool judge every case that it can read from a file: `wst
// verify`, told to trust whom the service trusts, must refuse it with the class
// of error that the service has. `wst inspect`, which shows assertions to whoever
// looks for a mistake, must say of each that nothing in it was verified.
func TestTool(t *testing.T) {
	w := theWorld()
	tool := w.tool(t)
	// The control: the flags are such that honest files are taken.
	for _, signer := range []string{"x509", "rsa", "hok", "hok11", "hok-sym", "bearer", "user", "digest"} {
		a := &attack{row: "honest", name: signer, file: w.message(recipe{soap: soap.V12, signer: signer, parts: everything}), at: atService, require: everything}
		if signer == "bearer" || signer == "user" || signer == "digest" {
			a.require = 0
		}
		if out, status := tool.run(tool.verifyMessage(w, a)...); status != 0 {
			t.Fatalf("an honest message, %s: %s", signer, out)
		}
	}
	var todo []*attack
	for _, a := range suite(w) {
		if !strings.Contains(a.name, "soap11") && notInFiles(a) == "" { // the version of SOAP is the service's matter
			todo = append(todo, a)
		}
	}
	jobs := make(chan *attack)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for a := range jobs {
				tool.judge(t, w, a)
			}
		})
	}
	for _, a := range todo {
		jobs <- a
	}
	close(jobs)
	workers.Wait()
	t.Logf("%d cases", len(todo))
	if len(todo) < 500 {
		t.Errorf("%d cases for the tool, fewer than 500", len(todo))
	}
}

// notInFiles says why a file does not have what a case is about.
func notInFiles(a *attack) string {
	v := new(service.Verifier)
	if a.verifier != nil {
		a.verifier(v)
	}
	switch {
	case v.InsecurePlaintext:
		return "a file does not say that messages come without TLS as well"
	case a.at&(atServer|atSAML) == 0:
		return "the tool reads neither answers nor requests for tokens"
	case a.noFile != "":
		return a.noFile
	case a.seen:
		return "the tool has no memory"
	case a.httpAction != "" || a.contentType != "":
		return "there is no HTTP"
	case a.off == dTo:
		return "the tool has no address"
	case a.off == dMust:
		return "the tool acts on no header"
	case len(a.file) > 256<<10 && a.class[0] == wsse.ClassLimit:
		return "a file may be larger than a message"
	}
	return ""
}

// A tool is the wst of this module, with files for its flags.
type tool struct{ wst, dir string }

// tool builds wst and writes the keys of the world to files.
func (w *world) tool(t *testing.T) *tool {
	t.Helper()
	dir := t.TempDir()
	out := &tool{wst: filepath.Join(dir, "wst.exe"), dir: dir}
	build := exec.Command("go", "build", "-o", out.wst, "wstrust/cmd/wst")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, said)
	}
	certificate := func(certs ...*x509.Certificate) (text []byte) {
		for _, c := range certs {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
		return text
	}
	for name, data := range map[string][]byte{
		"ca.pem":      certificate(w.ca.cert),
		"issuer.pem":  certificate(w.issuer.cert),
		"service.pem": certificate(w.service.cert),
		"service.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(w.service.signer))}),
		"password":    []byte(password),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func (c *tool) file(name string) string { return filepath.Join(c.dir, name) }

// run runs wst and returns what it says, and its exit status.
func (c *tool) run(args ...string) (said string, status int) {
	cmd := exec.CommandContext(context.Background(), c.wst, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return out.String(), exit.ExitCode()
	}
	if err != nil {
		return err.Error(), -1
	}
	return out.String(), 0
}

// judge holds a case against verify and inspect.
func (c *tool) judge(t *testing.T, w *world, a *attack) {
	if a.file == nil {
		a.file = a.doc
	}
	if a.at&atServer != 0 {
		c.refuses(t, a, "", c.verifyMessage(w, a))
	}
	if a.at&atSAML == 0 {
		return
	}
	doc := a.doc
	if doc == nil {
		doc = a.file
	}
	name := c.write(t, a, "token", doc)
	c.refuses(t, a, "of the token", []string{"verify", "--signer", c.file("issuer.pem"), "--audience", serviceURL, name})
	said, status := c.run("inspect", name)
	if status == 0 && (!strings.Contains(said, "UNVERIFIED: nothing below has been checked") || strings.Contains(strings.ReplaceAll(said, "UNVERIFIED", ""), "VERIFIED")) {
		t.Errorf("%s: inspect does not say that nothing was verified: %s", a.id(), said)
	}
	if said, status = c.run("inspect", "-o", "json", name); status == 0 && (!strings.Contains(said, `"verified": false`) || strings.Contains(said, `"verified": true`)) {
		t.Errorf("%s: inspect, in JSON: %s", a.id(), said)
	}
}

// refuses checks that verify refuses: as unproven, or as being of another time,
// with the class of the refusal where it is about a message.
func (c *tool) refuses(t *testing.T, a *attack, what string, args []string) {
	said, status := c.run(args...)
	// That a certificate is not in force is trust to a service, and a matter of
	// clocks to people.
	expired := slices.Contains(a.class, wsse.ClassExpired) || strings.Contains(said, "a certificate was not valid then")
	switch {
	case status == 0:
		t.Errorf("%s: ACCEPTED by wst verify %s: %s", a.id(), what, said)
	case status != exitUnproven && !(expired && status == exitClock):
		t.Errorf("%s: wst verify %s ends with %d: %s", a.id(), what, status, said)
	case what == "" && !slices.ContainsFunc(a.class, func(class wsse.Class) bool { return strings.Contains(said, "refused, class "+class.String()+", at /") }):
		t.Errorf("%s: wst verify refuses for another reason than %v: %s", a.id(), a.class, said)
	}
}

// verifyMessage is the command that trusts whom the service trusts, and demands
// what it demands.
func (c *tool) verifyMessage(w *world, a *attack) []string {
	args := []string{
		"verify", "--trust", c.file("ca.pem"), "--signer", c.file("issuer.pem"), "--audience", serviceURL,
		"--key", c.file("service.key"), "--cert", c.file("service.pem"), "--user", goodUser, "--password-file", c.file("password"),
		"--require", requiredWords(a),
	}
	if w.verifier(a).Suite == alg.Legacy {
		args = append(args, "--suite", "legacy")
	}
	return append(args, c.write(nil, a, "message", a.file))
}

// requiredWords are the parts of a case as --require has them. All of addressing
// is every addressing header that there is.
func requiredWords(a *attack) string {
	var words []string
	for part, word := range map[wsse.Parts]string{wsse.PartTimestamp: "timestamp", wsse.PartBody: "body", wsse.PartTo: "to", wsse.PartAction: "action"} {
		if a.require&part != 0 && a.require&wsse.PartAddressing != wsse.PartAddressing {
			words = append(words, word)
		}
	}
	if a.require&wsse.PartAddressing != wsse.PartAddressing {
		return strings.Join(words, ",")
	}
	words = []string{"timestamp", "body"}
	if d, err := xmltree.Parse(a.file, wide); err == nil {
		for h := range child(d.Root(), "Header").Children {
			word := fmt.Sprintf("{%s}%s", h.Space(), h.Local())
			if h.Space() == xmltree.WSA10 && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	return strings.Join(words, ",")
}

// write puts a file where the tool finds it.
func (c *tool) write(t *testing.T, a *attack, kind string, octets []byte) string {
	name := c.file(a.id() + "." + kind + ".xml")
	if err := os.WriteFile(name, octets, 0o600); err != nil && t != nil {
		t.Error(err)
	}
	return name
}
