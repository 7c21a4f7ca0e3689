package wsse

import (
	"crypto/x509"
	"strings"
	"testing"

	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// What is encrypted is opened with the key that it names, or with the only one; no
// key is tried where the message means another, or could mean two.
func TestWhichOfOurKeys(t *testing.T) {
	key := func(info string) xmltree.Elem {
		return parsed(t, strings.Replace(anRSAKey, `<x:CipherData>`, info+`<x:CipherData>`, 1))
	}
	named := func(id identity) string {
		return `<d:KeyInfo xmlns:d="` + xmltree.DS + `"><w:SecurityTokenReference xmlns:w="` + xmltree.WSSE + `"><w:KeyIdentifier ValueType="` + typeThumbprint + `">` + base64Of(thumbprint(id.cert)) + `</w:KeyIdentifier></w:SecurityTokenReference></d:KeyInfo>`
	}
	context := `<d:KeyInfo xmlns:d="` + xmltree.DS + `"><w:SecurityTokenReference xmlns:w="` + xmltree.WSSE + `"><w:Reference URI="urn:ctx" ValueType="` + typeSCT13 + `"/></w:SecurityTokenReference></d:KeyInfo>`
	nothing := `<d:KeyInfo xmlns:d="` + xmltree.DS + `"><w:SecurityTokenReference xmlns:w="` + xmltree.WSSE + `"/></d:KeyInfo>`
	ours, other := Recipient{service().key, service().cert}, Recipient{rsaUser().key, rsaUser().cert}
	bare := Recipient{Key: service().key}
	for name, c := range map[string]struct {
		own  []Recipient
		key  xmltree.Elem
		want *Recipient
	}{
		"none of ours":                       {nil, key(named(service())), nil},
		"none of ours, and none named":       {nil, key(""), nil},
		"the one named":                      {[]Recipient{other, ours}, key(named(service())), &ours},
		"the other one named":                {[]Recipient{other, ours}, key(named(rsaUser())), &other},
		"one beside one without certificate": {[]Recipient{{Key: other.Key}, ours}, key(named(service())), &ours},
		"somebody else's":                    {[]Recipient{other, ours}, key(named(client())), nil},
		"somebody else's, and we have one":   {[]Recipient{ours}, key(named(client())), nil},
		"no certificate to compare":          {[]Recipient{bare}, key(named(client())), &bare},
		"two without certificates":           {[]Recipient{bare, {Key: other.Key}}, key(named(client())), nil},
		"the only one":                       {[]Recipient{ours}, key(""), &ours},
		"the only one, and no element":       {[]Recipient{ours}, xmltree.Elem{}, &ours},
		"which of two":                       {[]Recipient{ours, other}, key(""), nil},
		"named as a context":                 {[]Recipient{ours, other}, key(context), nil},
		"named as a context, the only one":   {[]Recipient{ours}, key(context), &ours},
		"named in a way that nobody reads":   {[]Recipient{ours, other}, key(nothing), nil},
	} {
		v := verifierWith(nil)
		v.cred.Recipients = c.own
		got, err := v.recipient(c.key)
		switch {
		case c.want == nil && (ClassOf(err) != ClassDecrypt || !got.IsZero()):
			t.Errorf("%s: %v, %v", name, got, err)
		case c.want != nil && (err != nil || !got.Equal(c.want.Key)):
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// A reference prints what it is, and selects the certificate that it names or none.
func TestWhatReferencesSay(t *testing.T) {
	der := string(client().cert.Raw)
	pub, err := x509.MarshalPKIXPublicKey(client().cert.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	all := []*x509.Certificate{nil, rsaUser().cert, client().cert, client().cert}
	print := string(thumbprint(client().cert))
	for _, c := range []struct {
		ref     KeyRef
		says    string
		selects bool
	}{
		{KeyRef{Kind: KeyCertificate, Certificate: der}, `certificate "CN=client`, true},
		{KeyRef{Kind: KeyCertificate, Certificate: "x"}, "malformed certificate", false},
		{KeyRef{Kind: KeyNamed, Thumbprint: print}, "certificate with thumbprint", true},
		{KeyRef{Kind: KeyNamed, Thumbprint: "x"}, "certificate with thumbprint 78", false},
		{KeyRef{Kind: KeyNamed, Thumbprint: print, KeyName: "somebody else"}, "certificate with thumbprint", false},
		{KeyRef{Kind: KeyNamed, Thumbprint: print, SubjectKeyID: string(rsaUser().cert.SubjectKeyId)}, "certificate with thumbprint", false},
		{KeyRef{Kind: KeyNamed, SubjectKeyID: "xyz"}, "certificate with key identifier 78797a", false},
		{KeyRef{Kind: KeyNamed, Serial: "7", IssuerName: "CN=a"}, `certificate "7" of "CN=a"`, false},
		{KeyRef{Kind: KeyNamed, PublicKey: string(pub)}, "public key", true},
		{KeyRef{Kind: KeyNamed, KeyName: "n"}, `key "n"`, false},
		{KeyRef{Kind: KeyContext, ID: "i"}, `security context "i"`, false},
		{KeyRef{Kind: KeyContext, Thumbprint: print}, `security context ""`, false},
		{KeyRef{Kind: KeyIssuer, Name: "i"}, `issuer "i"`, false},
		{KeyRef{Kind: KeyUser, Name: "i"}, `user "i"`, false},
		{KeyRef{Kind: KeyRecipient}, "our own key", false},
		{KeyRef{Kind: KeyEncrypted, ID: "xyz"}, "encrypted key with digest 78797a", false},
		{KeyRef{Kind: KeyAssertion, ID: "i"}, `key of assertion "i"`, false},
		{KeyRef{Kind: KeyKerberos, ID: "xyz"}, "key of the Kerberos ticket with digest 78797a", false},
		{KeyRef{}, "no key", false},
	} {
		if !strings.HasPrefix(c.ref.String(), c.says) {
			t.Errorf("%q, want %q", c.ref, c.says)
		}
		if cert, err := c.ref.Select(all); (err == nil) != c.selects || err == nil && !cert.Equal(client().cert) || err != nil && ClassOf(err) != ClassTrust {
			t.Errorf("%v selects %v, %v", c.ref, cert, err)
		}
	}
	if _, err := onlyOne([]*x509.Certificate{client().cert, rsaUser().cert}, KeyRef{}); ClassOf(err) != ClassTrust {
		t.Errorf("two fit: %v", err)
	}
	leaf, chain, err := KeyRef{Kind: KeyCertificate, Certificate: der, Chain: string(rsaUser().cert.Raw) + string(issuer().cert.Raw)}.Certificates()
	if err != nil || !leaf.Equal(client().cert) || len(chain) != 2 || !chain[0].Equal(rsaUser().cert) {
		t.Errorf("%v, %v, %v", leaf, chain, err)
	}
	if _, chain, err := (KeyRef{Kind: KeyCertificate, Certificate: der}).Certificates(); err != nil || chain != nil {
		t.Errorf("%v, %v", chain, err)
	}
	if leaf, _, err := (KeyRef{Kind: KeyCertificate, Certificate: der, Chain: "x"}).Certificates(); err == nil || leaf != nil {
		t.Errorf("a broken chain: %v", leaf)
	}
	// A hint keeps all that it says when it becomes a reference, and back.
	r := KeyRef{Kind: KeyNamed, IssuerName: "CN=a", Serial: "7", SubjectKeyID: "s", SubjectName: "CN=b", KeyName: "n", PublicKey: string(pub)}
	if got, ok := keyRefOf(r.hint()); !ok || got != r {
		t.Errorf("%+v, want %+v", got, r)
	}
	sent := KeyRef{Kind: KeyCertificate, Certificate: "a", Chain: "bc"}
	if got, ok := keyRefOf(xmldsig.Hint{DER: [][]byte{[]byte("a"), []byte("b"), []byte("c")}}); !ok || got != sent {
		t.Errorf("%+v, want %+v", got, sent)
	}
	if got, ok := keyRefOf(xmldsig.Hint{}); ok || got.Serial != "" || got.PublicKey != "" {
		t.Errorf("nothing: %+v", got)
	}
}
