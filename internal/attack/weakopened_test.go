package attack

import (
	"bytes"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// forms are a document as it came and as it is each time that an EncryptedData that
// is for the service was replaced by what is in it, wherever that stands: how a
// verifier reads that decrypts first and asks afterwards.
func (w *world) forms(d *xmltree.Doc) []*xmltree.Doc {
	out := []*xmltree.Doc{d}
	for range 32 {
		var data xmltree.Elem
		for _, e := range descendants(d.Root(), "EncryptedData") {
			if xmltree.Parent(e).Local() != "EncryptedAssertion" && !data.OK() {
				data = e
			}
		}
		if !data.OK() {
			break
		}
		key := keyOfData(data)
		if !key.OK() {
			break
		}
		session, err := w.keyIn(key)
		if err != nil {
			break
		}
		plain, err := alg.Legacy.Decrypt(algorithm(child(data, "EncryptionMethod")), session.Secret(), text64(child(child(data, "CipherData"), "CipherValue")))
		if err != nil {
			break
		}
		from, to := data.Range()
		if d, err = xmltree.Parse(bytes.Join([][]byte{d.Source()[:from], plain, d.Source()[to:]}, nil), wide); err != nil {
			break
		}
		out = append(out, d)
	}
	return out
}

// decrypted is the last of the forms.
func (w *world) decrypted(d *xmltree.Doc) *xmltree.Doc {
	forms := w.forms(d)
	return forms[len(forms)-1]
}

// keyOfData finds the EncryptedKey that names an EncryptedData, or that it names.
func keyOfData(data xmltree.Elem) (key xmltree.Elem) {
	ki := child(data, "KeyInfo")
	for _, k := range descendants(data.Doc().Root(), "EncryptedKey") {
		for _, r := range descendants(k, "DataReference") {
			if uri, _ := r.Attr("", "URI"); hasID(data, uri) {
				key = k
			}
		}
		if !ki.OK() {
			continue
		}
		for _, r := range descendants(ki, "Reference") {
			if uri, _ := r.Attr("", "URI"); hasID(k, uri) {
				key = k
			}
		}
	}
	return key
}

// keyIn opens an EncryptedKey: with the service's key or, where an assertion stands in
// its key information, with the key that this confirms.
func (w *world) keyIn(ek xmltree.Elem) (alg.Key, error) {
	key := w.service.key
	if ki := child(ek, "KeyInfo"); ki.OK() {
		for _, a := range descendants(ki, "Assertion") {
			var err error
			if key, err = xmlenc.OpenKey(descendants(a, "EncryptedKey")[0], key, alg.Legacy, 0); err != nil {
				return key, err
			}
		}
	}
	return xmlenc.OpenKey(ek, key, alg.Legacy, 0)
}

// opened looks at what decryption brought, or did not bring.
func (m *weakMessage) opened() error {
	if m.on(dKnew) && len(m.signed) == 0 && len(m.forms) > 1 {
		before := child(m.forms[0].Root(), "Header")
		for c := range m.security.Children {
			if l := c.Local(); (l == "UsernameToken" || l == "Assertion") && len(descendants(before, l)) == 0 {
				return deny(dKnew, "%s came out of cipher text, and who sent that need not know it", c.Path())
			}
		}
	}
	return m.closed()
}

// closed looks at a Body that did not decrypt.
func (m *weakMessage) closed() error {
	data := child(m.body, "EncryptedData")
	if !data.OK() {
		return nil
	}
	if m.on(dOpens) && !m.known {
		return deny(dOpens, "whoever signed the cipher text is nobody")
	}
	if m.on(dOracle) {
		return deny(dOracle, "it does not decrypt")
	}
	m.known, m.out["oracle"] = true, m.tell(data, keyOfData(data))
	return nil
}

// inForms verifies a signature in the message as it is now or, where it is over
// cipher text, in a form that it had before.
func (m *weakMessage) inForms(sig xmltree.Elem, k signerKey) ([]xmltree.Elem, error) {
	elems, err := m.signature(sig, k.key)
	for i := len(m.forms) - 2; err != nil && i >= 0; i-- {
		for _, s := range descendants(m.forms[i].Root(), "Signature") {
			if !bytes.Equal(s.Raw(), sig.Raw()) {
				continue
			}
			if then, failed := m.signature(s, k.key); failed == nil {
				elems, err = m.now(then), nil
			}
		}
	}
	if err != nil && !m.on(dOwnValue) && len(m.by[k.name]) > 0 && len(m.forms) > 1 {
		return m.borrowed(k), nil
	}
	if m.by == nil {
		m.by = map[string][]xmltree.Elem{}
	}
	m.by[k.name] = append(m.by[k.name], elems...)
	return elems, err
}

// now are elements of another form as they are in the last one.
func (m *weakMessage) now(then []xmltree.Elem) []xmltree.Elem { return sameIn(m.root, then) }

// sameIn are the elements in a document that stand where others stand in theirs.
func sameIn(root xmltree.Elem, then []xmltree.Elem) (out []xmltree.Elem) {
	for _, e := range descendants(root, "") {
		for _, t := range then {
			if e.Path() == t.Path() {
				out = append(out, e)
			}
		}
	}
	return out
}

// borrowed takes a signature for verified because another one by the same signer was,
// and looks for what that one is over at the same octets of the form that came next.
func (m *weakMessage) borrowed(k signerKey) (out []xmltree.Elem) {
	for _, e := range sameIn(m.forms[0].Root(), m.by[k.name]) {
		from, _ := e.Range()
		for _, x := range descendants(m.forms[1].Root(), "") {
			if at, _ := x.Range(); at == from {
				out = append(out, x)
			}
		}
	}
	return m.now(out)
}
