package attack

import (
	"bytes"
	"fmt"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
)

// The cases of this file are about what a verifier takes for granted while it opens a
// message: whose signature it was, whose key, and for whom it decrypts.

// opened are those of the rows C6, C12 and T6.
func opened(w *world) (out []*attack) {
	for _, v := range versions {
		out = append(out, w.strangersCipher(v)...)
		out = append(out, w.lifted(v)...)
		out = append(out, w.swappedHolder(v)...)
	}
	return out
}

// w16opened are those of W16.
func w16opened(w *world) (out []*attack) {
	for _, v := range versions {
		out = append(out, w.borrowedValue(v))
	}
	return out
}

// toKey is key information that refers to something in the header.
func toKey(id string) string {
	return `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#` + id + `"/></wsse:SecurityTokenReference></ds:KeyInfo>`
}

// freshKey is a secret that somebody made.
func freshKey() alg.Key { return must(alg.Legacy.NewSessionKey()) }

// sealKey writes an EncryptedKey.
func sealKey(key alg.Key, id string, to alg.Key, keyInfo string, refs ...string) string {
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, key, id, to, []byte(keyInfo), refs, ""); err != nil {
		panic(err)
	}
	return string(b.Bytes())
}

// sealData writes an EncryptedData, with a cipher that authenticates or, by another
// suite, does not.
func sealData(s alg.Suite, plain, typ, id string, key alg.Key, keyInfo string) string {
	var b xmltree.Builder
	if err := xmlenc.Seal(&b, []byte(plain), typ, id, key, []byte(keyInfo), s); err != nil {
		panic(err)
	}
	return string(b.Bytes())
}

// byKey has a message signed by a key in the header, and not by a certificate.
func (f *file) byKey(key alg.Key, id string, more ...string) {
	f.cut(child(f.security(), "BinarySecurityToken"))
	f.resign(key.Secret(), func(h *handmade) {
		h.keyInfo = toKey(id)
		for _, name := range more {
			for _, e := range f.all("") {
				if hasID(e, "#"+name) {
					h.refs = append(h.refs, refTo(e))
				}
			}
		}
	})
}

// strangersCipher asks about what somebody else encrypted with a cipher that
// authenticates nothing, under a signature by a key that anybody can make.
func (w *world) strangersCipher(v soap.Version) (out []*attack) {
	key, made := freshKey(), freshKey()
	data := open([]byte(sealData(alg.Basic256, `<o:Get xmlns:o="urn:orders">another's</o:Get>`, xmlenc.Content, "ed", key, "")))
	good := text64(data.one("CipherValue"))
	for name, at := range map[string]int{"padding": len(good) - 17, "first-block": 20} {
		text := bytes.Clone(good)
		text[at] ^= 0x81
		changed := strings.Replace(string(data.src), b64(good), b64(text), 1)
		f := open(w.message(recipe{soap: v, signer: "x509", parts: everything, body: []byte(changed)}))
		f.before(f.signature(), sealKey(made, "made", w.service.public(), ""))
		f.after(f.signature(), sealKey(key, "ek", w.service.public(), "", "ed"))
		f.byKey(made, "made", "ek")
		a := w.octets("C6", "signed-by-anybody-"+name, v, f.src, dOpens|dOracle, wsse.ClassPolicy)
		a.forged, a.keys = "oracle", []any{made.Secret()}
		a.verifier = func(v *service.Verifier) { v.Suite = alg.Legacy }
		out = append(out, a)
	}
	return out
}

// lifted takes the encrypted token of a message that came without TLS, and puts it on
// one of the attacker's own, which he sends over TLS and need not sign.
func (w *world) lifted(v soap.Version) (out []*attack) {
	for _, signer := range []string{"user", "bearer"} {
		victim := open(w.message(recipe{soap: v, signer: signer, mod: func(_ *soap.Outgoing, o *wsse.Options) {
			o.Protection = &wsse.Protection{Sign: everything, Encrypt: wsse.PartToken, Recipient: w.service.cert, Symmetric: true}
		}}))
		data := string(child(victim.security(), "EncryptedData").Standalone())
		key := string(child(victim.security(), "EncryptedKey").Standalone())
		key = strings.Replace(key, "</xenc:EncryptedKey>", `<xenc:ReferenceList><xenc:DataReference URI="#`+id(child(victim.security(), "EncryptedData"))+`"/></xenc:ReferenceList></xenc:EncryptedKey>`, 1)
		f := open(w.message(recipe{soap: v, signer: "none", scope: evilScope}))
		f.into(f.security(), key+data)
		a := &attack{
			row: "C12", name: "token-from-the-wire-" + variant(v, signer), file: f.src, forged: "scope", off: dKnew, at: atServer, class: classes(wsse.ClassPolicy),
			exempt: "the point is that nothing is signed",
		}
		a.verifier = func(v *service.Verifier) { v.InsecurePlaintext = true } // so that there are such messages
		out = append(out, a)
	}
	return out
}

// swappedHolder holds up an assertion of the attacker's own, and then has another's
// come out of cipher text.
func (w *world) swappedHolder(v soap.Version) (out []*attack) {
	own, inner := freshKey(), freshKey()
	mine := w.assertion(saml.V20, w.symmetric(own, ""), func(b *saml.Build) { b.Subject.NameID = evilUser })
	heldUp := `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Embedded>` + string(mine) + `</wsse:Embedded></wsse:SecurityTokenReference></ds:KeyInfo>`
	for name, c := range map[string]saml.Confirmation{"public": w.holderOf(), "secret": w.symmetric(w.secret, "")} {
		f := open(w.message(recipe{soap: v, signer: "x509", parts: everything}))
		f.first(f.at("Header"), `<x:First xmlns:x="urn:x">`+sealData("", "opened first", xmlenc.Content, "ed-first", inner, "")+`</x:First>`)
		hidden := freshKey()
		f.before(f.signature(), sealKey(inner, "inner", own, heldUp, "ed-first")+sealKey(hidden, "ek", w.service.public(), "", "ed")+
			sealData("", string(w.assertion(saml.V20, c, nil)), xmlenc.Element, "ed", hidden, ""))
		f.byKey(inner, "inner")
		a := &attack{
			row: "T6", name: "holder-of-his-own-and-a-hidden-" + name + "-" + variant(v, ""), file: f.src, forged: "user", value: goodUser, off: dOneToken | dHolder, require: everything, at: atServer,
			class: classes(wsse.ClassWrapping),
		}
		a.proof = func() error {
			n, err := proven(w.decrypted(parse(f.src)), append(w.honest(), inner.Secret()))
			if err == nil && n != 3 {
				err = fmt.Errorf("%d signatures, not those of two assertions and a message", n)
			}
			return err
		}
		out = append(out, a)
	}
	return out
}

// borrowedValue has a signature that somebody made over Timestamp and To, and beside
// it another one by the same certificate that nobody made. All is laid out so that
// Timestamp and Body stand, once a header block has become shorter by decryption,
// where To and Timestamp stood before.
func (w *world) borrowedValue(v soap.Version) *attack {
	f := open(w.message(recipe{soap: v, signer: "rsa", parts: wsse.PartTimestamp | wsse.PartTo, mod: func(_ *soap.Outgoing, o *wsse.Options) {
		t := o.Tokens[0].(wsse.X509)
		t.Reference = wsse.RefX509v3
		o.Tokens[0] = t
	}}))
	f.swap(goodScope, evilScope)
	own := freshKey()
	block := func(name string) string {
		return `<x:` + name + ` xmlns:x="urn:x" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="` + name + `">` + sealData(alg.Basic256, "x", xmlenc.Content, "ed-"+name, own, toKey("ek")) + `</x:` + name + `>`
	}
	list := func(name string) string {
		return `<xenc:ReferenceList xmlns:xenc="` + xmltree.XENC + `"><xenc:DataReference URI="#ed-` + name + `"/></xenc:ReferenceList>`
	}
	to := f.cut(f.at("Header", "To"))
	bad := strings.Replace(string(f.signature().Standalone()), loose(f.one("SignatureValue")), b64(make([]byte, 256)), 1)
	first, second, ek := block("First"), block("Second"), sealKey(own, "ek", w.service.public(), "")
	pad, overFirst, overSecond := "", "", ""
	draft := func(bad string) *file {
		f := open(f.src)
		f.into(f.security(), ek+overFirst+list("First")+bad+overSecond+list("Second"))
		f.first(f.at("Header"), first+to+`<x:Pad xmlns:x="urn:x">`+pad+`</x:Pad>`+second)
		return f
	}
	sign := func(f *file, name string) string {
		h := handmade{key: own.Secret(), keyInfo: toKey("ek"), refs: []ref{refTo(child(f.security(), "Timestamp")), refTo(f.at("Header", name))}}
		return h.xml()
	}
	d := draft(bad)
	overFirst, overSecond = sign(d, "First"), sign(d, "Second")
	d = draft(bad)
	at := func(e xmltree.Elem) int { from, _ := e.Range(); return from }
	where := at(child(d.security(), "Timestamp"))
	far := at(d.at("Body")) - where
	pad = strings.Repeat("p", far-(where-at(d.at("Header", "To"))))
	shorter := far - (len(child(d.at("Header", "First"), "EncryptedData").Raw()) - len("x"))
	first = strings.Replace(first, "</xenc:CipherValue>", strings.Repeat(" ", shorter)+"</xenc:CipherValue>", 1)
	overFirst = sign(draft(bad), "First")
	a := w.octets("W16", "signed-in-another-form", v, draft(bad).src, dOwnValue, wsse.ClassSignature)
	a.require = wsse.PartBody | wsse.PartTimestamp
	a.verifier = func(v *service.Verifier) { v.Suite = alg.Legacy }
	a.proof = func() error { // of all but the one whose point is that it is none
		n, err := proven(draft("").doc, append(w.honest(), own.Secret()))
		if err == nil && n != 3 {
			err = fmt.Errorf("%d signatures", n)
		}
		return err
	}
	return a
}
