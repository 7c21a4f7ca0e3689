package xmldsig

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
)

// seeds are documents signed with the test secret, and what they signed.
func seeds(t testing.TB) (docs []string, signed map[string]bool) {
	signed = map[string]bool{}
	root := parse(t, strings.Replace(envelope, "<SIG/>", "", 1))
	sig := must(Sign(testSecret, "", "s", []Ref{{ID: "ts", Elem: find(root, "Timestamp")}, {ID: "body", Elem: find(root, "Body")}}, nil))
	docs = []string{
		strings.Replace(envelope, "<SIG/>", string(sig), 1),
		signedRoot(t, `<r xmlns:p="urn:p" Id="r" p:b="2" a="1"><v>t&#xD;&lt;</v><!-- c --><w xmlns="urn:w"/>`, testSecret),
		signedRoot(t, `<r><v/>`, testSecret),
	}
	for _, doc := range docs {
		got, err := Verify(find(parse(t, doc), "Signature"), testSecret, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got {
			signed[octets(t, s)] = true
		}
	}
	return docs, signed
}

func octets(t testing.TB, s Signed) string {
	var b bytes.Buffer
	if err := s.Octets(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// verifiesOnlySigned holds the promise of Verify over any document: what comes
// out was signed by the holder of the key, octet for octet, and reads as such.
func verifiesOnlySigned(t *testing.T, doc []byte, signed map[string]bool) (verified bool) {
	d, err := xmltree.Parse(doc, xmltree.Limits{})
	if err != nil {
		return false
	}
	for _, sig := range signatures(d.Root()) {
		got, err := Verify(sig, testSecret, "", nil)
		if err != nil {
			continue
		}
		verified = true
		for _, s := range got {
			if !signed[octets(t, s)] {
				t.Fatalf("verified, and never signed: %q\nin %q", octets(t, s), doc)
			}
		}
		checkSigned(t, got)
	}
	return verified
}

// Sign, change one octet, and it verifies no more, unless the change is one
// that canonical form does not see.
func TestEveryOctet(t *testing.T) {
	docs, signed := seeds(t)
	for _, doc := range docs {
		same := 0
		for i := range len(doc) {
			for _, x := range []byte{1, 2, 4, 8, 16, 32, 64, 128} {
				bad := []byte(doc)
				bad[i] ^= x
				if verifiesOnlySigned(t, bad, signed) {
					same++
				}
			}
		}
		if same > len(doc)/20 {
			t.Errorf("%d of %d changes went unseen", same, 8*len(doc))
		}
	}
}

// FuzzVerify: what verifies was signed, whatever the document.
func FuzzVerify(f *testing.F) {
	docs, signed := seeds(f)
	for _, doc := range docs {
		f.Add([]byte(doc))
	}
	for _, doc := range corpora.Documents(f, 8<<10, "dsig") {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) { verifiesOnlySigned(t, doc, signed) })
}

// FuzzChange: sign, change anything, and what still verifies was signed.
func FuzzChange(f *testing.F) {
	docs, signed := seeds(f)
	f.Add(uint(0), uint(10), []byte("x"))
	f.Fuzz(func(t *testing.T, which, at uint, with []byte) {
		doc := docs[which%uint(len(docs))]
		at %= uint(len(doc))
		end := min(at+uint(len(with)), uint(len(doc)))
		verifiesOnlySigned(t, []byte(doc[:at]+string(with)+doc[end:]), signed)
		verifiesOnlySigned(t, []byte(doc[:at]+string(with)+doc[at:]), signed)
	})
}

// FuzzName: a name that is read, written anew with every octet of its values
// escaped, is read as the same; and a name that a certificate writer writes means
// the name it is of.
func FuzzName(f *testing.F) {
	f.Add(`CN=a\2C b+OU="x",O=#0C0161`)
	f.Add(`2.5.4.3=a; OID.2.5.4.10="b \" c" , C = DE`)
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := parseName(s); ok {
			var again []string
			for _, rdn := range got {
				var parts []string
				for _, p := range rdn {
					typ, value, _ := strings.Cut(p, "=")
					for i := range len(value) {
						typ += map[bool]string{true: "=", false: ""}[i == 0] + fmt.Sprintf("\\%02x", value[i])
					}
					if value == "" {
						typ += "="
					}
					parts = append(parts, typ)
				}
				again = append(again, strings.Join(parts, "+"))
			}
			back, ok := parseName(strings.Join(again, ","))
			if len(got) == 0 || len(s) < 1000 && (!ok || !slices.EqualFunc(got, back, slices.Equal[[]string])) {
				t.Fatalf("%q is %q, and that is %q", s, got, back)
			}
		}
		if !utf8.ValidString(s) || len(s) > 1000 || strings.TrimSpace(s) != s {
			return // white space around a value is nobody's, unless escaped, which the writer does not
		}
		name := pkix.Name{CommonName: s, Organization: []string{s}, Country: []string{"DE"}}
		der, err := asn1.Marshal(name.ToRDNSequence())
		if err == nil && !nameIs(name.String(), der) {
			t.Fatalf("%q is not the name that is written %s", s, name)
		}
	})
}
