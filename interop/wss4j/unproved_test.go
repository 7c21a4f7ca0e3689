package wss4j

import (
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
	"wstrust/saml"
)

// testUnproved has somebody else sign a message with alice's assertion in it, and somebody
// who may not vouch vouch. Neither side may accept that, so that their acceptance of the
// kinds with assertions means something.
func (s *stage) testUnproved(t *testing.T) {
	client := s.ids["client"].Cert
	second := s.token("second", wsse.RefDirect)
	k := &kind{group: "unproved", name: "assertion"}
	refused := func(t *testing.T, o wsse.Options) {
		t.Helper()
		msg, _, err := wsse.Protect(k.outgoing(), o, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if f := s.check(t, k, msg, nil); !strings.HasPrefix(f.Error, "WSSecurityException") {
			t.Errorf("WSS4J accepts it: %s %s", f.Error, describe(f))
		}
		if _, err := s.receive(msg, wsse.Policy{}, nil); err == nil {
			t.Error("we accept it")
		}
	}
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		t.Run(v.String(), func(t *testing.T) {
			issued := func(c saml.Confirmation) wsse.Issued {
				return wsse.Issued{XML: s.assertion(t, v, c), Key: alg.Key{}}
			}
			signs := &wsse.Protection{Sign: bodyStamp}
			refused(t, wsse.Options{Tokens: []wsse.Token{second, issued(saml.Confirmation{Kind: saml.HolderOfKey, Certificate: client})}, Protection: signs})
			refused(t, wsse.Options{Tokens: []wsse.Token{second, issued(saml.Confirmation{Kind: saml.HolderOfKey, Public: client.PublicKey})}, Protection: signs})
			alone := wsse.X509{Certificates: second.Certificates, Key: second.Key, Parts: bodyStamp}
			refused(t, wsse.Options{Tokens: []wsse.Token{alone, issued(saml.Confirmation{Kind: saml.SenderVouches})}})

			q := do("timestamp saml sign", "saml", "certificate", "saml.version", strings.TrimPrefix(v.String(), "SAML "), "early", "", "sign.by", "second", "sign.parts", "body timestamp assertion")
			_, err := s.receive(s.make(t, k, q), wsse.Policy{}, nil)
			if wsse.ClassOf(err) != wsse.ClassPolicy {
				t.Errorf("WSS4J's, signed by another: %v", err)
			}
		})
	}
}
