package attack

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// An entry is a place of the module that reads what others wrote.
type entry uint8

const (
	atService entry = 1 << iota // service.Verifier.Verify, over TLS and without
	atHandler                   // the same behind net/http
	atIssuer                    // sts.Server, as authentication of a request
	atSAML                      // saml.Verify
	atClient                    // wstrust.Channel.Do, as the answer
	atToken                     // wstrust.Channel.RequestToken, as the issued token
	atBehalf                    // sts.Server, as the token of somebody else

	atServer = atService | atHandler | atIssuer
)

// An attack is one case.
type attack struct {
	row, name string
	class     []wsse.Class // of the refusal: one of these

	file []byte // what the attacker sends
	doc  []byte // an assertion, or what has one in it, for those entries that take one
	bare []byte // what stands for a token in other messages; doc if empty

	off    defence // the smallest set that stops it
	pick   pick
	forged string // what of the reading is forged
	value  string // what it then is, or has in it; "evil" if empty

	keys   []any // under which its signatures are right; the honest ones if nil
	proof  func() error
	exempt string // why there is no proof: the point is a signature or key that is wrong

	require wsse.Parts
	plain   bool // bearer: without TLS there would be another reason to refuse
	at      entry
	answer  func(messageID string) []byte // for atClient; makes file if that is empty
	fetch   map[string][]byte
	again   []byte            // comes after file, if seen
	ask     map[string]string // what the request asked for, for answers with tokens

	httpAction string
	seen       bool // the double has seen the message before; so has the service

	contentType, soapAction string
	verifier                func(*service.Verifier)
	fault                   string // local name of the fault's code, where SOAP prescribes another
	// custom is an entry point of the case's own: what it gave away, and the
	// refusal.
	custom func(w *world) (got string, err error)
	// noFile says why there is nothing for the first two judges to read.
	noFile string
	// fast is set where the cost of refusing is measured.
	fast bool
}

func (a *attack) id() string { return a.row + "-" + a.name }

// honest are the public keys of those who sign nothing evil.
func (w *world) honest() []any {
	var keys []any
	for _, i := range []identity{w.client, w.holder, w.issuer, w.service, w.old} {
		keys = append(keys, i.cert.PublicKey)
	}
	return append(keys, w.secret.Secret())
}

// run holds a case against its three judges.
func (a *attack) run(t *testing.T, w *world) {
	if a.file == nil && a.answer != nil {
		a.file = a.answer("urn:uuid:the-request")
	}
	if a.file == nil {
		a.file = a.doc
	}
	if a.noFile == "" {
		a.judge(t, w)
	}
	a.refuse(t, w)
}

// judge is the first two judges.
func (a *attack) judge(t *testing.T, w *world) {
	if err := a.prove(w); err != nil {
		t.Fatalf("it is no attack: %v\n%s", err, brief(a.file))
	}
	if err := a.fool(w); err != nil {
		t.Fatalf("it proves nothing: %v\n%s", err, brief(a.file))
	}
}

// refuse is the third.
func (a *attack) refuse(t *testing.T, w *world) {
	if a.custom != nil {
		got, err := a.custom(w)
		if got != "" {
			t.Errorf("ACCEPTED: %s", got)
		} else if err := a.refused(err); err != nil {
			t.Errorf("its own entry point: %v", err)
		}
	}
	for _, e := range entryPoints {
		if a.at&e.at == 0 {
			continue
		}
		err := e.refuse(w, a)
		if accepted := (*acceptedError)(nil); errors.As(err, &accepted) {
			t.Errorf("ACCEPTED by %s: %v\n%s", e.name, accepted, brief(a.file))
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
	}
}

// prove is the first judge.
func (a *attack) prove(w *world) error {
	if a.exempt != "" {
		return nil
	}
	if a.proof != nil {
		return a.proof()
	}
	if a.keys == nil {
		a.keys = w.honest()
	}
	files := [][]byte{a.file}
	if a.doc != nil {
		files = append(files, a.doc)
	}
	for _, f := range files {
		d, err := (&double{w: w, off: a.off, fetch: a.fetch}).parse(f)
		if err != nil {
			return err
		}
		if n, err := proven(d, a.keys); err != nil || n == 0 {
			return fmt.Errorf("%d signatures: %w", n, err)
		}
	}
	return nil
}

// fool is the second judge: the weak double.
func (a *attack) fool(w *world) error {
	files := [][]byte{a.file}
	if a.doc != nil && !bytes.Equal(a.doc, a.file) {
		files = append(files, a.doc)
	}
	for i, f := range files {
		off := a.off
		if i > 0 {
			off |= dShape // the assertion of a message, by itself, may stand in anything
		}
		got, err := a.read(w, f, off)
		if err != nil {
			return fmt.Errorf("the double without %v refuses: %w", off, err)
		}
		if !a.forgedIn(got) {
			return fmt.Errorf("the double without %v reads %v", off, got)
		}
		if got, err := a.read(w, f, 0); err == nil {
			return fmt.Errorf("the double with all defences accepts: %v", got)
		}
		if i > 0 {
			continue
		}
		for one := range a.off.each {
			if got, err := a.read(w, f, a.off&^one); err == nil && a.forgedIn(got) {
				return fmt.Errorf("%v is not needed to stop it: without %v the double reads %v", one, a.off&^one, got)
			}
		}
	}
	return nil
}

func (a *attack) read(w *world, f []byte, off defence) (reading, error) {
	d := &double{w: w, off: off, pick: a.pick, require: a.require, fetch: a.fetch, http: a.httpAction, ask: a.ask}
	if a.ask["id"] != "" {
		d.reply = a.ask["id"]
	} else if a.at&(atClient|atToken) != 0 && a.at&atServer == 0 && a.answer != nil {
		d.reply = "urn:uuid:the-request"
	}
	if a.seen {
		d.seen = map[string]bool{}
		if _, err := d.read(f); err != nil {
			return nil, fmt.Errorf("the first time: %w", err)
		}
		if a.again != nil {
			f = a.again
		}
	}
	return d.read(f)
}

func (a *attack) forgedIn(r reading) bool {
	want := a.value
	if want == "" {
		want = "evil"
	}
	return strings.Contains(r[a.forged], want)
}

// An acceptedError says that an entry point let an attack through.
type acceptedError struct{ what string }

func (e *acceptedError) Error() string { return e.what }

// refused checks that err is the refusal that was expected.
func (a *attack) refused(err error) error {
	if err == nil {
		return &acceptedError{"no error"}
	}
	if c := wsse.ClassOf(err); !slices.Contains(a.class, c) {
		return fmt.Errorf("refused as %v, want %v: %w", c, a.class, err)
	}
	return nil
}

// versionOf is the SOAP version of a file, even of one that is not well formed.
func versionOf(file []byte) soap.Version {
	if bytes.Contains(file, []byte("http://schemas.xmlsoap.org/soap/envelope/")) {
		return soap.V11
	}
	return soap.V12
}

// classes is short for a list of them.
func classes(c ...wsse.Class) []wsse.Class { return c }

func sha256Of(p []byte) []byte { return sum(crypto.SHA256, p) }

// variant names a version and a signer in the name of a case.
func variant(v soap.Version, signer string) string {
	name := "soap12"
	if v == soap.V11 {
		name = "soap11"
	}
	if signer != "" {
		name += "-" + signer
	}
	return name
}
