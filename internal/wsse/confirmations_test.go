package wsse

import (
	"bytes"
	"fmt"
	"testing"

	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// A signature of the request is confirmed where a signature over all that is required
// covers the confirmation; what stands beside that changes nothing, unless it says
// that another request is answered.
func TestWhatConfirms(t *testing.T) {
	requests := map[bool]Options{
		true:  {Protection: AsymmetricSign(), Tokens: []Token{x509Token(rsaUser(), RefDirect, 0)}},
		false: {Tokens: []Token{user()}},
	}
	for name, c := range map[string]struct {
		request bool     // it was signed
		values  []string // of the confirmations, %s for that of the signature; "" for none
		signed  []int    // which of them the answer's signature covers
		weak    []int    // and which a signature over these and the Timestamp
		want    Class
	}{
		"signed":                                {true, []string{"%s"}, []int{0}, nil, 0},
		"not signed":                            {true, []string{"%s"}, nil, nil, ClassProtocol},
		"signed, and again, not signed":         {true, []string{"%s", "%s"}, []int{0}, nil, 0},
		"not signed, and again, signed":         {true, []string{"%s", "%s"}, []int{1}, nil, 0},
		"signed by a signature over too little": {true, []string{"%s"}, nil, []int{0}, ClassProtocol},
		"with something behind the value":       {true, []string{"%s!"}, []int{0}, nil, ClassProtocol},
		"beside one of no signature":            {true, []string{"%s", ""}, []int{0, 1}, nil, ClassProtocol},
		"of no signature":                       {false, []string{""}, []int{0}, nil, 0},
		"of no signature, and again":            {false, []string{"", ""}, []int{0}, nil, 0},
		"of no signature, not signed":           {false, []string{""}, nil, nil, ClassProtocol},
	} {
		_, x, err := Protect(outgoing(), requests[c.request], now)
		if err != nil {
			t.Fatal(err)
		}
		parts := BodyTimestamp | PartRelatesTo
		reply, _, err := Protect(soap.Outgoing{Action: "urn:a", RelatesTo: x.Reply.MessageID, Body: outgoing().Body}, Options{Tokens: []Token{x509Token(service(), RefX509Data, parts)}}, now)
		if err != nil {
			t.Fatal(err)
		}
		ids := []string{stampID(t, reply), wsuIDOf(t, reply, `<s:Body.*?>`), wsuIDOf(t, reply, `<wsa:RelatesTo.*?>`)}
		var weak []string
		var more [][]byte
		for i, v := range c.values {
			if v != "" {
				v = ` Value="` + fmt.Sprintf(v, base64Of(x.signatures[0])) + `"`
			}
			more = append(more, fmt.Appendf(nil, `<w:SignatureConfirmation xmlns:w="%s" xmlns:wsu="%s" wsu:Id="c%d"%s/>`, xmltree.WSSE11, xmltree.WSU, i, v))
		}
		for _, i := range c.signed {
			ids = append(ids, fmt.Sprint("c", i))
		}
		for _, i := range c.weak {
			weak = append(weak, ids[0], fmt.Sprint("c", i))
		}
		reply = swap(t, reply, `<ds:Signature .*?</ds:Signature>`, bytes.Join(more, nil))
		sigs := signatureOver(t, reply, service().key, "", xmldsig.X509KeyInfo(service().cert), ids...)
		if weak != nil {
			sigs = append(sigs, client().over(t, reply, weak...)...)
		}
		reply = swap(t, reply, endSecurity, append(sigs, endSecurity...))
		_, err = receive(t, reply, trust(service(), client()), Policy{Reply: x, Confirmed: true}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
