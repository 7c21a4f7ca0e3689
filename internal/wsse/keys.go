package wsse

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"strconv"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// planProtection settles the keys of a Protection: which signs, which endorse,
// which encrypts.
func (w *writer) planProtection() error {
	p := w.o.Protection
	none := xmltree.Elem{}
	if p.Symmetric && p.Recipient == nil {
		return refuse(ClassPolicy, none, "a symmetric protection without a recipient")
	}
	encrypts := p.Encrypt != 0 || len(p.EncryptHeaders) > 0
	if p.Recipient != nil && (p.Symmetric || encrypts) {
		if err := w.planSession(); err != nil {
			return err
		}
	}
	if p.Symmetric {
		main := signer{token: -1, key: w.seal.session, keyInfo: keyInfoWith(w.sessionReference()), id: w.seal.keyID}
		w.signers = append([]signer{main}, w.signers...)
	} else if len(w.signers) > 0 {
		w.main = w.signers[0].token
	}
	for i := range w.signers {
		s := &w.signers[i]
		s.endorse = i > 0
		s.parts = p.Sign &^ PartSignature
		if s.endorse {
			s.parts &= PartToken
		} else if !w.timestamp {
			s.parts &^= PartTimestamp
		}
	}
	var err error
	if w.headerIDs, err = w.markHeaders(p); err != nil {
		return err
	}
	if !encrypts && p.Derived == NotDerived {
		return nil
	}
	return w.planKeys(encrypts)
}

// planSession makes the key that is sent to the recipient.
func (w *writer) planSession() error {
	p, s := w.o.Protection, &w.seal
	var err error
	if s.to, err = alg.CertificateKey(p.Recipient); err != nil {
		return because(err, xmltree.Elem{}, "recipient")
	}
	if s.session, err = w.o.Suite.NewSessionKey(); err != nil {
		return err
	}
	s.keyID = "ek" + w.suffix
	s.listing = !p.Symmetric && p.Order == SignThenEncrypt
	ref := p.RecipientReference
	if ref == RefDirect {
		ref = RefThumbprint
		if w.o.Version == V10 {
			ref = RefIssuerSerial
		}
	}
	s.toInfo, err = w.certificateInfo(X509{Certificates: certificates(p.Recipient), Reference: ref}, "")
	return err
}

// sessionReference is how our EncryptedKey is referred to.
func (w *writer) sessionReference() []byte {
	var b xmltree.Builder
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	if w.o.Version != V10 {
		b.Attr(xmltree.WSSE11, "TokenType", typeEncryptedKey)
	}
	b.Start(xmltree.WSSE, "Reference")
	b.Attr("", "URI", "#"+w.seal.keyID)
	if w.o.Version != V10 {
		b.Attr("", "ValueType", typeEncryptedKey)
	}
	b.End()
	b.End()
	return b.Bytes()
}

// planKeys settles the keys that sign and encrypt, deriving them if that is
// asked for.
func (w *writer) planKeys(encrypts bool) error {
	p, s := w.o.Protection, &w.seal
	base, str := s.session, []byte(nil)
	switch {
	case !base.IsZero():
		str = w.sessionReference()
	case len(w.signers) > 0 && w.signers[0].key.IsSecret():
		base = w.signers[0].key
		ki, err := xmltree.Parse(w.signers[0].keyInfo, xmltree.Limits{})
		if err != nil {
			return err
		}
		str = ki.Root().First(xmltree.WSSE, "SecurityTokenReference").Standalone()
	case encrypts:
		return refuse(ClassPolicy, xmltree.Elem{}, "nothing to encrypt with: no recipient, and no token with a symmetric key")
	default:
		return nil
	}
	signs := len(w.signers) > 0 && w.signers[0].key.IsSecret()
	if p.Derived == NotDerived || !signs {
		if encrypts {
			s.key, s.keyInfo = base, keyInfoWith(str)
		}
		return nil
	}
	var err error
	w.signers[0].key, w.signers[0].keyInfo, err = w.derive("dks", base, str, defaultLength)
	if err == nil && encrypts {
		s.key, s.keyInfo, err = w.derive("dke", base, str, alg.CipherKeySize(w.o.Suite.BlockCipherURI()))
	}
	return err
}

// derive derives a key of size octets, and returns how it is referred to.
func (w *writer) derive(name string, base alg.Key, str []byte, size int) (alg.Key, []byte, error) {
	d := derivation{label: defaultLabel, nonce: make([]byte, minDerivedNonce), length: size}
	rand.Read(d.nonce)
	key, err := d.key(base)
	if err != nil {
		return key, nil, err
	}
	space := xmltree.SC13
	switch w.o.Protection.Derived {
	case Implied13:
		attrs := ` xmlns:wsc="` + space + `" wsc:Length="` + strconv.Itoa(size) + `" wsc:Nonce="` + base64Text(d.nonce) + `"`
		return key, keyInfoWith(withAttributes(str, attrs)), nil
	case Derived2005:
		space = xmltree.SC2005
	}
	id := name + w.suffix
	var b xmltree.Builder
	b.Start(space, "DerivedKeyToken")
	b.Attr(xmltree.WSU, "Id", id)
	b.Raw(str)
	b.Elem(space, "Offset", "0")
	b.Elem(space, "Length", strconv.Itoa(size))
	b.Start(space, "Nonce")
	b.Base64(d.nonce)
	b.End()
	b.End()
	w.seal.derived = append(w.seal.derived, b.Bytes())
	var r xmltree.Builder
	r.Start(xmltree.WSSE, "SecurityTokenReference")
	r.Start(xmltree.WSSE, "Reference")
	r.Attr("", "URI", "#"+id)
	r.Attr("", "ValueType", space+derivedTokenSuffix)
	r.End()
	r.End()
	return key, keyInfoWith(r.Bytes()), nil
}

// withAttributes puts attributes into the start tag of an element.
func withAttributes(xml []byte, attrs string) []byte {
	at := bytes.IndexAny(xml, " \t\r\n/>")
	return bytes.Join([][]byte{xml[:at], []byte(attrs), xml[at:]}, nil)
}

func base64Text(p []byte) string { return base64.StdEncoding.EncodeToString(p) }

// markHeaders gives an id to every further header block that is signed.
func (w *writer) markHeaders(p *Protection) (ids []string, err error) {
	for i, h := range w.out.Headers {
		d, err := xmltree.Parse(h, xmltree.Limits{})
		if err != nil {
			return nil, because(err, xmltree.Elem{}, "header")
		}
		root := d.Root()
		signed := p.AllHeaders
		for _, n := range p.SignHeaders {
			signed = signed || root.Is(n.Space, n.Local)
		}
		if !signed {
			continue
		}
		id, ok := root.Attr(xmltree.WSU, "Id")
		if !ok {
			id = w.id("header", i)
			if len(ids) == 0 {
				w.out.Headers = append([][]byte(nil), w.out.Headers...)
			}
			// The prefix is one that no header has declared to be another.
			attrs := ` xmlns:wsuid="` + xmltree.WSU + `" wsuid:Id="` + id + `"`
			w.out.Headers[i] = withAttributes(h, attrs)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// bind reports whether tokens without a key are signed with the message.
func (w *writer) bind() bool { return w.o.Protection != nil && len(w.signers) > 0 }

// bound returns the ids of what the main signature covers besides its parts:
// tokens without a key, endorsing tokens if tokens are protected, and the key of
// a cipher that authenticates nothing when its ciphertext is signed.
func (w *writer) bound(main *signer) (ids []string) {
	for _, it := range w.items {
		switch {
		case it.kind == itemBearer, it.kind == itemToken && main.parts&PartToken != 0 && it.id != main.id:
			ids = append(ids, it.id)
		case it.kind == itemKey && it.id != main.id && w.o.Protection.Order == EncryptThenSign && !w.seal.key.IsZero():
			if uri, err := w.o.Suite.CipherFor(w.seal.key); err == nil && !alg.Authenticates(uri) {
				ids = append(ids, it.id)
			}
		}
	}
	return ids
}

// expectKey remembers the key of a token, which root is if it is sent, under the name that the answer gives
// it.
func (w *writer) expectKey(s *signer, t Issued, root xmltree.Elem) {
	var ref KeyRef
	var err error
	switch {
	case root.OK() && isContext(root):
		ref, err = readContext(root)
	case root.OK() && s.id != "":
		ref = KeyRef{Kind: KeyAssertion, ID: s.id}
	default:
		ref, err = attachedRef(t.Attached)
	}
	if err == nil && ref.Kind != 0 {
		w.know(ref, t.Key)
	}
}

func (w *writer) know(ref KeyRef, key alg.Key) {
	if w.expect.known == nil {
		w.expect.known = make(map[KeyRef]alg.Key)
	}
	w.expect.known[ref] = key
}

// attachedRef reads which key a SecurityTokenReference names that refers to
// nothing in its message.
func attachedRef(str []byte) (KeyRef, error) {
	d, err := xmltree.Parse(str, xmltree.Limits{})
	if err != nil {
		return KeyRef{}, err
	}
	for c := range d.Root().Children {
		if uri, _ := c.Attr("", "URI"); len(uri) > 0 && uri[0] == '#' {
			return KeyRef{}, nil
		}
	}
	var p Pending
	s, err := p.resolve(d.Root())
	return s.ref, err
}
