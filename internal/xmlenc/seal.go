package xmlenc

import (
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// The values of the Type attribute that say what the plaintext is.
const (
	Element = xmltree.XENC + "Element" // one element
	Content = xmltree.XENC + "Content" // the children of an element
)

// Seal writes an xenc:EncryptedData element with the ciphertext of plain. Typ is
// [Element], [Content], another identifier, or empty; id may be empty; keyInfo is
// a ds:KeyInfo element that stands alone, or empty. The cipher is the one that
// the suite writes with a key of this size; when it has none, the error is
// [alg.ErrKey] and nothing is written.
func Seal(b *xmltree.Builder, plain []byte, typ, id string, session alg.Key, keyInfo []byte, s alg.Suite) error {
	return SealBy(b, "", plain, typ, id, session, keyInfo, s)
}

// SealBy is [Seal] with another block cipher than the one that the suite writes
// unasked. One that it does not write at all is [alg.ErrAlgorithm]; empty is the
// suite's.
func SealBy(b *xmltree.Builder, cipher string, plain []byte, typ, id string, session alg.Key, keyInfo []byte, s alg.Suite) error {
	uri, value, err := encrypt(cipher, plain, session, s)
	if err != nil {
		return err
	}
	startData(b, typ, id, uri)
	b.Raw(keyInfo)
	cipherData(b, value)
	b.End()
	return nil
}

// SealKey writes an xenc:EncryptedKey element with session encrypted to an RSA
// key, or wrapped under a secret one. Id may be empty; keyInfo, a ds:KeyInfo
// element that stands alone, says which key that is, and may be empty; refs are
// the ids of the elements that session encrypts. When the suite has no way to do
// so, the error is [alg.ErrKey] and nothing is written.
func SealKey(b *xmltree.Builder, session alg.Key, id string, to alg.Key, keyInfo []byte, refs []string, s alg.Suite) error {
	return SealKeyBy(b, alg.Transport{}, session, id, to, keyInfo, refs, s)
}

// SealKeyBy is [SealKey] with another key transport than the one that the suite
// writes unasked. One that it does not admit is [alg.ErrAlgorithm]; one without a
// URI is the suite's.
func SealKeyBy(b *xmltree.Builder, t alg.Transport, session alg.Key, id string, to alg.Key, keyInfo []byte, refs []string, s alg.Suite) error {
	k, err := wrap(t, session, to, s)
	if err != nil {
		return err
	}
	k.write(b, id, keyInfo, refs)
	return nil
}

// SealWith is Seal with a fresh session key, which stands inside as an
// xenc:EncryptedKey for to; keyInfo says which key to is. [OpenWith] reads it.
func SealWith(b *xmltree.Builder, plain []byte, typ, id string, to alg.Key, keyInfo []byte, s alg.Suite) error {
	session, err := s.NewSessionKey()
	if err != nil {
		return err
	}
	k, err := wrap(alg.Transport{}, session, to, s)
	if err != nil {
		return err
	}
	uri, value, err := encrypt("", plain, session, s)
	if err != nil {
		return err
	}
	startData(b, typ, id, uri)
	b.Start(xmltree.DS, "KeyInfo")
	k.write(b, "", keyInfo, nil)
	b.End()
	cipherData(b, value)
	b.End()
	return nil
}

func encrypt(cipher string, plain []byte, session alg.Key, s alg.Suite) (uri string, value []byte, err error) {
	if uri = cipher; uri == "" {
		if uri, err = s.CipherFor(session); err != nil {
			return "", nil, fmt.Errorf("xmlenc: seal: %w", err)
		}
	}
	value, err = s.Encrypt(uri, session.Secret(), plain)
	if err != nil {
		return "", nil, fmt.Errorf("xmlenc: seal: %w", err)
	}
	return uri, value, nil
}

func startData(b *xmltree.Builder, typ, id, uri string) {
	b.Start(xmltree.XENC, "EncryptedData")
	attr(b, "Id", id)
	attr(b, "Type", typ)
	b.Start(xmltree.XENC, "EncryptionMethod")
	b.Attr("", "Algorithm", uri)
	b.End()
}

func cipherData(b *xmltree.Builder, value []byte) {
	b.Start(xmltree.XENC, "CipherData")
	b.Start(xmltree.XENC, "CipherValue")
	b.Base64(value)
	b.End()
	b.End()
}

// wrapped is a key on its way into an EncryptedKey.
type wrapped struct {
	transport alg.Transport
	value     []byte
}

func wrap(t alg.Transport, session, to alg.Key, s alg.Suite) (*wrapped, error) {
	var k wrapped
	var err error
	if to.IsSecret() {
		k.transport.URI, err = s.KeyWrapFor(to)
		if err == nil {
			k.value, err = s.WrapKey(k.transport.URI, to.Secret(), session.Secret())
		}
	} else {
		if k.transport = t; t.URI == "" {
			k.transport = s.KeyTransport()
		}
		k.value, err = s.EncryptKey(k.transport, to, session.Secret())
	}
	if err != nil {
		return nil, fmt.Errorf("xmlenc: seal a key: %w", err)
	}
	return &k, nil
}

func (k *wrapped) write(b *xmltree.Builder, id string, keyInfo []byte, refs []string) {
	b.Start(xmltree.XENC, "EncryptedKey")
	attr(b, "Id", id)
	b.Start(xmltree.XENC, "EncryptionMethod")
	b.Attr("", "Algorithm", k.transport.URI)
	if len(k.transport.Params) > 0 {
		b.Start(xmltree.XENC, "OAEPparams")
		b.Base64(k.transport.Params)
		b.End()
	}
	if k.transport.DigestURI != "" {
		parameterElem(b, xmltree.DS, "DigestMethod", k.transport.DigestURI)
	}
	if k.transport.MGFURI != "" {
		parameterElem(b, xmltree.XENC11, "MGF", k.transport.MGFURI)
	}
	b.End()
	b.Raw(keyInfo)
	cipherData(b, k.value)
	if len(refs) > 0 {
		b.Start(xmltree.XENC, "ReferenceList")
		for _, r := range refs {
			b.Start(xmltree.XENC, "DataReference")
			b.Attr("", "URI", "#"+r)
			b.End()
		}
		b.End()
	}
	b.End()
}

func parameterElem(b *xmltree.Builder, space, local, uri string) {
	b.Start(space, local)
	b.Attr("", "Algorithm", uri)
	b.End()
}

func attr(b *xmltree.Builder, local, value string) {
	if value != "" {
		b.Attr("", local, value)
	}
}
