package attack

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust/internal/xmltree"
	"wstrust/saml"
)

var filesDir = flag.String("files", "", "folder to which TestFiles writes the cases of signature wrapping, for other people's verifiers")

// An exported case is what another verifier must know of it. The names of files
// are those of the forms that there are: a message, an assertion by itself, and
// the same in a response of SAML.
type exported struct {
	ID, Row                      string
	Message, Assertion, Response string   `json:",omitempty"`
	Forged, Value                string   // what of the reading is forged, and what it then is
	Whole                        bool     // it is exactly that, and does not only have it in it
	Signers                      []string // whose key is right for some SignedInfo of the file
}

// TestFiles writes the cases of the rows W as files, signed with RSA keys,
// because more verifiers take those. What is written is held against the first
// two judges once more, as other keys signed it. Beside the cases stand honest
// files, of the row "honest", and the certificates of the signers.
func TestFiles(t *testing.T) {
	dir := *filesDir
	if dir == "" {
		dir = t.TempDir()
	}
	w := newWorld(func() crypto.Signer { return newRSA(2048) })
	x := &exporter{t: t, dir: dir, w: w, signers: map[string]identity{"client": w.client, "holder": w.holder, "issuer": w.issuer, "rsa": w.old}}
	for name, i := range x.signers {
		x.write(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}))
	}
	for _, make := range wrappings {
		for _, a := range make(w) {
			if a.answer != nil {
				continue // to a request that nobody made
			}
			a.judge(t, w)
			x.export(a)
		}
	}
	cases := len(x.index)
	x.honest(w)
	index, err := json.MarshalIndent(x.index, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	x.write("index.json", index)
	t.Logf("counted: %d cases and %d honest ones as files", cases, len(x.index)-cases)
}

type exporter struct {
	t     *testing.T
	dir   string
	index []exported

	w       *world
	signers map[string]identity
}

func (x *exporter) write(name string, octets []byte) string {
	x.t.Helper()
	if err := os.WriteFile(filepath.Join(x.dir, name), octets, 0o600); err != nil {
		x.t.Fatal(err)
	}
	return name
}

// export writes the forms of a case. What is no message does not depend on the
// version of SOAP, and is written once.
func (x *exporter) export(a *attack) {
	e := exported{ID: a.id(), Row: a.row, Forged: a.forged, Value: a.value, Whole: a.row == "W27"}
	if e.Value == "" {
		e.Value = "evil"
	}
	if strings.Contains(string(a.file), "Envelope") {
		e.Message = x.write(e.ID+".message.xml", a.file)
	}
	if a.doc != nil && !strings.HasSuffix(e.ID, "soap11") {
		x.document(&e, a.doc)
	}
	e.Signers = x.signersOf(a)
	x.index = append(x.index, e)
}

// signersOf spares others to try every key.
func (x *exporter) signersOf(a *attack) (out []string) {
	d, err := (&double{w: x.w, off: dLast - 1, fetch: a.fetch}).parse(a.file)
	if err != nil {
		x.t.Fatal(err)
	}
	for name, i := range x.signers {
		if slices.ContainsFunc(descendants(d.Root(), "Signature"), func(sig xmltree.Elem) bool {
			return slices.ContainsFunc(descendants(sig, "SignedInfo"), func(info xmltree.Elem) bool {
				return provenValue(readClaim(sig, info), []any{i.cert.PublicKey}) == nil
			})
		}) {
			out = append(out, name)
		}
	}
	return out
}

func (x *exporter) document(e *exported, doc []byte) {
	if !strings.Contains(string(doc[:min(len(doc), 30)]), "Response") {
		e.Assertion = x.write(e.ID+".assertion.xml", doc)
		doc = []byte(strings.Replace(response, "_response", "_around", 1) + string(doc) + `</samlp:Response>`)
	}
	e.Response = x.write(e.ID+".response.xml", doc)
}

// honest writes what is to be accepted.
func (x *exporter) honest(w *world) {
	for _, v := range versions {
		for _, signer := range []string{"x509", "rsa", "hok"} {
			file := w.message(recipe{soap: v, signer: signer, parts: everything})
			x.export(&attack{row: "honest", name: variant(v, signer), file: file, forged: "scope", value: goodScope})
		}
	}
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		doc := w.assertion(v, saml.Confirmation{Kind: saml.Bearer}, nil)
		if _, err := saml.Verify(doc, []*x509.Certificate{w.issuer.cert}, "", saml.Checks{Now: time.Now(), InsecureAnyAudience: true}); err != nil {
			x.t.Errorf("an honest assertion is refused: %v", err)
		}
		x.export(&attack{row: "honest", name: v.String()[5:], file: doc, doc: doc, forged: "user", value: goodUser})
		f := open(doc)
		f.cut(f.at("Signature"))
		issuer := `<saml:Issuer xmlns:saml="` + xmltree.SAML20 + `">` + issuerName + `</saml:Issuer>`
		whole, sig := w.signedResponse(issuer + string(f.src))
		whole = strings.Replace(strings.Replace(whole, sig, "", 1), issuer, issuer+sig, 1) // as the schema has it
		x.export(&attack{row: "honest", name: "response-" + v.String()[5:], file: []byte(whole), doc: []byte(whole), forged: "user", value: goodUser})
	}
}
