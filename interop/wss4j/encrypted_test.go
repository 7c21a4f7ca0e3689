package wss4j

import (
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/interop/rig"
)

func findsSigned(name string) func(*testing.T, finding) {
	return func(t *testing.T, f finding) {
		t.Helper()
		if !slices.Contains(strings.Fields(f.Signed), name) {
			t.Errorf("WSS4J does not find %s signed: %s", name, f.Signed)
		}
	}
}

func findsEncrypted(name string) func(*testing.T, finding) {
	return func(t *testing.T, f finding) {
		t.Helper()
		if !slices.Contains(strings.Fields(f.Encrypted), name) {
			t.Errorf("WSS4J does not find %s encrypted: %s", name, f.Encrypted)
		}
	}
}

// sealed are options that sign with the client's certificate and encrypt for the service.
func (s *stage) sealed(p wsse.Protection, more ...wsse.Token) *wsse.Options {
	p.Recipient = s.ids["service"].Cert
	if p.Sign == 0 {
		p.Sign = bodyStamp
	}
	if p.Encrypt == 0 {
		p.Encrypt = wsse.PartBody
	}
	return &wsse.Options{Tokens: append([]wsse.Token{s.token("client", wsse.RefDirect)}, more...), Protection: &p}
}

func alice(digest bool) wsse.Username {
	return wsse.Username{Name: rig.User, Password: func() []byte { return []byte(rig.Password) }, Digest: digest}
}

func (s *stage) encrypted(*testing.T) []kind {
	const signThenEncrypt, encryptThenSign = "timestamp sign encrypt", "timestamp encrypt sign"
	tenant := []soap.Name{{Space: "urn:h", Local: "Tenant"}}
	body := wsse.PartBody
	user := func(t *testing.T, ev *wsse.Evidence) {
		t.Helper()
		if ev.Username == nil || ev.Username.Name != rig.User {
			t.Errorf("user %+v", ev.Username)
		}
	}
	kinds := []kind{
		{
			name: "content of the body", ours: s.sealed(wsse.Protection{}), their: do(signThenEncrypt),
			has: []string{"xmlenc#Content", "#ThumbprintSHA1", alg.RSAOAEP1, alg.MGF1SHA256},
		},
		{name: "element in the body", ours: s.sealed(wsse.Protection{BodyElement: true}), their: do(signThenEncrypt, "enc.parts", "element"), has: []string{"xmlenc#Element"}},
		{name: "encrypted, then signed", ours: s.sealed(wsse.Protection{Order: wsse.EncryptThenSign}), their: do(encryptThenSign), has: []string{"xmlenc#Content", alg.AES256GCM}},
		{name: "and the signature", encrypt: body | wsse.PartSignature, ours: s.sealed(wsse.Protection{Encrypt: body | wsse.PartSignature}), their: do(signThenEncrypt, "enc.parts", "body signature")},
		{
			name: "encrypted, then signed, and the signature encrypted", encrypt: body | wsse.PartSignature,
			ours: s.sealed(wsse.Protection{Order: wsse.EncryptThenSign, Encrypt: body | wsse.PartSignature}), notTheir: "not made: its encryption names what is there before the signature",
		},
		{
			name: "and two headers, as EncryptedHeader", header: true, sign: bodyStamp | wsse.PartTo, encrypt: body | wsse.PartTo,
			ours:  s.sealed(wsse.Protection{Sign: bodyStamp | wsse.PartTo, SignHeaders: tenant, Encrypt: body | wsse.PartTo, EncryptHeaders: tenant}),
			their: do(signThenEncrypt, "sign.parts", "body timestamp to tenant", "enc.parts", "body to tenant"), has: []string{"EncryptedHeader"},
		},
		{name: "and the timestamp", encrypt: body | wsse.PartTimestamp, ours: s.sealed(wsse.Protection{Encrypt: body | wsse.PartTimestamp}), their: do(signThenEncrypt, "enc.parts", "body timestamp")},
		{
			name: "and a username token", encrypt: body | wsse.PartToken, ours: s.sealed(wsse.Protection{Encrypt: body | wsse.PartToken}, alice(false)),
			their: do("timestamp user sign encrypt", "sign.parts", "body timestamp user", "enc.parts", "body user"), seen: user, find: findsEncrypted("UsernameToken"),
		},
		{
			name: "the encrypted key in EncryptedData", their: do(signThenEncrypt, "enc.inside", ""), has: []string{"EncryptedKey"}, notOurs: "not made: we put keys into the header",
		},
	}
	for i := range kinds {
		kinds[i].sign |= bodyStamp
		kinds[i].encrypt |= body
	}
	return kinds
}

func (s *stage) recipients(*testing.T) []kind {
	ours := func(ref wsse.Reference) *wsse.Options { return s.sealed(wsse.Protection{RecipientReference: ref}) }
	their := func(ref string) request { return do("timestamp sign encrypt", "enc.ref", ref) }
	const content = "as the content of the body"
	kinds := []kind{
		{name: "by thumbprint", notOurs: content, notTheir: content},
		{name: "by issuer and serial number", ours: ours(wsse.RefIssuerSerial), their: their("issuer-serial"), has: []string{"X509SerialNumber>"}},
		{name: "by subject key identifier", ours: ours(wsse.RefSKI), their: their("ski"), has: []string{"#X509SubjectKeyIdentifier"}},
		{name: "by certificate in a key identifier", ours: ours(wsse.RefX509v3), their: their("x509v3")},
		{name: "by token in the header", their: their("direct"), notOurs: "not made: the recipient has its certificate"},
		{
			name: "shared key's name", secret: randomSecret(), their: do("timestamp sign encrypt", "enc.by", "key", "enc.ref", "shared"), has: []string{"KeyName>"},
			notOurs: "not made: a shared key that encrypts also signs",
		},
		{name: "by embedded token", notOurs: "made, but it reads no embedded tokens", their: their("embedded"), has: []string{":Embedded"}},
	}
	for i := range kinds {
		kinds[i].sign, kinds[i].encrypt = bodyStamp, wsse.PartBody
	}
	return kinds
}

func (s *stage) ciphers(*testing.T) []kind {
	const as = "as encrypted, then signed"
	kinds := []kind{{name: "AES-256-GCM", notOurs: as, notTheir: as}}
	for _, c := range []struct {
		name, uri string
		suite     alg.Suite
	}{
		{"AES-128-GCM", alg.AES128GCM, ""},
		{"AES-192-GCM", alg.AES192GCM, ""},
		{"AES-128-CBC, then signed (Basic128)", alg.AES128CBC, alg.Basic128},
		{"AES-192-CBC, then signed (Basic192)", alg.AES192CBC, alg.Basic192},
		{"AES-256-CBC, then signed (Basic256)", alg.AES256CBC, alg.Basic256},
	} {
		k := kind{name: c.name, suite: c.suite, has: []string{c.uri}, sign: bodyStamp, encrypt: wsse.PartBody}
		k.ours = s.sealed(wsse.Protection{Order: wsse.EncryptThenSign, Cipher: c.uri})
		k.their = do("timestamp encrypt sign", "enc.cipher", c.uri)
		if alg.CipherKeySize(c.uri) == 24 {
			k.ignore = "R5620" // which leaves it out
		}
		if c.suite != "" {
			k.has = append(k.has, alg.RSAOAEP)
			k.their = k.their.with("sign.parts", "body timestamp encryptedkey", "sign.alg", alg.RSASHA1, "digest.alg", alg.DigestSHA1, "enc.transport", alg.RSAOAEP, "enc.plain", "")
		}
		kinds = append(kinds, k)
	}
	return kinds
}

func (s *stage) transports(*testing.T) []kind {
	var kinds []kind
	short := map[string]string{
		alg.DigestSHA1: "SHA-1", alg.DigestSHA256: "SHA-256", alg.DigestSHA384: "SHA-384", alg.DigestSHA512: "SHA-512",
		alg.MGF1SHA1: "SHA-1", alg.MGF1SHA224: "SHA-224", alg.MGF1SHA256: "SHA-256", alg.MGF1SHA384: "SHA-384", alg.MGF1SHA512: "SHA-512",
	}
	add := func(k kind) {
		k.sign, k.encrypt = bodyStamp, wsse.PartBody
		kinds = append(kinds, k)
	}
	for _, digest := range []string{alg.DigestSHA1, alg.DigestSHA256, alg.DigestSHA512} {
		k := kind{name: "RSA-OAEP of 1.0, digest " + short[digest], has: []string{alg.RSAOAEP, digest}}
		k.ours = s.sealed(wsse.Protection{Transport: alg.Transport{URI: alg.RSAOAEP, DigestURI: digest}})
		k.their = do("timestamp sign encrypt", "enc.transport", alg.RSAOAEP, "enc.digest", digest)
		if digest == alg.DigestSHA1 {
			k = kind{name: k.name + " (Basic256)", notOurs: "as AES-256-CBC", notTheir: "as AES-256-CBC"}
		}
		add(k)
	}
	for _, digest := range []string{alg.DigestSHA1, alg.DigestSHA256, alg.DigestSHA384, alg.DigestSHA512} {
		for _, mask := range []string{alg.MGF1SHA1, alg.MGF1SHA224, alg.MGF1SHA256, alg.MGF1SHA384, alg.MGF1SHA512} {
			k := kind{name: "RSA-OAEP of 1.1, digest " + short[digest] + ", mask " + short[mask], has: []string{alg.RSAOAEP1, digest, mask}}
			k.ours = s.sealed(wsse.Protection{Transport: alg.Transport{URI: alg.RSAOAEP1, DigestURI: digest, MGFURI: mask}})
			k.their = do("timestamp sign encrypt", "enc.transport", alg.RSAOAEP1, "enc.digest", digest, "enc.mgf", mask)
			if digest == alg.DigestSHA256 && mask == alg.MGF1SHA256 {
				k = kind{name: k.name, notOurs: "as the content of the body", notTheir: "as the content of the body"}
			}
			add(k)
		}
	}
	add(kind{
		name: "RSA of PKCS #1 1.5 (Basic256Rsa15)", suite: alg.Basic256Rsa15, rsa15: true, has: []string{alg.RSA15},
		ours: s.sealed(wsse.Protection{Order: wsse.EncryptThenSign}),
		their: do("timestamp encrypt sign", "enc.transport", alg.RSA15, "enc.cipher", alg.AES256CBC, "sign.parts", "body timestamp encryptedkey",
			"sign.alg", alg.RSASHA1, "digest.alg", alg.DigestSHA1),
	})
	return kinds
}
