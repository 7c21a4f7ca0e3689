package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

//go:embed c/native.c
var nativeSource []byte

// native is the C program of c/native.c: libxml2, xmlsec1 and OpenSSL in one
// process that works only when asked to, so that its turns lie among ours.
type native struct {
	dir      string
	versions string
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Reader
}

// errNoNative says why there is no C rival here. It is no failure of the run.
var errNoNative = errors.New("libxml2 and xmlsec1 left out")

// newNative compiles the program and starts it over the input. The caller
// stops it.
func newNative(in *input) (_ *native, err error) {
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "xmlsec1-openssl", "libxml-2.0").Output()
	if err != nil {
		return nil, fmt.Errorf("%w: pkg-config finds no xmlsec1-openssl and libxml-2.0 (on Debian: gcc pkg-config libxmlsec1-dev)", errNoNative)
	}
	n := &native{}
	if n.dir, err = os.MkdirTemp("", "wstrust-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			n.stop()
		}
	}()
	if err := n.write(in); err != nil {
		return nil, err
	}
	prog := filepath.Join(n.dir, "native")
	args := append([]string{"-O2", "-o", prog, filepath.Join(n.dir, "native.c")}, strings.Fields(string(flags))...)
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: gcc: %v: %s", errNoNative, err, bytes.TrimSpace(out))
	}
	n.cmd = exec.Command(prog, n.dir)
	n.cmd.Stderr = os.Stderr
	if n.in, err = n.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	n.out = bufio.NewReader(out)
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := n.out.ReadString('\n')
	n.versions = strings.TrimSpace(line)
	return n, err
}

func (n *native) stop() {
	if n.cmd != nil && n.cmd.Process != nil {
		n.in.Close()
		if err := n.cmd.Wait(); err != nil {
			fmt.Fprintln(os.Stderr, "bench: native:", err)
		}
	}
	os.RemoveAll(n.dir)
}

// write lays out what the program reads.
func (n *native) write(in *input) error {
	key, err := pemKey(in.key)
	if err != nil {
		return err
	}
	ecKey, err := pemKey(in.ecKey)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"native.c":   nativeSource,
		"key.pem":    key,
		"cert.pem":   pemCert(in.cert),
		"ec-key.pem": ecKey, "ec-cert.pem": pemCert(in.ecCert),
	}
	for prefix, s := range map[string]signed{"": in.signed, "ec-": in.ec} {
		files[prefix+"answer.xml"] = s.answer
		files[prefix+"template.xml"] = unsign(s.assertion)
		files[prefix+"token.bin"] = s.token
		files[prefix+"signedinfo.bin"] = s.signedInfo
		files[prefix+"signature.bin"] = s.signature
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(n.dir, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

var filled = regexp.MustCompile(`(<ds:(?:DigestValue|SignatureValue|X509Data)>).*?(</ds:(?:DigestValue|SignatureValue|X509Data)>)`)

// unsign empties what a signer fills in: xmlsec1 signs templates.
func unsign(assertion []byte) []byte { return filled.ReplaceAll(assertion, []byte("$1$2")) }

// ask has the program do one kind of work for d.
func (n *native) ask(name string, d time.Duration) (sample, error) {
	if _, err := fmt.Fprintf(n.in, "%s %d\n", name, d.Microseconds()); err != nil {
		return sample{}, err
	}
	line, err := n.out.ReadString('\n')
	if err != nil {
		return sample{}, fmt.Errorf("native: %s: %w", name, err)
	}
	var wall, cpu, count float64
	if _, err := fmt.Sscan(line, &wall, &cpu, &count); err != nil {
		return sample{}, fmt.Errorf("native: %s: %s", name, strings.TrimSpace(line))
	}
	return sample{wall: wall / count, cpu: cpu / count, disturbed: wall > 20e6 && wall > 1.08*cpu}, nil
}

// canonical is libxml2's exclusive canonical form of the answer.
func (n *native) canonical() ([]byte, error) {
	if _, err := n.ask("c14n-out", 0); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(n.dir, "canonical.xml"))
}

func (n *native) contenders() []contender {
	list := []contender{
		{row: rowParse, who: whoLibxml2},
		{row: rowC14N, who: whoLibxml2},
		{row: rowBoth, who: whoLibxml2},
		{row: rowVerify, who: whoXmlsec},
		{row: rowVerifyEC, who: whoXmlsec},
		{row: rowSign, who: whoXmlsec},
		{row: rowSignEC, who: whoXmlsec},
		{row: rowVerify, who: whoFloorC},
		{row: rowVerifyEC, who: whoFloorC},
		{row: rowSign, who: whoFloorC},
		{row: rowSignEC, who: whoFloorC},
	}
	names := []string{
		"parse", "c14n", "both", "verify", "verify-ec", "sign", "sign-ec",
		"floor-verify", "floor-verify-ec", "floor-sign", "floor-sign-ec",
	}
	for i, name := range names {
		list[i].timed = func(d time.Duration) (sample, error) { return n.ask(name, d) }
	}
	return list
}
