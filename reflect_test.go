package wstrust_test

import (
	"bytes"
	"errors"
	"net/http"
	"testing"

	"wstrust"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

// What a client said before is not what it is answered, though it is signed by the
// key that both sides have, and somebody on the way has put a RelatesTo to it.
func TestEarlierRequestIsNoAnswer(t *testing.T) {
	addressing := wstrust.ProtectBodyAddressing()
	addressing.Derive = wstrust.Derive13
	for name, p := range map[string]*wstrust.Protection{"body": wstrust.ProtectBodyTimestamp(), "addressing": wstrust.ProtectBodyAddressing(), "derived keys": addressing} {
		t.Run(name, func(t *testing.T) {
			key := wstrust.SymmetricKey([]byte("a test key of thirty-two octets."))
			cfg := wstrust.Config{Bindings: []wstrust.Binding{wstrust.SharedKey("orders", key)}, Protection: p, InsecurePlaintext: true}
			var first []byte
			cfg.HTTP = &http.Client{Transport: unprotected{answering(func(sent *soap.Envelope, octets []byte) *http.Response {
				if first == nil {
					first = octets
					return saying(503, "text/plain", "")
				}
				before, after, _ := bytes.Cut(first, []byte("Header>"))
				related := `Header><r:RelatesTo xmlns:r="` + xmltree.WSA10 + `">` + sent.MessageID.Value + `</r:RelatesTo>`
				return saying(200, "application/soap+xml", string(before)+related+string(after))
			})}}
			ch, err := wstrust.Open(t.Context(), "http://service.test/", cfg)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ch.Do(t.Context(), "urn:x:do", `<Do xmlns="urn:x">Pay</Do>`); err == nil {
				t.Fatal("no answer is one")
			}
			out, err := ch.Do(t.Context(), "urn:x:do", `<Do xmlns="urn:x">Who is to be paid?</Do>`)
			if out != "" || !errors.Is(err, wstrust.ErrVerification) {
				t.Errorf("%q, err %v", out, err)
			}
		})
	}
}

// An unprotected transport has no TLS.
type unprotected struct{ answering }

func (u unprotected) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := u.answering.RoundTrip(r)
	if err == nil {
		resp.TLS = nil
	}
	return resp, err
}
