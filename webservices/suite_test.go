package webservices

import (
	"strings"
	"testing"
)

// Every suite by name, and the custom one with each algorithm, as it comes out
// in a signature by a symmetric key.
func TestSuitesOnTheWire(t *testing.T) {
	const sha1, sha256 = "http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmlenc#sha256"
	const hmac = "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
	more := "http://www.w3.org/2001/04/xmldsig-more#"
	type row struct {
		p                  SecurityProperty
		digest, sign, c14n string
	}
	var rows []row
	for name := range namedSuites {
		digest := sha1
		if name >= WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256_SHA256 {
			digest = sha256
		}
		rows = append(rows, row{SecurityProperty{WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME, name}, digest, hmac, "xml-exc-c14n#"})
	}
	custom := func(s SecurityAlgorithmSuite) SecurityProperty {
		return SecurityProperty{WS_SECURITY_PROPERTY_ALGORITHM_SUITE, &s}
	}
	rows = append(rows,
		row{custom(SecurityAlgorithmSuite{}), sha1, hmac, "xml-exc-c14n#"},
		row{custom(SecurityAlgorithmSuite{DigestAlgorithm: WS_SECURITY_ALGORITHM_DIGEST_SHA_384, SymmetricSignatureAlgorithm: WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_384}), more + "sha384", more + "hmac-sha384", "xml-exc-c14n#"},
		row{custom(SecurityAlgorithmSuite{DigestAlgorithm: WS_SECURITY_ALGORITHM_DIGEST_SHA_512, SymmetricSignatureAlgorithm: WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_512}), "http://www.w3.org/2001/04/xmlenc#sha512", more + "hmac-sha512", "xml-exc-c14n#"},
		row{custom(SecurityAlgorithmSuite{DigestAlgorithm: WS_SECURITY_ALGORITHM_DIGEST_SHA_256, SymmetricSignatureAlgorithm: WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_256}), sha256, more + "hmac-sha256", "xml-exc-c14n#"},
	)
	for _, r := range rows {
		f := newFake(t, says(500, "text/plain", "enough"))
		c := open(t, f.URL, holding(testContext(t), r.p), f.root())
		RequestReply(c, "urn:x", nil, nil, nil, nil)
		got := f.last(t).Header.Security.Inner
		for _, want := range []string{
			`DigestMethod Algorithm="` + r.digest + `"`, `SignatureMethod Algorithm="` + r.sign + `"`,
			`CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/` + r.c14n + `"`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%v: no %s in %s", r.p.Value, want, got)
			}
		}
	}
}

func TestIllegalSuites(t *testing.T) {
	for name, s := range map[string]SecurityAlgorithmSuite{
		"digest as c14n": {CanonicalizationAlgorithm: WS_SECURITY_ALGORITHM_DIGEST_SHA1},
		"c14n as digest": {DigestAlgorithm: WS_SECURITY_ALGORITHM_CANONICALIZATION_EXCLUSIVE},
		"RSA as HMAC":    {SymmetricSignatureAlgorithm: WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_RSA_SHA1},
		"DSA":            {AsymmetricSignatureAlgorithm: WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_DSA_SHA1},
		"encryption":     {EncryptionAlgorithm: WS_SECURITY_ALGORITHM_DIGEST_SHA1},
		"key wrap":       {SymmetricKeyWrapAlgorithm: WS_SECURITY_ALGORITHM_ASYMMETRIC_KEYWRAP_RSA_OAEP},
		"derivation":     {KeyDerivationAlgorithm: WS_SECURITY_ALGORITHM_DIGEST_SHA1},
		"unknown":        {DigestAlgorithm: 19},
		"upside down":    {MinSymmetricKeyLength: 256, MaxSymmetricKeyLength: 128},
		"huge":           {MinAsymmetricKeyLength: 0xFFFFFFFF},
	} {
		sd := alice()
		sd.Properties = []SecurityProperty{{WS_SECURITY_PROPERTY_ALGORITHM_SUITE, &s}}
		var ch *Channel
		if hr := CreateChannel(WS_CHANNEL_TYPE_REQUEST, WS_HTTP_CHANNEL_BINDING, nil, sd, &ch, nil); hr != E_INVALIDARG {
			t.Errorf("%s: %v", name, hr)
		}
	}
}
