package xmldsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"math"
	"math/big"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// maxCertificates bounds the chain in one ds:KeyInfo.
const maxCertificates = 16

// A Hint is what a ds:KeyInfo says about the key. It selects among keys that
// are trusted already ([Select]) and is never itself a reason to trust one.
type Hint struct {
	DER          [][]byte // X509Certificate contents, not parsed: parsing costs more than verifying
	IssuerName   string   // with Serial
	Serial       *big.Int
	SKI          []byte // subject key identifier
	SubjectName  string
	KeyName      string
	Public       crypto.PublicKey // *rsa.PublicKey or *ecdsa.PublicKey of a KeyValue
	STR          xmltree.Elem     // wsse:SecurityTokenReference, for the caller to resolve
	EncryptedKey xmltree.Elem     // xenc:EncryptedKey, for the caller to open
}

// Certificates parses the certificates of the hint.
func (h Hint) Certificates() ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for _, der := range h.DER {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// ReadKeyInfo reads a ds:KeyInfo. Forms that fetch key information from
// elsewhere (RetrievalMethod, KeyInfoReference) are refused with
// alg.ErrAlgorithm, each form given twice with xmltree.ErrFormat; forms of
// other vocabularies are passed over, since a hint need not be complete.
func ReadKeyInfo(ki xmltree.Elem) (Hint, error) {
	var h Hint
	if !ki.Is(xmltree.DS, "KeyInfo") {
		return h, refuse(ki, xmltree.ErrFormat, "not a ds:KeyInfo element")
	}
	for c := range ki.Children {
		var err error
		switch {
		case c.Is(xmltree.DS, "X509Data"):
			err = h.readX509Data(c)
		case c.Is(xmltree.DS, "KeyValue"):
			err = h.readKeyValue(c)
		case c.Is(xmltree.DS, "KeyName"):
			err = h.readName(&h.KeyName, c)
		case c.Is(xmltree.WSSE, "SecurityTokenReference"):
			err = h.keep(&h.STR, c)
		case c.Is(xmltree.XENC, "EncryptedKey"):
			err = h.keep(&h.EncryptedKey, c)
		case c.Is(xmltree.DS, "RetrievalMethod"), c.Is(xmltree.DSIG11, "KeyInfoReference"):
			err = refuse(c, alg.ErrAlgorithm, "key information elsewhere is not fetched")
		}
		if err != nil {
			return Hint{}, err
		}
	}
	return h, nil
}

func twice(e xmltree.Elem) error {
	return refuse(e, xmltree.ErrFormat, "second one in a KeyInfo")
}

func (h *Hint) keep(to *xmltree.Elem, e xmltree.Elem) error {
	if to.OK() {
		return twice(e)
	}
	*to = e
	return nil
}

func (h *Hint) readName(to *string, e xmltree.Elem) error {
	if *to != "" {
		return twice(e)
	}
	s, err := e.Token()
	if err != nil {
		return wrap(e, "name", err)
	}
	if s == "" {
		return refuse(e, xmltree.ErrFormat, "empty name")
	}
	*to = s
	return nil
}

func (h *Hint) readX509Data(e xmltree.Elem) error {
	for c := range e.Children {
		var err error
		switch {
		case c.Is(xmltree.DS, "X509Certificate"):
			if len(h.DER) == maxCertificates {
				return refuse(c, xmltree.ErrLimit, "more than %d certificates", maxCertificates)
			}
			var der []byte
			if der, err = c.Base64(); err == nil {
				h.DER = append(h.DER, der)
			}
		case c.Is(xmltree.DS, "X509IssuerSerial"):
			err = h.readIssuerSerial(c)
		case c.Is(xmltree.DS, "X509SKI"):
			if h.SKI != nil {
				return twice(c)
			}
			if h.SKI, err = c.Base64(); err == nil && len(h.SKI) == 0 {
				return refuse(c, xmltree.ErrFormat, "empty key identifier")
			}
		case c.Is(xmltree.DS, "X509SubjectName"):
			err = h.readName(&h.SubjectName, c)
		}
		if err != nil {
			return wrap(c, "X509Data", err)
		}
	}
	return nil
}

func (h *Hint) readIssuerSerial(e xmltree.Elem) error {
	name, err := e.One(xmltree.DS, "X509IssuerName")
	if err != nil {
		return err
	}
	if err := h.readName(&h.IssuerName, name); err != nil {
		return err
	}
	serial, err := e.One(xmltree.DS, "X509SerialNumber")
	if err != nil {
		return err
	}
	digits, err := serial.Token()
	if err != nil {
		return err
	}
	// Serial numbers have at most 20 octets (RFC 5280); some issuers overdo it.
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok || len(digits) > 100 {
		return refuse(serial, xmltree.ErrFormat, "serial number %s", shown(digits))
	}
	h.Serial = n
	return nil
}

func (h *Hint) readKeyValue(e xmltree.Elem) error {
	if h.Public != nil {
		return twice(e)
	}
	for c := range e.Children {
		if h.Public != nil {
			return twice(c)
		}
		var err error
		switch {
		case c.Is(xmltree.DS, "RSAKeyValue"):
			h.Public, err = readRSA(c)
		case c.Is(xmltree.DSIG11, "ECKeyValue"):
			h.Public, err = readEC(c)
		default:
			err = refuse(c, alg.ErrAlgorithm, "key value of this kind is not supported")
		}
		if err != nil {
			return err
		}
	}
	if h.Public == nil {
		return refuse(e, xmltree.ErrFormat, "empty key value")
	}
	return nil
}

func readRSA(e xmltree.Elem) (crypto.PublicKey, error) {
	n, err := readInteger(e, "Modulus")
	if err != nil {
		return nil, err
	}
	exp, err := readInteger(e, "Exponent")
	if err != nil {
		return nil, err
	}
	if n.BitLen() > 16384 || !exp.IsInt64() || exp.Int64() > math.MaxInt32 || exp.Int64() < 3 {
		return nil, refuse(e, alg.ErrKey, "modulus or exponent out of range")
	}
	return &rsa.PublicKey{N: n, E: int(exp.Int64())}, nil
}

func readInteger(e xmltree.Elem, local string) (*big.Int, error) {
	c, err := e.One(xmltree.DS, local)
	if err != nil {
		return nil, err
	}
	octets, err := c.Base64()
	if err != nil {
		return nil, err
	}
	return new(big.Int).SetBytes(octets), nil
}

// curves are the named curves of DSIG 1.1 by their object identifiers.
var curves = [...]struct {
	uri   string
	curve elliptic.Curve
}{
	{"urn:oid:1.2.840.10045.3.1.7", elliptic.P256()},
	{"urn:oid:1.3.132.0.34", elliptic.P384()},
	{"urn:oid:1.3.132.0.35", elliptic.P521()},
}

func readEC(e xmltree.Elem) (crypto.PublicKey, error) {
	named, err := e.One(xmltree.DSIG11, "NamedCurve")
	if err != nil {
		return nil, err
	}
	uri, _ := named.Attr("", "URI")
	point, err := e.One(xmltree.DSIG11, "PublicKey")
	if err != nil {
		return nil, err
	}
	octets, err := point.Base64()
	if err != nil {
		return nil, err
	}
	for _, c := range curves {
		if c.uri == uri {
			pub, err := ecdsa.ParseUncompressedPublicKey(c.curve, octets)
			if err != nil {
				return nil, refuse(point, alg.ErrKey, "not a point of the curve")
			}
			return pub, nil
		}
	}
	return nil, refuse(named, alg.ErrAlgorithm, "curve %s is not supported", shown(uri))
}
