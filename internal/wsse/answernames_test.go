package wsse

import (
	"bytes"
	"slices"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// answerUnder is an answer that is signed by a key under a reference, and nothing
// else, as its reader has it who sent these tokens and was given no other key.
func answerUnder(t testing.TB, key alg.Key, reference []byte, sent ...Token) error {
	t.Helper()
	for i, token := range sent {
		if issued, ok := token.(Issued); ok {
			if ready, err := issued.Prepare(); err == nil {
				sent = slices.Clone(sent)
				sent[i] = ready
			}
		}
	}
	_, x, err := Protect(outgoing(), Options{Tokens: sent}, now)
	if err != nil {
		t.Fatal(err)
	}
	answer, _, err := Protect(
		soap.Outgoing{Action: action + "Response", RelatesTo: x.Reply.MessageID, Body: outgoing().Body},
		Options{Tokens: []Token{Issued{Key: key, Unsent: true, Attached: reference, Parts: BodyTimestamp | PartRelatesTo}}, Reply: true}, now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = receive(t, answer, trust(), Policy{Reply: x, TLS: true, Required: PartBody}, now, 0)
	return err
}

// The sender of a token knows its key by the name that the answer gives it: that of
// the token, wherever the token stood, or that by which it was sent unseen. Another
// name is not known, nor what names nothing.
func TestAnswerNamesTheKeyOfTheToken(t *testing.T) {
	assertion := build(t, saml.V20, issuer(), sealed(t, secret(t)))
	older := build(t, saml.V11, issuer(), sealed(t, secret(t)))
	bare := func(content string) []byte {
		return []byte(`<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `" xmlns:u="` + xmltree.WSU + `" u:Id="_sct"><c:Identifier>urn:ctx</c:Identifier>` + content + `</c:SecurityContextToken>`)
	}
	other := []byte(`<x:Token xmlns:x="urn:x"/>`)
	context := refTo(`<o:Reference URI="urn:ctx" ValueType="` + typeSCT13 + `"/>`)
	instance := refTo(`<o:Reference URI="urn:ctx" ValueType="` + typeSCT13 + `" xmlns:c="` + xmltree.SC13 + `" c:Instance="i"/>`)
	of := func(assertion []byte, valueType string) []byte {
		return refTo(`<o:KeyIdentifier ValueType="` + valueType + `">` + tokenID(parsed(t, string(assertion))) + `</o:KeyIdentifier>`)
	}
	nonced := bytes.Replace(context, []byte("<o:SecurityTokenReference"), []byte(`<o:SecurityTokenReference xmlns:c="`+xmltree.SC13+`" c:Nonce="!"`), 1)
	for name, c := range map[string]struct {
		sent   Issued
		answer []byte
		want   Class
	}{
		"an assertion":                    {Issued{XML: assertion}, of(assertion, typeSAML20ID), 0},
		"an assertion of version 1.1":     {Issued{XML: older}, of(older, typeSAML11ID), 0},
		"embedded":                        {Issued{XML: assertion, Embedded: true}, of(assertion, typeSAML20ID), 0},
		"embedded, of version 1.1":        {Issued{XML: older, Embedded: true}, of(older, typeSAML11ID), 0},
		"another assertion":               {Issued{XML: assertion}, of(older, typeSAML20ID), ClassTrust},
		"a context":                       {Issued{XML: bare("")}, context, 0},
		"a context, embedded":             {Issued{XML: bare(""), Embedded: true}, context, 0},
		"an instance of a context":        {Issued{XML: bare(`<c:Instance>i</c:Instance>`)}, instance, 0},
		"the context without an instance": {Issued{XML: bare(`<c:Instance>i</c:Instance>`)}, context, ClassTrust},
		"an instance that there is not":   {Issued{XML: bare("")}, instance, ClassTrust},
		"two instances, and none":         {Issued{XML: bare(`<c:Instance>i</c:Instance><c:Instance>j</c:Instance>`)}, context, ClassTrust},
		"by its reference":                {Issued{XML: other, Attached: context}, context, 0},
		"not sent":                        {Issued{Unsent: true, Attached: context}, context, 0},
		"not sent, another reference":     {Issued{Unsent: true, Attached: instance}, context, ClassTrust},
		"a reference that cannot be read": {Issued{XML: other, Attached: nonced}, context, ClassTrust},
		"a reference into the message":    {Issued{XML: other, Attached: refTo(`<o:Reference URI="#_sct"/>`)}, context, ClassTrust},
	} {
		c.sent.Key = secret(t)
		if err := answerUnder(t, secret(t), c.answer, c.sent); ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err := answerUnder(t, freshKey(t), c.answer, c.sent); err == nil {
			t.Errorf("%s: answered with another key", name)
		}
	}
	// A token that nothing names gives the answer no name.
	for _, nameless := range []Issued{
		{XML: other, Embedded: true, Key: secret(t)},
		{XML: other, Attached: refTo(`<o:Reference URI="#_sct"/>`), Key: secret(t)},
		{Unsent: true, Attached: bytes.Replace(nonced, []byte(`"!"`), []byte(`"AAAAAAAAAAAAAAAAAAAAAA=="`), 1), Key: secret(t)}, // one derived from it
	} {
		_, x, err := Protect(outgoing(), Options{Tokens: []Token{nameless}}, now)
		if err != nil || len(x.known) != 0 {
			t.Errorf("the answer may use %d keys, %v", len(x.known), err)
		}
	}
}

// Each of the symmetric keys of a message may protect its answer.
func TestAnswerUnderEitherKey(t *testing.T) {
	one, two := Shared{Name: "one", Key: secret(t)}, Shared{Name: "two", Key: freshKey(t)}
	for _, c := range []struct {
		name string
		key  alg.Key
		want Class
	}{
		{"one", one.Key, 0},
		{"two", two.Key, 0},
		{"one", two.Key, ClassSignature},
		{"three", one.Key, ClassTrust},
	} {
		err := answerUnder(t, c.key, refTo(`<d:KeyName xmlns:d="`+xmltree.DS+`">`+c.name+`</d:KeyName>`), one, two)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A message with an embedded assertion and an encrypted body is answered under the
// key of the assertion, and its sender reads the answer.
func TestAnswerUnderTheKeyOfAnEmbeddedAssertion(t *testing.T) {
	l := trust()
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		token := Issued{XML: build(t, v, issuer(), sealed(t, secret(t))), Key: secret(t), Embedded: true}
		p := &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert}
		msg, x, err := Protect(outgoing(), Options{Tokens: []Token{token}, Protection: p}, now)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := receive(t, msg, l, Policy{Encrypted: PartBody}, now, 0)
		if err != nil {
			t.Fatal(err)
		}
		o, same, err := ev.Answer(Options{Reply: true})
		if err != nil || !same {
			t.Fatal(same, err)
		}
		answer, _, err := Protect(soap.Outgoing{Action: action + "Response", RelatesTo: x.Reply.MessageID, Body: outgoing().Body}, o, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receive(t, answer, trust(), Policy{Reply: x, Required: BodyTimestamp, Encrypted: PartBody}, now, 0); err != nil {
			t.Errorf("%v: %v", v, err)
		}
	}
}
