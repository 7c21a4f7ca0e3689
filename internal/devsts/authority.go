package devsts

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	longLife   = 10 * 365 * 24 * time.Hour
	serverLife = 365 * 24 * time.Hour
	serverLeft = 30 * 24 * time.Hour // a server certificate with less left is made anew
)

// An authority is the state's own certificate authority.
type authority struct {
	dir string
	tls.Certificate
}

// openAuthority reads ca.pem and ca-key.pem from dir, or makes them.
func openAuthority(dir string, now time.Time) (*authority, error) {
	a := &authority{dir: dir}
	var err error
	a.Certificate, err = openPair(dir, "ca", func() (tls.Certificate, error) {
		key, err := newP256()
		if err != nil {
			return tls.Certificate{}, err
		}
		t := template("wstrust development CA "+rand.Text()[:6], now, longLife)
		t.IsCA, t.BasicConstraintsValid, t.MaxPathLenZero = true, true, true
		t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		return issue(t, key, t, key)
	})
	return a, err
}

// A keyMaker generates a private key.
type keyMaker func() (crypto.Signer, error)

// A leaf is one certificate that the authority issues.
type leaf struct {
	file, name string
	key        keyMaker
	usage      x509.KeyUsage
	ext        []x509.ExtKeyUsage
	local      bool // names this machine's loopback addresses
	life       time.Duration
}

// open reads the leaf's certificate and key from the state folder, or makes
// them. What is there is kept, and must be the authority's.
func (a *authority) open(l leaf, now time.Time) (tls.Certificate, error) {
	pair, err := openPair(a.dir, l.file, func() (tls.Certificate, error) { return a.issue(l, now) })
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := pair.Leaf.CheckSignatureFrom(a.Leaf); err != nil {
		return tls.Certificate{}, fmt.Errorf("devsts: %s.pem was not issued by ca.pem in the same folder: restore the CA, or remove %s.pem to get a new one: %w", l.file, l.file, err)
	}
	return pair, nil
}

// renew is open for a certificate that nobody pins: it is made anew when it is
// about to expire or belongs to another authority.
func (a *authority) renew(l leaf, now time.Time) (tls.Certificate, error) {
	pair, err := a.open(l, now)
	if err == nil && pair.Leaf.NotAfter.After(now.Add(serverLeft)) {
		return pair, nil
	}
	if pair, err = a.issue(l, now); err != nil {
		return tls.Certificate{}, err
	}
	return pair, writePair(a.dir, l.file, pair)
}

func (a *authority) issue(l leaf, now time.Time) (tls.Certificate, error) {
	key, err := l.key()
	if err != nil {
		return tls.Certificate{}, err
	}
	t := template(l.name, now, l.life)
	t.KeyUsage, t.ExtKeyUsage = l.usage, l.ext
	if l.local {
		t.DNSNames = []string{"localhost"}
		t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	return issue(t, key, a.Leaf, a.PrivateKey.(crypto.Signer))
}

func template(name string, now time.Time, life time.Duration) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name, Organization: []string{"wstrust development, trust nothing"}},
		NotBefore: now.Add(-time.Hour), // for clients whose clock is a little behind
		NotAfter:  now.Add(life),
	}
}

func issue(t *x509.Certificate, key crypto.Signer, parent *x509.Certificate, parentKey crypto.Signer) (tls.Certificate, error) {
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("devsts: certificate: %w", err)
	}
	// Named, because message signatures may refer to a certificate by it.
	id := sha256.Sum256(spki)
	t.SubjectKeyId = id[:20]
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), parentKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("devsts: certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("devsts: certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: cert}, nil
}

func newP256() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }
func newRSA() (crypto.Signer, error)  { return rsa.GenerateKey(rand.Reader, 2048) }

// openPair reads NAME.pem and NAME-key.pem, or makes and writes them.
func openPair(dir, name string, make func() (tls.Certificate, error)) (tls.Certificate, error) {
	certFile, keyFile := pairFiles(dir, name)
	if _, err := os.Stat(certFile); errors.Is(err, fs.ErrNotExist) {
		pair, err := make()
		if err != nil {
			return tls.Certificate{}, err
		}
		return pair, writePair(dir, name, pair)
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("devsts: %s and its key: %w", certFile, err)
	}
	return pair, nil
}

// writePair writes the key first, so that a crash between the two leaves no
// certificate without its key.
func writePair(dir, name string, pair tls.Certificate) error {
	certFile, keyFile := pairFiles(dir, name)
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return fmt.Errorf("devsts: %s: %w", keyFile, err)
	}
	if err := writeFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return err
	}
	return writeFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
}

func pairFiles(dir, name string) (cert, key string) {
	return filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem")
}

// writeFile replaces path at once, readable by its owner only.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("devsts: write: %w", err)
	}
	defer os.Remove(f.Name()) // does nothing after the rename
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("devsts: write %s: %w", path, err)
	}
	return nil
}
