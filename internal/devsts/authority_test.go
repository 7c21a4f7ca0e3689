package devsts

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func openLeaf(t *testing.T, dir string, l leaf, now time.Time) ([]byte, error) {
	t.Helper()
	a, err := openAuthority(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	open := a.open
	if l.local {
		open = a.renew
	}
	pair, err := open(l, now)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.Leaf)
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Fatal(err)
	}
	return pair.Certificate[0], nil
}

func TestPairsAreKept(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	signer := leaf{file: "signer", name: "signer", key: newP256, usage: x509.KeyUsageDigitalSignature, life: longLife}
	first, err := openLeaf(t, dir, signer, now)
	if err != nil {
		t.Fatal(err)
	}
	again, err := openLeaf(t, dir, signer, now)
	if err != nil || !bytes.Equal(first, again) {
		t.Fatalf("the certificate changed over a restart (%v)", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 4 {
		t.Fatalf("%d files, want ca and signer with their keys (%v)", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600 (%v)", f.Name(), info.Mode(), err)
		}
	}

	// A crash between key and certificate leaves a key alone: made anew.
	if err := os.Remove(filepath.Join(dir, "signer.pem")); err != nil {
		t.Fatal(err)
	}
	anew, err := openLeaf(t, dir, signer, now)
	if err != nil || bytes.Equal(anew, first) {
		t.Fatalf("after a crash: %v", err)
	}

	// A lost key, or another CA, is told and not papered over.
	if err := os.Rename(filepath.Join(dir, "signer-key.pem"), filepath.Join(dir, "kept")); err != nil {
		t.Fatal(err)
	}
	if _, err := openLeaf(t, dir, signer, now); err == nil {
		t.Error("a certificate without its key was accepted")
	}
	if err := os.Rename(filepath.Join(dir, "kept"), filepath.Join(dir, "signer-key.pem")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "ca.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := openLeaf(t, dir, signer, now); err == nil {
		t.Error("a signer of another authority was accepted")
	}
}

func TestServerCertificateIsRenewed(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	server := leaf{file: "server", name: "server", key: newP256, usage: x509.KeyUsageDigitalSignature, local: true, life: serverLife}
	first, err := openLeaf(t, dir, server, now)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := openLeaf(t, dir, server, now.Add(serverLife-serverLeft-time.Hour)); err != nil || !bytes.Equal(first, again) {
		t.Fatalf("renewed too early (%v)", err)
	}
	later := now.Add(serverLife - serverLeft + time.Hour)
	second, err := openLeaf(t, dir, server, later)
	if err != nil || bytes.Equal(first, second) {
		t.Fatalf("not renewed with little life left (%v)", err)
	}
	// Nobody pins it, so another authority's is replaced.
	for _, f := range []string{"ca.pem", "ca-key.pem"} {
		if err := os.Remove(filepath.Join(dir, f)); err != nil {
			t.Fatal(err)
		}
	}
	third, err := openLeaf(t, dir, server, later)
	if err != nil || bytes.Equal(second, third) {
		t.Fatalf("another authority's server certificate was kept (%v)", err)
	}
	cert, err := x509.ParseCertificate(third)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		if err := cert.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	if err := cert.VerifyHostname("example.com"); err == nil {
		t.Error("the server certificate is good for example.com")
	}
}

func TestKeyKinds(t *testing.T) {
	if k, err := newRSA(); err != nil {
		t.Error(err)
	} else if k, ok := k.(*rsa.PrivateKey); !ok || k.N.BitLen() != 2048 {
		t.Errorf("newRSA made a %T", k)
	}
	if k, err := newP256(); err != nil {
		t.Error(err)
	} else if _, ok := k.(*ecdsa.PrivateKey); !ok {
		t.Errorf("newP256 made a %T", k)
	}
}
