package wsse

import (
	"testing"

	"wstrust/internal/soap"
)

// An answer that TLS does not protect must be bound to its request by what
// authenticates it: the RelatesTo that stands in it may be anybody's.
func TestAnswerIsBoundToItsRequest(t *testing.T) {
	shared := Options{Tokens: []Token{sharedToken(t)}, Protection: &Protection{Sign: BodyTimestamp}}
	certificate := Options{Tokens: []Token{x509Token(client(), RefDirect, BodyTimestamp)}}
	symmetric := Options{Protection: Symmetric(service().cert)}
	ask := func(o Options, out soap.Outgoing) (*Expect, *Evidence) {
		t.Helper()
		msg, x, err := Protect(out, o, now)
		if err != nil {
			t.Fatal(err)
		}
		l := sharing(t)
		l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
		ev, err := receive(t, msg, l, Policy{Anonymous: true}, now, 0)
		if err != nil {
			t.Fatal(err)
		}
		return x, ev
	}
	withParts := func(o Options, p Parts) Options {
		own := *o.Protection
		own.Sign, o.Protection = p, &own
		return o
	}
	signed := Options{Tokens: []Token{x509Token(service(), RefDirect, 0)}, Protection: &Protection{Sign: BodyTimestamp}}
	bare := outgoing()
	bare.Addressing, bare.Version = soap.ANone, soap.V11
	for name, c := range map[string]struct {
		ask     Options
		out     soap.Outgoing
		answer  Options
		confirm bool
		refused bool
	}{
		"RelatesTo is signed, shared key":        {ask: shared, answer: withParts(shared, BodyTimestamp|PartRelatesTo)},
		"it is not":                              {ask: shared, answer: shared, refused: true},
		"RelatesTo is signed, certificate":       {ask: certificate, answer: withParts(signed, BodyTimestamp|PartAddressing)},
		"it is not, certificate":                 {ask: certificate, answer: signed, refused: true},
		"the signature is confirmed":             {ask: certificate, answer: signed, confirm: true},
		"confirmed, shared key":                  {ask: shared, answer: shared, confirm: true},
		"without addressing, certificate":        {ask: certificate, out: bare, answer: signed},
		"without addressing, shared key":         {ask: shared, out: bare, answer: shared, refused: true},
		"without addressing, shared, confirmed":  {ask: shared, out: bare, answer: shared, confirm: true},
		"with the key that was made for the ask": {ask: symmetric},
	} {
		t.Run(name, func(t *testing.T) {
			if c.out.Action == "" {
				c.out = outgoing()
			}
			x, ev := ask(c.ask, c.out)
			o := c.answer
			if o.Protection == nil {
				var err error
				if o, _, err = ev.Answer(Options{}); err != nil {
					t.Fatal(err)
				}
				o.Protection.Sign = BodyTimestamp
			}
			o.Reply = true
			if c.confirm {
				o.Confirms = ev
			}
			reply := soap.Outgoing{Version: c.out.Version, Addressing: c.out.Addressing, Action: "urn:a", Body: outgoing().Body}
			if reply.Addressing != soap.ANone {
				reply.RelatesTo = x.Reply.MessageID
			}
			msg, _, err := Protect(reply, o, now)
			if err != nil {
				t.Fatal(err)
			}
			l := sharing(t)
			l.certs = append(l.certs, service().cert)
			_, err = receive(t, msg, l, Policy{Reply: x}, now, 0)
			if c.refused {
				wantClass(t, err, ClassProtocol)
				_, err = receive(t, msg, l, Policy{Reply: x}, now, checkRelates)
			}
			if err != nil {
				t.Errorf("%v\n%s", err, msg)
			}
			if _, err = receive(t, msg, l, Policy{Reply: x, TLS: true}, now, 0); err != nil {
				t.Errorf("over TLS: %v", err)
			}
		})
	}
}
