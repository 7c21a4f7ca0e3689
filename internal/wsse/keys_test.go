package wsse

import (
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/testkeys"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Test keys guard nothing. They are the same in each process, for the fuzzer.

var now = time.Date(2026, 5, 4, 12, 30, 15, 0, time.UTC)

const (
	issuerName = "https://sts.example.com/"
	serviceURL = "https://orders.example.com/soap"
	action     = "urn:orders/Get"
)

type identity struct {
	key  alg.Key
	cert *x509.Certificate
}

func (i identity) public(t testing.TB) alg.Key {
	t.Helper()
	k, err := alg.CertificateKey(i.cert)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func makeIdentity(name string, serial int64, signer crypto.Signer) identity {
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Test, \"only\""}},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		SubjectKeyId: []byte(name + "-ski"),
	}
	key, err := alg.PrivateKey(signer)
	if err != nil {
		panic(err)
	}
	return identity{key, testkeys.Certificate(tmpl, signer)}
}

func ecIdentity(name string, serial int64) func() identity {
	return sync.OnceValue(func() identity { return makeIdentity(name, serial, testkeys.EC(elliptic.P256(), int(serial))) })
}

func rsaIdentity(name string, serial int64, n int) func() identity {
	return sync.OnceValue(func() identity { return makeIdentity(name, serial, testkeys.RSA(n)) })
}

var (
	client  = ecIdentity("client", 11)
	mallory = ecIdentity("mallory", 12)
	issuer  = ecIdentity("issuer", 13)
	rsaUser = rsaIdentity("rsa", 14, 1)
	service = rsaIdentity("service", 15, 2)
)

func secret(t testing.TB) alg.Key {
	t.Helper()
	k, err := alg.SecretKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// build returns an assertion about alice with these confirmations.
func build(t testing.TB, v saml.Version, by identity, conf ...saml.Confirmation) []byte {
	t.Helper()
	b := saml.Build{
		Version: v, Issuer: issuerName, IssueInstant: now,
		Subject:    saml.Subject{NameID: "alice", Confirmations: conf},
		Conditions: saml.Conditions{NotBefore: now, NotOnOrAfter: now.Add(time.Hour), Audiences: [][]string{{serviceURL}}},
		Attributes: []saml.Attribute{{Name: "role", Namespace: "urn:ns", Values: []string{"clerk"}}},
	}
	x, err := b.XML(by.key, []*x509.Certificate{by.cert}, "")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func outgoing() soap.Outgoing {
	return soap.Outgoing{Action: action, To: serviceURL, Body: []byte(`<o:Get xmlns:o="urn:orders"><o:ID>42</o:ID></o:Get>`)}
}

// lenient are credentials that answer every need from a fixed set of trusted
// certificates and secrets, as the rim would.
type lenient struct {
	certs    []*x509.Certificate
	contexts map[string]alg.Key
	Credentials
}

func trust(ids ...identity) lenient {
	l := lenient{Credentials: Credentials{Issuers: map[string][]*x509.Certificate{issuerName: {issuer().cert}}}}
	for _, i := range ids {
		l.certs = append(l.certs, i.cert)
	}
	return l
}

func (l lenient) answer(t testing.TB, p *Pending) Credentials {
	t.Helper()
	c := l.Credentials
	c.Keys = map[KeyRef]alg.Key{}
	for _, r := range p.Needs() {
		switch r.Kind {
		case KeyCertificate, KeyNamed:
			cert, err := r.Select(l.certs)
			if err != nil {
				if name, ok := r.SharedName(); ok {
					c.Keys[r] = l.contexts[name]
				}
				continue
			}
			k, err := alg.CertificateKey(cert)
			if err != nil {
				t.Fatal(err)
			}
			c.Keys[r] = k
		case KeyContext, KeyEncrypted, KeyAssertion, KeyKerberos:
			c.Keys[r] = l.contexts[r.ID]
		}
	}
	return c
}

// receive takes a message through everything that a service does.
func receive(t testing.TB, msg []byte, l lenient, pol Policy, at time.Time, off check) (*Evidence, error) {
	t.Helper()
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	env, err := soap.Read(d, Understood)
	if err != nil {
		return nil, err
	}
	p, err := read(env, "", Limits{}, off)
	if err != nil {
		return nil, err
	}
	if err := p.Open(l.answer(t, p), pol); err != nil {
		return nil, err
	}
	return p.Verify(l.answer(t, p), pol, at)
}

func protect(t testing.TB, o Options) []byte {
	t.Helper()
	msg, _, err := Protect(outgoing(), o, now)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func wantClass(t testing.TB, err error, want Class) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, want class %v", want)
	}
	if got := ClassOf(err); got != want {
		t.Fatalf("class %v, want %v: %v", got, want, err)
	}
}
