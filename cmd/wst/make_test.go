package main

import (
	"bufio"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"software.sslmate.com/src/go-pkcs12"

	"wstrust/internal/devsts"
	"wstrust/saml"
)

// mint writes an assertion as the issuer would sign it. Settings: from, till
// (durations from now), audience, subject, version=1.1, vouched for one that its
// sender must vouch for, signer=other for a key that is not the issuer's.
func mint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: mint FILE KEY=VALUE…")
	}
	d := theDev(ts)
	pair, err := tls.LoadX509KeyPair(filepath.Join(d.dir, "signer.pem"), filepath.Join(d.dir, "signer-key.pem"))
	ts.Check(err)
	now := time.Now()
	b := saml.Build{
		Issuer: devsts.Issuer, IssueInstant: now,
		Subject: saml.Subject{NameID: "dev", Confirmations: []saml.Confirmation{{Kind: saml.Bearer}}},
		Conditions: saml.Conditions{
			NotBefore: now.Add(-time.Minute), NotOnOrAfter: now.Add(time.Hour), Audiences: [][]string{{d.ready.Service}},
		},
		Attributes: []saml.Attribute{{Name: "urn:role", Namespace: "urn:test", Values: []string{"doctor"}}},
	}
	signer := pair.PrivateKey.(crypto.Signer)
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "from":
			by, err := time.ParseDuration(value)
			ts.Check(err)
			b.Conditions.NotBefore = now.Add(by)
			if by < 0 {
				b.IssueInstant = now.Add(by)
			}
		case "till":
			by, err := time.ParseDuration(value)
			ts.Check(err)
			b.Conditions.NotOnOrAfter = now.Add(by)
		case "audience":
			b.Conditions.Audiences = [][]string{{value}}
		case "subject":
			b.Subject.NameID = value
		case "vouched":
			b.Subject.Confirmations[0].Kind = saml.SenderVouches
		case "version":
			b.Version = saml.V11
		case "signer":
			signer, err = rsa.GenerateKey(rand.Reader, 2048)
			ts.Check(err)
		default:
			ts.Fatalf("mint: %s is not known", name)
		}
	}
	key, err := saml.SigningKey(signer)
	ts.Check(err)
	xml, err := b.XML(key, []*x509.Certificate{pair.Leaf}, "")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), xml, 0o600))
}

// pfx puts the issuer's client certificate and its key into a PKCS#12 file.
func pfx(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pfx FILE PASSWORD")
	}
	d := theDev(ts)
	pair, err := tls.LoadX509KeyPair(d.ready.ClientCert, d.ready.ClientKey)
	ts.Check(err)
	data, err := pkcs12.Modern.Encode(pair.PrivateKey, pair.Leaf, []*x509.Certificate{d.state.CA()}, strings.TrimPrefix(args[1], "none"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

var errMore = errors.New("more than one line on standard output")

// launched holds what runs, by the folder of its script.
var launched sync.Map

type launchedCommand struct {
	cmd   *exec.Cmd
	ended chan error
}

// launch starts a command that prints one line of JSON when it is ready.
func launch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: launch wst sts …")
	}
	var path string
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, args[0])); err == nil {
			path = filepath.Join(dir, args[0])
			break
		}
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "WORK="+ts.Getenv("WORK"))
	log, err := os.Create(ts.MkAbs("sts.log"))
	ts.Check(err)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	ts.Defer(func() { cmd.Process.Kill(); log.Close() })
	reader := bufio.NewReader(out)
	line, err := reader.ReadString('\n')
	if err != nil {
		ts.Fatalf("no line from %v: %v: %s", args, err, ts.ReadFile("sts.log"))
	}
	go func() { // whatever it still prints is wrong
		rest, _ := reader.ReadString(0)
		err := cmd.Wait()
		if rest != "" {
			err = errMore
		}
		ended <- err
	}()
	ts.Check(os.WriteFile(ts.MkAbs("ready.json"), []byte(line), 0o600))
	var ready devsts.Ready
	ts.Check(json.Unmarshal([]byte(line), &ready))
	for name, value := range map[string]string{
		"MYSTS": ready.Trust13, "MYSTS2005": ready.Trust2005, "MYSERVICE": ready.Service, "MYACTION": ready.ServiceAction,
		"MYCA": ready.CA, "MYSIGNER": ready.Signer, "MYCERT": ready.ClientCert, "MYKEY": ready.ClientKey,
	} {
		ts.Setenv(name, value)
	}
	if len(ready.Users) > 0 {
		ts.Check(os.WriteFile(ts.MkAbs("mypw"), []byte(ready.Users[0].Password), 0o600))
	}
	launched.Store(ts.Getenv("WORK"), launchedCommand{cmd, ended})
}

func shutdown(ts *testscript.TestScript, neg bool, args []string) {
	v, ok := launched.LoadAndDelete(ts.Getenv("WORK"))
	if !ok || neg {
		ts.Fatalf("nothing was launched")
	}
	l := v.(launchedCommand)
	sig := map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM}[args[0]]
	ts.Check(l.cmd.Process.Signal(sig))
	select {
	case err := <-l.ended:
		ts.Check(err)
	case <-time.After(15 * time.Second):
		ts.Fatalf("it does not end")
	}
	if !closed(strings.TrimSuffix(ts.Getenv("MYSERVICE"), "/service")) {
		ts.Fatalf("somebody still listens")
	}
}
