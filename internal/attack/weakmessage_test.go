package attack

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"wstrust/internal/c14n"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// read verifies a file and returns what its application would be given.
func (d *double) read(src []byte) (reading, error) {
	doc, err := d.parse(src)
	if err != nil {
		return nil, err
	}
	forms := d.w.forms(doc)
	m := &weakMessage{double: d, forms: forms, root: forms[len(forms)-1].Root(), out: reading{}}
	if m.root.Local() != "Envelope" {
		return m.out, m.standalone()
	}
	if err := m.envelope(); err != nil {
		return nil, err
	}
	return m.out, nil
}

// A weakMessage is a message that the double reads.
type weakMessage struct {
	*double
	root, header, security, body, stamp xmltree.Elem
	signed                              []xmltree.Elem
	forms                               []*xmltree.Doc
	by                                  map[string][]xmltree.Elem // what somebody signed
	holder                              crypto.PublicKey
	out                                 reading
	known                               bool // somebody is authenticated
	proved                              bool // by a signature of the holder
}

func (m *weakMessage) envelope() error {
	if err := m.shape(); err != nil {
		return err
	}
	if err := m.headers(); err != nil {
		return err
	}
	if err := m.findSecurity(); err != nil {
		return err
	}
	if err := m.tokensIn(); err != nil {
		return err
	}
	if err := m.signatures(); err != nil {
		return err
	}
	if err := m.opened(); err != nil {
		return err
	}
	if err := m.covered(); err != nil {
		return err
	}
	if err := m.fresh(); err != nil {
		return err
	}
	if m.on(dReplay) && m.seen != nil {
		if m.seen["id "+m.out["messageid"]] {
			return deny(dReplay, "the message came before")
		}
		m.seen["id "+m.out["messageid"]] = true
	}
	if err := m.delegated(); err != nil {
		return err
	}
	if m.ask["responses"] != "" {
		if err := m.token(); err != nil {
			return err
		}
	}
	if !m.known && m.reply == "" && m.on(dSigned) {
		return deny(dSigned, "nobody is authenticated")
	}
	m.out["scope"] = m.value(m.body, "Address", "scope")
	return m.split()
}

// split refuses a message in which a value was not one piece of text.
func (m *weakMessage) split() error {
	if at, ok := m.out["split"]; ok {
		return deny(dText, "%s is not one piece of text", at)
	}
	return nil
}

func (m *weakMessage) shape() error {
	m.header = child(m.root, "Header")
	bodies := slices.DeleteFunc(descendants(m.root, "Body"), func(e xmltree.Elem) bool { return xmltree.Parent(e) != m.root })
	if m.on(dShape) {
		var names string
		for c := range m.root.Children {
			names += c.Local() + " "
		}
		if names != "Header Body " {
			return deny(dShape, "an envelope of %s", names)
		}
	}
	if len(bodies) == 0 {
		return deny(dShape, "no body")
	}
	m.body = bodies[0]
	if m.pick.lastBody {
		m.body = bodies[len(bodies)-1]
	}
	return nil
}

// headers reads the addressing headers.
func (m *weakMessage) headers() error {
	if n := countChildren(m.header); n > 64 && m.on(dLimits) {
		return deny(dLimits, "%d headers", n)
	}
	for h := range m.header.Children {
		if m.on(dMust) {
			for a := range h.Attrs {
				if a.Local == "mustUnderstand" && a.Value == "1" && h.Space() != xmltree.WSA10 && h.Local() != "Security" {
					return deny(dMust, "%s is not understood", h.Local())
				}
			}
		}
	}
	for _, f := range []string{"To", "Action", "MessageID", "ReplyTo", "RelatesTo", "FaultTo"} {
		e, err := m.field(f)
		if err != nil {
			return err
		}
		if e.OK() {
			m.out[strings.ToLower(f)] = m.value(e, f, strings.ToLower(f))
		}
	}
	if to := m.out["to"]; m.on(dTo) && to != "" && to != serviceURL {
		return deny(dTo, "to %q", to)
	}
	for _, f := range []string{"replyto", "faultto"} {
		if v, ok := m.out[f]; m.on(dReplyTo) && ok && v != xmltree.WSA10+"/anonymous" && v != xmltree.WSA10+"/none" {
			return deny(dReplyTo, "%s %q", f, v)
		}
	}
	if m.http != "" {
		if m.on(dAction) && m.http != m.out["action"] {
			return deny(dAction, "two actions")
		}
		m.out["action"] = m.http
	}
	if m.on(dAction) && m.reply == "" && !strings.HasSuffix(m.out["action"], "/RST/Issue") {
		return deny(dAction, "action %q", m.out["action"])
	}
	if m.on(dReply) && m.reply != "" && m.out["relatesto"] != m.reply {
		return deny(dReply, "relates to %q", m.out["relatesto"])
	}
	return nil
}

func (m *weakMessage) field(local string) (xmltree.Elem, error) {
	var found xmltree.Elem
	for h := range m.header.Children {
		if !h.Is(xmltree.WSA10, local) {
			continue
		}
		if found.OK() {
			if m.on(dOneField) {
				return found, deny(dOneField, "%s stands twice", local)
			}
			if !m.pick.lastHeader {
				continue
			}
		}
		found = h
	}
	return found, nil
}

func ours(h xmltree.Elem) bool {
	for a := range h.Attrs {
		if (a.Local == "role" || a.Local == "actor") && a.Value != "" && !strings.HasSuffix(a.Value, "ultimateReceiver") {
			return false
		}
	}
	return true
}

func (m *weakMessage) findSecurity() error {
	for h := range m.header.Children {
		if !h.Is(xmltree.WSSE, "Security") || m.on(dRole) && !ours(h) {
			continue
		}
		if m.security.OK() {
			if m.on(dOneHeader) {
				return deny(dOneHeader, "two Security headers")
			}
			if !m.pick.lastHeader {
				continue
			}
		}
		m.security = h
	}
	if !m.security.OK() {
		return nil
	}
	for c := range m.security.Children {
		if c.Local() == "Timestamp" && (!m.stamp.OK() || m.pick.lastHeader) {
			if m.stamp.OK() && m.on(dOneField) {
				return deny(dOneField, "two timestamps")
			}
			m.stamp = c
		}
	}
	return nil
}

// signatures verifies what signs the message.
func (m *weakMessage) signatures() error {
	var sigs []xmltree.Elem
	if m.on(dOwnHeader) {
		for c := range m.security.Children {
			if c.Is(xmltree.DS, "Signature") {
				sigs = append(sigs, c)
			}
		}
	} else {
		sigs = slices.DeleteFunc(descendants(m.root, "Signature"), func(e xmltree.Elem) bool {
			return !e.Is(xmltree.DS, "Signature") || decoy(e) || xmltree.Parent(e).Local() == "Assertion" || xmltree.Parent(e).Local() == "Response"
		})
	}
	for _, sig := range sigs {
		k, err := m.keyOf(sig)
		if err != nil {
			return err
		}
		elems, err := m.inForms(sig, k)
		if err != nil {
			return err
		}
		m.signed = append(m.signed, elems...)
		if k.name != "" && !(m.pick.firstSigner && m.known) {
			m.known, m.out["user"] = true, k.name
		}
		m.proved = m.proved || k.holder
		if m.on(dTokenUsed) {
			for _, e := range elems {
				if k.token.OK() && e.Local() == k.token.Local() && !e.Same(k.token) || k.cert != nil && e.Local() == "BinarySecurityToken" && !bytes.Equal(text64(e), k.cert.Raw) {
					return deny(dTokenUsed, "another token is signed than is used")
				}
			}
		}
		v := string(text64(child(sig, "SignatureValue")))
		if m.on(dReflect) && v != "" && m.ask["reflected"] == b64([]byte(v)) {
			return deny(dReflect, "our own signature")
		}
		if _, ok := k.key.(*ecdsa.PublicKey); ok {
			v = v[:len(v)/2] // s has two values, r has one
		}
		if m.on(dReplay) && m.seen != nil {
			if m.seen[v] {
				return deny(dReplay, "it came before")
			}
			m.seen[v] = true
		}
	}
	return nil
}

// A signerKey is what the double takes for the key of a signature.
type signerKey struct {
	key    any
	name   string // of whom it authenticates
	holder bool
	token  xmltree.Elem
	cert   *x509.Certificate
}

func (m *weakMessage) keyOf(sig xmltree.Elem) (signerKey, error) {
	cert, pub, token, err := m.keyInfo(child(sig, "KeyInfo"))
	if err != nil {
		return signerKey{}, err
	}
	k := signerKey{token: token, cert: cert}
	switch {
	case token.OK() && token.Local() == "DerivedKeyToken":
		k.key, err = m.derived(token)
		k.holder = err == nil
		return k, err
	case token.OK() && token.Local() == "EncryptedKey": // anybody can make one
		secret, err := m.w.keyIn(token)
		k.key, k.token = secret.Secret(), xmltree.Elem{}
		return k, err
	case token.OK() && token.Local() == "SecurityContextToken":
		if m.on(dTrust) {
			return k, deny(dTrust, "no such context")
		}
		k.key, k.name = m.fetch[loose(child(token, "Identifier"))], evilUser
		return k, nil
	case token.OK() && token.Local() == "Assertion":
		if m.holder == nil {
			return k, deny(dHolder, "the assertion confirms no key")
		}
		k.key, k.holder = m.holder, true
		return k, nil
	case cert != nil:
		pub, k.name = cert.PublicKey, cert.Subject.CommonName
	case pub == nil:
		return k, deny(dTrust, "no key")
	}
	k.key = pub
	if m.holder != nil && samePublic(pub, m.holder) {
		k.holder, k.name = true, ""
		return k, nil
	}
	if m.on(dTrust) && (cert == nil || !m.trusts(cert)) {
		return k, deny(dTrust|dPath, "a key that nobody trusts")
	}
	if _, isHMAC := schemes[algorithm(descendants(sig, "SignatureMethod")[0])]; isHMAC && !m.on(dKeyKind) {
		k.key = confusable(cert, pub, algorithm(descendants(sig, "SignatureMethod")[0]))
	}
	if k.name == "" {
		k.name = evilUser
	}
	return k, nil
}

func confusable(cert *x509.Certificate, pub any, method string) any {
	if schemes[method].kind != "hmac" || cert == nil {
		return pub
	}
	return publicFormsOf(cert)
}

// publicFormsOf are the octets that a certificate's key may be mistaken for.
func publicFormsOf(cert *x509.Certificate) publicForms {
	forms := publicForms{"der": cert.Raw, "spki": cert.RawSubjectPublicKeyInfo}
	forms["pem"] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	switch p := cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		forms["point"] = must(p.Bytes())
	case *rsa.PublicKey:
		forms["point"] = p.N.Bytes()
	}
	return forms
}

func samePublic(a, b crypto.PublicKey) bool {
	e, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && e.Equal(b)
}

// trusts verifies the path of a certificate, or compares two names.
func (m *weakMessage) trusts(c *x509.Certificate) bool {
	if !m.on(dPath) {
		return c.Issuer.String() == m.w.ca.cert.Subject.String() || strings.Contains(c.Issuer.String(), "test")
	}
	if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return false
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: m.w.pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}

// covered checks that what is signed stands where it counts.
func (m *weakMessage) covered() error {
	fields := map[string]xmltree.Elem{"Body": m.body, "Timestamp": m.stamp}
	for _, f := range []string{"To", "Action", "MessageID", "ReplyTo", "RelatesTo", "FaultTo"} {
		fields[f], _ = m.field(f)
	}
	if m.on(dPlace) {
		for _, e := range m.signed {
			known := xmltree.Parent(e).Same(m.security) && m.security.OK()
			for _, f := range fields {
				known = known || f.OK() && e.Same(f)
			}
			known = known || xmltree.Parent(e).Same(m.header) && !strings.Contains(e.Space(), "/soap") && e.Space() != xmltree.WSA10 && !strings.Contains(e.Space(), "/wss/") && e.Space() != xmltree.DS
			if !known {
				return deny(dPlace, "%s is signed, and has no place there", e.Path())
			}
		}
	}
	for _, p := range []struct {
		part wsse.Parts
		name string
	}{{wsse.PartBody, "Body"}, {wsse.PartTimestamp, "Timestamp"}, {wsse.PartTo, "To"}, {wsse.PartAction, "Action"}, {wsse.PartMessageID, "MessageID"}, {wsse.PartReplyTo, "ReplyTo"}, {wsse.PartRelatesTo, "RelatesTo"}} {
		if m.require&p.part == 0 || p.part&wsse.PartAddressing != 0 && !fields[p.name].OK() {
			continue
		}
		switch {
		case m.on(dRequired):
			if !slices.ContainsFunc(m.signed, func(e xmltree.Elem) bool { return fields[p.name].OK() && e.Same(fields[p.name]) }) {
				return deny(dRequired, "%s is not signed", p.name)
			}
		case m.on(dNamed):
			if !slices.ContainsFunc(m.signed, func(e xmltree.Elem) bool { return e.Local() == p.name }) {
				return deny(dNamed, "nothing signed is a %s", p.name)
			}
		}
	}
	if m.on(dHolder) && m.holder != nil && !m.proved {
		return deny(dHolder, "the holder's key did not sign")
	}
	return nil
}

// fresh looks at the Timestamp.
func (m *weakMessage) fresh() error {
	if !m.stamp.OK() {
		if m.on(dFresh) && m.reply == "" {
			return deny(dFresh, "no timestamp")
		}
		return nil
	}
	for _, part := range []string{"Created", "Expires"} {
		m.out[strings.ToLower(part)] = loose(child(m.stamp, part))
	}
	if !m.on(dFresh) {
		return nil
	}
	created, err := child(m.stamp, "Created").Time()
	if err != nil {
		return deny(dFresh|dText, "%v", err)
	}
	if age := time.Since(created); age > 10*time.Minute || age < -5*time.Minute {
		return deny(dFresh, "created %v ago", age)
	}
	if e := child(m.stamp, "Expires"); e.OK() {
		expires, err := e.Time()
		if err != nil || !expires.After(created) || expires.Sub(created) > 24*time.Hour || time.Since(expires) > 5*time.Minute {
			return deny(dFresh, "expires %v", expires)
		}
	}
	return nil
}

// value is the text of the first descendant of a name. A reader that stops at
// the first thing that is not text sees less of it than another.
func (m *weakMessage) value(e xmltree.Elem, local, as string) string {
	for _, v := range descendants(e, "") {
		if v.Local() != local && as != "to" && as != "action" && as != "messageid" && as != "relatesto" || countChildren(v) > 0 {
			continue
		}
		if local == "ReplyTo" || local == "FaultTo" {
			continue
		}
		return m.text(v)
	}
	for _, v := range descendants(e, "Address") {
		return m.text(v)
	}
	return ""
}

func (m *weakMessage) text(e xmltree.Elem) string {
	s, err := e.Token()
	if m.on(dText) {
		if err != nil || strings.Contains(s, mark) {
			m.out["split"] = e.Path()
		}
		return s
	}
	start, _ := e.Range()
	from, to := e.ContentRange()
	raw := e.Raw()[from-start : to-start]
	if k := bytes.IndexByte(raw, '<'); k >= 0 {
		raw = raw[:k]
	}
	first, _, _ := strings.Cut(string(raw), mark)
	return strings.TrimSpace(first)
}

// strToken finds the token of an STR-Transform: the one that has the digest,
// where nobody compares it with the one that is used.
func (d *double) strToken(root, str xmltree.Elem, r claimedRef) (xmltree.Elem, error) {
	for _, e := range descendants(root, "") {
		if l := e.Local(); l != "Assertion" && l != "BinarySecurityToken" && l != "UsernameToken" {
			continue
		}
		var b bytes.Buffer
		if m, ok := c14n.FromURI(r.canon); ok && c14n.WriteSTR(&b, e, m, r.prefixes) == nil && sameDigest(r, b.Bytes()) {
			return e, nil
		}
	}
	return xmltree.Elem{}, deny(dEveryRef, "no token has the digest of %s", str.Path())
}
