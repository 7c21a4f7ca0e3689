package wsse

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
)

func TestUsernameDigestVectors(t *testing.T) {
	var file struct {
		Vectors []struct{ Name, Nonce, Created, PasswordOctets, Digest string }
	}
	corpora.Open(t).JSON(t, "kdf/usernametoken-digest.json", &file)
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range file.Vectors {
		nonce, err1 := base64.StdEncoding.DecodeString(v.Nonce)
		password, err2 := base64.StdEncoding.DecodeString(v.PasswordOctets)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got := base64.StdEncoding.EncodeToString(digest(nonce, v.Created, password)); got != v.Digest {
			t.Errorf("%s: %s, want %s", v.Name, got, v.Digest)
		}
	}
}

func TestTokenVectors(t *testing.T) {
	dir := corpora.Open(t)
	load := func(name string) xmltree.Elem {
		d, err := xmltree.Parse(bytes.TrimSpace(dir.Read(t, "mono/"+name)), xmltree.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return d.Root()
	}
	cert := dir.Certificate(t, "mono/test.cert.pem")
	resolve := func(name string) (KeyRef, error) {
		e := load(name)
		p := &Pending{sec: e}
		s, err := p.resolve(e)
		return s.ref, err
	}

	if r, err := readBST(load("binarysecuritytoken-test-cert.xml")); err != nil || r.Certificate != string(cert.Raw) {
		t.Errorf("binary token: %v, %v", r, err)
	}
	r, err := resolve("str-thumbprint-test-cert.xml")
	if err != nil {
		t.Fatal(err)
	}
	if c, err := r.Select([]*x509.Certificate{client().cert, cert}); err != nil || !c.Equal(cert) {
		t.Errorf("thumbprint: %v", err)
	}
	want, _ := base64.StdEncoding.DecodeString("xr42fAKDBNItO0aRPKFqc0kaiiU=")
	if r, err := resolve("str-keyidentifier-thumbprint.xml"); err != nil || r.Thumbprint != string(want) {
		t.Errorf("thumbprint: %v, %v", r, err)
	}
	if r, err := resolve("str-sct.xml"); err != nil || r.Kind != KeyContext || r.ID != "urn:foo:1" {
		t.Errorf("context reference: %v, %v", r, err)
	}
	if r, err := readContext(load("securitycontexttoken-1.xml")); err != nil || r.ID != "urn:unique-id:securitycontext:1" {
		t.Errorf("context token: %v, %v", r, err)
	}
	if _, err := resolve("str-keyidentifier-unknown-valuetype.xml"); ClassOf(err) != ClassPolicy {
		t.Errorf("unknown kind of identifier: %v", err)
	}
	if _, err := readUsername(load("usernametoken-empty.xml")); err == nil {
		t.Error("an empty username token was read")
	}
}
