package wstrust

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/testkeys"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A reader is a peer that takes our messages apart and answers under the same keys.
type reader struct {
	t    *testing.T
	cred wsse.Credentials
	keys func(wsse.KeyRef) alg.Key

	sent []byte
	ev   *wsse.Evidence
	err  error
}

func (r *reader) RoundTrip(req *http.Request) (*http.Response, error) {
	r.sent, _ = io.ReadAll(req.Body)
	r.ev, r.err = nil, nil
	answer, err := r.read()
	if err != nil {
		r.err = err
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/soap+xml"}}, Body: io.NopCloser(bytes.NewReader(answer)), TLS: &tls.ConnectionState{HandshakeComplete: true},
	}, nil
}

func (r *reader) read() ([]byte, error) {
	d, err := xmltree.Parse(r.sent, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	env, err := soap.Read(d, wsse.Understood)
	if err != nil {
		return nil, err
	}
	p, err := wsse.Read(env, "")
	if err != nil {
		return nil, err
	}
	answers := func() wsse.Credentials {
		r.cred.Keys = map[wsse.KeyRef]alg.Key{}
		for _, ref := range p.Needs() {
			if key := r.keys(ref); !key.IsZero() {
				r.cred.Keys[ref] = key
			}
		}
		return r.cred
	}
	pol := wsse.Policy{Anonymous: true, Suite: alg.Legacy, TLS: true}
	if err := p.Open(answers(), pol); err != nil {
		return nil, err
	}
	if r.ev, err = p.Verify(answers(), pol, time.Now()); err != nil {
		return nil, err
	}
	o, _, err := r.ev.Answer(wsse.Options{Reply: true})
	if err != nil {
		return nil, err
	}
	msg, _, err := wsse.Protect(soap.Outgoing{
		Action: "urn:orders/GetResponse", RelatesTo: env.MessageID.Value, Body: []byte(`<R xmlns="urn:orders"/>`),
	}, o, time.Now())
	return msg, err
}

type getR struct {
	XMLName struct{} `xml:"urn:orders Get"`
	ID      string
}

func (r *reader) call(cfg Config) error {
	r.t.Helper()
	cfg.HTTP = &http.Client{Transport: r}
	ch, err := Open(r.t.Context(), "https://orders.example.com/", cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	defer ch.Close(r.t.Context())
	var out struct {
		XMLName struct{} `xml:"urn:orders R"`
	}
	return ch.Call(r.t.Context(), "urn:orders/Get", getR{ID: "hidden-word"}, &out)
}

// testPair is a test key with a certificate of its own.
func testPair(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return testkeys.Pair(key, name, nil, nil)
}

// peerOf is a reader with the key of own, which trusts the certificates of clients.
func peerOf(t *testing.T, own tls.Certificate, clients ...*x509.Certificate) *reader {
	t.Helper()
	key, err := alg.PrivateKey(own.PrivateKey.(crypto.Signer))
	if err != nil {
		t.Fatal(err)
	}
	return &reader{t: t, cred: wsse.Credentials{
		Recipients: []wsse.Recipient{{Key: key, Certificate: own.Leaf}},
		Password:   func(p wsse.Password) bool { return p.Matches([]byte("pw")) },
	}, keys: func(ref wsse.KeyRef) alg.Key {
		cert, err := ref.Select(clients)
		if err != nil {
			return alg.Key{}
		}
		key, _ := alg.CertificateKey(cert)
		return key
	}}
}

// Each preset signs and encrypts exactly what it says.
func TestPresets(t *testing.T) {
	me, them := testPair(t, "me"), testPair(t, "them")
	r := peerOf(t, them, me.Leaf)
	const stamped = wsse.PartBody | wsse.PartTimestamp
	const addressed = stamped | wsse.PartTo | wsse.PartAction | wsse.PartMessageID | wsse.PartReplyTo
	const hidden = wsse.PartBody | wsse.PartSignature | wsse.PartToken
	for _, c := range []struct {
		name            string
		p               *Protection
		covers, encrypt wsse.Parts
		made, user      bool // signed with a key that is sent encrypted; the user's token is signed
	}{
		{"transport", ProtectTransport(), wsse.PartTimestamp | wsse.PartTo, 0, false, false},
		{"body and timestamp", ProtectBodyTimestamp(), stamped, 0, false, true},
		{"addressing", ProtectBodyAddressing(), addressed, 0, false, true},
		{"envelope", ProtectEnvelope(), addressed | wsse.PartToken, 0, false, true},
		{"asymmetric sign", ProtectAsymmetricSign(), addressed, 0, false, true},
		{"asymmetric sign and encrypt", ProtectAsymmetricSignEncrypt(them.Leaf), addressed, hidden, false, true},
		{"symmetric", ProtectSymmetric(them.Leaf), addressed, hidden, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.p != nil {
				c.p.InsecureAnswers = true
			}
			if err := r.call(Config{Bindings: []Binding{Certificate(me), Username("alice", "pw")}, Protection: c.p}); err != nil {
				t.Fatalf("%v (%v)\n%s", err, r.err, r.sent)
			}
			s := r.ev.Signers[0]
			if s.Covers != c.covers || s.Made != c.made || r.ev.Encrypted != c.encrypt || len(r.ev.UsernameToken.SignedBy()) > 0 != c.user {
				t.Errorf("covers %v, made %v, encrypted %v, user signed by %v", s.Covers, s.Made, r.ev.Encrypted, r.ev.UsernameToken.SignedBy())
			}
			if derived := bytes.Contains(r.sent, []byte("DerivedKeyToken")); derived != c.made {
				t.Errorf("derived keys: %v", derived)
			}
		})
	}
}

// The whole envelope is the whole envelope: nothing that could be signed is not.
func TestProtectEnvelopeLeavesNothingOut(t *testing.T) {
	me, them := testPair(t, "me"), testPair(t, "them")
	r := peerOf(t, them, me.Leaf)
	if err := r.call(Config{Bindings: []Binding{Certificate(me), Username("alice", "pw")}, Protection: ProtectEnvelope()}); err == nil {
		t.Fatal("an answer without a signature is good enough")
	}
	if r.err != nil {
		t.Fatal(r.err)
	}
	ids := map[string]bool{}
	for part := range strings.SplitSeq(string(r.sent), `<ds:Reference URI="#`) {
		id, _, _ := strings.Cut(part, `"`)
		ids[id] = true
	}
	check := func(e xmltree.Elem) {
		if id, ok := e.Attr(xmltree.WSU, "Id"); !ok || !ids[id] {
			t.Errorf("%s is not signed", e.Path())
		}
	}
	env, n := r.ev.Envelope, 0
	check(env.Body)
	for h := range env.Header.Children {
		if !h.Is(xmltree.WSSE, "Security") {
			check(h)
			n++
			continue
		}
		for c := range h.Children {
			if !c.Is(xmltree.DS, "Signature") {
				check(c)
				n++
			}
		}
	}
	if n != 7 { // Action, MessageID, ReplyTo, To; Timestamp, certificate, user
		t.Errorf("%d parts besides the body", n)
	}
}

// A secret key that both sides have under a name protects both directions.
func TestSharedKey(t *testing.T) {
	secret := bytes.Repeat([]byte("k"), 32)
	key, err := alg.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, keys: func(ref wsse.KeyRef) alg.Key {
		if name, ok := ref.SharedName(); ok && name == "orders 2026" {
			return key
		}
		return alg.Key{}
	}}
	both := &Protection{Sign: PartBody | PartTimestamp, Encrypt: PartBody, Derive: Derive13, DerivedKeys: DerivedKeys{Label: "orders", Offset: 8, Nonce: 32, Inline: true}}
	if err := r.call(Config{Bindings: []Binding{SharedKey("orders 2026", SymmetricKey(secret))}, Protection: both}); err != nil {
		t.Fatalf("%v (%v)\n%s", err, r.err, r.sent)
	}
	if !r.ev.Body.Signed() || r.ev.Encrypted&wsse.PartBody == 0 || !bytes.Contains(r.sent, []byte("Label>orders<")) || !bytes.Contains(r.sent, []byte("Offset>8<")) {
		t.Errorf("%+v\n%s", r.ev, r.sent)
	}
	for _, b := range []Binding{
		SharedKey("another", SymmetricKey(secret)), SharedKey("orders 2026", SymmetricKey(bytes.Repeat([]byte("x"), 32))),
	} {
		if err := r.call(Config{Bindings: []Binding{b}, Protection: both}); err == nil || r.err == nil {
			t.Errorf("%s: %v", b.identity(), err)
		}
	}
	for _, b := range []Binding{
		SharedKey("", SymmetricKey(secret)), SharedKey("a", Key{}), SharedKey("a", SymmetricKey(secret[:8])),
		SharedKey("a", SymmetricKey(make([]byte, 65))), UsernameKey("", "pw"),
	} {
		if _, err := Open(t.Context(), "https://orders.example.com/", Config{Bindings: []Binding{b}}); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", b.identity(), err)
		}
	}
	old := Config{Bindings: []Binding{UsernameKey("alice", "pw")}, Versions: Versions{Security: Security10}}
	if _, err := Open(t.Context(), "https://orders.example.com/", old); !errors.Is(err, ErrConfig) {
		t.Errorf("a key from a password in WS-Security 1.0: %v", err)
	}
}

// Cipher and key transport are what is asked for, or nothing is sent.
func TestProtectionAlgorithms(t *testing.T) {
	me, them := testPair(t, "me"), testPair(t, "them")
	r := peerOf(t, them, me.Leaf)
	p := ProtectAsymmetricSignEncrypt(them.Leaf)
	p.Cipher, p.KeyTransport = alg.AES128GCM, KeyTransport{Algorithm: alg.RSAOAEP1, Digest: alg.DigestSHA512, Mask: alg.MGF1SHA384}
	p.InsecureAnswers = true
	cfg := Config{Bindings: []Binding{CertificateBy(me, ReferenceEmbedded)}, Protection: p}
	if err := r.call(cfg); err != nil {
		t.Fatalf("%v (%v)", err, r.err)
	}
	for _, want := range []string{alg.AES128GCM, alg.DigestSHA512, alg.MGF1SHA384} {
		if !bytes.Contains(r.sent, []byte(want)) {
			t.Errorf("no %s in\n%s", want, r.sent)
		}
	}
	r.sent = nil
	for _, uri := range []string{alg.AES256CBC, "urn:none"} {
		p.Cipher = uri
		ch, err := Open(t.Context(), "https://orders.example.com/", cfg)
		if err == nil {
			err = ch.Call(t.Context(), "urn:orders/Get", getR{}, nil)
		}
		if err == nil || r.sent != nil {
			t.Errorf("%s: %v", uri, err)
		}
	}
}
