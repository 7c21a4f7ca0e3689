package wst

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"math/big"

	"wstrust/internal/xmltree"
)

// curves are the curves of ECKeyValue, by the URN of their object identifier.
var curves = [...]struct {
	urn   string
	curve elliptic.Curve
}{
	{"urn:oid:1.2.840.10045.3.1.7", elliptic.P256()},
	{"urn:oid:1.3.132.0.34", elliptic.P384()},
	{"urn:oid:1.3.132.0.35", elliptic.P521()},
}

// writeUseKey writes UseKey with the first kind of key that is set.
func (r *Request) writeUseKey(b *xmltree.Builder, trust string) error {
	none := len(r.UseKeyXML) == 0 && r.UseKeyCert == nil && r.UseKey == nil
	if none && r.UseKeySig == "" {
		return nil
	}
	if err := valid("UseKey: Sig", r.UseKeySig); err != nil {
		return err
	}
	b.Start(trust, "UseKey")
	defer b.End()
	if r.UseKeySig != "" {
		b.Attr("", "Sig", r.UseKeySig)
	}
	switch {
	case r.UseKeyCert != nil:
		b.Start(xmltree.DS, "KeyInfo")
		b.Start(xmltree.DS, "X509Data")
		b.Start(xmltree.DS, "X509Certificate")
		b.Base64(r.UseKeyCert.Raw)
		b.End()
		b.End()
		b.End()
		return nil
	case r.UseKey != nil:
		b.Start(xmltree.DS, "KeyInfo")
		defer b.End()
		b.Start(xmltree.DS, "KeyValue")
		defer b.End()
		return writeKeyValue(b, r.UseKey)
	case none: // the key is that of the signature with that Id
		return nil
	}
	return raw(b, "UseKey", r.UseKeyXML)
}

func writeKeyValue(b *xmltree.Builder, pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		b.Start(xmltree.DS, "RSAKeyValue")
		base64Elem(b, xmltree.DS, "Modulus", k.N.Bytes())
		base64Elem(b, xmltree.DS, "Exponent", big.NewInt(int64(k.E)).Bytes())
		b.End()
		return nil
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			return misuse("UseKey: %v", err)
		}
		for _, c := range curves {
			if c.curve == k.Curve {
				b.Start(xmltree.DSIG11, "ECKeyValue")
				b.Start(xmltree.DSIG11, "NamedCurve")
				b.Attr("", "URI", c.urn)
				b.End()
				base64Elem(b, xmltree.DSIG11, "PublicKey", point)
				b.End()
				return nil
			}
		}
	}
	return misuse("UseKey: a key of type %T cannot be written", pub)
}

func base64Elem(b *xmltree.Builder, space, local string, p []byte) {
	b.Start(space, local)
	b.Base64(p)
	b.End()
}

// readUseKey reads UseKey. Without a key in it, UseKeySig alone says that the
// key is the one that made the signature with that Id. What names a key without holding it, such as a
// reference to a token in the Security header, is left in UseKeyXML for
// whoever has that header.
func (r *Request) readUseKey(e xmltree.Elem) (err error) {
	if !e.OK() {
		return nil
	}
	r.UseKeySig, _ = e.Attr("", "Sig")
	if r.UseKeySig != "" && e.Empty() == nil {
		// vCenter's clients name the signature on the message and no key.
		return nil
	}
	holder, err := only(e)
	if err != nil {
		return err
	}
	switch {
	case holder.Is(xmltree.DS, "KeyInfo"):
		r.UseKeyCert, r.UseKey, err = readKeyInfo(holder)
	case holder.Is(xmltree.DS, "KeyValue"):
		r.UseKey, err = readKeyValue(holder)
	case holder.Is(xmltree.WSSE, "BinarySecurityToken"):
		r.UseKeyCert, err = readBST(holder)
	}
	if err != nil {
		return err
	}
	if r.UseKeyCert != nil {
		r.UseKey = r.UseKeyCert.PublicKey
	}
	if r.UseKey == nil {
		r.UseKeyXML = holder.Standalone()
		return nil
	}
	return goodPublicKey(holder, r.UseKey)
}

// goodPublicKey refuses keys that no suite could use, or that would only cost
// time. The suite's own bounds are checked where the key is used.
func goodPublicKey(at xmltree.Elem, pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < 1024 || n > maxPublicBits || k.N.Bit(0) == 0 {
			return at.Errorf("an RSA key of %d bits", n)
		}
		if k.E < 3 || k.E > 1<<31-1 || k.E%2 == 0 {
			return at.Errorf("an RSA key with a bad exponent")
		}
		return nil
	case *ecdsa.PublicKey:
		for _, c := range curves {
			if c.curve == k.Curve {
				return nil
			}
		}
	}
	return at.Errorf("a key of type %T", pub)
}

// readKeyInfo takes the certificate or the key value out of a KeyInfo that
// holds exactly one thing, and leaves every other KeyInfo alone.
func readKeyInfo(e xmltree.Elem) (*x509.Certificate, crypto.PublicKey, error) {
	part, err := only(e)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case part.Is(xmltree.DS, "KeyValue"):
		pub, err := readKeyValue(part)
		return nil, pub, err
	case part.Is(xmltree.DS, "X509Data"):
		c, err := only(part)
		if err != nil || !c.Is(xmltree.DS, "X509Certificate") {
			return nil, nil, err
		}
		cert, err := readCertificate(c)
		return cert, nil, err
	}
	return nil, nil, nil
}

func readBST(e xmltree.Elem) (*x509.Certificate, error) {
	if t, ok := e.Attr("", "ValueType"); !ok || t != bst {
		return nil, nil
	}
	if t, ok := e.Attr("", "EncodingType"); ok && t != base64Encoding {
		return nil, e.Errorf("EncodingType %s is not base64", clip(t))
	}
	return readCertificate(e)
}

func readCertificate(e xmltree.Elem) (*x509.Certificate, error) {
	der, err := e.Base64()
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, e.Errorf("not a certificate")
	}
	return cert, nil
}

func readKeyValue(e xmltree.Elem) (crypto.PublicKey, error) {
	v, err := only(e)
	if err != nil {
		return nil, err
	}
	switch {
	case v.Is(xmltree.DS, "RSAKeyValue"):
		n, err := octets(v, xmltree.DS, "Modulus")
		if err != nil {
			return nil, err
		}
		exp, err := octets(v, xmltree.DS, "Exponent")
		if err != nil {
			return nil, err
		}
		big := new(big.Int).SetBytes(exp)
		if len(n) > maxPublicBits/8+1 || !big.IsInt64() || big.Int64() > 1<<31-1 {
			return nil, v.Errorf("an RSA key out of bounds")
		}
		return &rsa.PublicKey{N: newInt(n), E: int(big.Int64())}, nil
	case v.Is(xmltree.DSIG11, "ECKeyValue"):
		return readECKey(v)
	}
	return nil, v.Errorf("a key value of an unknown kind")
}

func newInt(p []byte) *big.Int { return new(big.Int).SetBytes(p) }

func readECKey(v xmltree.Elem) (crypto.PublicKey, error) {
	name, err := v.One(xmltree.DSIG11, "NamedCurve")
	if err != nil {
		return nil, err
	}
	urn, _ := name.Attr("", "URI")
	point, err := octets(v, xmltree.DSIG11, "PublicKey")
	if err != nil {
		return nil, err
	}
	for _, c := range curves {
		if c.urn == urn {
			pub, err := ecdsa.ParseUncompressedPublicKey(c.curve, point)
			if err != nil {
				return nil, v.Errorf("not a point of its curve")
			}
			return pub, nil
		}
	}
	return nil, name.Errorf("curve %s is not known", clip(urn))
}

func octets(e xmltree.Elem, space, local string) ([]byte, error) {
	c, err := e.One(space, local)
	if err != nil {
		return nil, err
	}
	return c.Base64()
}
