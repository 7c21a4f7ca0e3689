package webservices

import (
	"fmt"

	"wstrust"
)

// A SecurityAlgorithmSuite is WS_SECURITY_ALGORITHM_SUITE: algorithms of the
// caller's own. A field that is zero has the default named at its side.
type SecurityAlgorithmSuite struct {
	CanonicalizationAlgorithm    SecurityAlgorithmID // Exclusive XML Canonicalization
	DigestAlgorithm              SecurityAlgorithmID // SHA-1
	SymmetricSignatureAlgorithm  SecurityAlgorithmID // HMAC with SHA-1
	AsymmetricSignatureAlgorithm SecurityAlgorithmID // RSA with SHA-1
	EncryptionAlgorithm          SecurityAlgorithmID // must be zero
	KeyDerivationAlgorithm       SecurityAlgorithmID // P_SHA1
	SymmetricKeyWrapAlgorithm    SecurityAlgorithmID // must be zero
	AsymmetricKeyWrapAlgorithm   SecurityAlgorithmID // RSA OAEP
	MinSymmetricKeyLength        uint32              // bits; 128
	MaxSymmetricKeyLength        uint32              // bits; 512
	MinAsymmetricKeyLength       uint32              // bits; 1024
	MaxAsymmetricKeyLength       uint32              // bits; 16384
}

// A keyRange is the sizes of keys that a suite admits, in bits.
type keyRange struct{ least, most int }

// namedSuites are the twelve suites. Their sizes are those of symmetric keys.
var namedSuites = map[SecurityAlgorithmSuiteName]struct {
	suite wstrust.Suite
	keys  keyRange
}{
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256:              {wstrust.Basic256, keyRange{256, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192:              {wstrust.Basic192, keyRange{192, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128:              {wstrust.Basic128, keyRange{128, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256_RSA15:        {wstrust.Basic256Rsa15, keyRange{256, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192_RSA15:        {wstrust.Basic192Rsa15, keyRange{192, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128_RSA15:        {wstrust.Basic128Rsa15, keyRange{128, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256_SHA256:       {wstrust.Basic256Sha256, keyRange{256, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192_SHA256:       {wstrust.Basic192Sha256, keyRange{192, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128_SHA256:       {wstrust.Basic128Sha256, keyRange{128, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256_SHA256_RSA15: {wstrust.Basic256Sha256Rsa15, keyRange{256, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192_SHA256_RSA15: {wstrust.Basic192Sha256Rsa15, keyRange{192, 256}},
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128_SHA256_RSA15: {wstrust.Basic128Sha256Rsa15, keyRange{128, 256}},
}

// Algorithms by their identifiers.
var (
	canonicalizations = map[SecurityAlgorithmID]string{
		WS_SECURITY_ALGORITHM_DEFAULT:                                  "http://www.w3.org/2001/10/xml-exc-c14n#",
		WS_SECURITY_ALGORITHM_CANONICALIZATION_EXCLUSIVE:               "http://www.w3.org/2001/10/xml-exc-c14n#",
		WS_SECURITY_ALGORITHM_CANONICALIZATION_EXCLUSIVE_WITH_COMMENTS: "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
	}
	digests = map[SecurityAlgorithmID]string{
		WS_SECURITY_ALGORITHM_DEFAULT:        "http://www.w3.org/2000/09/xmldsig#sha1",
		WS_SECURITY_ALGORITHM_DIGEST_SHA1:    "http://www.w3.org/2000/09/xmldsig#sha1",
		WS_SECURITY_ALGORITHM_DIGEST_SHA_256: "http://www.w3.org/2001/04/xmlenc#sha256",
		// WWSAPI documents xmlenc#sha384, which nobody else knows; the
		// registered name is written, and both are read.
		WS_SECURITY_ALGORITHM_DIGEST_SHA_384: "http://www.w3.org/2001/04/xmldsig-more#sha384",
		WS_SECURITY_ALGORITHM_DIGEST_SHA_512: "http://www.w3.org/2001/04/xmlenc#sha512",
	}
	symmetricSignatures = map[SecurityAlgorithmID]string{
		WS_SECURITY_ALGORITHM_DEFAULT:                          "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
		WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA1:    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
		WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_256: "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
		WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_384: "http://www.w3.org/2001/04/xmldsig-more#hmac-sha384",
		WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_512: "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512",
	}
	asymmetricSignatures = map[SecurityAlgorithmID]string{
		WS_SECURITY_ALGORITHM_DEFAULT:                          "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
		WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_RSA_SHA1:    "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
		WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_RSA_SHA_256: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_RSA_SHA_384: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
		WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_RSA_SHA_512: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
	}
	keyDerivations = map[SecurityAlgorithmID]string{
		WS_SECURITY_ALGORITHM_DEFAULT:               "http://schemas.xmlsoap.org/ws/2005/02/sc/dk/p_sha1",
		WS_SECURITY_ALGORITHM_KEY_DERIVATION_P_SHA1: "http://schemas.xmlsoap.org/ws/2005/02/sc/dk/p_sha1",
	}
	keyWraps = map[SecurityAlgorithmID]string{
		WS_SECURITY_ALGORITHM_DEFAULT:                     "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
		WS_SECURITY_ALGORITHM_ASYMMETRIC_KEYWRAP_RSA_OAEP: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
		WS_SECURITY_ALGORITHM_ASYMMETRIC_KEYWRAP_RSA_1_5:  "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
	}
	reserved = map[SecurityAlgorithmID]string{WS_SECURITY_ALGORITHM_DEFAULT: ""}
)

// suite translates a custom suite.
func (s *SecurityAlgorithmSuite) suite() (wstrust.Suite, keyRange, error) {
	var uri [8]string
	for i, f := range []struct {
		what string
		id   SecurityAlgorithmID
		of   map[SecurityAlgorithmID]string
	}{
		{"canonicalization", s.CanonicalizationAlgorithm, canonicalizations},
		{"digest", s.DigestAlgorithm, digests},
		{"symmetric signature", s.SymmetricSignatureAlgorithm, symmetricSignatures},
		{"asymmetric signature", s.AsymmetricSignatureAlgorithm, asymmetricSignatures},
		{"encryption", s.EncryptionAlgorithm, reserved},
		{"key derivation", s.KeyDerivationAlgorithm, keyDerivations},
		{"symmetric key wrap", s.SymmetricKeyWrapAlgorithm, reserved},
		{"asymmetric key wrap", s.AsymmetricKeyWrapAlgorithm, keyWraps},
	} {
		var ok bool
		if uri[i], ok = f.of[f.id]; !ok {
			return "", keyRange{}, fmt.Errorf("algorithm %d is none for %s, or is not available", f.id, f.what)
		}
	}
	secret := keyRange{or(s.MinSymmetricKeyLength, 128), or(s.MaxSymmetricKeyLength, 512)}
	out, err := wstrust.Algorithms{
		Canonicalization: []string{uri[0]}, Digests: []string{uri[1]}, HMAC: []string{uri[2]}, Signatures: []string{uri[3]},
		KeyTransport: []string{uri[7]},
		SecretBits:   [2]int{secret.least, secret.most},
		RSABits:      [2]int{or(s.MinAsymmetricKeyLength, 1024), or(s.MaxAsymmetricKeyLength, 16384)},
	}.Suite()
	return out, secret, err
}

func or(n uint32, def int) int {
	if n == 0 {
		return def
	}
	return int(min(n, 1<<20))
}
