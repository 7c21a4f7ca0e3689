package service_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// twoKB is a message of about 2 KB when it is protected.
func twoKB() soap.Outgoing {
	return soap.Outgoing{Action: action, To: audience, Body: []byte(`<GetOrder xmlns="urn:orders"><ID>42</ID><Note>` + strings.Repeat("x", 120) + `</Note></GetOrder>`)}
}

func benchToken(b *testing.B) wsse.Issued {
	t := wssc.Token{ID: wssc.NewID(), Instance: wssc.NewID(), WSUID: "sct-1"}
	return wsse.Issued{XML: t.Write(), Key: secret(b, 7), Attached: t.Attached()}
}

// What the cryptography alone costs: a digest of the Timestamp and an HMAC over
// the SignedInfo.
func BenchmarkContextFloor(b *testing.B) {
	timestamp, info, key := make([]byte, 300), make([]byte, 650), make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		sum := sha256.Sum256(timestamp)
		h := hmac.New(sha256.New, key)
		h.Write(info)
		h.Write(sum[:])
		h.Sum(nil)
	}
}

// The client's side: one message of 2 KB under a context key.
func BenchmarkContextProtect(b *testing.B) {
	token, err := benchToken(b).Prepare() // as a channel does it
	if err != nil {
		b.Fatal(err)
	}
	out := twoKB()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		octets, _, err := wsse.Protect(out, wsse.Options{Tokens: []wsse.Token{token}}, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		n = len(octets)
	}
	b.ReportMetric(float64(n), "octets")
}

// The receiving side, from octets to evidence.
func BenchmarkContextVerify(b *testing.B) {
	token := benchToken(b)
	octets := protect(b, twoKB(), wsse.Options{Tokens: []wsse.Token{token}}, time.Now())
	t, err := wssc.ReadToken(parse(b, token.XML))
	if err != nil {
		b.Fatal(err)
	}
	keys := map[wsse.KeyRef]alg.Key{{Kind: wsse.KeyContext, ID: t.ID, Instance: t.Instance}: token.Key}
	d := new(xmltree.Doc)
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Parse(octets, xmltree.Limits{}); err != nil {
			b.Fatal(err)
		}
		env, err := soap.Read(d, wsse.Understood)
		if err != nil {
			b.Fatal(err)
		}
		p, err := wsse.Read(env, "")
		if err != nil {
			b.Fatal(err)
		}
		if e, err := p.Verify(wsse.Credentials{Keys: keys}, wsse.Policy{TLS: true, RequireTimestamp: true}, time.Now()); err != nil || e.Context == nil {
			b.Fatal(err)
		}
	}
}

// The whole of it, with the context looked up, replays remembered and the
// principal settled; protecting the message is left out of the time.
func BenchmarkContextService(b *testing.B) {
	for _, mode := range []string{"memory", "cache", "sealed"} {
		b.Run(mode, func(b *testing.B) {
			w := newWorld(b, func(w *world) {
				w.v.Replay = newReplay(b, roomy())
				switch mode {
				case "memory":
					w.v.Contexts = &service.Contexts{}
				case "cache":
					w.v.Contexts = &service.Contexts{Cache: newReplay(b, roomy())}
				case "sealed":
					w.v.Contexts = &service.Contexts{Seal: []service.SealKey{sealKey(b, "k", 1)}}
				}
			})
			h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
			const batch = 2000
			var packets []soap.Packet
			fill := func() {
				packets = packets[:0]
				for range batch {
					packets = append(packets, soap.NewPacket(soap.V12, action, protect(b, twoKB(), wsse.Options{Tokens: []wsse.Token{under(h)}}, time.Now())))
				}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%batch == 0 {
					b.StopTimer()
					fill()
					b.StartTimer()
				}
				if _, err := w.v.Verify(context.Background(), packets[i%batch], service.Conn{TLS: new(tls.ConnectionState)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func roomy() *cache.Memory { return cache.NewMemory(1 << 30) }
