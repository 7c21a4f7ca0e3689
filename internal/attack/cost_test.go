package attack

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// mostMemory is what reading one message may allocate in all, accepted or not.
// How long it takes is for BenchmarkDearest and BenchmarkRefused to say.
const mostMemory = 32 << 20

// A costly message is as large as one limit admits.
type costly struct {
	limit   string
	message []byte
	require wsse.Parts
}

// dearest are the dearest messages that are accepted at the default limits, one
// for each limit that can be reached by itself.
func dearest(w *world) (out []costly) {
	lim := wsse.Limits{}.WithDefaults()
	body := func(inside string) []byte {
		return []byte(`<o:Get xmlns:o="urn:orders"><o:Address>` + goodScope + `</o:Address>` + inside + `</o:Get>`)
	}
	signed := func(limit, inside string) {
		out = append(out, costly{limit, w.message(recipe{soap: soap.V12, signer: "x509", parts: everything, body: body(inside)}), everything})
	}
	numbered := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	name := strings.Repeat("n", lim.NameBytes-8)
	signed("MessageBytes", strings.Repeat("x", lim.MessageBytes-8<<10))
	signed("Depth", strings.Repeat("<a>", lim.Depth-4)+strings.Repeat("</a>", lim.Depth-4))
	signed("Elements", strings.Repeat("<a b='c'>d</a>", lim.Elements-80))
	signed("Attributes", strings.Repeat("<a"+numbered(lim.Attributes-1, " b%d=''")+"/>", 240))
	signed("Namespaces", numbered(lim.Namespaces-80, "<p%[1]d:a xmlns:p%[1]d='urn:p%[1]d'/>"))
	signed("NameBytes", strings.Repeat("<"+name+"/>", 28))

	var names []soap.Name
	var headers [][]byte
	for i := range lim.EncryptedParts - 2 {
		names = append(names, soap.Name{Space: fmt.Sprint("urn:h", i), Local: "H"})
		headers = append(headers, fmt.Appendf(nil, `<H xmlns="urn:h%d">%s</H>`, i, strings.Repeat("x", 5<<10)))
	}
	protected := func(limit string, p wsse.Protection, tokens ...wsse.Token) {
		out = append(out, costly{limit, w.message(recipe{soap: soap.V12, signer: "none", body: body(""), mod: func(o *soap.Outgoing, opts *wsse.Options) {
			o.Headers, opts.Protection, opts.Tokens = headers, &p, tokens
		}}), p.Sign})
	}
	protected("References, Headers", wsse.Protection{Sign: everything, SignHeaders: names[:lim.References-8]}, w.x509(w.client, 0))
	protected("EncryptedParts", wsse.Protection{Sign: everything, Encrypt: wsse.PartBody | wsse.PartSignature, EncryptHeaders: names, Recipient: w.service.cert}, w.x509(w.old, 0))
	var signers []wsse.Token
	for i := range lim.Signatures {
		key := must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
		signers = append(signers, w.x509(newIdentity(key, fmt.Sprint("test client ", i), int64(100+i), &w.ca, nil), 0))
	}
	protected("Signatures, Tokens", wsse.Protection{Sign: everything, SignHeaders: names[:8]}, signers...)
	return append(out, costly{"EncryptedKeys", w.keysFor(lim.EncryptedKeys), 0})
}

// keysFor is a message with n header blocks, each encrypted under a key of its
// own.
func (w *world) keysFor(n int) []byte {
	var headers [][]byte
	for i := range n {
		var b, ek xmltree.Builder
		key := must(alg.Modern.NewSessionKey())
		if err := xmlenc.SealKey(&ek, key, "", w.service.public(), nil, nil, ""); err != nil {
			panic(err)
		}
		info := `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `">` + string(ek.Bytes()) + `</ds:KeyInfo>`
		if err := xmlenc.Seal(&b, fmt.Appendf(nil, `<H xmlns="urn:h%d"/>`, i), xmlenc.Element, "", key, []byte(info), ""); err != nil {
			panic(err)
		}
		headers = append(headers, []byte(`<w:EncryptedHeader xmlns:w="`+xmltree.WSSE11+`">`+string(b.Bytes())+`</w:EncryptedHeader>`))
	}
	return w.message(recipe{soap: soap.V12, signer: "user", mod: func(o *soap.Outgoing, _ *wsse.Options) { o.Headers = headers }})
}

// read verifies a message by a service that has seen none, and tells how much
// that allocated.
func (c costly) read(w *world, a *attack) (allocated uint64, err error) {
	v := w.verifier(a)
	p := a.packet()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = v.Verify(context.Background(), p, service.Conn{TLS: &tls.ConnectionState{}})
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}

// TestDearest: what the limits admit is accepted, within the memory; and one
// more than the limit is not.
func TestDearest(t *testing.T) {
	w := theWorld()
	for _, c := range dearest(w) {
		a := &attack{file: c.message, require: c.require}
		allocated, err := c.read(w, a)
		if err != nil {
			t.Errorf("%s: %v", c.limit, err)
		}
		if allocated > mostMemory {
			t.Errorf("%s: accepted with %d octets allocated", c.limit, allocated)
		}
		t.Logf("%s: %d octets, %d allocated", c.limit, len(c.message), allocated)
	}
	over := costly{message: w.keysFor(wsse.Limits{}.WithDefaults().EncryptedKeys + 1)}
	_, err := over.read(w, &attack{file: over.message})
	if wsse.ClassOf(err) != wsse.ClassLimit {
		t.Errorf("one encrypted key more: %v", err)
	}
}

// TestRefusedMemory: what is refused at a limit allocates no more than what is
// accepted.
func TestRefusedMemory(t *testing.T) {
	w := theWorld()
	for _, a := range suite(w) {
		if !a.fast {
			continue
		}
		allocated, err := costly{}.read(w, a)
		if err == nil {
			t.Errorf("%s: accepted", a.id())
		}
		if allocated > mostMemory {
			t.Errorf("%s: refused with %d octets allocated", a.id(), allocated)
		}
	}
}

// BenchmarkDearest reports what the dearest accepted message of each limit
// costs.
func BenchmarkDearest(b *testing.B) {
	w := theWorld()
	for _, c := range dearest(w) {
		b.Run(c.limit, func(b *testing.B) { cost(b, w, &attack{file: c.message, require: c.require}, true) })
	}
}

// BenchmarkRefused reports what refusing the floods costs, with all that is read
// before a limit is reached.
func BenchmarkRefused(b *testing.B) {
	w := theWorld()
	for _, a := range suite(w) {
		if a.fast {
			b.Run(a.id(), func(b *testing.B) { cost(b, w, a, false) })
		}
	}
}

func cost(b *testing.B, w *world, a *attack, accepted bool) {
	v, p := w.verifier(a), a.packet()
	b.ReportAllocs()
	b.SetBytes(int64(len(a.file)))
	for b.Loop() {
		v.Replay = newReplay()
		_, err := v.Verify(context.Background(), p, service.Conn{TLS: &tls.ConnectionState{}})
		if accepted != (err == nil) {
			b.Fatal(err)
		}
	}
}
