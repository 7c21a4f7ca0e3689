package wsse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// named is key information that names a key.
func named(name string) []byte {
	var b xmltree.Builder
	b.Elem(xmltree.DS, "KeyName", name)
	return keyInfoWith(b.Bytes())
}

// sealedWith encrypts with a key that key information names.
func sealedWith(t testing.TB, id, plain, typ string, key alg.Key, info []byte) []byte {
	t.Helper()
	var b xmltree.Builder
	if err := xmlenc.Seal(&b, []byte(plain), typ, id, key, info, ""); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is listed is encrypted data at a place where its text may stand, and all
// that stands there.
func TestPlacesOfEncryptedData(t *testing.T) {
	plain := write(t, "", Protection{Sign: PartTimestamp}, x509Token(rsaUser(), RefDirect, 0))
	const block = `<h:A xmlns:h="urn:h">found</h:A>`
	header := func(inside string) func([]byte) []byte {
		return func(ed []byte) []byte {
			return swap(t, plain, `</s:Header>`, []byte(fmt.Sprintf(inside, ed)+`</s:Header>`))
		}
	}
	wrapped := func(inside string) func([]byte) []byte {
		return header(`<w:EncryptedHeader xmlns:w="` + xmltree.WSSE11 + `">` + inside + `</w:EncryptedHeader>`)
	}
	replyTo := func(ed []byte) []byte {
		return swap(t, plain, `</wsa:ReplyTo>`, []byte(`<wsa:ReferenceParameters><h:R xmlns:h="urn:h">`+string(ed)+`</h:R></wsa:ReferenceParameters></wsa:ReplyTo>`))
	}
	for name, c := range map[string]struct {
		typ  string
		make func(ed []byte) []byte
		want Class
	}{
		"in a header block":                    {xmlenc.Element, header(`<h:H xmlns:h="urn:h">%s</h:H>`), 0},
		"all of a header block":                {xmlenc.Content, header(`<h:H xmlns:h="urn:h">%s</h:H>`), 0},
		"content beside text":                  {xmlenc.Content, header(`<h:H xmlns:h="urn:h">text%s</h:H>`), ClassWrapping},
		"in an addressing header":              {xmlenc.Element, replyTo, 0},
		"a header block":                       {xmlenc.Element, wrapped(`%s`), 0},
		"a header block, as content":           {xmlenc.Content, wrapped(`%s`), ClassWrapping},
		"a header block beside another":        {xmlenc.Element, wrapped(`%s<h:B xmlns:h="urn:h"/>`), ClassWrapping},
		"a header block beside text":           {xmlenc.Element, wrapped(`%stext`), ClassWrapping},
		"something that is no encrypted data":  {xmlenc.Element, header(`<h:H xmlns:h="urn:h">%s</h:H><h:I xmlns:h="urn:h"><h:EncryptedData Id="ed-fake" Type="` + xmlenc.Content + `"/></h:I>`), ClassWrapping},
		"in a header block of SOAP's security": {xmlenc.Element, header(`<u:X xmlns:u="` + xmltree.WSU + `">%s</u:X>`), ClassWrapping},
	} {
		_, ek, ed := sealedFor(t, "", "x", block, c.typ)
		msg := c.make(ed)
		if bytes.Contains(msg, []byte("ed-fake")) {
			ek = bytes.Replace(ek, []byte("#ed-x"), []byte("#ed-fake"), 1)
		}
		ev, err := receive(t, behind(t, msg, endTimestamp, ek), reader(t), Policy{TLS: true}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && !bytes.Contains(ev.Envelope.Root.Doc().Source(), []byte(block)) {
			t.Errorf("%s: it is not open", name)
		}
	}
}

// The Security header itself is never what is hidden: only whole children of it are.
func TestSecurityHeaderIsNoCiphertext(t *testing.T) {
	const token = `<wsse:UsernameToken xmlns:wsse="` + xmltree.WSSE + `"><wsse:Username>alice</wsse:Username><wsse:Password>` + secretWord + `-password</wsse:Password></wsse:UsernameToken>`
	l := sharing(t)
	l.Password = reader(t).Password
	for typ, want := range map[string]Class{xmlenc.Element: 0, xmlenc.Content: ClassWrapping} {
		data := sealedWith(t, "ed", token, typ, secret(t), named(sharedName))
		msg := protect(t, Options{Tokens: []Token{user()}, Timestamp: Never})
		msg = swap(t, msg, `<wsse:UsernameToken.*?</wsse:UsernameToken>`, data)
		if _, err := receive(t, msg, l, Policy{TLS: true}, now, 0); ClassOf(err) != want {
			t.Errorf("%s: %v", typ, err)
		}
	}
	// Nor is the Header of SOAP, or what is for somebody else.
	_, ek, ed := sealedFor(t, "", "x", `<h:A xmlns:h="urn:h"/>`, xmlenc.Content)
	msg := behind(t, write(t, "", Protection{Sign: PartTimestamp}, x509Token(rsaUser(), RefDirect, 0)), endTimestamp, ek)
	_, err := receive(t, swap(t, msg, `</s:Header>`, append(ed, "</s:Header>"...)), reader(t), Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassWrapping)
}

// An error about the key of encrypted data says what is wrong with the key, and
// comes before anything is decrypted.
func TestKeysOfEncryptedData(t *testing.T) {
	msg := write(t, "", Protection{Sign: PartTimestamp}, x509Token(rsaUser(), RefDirect, 0))
	unknown := keyInfoWith([]byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="urn:unknown" ValueType="` + typeSCT13 + `"/></wsse:SecurityTokenReference>`))
	list := referenceList([]string{"ed-x"})
	wrappedBy := func(ki []byte) []byte {
		var b xmltree.Builder
		if err := xmlenc.SealKey(&b, freshKey(t), "ek-x", freshKey(t), ki, []string{"ed-x"}, ""); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	key, ek, bare := sealedFor(t, "", "x", "text", xmlenc.Content)
	empty := `<x:EncryptedKey xmlns:x="` + xmltree.XENC + `"><x:EncryptionMethod Algorithm="` + alg.RSAOAEP + `"/>` + string(list) + `</x:EncryptedKey>`
	hidden := sealedWith(t, "ed-key", empty, xmlenc.Element, secret(t), named(sharedName))
	l := reader(t)
	l.contexts[sharedName] = secret(t)
	for name, c := range map[string]struct {
		header [][]byte
		data   []byte
		want   Class
	}{
		"listed with its key":                         {[][]byte{ek}, bare, 0},
		"listed, and nothing says with which key":     {[][]byte{list}, bare, ClassFormat},
		"listed with a key under one that is unknown": {[][]byte{wrappedBy(unknown)}, bare, ClassTrust},
		"listed with its key, and naming another":     {[][]byte{ek}, sealedWith(t, "ed-x", "text", xmlenc.Content, key, unknown), ClassTrust},
		"listed with a key that was hidden, and none": {[][]byte{referenceList([]string{"ed-key"}), hidden}, bare, ClassFormat},
	} {
		m := behind(t, msg, endTimestamp, c.header...)
		m = swap(t, m, `>in the clear<`, []byte(">"+string(c.data)+"<"))
		if _, err := receive(t, m, l, Policy{TLS: true}, now, 0); ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if strings.Contains(string(bare), "KeyInfo") {
		t.Fatal("set-up error: the data names its key")
	}
}

// A list that comes out of ciphertext where the header was read already opens nothing
// any more: what it names is not taken for what the sender wrote.
func TestListThatCameTooLate(t *testing.T) {
	_, ek, data := sealedFor(t, "", "x", `<o:Get xmlns:o="urn:orders">hidden</o:Get>`, xmlenc.Content)
	l := reader(t)
	l.contexts[sharedName] = secret(t)
	msg := write(t, "", Protection{Sign: PartTimestamp}, x509Token(rsaUser(), RefDirect, 0))
	msg = swap(t, msg, anyBody, []byte(`<s:Body>`+string(data)+`</s:Body>`))
	none := referenceList([]string{"nothing"})
	for name, c := range map[string]struct {
		hidden []byte
		before [][]byte
		want   Class
	}{
		"a key, in time":       {ek, [][]byte{referenceList([]string{"ed-key"})}, 0},
		"a key":                {ek, nil, ClassPolicy},
		"a list":               {referenceList([]string{"ed-x"}), nil, ClassPolicy},
		"a list of nothing":    {none, nil, 0},
		"a list, and no names": {bytes.Replace(none, []byte("#nothing"), nil, 1), nil, ClassPolicy},
		"a key without a list": {swap(t, ek, anyList, nil), nil, 0},
	} {
		hidden := sealedWith(t, "ed-key", string(c.hidden), xmlenc.Element, secret(t), named(sharedName))
		ev, err := receive(t, behind(t, msg, endTimestamp, append(c.before, hidden)...), l, Policy{TLS: true}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && c.before != nil && !bodyIs("hidden")(ev) {
			t.Errorf("%s: it is not open", name)
		}
	}
}
