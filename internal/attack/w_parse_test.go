package attack

import (
	"bytes"
	"crypto"
	"fmt"
	"strings"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// before puts a document type declaration in front of a file.
func doctype(inside string) string { return "<!DOCTYPE Envelope [" + inside + "]>" }

// message makes a case out of octets that an honest client could have signed,
// were it not for what stands around or in them.
func (w *world) octets(row, name string, v soap.Version, src []byte, off defence, class ...wsse.Class) *attack {
	return &attack{row: row, name: name + "-" + variant(v, ""), file: src, forged: "scope", off: off, require: everything, at: atServer, class: class}
}

// w23 has parsers see two things in one file.
func w23(w *world) (out []*attack) {
	for _, v := range versions {
		// A reader that knows the entity sees other text than one that drops it.
		for name, entity := range map[string]string{
			"entity":           `<!ENTITY who "` + evilScope + `">`,
			"external-entity":  `<!ENTITY who SYSTEM "file:///etc/scope">`,
			"parameter-entity": `<!ENTITY % who "` + evilScope + `">`,
		} {
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything, scope: evilScope}))
			src := doctype(entity) + strings.ReplaceAll(string(f.src), evilScope, "&who;")
			a := w.octets("W23", name, v, []byte(src), dDoctype, wsse.ClassFormat)
			a.fetch = map[string][]byte{"file:///etc/scope": []byte(evilScope)}
			out = append(out, a)
		}
		// Two readings of an instruction and of what looks like one.
		f := open(w.message(recipe{soap: v, signer: "x509", parts: everything, scope: evilScope}))
		out = append(out, w.octets("W23", "instruction", v, bytes.Replace(f.src, []byte("<s:Body"), []byte("<?php echo 1 ?><s:Body"), 1), dPI, wsse.ClassFormat))
		out = append(out, w.octets("W23", "no-declaration", v, append([]byte(" <?xml version=\"1.0\"?>"), f.src...), dPI, wsse.ClassFormat))
	}
	return out
}

// w24 has canonical forms that fail. Somebody's software has signed what came
// of such a failure: the digest of nothing.
func w24(w *world) (out []*attack) {
	empty := sha256Of(nil)
	for _, v := range versions {
		for name, space := range map[string]string{"relative": "./x", "parent": "../x", "rooted": "/x", "bare": "x"} {
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything}))
			f.resign(w.client.signer, func(h *handmade) {
				h.refs = append(withoutBody(h.refs), ref{uri: "#" + id(f.at("Body")), digest: empty})
			})
			f.swap(goodScope, evilScope)
			src := bytes.Replace(f.src, []byte("<wst:RequestSecurityToken "), []byte(`<wst:RequestSecurityToken xmlns:q="`+space+`" q:x="" `), 1)
			a := w.octets("W24", "namespace-"+name, v, src, dVoid|dNames, wsse.ClassFormat)
			a.proof = func() error { return w.proofOfNothing(f, empty) }
			out = append(out, a)
		}
		// A canonical form that nobody has, for the body and for SignedInfo.
		f := open(w.message(recipe{soap: v, signer: "x509", parts: everything}))
		f.resign(w.client.signer, func(h *handmade) {
			h.refs = append(withoutBody(h.refs), ref{uri: "#" + id(f.at("Body")), digest: empty, transforms: transform("urn:no-c14n")})
		})
		f.swap(goodScope, evilScope)
		a := w.octets("W24", "unknown-transform", v, f.src, dVoid|dTransforms, wsse.ClassAlgorithm)
		a.proof = func() error { return w.proofOfNothing(f, empty) }
		out = append(out, a)

		g := open(w.message(recipe{soap: v, signer: "x509", parts: everything}))
		g.swap(goodScope, evilScope)
		g.resign(w.client.signer, func(h *handmade) {
			h.canon = "urn:no-c14n"
			h.value = func([]byte) []byte { return signValue(methodFor(h.key), h.key, nil) }
		})
		a = w.octets("W24", "signed-info-of-nothing", v, g.src, dAlgorithms, wsse.ClassAlgorithm)
		a.exempt = "the point is a signature over no octets"
		out = append(out, a)
	}
	return out
}

func (w *world) proofOfNothing(f *file, empty []byte) error {
	c := readClaim(f.signature(), child(f.signature(), "SignedInfo"))
	if err := provenValue(c, w.honest()); err != nil {
		return err
	}
	if last := c.refs[len(c.refs)-1]; !bytes.Equal(last.digest, empty) || !bytes.Equal(empty, sum(crypto.SHA256, nil)) {
		return fmt.Errorf("it is not the digest of nothing")
	}
	return nil
}

// w25 has identifiers of two namespaces on one element.
func w25(w *world) []*attack {
	polluted := func(name, space, local string) assertionAttack {
		return assertionAttack{name: name, off: dForeignIDs | dUniqueIDs | dOneToken | dOwnSig, class: classes(wsse.ClassWrapping, wsse.ClassFormat, wsse.ClassSignature), build: func(good, evil, sig string) string {
			original := id(parse([]byte(good)).Root())
			f := open([]byte(advice(evil, strings.Replace(good, sig, "", 1))))
			f.attr(f.doc.Root(), `xmlns:p="`+space+`" p:`+local+`="`+original+`"`)
			return inAssertion(string(f.src), "", sig)
		}, pick: pick{lastID: true}}
	}
	all := expandTokens(w, "W25",
		polluted("samlp", xmltree.SAMLP20, "ID"), polluted("saml", xmltree.SAML20, "ID"), polluted("wsu", xmltree.WSU, "Id"),
		polluted("ds", xmltree.DS, "Id"), polluted("saml11", xmltree.SAML11, "AssertionID"), polluted("xenc", xmltree.XENC, "Id"))
	for _, a := range all {
		if strings.HasPrefix(a.name, "wsu") { // where identifiers of that namespace belong
			a.off &^= dForeignIDs
		}
	}
	return all
}

// w26 has names that tokenizers read in two ways.
func w26(w *world) (out []*attack) {
	for _, v := range versions {
		for name, tag := range map[string][2]string{
			"two-colons":   {"<s::Body>", "</s::Body>"},
			"three-parts":  {"<s:Body:x>", "</s:Body:x>"},
			"three-colons": {"<s:::Body>", "</s:::Body>"},
		} {
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything}))
			evil := strings.ReplaceAll(string(childAt(f.at("Body"), 0).Standalone()), goodScope, evilScope)
			src := strings.Replace(string(f.src), "<s:Body", tag[0]+evil+tag[1]+"<s:Body", 1)
			out = append(out, w.octets("W26", name, v, []byte(src), dNames|dShape|dPlace|dRequired, wsse.ClassFormat))
		}
		f := open(w.message(recipe{soap: v, signer: "x509", parts: everything, scope: evilScope}))
		src := string(f.src)
		for name, x := range map[string]string{
			"attribute-colons":      strings.Replace(src, "<s:Header", `<s:Header a::b="c"`, 1),
			"attribute-empty":       strings.Replace(src, "<s:Header", `<s:Header :b="c"`, 1),
			"attribute-three-parts": strings.Replace(src, "<s:Header", `<s:Header a:b:c="d"`, 1),
			"directive":             strings.Replace(src, "<s:Body", `<!directive><s:Body`, 1),
			"element-empty-prefix":  strings.Replace(src, "</s:Header>", `<:Extra></:Extra></s:Header>`, 1),
		} {
			out = append(out, w.octets("W26", name, v, []byte(x), dNames, wsse.ClassFormat))
		}
	}
	for _, a := range out {
		if strings.Contains(a.name, "colons-soap") && !strings.HasPrefix(a.name, "attribute") || strings.Contains(a.name, "three-parts-soap") && !strings.HasPrefix(a.name, "attribute") {
			a.off = dNames | dShape | dPlace | dRequired
		}
	}
	return out
}

// splits are what a text can be cut with.
var splits = []struct {
	name, cut string
	off       defence
}{
	{"comment", "<!-- -->", dText},
	{"empty-comment", "<!---->", dText},
	{"instruction", "<?x?>", dText | dPI},
	{"element", "<x/>", dText},
}

// w27 cuts texts: the issuer signed one, a reader stops at the cut.
func w27(w *world) (out []*attack) {
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		for _, sv := range versions {
			for _, what := range []string{"user", "audience", "role"} {
				for _, s := range splits {
					if s.name == "instruction" || s.name == "element" {
						continue // canonical forms keep them; see below
					}
					long := map[string]string{"user": "evil.example", "audience": serviceURL + "evil", "role": "evil.clerk"}[what]
					doc := w.assertion(v, saml.Confirmation{Kind: saml.Bearer}, func(b *saml.Build) {
						switch what {
						case "user":
							b.Subject.NameID = long
						case "audience":
							b.Conditions.Audiences = [][]string{{long}}
						case "role":
							b.Attributes[0].Values = []string{long}
						}
					})
					cut := strings.Index(long, "evil") + 4
					value := long[:cut]
					off := s.off
					if what == "audience" {
						// The text before the cut is our own name.
						cut, value, off = len(serviceURL), serviceURL, s.off|dAudience
					}
					split := bytes.Replace(doc, []byte(">"+long+"<"), []byte(">"+long[:cut]+s.cut+long[cut:]+"<"), 1)
					base := open(w.message(recipe{soap: sv, signer: "bearer", token: doc}))
					a := &attack{
						row: "W27", name: s.name + "-" + what + "-" + v.String()[5:] + "-" + variant(sv, ""), file: bytes.Replace(base.src, doc, split, 1), doc: split, bare: split,
						off: off, forged: what, value: value, at: atServer | atSAML | atBehalf, class: classes(wsse.ClassFormat, wsse.ClassPolicy), plain: true,
					}
					if v == saml.V20 && what != "role" {
						a.at |= atToken
					}
					out = append(out, a)
				}
			}
		}
	}
	for _, sv := range versions {
		for _, s := range splits {
			// Nothing signs a name and a password; TLS does.
			src := w.message(recipe{soap: sv, signer: "user"})
			src = bytes.Replace(src, []byte(">"+goodUser+"<"), []byte(">evil"+s.cut+goodUser+"<"), 1)
			a := &attack{
				row: "W27", name: s.name + "-username-" + variant(sv, ""), file: src, off: s.off | dPassword, forged: "user", at: atServer,
				class: classes(wsse.ClassFormat), plain: true, exempt: "a username token is not signed",
			}
			if s.name == "element" {
				a.off &^= dPI
			}
			out = append(out, a)
			for _, field := range []string{"To", "Action"} {
				if s.name == "instruction" || s.name == "element" {
					continue
				}
				f := open(w.message(recipe{soap: sv, signer: "user"}))
				f.text(f.at("Header", field), evilAction+s.cut+loose(f.at("Header", field)))
				a := &attack{
					row: "W27", name: s.name + "-" + strings.ToLower(field) + "-" + variant(sv, ""), file: f.src, off: s.off, forged: strings.ToLower(field), at: atServer,
					class: classes(wsse.ClassFormat), plain: true, exempt: "over TLS headers need no signature",
				}
				if field == "To" {
					a.off |= dTo
				}
				out = append(out, a)
			}
		}
	}
	return out
}

// w28 refers to what matters from a Manifest only.
func w28(w *world) (out []*attack) {
	for _, v := range versions {
		for name, uri := range map[string]func(f *file) string{
			"wrong-digest": func(f *file) string {
				return ref{uri: "#" + id(f.at("Body")), digest: sha256Of([]byte("anything"))}.xml()
			},
			"right-digest": func(f *file) string { return refTo(f.at("Body")).xml() },
			"two":          func(f *file) string { return refTo(f.at("Body")).xml() + refTo(f.at("Body")).xml() },
		} {
			for _, signer := range []string{"x509", "hok"} {
				f := open(w.message(recipe{soap: v, signer: signer, parts: everything}))
				if name == "wrong-digest" {
					f.swap(goodScope, evilScope)
				}
				manifest := `<ds:Manifest xmlns:ds="` + xmltree.DS + `" Id="manifest">` + uri(f) + `</ds:Manifest>`
				if name != "wrong-digest" {
					f.swap(goodScope, evilScope)
				}
				var key any = w.client.signer
				if signer == "hok" {
					key = w.holder.signer
				}
				f.resign(key, func(h *handmade) {
					h.tail = `<ds:Object>` + manifest + `</ds:Object>`
					h.refs = append(withoutBody(h.refs), refTo(parse([]byte(manifest)).Root()))
				})
				out = append(out, &attack{
					row: "W28", name: name + "-" + variant(v, signer), file: f.src, forged: "scope", off: dManifest | dPlace, require: everything,
					at: atServer, class: classes(wsse.ClassWrapping),
				})
			}
		}
	}
	return out
}
