package alg

import "slices"

// Identifiers from XML Signature, XML Encryption 1.0 and 1.1, and RFC 9231
// ("Additional XML Security Uniform Resource Identifiers").
const (
	DigestSHA1   = "http://www.w3.org/2000/09/xmldsig#sha1"
	DigestSHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
	DigestSHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
	DigestSHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"

	// DigestSHA384Enc is the other name of SHA-384, the one WWSAPI documents.
	// It is read and never written.
	DigestSHA384Enc = "http://www.w3.org/2001/04/xmlenc#sha384"

	HMACSHA1   = "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
	HMACSHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
	HMACSHA384 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha384"
	HMACSHA512 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"

	RSASHA1   = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
	RSASHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	RSASHA384 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
	RSASHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"

	// The RSASSA-PSS methods without parameters: MGF1 with the same hash, and
	// a salt as long as the hash. For the method with parameters see
	// [Suite.PSSMethod].
	PSSSHA1   = "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1"
	PSSSHA256 = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
	PSSSHA384 = "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"
	PSSSHA512 = "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"

	ECDSASHA1   = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"
	ECDSASHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
	ECDSASHA384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
	ECDSASHA512 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"

	AES128CBC = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
	AES192CBC = "http://www.w3.org/2001/04/xmlenc#aes192-cbc"
	AES256CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
	AES128GCM = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
	AES192GCM = "http://www.w3.org/2009/xmlenc11#aes192-gcm"
	AES256GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"

	WrapAES128 = "http://www.w3.org/2001/04/xmlenc#kw-aes128"
	WrapAES192 = "http://www.w3.org/2001/04/xmlenc#kw-aes192"
	WrapAES256 = "http://www.w3.org/2001/04/xmlenc#kw-aes256"

	RSA15    = "http://www.w3.org/2001/04/xmlenc#rsa-1_5"
	RSAOAEP  = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p" // the mask is always MGF1 with SHA-1
	RSAOAEP1 = "http://www.w3.org/2009/xmlenc11#rsa-oaep"        // names its mask

	MGF1SHA1   = "http://www.w3.org/2009/xmlenc11#mgf1sha1"
	MGF1SHA224 = "http://www.w3.org/2009/xmlenc11#mgf1sha224"
	MGF1SHA256 = "http://www.w3.org/2009/xmlenc11#mgf1sha256"
	MGF1SHA384 = "http://www.w3.org/2009/xmlenc11#mgf1sha384"
	MGF1SHA512 = "http://www.w3.org/2009/xmlenc11#mgf1sha512"
)

const (
	c14n10          = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	c14n10Comments  = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
	c14n11          = "http://www.w3.org/2006/12/xml-c14n11"
	c14n11Comments  = "http://www.w3.org/2006/12/xml-c14n11#WithComments"
	excC14N         = "http://www.w3.org/2001/10/xml-exc-c14n#"
	excC14NComments = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"
)

// minSecretBytes is the smallest secret that counts as a key, 128 bits.
const minSecretBytes = 16

// A profile is everything that a suite decides. A list admits for reading; what
// is written is the first of its list unless a field below says otherwise.
type profile struct {
	c14n       []string
	digests    []string
	signatures []string

	hmac, rsa string // the signature methods written; that of ECDSA follows the curve

	seals []string // block ciphers written
	opens []string // block ciphers read
	wraps []string

	transports []string
	oaep       []string // digests inside OAEP
	masks      []string // mask generation functions inside OAEP
	transport  Transport

	rsaBits    [2]int // least and most bits of a modulus, whatever the key is used for
	secretBits [2]int // least and most bits of a session or proof key
}

var profiles = map[Suite]*profile{
	"":     &modern,
	Modern: &modern,
	Legacy: &legacy,

	Basic256:            basic(256, DigestSHA1, RSAOAEP),
	Basic192:            basic(192, DigestSHA1, RSAOAEP),
	Basic128:            basic(128, DigestSHA1, RSAOAEP),
	Basic256Rsa15:       basic(256, DigestSHA1, RSA15),
	Basic192Rsa15:       basic(192, DigestSHA1, RSA15),
	Basic128Rsa15:       basic(128, DigestSHA1, RSA15),
	Basic256Sha256:      basic(256, DigestSHA256, RSAOAEP),
	Basic192Sha256:      basic(192, DigestSHA256, RSAOAEP),
	Basic128Sha256:      basic(128, DigestSHA256, RSAOAEP),
	Basic256Sha256Rsa15: basic(256, DigestSHA256, RSA15),
	Basic192Sha256Rsa15: basic(192, DigestSHA256, RSA15),
	Basic128Sha256Rsa15: basic(128, DigestSHA256, RSA15),
}

var modern = profile{
	// With and without comments: a comment cannot split an identifier for us,
	// because the reader refuses text that holds one.
	c14n:    []string{excC14N, excC14NComments, c14n10, c14n10Comments, c14n11, c14n11Comments},
	digests: []string{DigestSHA256, DigestSHA384, DigestSHA384Enc, DigestSHA512},
	signatures: []string{
		RSASHA256, ECDSASHA256, HMACSHA256,
		RSASHA384, ECDSASHA384, HMACSHA384,
		RSASHA512, ECDSASHA512, HMACSHA512,
		PSSSHA256, PSSSHA384, PSSSHA512,
	},
	hmac: HMACSHA256,
	rsa:  RSASHA256,

	seals: []string{AES256GCM, AES128GCM, AES192GCM},
	// CBC is opened although it is never written: it is the only mode of XML
	// Encryption 1.0, and tokens of real issuers still come in it. The token
	// inside carries its own signature; what keeps the opening from being a
	// padding oracle is the one constant error here and the one constant fault
	// of the service.
	opens: []string{AES256GCM, AES128GCM, AES192GCM, AES256CBC, AES128CBC, AES192CBC},
	wraps: []string{WrapAES256, WrapAES128, WrapAES192},

	transports: []string{RSAOAEP1, RSAOAEP},
	// SHA-1 inside OAEP is no weakness: the proof of OAEP asks for no
	// collision resistance, and rsa-oaep-mgf1p, which most issuers write,
	// cannot name another mask.
	oaep:      []string{DigestSHA256, DigestSHA1, DigestSHA384, DigestSHA384Enc, DigestSHA512},
	masks:     []string{MGF1SHA256, MGF1SHA1, MGF1SHA224, MGF1SHA384, MGF1SHA512},
	transport: Transport{URI: RSAOAEP1, DigestURI: DigestSHA256, MGFURI: MGF1SHA256},

	// The upper bound keeps a huge modulus in a message from buying our time.
	rsaBits:    [2]int{2048, 8192},
	secretBits: [2]int{128, 512},
}

// legacy reads and, where a caller names the algorithm, writes what old peers
// need. What it writes unasked is what Modern writes.
var legacy = profile{
	c14n:       modern.c14n,
	digests:    slices.Concat(modern.digests, []string{DigestSHA1}),
	signatures: slices.Concat(modern.signatures, []string{RSASHA1, ECDSASHA1, HMACSHA1, PSSSHA1}),
	hmac:       modern.hmac,
	rsa:        modern.rsa,
	seals:      modern.opens,
	opens:      modern.opens,
	wraps:      modern.wraps,
	transports: slices.Concat(modern.transports, []string{RSA15}),
	oaep:       modern.oaep,
	masks:      modern.masks,
	transport:  modern.transport,
	rsaBits:    [2]int{1024, modern.rsaBits[1]},
	secretBits: modern.secretBits,
}

// basic makes a suite of WS-SecurityPolicy ("Algorithm Suite Assertion"). All of
// them sign with SHA-1, those whose names end in Sha256 too: the name speaks of
// the digest only.
func basic(bits int, digest, transport string) *profile {
	p := &profile{
		c14n:       []string{excC14N},
		digests:    []string{digest},
		signatures: []string{HMACSHA1, RSASHA1},
		hmac:       HMACSHA1,
		rsa:        RSASHA1,
		transports: []string{transport},
		transport:  Transport{URI: transport},
		rsaBits:    [2]int{1024, 4096},
		secretBits: [2]int{bits, 256},
	}
	switch bits {
	case 128:
		p.seals, p.wraps = []string{AES128CBC}, []string{WrapAES128}
	case 192:
		p.seals, p.wraps = []string{AES192CBC}, []string{WrapAES192}
	case 256:
		p.seals, p.wraps = []string{AES256CBC}, []string{WrapAES256}
	}
	p.opens = p.seals
	if transport == RSAOAEP {
		p.oaep, p.masks = []string{DigestSHA1}, []string{MGF1SHA1}
		p.transport.DigestURI = DigestSHA1
	}
	return p
}
