package xmldsig

import (
	"strconv"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// RSASSA-PSS with parameters, of RFC 9231 ("Additional XML Security Uniform
// Resource Identifiers").
const (
	moreURI = "http://www.w3.org/2007/05/xmldsig-more#"
	pssURI  = moreURI + "rsa-pss"
	mgf1URI = moreURI + "MGF1"
)

// readSignatureMethod reads the method. The only parameters taken are those of
// RSASSA-PSS. HMACOutputLength is the one that matters: a truncated value can
// be guessed (CVE-2009-0217), and the lightweight profile forbids the element
// at any length.
func (v *verification) readSignatureMethod(e xmltree.Elem) error {
	uri, err := algorithm(e)
	if err != nil {
		return err
	}
	v.signatureMethod, v.signatureURI = e, uri
	if uri == pssURI {
		v.signatureURI, err = v.readPSS(e)
		return err
	}
	for c := range e.Children {
		if c.Is(xmltree.DS, "HMACOutputLength") {
			return refuse(c, alg.ErrAlgorithm, "HMACOutputLength: truncated values are not accepted")
		}
		return refuse(c, alg.ErrAlgorithm, "parameters of signature method %s are not supported", shown(uri))
	}
	return nil
}

// readPSS reads pss:RSAPSSParams, whose elements are optional and ordered, and
// finds the method without parameters that says the same. What is left out is
// SHA-256, and a salt as long as the digest.
func (v *verification) readPSS(e xmltree.Elem) (string, error) {
	digest, mask, salt := alg.DigestSHA256, alg.DigestSHA256, 32
	given := false
	for params := range e.Children {
		if given || !params.Is(moreURI, "RSAPSSParams") {
			return "", unexpected(params)
		}
		given = true
		const start, digestMethod, maskFunction, saltLength, trailer = 0, 1, 2, 3, 4
		state := start
		for c := range params.Children {
			var err error
			switch {
			case state < digestMethod && c.Is(xmltree.DS, "DigestMethod"):
				state = digestMethod
				if digest, err = algorithm(c); err != nil {
					return "", err
				}
				newHash, err := v.suite.Digest(digest)
				if err != nil {
					return "", wrap(c, "digest of RSASSA-PSS", err)
				}
				salt = newHash().Size()
			case state < maskFunction && c.Is(moreURI, "MaskGenerationFunction"):
				state = maskFunction
				if mask, err = readMask(c); err != nil {
					return "", err
				}
			case state < saltLength && c.Is(moreURI, "SaltLength"):
				state = saltLength
				s, err := c.Token()
				if err != nil {
					return "", wrap(c, "salt length", err)
				}
				if salt, err = strconv.Atoi(s); err != nil {
					return "", refuse(c, xmltree.ErrFormat, "salt length %s", shown(s))
				}
			case state < trailer && c.Is(moreURI, "TrailerField"):
				state = trailer
				if s, err := c.Token(); err != nil || s != "1" {
					return "", refuse(c, alg.ErrAlgorithm, "only trailer field 1 is supported")
				}
			default:
				return "", unexpected(c)
			}
		}
	}
	uri, err := v.suite.PSSMethod(digest, mask, salt)
	if err != nil {
		return "", wrap(e, "signature method", err)
	}
	return uri, nil
}

// readMask returns the digest inside a mask generation function.
func readMask(e xmltree.Elem) (string, error) {
	uri, err := algorithm(e)
	if err != nil {
		return "", err
	}
	if uri != mgf1URI {
		return "", refuse(e, alg.ErrAlgorithm, "mask generation function %s is not supported", shown(uri))
	}
	digest := alg.DigestSHA256
	seen := false
	for c := range e.Children {
		if seen || !c.Is(xmltree.DS, "DigestMethod") {
			return "", unexpected(c)
		}
		seen = true
		if digest, err = algorithm(c); err != nil {
			return "", err
		}
	}
	return digest, nil
}
