package wsse

import (
	"bytes"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
)

// The answer to a message that two contexts sign is under the key of the first.
func TestAnswerIsUnderTheFirstKey(t *testing.T) {
	l := trust()
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t), "urn:two": freshKey(t)}
	second := contextIssued(t)
	second.XML = bytes.ReplaceAll(bytes.ReplaceAll(second.XML, []byte("urn:ctx"), []byte("urn:two")), []byte("_sct"), []byte("_two"))
	second.Key = l.contexts["urn:two"]
	for first, tokens := range map[string][]Token{"urn:ctx": {contextIssued(t), second}, "urn:two": {second, contextIssued(t)}} {
		ev, err := receive(t, protect(t, Options{Tokens: tokens}), l, Policy{TLS: true}, now, 0)
		if err != nil || ev.binding.ref.ID != first || !ev.binding.key.Equal(l.contexts[first]) || ev.Context.ID != first {
			t.Errorf("%s: %+v, %v", first, ev, err)
		}
	}
	// Where a context endorses a signature by a key that was sent, that is the first.
	l.Recipients = reader(t).Recipients
	msg := write(t, "", Protection{Sign: BodyTimestamp, Recipient: service().cert, Symmetric: true}, contextIssued(t))
	ev, err := receive(t, msg, l, Policy{}, now, 0)
	if err != nil || ev.Context == nil || ev.binding.ref.Kind != KeyEncrypted || !ev.binding.key.Equal(ev.Signers[0].root) {
		t.Errorf("endorsed: %+v, %v", ev, err)
	}
}

// The key of an answer is the one that its reader was given or, where he was given
// none, the one that the request knows by that name.
func TestKeyOfTheAnswer(t *testing.T) {
	answer := func(x *Expect, key alg.Key) []byte {
		tok := contextIssued(t)
		tok.Key = key
		msg, _, err := Protect(soap.Outgoing{Action: action + "Response", RelatesTo: x.Reply.MessageID, Body: []byte("<r/>")}, Options{Tokens: []Token{tok}, Reply: true}, now)
		if err != nil {
			t.Fatal(err)
		}
		return msg
	}
	given, known := freshKey(t), secret(t)
	_, plain, err := Protect(outgoing(), Options{Tokens: []Token{user()}}, now)
	if err != nil {
		t.Fatal(err)
	}
	_, under, err := Protect(outgoing(), Options{Tokens: []Token{contextIssued(t)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	with := trust()
	with.contexts = map[string]alg.Key{"urn:ctx": given}
	for name, c := range map[string]struct {
		request *Expect
		by      alg.Key
		l       lenient
		want    Class
	}{
		"given":                         {plain, given, with, 0},
		"known":                         {under, known, trust(), 0},
		"given, and another one known":  {under, given, with, 0},
		"known, and another one given":  {under, known, with, ClassSignature},
		"neither":                       {plain, known, trust(), ClassTrust},
		"given, and signed by the rest": {plain, known, with, ClassSignature},
	} {
		_, err := receive(t, answer(c.request, c.by), c.l, Policy{TLS: true, Reply: c.request}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Tokens are encrypted if all are that are secrets.
func TestOneTokenInTheClear(t *testing.T) {
	p := Protection{Sign: BodyTimestamp, Encrypt: PartToken, Recipient: service().cert}
	hidden := write(t, "", p, x509Token(rsaUser(), RefDirect, 0), user())
	clear := string(bearerToken(t).XML)
	for name, msg := range map[string][]byte{
		"the last":  swap(t, hidden, endSecurity, []byte(clear+endSecurity)),
		"the first": behind(t, hidden, endTimestamp, []byte(clear)),
	} {
		ev, err := receive(t, msg, reader(t), Policy{TLS: true}, now, 0)
		if err != nil || ev.Encrypted&PartToken != 0 || ev.UsernameToken.Encrypted() == nil {
			t.Errorf("%s: %+v, %v", name, ev, err)
		}
		_, err = receive(t, msg, reader(t), Policy{TLS: true, Encrypted: PartToken}, now, 0)
		wantClass(t, err, ClassPolicy)
	}
	if _, err := receive(t, hidden, reader(t), Policy{Encrypted: PartToken}, now, 0); err != nil {
		t.Error(err)
	}
}
