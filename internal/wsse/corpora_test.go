package wsse

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"wstrust/internal/xmltree"
)

// corpora returns the folder of known answers, or skips.
func corpora(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above")
		}
		dir = filepath.Dir(dir)
	}
	dir = filepath.Join(dir, "..", "shared", "corpora")
	if _, err := os.Stat(filepath.Join(dir, "index.tsv")); err != nil {
		t.Skip("known-answer corpora not found at ../shared/corpora, skipped")
	}
	return dir
}

func TestUsernameDigestVectors(t *testing.T) {
	octets, err := os.ReadFile(filepath.Join(corpora(t), "kdf", "usernametoken-digest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct{ Name, Nonce, Created, PasswordOctets, Digest string }
	}
	if err := json.Unmarshal(octets, &file); err != nil || len(file.Vectors) == 0 {
		t.Fatalf("%d vectors, %v", len(file.Vectors), err)
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
	dir := filepath.Join(corpora(t), "mono")
	load := func(name string) xmltree.Elem {
		octets, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		d, err := xmltree.Parse(bytes.TrimSpace(octets), xmltree.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return d.Root()
	}
	octets, err := os.ReadFile(filepath.Join(dir, "test.cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(octets)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
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
