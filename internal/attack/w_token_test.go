package attack

import (
	"fmt"
	"regexp"
	"strings"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// w15 signs one token and uses another.
func w15(w *world) (out []*attack) {
	// The attacker's certificate for the victim's key, by an authority that
	// does not ask for a proof.
	misissued := newIdentity(w.client.signer, "evil namesake", 99, &w.ca, nil)
	bst := func(f *file) string { return string(child(f.security(), "BinarySecurityToken").Standalone()) }
	other := func(f *file) string {
		return regexp.MustCompile(`>[^<]*<`).ReplaceAllString(strings.Replace(bst(f), id(child(f.security(), "BinarySecurityToken")), "other-token", 1), ">"+b64(misissued.cert.Raw)+"<")
	}
	useOther := func(f *file) {
		f.swap(`URI="#`+id(child(f.security(), "BinarySecurityToken"))+`" ValueType`, `URI="#other-token" ValueType`)
	}
	for _, v := range versions {
		for _, c := range []struct {
			name  string
			do    func(f *file)
			off   defence
			class []wsse.Class
		}{
			{"certificate-in-front", func(f *file) { x := other(f); useOther(f); f.before(child(f.security(), "BinarySecurityToken"), x) }, dTokenUsed, classes(wsse.ClassWrapping, wsse.ClassPolicy)},
			{"certificate-behind", func(f *file) { x := other(f); useOther(f); f.into(f.security(), x) }, dTokenUsed, classes(wsse.ClassWrapping, wsse.ClassPolicy)},
			{"certificate-in-wrapper", func(f *file) { x := other(f); useOther(f); f.into(f.at("Header"), wrapper(x)) }, dOwnHeader | dTokenUsed, classes(wsse.ClassWrapping)},
			{"certificate-in-other-security", func(f *file) { x := other(f); useOther(f); f.into(f.at("Header"), f.otherSecurity(x)) }, dOwnHeader | dTokenUsed, classes(wsse.ClassWrapping)},
			{"certificate-in-object", func(f *file) {
				x := other(f)
				useOther(f)
				f.into(f.signature(), `<ds:Object xmlns:ds="`+xmltree.DS+`">`+x+`</ds:Object>`)
			}, dOwnHeader | dTokenUsed, classes(wsse.ClassWrapping)},
		} {
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything | wsse.PartToken}))
			c.do(f)
			a := &attack{row: "W15", name: c.name + "-" + variant(v, "x509"), file: f.src, forged: "user", off: c.off, require: everything, at: atServer, class: c.class}
			out = append(out, a)
		}
		for _, p := range places {
			if p.name == "inside-body" {
				continue // which is signed
			}
			// The reference is not signed, so it may lead to the same octets elsewhere.
			f := open(w.message(recipe{soap: v, signer: "hok-str", parts: everything | wsse.PartToken}))
			good := string(f.one("Assertion").Raw())
			evil := open([]byte(good))
			evil.cut(evil.at("Signature"))
			f.swap(good, strings.ReplaceAll(string(evil.src), goodUser, evilUser))
			p.put(f, good)
			a := &attack{
				row: "W15", name: "original-" + p.name + "-" + variant(v, "hok-str"), file: f.src, forged: "user", require: everything, at: atServer, class: classes(wsse.ClassWrapping),
				off: dOneToken | dOwnSig | dUniqueIDs | dOwnHeader | dPlace,
			}
			a.pick.lastToken = strings.Index(string(f.src), good) < strings.Index(string(f.src), ">"+evilUser+"<")
			a.pick.lastID = !a.pick.lastToken
			out = append(out, a)
		}
		out = append(out, w.copied(v, misissued)...)
	}
	return out
}

// copied has the signature a second time, by another certificate for its key. The
// one that both copies sign is used by one of them.
func (w *world) copied(v soap.Version, other identity) (out []*attack) {
	for _, how := range []string{"token", "key-information"} {
		for _, first := range []bool{true, false} {
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything | wsse.PartToken}))
			token := child(f.security(), "BinarySecurityToken")
			sig, name := string(f.signature().Standalone()), id(token)
			evil := strings.Replace(strings.Replace(string(token.Standalone()), name, "other-token", 1), loose(token), b64(other.cert.Raw), 1)
			again := strings.Replace(sig, `URI="#`+name+`" ValueType`, `URI="#other-token" ValueType`, 1)
			if how == "key-information" {
				evil, again = "", regexp.MustCompile(`<ds:KeyInfo.*</ds:KeyInfo>`).ReplaceAllString(sig, x509KeyInfo(other))
			}
			where := "behind"
			if first {
				where = "in-front"
				f.before(f.signature(), evil+again)
			} else {
				f.after(f.signature(), evil+again)
			}
			a := &attack{
				row: "W15", name: "signature-again-by-" + how + "-" + where + "-" + variant(v, "x509"), file: f.src, forged: "user", off: dTokenUsed, require: everything, at: atServer,
				class: classes(wsse.ClassWrapping),
			}
			a.pick.firstSigner = first
			out = append(out, a)
		}
	}
	return out
}

// sealAssertion writes an EncryptedAssertion of any plaintext for the service.
func (w *world) sealAssertion(plain, typ string) string {
	var b xmltree.Builder
	b.Start(xmltree.SAML20, "EncryptedAssertion")
	if err := xmlenc.SealWith(&b, []byte(plain), typ, "", w.service.public(), nil, ""); err != nil {
		panic(err)
	}
	b.End()
	return string(b.Bytes())
}

// encryptedAttack puts an EncryptedAssertion of a plaintext in the place of the
// token.
func (w *world) encryptedAttack(row, name string, v soap.Version, plain string) *attack {
	return w.sealedAttack(row, name, v, w.sealAssertion(plain, xmlenc.Element), plain)
}

func (w *world) sealedAttack(row, name string, v soap.Version, sealed, plain string) *attack {
	base := open(w.message(recipe{soap: v, signer: "bearer"}))
	base.swap(string(base.one("Assertion").Raw()), sealed)
	a := &attack{row: row, name: name + "-" + variant(v, ""), file: base.src, forged: "user", at: atServer, plain: true}
	a.proof = func() error {
		n, err := proven(parse([]byte("<p>"+plain+"</p>")), w.honest())
		if err == nil && n == 0 {
			err = fmt.Errorf("nothing is signed")
		}
		return err
	}
	return a
}

// w16 hides the structure behind encryption.
func w16(w *world) (out []*attack) {
	two := dOneToken | dOwnSig
	for _, v := range versions {
		good, evil, sig := w.pieces(saml.V20)
		bare := strings.Replace(good, sig, "", 1)
		add := func(a *attack, off defence, class ...wsse.Class) { a.off, a.class = off, class; out = append(out, a) }
		add(w.encryptedAttack("W16", "around", v, inAssertion(evil, "", good)), two, wsse.ClassSignature)
		add(w.encryptedAttack("W16", "in-advice", v, advice(evil, good)), two, wsse.ClassSignature)
		add(w.encryptedAttack("W16", "in-object", v, inAssertion(evil, "Subject", intoSignature(sig, "object", bare))), two, wsse.ClassWrapping)
		add(w.encryptedAttack("W16", "two-roots", v, evil+good), two, wsse.ClassDecrypt)
		a := w.encryptedAttack("W16", "two-roots-evil-last", v, good+evil)
		a.pick.lastToken = true
		add(a, two, wsse.ClassDecrypt)
		// A token of the attacker's own, whose identifier something else has.
		mine := string(w.assertion(saml.V20, saml.Confirmation{Kind: saml.Bearer}, func(b *saml.Build) { b.Subject.NameID = evilUser }))
		for _, p := range places {
			if p.name == "object" {
				continue
			}
			a := w.encryptedAttack("W16", "same-id-"+p.name, v, mine)
			f := open(a.file)
			p.put(f, `<x:Other xmlns:x="urn:x" xmlns:wsu="`+xmltree.WSU+`" wsu:Id="`+id(parse([]byte(mine)).Root())+`"/>`)
			a.file = f.src
			add(a, dUniqueIDs, wsse.ClassWrapping)
		}
		a = w.encryptedAttack("W16", "beside-a-plain-one", v, good)
		f := open(a.file)
		f.into(f.security(), evil)
		a.file, a.pick.lastToken = f.src, true
		add(a, dSigned, wsse.ClassWrapping)
	}
	return out
}

// w18 takes signatures away.
func w18(w *world) (out []*attack) {
	out = append(out, expandTokens(w, "W18",
		assertionAttack{
			name: "stripped", off: dSigned, class: classes(wsse.ClassSignature), build: func(_, evil, _ string) string { return evil },
			also: func(a *attack) { a.exempt = "the point is that there is no signature" },
		},
		assertionAttack{name: "beside-a-signed-response", off: dOneToken | dOwnSig, pick: pick{lastToken: true}, class: classes(wsse.ClassPolicy, wsse.ClassFormat, wsse.ClassProtocol), build: func(good, evil, sig string) string {
			whole, _ := w.signedResponse(strings.Replace(good, sig, "", 1))
			return whole + evil
		}},
	)...)
	for _, v := range versions {
		for _, signer := range []string{"x509", "hok", "hok11", "hok-sym"} {
			f := open(w.message(recipe{soap: v, signer: signer, parts: everything}))
			f.cut(f.signature())
			f.swap(goodScope, evilScope)
			a := &attack{
				row: "W18", name: "message-stripped-" + variant(v, signer), file: f.src, forged: "scope", off: dRequired | dNamed, require: everything, at: atServer,
				class: classes(wsse.ClassPolicy), exempt: "the point is that there is no signature",
			}
			if signer == "x509" {
				a.off |= dSigned
			} else {
				a.off |= dHolder
			}
			out = append(out, a)

			f = open(w.message(recipe{soap: v, signer: signer, parts: everything}))
			f.cut(f.security())
			f.swap(goodScope, evilScope)
			out = append(out, &attack{
				row: "W18", name: "header-stripped-" + variant(v, signer), file: f.src, forged: "scope", off: dRequired | dNamed | dSigned | dFresh, require: everything, at: atServer,
				class: classes(wsse.ClassPolicy), exempt: "the point is that there is no signature",
			})
		}
	}
	return out
}

// w29 moves the enveloped signature deeper, together with something that goes
// when the transform takes too much.
func w29(w *world) []*attack {
	deep := func(name string, wrap func(sig string) string, before string) assertionAttack {
		return assertionAttack{name: name, off: dEnveloped | dOwnSig, class: classes(wsse.ClassSignature), build: func(good, _, sig string) string {
			bare := strings.Replace(good, sig, "", 1)
			ns := xmltree.SAML20
			if strings.Contains(good, xmltree.SAML11) {
				ns = xmltree.SAML11
			}
			if ns == xmltree.SAML11 && before == "Subject" {
				before = "Conditions"
			}
			return inAssertion(bare, before, strings.ReplaceAll(wrap(sig), "{ns}", ns))
		}, also: func(a *attack) {
			a.proof = func() error { return w.proofOfDepth(a) }
		}}
	}
	name := `<saml:NameID xmlns:saml="{ns}">evil</saml:NameID><saml:NameIdentifier xmlns:saml="{ns}">evil</saml:NameIdentifier>`
	return expandTokens(w, "W29",
		deep("in-subject", func(sig string) string {
			return `<saml:Subject xmlns:saml="{ns}">` + name + sig + `</saml:Subject>`
		}, "Subject"),
		deep("in-advice", func(sig string) string { return `<saml:Advice xmlns:saml="{ns}">` + name + sig + `</saml:Advice>` }, "Subject"),
		deep("in-statement", func(sig string) string {
			return `<saml:AttributeStatement xmlns:saml="{ns}"><saml:Subject>` + name + `</saml:Subject>` + sig + `</saml:AttributeStatement>`
		}, "Subject"),
		deep("deep", func(sig string) string {
			return `<saml:Statement xmlns:saml="{ns}">` + name + `<saml:x><saml:y>` + sig + `</saml:y></saml:x></saml:Statement>`
		}, "Subject"),
		deep("in-foreign", func(sig string) string { return `<x:Extension xmlns:x="urn:x">` + name + sig + `</x:Extension>` }, "Subject"),
		deep("in-object", func(sig string) string {
			return `<ds:Object xmlns:ds="` + xmltree.DS + `">` + name + sig + `</ds:Object>`
		}, "Subject"),
	)
}

// proofOfDepth shows that the digest is right without the child of the
// assertion that has the signature in it.
func (w *world) proofOfDepth(a *attack) error {
	root := parse(a.doc).Root()
	sig := descendants(root, "Signature")[0]
	c := readClaim(sig, child(sig, "SignedInfo"))
	if err := provenValue(c, w.honest()); err != nil {
		return err
	}
	left := sig
	for !xmltree.Parent(left).Same(root) {
		left = xmltree.Parent(left)
	}
	octets, err := canon(root, c.refs[0].canon, nil, left)
	if err != nil || !sameDigest(c.refs[0], octets) {
		return fmt.Errorf("the digest does not match")
	}
	return nil
}
