package attack

import (
	"fmt"
	"regexp"
	"strings"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// The cases of this file have the shapes by which other people's verifiers were
// fooled; interop/controls shows that they are.

// w19more leaves what was signed in the message, so that every reference of
// every SignedInfo is right, and adds a SignedInfo that nobody signed with a
// reference to another body.
func w19more(w *world) (out []*attack) {
	for name, put := range map[string]func(f *file, info string){
		"behind":      func(f *file, info string) { f.after(child(f.signature(), "SignedInfo"), info) },
		"at-the-end":  func(f *file, info string) { f.into(f.signature(), info) },
		"in-key-info": func(f *file, info string) { f.into(child(f.signature(), "KeyInfo"), info) },
		"in-object": func(f *file, info string) {
			f.into(f.signature(), `<ds:Object xmlns:ds="`+xmltree.DS+`">`+info+`</ds:Object>`)
		},
	} {
		for _, v := range versions {
			for _, signer := range []string{"x509", "hok"} {
				f := open(w.message(recipe{soap: v, signer: signer, parts: everything}))
				original, signed := string(f.at("Body").Standalone()), id(f.at("Body"))
				good := refTo(f.at("Body"))
				f.replace(f.at("Body"), strings.Replace(strings.ReplaceAll(string(f.at("Body").Raw()), goodScope, evilScope), `"`+signed+`"`, `"evil-body"`, 1))
				evil := refTo(f.at("Body"))
				info := strings.NewReplacer(good.uri, "#evil-body", b64(good.digest), b64(evil.digest)).Replace(string(child(f.signature(), "SignedInfo").Standalone()))
				put(f, info)
				f.first(f.at("Header"), wrapper(original))
				a := &attack{
					row: "W19", name: "original-kept-second-" + name + "-" + variant(v, signer), file: f.src, forged: "scope", off: dSchema, pick: pick{lastInfo: true},
					require: everything, at: atServer, class: classes(wsse.ClassWrapping, wsse.ClassFormat),
				}
				body := f.at("Body")
				a.proof = func() error { return w.proofOfBoth(f, body) }
				out = append(out, a)
			}
		}
	}
	return out
}

// halved is what w27instructions puts into texts.
var halved = regexp.MustCompile(`<\?x (.*?)\?>`)

// w27instructions cut texts by an instruction that has the rest of the text in
// it. There are canonical forms in the field that write what is in an
// instruction as text, so that the digest is right; a reader stops at it.
func w27instructions(w *world) (out []*attack) {
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		for _, sv := range versions {
			for what, long := range map[string]string{"user": "evil.example", "role": "evil.clerk"} {
				doc := w.assertion(v, saml.Confirmation{Kind: saml.Bearer}, func(b *saml.Build) {
					if what == "user" {
						b.Subject.NameID = long
					} else {
						b.Attributes[0].Values = []string{long}
					}
				})
				value, rest, _ := strings.Cut(long, ".")
				split := strings.Replace(string(doc), ">"+long+"<", ">"+value+"<?x ."+rest+"?><", 1)
				message := strings.Replace(string(w.message(recipe{soap: sv, signer: "bearer", token: doc})), string(doc), split, 1)
				a := &attack{
					row: "W27", name: "instruction-with-the-rest-" + what + "-" + v.String()[5:] + "-" + variant(sv, ""), file: []byte(message), doc: []byte(split), bare: []byte(split),
					off: dPI | dText, pick: pick{piText: true}, forged: what, value: value, at: atServer | atBehalf, class: classes(wsse.ClassFormat, wsse.ClassPolicy), plain: true,
				}
				if sv == soap.V12 {
					a.at |= atSAML
				}
				a.proof = func() error {
					if !halved.Match(a.doc) {
						return fmt.Errorf("there is no instruction")
					}
					n, err := proven(parse(halved.ReplaceAll(a.doc, []byte("$1"))), w.honest())
					if err == nil && n != 1 {
						err = fmt.Errorf("%d signatures", n)
					}
					return err
				}
				out = append(out, a)
			}
		}
	}
	return out
}

// w22part takes an assertion out of the one that quotes it. The issuer signed
// the whole and the part; presented is the part, and the reference to the whole
// is not looked at.
func w22part(w *world) (out []*attack) {
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		good, evil, sig := w.pieces(v)
		whole := advice(strings.Replace(good, sig, "", 1), evil)
		both := handmade{key: w.issuer.signer, keyInfo: x509KeyInfo(w.issuer)}
		for _, r := range []ref{{uri: "", digest: digestOf(whole)}, {uri: "#" + evilID, digest: digestOf(evil)}} {
			r.transforms = transform(enveloped) + transform(excC14N)
			both.refs = append(both.refs, r)
		}
		f := open([]byte(evil))
		f.into(f.doc.Root(), both.xml())
		out = append(out, &attack{
			row: "W22", name: "part-for-the-whole-" + v.String()[5:], file: f.src, doc: f.src, forged: "user", off: dEveryRef | dReferences | dOwnSig,
			at: atSAML | atBehalf, class: classes(wsse.ClassWrapping, wsse.ClassSignature, wsse.ClassFormat),
			proof: func() error {
				c := readClaim(f.at("Signature"), f.at("Signature", "SignedInfo"))
				if !hasTarget(f.doc, c, c.refs[1]) {
					return fmt.Errorf("the part has not the digest that is stated")
				}
				return provenValue(c, w.honest())
			},
		})
	}
	return out
}

// digestOf is the digest of the exclusive canonical form of a document.
func digestOf(xml string) []byte {
	return sha256Of(must(canon(parse([]byte(xml)).Root(), excC14N, nil, xmltree.Elem{})))
}
