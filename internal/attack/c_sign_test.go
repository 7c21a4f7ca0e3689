package attack

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// signedEvil is a message about evilScope with a handmade signature.
func (w *world) signedEvil(row, name string, v soap.Version, signer string, key any, mod func(*handmade)) (*attack, *file) {
	f := open(w.message(recipe{soap: v, signer: signer, parts: everything}))
	f.swap(goodScope, evilScope)
	f.resign(key, mod)
	a := &attack{row: row, name: name + "-" + variant(v, signer), file: f.src, forged: "scope", require: everything, at: atServer}
	return a, f
}

// evilAssertion is about evilUser, with a handmade signature.
func (w *world) evilAssertion(key any, mod func(*handmade)) string {
	good := w.assertion(saml.V20, saml.Confirmation{Kind: saml.Bearer}, func(b *saml.Build) { b.Subject.NameID = evilUser })
	f := open(good)
	sig := f.at("Signature")
	h := handmade{key: key, keyInfo: string(child(sig, "KeyInfo").Standalone())}
	f.cut(sig)
	r := refTo(f.doc.Root())
	r.transforms = transform(enveloped) + transform(excC14N)
	h.refs = []ref{r}
	if mod != nil {
		mod(&h)
	}
	f.after(child(f.doc.Root(), "Issuer"), h.xml())
	return string(f.src)
}

// tokenCase presents an evil assertion as a bearer token.
func (w *world) tokenCase(row, name string, v soap.Version, token string) *attack {
	base := open(w.message(recipe{soap: v, signer: "bearer"}))
	base.swap(string(base.one("Assertion").Raw()), token)
	a := &attack{row: row, name: name + "-" + variant(v, "token"), file: base.src, doc: []byte(token), forged: "user", at: atServer | atSAML | atToken | atBehalf, plain: true}
	if v == soap.V11 {
		a.at = atServer
	}
	return a
}

// c1 and c2 are about secrets: cut short, and mistaken for public keys.
func c1c2(w *world) (out []*attack) {
	secret := w.secret.Secret()
	for _, v := range versions {
		for _, n := range []int{1, 8, 40, 80, 128, 160, 248} {
			a, _ := w.signedEvil("C1", fmt.Sprintf("bits-%d", n), v, "hok-sym", secret, func(h *handmade) {
				h.within = fmt.Sprintf(`<ds:HMACOutputLength>%d</ds:HMACOutputLength>`, n)
				h.value = func(p []byte) []byte { return signValue(alg.HMACSHA256, secret, p)[:(n+7)/8] }
			})
			a.off, a.class = dHMACLength, classes(wsse.ClassAlgorithm, wsse.ClassWrapping)
			a.exempt = "the point is a value that is cut short"
			out = append(out, a)
		}
		for _, signer := range []string{"x509", "rsa"} {
			cert := map[string]identity{"x509": w.client, "rsa": w.old}[signer].cert
			for how, octets := range publicFormsOf(cert) {
				a, _ := w.signedEvil("C2", how, v, signer, octets, nil)
				a.off, a.pick.octets, a.keys, a.class = dKeyKind, how, []any{octets}, classes(wsse.ClassAlgorithm)
				a.keys = append(a.keys, w.honest()...)
				out = append(out, a)
			}
		}
		for how, octets := range publicFormsOf(w.issuer.cert) {
			a := w.tokenCase("C2", how, v, w.evilAssertion(octets, nil))
			a.off, a.pick.octets, a.keys, a.class = dKeyKind, how, []any{octets}, classes(wsse.ClassAlgorithm)
			out = append(out, a)
		}
	}
	return out
}

// c3c4 bring the attacker's own key along, or tell where it is.
func c3c4(w *world) (out []*attack) {
	own := []any{w.stranger.cert.PublicKey}
	for _, v := range versions {
		for name, r := range map[string]wsse.Reference{"token": wsse.RefDirect, "embedded": wsse.RefEmbedded, "x509v3": wsse.RefX509v3, "key-value": wsse.RefKeyValue, "x509-data": wsse.RefX509Data} {
			src := w.message(recipe{soap: v, scope: evilScope, signer: "stranger", parts: everything, mod: func(_ *soap.Outgoing, o *wsse.Options) {
				t := o.Tokens[0].(wsse.X509)
				t.Reference = r
				o.Tokens[0] = t
			}})
			out = append(out, &attack{row: "C3", name: name + "-" + variant(v, "stranger"), file: src, forged: "scope", off: dTrust, keys: own, require: everything, at: atServer, class: classes(wsse.ClassTrust)})
		}
		a := w.tokenCase("C3", "issuer-certificate", v, w.evilAssertion(w.stranger.signer, func(h *handmade) { h.keyInfo = x509KeyInfo(w.stranger) }))
		a.off, a.keys, a.class = dTrust, own, classes(wsse.ClassTrust)
		out = append(out, a)
		pub := must(w.stranger.signer.Public().(*ecdsa.PublicKey).Bytes())
		a = w.tokenCase("C3", "issuer-key-value", v, w.evilAssertion(w.stranger.signer, func(h *handmade) {
			h.keyInfo = `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><ds:KeyValue><dsig11:ECKeyValue xmlns:dsig11="` + xmltree.DSIG11 +
				`"><dsig11:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><dsig11:PublicKey>` + b64(pub) + `</dsig11:PublicKey></dsig11:ECKeyValue></ds:KeyValue></ds:KeyInfo>`
		}))
		a.off, a.keys, a.class = dTrust, own, classes(wsse.ClassTrust)
		out = append(out, a)
		out = append(out, &attack{row: "C3", name: "answer-" + variant(v, "stranger"), forged: "scope", off: dTrust, keys: own, require: everything, at: atClient, class: classes(wsse.ClassTrust), answer: func(id string) []byte {
			return w.message(recipe{soap: v, signer: "stranger", parts: everything, answer: id, body: []byte(`<o:Answer xmlns:o="urn:orders"><o:Address>` + evilScope + `</o:Address></o:Answer>`)})
		}})

		key := string(w.stranger.cert.Raw)
		for name, uri := range map[string]string{"http": "http://evil.example.com/cert", "file": "file:///tmp/cert", "fragment": "#elsewhere", "inside-object": "#in-object", "relative": "cert.der"} {
			for _, element := range []string{"RetrievalMethod", "KeyInfoReference"} {
				ki := `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><ds:RetrievalMethod Type="http://www.w3.org/2000/09/xmldsig#rawX509Certificate" URI="` + uri + `"/></ds:KeyInfo>`
				if element == "KeyInfoReference" {
					ki = `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><dsig11:KeyInfoReference xmlns:dsig11="` + xmltree.DSIG11 + `" URI="` + uri + `"/></ds:KeyInfo>`
				}
				a, f := w.signedEvil("C4", strings.ToLower(element)+"-"+name, v, "x509", w.stranger.signer, func(h *handmade) {
					h.keyInfo = ki
					if name == "inside-object" {
						h.tail = `<ds:Object Id="in-object">` + x509KeyInfo(w.stranger) + `</ds:Object>`
					}
				})
				if name == "fragment" {
					f.into(f.at("Header"), `<x:Keys xmlns:x="urn:x" xmlns:wsu="`+xmltree.WSU+`" wsu:Id="elsewhere">`+x509KeyInfo(w.stranger)+`</x:Keys>`)
					a.file = f.src
				}
				a.off, a.keys, a.class = dRetrieval|dTrust, own, classes(wsse.ClassAlgorithm)
				a.fetch = map[string][]byte{uri: []byte(key)}
				out = append(out, a)
			}
		}
	}
	return out
}

// c5 uses what is broken. The attacker is whoever has broken it.
func c5(w *world) (out []*attack) {
	small := newIdentity(newRSA(1024), "test small client", 20, &w.ca, nil)
	for _, v := range versions {
		add := func(a *attack, _ *file) {
			out = append(out, a)
			a.off, a.class = dAlgorithms, classes(wsse.ClassAlgorithm)
		}
		for name, m := range map[string]string{"rsa-sha1": alg.RSASHA1, "rsa-md5": rsaMD5} {
			add(w.signedEvil("C5", name, v, "rsa", w.old.signer, func(h *handmade) { h.method = m }))
		}
		add(w.signedEvil("C5", "ecdsa-sha1", v, "x509", w.client.signer, func(h *handmade) { h.method = alg.ECDSASHA1 }))
		add(w.signedEvil("C5", "hmac-sha1", v, "hok-sym", w.secret.Secret(), func(h *handmade) { h.method = alg.HMACSHA1 }))
		for name, m := range map[string]string{"digest-sha1": alg.DigestSHA1, "digest-md5": digestMD5} {
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything}))
			f.swap(goodScope, evilScope)
			f.resign(w.client.signer, func(h *handmade) {
				for i := range h.refs {
					for _, e := range f.all("") {
						if hasID(e, h.refs[i].uri) {
							h.refs[i].method, h.refs[i].digest = m, must(digest(m, must(canon(e, excC14N, nil, xmltree.Elem{}))))
						}
					}
				}
			})
			add(&attack{row: "C5", name: name + "-" + variant(v, "x509"), file: f.src, forged: "scope", require: everything, at: atServer}, nil)
		}
		a, _ := w.signedEvil("C5", "dsa-sha1", v, "x509", w.client.signer, func(h *handmade) {
			h.method = "http://www.w3.org/2000/09/xmldsig#dsa-sha1"
			h.value = func([]byte) []byte { return make([]byte, 40) }
		})
		add(a, nil)
		a.off |= dValue
		a.off &^= dAlgorithms
		a.exempt = "nothing here can make a DSA signature"
		f := open(w.message(recipe{soap: v, signer: "rsa", parts: everything, scope: evilScope}))
		f.text(child(f.security(), "BinarySecurityToken"), b64(small.cert.Raw))
		f.resign(small.signer, nil)
		a = &attack{row: "C5", name: "rsa-1024-" + variant(v, "rsa"), file: f.src, forged: "scope", require: everything, at: atServer, keys: []any{small.cert.PublicKey}}
		add(a, nil)
	}
	return out
}

// c10 writes signature values in other forms.
func c10(w *world) (out []*attack) {
	type form struct {
		name, signer string
		key          crypto.Signer
		do           func(value []byte) []byte
	}
	n := w.client.signer.(*ecdsa.PrivateKey).Params().N
	modulus := w.old.signer.(*rsa.PrivateKey).N
	half := func(v []byte, i int) *big.Int { return new(big.Int).SetBytes(v[32*i : 32*i+32]) }
	for _, v := range versions {
		for _, f := range []form{
			{"der", "x509", w.client.signer, func(x []byte) []byte {
				return must(asn1.Marshal(struct{ R, S *big.Int }{half(x, 0), half(x, 1)}))
			}},
			{"r-plus-order", "x509", w.client.signer, func(x []byte) []byte {
				return append(new(big.Int).Add(half(x, 0), n).FillBytes(make([]byte, 33)), half(x, 1).FillBytes(make([]byte, 33))...)
			}},
			{"s-plus-order", "x509", w.client.signer, func(x []byte) []byte {
				return append(half(x, 0).FillBytes(make([]byte, 33)), new(big.Int).Add(half(x, 1), n).FillBytes(make([]byte, 33))...)
			}},
			{"padded-halves", "x509", w.client.signer, func(x []byte) []byte {
				return append(half(x, 0).FillBytes(make([]byte, 40)), half(x, 1).FillBytes(make([]byte, 40))...)
			}},
			{"leading-zeros", "rsa", w.old.signer, func(x []byte) []byte { return append(make([]byte, 2), x...) }},
			{"plus-modulus", "rsa", w.old.signer, func(x []byte) []byte {
				return new(big.Int).Add(new(big.Int).SetBytes(x), modulus).FillBytes(make([]byte, len(x)+1))
			}},
		} {
			a, _ := w.signedEvil("C10", f.name, v, f.signer, f.key, func(h *handmade) {
				h.value = func(p []byte) []byte { return f.do(signValue(methodFor(f.key), f.key, p)) }
			})
			a.off, a.class, a.exempt = dEncodings, classes(wsse.ClassSignature), "the point is the form of the value"
			out = append(out, a)
		}
	}
	return out
}

// c14 has certificates that no path leads to.
func c14(w *world) (out []*attack) {
	usage := func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }
	lookalike := newIdentity(newEC(), "test CA", 1, nil, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	limited := newIdentity(newEC(), "test limited CA", 30, &w.ca, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"good.example.com"}
	})
	key := newEC()
	for name, i := range map[string]identity{
		"expired": newIdentity(key, "evil expired", 21, &w.ca, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		}),
		"not-yet":       newIdentity(key, "evil early", 22, &w.ca, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(30 * time.Minute) }),
		"lookalike-ca":  newIdentity(key, "evil lookalike", 23, &lookalike, nil),
		"leaf-as-ca":    newIdentity(key, "evil child", 24, &w.client, nil),
		"not-to-sign":   newIdentity(key, "evil usage", 25, &w.ca, usage),
		"outside-names": newIdentity(key, "evil names", 26, &limited, func(c *x509.Certificate) { c.DNSNames = []string{"evil.example.com"} }),
		"self-as-client": newIdentity(key, "evil test client", 2, nil, func(c *x509.Certificate) {
			c.Issuer = w.ca.cert.Subject
			c.Subject = pkix.Name{CommonName: "evil test"}
		}),
	} {
		for _, v := range versions {
			for _, chain := range []bool{false, true} {
				if chain && name != "leaf-as-ca" && name != "lookalike-ca" && name != "outside-names" {
					continue
				}
				src := w.message(recipe{soap: v, scope: evilScope, signer: "stranger", parts: everything, mod: func(_ *soap.Outgoing, o *wsse.Options) {
					x := w.x509(i, everything)
					if chain {
						x.Reference, x.Chain = wsse.RefX509Data, true
						x.Certificates = append(x.Certificates, map[string]*x509.Certificate{"leaf-as-ca": w.client.cert, "lookalike-ca": lookalike.cert, "outside-names": limited.cert}[name])
					}
					o.Tokens = []wsse.Token{x}
				}})
				full := name
				if chain {
					full += "-with-chain"
				}
				out = append(out, &attack{row: "C14", name: full + "-" + variant(v, ""), file: src, forged: "user", off: dPath, keys: []any{key.Public()}, require: everything, at: atServer, class: classes(wsse.ClassTrust)})
			}
		}
	}
	return out
}

// c15 has selectors that two certificates fit.
func c15(w *world) (out []*attack) {
	twin := newIdentity(newEC(), "test issuer", 4, &w.ca, nil) // same name, serial and identifier
	trusted := []*x509.Certificate{w.issuer.cert, twin.cert}
	for name, data := range map[string]string{
		"ski":           `<ds:X509SKI>` + b64([]byte("test issuer")) + `</ds:X509SKI>`,
		"issuer-serial": `<ds:X509IssuerSerial><ds:X509IssuerName>CN=test CA</ds:X509IssuerName><ds:X509SerialNumber>4</ds:X509SerialNumber></ds:X509IssuerSerial>`,
		"subject":       `<ds:X509SubjectName>CN=test issuer</ds:X509SubjectName>`,
	} {
		doc := []byte(w.evilAssertion(w.issuer.signer, func(h *handmade) {
			h.keyInfo = `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><ds:X509Data>` + data + `</ds:X509Data></ds:KeyInfo>`
		}))
		out = append(out, &attack{row: "C15", name: name, doc: doc, forged: "user", off: dOneMatch, class: classes(wsse.ClassTrust), custom: func(*world) (string, error) {
			a, err := saml.Verify(doc, trusted, "", saml.Checks{Now: time.Now(), Audiences: []string{serviceURL}})
			if a != nil {
				return a.Subject.NameID, nil
			}
			return "", err
		}})
	}
	return out
}

// c16 signs with nothing.
func c16(w *world) (out []*attack) {
	for _, v := range versions {
		for name, c := range map[string]struct {
			signer string
			key    any
			value  []byte
			off    defence
			class  []wsse.Class
		}{
			"r-and-s-zero": {"x509", w.client.signer, make([]byte, 64), dEncodings, classes(wsse.ClassSignature)},
			"empty-hmac":   {"hok-sym", w.secret.Secret(), []byte{}, dEncodings, classes(wsse.ClassFormat, wsse.ClassSignature)},
			"r-zero-der":   {"x509", w.client.signer, must(asn1.Marshal(struct{ R, S *big.Int }{new(big.Int), new(big.Int)})), dEncodings, classes(wsse.ClassSignature)},
			"order-twice":  {"x509", w.client.signer, bytes.Repeat(w.client.signer.(*ecdsa.PrivateKey).Params().N.Bytes(), 2), dEncodings, classes(wsse.ClassSignature)},
		} {
			a, _ := w.signedEvil("C16", name, v, c.signer, c.key, func(h *handmade) { h.value = func([]byte) []byte { return c.value } })
			a.off, a.class, a.exempt = c.off, c.class, "the point is a value that is none"
			out = append(out, a)
		}
		out = append(out, w.zeroKey(v))
	}
	return out
}

// zeroKey is the key that an issuer makes of no entropy, or that was wiped before
// it was sent: 32 octets of zeros, which everybody knows.
func (w *world) zeroKey(v soap.Version) *attack {
	zero := make([]byte, 32)
	own := w.symmetric(w.secret, "")
	ek := open(own.EncryptedKey)
	pub := &w.service.signer.(*rsa.PrivateKey).PublicKey
	ek.text(ek.one("CipherValue"), b64(must(rsa.EncryptOAEPWithOptions(rand.Reader, pub, zero, oaep))))
	own.EncryptedKey = ek.src
	f := open(w.message(recipe{soap: v, signer: "hok-sym", parts: everything, token: w.assertion(saml.V20, own, nil)}))
	f.swap(goodScope, evilScope)
	f.resign(zero, nil)
	return &attack{
		row: "C16", name: "zero-hmac-key-" + variant(v, "hok-sym"), file: f.src, forged: "scope", require: everything, at: atServer,
		off: dZeroKey, class: classes(wsse.ClassDecrypt), keys: append(w.honest(), zero),
	}
}

// oaep is the key transport that we write.
var oaep = &rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA256}

// c17 names canonical forms that nobody should take.
func c17(w *world) (out []*attack) {
	for _, v := range versions {
		for name, uri := range map[string]string{"unknown": "urn:c14n", "empty": "", "xslt": "http://www.w3.org/TR/1999/REC-xslt-19991116", "minimal": "http://www.w3.org/2000/09/xmldsig#minimal", "base64": "http://www.w3.org/2000/09/xmldsig#base64"} {
			a, _ := w.signedEvil("C17", name, v, "x509", w.client.signer, func(h *handmade) {
				h.canon = uri
				if uri == "" {
					h.canon = "urn:"
				}
				h.value = func([]byte) []byte { return signValue(methodFor(h.key), h.key, nil) }
			})
			a.off, a.class, a.exempt = dAlgorithms, classes(wsse.ClassAlgorithm), "the point is a signature over what the form leaves: nothing"
			out = append(out, a)
		}
	}
	return out
}
