package wsse

import (
	"strings"
	"testing"

	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// Who signs ciphertext signs no declaration outside of it that only names inside use:
// on the way anybody can make another of it. What is inside is then signed by nobody,
// unless the signature has the declaration too.
func TestPrefixesOfCiphertext(t *testing.T) {
	const orders, evil = ` xmlns:o="urn:orders"`, ` xmlns:o="urn:evil"`
	for name, c := range map[string]struct {
		plain    string
		envelope string   // declarations on the Envelope
		body     string   // on the Body
		prefixes []string // which the signature is told of
		want     Class
	}{
		"declared inside":                         {`<o:Get` + orders + `><o:ID>1</o:ID></o:Get>`, evil, "", nil, 0},
		"declared outside":                        {`<o:Get/>`, orders, "", nil, ClassPolicy},
		"declared on the Body":                    {`<o:Get/>`, "", orders, nil, ClassPolicy},
		"of an attribute":                         {`<o:Get` + orders + ` p:of="1"/>`, ` xmlns:p="urn:evil"`, "", nil, ClassPolicy},
		"in the second element":                   {`<a:Get xmlns:a="urn:orders"><o:a` + orders + `/><o:b/></a:Get>`, evil, "", nil, ClassPolicy},
		"none, and no default":                    {`<o:Get` + orders + `><ID>1</ID></o:Get>`, "", "", nil, 0},
		"none, and a default":                     {`<o:Get` + orders + `><ID>1</ID></o:Get>`, ` xmlns="urn:evil"`, "", nil, ClassPolicy},
		"none, and the default is undone":         {`<o:Get` + orders + `><ID xmlns="">1</ID></o:Get>`, ` xmlns="urn:evil"`, "", nil, 0},
		"that the Body has":                       {`<s:Fault/>`, "", "", nil, 0},
		"that the signature is told of":           {`<o:Get/>`, orders, "", []string{"o"}, 0},
		"another than the signature is told of":   {`<o:Get/>`, orders, "", []string{"p"}, ClassPolicy},
		"a default that the signature is told of": {`<Get/>`, ` xmlns="urn:orders"`, "", []string{"#default"}, 0},
		"of the schema's instances":               {`<o:Get` + orders + ` xsi:nil="true"/>`, ` xmlns:xsi="` + xmltree.XSI + `"`, "", nil, 0},
		"of other instances":                      {`<o:Get` + orders + ` xsi:nil="true"/>`, ` xmlns:xsi="urn:evil"`, "", nil, ClassPolicy},
		"of instances, by another name":           {`<o:Get` + orders + ` i:nil="true"/>`, ` xmlns:i="` + xmltree.XSI + `"`, "", nil, ClassPolicy},
		"xml":                                     {`<o:Get` + orders + ` xml:lang="en"/>`, "", "", nil, 0},
	} {
		_, ek, data := sealedFor(t, "", "x", c.plain, xmlenc.Content)
		out := outgoing()
		out.Body = data
		msg, _, err := Protect(out, Options{}, now)
		if err != nil {
			t.Fatal(err)
		}
		msg = swap(t, msg, `<s:Envelope`, []byte(`<s:Envelope`+c.envelope))
		msg = swap(t, msg, `<s:Body`, []byte(`<s:Body xmlns:u="`+xmltree.WSU+`" u:Id="body"`+c.body))
		msg = swap(t, msg, `<wsu:Timestamp`, []byte(`<wsu:Timestamp wsu:Id="stamp"`))
		sec := security(t, msg)
		stamp, body := sec.First(xmltree.WSU, "Timestamp"), xmltree.Parent(xmltree.Parent(sec)).First(xmltree.SOAP12, "Body")
		sig, err := xmldsig.Sign(rsaUser().key, "", "", []xmldsig.Ref{{ID: "stamp", Elem: stamp}, {ID: "body", Elem: body, Prefixes: c.prefixes}}, xmldsig.X509KeyInfo(rsaUser().cert))
		if err != nil {
			t.Fatal(err)
		}
		signed := behind(t, msg, endTimestamp, sig, ek)
		_, err = receive(t, signed, reader(t), Policy{}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if c.prefixes == nil || c.want != 0 {
			continue
		}
		changed := []byte(strings.Replace(string(signed), "urn:orders", "urn:evil", 1))
		_, err = receive(t, changed, reader(t), Policy{}, now, 0)
		if ClassOf(err) != ClassSignature {
			t.Errorf("%s, and changed: %v", name, err)
		}
	}
}

// The same holds for header blocks, and for what was encrypted twice. Who signs the
// plaintext signs what its names are.
func TestPrefixesOfPlaintext(t *testing.T) {
	const get = `<o:Get xmlns:o="urn:orders"/>`
	header := func(plain string) (keys, block []byte) {
		_, ek, data := sealedFor(t, "", "h", plain, xmlenc.Element)
		return ek, []byte(`<w:EncryptedHeader xmlns:w="` + xmltree.WSSE11 + `" xmlns:u="` + xmltree.WSU + `" u:Id="eh">` + string(data) + `</w:EncryptedHeader>`)
	}
	for name, c := range map[string]struct {
		plain string
		want  int // signed header blocks
	}{
		"a header block":                         {`<h:H xmlns:h="urn:h"/>`, 1},
		"a header block whose prefix is outside": {`<h:H/>`, 0},
	} {
		ek, block := header(c.plain)
		out := outgoing()
		out.Headers, out.Body = [][]byte{block}, []byte(get)
		msg, _, err := Protect(out, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, 0)}, Protection: &Protection{Sign: BodyTimestamp, AllHeaders: true}}, now)
		if err != nil {
			t.Fatal(err)
		}
		msg = swap(t, msg, `<s:Envelope`, []byte(`<s:Envelope xmlns:h="urn:h"`))
		ev, err := receive(t, swap(t, msg, endSecurity, append(ek, endSecurity...)), reader(t), Policy{}, now, 0)
		if err != nil || len(ev.Headers) != c.want {
			t.Errorf("%s: %+v, %v", name, ev, err)
		}
	}
	for name, c := range map[string]struct {
		inner string
		want  Class
	}{
		"twice":                                {get, 0},
		"twice, and the Body has the prefix":   {`<s:Fault/>`, 0},
		"twice, and the prefix is far outside": {`<o:Get/>`, ClassPolicy},
	} {
		_, ekInner, inner := sealedFor(t, "", "y", c.inner, xmlenc.Element)
		_, ek, data := sealedFor(t, "", "x", string(inner), xmlenc.Content)
		out := outgoing()
		out.Body = data
		msg, _, err := Protect(out, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, BodyTimestamp)}}, now)
		if err != nil {
			t.Fatal(err)
		}
		msg = swap(t, msg, `<s:Envelope`, []byte(`<s:Envelope xmlns:o="urn:orders"`))
		_, err = receive(t, swap(t, msg, endSecurity, append(append(ek, ekInner...), endSecurity...)), reader(t), Policy{}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The plaintext was signed: the signature comes after what was opened.
	out := outgoing()
	out.Body = []byte(`<o:Get/>`)
	plain, _, err := Protect(out, Options{}, now)
	if err != nil {
		t.Fatal(err)
	}
	plain = swap(t, plain, `<s:Envelope`, []byte(`<s:Envelope xmlns:o="urn:orders"`))
	plain = swap(t, plain, `<s:Body`, []byte(`<s:Body xmlns:u="`+xmltree.WSU+`" u:Id="body"`))
	plain = swap(t, plain, `<wsu:Timestamp`, []byte(`<wsu:Timestamp wsu:Id="stamp"`))
	sig := rsaUser().over(t, plain, "stamp", "body")
	_, ek, data := sealedFor(t, "", "x", `<o:Get/>`, xmlenc.Content)
	msg := swap(t, behind(t, plain, endTimestamp, ek, sig), `<o:Get/>`, data)
	if _, err := receive(t, msg, reader(t), Policy{}, now, 0); err != nil {
		t.Error(err)
	}
	_, err = receive(t, []byte(strings.Replace(string(msg), "urn:orders", "urn:evil", 1)), reader(t), Policy{}, now, 0)
	wantClass(t, err, ClassSignature)
}
