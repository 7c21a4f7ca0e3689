package wsse

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

const aCertificateToken = `<b:BinarySecurityToken xmlns:b="` + xmltree.WSSE + `" ValueType="` + typeX509v3 + `">AA==</b:BinarySecurityToken>`

// keyOf names an EncryptedKey by its Id.
func keyOf(id string) []byte {
	return keyInfoWith([]byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#` + id + `"/></wsse:SecurityTokenReference>`))
}

func sealedBy(t testing.TB, key alg.Key, keyInfo []byte, id, plain, typ string) []byte {
	t.Helper()
	var b xmltree.Builder
	if err := xmlenc.Seal(&b, []byte(plain), typ, id, key, keyInfo, ""); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A list may stand behind what it names; what no later list names is opened where it
// stands, whatever else the header says.
func TestListsBehindWhatTheyName(t *testing.T) {
	rsa := x509Token(rsaUser(), RefDirect, 0)
	p := Protection{Sign: BodyTimestamp, Encrypt: PartBody | PartSignature, Recipient: service().cert}
	symmetric := p
	symmetric.Symmetric = true
	move := func(msg []byte, expr string) []byte {
		piece := find(t, msg, expr)
		return swap(t, swap(t, msg, expr, nil), endSecurity, append(bytes.Clone(piece), endSecurity...))
	}
	key, ek, _ := sealedFor(t, "", "x", "x", xmlenc.Content)
	loose := swap(t, ek, anyList, nil)
	own := sealedBy(t, key, keyOf("ek-x"), "ed-x", aCertificateToken, xmlenc.Element)
	twice := sealedBy(t, key, nil, "ed-x", string(own), xmlenc.Element)
	signed := write(t, "", Protection{Sign: BodyTimestamp}, rsa)
	sealed := write(t, "", Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Order: EncryptThenSign}, rsa)
	str := []byte(`<wsse:SecurityTokenReference><wsse:Reference URI="#ed-x"/></wsse:SecurityTokenReference>`)
	for name, c := range map[string]struct {
		msg  []byte
		want Parts
	}{
		"in a key behind":          {move(write(t, "", p, rsa), anyKey), PartBody | PartSignature},
		"alone behind":             {move(write(t, "", symmetric, rsa), anyList), PartBody | PartSignature},
		"with its own key":         {behind(t, signed, endTimestamp, loose, own), 0},
		"before a list of others":  {behind(t, sealed, endTimestamp, loose, own), PartBody},
		"before a reference to it": {behind(t, signed, endTimestamp, loose, own, str), 0},
		"ciphertext in ciphertext": {behind(t, signed, endTimestamp, ek, twice), 0},
		"no list at all":           {swap(t, sealed, anyList, nil), PartBody},
	} {
		ev, err := receive(t, c.msg, reader(t), Policy{Encrypted: c.want}, now, 0)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, c.msg)
			continue
		}
		if ev.Encrypted != c.want || !ev.Body.Signed() || ev.Certificate == nil {
			t.Errorf("%s: encrypted %v, body signed: %v", name, ev.Encrypted, ev.Body.Signed())
		}
		for e := range ev.Envelope.Header.First(xmltree.WSSE, "Security").Children {
			if e.Is(xmltree.XENC, "EncryptedData") {
				t.Errorf("%s: left closed", name)
			}
		}
	}
}

// An element may have white space around it in its ciphertext, and is at its place all
// the same; how it was encrypted is told.
func TestWhiteSpaceAroundAnElement(t *testing.T) {
	out := outgoing()
	_, ek, data := sealedFor(t, "", "x", "\n  <o:Get xmlns:o=\"urn:orders\"/>\r\n\t", xmlenc.Element)
	out.Body = data
	msg, _, err := Protect(out, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, BodyTimestamp)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := receive(t, swap(t, msg, endSecurity, append(ek, endSecurity...)), reader(t), Policy{Encrypted: PartBody}, now, 0)
	if err != nil || !ev.Body.Signed() || ev.Body.Encrypted() == nil || ev.Body.Encrypted().Content || ev.Body.Encrypted().Header {
		t.Fatalf("%+v, %v", ev, err)
	}
	if p, err := ev.Body.Payload(); err != nil || !p.Is("urn:orders", "Get") {
		t.Errorf("payload %v", err)
	}
	for version, header := range map[Version]bool{V11: true, V10: false} {
		p := Protection{Sign: BodyTimestamp | PartTo, Encrypt: PartBody | PartTo, Recipient: service().cert, RecipientReference: RefIssuerSerial}
		msg := protect(t, Options{Version: version, Tokens: []Token{x509Token(rsaUser(), RefDirect, 0)}, Protection: &p})
		ev, err := receive(t, msg, reader(t), Policy{}, now, 0)
		if err != nil || ev.To.Encrypted() == nil || ev.To.Encrypted().Header != header || ev.Body.Encrypted().Header {
			t.Errorf("version %v: %+v, %v", version, ev, err)
		}
	}
}

// A cipher that authenticates nothing is opened under a signature over its octets and
// key as well where something else was decrypted before, which moved both.
func TestSignedCipherBehindAnother(t *testing.T) {
	p := Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Order: EncryptThenSign, Cipher: alg.AES256CBC}
	msg := write(t, alg.Legacy, p, x509Token(rsaUser(), RefDirect, 0))
	// The key before it is named like one that signs, and is no signature.
	var ek xmltree.Builder
	key := freshKey(t)
	if err := xmlenc.SealKey(&ek, key, "", service().public(t), xmldsig.X509KeyInfo(service().cert), []string{"ed-x"}, ""); err != nil {
		t.Fatal(err)
	}
	msg = behind(t, msg, endTimestamp, ek.Bytes(), sealedBy(t, key, nil, "ed-x", aCertificateToken, xmlenc.Element))
	ev, err := receive(t, msg, reader(t), Policy{Suite: alg.Legacy, Encrypted: PartBody}, now, 0)
	if err != nil || !ev.Body.Signed() || ev.Body.Encrypted().Algorithm != alg.AES256CBC {
		t.Errorf("%+v, %v", ev, err)
	}
}

// Whose padding is wrong is refused like everything that does not decrypt, also if what
// comes out could be read and its octets are signed.
func TestWrongPaddingOfASigner(t *testing.T) {
	for padding, want := range map[string]Class{strings.Repeat("\x10", 16): 0, strings.Repeat(" ", 16): ClassDecrypt} {
		key, ek, _ := sealedFor(t, alg.Legacy, "x", "x", xmlenc.Content)
		_, _, cbc := sealedFor(t, alg.Basic256, "x", "x", xmlenc.Content)
		text := []byte(`<o:Get xmlns:o="urn:orders"/>`)
		text = append(append(text, bytes.Repeat([]byte(" "), 16-len(text)%16)...), padding...)
		block, err := aes.NewCipher(key.Secret())
		if err != nil {
			t.Fatal(err)
		}
		iv := random(16)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
		data := bytes.Replace(cbc, []byte(base64Of(cipherValue(t, cbc))), []byte(base64Of(append(iv, text...))), 1)
		out := outgoing()
		out.Body = data
		named := withAttributes(ek, ` xmlns:wsu="`+xmltree.WSU+`" wsu:Id="signed-key"`)
		o := Options{Suite: alg.Legacy, Protection: &Protection{Sign: BodyTimestamp}, Tokens: []Token{x509Token(rsaUser(), RefDirect, 0), Issued{XML: named}}}
		msg, _, err := Protect(out, o, now)
		if err != nil {
			t.Fatal(err)
		}
		moved := find(t, msg, anyKey)
		msg = swap(t, swap(t, msg, anyKey, nil), endSecurity, append(bytes.Clone(moved), endSecurity...))
		_, err = receive(t, msg, reader(t), Policy{Suite: alg.Legacy}, now, 0)
		if ClassOf(err) != want {
			t.Errorf("padding %q: %v", padding, err)
		}
	}
}

// Each limit of what is encrypted lets as much through as it says, and no more.
func TestAsMuchAsMayBeEncrypted(t *testing.T) {
	within := func(msg []byte, lim Limits) error {
		p, err := reading(t, string(msg), lim)
		if err != nil {
			return err
		}
		pol := Policy{TLS: true}
		if err := p.Open(reader(t).answer(t, p), pol); err != nil {
			return err
		}
		_, err = p.Verify(reader(t).answer(t, p), pol, now)
		return err
	}
	both := write(t, "", Protection{Sign: BodyTimestamp, Encrypt: PartBody | PartSignature, Recipient: service().cert}, x509Token(rsaUser(), RefDirect, 0))
	for name, c := range map[string]struct {
		msg  []byte
		lim  Limits
		want Class
	}{
		"two parts of two":     {both, Limits{EncryptedParts: 2}, 0},
		"two parts of one":     {both, Limits{EncryptedParts: 1}, ClassLimit},
		"in each other":        {nested(t, maxStates-1), Limits{}, 0},
		"too often":            {nested(t, maxStates), Limits{}, ClassLimit},
		"four keys in a list":  {manyKeys(t, 4), Limits{EncryptedKeys: 4}, 0},
		"five keys in a list":  {manyKeys(t, 5), Limits{EncryptedKeys: 4}, ClassLimit},
		"larger than messages": {both, Limits{MessageBytes: len(both) / 4}, 0}, // who read it let it be so large
	} {
		if err := within(c.msg, c.lim); ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// manyKeys encrypts n elements of one header block, each with a key of its own, and
// names them in one list.
func manyKeys(t testing.TB, n int) []byte {
	t.Helper()
	var keys, data []byte
	var ids []string
	for i := range n {
		id := string(rune('a' + i))
		key, ek, _ := sealedFor(t, "", id, "x", xmlenc.Content)
		keys = append(keys, swap(t, ek, anyList, nil)...)
		data = append(data, `<h:D xmlns:h="urn:h">`+string(sealedBy(t, key, keyOf("ek-"+id), "d"+id, "x", xmlenc.Content))+`</h:D>`...)
		ids = append(ids, "d"+id)
	}
	out := outgoing()
	out.Headers = [][]byte{[]byte(`<h:H xmlns:h="urn:h">` + string(data) + `</h:H>`)}
	msg, _, err := Protect(out, Options{Tokens: []Token{user()}}, now)
	if err != nil {
		t.Fatal(err)
	}
	return behind(t, msg, endTimestamp, keys, referenceList(ids))
}

// A key may be of a size that the suite does not write by itself, where what uses it
// says so, or where it signs.
func TestSizesOfKeys(t *testing.T) {
	rsa := x509Token(rsaUser(), RefDirect, 0)
	for name, p := range map[string]Protection{
		"signs":                {Sign: BodyTimestamp, Symmetric: true, Cipher: alg.AES128GCM},
		"encrypts":             {Sign: BodyTimestamp, Encrypt: PartBody, Cipher: alg.AES128GCM},
		"encrypts, in RSA 1.5": {Sign: BodyTimestamp, Encrypt: PartBody, Cipher: alg.AES128GCM, Transport: alg.Transport{URI: alg.RSA15}},
	} {
		p.Recipient = service().cert
		msg := write(t, alg.Legacy, p, rsa)
		if ev, err := receive(t, msg, reader(t), Policy{Suite: alg.Legacy, Encrypted: p.Encrypt}, now, 0); err != nil || !ev.Body.Signed() {
			t.Errorf("%s: %v", name, err)
		}
	}
	// One that is of the wrong size for its cipher fails as any wrong key does, also
	// if it is the right one for another.
	short, err := alg.SecretKey(random(16))
	if err != nil {
		t.Fatal(err)
	}
	var ek, good xmltree.Builder
	if err := xmlenc.SealKey(&ek, short, "ek-x", service().public(t), nil, []string{"ed-x", "ed-y"}, ""); err != nil {
		t.Fatal(err)
	}
	if err := xmlenc.SealBy(&good, alg.AES128GCM, []byte("x"), xmlenc.Content, "ed-x", short, nil, ""); err != nil {
		t.Fatal(err)
	}
	bad := bytes.Replace(good.Bytes(), []byte("ed-x"), []byte("ed-y"), 1)
	bad = bytes.Replace(bad, []byte(alg.AES128GCM), []byte(alg.AES256GCM), 1)
	out := outgoing()
	out.Headers = [][]byte{
		[]byte(`<h:H xmlns:h="urn:h">` + string(good.Bytes()) + `</h:H>`),
		[]byte(`<h:H xmlns:h="urn:h">` + string(bad) + `</h:H>`),
	}
	msg, _, err := Protect(out, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, BodyTimestamp)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = receive(t, behind(t, msg, endTimestamp, ek.Bytes()), reader(t), Policy{}, now, 0)
	wantClass(t, err, ClassDecrypt)
}

// What says why a key cannot be had is the error, and not what would become of it.
func TestKeysThatCannotBeHad(t *testing.T) {
	msg := write(t, alg.Legacy, Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Transport: alg.Transport{URI: alg.RSA15}}, x509Token(rsaUser(), RefDirect, 0))
	_, err := receive(t, msg, reader(t), Policy{}, now, 0)
	wantClass(t, err, ClassAlgorithm)
	l := reader(t)
	l.contexts = nil
	for want, info := range map[Class][]byte{ClassTrust: keyInfoWith(contextUnsent(t).Attached), ClassFormat: nil} {
		key := freshKey(t)
		var ek xmltree.Builder
		if err := xmlenc.SealKey(&ek, key, "", secret(t), info, nil, ""); err != nil {
			t.Fatal(err)
		}
		named := withAttributes(ek.Bytes(), ` xmlns:wsu="`+xmltree.WSU+`" wsu:Id="wrapped"`)
		_, err = receive(t, write(t, "", Protection{Sign: BodyTimestamp}, Issued{XML: named, Key: key}), l, Policy{}, now, 0)
		wantClass(t, err, want)
	}
	l.Recipients = nil
	msg = write(t, "", Protection{Sign: BodyTimestamp, Symmetric: true, Recipient: service().cert}, x509Token(rsaUser(), RefDirect, 0))
	_, err = receive(t, msg, l, Policy{}, now, 0)
	if ClassOf(err) != ClassDecrypt || !strings.Contains(err.Error(), "no key to decrypt with") {
		t.Error(err)
	}
}
