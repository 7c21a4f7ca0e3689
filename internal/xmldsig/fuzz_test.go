package xmldsig

import (
	"bytes"
	"strings"
	"testing"

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

func FuzzVerify(f *testing.F) {
	docs, signed := seeds(f)
	for _, doc := range docs {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) { verifiesOnlySigned(t, doc, signed) })
}

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

// FuzzName looks for names on which parsing falls over.
func FuzzName(f *testing.F) {
	f.Add(`CN=a\2C b+OU="x",O=#0C0161`)
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := parseName(s); ok && len(got) == 0 {
			t.Errorf("%q parses to nothing", s)
		}
	})
}
