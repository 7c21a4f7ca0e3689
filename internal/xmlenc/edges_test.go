package xmlenc

import (
	"errors"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// What is written is what was asked for, and nothing else.
func TestSealWrites(t *testing.T) {
	session := secretKey(t, 32)
	for _, c := range []struct{ typ, id, cipher, want string }{
		{"", "", "", `<xenc:EncryptedData xmlns:xenc="` + xmltree.XENC + `"><xenc:EncryptionMethod Algorithm="` + alg.AES256GCM + `"/>`},
		{Element, "i", "", `<xenc:EncryptedData xmlns:xenc="` + xmltree.XENC + `" Id="i" Type="` + Element + `"><xenc:EncryptionMethod Algorithm="` + alg.AES256GCM + `"/>`},
		{Content, "", alg.AES256CBC, `<xenc:EncryptedData xmlns:xenc="` + xmltree.XENC + `" Type="` + Content + `"><xenc:EncryptionMethod Algorithm="` + alg.AES256CBC + `"/>`},
	} {
		suite := alg.Modern
		if c.cipher != "" {
			suite = alg.Basic256
		}
		out := built(t, func(b *xmltree.Builder) error {
			return SealBy(b, c.cipher, []byte("x"), c.typ, c.id, session, nil, suite)
		})
		if !strings.HasPrefix(out, c.want) {
			t.Errorf("%s, want %s", out, c.want)
		}
	}
	for name, err := range map[string]error{
		"a cipher that is not written": SealBy(new(xmltree.Builder), "urn:x", []byte("x"), "", "", session, nil, alg.Modern),
		"a suite that is none":         SealWith(new(xmltree.Builder), []byte("x"), "", "", publicKey(t), nil, "none"),
	} {
		if err == nil {
			t.Errorf("%s is written", name)
		}
	}
	// OAEP parameters go out and come back.
	params := alg.Transport{URI: alg.RSAOAEP, Params: []byte("params")}
	key := built(t, func(b *xmltree.Builder) error {
		return SealKeyBy(b, params, session, "", publicKey(t), nil, nil, alg.Basic256)
	})
	if !strings.Contains(key, `<xenc:OAEPparams>cGFyYW1z</xenc:OAEPparams>`) {
		t.Error(key)
	}
	back, err := OpenKey(parse(t, key), privateKey(t), alg.Basic256, 0)
	if err != nil || string(back.Secret()) != string(session.Secret()) {
		t.Errorf("%v", err)
	}
	if _, err := OpenKey(parse(t, strings.Replace(key, "cGFyYW1z", "cGFyYW1y", 1)), privateKey(t), alg.Basic256, 0); !errors.Is(err, alg.ErrDecrypt) {
		t.Errorf("other parameters: %v", err)
	}
}

// Keys of the wrong kind and of the wrong size.
func TestWrongKeys(t *testing.T) {
	session, kek := secretKey(t, 32), secretKey(t, 32)
	data := built(t, func(b *xmltree.Builder) error { return Seal(b, []byte("x"), "", "", session, nil, alg.Modern) })
	if _, err := Open(parse(t, data), privateKey(t), alg.Modern); !errors.Is(err, alg.ErrKey) || !strings.Contains(err.Error(), "for block cipher") {
		t.Errorf("an RSA key for a cipher: %v", err)
	}
	wrapped := built(t, func(b *xmltree.Builder) error { return SealKey(b, session, "", kek, nil, nil, alg.Modern) })
	if _, err := OpenKey(parse(t, wrapped), privateKey(t), alg.Modern, 32); !errors.Is(err, alg.ErrKey) || !strings.Contains(err.Error(), "for key wrap") {
		t.Errorf("an RSA key for a key wrap: %v", err)
	}
	for size, want := range map[int]error{0: nil, 32: nil, 16: alg.ErrDecrypt} {
		if _, err := OpenKey(parse(t, wrapped), kek, alg.Modern, size); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("size %d: %v", size, err)
		}
	}
	if _, err := OpenKey(parse(t, wrapped), secretKey(t, 16), alg.Modern, 32); err == nil || errors.Is(err, alg.ErrAlgorithm) {
		t.Errorf("a key of another size: %v", err)
	}
	if _, err := OpenKey(parse(t, wrapped), kek, "none", 32); !errors.Is(err, alg.ErrAlgorithm) {
		t.Errorf("a suite that is none: %v", err)
	}
	zeros := built(t, func(b *xmltree.Builder) error {
		out, err := alg.Modern.WrapKey(alg.WrapAES256, kek.Secret(), make([]byte, 32))
		b.Start(xmltree.XENC, "EncryptedKey")
		b.Start(xmltree.XENC, "EncryptionMethod")
		b.Attr("", "Algorithm", alg.WrapAES256)
		b.End()
		cipherData(b, out)
		b.End()
		return err
	})
	if k, err := OpenKey(parse(t, zeros), kek, alg.Modern, 32); !errors.Is(err, alg.ErrDecrypt) {
		t.Errorf("a key of zeros: %v, %v", k, err)
	}
}

// Attributes and key information that have no place, and some that have.
func TestReadEdges(t *testing.T) {
	session := secretKey(t, 32)
	data := built(t, func(b *xmltree.Builder) error {
		return Seal(b, []byte("x"), "", "", session, []byte(`<ds:KeyInfo xmlns:ds="`+xmltree.DS+`"><ds:KeyName>k</ds:KeyName></ds:KeyInfo>`), alg.Modern)
	})
	for change, ok := range map[[2]string]bool{
		{"<xenc:CipherData>", `<xenc:CipherData u:Id="i" xmlns:u="` + xmltree.WSU + `">`}:                     true,
		{"<xenc:CipherData>", `<xenc:CipherData Id="i">`}:                                                     false,
		{"<ds:KeyName>k</ds:KeyName>", `<x:DerivedKey xmlns:x="` + xmltree.XENC11 + `"/>`}:                    false,
		{"<ds:KeyName>k</ds:KeyName>", `<xenc:AgreementMethod/>`}:                                             false,
		{"<ds:KeyName>k</ds:KeyName>", `<d:KeyInfoReference xmlns:d="` + xmltree.DSIG11 + `"/>`}:              false,
		{"<ds:KeyName>k</ds:KeyName>", `<x:Other xmlns:x="urn:x"/>`}:                                          true,
		{alg.AES256GCM + `"/>`, alg.AES256GCM + `"><xenc:KeySize>256</xenc:KeySize></xenc:EncryptionMethod>`}: true,
		{alg.AES256GCM + `"/>`, alg.AES256GCM + `"><xenc:KeySize>x</xenc:KeySize></xenc:EncryptionMethod>`}:   false,
		{alg.AES256GCM + `"/>`, alg.AES256GCM + `"><xenc:KeySize>0</xenc:KeySize></xenc:EncryptionMethod>`}:   false,
		{alg.AES256GCM + `"/>`, alg.AES256GCM + `"><xenc:KeySize>128</xenc:KeySize></xenc:EncryptionMethod>`}: false,
	} {
		if !strings.Contains(data, change[0]) {
			t.Fatalf("no %s in %s", change[0], data)
		}
		e := parse(t, strings.Replace(data, change[0], change[1], 1))
		if _, err := Open(e, session, alg.Modern); (err == nil) != ok {
			t.Errorf("%s: %v", change[1], err)
		}
		if _, err := ReadData(e, alg.Modern, nil); (err == nil) != ok {
			t.Errorf("%s: read: %v", change[1], err)
		}
	}
	e := parse(t, `<r><e/></r>`)
	if got, err := ReadElement(e, []byte(" "), xmltree.Limits{}); !errors.Is(err, alg.ErrDecrypt) {
		t.Errorf("white space is %v", got.OK())
	}
}

// An EncryptedKey that does not open is a failure, also where a random key in
// its place happens to give something with good padding, as CBC does now and then.
func TestClosedKeyStaysClosed(t *testing.T) {
	sealed := built(t, func(b *xmltree.Builder) error {
		return SealWith(b, []byte("<plain/>"), Element, "", publicKey(t), nil, alg.Basic256)
	})
	value, err := CipherValue(find(parse(t, sealed), "EncryptedKey"))
	if err != nil {
		t.Fatal(err)
	}
	broken := append([]byte(nil), value...)
	broken[len(broken)-1] ^= 1
	e := parse(t, strings.Replace(sealed, encoded(value), encoded(broken), 1))
	key := privateKey(t)
	for range 150 {
		if _, err := OpenWith(e, key, alg.Basic256); err != alg.ErrDecrypt {
			t.Fatalf("%v", err)
		}
	}
	// What is not a matter of decryption has a place.
	data := built(t, func(b *xmltree.Builder) error { return Seal(b, []byte("x"), "", "", secretKey(t, 32), nil, alg.Modern) })
	if _, err := Open(parse(t, data), secretKey(t, 16), alg.Modern); !errors.Is(err, alg.ErrKey) || !strings.Contains(err.Error(), "/EncryptedData") {
		t.Errorf("a key of another size: %v", err)
	}
}
