// Package node has libraries of Node check what this project signs and decrypt
// what it encrypts, and the other way round: xml-crypto, xml-encryption,
// node-soap and node-saml, each as far as it goes.
package node

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"wstrust/interop/rig"

	"wstrust/internal/alg"
)

var update = flag.Bool("update", false, "write the kinds into docs/interop.md")

// A request is what the peer is asked for, and an answer what it says: see
// peer.js.
type request map[string]any

type answer struct {
	XML, Plain, Result, Error string
	Signed                    []string
}

// A stage is the peer, and the keys of both sides.
type stage struct {
	process  *rig.Process
	versions map[string]string
	ca       *rig.Authority
	rsa, own rig.Identity // the signer, and who decrypts
	secret   []byte
	kinds    rig.Kinds
}

func newStage(t *testing.T) *stage {
	t.Helper()
	modules := os.Getenv("INTEROP_NODE")
	if modules == "" {
		rig.Absent(t, "the Node packages")
	}
	t.Setenv("NODE_PATH", modules)
	ca := rig.NewAuthority(t, "interop CA")
	s := &stage{ca: ca, rsa: ca.RSA(t, "alice"), own: ca.RSA(t, "service"), secret: []byte("a test secret of thirty-two byte")}
	s.kinds = rig.Kinds{Ours: "we make it: Node", Theirs: "Node makes it: we"}
	s.process = rig.Start(t, rig.Program(t, "node"), "peer.js")
	var ready struct {
		Node     string
		Versions map[string]string
	}
	s.process.JSON(t, 30*time.Second, &ready)
	s.versions = ready.Versions
	t.Logf("Node %s ready, version %v", ready.Node, ready.Versions)
	return s
}

func (s *stage) ask(t *testing.T, q request) answer {
	t.Helper()
	var a answer
	s.process.Say(t, q)
	s.process.JSON(t, 30*time.Second, &a)
	return a
}

func private(t *testing.T, id rig.Identity) alg.Key {
	t.Helper()
	key, err := alg.PrivateKey(id.Key)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(t *testing.T, id rig.Identity) alg.Key {
	t.Helper()
	key, err := alg.CertificateKey(id.Cert)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *stage) secretKey(t *testing.T) alg.Key {
	t.Helper()
	key, err := alg.SecretKey(s.secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *stage) secret64() string { return base64.StdEncoding.EncodeToString(s.secret) }

// TestNode is all kinds, by both sides, and the table of them.
func TestNode(t *testing.T) {
	s := newStage(t)
	t.Run("ours-signed", s.testOursSigned)
	t.Run("theirs-signed", s.testTheirsSigned)
	t.Run("encrypted", s.testEncrypted)
	t.Run("saml", s.testSAML)
	t.Run("soap", s.testSOAP)
	s.page(t)
}

// page holds docs/interop.md against what was found.
func (s *stage) page(t *testing.T) {
	t.Helper()
	table, ours, theirs := s.kinds.Table()
	table += fmt.Sprintf("\nxml-crypto %s, xml-encryption %s, node-saml %s, node-soap %s. We make %d kinds that they accept; they make %d that we accept.\n",
		s.versions["xml-crypto"], s.versions["xml-encryption"], s.versions["@node-saml/node-saml"], s.versions["soap"], ours, theirs)
	t.Logf("counted: %d kinds of ours accepted by Node's libraries, %d of theirs by us", ours, theirs)
	if t.Failed() {
		t.Log("docs/interop.md is not compared: kinds disagree")
		return
	}
	rig.Page(t, "../../docs/interop.md", "node", table, *update)
}
