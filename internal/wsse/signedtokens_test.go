package wsse

import (
	"bytes"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
	"wstrust/saml"
)

const anyCertificate = `<wsse:BinarySecurityToken .*?</wsse:BinarySecurityToken>`

// wsuIDOf returns the wsu:Id of the first element that an expression finds.
func wsuIDOf(t testing.TB, msg []byte, expr string) string {
	t.Helper()
	return strings.Split(string(find(t, find(t, msg, expr), `wsu:Id="[^"]*"`)), `"`)[1]
}

// byThumbprint is key information that names a certificate and carries none.
func byThumbprint(id identity) []byte {
	var b xmltree.Builder
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	writeKeyIdentifier(&b, typeThumbprint, thumbprint(id.cert))
	b.End()
	return keyInfoWith(b.Bytes())
}

// certificateToken is a certificate that stands in the header and signs nothing.
func certificateToken(id identity) Issued {
	var b xmltree.Builder
	writeBST(&b, x509Token(id, RefDirect, 0), "loose")
	return Issued{XML: b.Bytes()}
}

// A certificate in the header that a signature covers and is not by refuses the
// message, where the signature is said to be by a certificate and no other
// signature is by that one.
func TestSignedCertificates(t *testing.T) {
	holder := Issued{XML: build(t, saml.V20, issuer(), holderOf(client())), Key: client().key}
	body := Protection{Sign: BodyTimestamp | PartToken}
	l := sharing(t)
	l.certs = append(l.certs, rsaUser().cert)
	byTwo := protect(t, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, BodyTimestamp)}})
	for name, c := range map[string]struct {
		msg  []byte
		want Class
	}{
		"named otherwise, beside a stranger's":           {write(t, "", body, x509Token(client(), RefThumbprint, 0), certificateToken(mallory())), ClassWrapping},
		"named otherwise, beside one that endorses":      {write(t, "", body, x509Token(client(), RefThumbprint, 0), x509Token(rsaUser(), RefDirect, 0)), 0},
		"a second signature over the first one's":        {swap(t, byTwo, endSecurity, append(signatureOver(t, byTwo, client().key, "", byThumbprint(client()), wsuIDOf(t, byTwo, anyCertificate), stampID(t, byTwo)), endSecurity...)), 0},
		"a shared key, which is no certificate's":        {write(t, "", body, sharedToken(t), certificateToken(mallory())), 0},
		"an assertion's key, which no certificate names": {write(t, "", body, holder, certificateToken(mallory())), 0},
	} {
		if _, err := receive(t, c.msg, l, Policy{}, now, 0); ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// W15: who has another certificate for the same key copies the signature and has
// the copy name that one; the first is left in place, so that it uses what both sign.
func TestSignatureCopiedUnderAnotherCertificate(t *testing.T) {
	good, evil := makeIdentity("good", 21, benchRSA()), makeIdentity("evil namesake", 22, benchRSA())
	l := trust(good, evil)
	msg := write(t, "", Protection{Sign: BodyTimestamp | PartToken}, x509Token(good, RefDirect, 0))
	if _, err := receive(t, msg, l, Policy{}, now, 0); err != nil {
		t.Fatal(err)
	}
	token, sig := find(t, msg, anyCertificate), find(t, msg, `<ds:Signature .*?</ds:Signature>`)
	id := wsuIDOf(t, msg, anyCertificate)
	other := bytes.Replace(bytes.Replace(token, []byte(base64Of(good.cert.Raw)), []byte(base64Of(evil.cert.Raw)), 1), []byte(id), []byte("other"), 1)
	direct := swap(t, sig, `<wsse:Reference URI="#`+id+`"`, []byte(`<wsse:Reference URI="#other"`))
	named := swap(t, sig, `<ds:KeyInfo.*?</ds:KeyInfo>`, byThumbprint(evil))
	for name, copied := range map[string][]byte{"by a token": direct, "by its thumbprint": named} {
		for _, first := range []bool{true, false} {
			both := [][]byte{token, other, sig, copied}
			if first {
				both = [][]byte{token, other, copied, sig}
			}
			m := bytes.Replace(bytes.Replace(msg, sig, nil, 1), token, bytes.Join(both, nil), 1)
			if ev, err := receive(t, m, l, Policy{}, now, checkToken); err != nil || first && !ev.Certificate.Equal(evil.cert) {
				t.Fatalf("set-up error: the weakened verifier: %v", err)
			}
			if _, err := receive(t, m, l, Policy{}, now, 0); ClassOf(err) != ClassWrapping {
				t.Errorf("%s, first %v: %v", name, first, err)
			}
		}
	}
}
