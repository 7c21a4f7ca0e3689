package attack

import (
	"crypto"
	"crypto/ecdsa"
	"math/big"
	"slices"
	"strings"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// addresses are T1, T2 and T15: where answers go, what is asked, for whom.
func addresses(w *world) (out []*attack) {
	for _, v := range versions {
		for name, to := range map[string]string{"http": "http://169.254.169.254/evil", "file": "file:///etc/evil", "gopher": "gopher://evil", "localhost": "http://localhost/evil"} {
			for _, field := range []string{"ReplyTo", "FaultTo", "To"} {
				src := string(w.message(recipe{soap: v, signer: "user"}))
				addressed := `<wsa:` + field + ` xmlns:wsa="` + xmltree.WSA10 + `"><wsa:Address>` + to + `</wsa:Address></wsa:` + field + `>`
				f := open([]byte(src))
				switch field {
				case "ReplyTo":
					f.replace(f.at("Header", field), addressed)
				case "FaultTo":
					f.into(f.at("Header"), addressed)
				case "To":
					f.text(f.at("Header", field), to)
				}
				a := &attack{
					row: "T1", name: strings.ToLower(field) + "-" + name + "-" + variant(v, ""), file: f.src, off: dReplyTo, forged: strings.ToLower(field), at: atServer,
					class: classes(wsse.ClassProtocol), plain: true, exempt: "over TLS headers need no signature",
				}
				if field == "To" {
					a.off, a.class = dTo, classes(wsse.ClassPolicy)
				}
				out = append(out, a)
			}
		}
		for _, signer := range []string{"user", "x509", "hok"} {
			a := &attack{
				row: "T2", name: "http-header-" + variant(v, signer), file: w.message(recipe{soap: v, signer: signer, parts: everything}), off: dAction, forged: "action",
				at: atServer, class: classes(wsse.ClassProtocol), plain: signer == "user", httpAction: evilAction, soapAction: `"` + evilAction + `"`,
			}
			a.contentType = v.ContentType(evilAction)
			if signer == "user" {
				a.exempt = "over TLS headers need no signature"
			}
			out = append(out, a)
		}
		header := func(name, xml string, off defence, class wsse.Class, fault string) {
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything, scope: evilScope}))
			f.into(f.at("Header"), strings.ReplaceAll(xml, "{soap}", v.Namespace()))
			out = append(out, &attack{row: "T15", name: name + "-" + variant(v, ""), file: f.src, forged: "scope", off: off, require: everything, at: atServer, class: classes(class), fault: fault})
		}
		header("must-understand", `<x:Unknown xmlns:x="urn:x" xmlns:s="{soap}" s:mustUnderstand="1"/>`, dMust, wsse.ClassProtocol, "MustUnderstand")
		header("two-security-headers", `<wsse:Security xmlns:wsse="`+xmltree.WSSE+`"/>`, dOneHeader, wsse.ClassProtocol, "")
		header("two-with-empty-role", `<wsse:Security xmlns:wsse="`+xmltree.WSSE+`" xmlns:s="{soap}" s:role="" s:actor=""/>`, dOneHeader, wsse.ClassProtocol, "")
		f := open(w.message(recipe{soap: v, signer: "x509", parts: everything, scope: evilScope}))
		role := "role"
		if v == soap.V11 {
			role = "actor"
		}
		f.attr(f.security(), `xmlns:r="`+v.Namespace()+`" r:`+role+`="urn:somebody-else"`)
		out = append(out, &attack{row: "T15", name: "wrong-role-" + variant(v, ""), file: f.src, forged: "scope", off: dRole, require: everything, at: atServer, class: classes(wsse.ClassPolicy)})
	}
	return out
}

// replays are T3: what came before.
func replays(w *world) (out []*attack) {
	for _, v := range versions {
		for _, signer := range []string{"x509", "rsa", "hok", "hok11", "hok-sym", "bearer", "user", "digest"} {
			a := &attack{
				row: "T3", name: "again-" + variant(v, signer), file: w.message(recipe{soap: v, signer: signer, parts: everything, scope: evilScope}), forged: "scope", off: dReplay, at: atServer,
				class: classes(wsse.ClassReplay), seen: true,
			}
			if a.plain = signer == "bearer" || signer == "user" || signer == "digest"; a.plain {
				a.exempt = "over TLS the message needs no signature"
			} else {
				a.require = everything
			}
			out = append(out, a)
		}
		// The other s of an ECDSA signature is as good, and makes other octets.
		f := open(w.message(recipe{soap: v, signer: "x509", parts: everything &^ wsse.PartMessageID, scope: evilScope}))
		a := &attack{row: "T3", name: "other-s-" + variant(v, "x509"), file: f.src, forged: "scope", off: dReplay, at: atServer, class: classes(wsse.ClassReplay), seen: true, require: wsse.PartBody}
		g := open(f.src)
		value := text64(g.signature().First(xmltree.DS, "SignatureValue"))
		n := w.client.signer.(*ecdsa.PrivateKey).Params().N
		s := new(big.Int).Sub(n, new(big.Int).SetBytes(value[32:]))
		g.text(g.signature().First(xmltree.DS, "SignatureValue"), b64(append(value[:32:32], s.FillBytes(make([]byte, 32))...)))
		g.text(g.at("Header", "MessageID"), "urn:uuid:another")
		a.again = g.src
		out = append(out, a)
		// The nonce of a digest under another MessageID.
		f = open(w.message(recipe{soap: v, signer: "digest", scope: evilScope}))
		a = &attack{row: "T3", name: "nonce-" + variant(v, "digest"), file: f.src, forged: "scope", off: dReplay, at: atServer, class: classes(wsse.ClassReplay), seen: true, plain: true, exempt: "over TLS the message needs no signature"}
		g = open(f.src)
		g.text(g.at("Header", "MessageID"), "urn:uuid:another")
		a.again = g.src
		out = append(out, a)
	}
	return out
}

// times are T4.
func times(w *world) (out []*attack) {
	stamp := func(t time.Time) string { return xmltree.FormatTime(t) }
	now := time.Now()
	const year1 = "0001-01-01T00:00:00Z" // which programs take for no time
	for _, v := range versions {
		digest := open(w.message(recipe{soap: v, signer: "digest", scope: evilScope}))
		token := digest.one("UsernameToken")
		nonce := text64(child(token, "Nonce"))
		digest.text(child(token, "Created"), year1)
		digest.text(digest.one("Password"), b64(sum(crypto.SHA1, slices.Concat(nonce, []byte(year1), []byte(password)))))
		out = append(out, &attack{
			row: "T4", name: "digest-of-year-1-" + variant(v, "digest"), file: digest.src, forged: "scope", off: dFresh, at: atServer, class: classes(wsse.ClassExpired), plain: true,
			exempt: "a username token is not signed",
		})
		for _, c := range []struct{ name, created, expires string }{
			{"old", stamp(now.Add(-time.Hour)), stamp(now.Add(-55 * time.Minute))},
			{"old-without-end", stamp(now.Add(-time.Hour)), ""},
			{"future", stamp(now.Add(time.Hour)), stamp(now.Add(2 * time.Hour))},
			{"ends-before-it-begins", stamp(now), stamp(now.Add(-time.Second))},
			{"no-time-between", stamp(now), stamp(now)},
			{"year-9999", stamp(now), "9999-12-31T23:59:59Z"},
			{"ends-in-year-1", stamp(now), year1},
			{"leap-second", "2016-12-31T23:59:60Z", stamp(now.Add(time.Minute))},
			{"no-zone", strings.TrimSuffix(stamp(now), "Z"), stamp(now.Add(time.Minute))},
			{"no-zone-at-end", stamp(now), strings.TrimSuffix(stamp(now.Add(time.Minute)), "Z")},
			{"many-digits", strings.TrimSuffix(stamp(now), "Z") + strings.Repeat("0", 100_000) + "Z", ""},
			{"hour-24", now.UTC().Format("2006-01-02") + "T24:00:01Z", ""},
			{"month-13", "2026-13-01T00:00:00Z", ""},
			{"negative-year", "-" + stamp(now), ""},
			{"date-only", now.UTC().Format("2006-01-02"), ""},
			{"empty", "", ""},
		} {
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything, scope: evilScope}))
			f.text(f.one("Created"), c.created)
			if c.expires == "" {
				f.cut(f.one("Expires"))
			} else {
				f.text(f.one("Expires"), c.expires)
			}
			f.resign(w.client.signer, nil)
			a := &attack{row: "T4", name: c.name + "-" + variant(v, ""), file: f.src, forged: "scope", off: dFresh, require: everything, at: atServer, class: classes(wsse.ClassExpired, wsse.ClassFormat), fast: true}
			out = append(out, a)
		}
	}
	for name, mod := range map[string]func(*saml.Conditions){
		"token-expired": func(c *saml.Conditions) { c.NotBefore, c.NotOnOrAfter = now.Add(-2*time.Hour), now.Add(-time.Hour) },
		"token-early":   func(c *saml.Conditions) { c.NotBefore = now.Add(time.Hour); c.NotOnOrAfter = now.Add(2 * time.Hour) },
		"token-forever": func(c *saml.Conditions) { c.NotOnOrAfter = time.Time{} },
	} {
		out = append(out, expandTokens(w, "T4", assertionAttack{name: name, off: dFresh, class: classes(wsse.ClassExpired, wsse.ClassPolicy), build: func(good, _, _ string) string {
			return w.conditioned(good, mod)
		}, also: func(a *attack) {
			if name == "token-forever" {
				a.at &^= atSAML | atToken // SAML allows it; a service does not
			}
		}})...)
	}
	return out
}

// conditioned issues a token about evilUser, of the version of another, with
// changed conditions.
func (w *world) conditioned(like string, mod func(*saml.Conditions)) string {
	v := saml.V20
	if strings.Contains(like, xmltree.SAML11) {
		v = saml.V11
	}
	return string(w.assertion(v, saml.Confirmation{Kind: saml.Bearer}, func(b *saml.Build) {
		b.Subject.NameID = evilUser
		mod(&b.Conditions)
	}))
}

// tokens are T5, T6, T13, T17 and T18.
func tokens(w *world) (out []*attack) {
	for name, audience := range map[string][][]string{
		"other": {{"https://other.example.com/"}}, "prefix": {{serviceURL + "more"}}, "no-slash": {{strings.TrimSuffix(serviceURL, "/")}}, "case": {{strings.ToUpper(serviceURL)}},
		"none": nil, "one-of-two-met": {{serviceURL}, {"https://other.example.com/"}}, "space-inside": {{serviceURL + " x"}}, "port": {{strings.Replace(serviceURL, ".com/", ".com:443/", 1)}},
	} {
		out = append(out, expandTokens(w, "T5", assertionAttack{name: name, off: dAudience, class: classes(wsse.ClassPolicy), build: func(good, _, _ string) string {
			return w.conditioned(good, func(c *saml.Conditions) { c.Audiences = audience })
		}, at: atServer | atSAML | atToken, also: func(a *attack) {
			if strings.Contains(a.name, "saml11") {
				a.at &^= atToken
			}
		}})...)
	}
	for _, v := range versions {
		hok := w.assertion(saml.V20, w.holderOf(), func(b *saml.Build) { b.Subject.NameID = evilUser })
		for _, c := range []struct{ name, signer string }{{"bare", "bearer"}, {"signed-by-another", "x509"}} {
			f := open(w.message(recipe{soap: v, signer: c.signer, token: hok, parts: everything}))
			if c.signer == "x509" {
				f.after(f.at("Header", "Security", "Timestamp"), string(hok))
			}
			a := &attack{row: "T6", name: "holder-" + c.name + "-" + variant(v, ""), file: f.src, forged: "user", off: dHolder, at: atServer, class: classes(wsse.ClassPolicy), plain: c.signer == "bearer"}
			if c.signer == "x509" {
				a.forged, a.value = "issuer", issuerName
			}
			out = append(out, a)
		}
		for name, p := range map[string]string{"wrong-password": "user", "wrong-digest": "digest"} {
			f := open(w.message(recipe{soap: v, signer: p}))
			f.text(f.one("Username"), evilUser)
			out = append(out, &attack{row: "T18", name: "unknown-user-" + name + "-" + variant(v, ""), file: f.src, forged: "user", off: dPassword, at: atServer, class: classes(wsse.ClassTrust), plain: true, exempt: "a username token is not signed"})
			f = open(w.message(recipe{soap: v, signer: p, scope: evilScope}))
			f.text(f.one("Password"), b64([]byte("evil password 123456")))
			out = append(out, &attack{row: "T18", name: name + "-" + variant(v, ""), file: f.src, forged: "scope", off: dPassword, at: atServer, class: classes(wsse.ClassTrust, wsse.ClassFormat), plain: true, exempt: "a username token is not signed"})
		}
	}
	condition := func(good, xml string) string {
		return w.resignAssertion(w.conditioned(good, func(*saml.Conditions) {}), func(f *file) { f.into(f.at("Conditions"), xml) })
	}
	out = append(out, expandTokens(w, "T17",
		assertionAttack{name: "unknown-condition", off: dCondition, class: classes(wsse.ClassPolicy), build: func(good, _, _ string) string {
			return condition(good, `<x:OnlyOnMonday xmlns:x="urn:x"/>`)
		}},
		assertionAttack{name: "condition-of-saml", off: dCondition, class: classes(wsse.ClassPolicy), build: func(good, _, _ string) string {
			return condition(good, `<saml:Condition xmlns:saml="`+parse([]byte(good)).Root().Space()+`"/>`)
		}},
		assertionAttack{name: "sender-vouches", off: dHolder, class: classes(wsse.ClassTrust, wsse.ClassPolicy, wsse.ClassProtocol), at: atServer, build: func(good, _, _ string) string {
			return w.resignAssertion(w.conditioned(good, func(*saml.Conditions) {}), func(f *file) { f.swap(":cm:bearer", ":cm:sender-vouches") })
		}},
		assertionAttack{name: "unknown-method", off: dHolder, class: classes(wsse.ClassPolicy), at: atServer, build: func(good, _, _ string) string {
			return w.resignAssertion(w.conditioned(good, func(*saml.Conditions) {}), func(f *file) { f.swap(":cm:bearer", ":cm:artifact") })
		}},
	)...)
	return out
}

// resignAssertion changes an assertion and has the issuer sign it again, which
// issuers other than ours may do.
func (w *world) resignAssertion(doc string, change func(*file)) string {
	f := open([]byte(doc))
	ki := string(f.at("Signature", "KeyInfo").Standalone())
	f.cut(f.at("Signature"))
	change(f)
	r := refTo(f.doc.Root())
	r.transforms = transform(enveloped) + transform(excC14N)
	sig := handmade{key: w.issuer.signer, keyInfo: ki, refs: []ref{r}}.xml()
	if i := child(f.doc.Root(), "Issuer"); i.OK() {
		f.after(i, sig)
	} else {
		f.into(f.doc.Root(), sig)
	}
	return string(f.src)
}

// keys are T9 and T10: contexts and derived keys.
func sharedKeys(w *world) (out []*attack) {
	secret := w.secret.Secret()
	sct := func(identifier string) string {
		return `<wsc:SecurityContextToken xmlns:wsc="` + xmltree.SC13 + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="sct"><wsc:Identifier>` + identifier + `</wsc:Identifier></wsc:SecurityContextToken>`
	}
	to := func(id string) string {
		return `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#` + id + `"/></wsse:SecurityTokenReference></ds:KeyInfo>`
	}
	for _, v := range versions {
		for name, identifier := range map[string]string{"chosen": "urn:uuid:evil", "guessed": "urn:uuid:00000000-0000-0000-0000-000000000001", "of-another": "urn:uuid:alice"} {
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything, scope: evilScope}))
			f.replace(f.one("BinarySecurityToken"), sct(identifier))
			f.resign(secret, func(h *handmade) { h.keyInfo = to("sct") })
			out = append(out, &attack{
				row: "T9", name: name + "-" + variant(v, ""), file: f.src, forged: "scope", off: dTrust, require: everything, at: atServer, class: classes(wsse.ClassTrust, wsse.ClassPolicy),
				fetch: map[string][]byte{identifier: secret},
			})
		}
		f := open(w.message(recipe{soap: v, signer: "user", scope: evilScope}))
		f.replace(f.one("UsernameToken"), sct("urn:uuid:alice"))
		out = append(out, &attack{row: "T9", name: "without-proof-" + variant(v, ""), file: f.src, forged: "scope", off: dSigned, at: atServer, class: classes(wsse.ClassPolicy, wsse.ClassTrust), plain: true, exempt: "the point is that nothing is signed"})

		long := strings.Repeat("L", 200)
		nonce := []byte("0123456789abcdef")
		label := "WS-SecureConversationWS-SecureConversation"
		for name, c := range map[string]struct {
			xml            string // what stands between reference and Nonce
			nonce          []byte
			label          string
			offset, length int
			from           string
		}{
			"offset-and-generation": {`<wsc:Generation>1</wsc:Generation><wsc:Offset>0</wsc:Offset>`, nonce, label, 32, 32, ""},
			"huge-offset":           {`<wsc:Offset>100000</wsc:Offset>`, nonce, label, 100000, 32, ""},
			"huge-generation":       {`<wsc:Generation>1000</wsc:Generation>`, nonce, label, 32000, 32, ""},
			"long-key":              {`<wsc:Length>4096</wsc:Length>`, nonce, label, 0, 4096, ""},
			"short-key":             {`<wsc:Length>1</wsc:Length>`, nonce, label, 0, 1, ""},
			"no-key":                {`<wsc:Length>0</wsc:Length>`, nonce, label, 0, 0, ""},
			"short-nonce":           {``, nonce[:4], label, 0, 32, ""},
			"no-nonce":              {``, nil, label, 0, 32, ""},
			"long-label":            {`<wsc:Label>` + long + `</wsc:Label>`, nonce, long, 0, 32, ""},
			"unknown-source":        {``, nonce, label, 0, 32, "urn:nobody"},
			"itself":                {``, nonce, label, 0, 32, "dk"},
		} {
			f := open(w.message(recipe{soap: v, signer: "hok-sym", parts: everything, scope: evilScope}))
			source := string(child(f.signature().First(xmltree.DS, "KeyInfo"), "SecurityTokenReference").Standalone())
			base := secret
			if c.from != "" {
				source = `<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#` + c.from + `"/></wsse:SecurityTokenReference>`
				base = make([]byte, 32)
			}
			key := alg.PSHA1(base, append([]byte(c.label), c.nonce...), c.offset+c.length)[c.offset:]
			f.before(f.signature(), `<wsc:DerivedKeyToken xmlns:wsc="`+xmltree.SC13+`" xmlns:wsu="`+xmltree.WSU+`" wsu:Id="dk">`+source+c.xml+`<wsc:Nonce>`+b64(c.nonce)+`</wsc:Nonce></wsc:DerivedKeyToken>`)
			f.resign(key, func(h *handmade) { h.keyInfo = to("dk") })
			out = append(out, &attack{
				row: "T10", name: name + "-" + variant(v, ""), file: f.src, forged: "scope", off: dDerive, require: everything, at: atServer, keys: append([]any{key}, w.honest()...),
				class: classes(wsse.ClassFormat, wsse.ClassLimit, wsse.ClassWrapping, wsse.ClassPolicy),
			})
			if len(key) == 0 {
				out[len(out)-1].off |= dZeroKey
			}
		}
	}
	return out
}
