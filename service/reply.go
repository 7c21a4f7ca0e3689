package service

import (
	"crypto"
	"crypto/x509"
	"encoding/xml"
	"fmt"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A Reply is an answer with an action of its own. A handler that returns
// something else answers with the request's action and "Response" behind it.
type Reply struct {
	Action string // wsa:Action of the answer
	Body   any    // as a handler may return it, but no Reply
}

// body turns what a handler returned into an action and the octets of one
// element: an [XML] is taken as it is, anything else is marshalled by
// encoding/xml, and nil is an empty Body.
func body(action string, out any) (string, []byte, error) {
	if action != "" {
		action += "Response"
	}
	switch r := out.(type) {
	case Reply:
		action, out = r.Action, r.Body
	case *Reply:
		action, out = r.Action, r.Body
	}
	var octets []byte
	switch b := out.(type) {
	case nil:
		return action, nil, nil
	case XML:
		octets = []byte(b)
	default:
		var err error
		if octets, err = xml.Marshal(b); err != nil {
			return "", nil, fmt.Errorf("service: reply: %w", err)
		}
	}
	if len(octets) == 0 {
		return action, nil, nil
	}
	// What is not exactly one element would change the envelope around it.
	if _, err := xmltree.Parse(octets, xmltree.Limits{Bytes: len(octets) + 1}); err != nil {
		return "", nil, fmt.Errorf("service: reply: %w", err)
	}
	return action, octets, nil
}

// An origin is what an answer must match of the message it answers.
type origin struct {
	version    soap.Version
	addressing soap.Addressing
	relatesTo  string
	timestamp  bool
	evidence   *wsse.Evidence // nil if the message was not accepted
}

// originOf describes the message in env; nil leaves what the headers said.
func originOf(env *soap.Envelope, headers soap.Version) origin {
	if env == nil {
		return origin{version: headers, addressing: soap.ANone}
	}
	o := origin{version: env.Version, addressing: env.Addressing, relatesTo: env.MessageID.Value, timestamp: hasTimestamp(env)}
	if o.relatesTo == "" {
		o.addressing = soap.ANone // nothing to relate to: an answer with headers would look like a request
	}
	return o
}

// write makes the packet that answers o.
func (v *Verifier) write(o origin, action string, body []byte, sign bool, now time.Time) (soap.Packet, error) {
	out := soap.Outgoing{Version: o.version, Addressing: o.addressing, Action: action, RelatesTo: o.relatesTo, Body: body}
	opt := wsse.Options{Reply: true, Timestamp: wsse.Never}
	if o.timestamp {
		opt.Timestamp = wsse.Always
	}
	if sign && v.Signer != nil {
		token, err := signingToken(v.Signer.PrivateKey.(crypto.Signer), leafOf(v.Signer))
		if err != nil {
			return soap.Packet{}, err
		}
		opt.Suite, opt.Timestamp, opt.Tokens = v.Suite, wsse.Always, []wsse.Token{token}
	}
	if sign {
		var err error
		if opt, err = v.protect(o, opt); err != nil {
			return soap.Packet{}, fmt.Errorf("service: reply: %w", err)
		}
	}
	octets, _, err := wsse.Protect(out, opt, now)
	if err != nil {
		return soap.Packet{}, fmt.Errorf("service: reply: %w", err)
	}
	return soap.NewPacket(o.version, action, octets), nil
}

func signingToken(s crypto.Signer, leaf *x509.Certificate) (wsse.Token, error) {
	key, err := alg.PrivateKey(s)
	if err != nil {
		return nil, fmt.Errorf("service: reply: %w", err)
	}
	return wsse.X509{
		Certificates: []*x509.Certificate{leaf},
		Key:          key,
		Parts:        wsse.PartTimestamp | wsse.PartBody | wsse.PartAddressing,
	}, nil
}

// faultAction is the addressing action of a fault.
func faultAction(a soap.Addressing) string {
	switch a {
	case soap.A10:
		return "http://www.w3.org/2005/08/addressing/soap/fault"
	case soap.A04:
		return "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"
	}
	return ""
}
