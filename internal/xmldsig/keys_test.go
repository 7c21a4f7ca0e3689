package xmldsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/testkeys"
	"wstrust/internal/xmltree"
)

// Test keys: made for the run and gone with it.
var (
	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	p256Key = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	p384Key = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) })
	p521Key = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)) })
)

// testSecret is a test key, fixed so that fuzz seeds stay valid.
var testSecret = must(alg.SecretKey([]byte("test key of thirty-two octets ..")))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func parse(t testing.TB, src string) xmltree.Elem {
	t.Helper()
	d, err := xmltree.Parse([]byte(src), xmltree.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return d.Root()
}

// find returns the first element of that local name in document order.
func find(e xmltree.Elem, local string) xmltree.Elem {
	if e.Local() == local {
		return e
	}
	for c := range e.Children {
		if f := find(c, local); f.OK() {
			return f
		}
	}
	return xmltree.Elem{}
}

func certificate(t testing.TB, key crypto.Signer, serial int64, subject pkix.Name, ski []byte) *x509.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      subject,
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Unix(1<<33, 0),
		SubjectKeyId: ski,
	}
	return testkeys.Certificate(tmpl, key)
}
