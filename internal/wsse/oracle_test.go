package wsse

import (
	"bytes"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// Whatever is wrong with a key or with ciphertext, the error is one and the
// same, to the letter.
func TestOneErrorForEveryFailureToDecrypt(t *testing.T) {
	for _, suite := range []alg.Suite{"", alg.Legacy} {
		msg := write(t, suite, Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert}, x509Token(rsaUser(), RefDirect, 0))
		key, data := cipherValue(t, find(t, msg, anyKey)), cipherValue(t, find(t, find(t, msg, anyBody), anyData))
		changed := func(from, to []byte) []byte {
			return bytes.Replace(msg, []byte(base64Of(from)), []byte(base64Of(to)), 1)
		}
		flip := func(p []byte, at int) []byte {
			p = bytes.Clone(p)
			p[at] ^= 1
			return p
		}
		short, err := alg.SecretKey(random(16))
		if err != nil {
			t.Fatal(err)
		}
		other, err := alg.SecretKey(random(32))
		if err != nil {
			t.Fatal(err)
		}
		wrapped := func(k alg.Key) []byte {
			ct, err := suite.EncryptKey(suite.KeyTransport(), service().public(t), k.Secret())
			if err != nil {
				t.Fatal(err)
			}
			return ct
		}
		msgs := map[string][]byte{
			"key of another size":  changed(key, wrapped(short)),
			"other key":            changed(key, wrapped(other)),
			"key for somebody":     changed(key, random(256)),
			"key out of range":     changed(key, bytes.Repeat([]byte{0xff}, 256)),
			"short key":            changed(key, key[:255]),
			"long key":             changed(key, append(bytes.Clone(key), 0)),
			"empty key":            changed(key, nil),
			"no tag":               changed(data, data[:len(data)-16]),
			"part of a tag":        changed(data, data[:len(data)-1]),
			"less than a message":  changed(data, data[:27]),
			"a nonce and no more":  changed(data, data[:12]),
			"nothing":              changed(data, nil),
			"first octet of nonce": changed(data, flip(data, 0)),
		}
		for i := range 60 {
			msgs["key flipped at "+string(rune('A'+i))] = changed(key, flip(key, i*len(key)/60))
			msgs["data flipped at "+string(rune('A'+i))] = changed(data, flip(data, i*len(data)/60))
		}
		want := ""
		for name, m := range msgs {
			_, err := receive(t, m, reader(t), Policy{Suite: suite}, now, 0)
			wantClass(t, err, ClassDecrypt)
			text := err.Error()
			if want == "" {
				want = text
			}
			if text != want {
				t.Errorf("%s: %q, want %q", name, text, want)
			}
		}
		if !strings.HasSuffix(want, alg.ErrDecrypt.Error()) {
			t.Errorf("%q", want)
		}
	}
}

func cipherValue(t testing.TB, element []byte) []byte {
	t.Helper()
	text := find(t, element, `<xenc:CipherValue>[^<]*`)[len("<xenc:CipherValue>"):]
	p, ok := xmltree.DecodeBase64(text)
	if !ok {
		t.Fatal("no cipher value")
	}
	return p
}

// Key transport with every digest and mask, and key wrap under a context, are
// read; RSA 1.5 where a suite names it.
func TestEveryKeyTransport(t *testing.T) {
	digests := []string{"", alg.DigestSHA1, alg.DigestSHA256, alg.DigestSHA384, alg.DigestSHA512}
	masks := []string{"", alg.MGF1SHA1, alg.MGF1SHA256, alg.MGF1SHA384, alg.MGF1SHA512}
	read := func(tr alg.Transport, suite alg.Suite) {
		t.Helper()
		key, err := alg.Suite("").NewSessionKey()
		if err != nil {
			t.Fatal(err)
		}
		ct, err := suite.EncryptKey(tr, service().public(t), key.Secret())
		if err != nil {
			t.Fatal(err)
		}
		var d, ek xmltree.Builder
		if err := xmlenc.Seal(&d, []byte(`<o:Get xmlns:o="urn:orders">hidden-body</o:Get>`), xmlenc.Content, "ed", key, nil, ""); err != nil {
			t.Fatal(err)
		}
		ek.Start(xmltree.XENC, "EncryptedKey")
		ek.Start(xmltree.XENC, "EncryptionMethod")
		ek.Attr("", "Algorithm", tr.URI)
		if tr.DigestURI != "" {
			ek.Start(xmltree.DS, "DigestMethod")
			ek.Attr("", "Algorithm", tr.DigestURI)
			ek.End()
		}
		if tr.MGFURI != "" {
			ek.Start(xmltree.XENC11, "MGF")
			ek.Attr("", "Algorithm", tr.MGFURI)
			ek.End()
		}
		ek.End()
		ek.Start(xmltree.XENC, "CipherData")
		ek.Start(xmltree.XENC, "CipherValue")
		ek.Base64(ct)
		ek.End()
		ek.End()
		ek.Raw(referenceList([]string{"ed"}))
		ek.End()
		out := protected()
		out.Body = d.Bytes()
		msg, _, err := Protect(out, Options{Suite: suite, Tokens: []Token{user()}}, now)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := receive(t, swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek.Bytes()...)), reader(t), Policy{TLS: true, Suite: suite}, now, 0)
		if err != nil || !bodyIs("hidden-body")(ev) || ev.Body.Encrypted() == nil {
			t.Fatalf("%+v: %v", tr, err)
		}
	}
	for _, d := range digests {
		read(alg.Transport{URI: alg.RSAOAEP, DigestURI: d}, "")
		for _, m := range masks {
			read(alg.Transport{URI: alg.RSAOAEP1, DigestURI: d, MGFURI: m}, "")
		}
	}
	read(alg.Transport{URI: alg.RSA15}, alg.Legacy)
	msg := write(t, alg.Basic256Rsa15, Protection{Sign: BodyTimestamp, Encrypt: 0, Recipient: service().cert, Symmetric: true}, user())
	if _, err := receive(t, msg, reader(t), Policy{Suite: alg.Basic256Rsa15}, now, 0); err != nil {
		t.Errorf("RSA 1.5 by name: %v", err)
	}
	_, err := receive(t, msg, reader(t), Policy{}, now, 0)
	wantClass(t, err, ClassAlgorithm)
}

// A key that is wrapped under a security context's is as good as that.
func TestKeyWrappedUnderAContext(t *testing.T) {
	key, err := alg.Suite("").NewSessionKey()
	if err != nil {
		t.Fatal(err)
	}
	str := contextUnsent(t).Attached
	var ek xmltree.Builder
	if err := xmlenc.SealKey(&ek, key, "", secret(t), keyInfoWith(str), nil, ""); err != nil {
		t.Fatal(err)
	}
	named := withAttributes(ek.Bytes(), ` xmlns:wsu="`+xmltree.WSU+`" wsu:Id="wrapped"`)
	p := Protection{Sign: BodyTimestamp, Encrypt: PartBody, Derived: Derived13}
	msg := write(t, "", p, Issued{XML: named, Key: key})
	ev, err := receive(t, msg, reader(t), Policy{}, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	if ev.Context == nil || ev.Context.ID != "urn:ctx" || ev.Signers[0].Made {
		t.Errorf("context %v", ev.Context)
	}
}

// References by the digest of an EncryptedKey and of a Kerberos ticket ask for
// keys by these names.
func TestKeysByDigest(t *testing.T) {
	for kind, typ := range map[KeyKind]string{KeyEncrypted: typeEncryptedKeySHA1, KeyKerberos: typeKerberosSHA1} {
		var b xmltree.Builder
		b.Start(xmltree.WSSE, "SecurityTokenReference")
		writeKeyIdentifier(&b, typ, []byte("twenty octets of SHA"))
		b.End()
		for _, d := range []Derivation{NotDerived, Derived13, Implied13} {
			msg := write(t, "", Protection{Sign: BodyTimestamp, Encrypt: PartBody | PartSignature, Derived: d}, Issued{Key: secret(t), Unsent: true, Attached: b.Bytes()})
			l := reader(t)
			_, err := receive(t, msg, l, Policy{}, now, 0)
			wantClass(t, err, ClassTrust)
			l.contexts["twenty octets of SHA"] = secret(t)
			ev, err := receive(t, msg, l, Policy{}, now, 0)
			if err != nil {
				t.Fatal(err)
			}
			if ref := ev.Signers[0].Ref; ref.Kind != kind || ref.ID != "twenty octets of SHA" || !strings.Contains(ref.String(), "digest") {
				t.Errorf("%v", ref)
			}
		}
	}
}
