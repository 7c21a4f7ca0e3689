package wsse

import (
	"bytes"
	"encoding/base64"
	"slices"
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
		if s.salt != nil {
			s.parts |= PartToken // or the name in it could be another's with the same password
		}
	}
	var err error
	if w.headerIDs, err = w.markHeaders(p); err != nil {
		return err
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
	switch size := alg.CipherKeySize(p.Cipher); {
	case p.Cipher == "":
		s.session, err = w.o.Suite.NewSessionKey()
	case size == 0:
		err = refuse(ClassAlgorithm, xmltree.Elem{}, "unknown block cipher %s", shown(p.Cipher))
	default:
		s.session, err = randomKey(size)
	}
	if err != nil {
		return because(err, xmltree.Elem{}, "session key")
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
// asked for. What is encrypted is encrypted with the key that is sent or, without
// one, with that of the main signature.
func (w *writer) planKeys(encrypts bool) error {
	p, s := w.o.Protection, &w.seal
	none := xmltree.Elem{}
	signs := len(w.signers) > 0 && w.signers[0].key.IsSecret()
	derives := signs && p.Derived != NotDerived
	own := s.session.IsZero()
	issued, _ := w.mainToken().(Issued)
	switch {
	case encrypts && own && !signs:
		return refuse(ClassPolicy, none, "nothing to encrypt with: no recipient, and no token with a symmetric key")
	case issued.Embedded && (derives || encrypts && own):
		return refuse(ClassPolicy, none, "the key of an embedded token signs, and does nothing else")
	case encrypts && own && !derives && w.signers[0].salt != nil:
		return refuse(ClassPolicy, none, "a key from a password encrypts only through keys derived from it")
	}
	if encrypts {
		s.key, s.keyInfo = s.session, keyInfoWith(w.sessionReference())
		if own {
			s.key, s.keyInfo = w.signers[0].key, w.signers[0].keyInfo
		}
	}
	var err error
	if derives {
		size := p.DerivedKeys.Length
		if size == 0 {
			size = defaultLength
		}
		main := &w.signers[0]
		if main.key, main.keyInfo, err = w.derive("dks", main.key, main.keyInfo, size); err != nil {
			return err
		}
	}
	if encrypts && derives && (own || p.Symmetric) {
		s.key, s.keyInfo, err = w.derive("dke", s.key, s.keyInfo, alg.CipherKeySize(w.cipher()))
	}
	return err
}

// cipher is the block cipher of a message whose key is made for it: the key that is
// sent, or one that is derived.
func (w *writer) cipher() string {
	if uri := w.o.Protection.Cipher; uri != "" {
		return uri
	}
	return w.o.Suite.BlockCipherURI()
}

// mainToken is the token whose key protects the message; nil if none does.
func (w *writer) mainToken() Token {
	if w.main < 0 {
		return nil
	}
	return w.o.Tokens[w.main]
}

// referenceIn returns the SecurityTokenReference in a KeyInfo, or one around the
// name that the KeyInfo has in place of it.
func referenceIn(info []byte) ([]byte, error) {
	ki, err := xmltree.Parse(info, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	if str := ki.Root().First(xmltree.WSSE, "SecurityTokenReference"); str.OK() {
		return str.Standalone(), nil
	}
	var b xmltree.Builder
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	b.Raw(ki.Root().First(xmltree.DS, "KeyName").Standalone())
	b.End()
	return b.Bytes(), nil
}

// derive derives a key of size octets from one that a KeyInfo names, and returns
// how it is referred to.
func (w *writer) derive(name string, base alg.Key, info []byte, size int) (alg.Key, []byte, error) {
	str, err := referenceIn(info)
	if err != nil {
		return alg.Key{}, nil, err
	}
	o := w.o.Protection.DerivedKeys
	d, err := o.derivation(size, w.o.Protection.Derived)
	if err != nil {
		return alg.Key{}, nil, err
	}
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
	if o.Inline {
		return key, keyInfoWith(o.token(d, space, "", str)), nil
	}
	id := name + w.suffix
	w.seal.derived = append(w.seal.derived, o.token(d, space, id, str))
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
	w.out.Headers = slices.Clone(w.out.Headers) // the caller's stay as they are
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
			// The prefix is one that no header has declared to be another.
			attrs := ` xmlns:wsuid="` + xmltree.WSU + `" wsuid:Id="` + id + `"`
			w.out.Headers[i] = withAttributes(h, attrs)
		}
		if id == "" {
			return nil, refuse(ClassFormat, root, "header to be signed: an id that is empty")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// bind reports whether tokens without a key are signed with the message.
func (w *writer) bind() bool { return w.o.Protection != nil && len(w.signers) > 0 }

// bound returns what the main signature covers besides its parts:
// tokens without a key, endorsing tokens if tokens are protected, and the key of
// a cipher that authenticates nothing: one that is sent before it is used, and not
// to sign with, is for ciphertext that is signed.
func (w *writer) bound(main *signer) (out []item) {
	for _, it := range w.items {
		switch {
		case it.kind == itemBearer, it.kind == itemToken && main.parts&PartToken != 0 && it.id != main.id:
			out = append(out, it)
		case it.kind == itemKey && it.id != main.id && !alg.Authenticates(w.cipher()):
			out = append(out, it)
		}
	}
	return out
}

// expectKey remembers the key of a token, which root is if it is sent, under the name that the answer gives
// it.
func (w *writer) expectKey(t Issued, root xmltree.Elem) {
	var ref KeyRef
	var err error
	switch id := tokenID(root); {
	case root.OK() && isContext(root):
		ref, err = readContext(root)
	case id != "":
		ref = KeyRef{Kind: KeyAssertion, ID: id}
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

// attachedRef reads which key a SecurityTokenReference names. One that refers to
// something in its message says nothing to the answer, and is an error.
func attachedRef(str []byte) (KeyRef, error) {
	d, err := xmltree.Parse(str, xmltree.Limits{})
	if err != nil {
		return KeyRef{}, err
	}
	var p Pending // without a header that anything could be in
	s, err := p.resolve(d.Root())
	return s.ref, err
}
