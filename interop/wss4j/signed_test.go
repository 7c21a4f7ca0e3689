package wss4j

import (
	"crypto/x509"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
)

const (
	bodyStamp = wsse.PartBody | wsse.PartTimestamp
	first     = "the first kind"
	byUse     = "not made: we write the exclusive form"
)

// kinds are all of them, in the order of the table.
func (s *stage) kinds(t *testing.T) []kind {
	var all []kind
	for _, group := range []struct {
		name string
		make func(*testing.T) []kind
	}{
		{"key reference", s.references},
		{"signature method", s.methods},
		{"signed parts", s.parts},
		{"encrypted parts", s.encrypted},
		{"recipient", s.recipients},
		{"block cipher", s.ciphers},
		{"key transport", s.transports},
		{"symmetric binding", s.symmetric},
		{"secure conversation", s.contexts},
		{"endorsing", s.endorsing},
		{"signature confirmation", s.confirmations},
		{"username token", s.users},
		{"assertion", s.assertions},
	} {
		for _, k := range group.make(t) {
			k.group = group.name
			all = append(all, k)
		}
	}
	return all
}

// token is an X.509 token of an identity.
func (s *stage) token(name string, ref wsse.Reference) wsse.X509 {
	id := s.ids[name]
	return wsse.X509{Certificates: []*x509.Certificate{id.Cert}, Key: id.key, Reference: ref}
}

// signed are options that sign body and timestamp with a token.
func signed(token wsse.Token) *wsse.Options {
	return &wsse.Options{Tokens: []wsse.Token{token}, Protection: &wsse.Protection{Sign: bodyStamp}}
}

func (s *stage) references(*testing.T) []kind {
	sign := func(ref string, more ...string) request { return do("timestamp sign", "sign.ref", ref).with(more...) }
	path := s.token("client", wsse.RefDirect)
	path.Certificates = append(path.Certificates, s.ca.Cert)
	path.Chain = true
	const notInSTR = "R5417"
	kinds := []kind{
		{name: "token in the header, by its id", ours: signed(s.token("client", wsse.RefDirect)), their: sign("direct"), has: []string{"#X509v3", "BinarySecurityToken>", alg.RSASHA256, alg.DigestSHA256}},
		{name: "certificate path in the header", ours: signed(path), their: sign("path"), has: []string{"#X509PKIPathv1"}},
		{name: "issuer and serial number", ours: signed(s.token("client", wsse.RefIssuerSerial)), their: sign("issuer-serial"), has: []string{"X509SerialNumber>"}},
		{name: "subject key identifier", ours: signed(s.token("client", wsse.RefSKI)), their: sign("ski"), has: []string{"#X509SubjectKeyIdentifier"}},
		{name: "thumbprint", ours: signed(s.token("client", wsse.RefThumbprint)), their: sign("thumbprint"), has: []string{"#ThumbprintSHA1"}},
		{name: "certificate in a key identifier", ours: signed(s.token("client", wsse.RefX509v3)), their: sign("x509v3"), has: []string{"KeyIdentifier", "#X509v3"}},
		{name: "embedded token", their: sign("embedded"), has: []string{":Embedded"}, notOurs: "made, but it reads no embedded tokens"},
		{name: "certificate in X509Data", notOurs: "made, but it reads references and key values only", notTheir: "not made: it writes references and key values only"},
		{name: "subject's name", their: sign("key-name"), has: []string{"KeyName>"}, notOurs: "made, but it reads references and key values only"},
		{name: "shared key's name", secret: randomSecret(), their: sign("shared", "sign.by", "key"), has: []string{"KeyName>", alg.HMACSHA256}, notOurs: "made, but it reads references and key values only"},
		{name: "bare public key", ours: signed(s.token("client", wsse.RefKeyValue)), their: sign("key-value"), ignore: notInSTR, has: []string{"RSAKeyValue>"}},
	}
	for i := range kinds {
		kinds[i].sign = bodyStamp
	}
	return kinds
}

// custom is a suite of a caller's own that signs in one way.
func custom(t *testing.T, signature, digest string) alg.Suite {
	t.Helper()
	s, err := alg.Custom(alg.Choice{
		C14N: []string{"http://www.w3.org/2001/10/xml-exc-c14n#"}, Digests: []string{digest}, HMAC: []string{alg.HMACSHA512},
		Signatures: []string{signature}, Transports: []string{alg.RSAOAEP}, SecretBits: [2]int{128, 512}, RSABits: [2]int{2048, 4096},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) methods(t *testing.T) []kind {
	sign := func(by, uri string, more ...string) request {
		return do("timestamp sign", "sign.by", by, "sign.alg", uri).with(more...)
	}
	rsa := signed(s.token("client", wsse.RefDirect))
	kinds := []kind{
		{name: "RSA with SHA-256", notOurs: first, notTheir: first},
		{name: "RSA with SHA-384", suite: custom(t, alg.RSASHA384, alg.DigestSHA384), ours: rsa, their: sign("client", alg.RSASHA384, "digest.alg", alg.DigestSHA384), has: []string{alg.RSASHA384, alg.DigestSHA384}},
		{name: "RSA with SHA-512", suite: custom(t, alg.RSASHA512, alg.DigestSHA512), ours: rsa, their: sign("client", alg.RSASHA512, "digest.alg", alg.DigestSHA512), has: []string{alg.RSASHA512, alg.DigestSHA512}},
		{name: "RSA-PSS with SHA-256", their: sign("client", alg.PSSSHA256), has: []string{alg.PSSSHA256}, notOurs: "not made: the suite writes PKCS #1"},
		{name: "RSA-PSS with SHA-512", their: sign("client", alg.PSSSHA512), has: []string{alg.PSSSHA512}, notOurs: "not made: the suite writes PKCS #1"},
		{name: "ECDSA on P-256", ours: signed(s.token("p256", wsse.RefDirect)), their: sign("p256", alg.ECDSASHA256), has: []string{alg.ECDSASHA256}},
		{name: "ECDSA on P-384", ours: signed(s.token("p384", wsse.RefDirect)), their: sign("p384", alg.ECDSASHA384), has: []string{alg.ECDSASHA384}},
		{name: "ECDSA on P-521", ours: signed(s.token("p521", wsse.RefDirect)), their: sign("p521", alg.ECDSASHA512), has: []string{alg.ECDSASHA512}},
		{name: "RSA with SHA-1, digests too (Basic256)", suite: alg.Basic256, ours: rsa, their: sign("client", alg.RSASHA1, "digest.alg", alg.DigestSHA1), has: []string{alg.RSASHA1, alg.DigestSHA1}},
		{name: "RSA with SHA-1, digests SHA-256 (Basic256Sha256)", suite: alg.Basic256Sha256, ours: rsa, their: sign("client", alg.RSASHA1), has: []string{alg.RSASHA1, alg.DigestSHA256}},
		{name: "no list of prefixes", notOurs: first, their: sign("client", alg.RSASHA256, "no.prefixes", ""), has: []string{"xml-exc-c14n#"}},
		{name: "inclusive canonical form of SignedInfo", their: sign("client", alg.RSASHA256, "c14n", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), has: []string{"REC-xml-c14n-20010315"}, notOurs: byUse},
	}
	for i := range kinds {
		kinds[i].sign = bodyStamp
	}
	return kinds
}

func (s *stage) parts(*testing.T) []kind {
	ours := func(p wsse.Protection, o wsse.Options, through ...bool) *wsse.Options {
		token := s.token("client", wsse.RefDirect)
		token.STRTransform = len(through) > 0
		o.Tokens, o.Protection = []wsse.Token{token}, &p
		return &o
	}
	sign := func(parts string) request { return do("timestamp sign", "sign.parts", parts) }
	const all = "body timestamp to action messageID replyTo"
	tenant := []soap.Name{{Space: "urn:h", Local: "Tenant"}}
	old := soap.Outgoing{Version: soap.V11, Addressing: soap.A04}
	return []kind{
		{name: "timestamp and To, over TLS", tls: true, sign: wsse.PartTimestamp | wsse.PartTo, ours: ours(wsse.Protection{Sign: wsse.PartTimestamp | wsse.PartTo}, wsse.Options{}), their: sign("timestamp to")},
		{name: "body, timestamp and all addressing", sign: bodyStamp | wsse.PartAddressing, ours: ours(wsse.Protection{Sign: bodyStamp | wsse.PartAddressing}, wsse.Options{}), their: sign(all)},
		{name: "the same in SOAP 1.1 and addressing of 2004", out: old, sign: bodyStamp | wsse.PartAddressing, ours: ours(wsse.Protection{Sign: bodyStamp | wsse.PartAddressing}, wsse.Options{}), their: sign(all)},
		{name: "a header by its name", header: true, sign: bodyStamp, ours: ours(wsse.Protection{Sign: bodyStamp, SignHeaders: tenant}, wsse.Options{}), their: sign("body timestamp tenant")},
		{name: "every header", header: true, sign: bodyStamp | wsse.PartAddressing, ours: ours(wsse.Protection{Sign: bodyStamp | wsse.PartAddressing, AllHeaders: true}, wsse.Options{}), their: sign(all + " tenant")},
		{
			name: "the signing token, by its id", sign: bodyStamp | wsse.PartToken, ours: ours(wsse.Protection{Sign: bodyStamp | wsse.PartToken}, wsse.Options{}),
			their: do("timestamp sign", "sign.parts", "body timestamp bst", "sign.first", ""), seen: coversToken, find: findsSigned("BinarySecurityToken"),
		},
		{
			name: "the signing token, by STR-Transform", sign: bodyStamp | wsse.PartToken, has: []string{"#STR-Transform"},
			ours:  ours(wsse.Protection{Sign: bodyStamp | wsse.PartToken}, wsse.Options{}, true),
			their: do("timestamp sign", "sign.parts", "body timestamp token"), seen: coversToken,
		},
		{name: "header of WS-Security 1.0, timestamp last", sign: bodyStamp, ours: ours(wsse.Protection{Sign: bodyStamp}, wsse.Options{Version: wsse.V10, Layout: wsse.TimestampLast}), notTheir: first},
	}
}

func coversToken(t *testing.T, ev *wsse.Evidence) {
	t.Helper()
	if ev.Signers[0].Covers&wsse.PartToken == 0 {
		t.Error("the token is not covered")
	}
}
