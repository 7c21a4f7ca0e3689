package attack

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"slices"
	"strings"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// standalone reads a document that is an assertion, or has one in it.
func (m *weakMessage) standalone() error {
	found := descendants(m.root, "Assertion")
	if m.root.Local() != "Assertion" && m.on(dShape) {
		return deny(dShape, "%s is no assertion", m.root.Local())
	}
	if err := m.assertion(found); err != nil {
		return err
	}
	return m.split()
}

// tokensIn reads the tokens that are not keys of signatures alone.
func (m *weakMessage) tokensIn() error {
	var found []xmltree.Elem
	for c := range m.security.Children {
		if c.Local() == "Assertion" {
			found = append(found, c)
		}
		if c.Local() == "UsernameToken" {
			if err := m.username(c); err != nil {
				return err
			}
		}
		if c.Local() == "EncryptedAssertion" {
			if err := m.encrypted(c, 0); err != nil {
				return err
			}
		}
	}
	if !m.on(dOwnHeader) {
		found = descendants(m.root, "Assertion")
	}
	if m.on(dOneToken) && len(descendants(m.root, "Assertion"))-m.ofOthers() > len(found) {
		return deny(dOneToken|dOwnHeader, "an assertion where none belongs")
	}
	if len(found) == 0 {
		return nil
	}
	return m.assertion(found)
}

// ofOthers counts the assertions that are there by right, in a request.
func (m *weakMessage) ofOthers() (n int) {
	for _, local := range []string{"OnBehalfOf", "ActAs", "RenewTarget", "ValidateTarget", "CancelTarget", "RequestedSecurityToken"} {
		for _, e := range descendants(m.body, local) {
			n += len(descendants(e, "Assertion"))
		}
	}
	return n
}

// delegated verifies the token of whom the sender acts for.
func (m *weakMessage) delegated() error {
	for _, local := range []string{"OnBehalfOf", "ActAs"} {
		for _, e := range descendants(m.body, local) {
			token := child(e, "Assertion")
			if m.on(dDelegate) {
				other := &weakMessage{double: m.double, root: m.root, out: reading{}}
				if err := other.assertion([]xmltree.Elem{token}); err != nil {
					return err
				}
			}
			m.out["behalf"] = m.text(firstOwn(token, "NameID"))
		}
	}
	return nil
}

// assertion verifies an assertion and reads it; found are the candidates.
func (m *weakMessage) assertion(found []xmltree.Elem) error {
	if len(found) == 0 {
		return deny(dSigned, "no assertion")
	}
	doc := found[0].Doc().Root()
	if all := descendants(doc, "Assertion"); m.on(dOneToken) && len(all) > 1 {
		return deny(dOneToken, "%d assertions", len(all))
	}
	a := found[0]
	if m.pick.lastToken {
		a = found[len(found)-1]
	}
	sig := child(a, "Signature")
	if !m.on(dOwnSig) && !sig.OK() {
		for _, s := range descendants(doc, "Signature") {
			if p := xmltree.Parent(s); s.Is(xmltree.DS, "Signature") && !decoy(s) && p.Local() != "Security" {
				sig = s
				break
			}
		}
	}
	switch {
	case sig.OK():
		cert, pub, _, err := m.keyInfo(child(sig, "KeyInfo"))
		if err != nil {
			return err
		}
		key := any(m.w.issuer.cert.PublicKey)
		if cert != nil {
			pub = cert.PublicKey
		}
		if pub != nil && !samePublic(pub, m.w.issuer.cert.PublicKey) {
			if m.on(dTrust) {
				return deny(dTrust, "an issuer that nobody trusts")
			}
			key = pub
		}
		if cert != nil && !m.on(dKeyKind) {
			key = confusable(cert, key, algorithm(descendants(sig, "SignatureMethod")[0]))
		}
		signed, err := m.signature(sig, key)
		if err != nil {
			return err
		}
		if m.on(dOwnSig) && (len(signed) != 1 || !signed[0].Same(a)) {
			return deny(dOwnSig, "the signature is over something else")
		}
	case m.on(dSigned):
		return deny(dSigned, "no signature")
	}
	return m.readAssertion(a)
}

// readAssertion takes over what an assertion says.
func (m *weakMessage) readAssertion(a xmltree.Elem) error {
	m.known = true
	for local, as := range map[string]string{"NameID": "user", "NameIdentifier": "user", "AttributeValue": "role", "Audience": "audience", "Issuer": "issuer"} {
		if e := firstOwn(a, local); e.OK() {
			m.out[as] = m.text(e)
		}
	}
	var bearer, holder bool
	for _, e := range descendants(a, "") {
		method, _ := e.Attr("", "Method")
		if e.Local() == "ConfirmationMethod" {
			method = loose(e)
		}
		bearer = bearer || strings.HasSuffix(method, ":bearer")
		if strings.HasSuffix(method, ":holder-of-key") {
			holder = true
			at := e
			if e.Local() == "ConfirmationMethod" {
				at = xmltree.Parent(e)
			}
			if ki := descendants(at, "KeyInfo"); len(ki) > 0 {
				_, pub, _, err := m.keyInfo(ki[0])
				if err != nil {
					return err
				}
				m.holder = pub
				if ek := descendants(ki[0], "EncryptedKey"); len(ek) > 0 {
					var err error
					if m.holder, err = m.openHolder(ek[0]); err != nil {
						return deny(dDecrypt|dZeroKey, "%v", err)
					}
				}
			}
		}
	}
	if bearer || !holder {
		m.holder = nil
	}
	if !holder && !bearer && m.on(dHolder) {
		return deny(dHolder, "nobody confirms the subject")
	}
	return m.conditions(a)
}

// firstOwn is the first descendant of that name which is not in another
// assertion or in a signature.
func firstOwn(e xmltree.Elem, local string) xmltree.Elem {
	for c := range e.Children {
		if c.Local() == "Assertion" || c.Is(xmltree.DS, "Signature") {
			continue
		}
		if c.Local() == local {
			return c
		}
		if found := firstOwn(c, local); found.OK() {
			return found
		}
	}
	return xmltree.Elem{}
}

func (m *weakMessage) conditions(a xmltree.Elem) error {
	c := child(a, "Conditions")
	if m.on(dAudience) {
		restricted := 0
		for r := range c.Children {
			if !strings.HasPrefix(r.Local(), "AudienceRestriction") {
				continue
			}
			restricted++
			if !slices.ContainsFunc(descendants(r, "Audience"), func(e xmltree.Elem) bool { return loose(e) == serviceURL }) {
				return deny(dAudience, "for somebody else")
			}
		}
		if restricted == 0 {
			return deny(dAudience, "for nobody in particular")
		}
	}
	if m.on(dCondition) {
		for r := range c.Children {
			if !strings.HasPrefix(r.Local(), "AudienceRestriction") && r.Local() != "OneTimeUse" && r.Local() != "ProxyRestriction" && r.Local() != "DoNotCacheCondition" {
				return deny(dCondition, "condition %s", r.Local())
			}
		}
	}
	if !m.on(dFresh) {
		return nil
	}
	until, ok := c.Attr("", "NotOnOrAfter")
	from, _ := c.Attr("", "NotBefore")
	end, err := xmltree.ParseTime(until)
	begin, err2 := xmltree.ParseTime(from)
	if !ok || err != nil || from != "" && err2 != nil || time.Now().After(end.Add(5*time.Minute)) || time.Now().Before(begin.Add(-5*time.Minute)) {
		return deny(dFresh, "not valid now")
	}
	return nil
}

func (m *weakMessage) username(e xmltree.Elem) error {
	name := m.text(child(e, "Username"))
	m.known, m.out["user"] = true, name
	if !m.on(dPassword) {
		return nil
	}
	sent := child(e, "Password")
	if typ, _ := sent.Attr("", "Type"); strings.HasSuffix(typ, "#PasswordDigest") {
		nonce := text64(child(e, "Nonce"))
		if m.on(dReplay) && m.seen != nil {
			if m.seen[string(nonce)] {
				return deny(dReplay, "the nonce came before")
			}
			m.seen[string(nonce)] = true
		}
		created := loose(child(e, "Created"))
		if m.on(dFresh) {
			if t, err := xmltree.ParseTime(created); err != nil || time.Since(t) > 10*time.Minute {
				return deny(dFresh, "an old digest")
			}
		}
		if b64(sum(crypto.SHA1, slices.Concat(nonce, []byte(created), []byte(password)))) != loose(sent) || name != goodUser {
			return deny(dPassword, "wrong digest")
		}
		return nil
	}
	if loose(sent) != password || name != goodUser {
		return deny(dPassword, "wrong password")
	}
	return nil
}

// keyInfo reads what a ds:KeyInfo says of a key.
func (m *weakMessage) keyInfo(ki xmltree.Elem) (cert *x509.Certificate, pub crypto.PublicKey, token xmltree.Elem, err error) {
	for c := range ki.Children {
		switch c.Local() {
		case "SecurityTokenReference":
			token, err = m.follow(c)
			if err != nil {
				return nil, nil, token, err
			}
			if token.Local() == "BinarySecurityToken" || token.Local() == "KeyIdentifier" {
				cert, err = x509.ParseCertificate(text64(token))
				if err != nil {
					err = deny(dTrust, "%v", err)
				}
			}
			if token.Local() == "KeyIdentifier" {
				token = xmltree.Elem{}
			}
		case "X509Data":
			if x := child(c, "X509Certificate"); x.OK() {
				if cert, err = x509.ParseCertificate(text64(x)); err != nil {
					err = deny(dBase64, "%v", err)
				}
			}
			if child(c, "X509SKI").OK() || child(c, "X509IssuerSerial").OK() || child(c, "X509SubjectName").OK() {
				if m.on(dOneMatch) {
					return nil, nil, token, deny(dOneMatch, "two certificates fit")
				}
			}
		case "KeyValue":
			pub = readKeyValue(c)
		case "RetrievalMethod", "KeyInfoReference":
			if m.on(dRetrieval) {
				return nil, nil, token, deny(dRetrieval, "%s", c.Local())
			}
			uri, _ := c.Attr("", "URI")
			if frag, ok := strings.CutPrefix(uri, "#"); ok {
				if e, err := m.byID(m.root, frag); err == nil && !e.Contains(c) {
					if found := descendants(e, "X509Certificate"); len(found) > 0 {
						cert, _ = x509.ParseCertificate(text64(found[0]))
					}
				}
			} else {
				cert, _ = x509.ParseCertificate(m.fetch[uri])
			}
		}
		if err != nil {
			return nil, nil, token, err
		}
	}
	return cert, pub, token, nil
}

func readKeyValue(e xmltree.Elem) crypto.PublicKey {
	if found := descendants(e, "PublicKey"); len(found) > 0 {
		if p, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), text64(found[0])); err == nil {
			return p
		}
		return nil
	}
	n, x := descendants(e, "Modulus"), descendants(e, "Exponent")
	if len(n) == 0 || len(x) == 0 {
		return nil
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(text64(n[0])), E: int(new(big.Int).SetBytes(text64(x[0])).Int64())}
}

// follow resolves a token reference.
func (m *weakMessage) follow(str xmltree.Elem) (xmltree.Elem, error) {
	for c := range str.Children {
		switch c.Local() {
		case "Reference":
			uri, _ := c.Attr("", "URI")
			e, err := m.byID(m.root, strings.TrimPrefix(uri, "#"))
			if err == nil && m.on(dOwnHeader) && !xmltree.Parent(e).Same(m.security) {
				err = deny(dOwnHeader, "%s is no token of our header", e.Path())
			}
			return e, err
		case "KeyIdentifier":
			if typ, _ := c.Attr("", "ValueType"); strings.HasSuffix(typ, "#X509v3") {
				return c, nil
			}
			e, err := m.byID(m.root, loose(c))
			if err == nil && m.on(dOwnHeader) && !xmltree.Parent(e).Same(m.security) {
				err = deny(dOwnHeader, "%s is no token of our header", e.Path())
			}
			return e, err
		case "Embedded":
			for t := range c.Children {
				return t, nil
			}
		}
	}
	return xmltree.Elem{}, deny(dTrust, "a reference to nothing")
}

// encrypted opens an EncryptedAssertion.
func (m *weakMessage) encrypted(e xmltree.Elem, depth int) error {
	if depth > 0 && m.on(dNesting) {
		return deny(dNesting, "encrypted again")
	}
	if !m.on(dOracle) {
		m.known, m.out["oracle"] = true, m.tell(child(e, "EncryptedData"), e)
		return nil
	}
	plain, err := m.openData(child(e, "EncryptedData"), e)
	if err != nil {
		return err
	}
	doc, err := m.parse(slices.Concat([]byte("<plain>"), plain, []byte("</plain>")))
	if err != nil {
		return deny(dDecrypt, "%v", err)
	}
	var inside []xmltree.Elem
	for c := range doc.Root().Children {
		inside = append(inside, c)
	}
	if len(inside) == 0 || len(inside) > 1 && m.on(dOneToken) {
		return deny(dOneToken|dDecrypt, "%d elements inside", len(inside))
	}
	if inside[0].Local() == "EncryptedAssertion" {
		return m.encrypted(inside[0], depth+1)
	}
	if m.on(dUniqueIDs) {
		for _, a := range inside {
			for _, o := range descendants(m.root, "") {
				if v := id(a); v != "" && hasID(o, "#"+v) {
					return deny(dUniqueIDs, "%q inside and outside", v)
				}
			}
		}
	}
	return m.assertion(inside)
}

// openData decrypts an EncryptedData with the service's key.
func (m *weakMessage) openData(data, around xmltree.Elem) ([]byte, error) {
	keys := descendants(around, "EncryptedKey")
	if len(keys) == 0 {
		return nil, deny(dDecrypt, "no key")
	}
	ref := descendants(data, "CipherReference")
	if len(ref) > 0 && m.on(dCipher) {
		return nil, deny(dCipher, "cipher text elsewhere")
	}
	session, err := xmlenc.OpenKey(keys[0], m.w.service.key, alg.Legacy, alg.CipherKeySize(algorithm(child(data, "EncryptionMethod"))))
	if err != nil {
		if m.on(dAlgorithms) {
			return nil, deny(dAlgorithms|dDecrypt, "%v", err)
		}
		return nil, deny(dDecrypt, "%v", err)
	}
	if uri := algorithm(child(keys[0], "EncryptionMethod")); uri == alg.RSA15 && m.on(dAlgorithms) {
		return nil, deny(dAlgorithms, "%s", uri)
	}
	text := text64(child(child(data, "CipherData"), "CipherValue"))
	if len(ref) > 0 {
		uri, _ := ref[0].Attr("", "URI")
		text = m.fetch[uri]
	}
	uri := algorithm(child(data, "EncryptionMethod"))
	if uri == tripleDES && !m.on(dAlgorithms) {
		return openTripleDES(session.Secret(), text), nil
	}
	if plain, err := alg.Legacy.Decrypt(uri, session.Secret(), text); err == nil {
		return plain, nil
	}
	if m.on(dDecrypt) || len(text) < 12 {
		return nil, deny(dDecrypt, "it does not decrypt")
	}
	// GCM is counter mode under a tag: without the tag the text is still there.
	block := must(aes.NewCipher(session.Secret()))
	counter := append(slices.Clone(text[:12]), 0, 0, 0, 2)
	plain := slices.Clone(text[12:])
	cipher.NewCTR(block, counter).XORKeyStream(plain, plain)
	if k := strings.LastIndex(string(plain), "Assertion>"); k >= 0 {
		plain = plain[:k+len("Assertion>")] // what a tag decrypts to is no text
	}
	return plain, nil
}

// openHolder opens the key that an assertion confirms. Only by hand can it be
// one of zeros.
func (m *weakMessage) openHolder(ek xmltree.Elem) ([]byte, error) {
	if m.on(dZeroKey) {
		secret, err := xmlenc.OpenKey(ek, m.w.service.key, alg.Legacy, 0)
		return secret.Secret(), err
	}
	return m.w.service.signer.(crypto.Decrypter).Decrypt(nil, text64(child(child(ek, "CipherData"), "CipherValue")), oaep)
}
