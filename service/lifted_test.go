package service_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"regexp"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// Where messages come without TLS as well, anybody can take an encrypted password or
// bearer token out of one and put it on a message of his own, which he sends over TLS. It
// counts only under a signature by its key.
func TestEncryptedTokensFromTheWire(t *testing.T) {
	w := newWorld(t, nil)
	verify := func(octets []byte, c service.Conn, plaintext bool) (*service.Message, error) {
		v := *w.v
		v.InsecurePlaintext = plaintext
		return v.Verify(context.Background(), soap.NewPacket(soap.V12, action, octets), c)
	}
	find := func(octets []byte, expr string) []byte {
		found := regexp.MustCompile(expr).Find(octets)
		if found == nil {
			t.Fatalf("no %s in %s", expr, octets)
		}
		return bytes.Clone(found)
	}
	over := service.Conn{TLS: &tls.ConnectionState{}}
	p := wsse.Symmetric(w.own.Leaf)
	p.Derived = wsse.NotDerived
	for name, token := range map[string]wsse.Token{"alice": user("alice", "pw"), "carol": wsse.Issued{XML: w.assertion(nil)}} {
		// The signature, which is encrypted too, comes last.
		victim := protect(t, request(), wsse.Options{Tokens: []wsse.Token{token}, Protection: &wsse.Protection{Sign: p.Sign, Encrypt: wsse.PartToken, Recipient: p.Recipient, Symmetric: true}}, time.Now())
		data := find(victim, `<xenc:EncryptedData .*?</xenc:EncryptedData>`)
		id := regexp.MustCompile(` Id="([^"]*)"`).FindSubmatch(data)[1]
		key := find(victim, `<xenc:EncryptedKey .*?</xenc:EncryptedKey>`)
		list := []byte(`<xenc:ReferenceList><xenc:DataReference URI="#` + string(id) + `"/></xenc:ReferenceList></xenc:EncryptedKey>`)
		key = bytes.Replace(key, []byte(`</xenc:EncryptedKey>`), list, 1)
		out := request()
		out.Body = []byte(`<GetOrder xmlns="urn:orders"><ID>666</ID></GetOrder>`)
		forged := protect(t, out, wsse.Options{}, time.Now())
		forged = bytes.Replace(forged, []byte(`</wsse:Security>`), bytes.Join([][]byte{key, data, []byte(`</wsse:Security>`)}, nil), 1)
		// Where there is nothing but TLS, only we can have seen the token.
		if m, err := verify(forged, over, false); err != nil || m.Principal().Name != name {
			t.Fatalf("set-up error: %s: %v\n%s", name, err, forged)
		}
		w.v.Replay = newReplay(t, cache.NewMemory(1<<20))
		if _, err := verify(forged, over, true); wsse.ClassOf(err) != wsse.ClassPolicy {
			t.Errorf("the token of %s: %v", name, err)
		}
		// Who wrote it can send it in either way, and a token that is not encrypted needs nothing.
		for _, c := range []service.Conn{over, {}} {
			again := protect(t, request(), wsse.Options{Tokens: []wsse.Token{token}, Protection: p}, time.Now())
			if m, err := verify(again, c, true); err != nil || m.Principal().Name != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		if m, err := verify(protect(t, request(), wsse.Options{Tokens: []wsse.Token{token}}, time.Now()), over, true); err != nil || m.Principal().Name != name {
			t.Errorf("%s in the clear: %v", name, err)
		}
	}
}
