package attack

import (
	"bytes"
	"crypto"
	"strings"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// An assertionAttack is about tokens. Its pieces are the good assertion, the
// same without its signature and about somebody else, and the signature.
type assertionAttack struct {
	name string
	// build returns the elements that take the place of the token; several are
	// put into a samlp:Response where a document has to have one root.
	build func(good, evil, sig string) string
	raw   bool // what is built does not parse
	off   defence
	pick  pick
	reads string
	class []wsse.Class
	at    entry // all that take tokens, if 0
	also  func(*attack)
}

const response = `<samlp:Response xmlns:samlp="` + xmltree.SAMLP20 + `" ID="_response" Version="2.0">`

// evilID is the identifier of what is forged.
const evilID = "_forged"

// pieces takes an assertion apart.
func (w *world) pieces(v saml.Version) (good, evil, sig string) {
	f := open(w.assertion(v, saml.Confirmation{Kind: saml.Bearer}, nil))
	good = string(f.src)
	sig = f.cut(f.at("Signature"))
	evil = strings.ReplaceAll(string(f.src), goodUser, evilUser)
	evil = strings.ReplaceAll(evil, id(f.doc.Root()), evilID)
	return good, evil, sig
}

// inAssertion puts xml into an assertion: in front of the first child of the
// name, or at the end if the name is "".
func inAssertion(a, local, xml string) string {
	f := open([]byte(a))
	if local == "" {
		f.into(f.doc.Root(), xml)
	} else {
		f.before(child(f.doc.Root(), local), xml)
	}
	return string(f.src)
}

// inside puts xml into a descendant of an assertion.
func inside(a, local, xml string) string {
	f := open([]byte(a))
	f.into(f.one(local), xml)
	return string(f.src)
}

// advice is a place for other assertions, by the schema.
func advice(a, xml string) string {
	ns := xmltree.SAML20
	next := "AttributeStatement"
	if strings.Contains(a, xmltree.SAML11) {
		ns = xmltree.SAML11
	}
	return inAssertion(a, next, `<saml:Advice xmlns:saml="`+ns+`">`+xml+`</saml:Advice>`)
}

// expand makes the cases: both versions of SAML, both of SOAP.
func (s assertionAttack) expand(w *world, row string) (out []*attack) {
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		for _, sv := range versions {
			good, evil, sig := w.pieces(v)
			token := s.build(good, evil, sig)
			if token == "" {
				continue
			}
			base := w.message(recipe{soap: sv, signer: "bearer", token: []byte(good)})
			name := "saml20-"
			if v == saml.V11 {
				name = "saml11-"
			}
			a := &attack{
				row: row, name: s.name + "-" + name + variant(sv, ""), off: s.off, pick: s.pick, forged: s.reads, class: s.class, plain: true,
				file: bytes.Replace(base, []byte(good), []byte(token), 1), bare: []byte(token), doc: []byte(token), at: s.at,
			}
			if a.forged == "" {
				a.forged = "user"
			}
			if a.at == 0 {
				a.at = atServer | atSAML | atBehalf
				if v == saml.V20 {
					a.at |= atToken
				}
			}
			if sv == soap.V11 {
				a.at &^= atSAML | atToken | atBehalf // they do not depend on it
			}
			if !s.raw && roots(token) > 1 {
				a.doc = []byte(strings.Replace(response, "_response", "_outer", 1) + token + `</samlp:Response>`)
			}
			if s.also != nil {
				s.also(a)
			}
			out = append(out, a)
		}
	}
	return out
}

func roots(xml string) int { return countChildren(parse([]byte("<r>" + xml + "</r>")).Root()) }

func expandTokens(w *world, row string, list ...assertionAttack) (out []*attack) {
	for _, s := range list {
		out = append(out, s.expand(w, row)...)
	}
	return out
}

// signedResponse is a protocol message of SAML with the signature over all.
func (w *world) signedResponse(inner string) (whole, sig string) {
	whole = response + inner + `</samlp:Response>`
	h := handmade{key: w.issuer.signer, keyInfo: x509KeyInfo(w.issuer), refs: []ref{{
		uri: "#_response", transforms: transform(enveloped) + transform(excC14N),
		digest: sum(crypto.SHA256, must(canon(parse([]byte(whole)).Root(), excC14N, nil, xmltree.Elem{}))),
	}}}
	sig = h.xml()
	return strings.Replace(whole, response, response+sig, 1), sig
}

func x509KeyInfo(i identity) string {
	return `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><ds:X509Data><ds:X509Certificate>` + b64(i.cert.Raw) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
}

// intoSignature puts xml into a signature: at its beginning, behind its
// SignedInfo, in KeyInfo, at its end.
func intoSignature(sig, where, xml string) string {
	f := open([]byte(sig))
	switch where {
	case "first":
		f.first(f.doc.Root(), xml)
	case "middle":
		f.after(f.at("SignedInfo"), xml)
	case "key-info":
		f.into(f.at("KeyInfo"), xml)
	case "last":
		f.into(f.doc.Root(), xml)
	case "object":
		f.into(f.doc.Root(), `<ds:Object xmlns:ds="`+xmltree.DS+`">`+xml+`</ds:Object>`)
	}
	return string(f.src)
}

// wResponses are W1 and W2: the signature is over the message around the
// assertion. Nothing here takes such messages; they must not pass as tokens.
func wResponses(w *world) []*attack {
	unsigned := func(good string) string { f := open([]byte(good)); f.cut(f.at("Signature")); return string(f.src) }
	evilResponse := func(evil, sig string) string {
		return strings.Replace(response, "_response", evilID+"r", 1) + sig + evil + `</samlp:Response>`
	}
	off := dOwnHeader | dOneToken | dOwnSig
	none := classes(wsse.ClassPolicy, wsse.ClassFormat, wsse.ClassProtocol)
	var out []*attack
	for _, where := range []string{"first", "middle", "key-info", "last", "object"} {
		out = append(out, expandTokens(w, "W1", assertionAttack{name: "original-in-signature-" + where, off: off, pick: pick{lastToken: true}, class: none, build: func(good, evil, _ string) string {
			whole, sig := w.signedResponse(unsigned(good))
			return evilResponse(evil, intoSignature(sig, where, strings.Replace(whole, sig, "", 1)))
		}, also: schemaToo(where)})...)
	}
	for _, at := range []string{"before", "after", "in-status", "behind"} {
		out = append(out, expandTokens(w, "W2", assertionAttack{name: "detached-" + at, off: off, pick: pick{lastToken: true}, class: none, build: func(good, evil, _ string) string {
			whole, sig := w.signedResponse(unsigned(good))
			original := strings.Replace(whole, sig, "", 1)
			switch at {
			case "before":
				return evilResponse(evil, original+sig)
			case "after":
				return evilResponse(evil, sig+original)
			case "in-status":
				return evilResponse(evil, `<samlp:Status><samlp:StatusDetail>`+original+`</samlp:StatusDetail></samlp:Status>`+sig)
			}
			return evilResponse(evil+sig, original)
		}})...)
	}
	return out
}

// schemaToo adds the schema to what must be off, if something stands between
// the children that a signature has.
func schemaToo(where string) func(*attack) {
	return func(a *attack) {
		if where == "first" || where == "middle" || where == "last" {
			a.off |= dSchema
		}
	}
}

// wAssertions are W3 to W9.
func wAssertions(w *world) []*attack {
	two := dOneToken | dOwnSig
	wrong := classes(wsse.ClassWrapping)
	// Where an element has one token at most, the second is refused as such.
	several := classes(wsse.ClassWrapping, wsse.ClassFormat, wsse.ClassProtocol)
	var out []*attack
	out = append(out, expandTokens(w, "W3",
		assertionAttack{name: "evil-before", off: two, class: several, build: func(good, evil, _ string) string { return evil + good }},
		assertionAttack{name: "evil-after", off: two, pick: pick{lastToken: true}, class: several, build: func(good, evil, _ string) string { return good + evil }},
		assertionAttack{name: "evil-before-same-id", off: two | dUniqueIDs, pick: pick{lastID: true}, class: several, build: func(good, evil, _ string) string {
			return sameID(evil, good) + good
		}},
		assertionAttack{name: "evil-after-same-id", off: two | dUniqueIDs, pick: pick{lastToken: true}, class: several, build: func(good, evil, _ string) string {
			return good + sameID(evil, good)
		}},
		assertionAttack{name: "evil-with-a-decoy", off: two, class: several, build: func(good, evil, sig string) string {
			return inAssertion(evil, "", "") + strings.Replace(good, "", "", 1)
		}},
	)...)
	for _, local := range []string{"", "Conditions", "AttributeStatement"} {
		name := strings.ToLower(local)
		if local == "" {
			name = "last"
		}
		out = append(out, expandTokens(w, "W4",
			assertionAttack{name: "around-before-" + name, off: two, class: classes(wsse.ClassSignature), build: func(good, evil, _ string) string {
				return inAssertion(evil, local, good)
			}})...)
	}
	for _, into := range []string{"AttributeValue", "Attribute", "Audience", "SubjectConfirmation"} {
		out = append(out, expandTokens(w, "W4",
			assertionAttack{name: "around-in-" + strings.ToLower(into), off: two, class: classes(wsse.ClassSignature), build: func(good, evil, _ string) string {
				return inside(evil, into, good)
			}, also: func(a *attack) {
				if into == "AttributeValue" || into == "Audience" {
					a.off |= dText
				}
			}})...)
	}
	out = append(out, expandTokens(w, "W4", assertionAttack{name: "around-in-advice", off: two, class: classes(wsse.ClassSignature), build: func(good, evil, _ string) string {
		return advice(evil, good)
	}})...)

	bare := func(good, sig string) string { return strings.Replace(good, sig, "", 1) }
	withSig := func(evil, sig string) string {
		f := open([]byte(evil))
		if i := child(f.doc.Root(), "Issuer"); i.OK() {
			f.after(i, sig)
		} else {
			f.into(f.doc.Root(), sig)
		}
		return string(f.src)
	}
	out = append(out, expandTokens(w, "W5",
		assertionAttack{name: "original-after", off: two, class: several, build: func(good, evil, sig string) string {
			return withSig(evil, sig) + bare(good, sig)
		}},
		assertionAttack{name: "original-before", off: two, pick: pick{lastToken: true}, class: several, build: func(good, evil, sig string) string {
			return bare(good, sig) + withSig(evil, sig)
		}},
		assertionAttack{name: "original-in-advice", off: two, class: wrong, build: func(good, evil, sig string) string {
			return withSig(advice(evil, bare(good, sig)), sig)
		}},
		assertionAttack{name: "original-in-attribute", off: two, class: wrong, build: func(good, evil, sig string) string {
			return withSig(inside(evil, "AttributeValue", bare(good, sig)), sig)
		}, also: func(a *attack) { a.off |= dText }},
		assertionAttack{name: "original-in-subject", off: two, class: wrong, build: func(good, evil, sig string) string {
			return withSig(inside(evil, "SubjectConfirmation", bare(good, sig)), sig)
		}},
		assertionAttack{name: "original-as-child", off: two, class: wrong, build: func(good, evil, sig string) string {
			return inAssertion(withSig(evil, sig), "", bare(good, sig))
		}},
	)...)
	for _, where := range []string{"first", "middle", "key-info", "last"} {
		out = append(out, expandTokens(w, "W6", assertionAttack{name: "original-in-signature-" + where, off: two, class: wrong, build: func(good, evil, sig string) string {
			return withSig(evil, intoSignature(sig, where, bare(good, sig)))
		}, also: schemaToo(where)})...)
	}
	for _, where := range []string{"Extensions", "Consent", "StatusDetail", "Advice"} {
		out = append(out, expandTokens(w, "W7",
			assertionAttack{name: strings.ToLower(where) + "-before", off: dOwnHeader | two, class: append(several, wsse.ClassPolicy), build: func(good, evil, _ string) string {
				return `<x:` + where + ` xmlns:x="urn:x">` + evil + `</x:` + where + `>` + good
			}},
			assertionAttack{name: strings.ToLower(where) + "-after", off: dOwnHeader | two, pick: pick{lastToken: true}, class: append(several, wsse.ClassPolicy), build: func(good, evil, _ string) string {
				return good + `<x:` + where + ` xmlns:x="urn:x">` + evil + `</x:` + where + `>`
			}})...)
	}
	out = append(out, expandTokens(w, "W8",
		assertionAttack{name: "original-in-object", off: two, class: wrong, build: func(good, evil, sig string) string {
			return withSig(evil, intoSignature(sig, "object", bare(good, sig)))
		}},
		assertionAttack{name: "original-in-second-object", off: two, class: wrong, build: func(good, evil, sig string) string {
			return withSig(evil, intoSignature(intoSignature(sig, "object", "<x/>"), "object", bare(good, sig)))
		}},
		assertionAttack{name: "original-deep-in-object", off: two, class: wrong, build: func(good, evil, sig string) string {
			return withSig(evil, intoSignature(sig, "object", `<x:a xmlns:x="urn:x"><x:b>`+bare(good, sig)+`</x:b></x:a>`))
		}},
	)...)
	return append(out, w9(w, two)...)
}

func sameID(evil, good string) string {
	return strings.ReplaceAll(evil, evilID, id(parse([]byte(good)).Root()))
}

// w9 has assertions all over a message: one is verified, another is read. Those
// with an identifier of their own outside of the Security header are content
// like any other; see TestGenuine.
func w9(w *world, two defence) (out []*attack) {
	for _, v := range versions {
		for _, signer := range []string{"hok", "bearer", "hok11"} {
			for _, p := range w9places {
				f := open(w.message(recipe{soap: v, signer: signer}))
				if p.name == "same-id-object" && signer == "bearer" {
					continue // there is no signature
				}
				good := string(f.one("Assertion").Raw())
				evil := open([]byte(good))
				evil.cut(evil.at("Signature"))
				forged := strings.ReplaceAll(string(evil.src), goodUser, evilUser)
				a := &attack{row: "W9", name: p.name + "-" + variant(v, signer), off: two | dOwnHeader | dUniqueIDs, forged: "user", at: atServer, class: classes(wsse.ClassWrapping), plain: true}
				if p.own {
					forged = strings.ReplaceAll(forged, id(evil.doc.Root()), evilID)
					a.off &^= dUniqueIDs
				}
				if !p.outside {
					a.off &^= dOwnHeader
				}
				p.put(f, forged)
				a.file = f.src
				a.pick.lastToken = !bytes.Contains(f.src[:bytes.Index(f.src, []byte(good))], []byte(evilUser))
				a.pick.lastID = !a.pick.lastToken
				out = append(out, a)
			}
		}
	}
	return out
}

var w9places = func() (out []w9place) {
	for _, p := range places {
		out = append(out, w9place{"same-id-" + p.name, p.put, false, true})
	}
	return append(out,
		w9place{"security-first", func(f *file, xml string) { f.first(f.security(), xml) }, true, false},
		w9place{"security-last", func(f *file, xml string) { f.into(f.security(), xml) }, true, false})
}()

type w9place struct {
	name         string
	put          func(*file, string)
	own, outside bool // an identifier of its own; outside of our Security header
}
