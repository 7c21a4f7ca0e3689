package alg

import (
	"crypto/elliptic"
	"errors"
	"slices"
	"strings"
	"testing"
)

var basicSuites = []Suite{
	Basic256, Basic192, Basic128, Basic256Rsa15, Basic192Rsa15, Basic128Rsa15,
	Basic256Sha256, Basic192Sha256, Basic128Sha256, Basic256Sha256Rsa15, Basic192Sha256Rsa15, Basic128Sha256Rsa15,
}

// Every identifier we know, and the ones no suite may ever admit.
var (
	allSignatures = []string{
		HMACSHA1, HMACSHA256, HMACSHA384, HMACSHA512, RSASHA1, RSASHA256, RSASHA384, RSASHA512,
		PSSSHA1, PSSSHA256, PSSSHA384, PSSSHA512, ECDSASHA1, ECDSASHA256, ECDSASHA384, ECDSASHA512,
	}
	neverSignatures = []string{
		"", "http://www.w3.org/2000/09/xmldsig#dsa-sha1", "http://www.w3.org/2009/xmldsig11#dsa-sha256",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-md5", "http://www.w3.org/2001/04/xmldsig-more#hmac-md5",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160", "http://www.w3.org/2001/04/xmldsig-more#hmac-ripemd160",
		"http://www.w3.org/2007/05/xmldsig-more#rsa-pss", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
		strings.ToUpper(RSASHA256), RSASHA256 + " ", " " + RSASHA256, DigestSHA256,
	}
	allDigests   = []string{DigestSHA1, DigestSHA256, DigestSHA384, DigestSHA384Enc, DigestSHA512}
	neverDigests = []string{
		"", "http://www.w3.org/2001/04/xmldsig-more#md5", "http://www.w3.org/2001/04/xmlenc#ripemd160",
		"http://www.w3.org/2001/04/xmldsig-more#sha224", RSASHA256,
	}
	allCiphers   = []string{AES128CBC, AES192CBC, AES256CBC, AES128GCM, AES192GCM, AES256GCM}
	neverCiphers = []string{"", "http://www.w3.org/2001/04/xmlenc#tripledes-cbc", WrapAES128, RSAOAEP}
	allWraps     = []string{WrapAES128, WrapAES192, WrapAES256}
	neverWraps   = []string{"", "http://www.w3.org/2001/04/xmlenc#kw-tripledes", AES128CBC}
	allC14N      = []string{c14n10, c14n10Comments, c14n11, c14n11Comments, excC14N, excC14NComments}
)

// admits is what a suite should take, said a second time and independently of
// defaults.go: strength by strength instead of list by list.
func admits(s Suite, uri string) bool {
	modern, legacy := s == Modern || s == "", s == Legacy
	name := string(s)
	sha1 := strings.HasSuffix(uri, "sha1") || uri == PSSSHA1
	if modern || legacy {
		return legacy || !sha1
	}
	switch {
	case slices.Contains(allSignatures, uri):
		return uri == HMACSHA1 || uri == RSASHA1
	case slices.Contains(allDigests, uri):
		if strings.Contains(name, "Sha256") {
			return uri == DigestSHA256
		}
		return uri == DigestSHA1
	case slices.Contains(allCiphers, uri):
		return strings.Contains(uri, "#aes"+name[5:8]+"-cbc")
	case slices.Contains(allWraps, uri):
		return strings.HasSuffix(uri, "kw-aes"+name[5:8])
	case slices.Contains(allC14N, uri):
		return uri == excC14N
	}
	return false
}

func TestSuitesAdmitExactlyTheirLists(t *testing.T) {
	rsaKey, sec := private(t, testRSA()), secret(t, 32)
	ec := private(t, testEC(t, elliptic.P256()))
	keyFor := map[family]Key{familyRSA: rsaKey, familyPSS: rsaKey, familyHMAC: sec, familyECDSA: ec, familyNone: rsaKey}
	keys := map[int]Key{16: secret(t, 16), 24: secret(t, 24), 32: sec, 0: sec}

	for _, s := range append([]Suite{"", Modern, Legacy}, basicSuites...) {
		if !s.Valid() {
			t.Errorf("%q is not valid", s)
		}
		expect := func(what, uri string, err error) {
			t.Helper()
			if want := admits(s, uri); want && err != nil || !want && !errors.Is(err, ErrAlgorithm) {
				t.Errorf("%s: %s %q: want admitted=%v, got %v", s, what, uri, want, err)
			}
		}
		refused := func(what, uri string, err error) {
			t.Helper()
			if !errors.Is(err, ErrAlgorithm) {
				t.Errorf("%s: %s %q: got %v", s, what, uri, err)
			}
		}
		for _, uri := range allSignatures {
			_, err := s.NewVerifier(uri, keyFor[methodOf(uri).family])
			expect("verify", uri, err)
			_, err = s.NewSigner(uri, keyFor[methodOf(uri).family])
			expect("sign", uri, err)
		}
		for _, uri := range neverSignatures {
			_, err := s.NewVerifier(uri, rsaKey)
			refused("verify", uri, err)
			_, err = s.NewSigner(uri, sec)
			refused("sign", uri, err)
		}
		for _, uri := range allDigests {
			h, err := s.Digest(uri)
			expect("digest", uri, err)
			if err == nil && h().Size() != digestOf(uri).Size() {
				t.Errorf("%q gives another hash", uri)
			}
		}
		for _, uri := range neverDigests {
			_, err := s.Digest(uri)
			refused("digest", uri, err)
		}
		for _, uri := range allCiphers {
			k := keys[CipherKeySize(uri)].Secret()
			_, err := s.Decrypt(uri, k, nil)
			if err == ErrDecrypt {
				err = nil
			}
			expect("open", uri, err)
			_, err = s.Encrypt(uri, k, nil)
			if isGCM(uri) || s != Modern && s != "" {
				expect("seal", uri, err)
			} else {
				refused("seal", uri, err) // Modern opens CBC and never writes it
			}
		}
		for _, uri := range neverCiphers {
			_, err := s.Decrypt(uri, sec.Secret(), nil)
			refused("open", uri, err)
			_, err = s.Encrypt(uri, sec.Secret(), nil)
			refused("seal", uri, err)
		}
		for _, uri := range allWraps {
			k := keys[WrapKeySize(uri)].Secret()
			_, err := s.WrapKey(uri, k, k)
			expect("wrap", uri, err)
			if _, err = s.UnwrapKey(uri, k, nil); err == ErrDecrypt {
				err = nil
			}
			expect("unwrap", uri, err)
		}
		for _, uri := range neverWraps {
			_, err := s.WrapKey(uri, sec.Secret(), sec.Secret())
			refused("wrap", uri, err)
			_, err = s.UnwrapKey(uri, sec.Secret(), nil)
			refused("unwrap", uri, err)
		}
		for _, uri := range append(allC14N, "", "http://www.w3.org/TR/1999/REC-xslt-19991116") {
			if want := slices.Contains(allC14N, uri) && admits(s, uri); s.AllowsC14N(uri) != want {
				t.Errorf("%s: C14N %q: want %v", s, uri, want)
			}
		}
	}
}

func TestSuitesWriteWhatTheyAdmit(t *testing.T) {
	rsaKey, sec, ec := private(t, testRSA()), secret(t, 32), private(t, testEC(t, elliptic.P384()))
	for _, c := range []struct {
		s                                    Suite
		digest, rsa, hmac, cipher, transport string
		least, most                          int
	}{
		{Modern, DigestSHA256, RSASHA256, HMACSHA256, AES256GCM, RSAOAEP1, 128, 512},
		{"", DigestSHA256, RSASHA256, HMACSHA256, AES256GCM, RSAOAEP1, 128, 512},
		{Legacy, DigestSHA256, RSASHA256, HMACSHA256, AES256GCM, RSAOAEP1, 128, 512},
		{Basic256, DigestSHA1, RSASHA1, HMACSHA1, AES256CBC, RSAOAEP, 256, 256},
		{Basic192, DigestSHA1, RSASHA1, HMACSHA1, AES192CBC, RSAOAEP, 192, 256},
		{Basic128, DigestSHA1, RSASHA1, HMACSHA1, AES128CBC, RSAOAEP, 128, 256},
		{Basic256Rsa15, DigestSHA1, RSASHA1, HMACSHA1, AES256CBC, RSA15, 256, 256},
		{Basic192Rsa15, DigestSHA1, RSASHA1, HMACSHA1, AES192CBC, RSA15, 192, 256},
		{Basic128Rsa15, DigestSHA1, RSASHA1, HMACSHA1, AES128CBC, RSA15, 128, 256},
		{Basic256Sha256, DigestSHA256, RSASHA1, HMACSHA1, AES256CBC, RSAOAEP, 256, 256},
		{Basic192Sha256, DigestSHA256, RSASHA1, HMACSHA1, AES192CBC, RSAOAEP, 192, 256},
		{Basic128Sha256, DigestSHA256, RSASHA1, HMACSHA1, AES128CBC, RSAOAEP, 128, 256},
		{Basic256Sha256Rsa15, DigestSHA256, RSASHA1, HMACSHA1, AES256CBC, RSA15, 256, 256},
		{Basic192Sha256Rsa15, DigestSHA256, RSASHA1, HMACSHA1, AES192CBC, RSA15, 192, 256},
		{Basic128Sha256Rsa15, DigestSHA256, RSASHA1, HMACSHA1, AES128CBC, RSA15, 128, 256},
	} {
		r, err1 := c.s.SignatureURI(rsaKey)
		h, err2 := c.s.SignatureURI(sec)
		least, most := c.s.SecretBits()
		if c.s.DigestURI() != c.digest || r != c.rsa || h != c.hmac || err1 != nil || err2 != nil ||
			c.s.BlockCipherURI() != c.cipher || c.s.KeyTransportURI() != c.transport || least != c.least || most != c.most {
			t.Errorf("%s writes %s %s %s %s %s %d-%d", c.s, c.s.DigestURI(), r, h, c.s.BlockCipherURI(), c.s.KeyTransportURI(), least, most)
		}
		if err := c.s.Transports(c.s.KeyTransport()); err != nil {
			t.Errorf("%s does not read the transport it writes: %v", c.s, err)
		}
		session, err := c.s.NewSessionKey()
		if err != nil {
			t.Fatal(err)
		}
		if uri, err := c.s.CipherFor(session); uri != c.s.BlockCipherURI() || err != nil {
			t.Errorf("%s: fresh session key does not fit: %q, %v", c.s, uri, err)
		}
		if uri, err := c.s.KeyWrapFor(session); WrapKeySize(uri) != len(session.Secret()) || err != nil {
			t.Errorf("%s: no key wrap for %v: %v", c.s, session, err)
		}
		e, err := c.s.SignatureURI(ec)
		if slices.Contains(basicSuites, c.s) {
			if !errors.Is(err, ErrKey) {
				t.Errorf("%s signs with ECDSA: %q, %v", c.s, e, err)
			}
		} else if e != ECDSASHA384 || err != nil {
			t.Errorf("%s signs P-384 with %q, %v", c.s, e, err)
		}
	}
}

func TestUnknownSuiteAdmitsNothing(t *testing.T) {
	s := Suite("basic256")
	k := private(t, testRSA())
	if s.Valid() || s.DigestURI() != "" || s.BlockCipherURI() != "" || s.KeyTransportURI() != "" || s.AllowsC14N(excC14N) {
		t.Error("an unknown suite admits something")
	}
	if _, err := s.NewVerifier(RSASHA256, k); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("verify: %v", err)
	}
	if _, err := s.Decrypt(AES256GCM, make([]byte, 32), nil); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("decrypt: %v", err)
	}
	if _, err := s.DecryptKey(Transport{URI: RSAOAEP}, k, nil); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("key transport: %v", err)
	}
	if _, err := s.NewSessionKey(); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("session key: %v", err)
	}
	if _, err := s.SignatureURI(k); !errors.Is(err, ErrKey) {
		t.Errorf("signature: %v", err)
	}
	if err := s.CheckKey(k); !errors.Is(err, ErrKey) {
		t.Errorf("key: %v", err)
	}
}

func TestErrorsQuoteLittle(t *testing.T) {
	long := strings.Repeat("x\n", 1<<16)
	_, err := Suite(long).Digest(long)
	if err == nil || len(err.Error()) > 800 || strings.Contains(err.Error(), "\n") {
		t.Errorf("an error of %d octets", len(err.Error()))
	}
}
