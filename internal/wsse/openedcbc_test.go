package wsse

import (
	"bytes"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// cbcBody is a message whose Body is encrypted with AES-CBC, with pieces in front of
// the key: signatures, if the cipher is to be opened.
func cbcBody(t testing.TB, data, key []byte, pieces func(msg []byte) [][]byte) []byte {
	t.Helper()
	out := protected()
	out.Body = data
	// The signature of the writer only makes the ids.
	msg, _, err := Protect(out, Options{Suite: alg.Basic256, Tokens: []Token{x509Token(rsaUser(), RefX509Data, BodyTimestamp)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	msg = swap(t, msg, `<ds:Signature .*?</ds:Signature>`, key)
	return behind(t, msg, endTimestamp, pieces(msg)...)
}

// referring is key information that refers to a token in the header.
func referring(id string) []byte {
	return keyInfoWith([]byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#` + id + `"/></wsse:SecurityTokenReference>`))
}

// overBody signs Body and Timestamp of such a message, and more.
func overBody(t testing.TB, msg []byte, by identity, keyInfo []byte, more ...string) []byte {
	t.Helper()
	ids := append(more, wsuIDOf(t, msg, `<s:Body.*?>`), stampID(t, msg))
	return signatureOver(t, msg, by.key, alg.Basic256, keyInfo, ids...)
}

// C6: before a cipher that authenticates nothing is opened, a signature is found to be
// good. Where one is not, the error is the signature's, and nothing was decrypted: the
// ciphertext here is not what was encrypted, and nobody learns it.
func TestNothingIsOpenedBehindABadSignature(t *testing.T) {
	_, ek, data := sealedFor(t, alg.Basic256, "x", `<o:Get xmlns:o="urn:orders">hidden</o:Get>`, xmlenc.Content)
	stranger := makeIdentity("stranger", 77, benchRSA())
	byRSA := xmldsig.X509KeyInfo(rsaUser().cert)
	sig := func(by identity, ki []byte, change func([]byte) []byte) func([]byte) [][]byte {
		return func(msg []byte) [][]byte { return [][]byte{change(overBody(t, msg, by, ki, "ek-x"))} }
	}
	asIs := func(s []byte) []byte { return s }
	// Anybody can make a key for the service, and sign with it what he found.
	made := freshKey(t)
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, made, "made", service().public(t), nil, nil, alg.Basic256); err != nil {
		t.Fatal(err)
	}
	toMade := referring("made")
	byMade := func(more ...string) func([]byte) [][]byte {
		return func(msg []byte) [][]byte {
			return [][]byte{b.Bytes(), overBody(t, msg, identity{key: made}, toMade, more...)}
		}
	}
	l := reader(t)
	l.contexts[sharedName] = secret(t)
	shared := sealedInCBC(t, `<o:Get xmlns:o="urn:orders">hidden</o:Get>`, secret(t), named(sharedName))
	for name, c := range map[string]struct {
		data, key []byte
		pieces    func(msg []byte) [][]byte
		want      Class
	}{
		"by a key that anybody can make":                      {data, ek, byMade("ek-x"), ClassPolicy},
		"by such a key, over what a key of ours was used for": {shared, nil, byMade(), ClassPolicy},
		"a good one":                     {data, ek, sig(rsaUser(), byRSA, asIs), ClassDecrypt},
		"none":                           {data, ek, func([]byte) [][]byte { return nil }, ClassPolicy},
		"by somebody who is not trusted": {data, ek, sig(stranger, xmldsig.X509KeyInfo(stranger.cert), asIs), ClassTrust},
		"with a wrong value": {data, ek, sig(rsaUser(), byRSA, func(s []byte) []byte {
			return swap(t, s, `<ds:SignatureValue>[^<]{8}`, []byte("<ds:SignatureValue>AAAAAAAA"))
		}), ClassSignature},
		"with two keys": {data, ek, sig(rsaUser(), byRSA, func(s []byte) []byte {
			return swap(t, s, `</ds:KeyInfo>`, append([]byte(`</ds:KeyInfo>`), byRSA...))
		}), ClassFormat},
		"whose key nobody can read": {data, ek, sig(rsaUser(), []byte(`<ds:KeyInfo xmlns:ds="`+xmltree.DS+`"/>`), asIs), ClassPolicy},
	} {
		_, err := receive(t, cbcBody(t, garbled(t, c.data), c.key, c.pieces), l, Policy{Suite: alg.Basic256, TLS: true}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A cipher that authenticates nothing is opened where a signature is over its octets
// and its key cannot be another one: because that is signed too, is the signer's, or is
// not the message's to choose. Signatures whose key is hidden are not asked.
func TestSignedCiphersAreOpened(t *testing.T) {
	const payload = `<o:Get xmlns:o="urn:orders">hidden</o:Get>`
	key, ek, data := sealedFor(t, alg.Basic256, "x", payload, xmlenc.Content)
	shared := sealedInCBC(t, payload, secret(t), named(sharedName))
	byRSA := xmldsig.X509KeyInfo(rsaUser().cert)
	// A second signature, by a certificate that is in the header as ciphertext.
	other := makeIdentity("other", 78, benchRSA())
	var token xmltree.Builder
	writeBST(&token, x509Token(other, RefDirect, 0), "hidden")
	toToken := referring("hidden")
	hidden := sealedWith(t, "ed-token", string(token.Bytes()), xmlenc.Element, secret(t), named(sharedName))
	l := reader(t)
	l.certs = append(l.certs, other.cert)
	l.contexts[sharedName] = secret(t)
	for name, c := range map[string]struct {
		data, key []byte
		pieces    func(msg []byte) [][]byte
		want      Class
	}{
		"data and key are signed":                 {data, ek, func(m []byte) [][]byte { return [][]byte{overBody(t, m, rsaUser(), byRSA, "ek-x")} }, 0},
		"the data alone":                          {data, ek, func(m []byte) [][]byte { return [][]byte{overBody(t, m, rsaUser(), byRSA)} }, ClassPolicy},
		"the data alone, by a key that both know": {data, ek, func(m []byte) [][]byte { return [][]byte{overBody(t, m, identity{key: secret(t)}, named(sharedName))} }, ClassPolicy},
		"the data, by its key": {data, ek, func(m []byte) [][]byte {
			return [][]byte{overBody(t, m, identity{key: key}, referring("ek-x"))}
		}, 0},
		"the data, under a known key": {shared, nil, func(m []byte) [][]byte { return [][]byte{overBody(t, m, rsaUser(), byRSA)} }, 0},
		"a hidden signer before": {data, append(bytes.Clone(ek), hidden...), func(m []byte) [][]byte {
			return [][]byte{overBody(t, m, other, toToken, "ek-x"), overBody(t, m, rsaUser(), byRSA, "ek-x")}
		}, 0},
	} {
		msg := cbcBody(t, c.data, c.key, c.pieces)
		ev, err := receive(t, msg, l, Policy{Suite: alg.Legacy, Anonymous: true}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && !bodyIs("hidden")(ev) {
			t.Errorf("%s: it is not open", name)
		}
	}
}

func sealedInCBC(t testing.TB, plain string, key alg.Key, info []byte) []byte {
	t.Helper()
	var b xmltree.Builder
	if err := xmlenc.Seal(&b, []byte(plain), xmlenc.Content, "ed-x", key, info, alg.Basic256); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// garbled is encrypted data with another last block.
func garbled(t testing.TB, data []byte) []byte {
	t.Helper()
	return swap(t, data, `[^<]{12}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`, []byte(`AAAAAAAAAAA=</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`))
}
