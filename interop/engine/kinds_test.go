package engine

import (
	"crypto/x509"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/interop/rig"
	"wstrust/saml"
)

// An ours is one kind of message that we make.
type ours struct {
	name string
	out  soap.Outgoing
	o    wsse.Options
}

func (w *world) ours(t *testing.T) (all []ours) {
	t.Helper()
	cert := func(ref wsse.Reference) wsse.Token {
		return wsse.X509{Certificates: []*x509.Certificate{w.client.Cert}, Key: private(t, w.client), Reference: ref}
	}
	ec := wsse.X509{Certificates: []*x509.Certificate{w.elliptic.Cert}, Key: private(t, w.elliptic), Reference: wsse.RefThumbprint}
	user := wsse.Username{Name: rig.User, Password: func() []byte { return []byte(rig.Password) }}
	digest := user
	digest.Digest = true
	sct := func(space string) wsse.Token {
		return wsse.Issued{Key: secret(t), XML: []byte(`<c:SecurityContextToken xmlns:c="` + space + `" xmlns:u="` + xmltree.WSU + `" u:Id="sct"><c:Identifier>` + contextID + `</c:Identifier></c:SecurityContextToken>`)}
	}
	body := wsse.BodyTimestamp
	add := func(name string, p *wsse.Protection, tokens ...wsse.Token) *ours {
		out := soap.Outgoing{
			Action: "urn:orders/Get", To: "urn:service", Body: []byte(`<o:Get xmlns:o="urn:orders"><o:ID>` + word + `</o:ID></o:Get>`),
			Headers: [][]byte{[]byte(`<h:Tenant xmlns:h="urn:h">tenant</h:Tenant>`)},
		}
		all = append(all, ours{name, out, wsse.Options{Protection: p, Tokens: tokens}})
		return &all[len(all)-1]
	}
	to := w.service.Cert
	tenant := []soap.Name{{Space: "urn:h", Local: "Tenant"}}

	// Signatures, by each way to name the key.
	for name, ref := range map[string]wsse.Reference{
		"bst": wsse.RefDirect, "ski": wsse.RefSKI, "thumbprint": wsse.RefThumbprint, "x509v3": wsse.RefX509v3, "issuer-serial": wsse.RefIssuerSerial,
	} {
		if ref == wsse.RefSKI && len(w.client.Cert.SubjectKeyId) == 0 {
			continue
		}
		add("signed by "+name, &wsse.Protection{Sign: body}, cert(ref))
	}
	add("signed token", &wsse.Protection{Sign: body | wsse.PartToken}, cert(wsse.RefDirect))
	add("signed addressing", &wsse.Protection{Sign: body | wsse.PartAddressing}, cert(wsse.RefDirect))
	add("signed headers", &wsse.Protection{Sign: body, SignHeaders: tenant}, cert(wsse.RefDirect))
	add("signed by P-256", &wsse.Protection{Sign: body}, ec)
	add("endorsed", &wsse.Protection{Sign: body}, cert(wsse.RefDirect), ec)
	add("signed, with user", &wsse.Protection{Sign: body}, cert(wsse.RefDirect), user)
	add("signed, with digest of a password", &wsse.Protection{Sign: body}, cert(wsse.RefDirect), digest)
	add("soap 1.1 and header 1.0", &wsse.Protection{Sign: body, Encrypt: wsse.PartBody, Recipient: to}, cert(wsse.RefIssuerSerial)).o.Version = wsse.V10
	all[len(all)-1].out.Version = soap.V11

	// Encryption, by each cipher, order and way to name the recipient.
	for _, order := range []wsse.Order{wsse.SignThenEncrypt, wsse.EncryptThenSign} {
		name := map[wsse.Order]string{wsse.SignThenEncrypt: "sign then encrypt", wsse.EncryptThenSign: "encrypt then sign"}[order]
		p := func() *wsse.Protection {
			return &wsse.Protection{Sign: body, Encrypt: wsse.PartBody, Recipient: to, Order: order}
		}
		add(name, p(), cert(wsse.RefDirect))
		q := p()
		q.BodyElement = true
		add(name+", element", q, cert(wsse.RefDirect))
		q = p()
		q.Encrypt |= wsse.PartSignature
		add(name+", signature too", q, cert(wsse.RefDirect))
		q = p()
		q.Encrypt |= wsse.PartTo
		q.EncryptHeaders = tenant
		add(name+", headers too", q, cert(wsse.RefDirect))
		q = p()
		q.Encrypt |= wsse.PartToken
		add(name+", user too", q, cert(wsse.RefDirect), user)
		for suite, what := range map[alg.Suite]string{alg.Basic256: "AES-256-CBC", alg.Basic128: "AES-128-CBC"} {
			add(name+", "+what, p(), cert(wsse.RefDirect)).o.Suite = suite
		}
		add(name+", rsa15", p(), cert(wsse.RefDirect)).o.Suite = alg.Basic256Rsa15
	}
	for name, ref := range map[string]wsse.Reference{"ski": wsse.RefSKI, "issuer-serial": wsse.RefIssuerSerial, "x509v3": wsse.RefX509v3, "thumbprint": wsse.RefThumbprint} {
		add("encrypted for "+name, &wsse.Protection{Sign: body, Encrypt: wsse.PartBody, Recipient: to, RecipientReference: ref}, cert(wsse.RefDirect))
	}
	// Symmetric, derived, conversations.
	for _, order := range []wsse.Order{wsse.SignThenEncrypt, wsse.EncryptThenSign} {
		suffix := map[wsse.Order]string{wsse.SignThenEncrypt: "", wsse.EncryptThenSign: ", ciphertext signed"}[order]
		for d, how := range map[wsse.Derivation]string{wsse.NotDerived: "", wsse.Derived13: ", derived 1.3", wsse.Derived2005: ", derived 2005"} {
			p := &wsse.Protection{Sign: body, Encrypt: wsse.PartBody | wsse.PartSignature, Recipient: to, Symmetric: true, Derived: d, Order: order}
			add("symmetric"+how+suffix, p, user)
			add("symmetric, endorsed"+how+suffix, p, cert(wsse.RefDirect))
			space := xmltree.SC13
			if d == wsse.Derived2005 {
				space = xmltree.SC2005
			}
			add("conversation"+how+suffix, &wsse.Protection{Sign: body, Encrypt: wsse.PartBody, Derived: d, Order: order}, sct(space))
		}
	}
	// Assertions.
	for v, name := range map[saml.Version]string{saml.V20: "SAML 2.0", saml.V11: "SAML 1.1"} {
		hok := w.assertion(t, v, saml.Confirmation{Kind: saml.HolderOfKey, Certificate: w.client.Cert})
		add(name+", holder of key", &wsse.Protection{Sign: body}, wsse.Issued{XML: hok, Key: private(t, w.client)})
		add(name+", holder of key, encrypted", &wsse.Protection{Sign: body, Encrypt: wsse.PartBody, Recipient: to}, wsse.Issued{XML: hok, Key: private(t, w.client)})
	}
	bearer := w.assertion(t, saml.V20, saml.Confirmation{Kind: saml.Bearer})
	add("SAML 2.0, bearer, encrypted", &wsse.Protection{Sign: body, Encrypt: wsse.PartBody | wsse.PartToken, Recipient: to}, cert(wsse.RefDirect), wsse.Issued{XML: bearer})
	return all
}

func (w *world) assertion(t *testing.T, v saml.Version, c saml.Confirmation) []byte {
	t.Helper()
	now := time.Now()
	b := saml.Build{
		Version: v, Issuer: "urn:issuer", IssueInstant: now, Subject: saml.Subject{NameID: rig.User, Confirmations: []saml.Confirmation{c}},
		Conditions: saml.Conditions{NotBefore: now.Add(-time.Minute), NotOnOrAfter: now.Add(time.Hour)},
		Attributes: []saml.Attribute{{Name: "role", Namespace: "urn:ns", Values: []string{"clerk"}}},
	}
	x, err := b.XML(private(t, w.client), []*x509.Certificate{w.client.Cert}, "")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// theirs are the kinds that WSS4J makes, by what its maker is told. Refused says that
// we are to refuse it, as what is encrypted is not covered by a signature.
type kind struct {
	name, options string
	refused       bool
}

func theirs() []kind {
	const cbc = "cipher=" + alg.AES256CBC
	list := []kind{
		{name: "sign by BST", options: "encrypt=none"},
		{name: "sign by issuer and serial", options: "encrypt=none sigref=2"},
		{name: "sign by X509v3", options: "encrypt=none sigref=3"},
		{name: "sign by SKI", options: "encrypt=none sigref=4"},
		{name: "sign by thumbprint", options: "encrypt=none sigref=8"},
		{name: "sign by key value", options: "encrypt=none sigref=13"},
		{name: "sign token through STR-Transform", options: "encrypt=none sign=body,timestamp,str"},
		{name: "sign headers", options: "encrypt=none sign=body,timestamp,to,tenant"},
		{name: "endorse", options: "encrypt=none endorse"},
		{name: "user and signature", options: "encrypt=none user=" + rig.User + " sign=body,timestamp,user"},
		{name: "digest and signature", options: "encrypt=none digest user=" + rig.User + " sign=body,timestamp,user"},
		{name: "SOAP 1.1", options: "soap11"},
	}
	for _, order := range []string{"se", "es"} {
		what := map[string]string{"se": "sign, encrypt", "es": "encrypt, sign"}[order]
		o := "order=" + order + " "
		header := map[string]string{"se": "tenant", "es": "header"}[order]
		user := map[string]string{"se": "sign=body,timestamp,user ", "es": ""}[order]
		list = append(list,
			kind{name: what, options: o},
			kind{name: what + " element", options: o + "encrypt=element"},
			kind{name: what + " with header", options: o + "encrypt=body,tenant sign=body,timestamp," + header},
			kind{name: what + " AES-128-GCM", options: o + "cipher=" + alg.AES128GCM},
			kind{name: what + " AES-192-GCM", options: o + "cipher=" + alg.AES192GCM},
			kind{name: what + " user", options: o + user + "encrypt=body,user user=" + rig.User, refused: order == "es"}, // a password that nothing binds
			kind{name: what + " CBC", options: o + cbc, refused: true},
		)
	}
	list = append(list,
		kind{name: "sign, encrypt embedded key", options: "embed"},
		kind{name: "encrypt, sign CBC and key", options: "order=es sign=body,timestamp,key " + cbc},
		kind{name: "encrypt, sign AES-128-CBC and key", options: "order=es sign=body,timestamp,key cipher=" + alg.AES128CBC},
		kind{name: "encrypt, sign AES-192-CBC and key", options: "order=es sign=body,timestamp,key cipher=" + alg.AES192CBC},
		kind{name: "encrypted signature", options: "encrypt=body,signature"},
		kind{name: "OAEP 1.0", options: "keyenc=" + alg.RSAOAEP},
		kind{name: "OAEP 1.0 SHA-256", options: "oaepdigest=" + alg.DigestSHA256 + " keyenc=" + alg.RSAOAEP},
		kind{name: "OAEP SHA-256 MGF SHA-256", options: "oaepdigest=" + alg.DigestSHA256 + " mgf=" + alg.MGF1SHA256},
		kind{name: "OAEP SHA-512 MGF SHA-1", options: "oaepdigest=" + alg.DigestSHA512 + " mgf=" + alg.MGF1SHA1},
		kind{name: "OAEP SHA-1 MGF SHA-384", options: "oaepdigest=" + alg.DigestSHA1 + " mgf=" + alg.MGF1SHA384},
	)
	for name, ref := range map[string]string{"issuer and serial": "2", "X509v3": "3", "SKI": "4", "BST": "1"} {
		list = append(list, kind{name: "encrypt for " + name, options: "encref=" + ref})
	}
	for _, order := range []string{"se", "es"} {
		what := map[string]string{"se": "", "es": ", encrypted first"}[order]
		user := " user=" + rig.User + " sign=body,timestamp,user order=" + order
		list = append(list,
			kind{name: "symmetric" + what, options: "binding=sym" + user},
			kind{name: "symmetric, endorsed" + what, options: "binding=sym endorse order=" + order},
			kind{name: "symmetric, derived 1.3" + what, options: "binding=symdk" + user},
			kind{name: "symmetric, derived 2005" + what, options: "binding=symdk wsc2005" + user},
			kind{name: "symmetric, derived, endorsed" + what, options: "binding=symdk endorse order=" + order},
			kind{name: "symmetric CBC" + what, options: "binding=sym " + cbc + user, refused: order == "se"},
			kind{name: "conversation" + what, options: "binding=sct order=" + order},
			kind{name: "conversation, derived 1.3" + what, options: "binding=sctdk order=" + order},
			kind{name: "conversation, derived 2005" + what, options: "binding=sctdk wsc2005 order=" + order},
		)
	}
	return list
}
