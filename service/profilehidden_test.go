package service_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// MS-LWSSP encrypts nothing, also not what stands outside of the Security header and has
// its key with it.
func TestProfileHasNoEncryptedHeaders(t *testing.T) {
	w := newWorld(t, nil)
	to, err := alg.CertificateKey(w.own.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	var b xmltree.Builder
	b.Start(xmltree.WSSE11, "EncryptedHeader")
	if err := xmlenc.SealWith(&b, []byte(`<h:Hidden xmlns:h="urn:h"/>`), xmlenc.Element, "ed", to, nil, ""); err != nil {
		t.Fatal(err)
	}
	b.End()
	clear := protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now())
	hidden := bytes.Replace(clear, []byte(`<wsse:Security`), append(b.Bytes(), `<wsse:Security`...), 1)
	for _, c := range []struct {
		name    string
		octets  []byte
		profile service.Profile
		outside bool
	}{
		{"in the clear", clear, service.LWSSP, false},
		{"encrypted, without the profile", hidden, service.Interoperable, false},
		{"encrypted", hidden, service.LWSSP, true},
	} {
		v := *w.v
		v.Profile, v.Replay = c.profile, newReplay(t, cache.NewMemory(1<<20))
		_, err := v.Verify(context.Background(), soap.NewPacket(soap.V12, action, c.octets), service.Conn{TLS: &tls.ConnectionState{}})
		if errors.Is(err, service.ErrProfile) != c.outside || !c.outside && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
