// The program goxmldsig is a control: a verifier with a known fault, of which
// go.mod has the last version before it was mended, older.mod an earlier one
// and mended.mod the one after. Each line of standard input is a question, each
// line of standard output what the verifier gave to its application, or why it
// refused.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// A question is a document and the certificate of its signer.
type question struct {
	XML   []byte
	Certs []string
}

// An answer is what was read from what is signed, or the refusal.
type answer struct {
	Read  map[string]string `json:"read,omitempty"`
	Error string            `json:"error,omitempty"`
}

func main() {
	fmt.Println(`{"ready":["goxmldsig"]}`)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var q question
		var a answer
		err := json.Unmarshal(in.Bytes(), &q)
		if err == nil {
			a.Read, err = verify(q)
		}
		if err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// verify does what service providers do with this library: the document is to
// be signed, or else the assertion in it.
func verify(q question) (map[string]string, error) {
	block, _ := pem.Decode([]byte(q.Certs[0]))
	if block == nil {
		return nil, errors.New("no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(q.XML); err != nil {
		return nil, err
	}
	if doc.Root() == nil {
		return nil, errors.New("no document")
	}
	signed, err := validate(cert, doc.Root())
	if errors.Is(err, dsig.ErrMissingSignature) && doc.Root().Tag != "Assertion" {
		if inner := doc.FindElement("./Response/Assertion"); inner != nil {
			signed, err = validate(cert, inner)
		}
	}
	if err != nil {
		return nil, err
	}
	read := map[string]string{}
	for field, names := range map[string][]string{"user": {"NameID", "NameIdentifier"}, "role": {"AttributeValue"}, "audience": {"Audience"}} {
		for _, name := range names {
			if e := signed.FindElement(".//" + name); e != nil {
				read[field] = e.Text()
			}
		}
	}
	return read, nil
}

func validate(cert *x509.Certificate, e *etree.Element) (*etree.Element, error) {
	c := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	if e.SelectAttr("ID") == nil {
		c.IdAttribute = "AssertionID" // of SAML 1.1
	}
	return c.Validate(e)
}
