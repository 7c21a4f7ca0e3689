package xmldsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// X509KeyInfo writes a ds:KeyInfo with the certificates given, the signer's
// own first.
func X509KeyInfo(certs ...*x509.Certificate) []byte {
	var b xmltree.Builder
	b.Start(xmltree.DS, "KeyInfo")
	b.Start(xmltree.DS, "X509Data")
	for _, c := range certs {
		b.Start(xmltree.DS, "X509Certificate")
		b.Base64(c.Raw)
		b.End()
	}
	b.End()
	b.End()
	return b.Bytes()
}

// KeyValue writes a ds:KeyInfo with the ds:KeyValue of an RSA key, or of an
// ECDSA key on P-256, P-384 or P-521 as DSIG 1.1 has it. Others are refused
// with alg.ErrKey.
func KeyValue(pub crypto.PublicKey) ([]byte, error) {
	var b xmltree.Builder
	b.Start(xmltree.DS, "KeyInfo")
	b.Start(xmltree.DS, "KeyValue")
	switch k := pub.(type) {
	case *rsa.PublicKey:
		b.Start(xmltree.DS, "RSAKeyValue")
		b.Start(xmltree.DS, "Modulus")
		b.Base64(k.N.Bytes())
		b.End()
		b.Start(xmltree.DS, "Exponent")
		b.Base64(big.NewInt(int64(k.E)).Bytes())
		b.End()
		b.End()
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			return nil, fmt.Errorf("xmldsig: key value: %w: %w", alg.ErrKey, err)
		}
		uri := ""
		for _, c := range curves {
			if c.curve == k.Curve {
				uri = c.uri
			}
		}
		if uri == "" {
			return nil, fmt.Errorf("xmldsig: key value: curve %s: %w", k.Curve.Params().Name, alg.ErrKey)
		}
		b.Start(xmltree.DSIG11, "ECKeyValue")
		b.Start(xmltree.DSIG11, "NamedCurve")
		b.Attr("", "URI", uri)
		b.End()
		b.Start(xmltree.DSIG11, "PublicKey")
		b.Base64(point)
		b.End()
		b.End()
	default:
		return nil, fmt.Errorf("xmldsig: key value: key of type %T: %w", pub, alg.ErrKey)
	}
	b.End()
	b.End()
	return b.Bytes(), nil
}
