package wsse

import (
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// A message that is signed by a key of its own, which it sends wrapped under one that
// both sides know, is answered under that key and by its name: the other side made it.
func TestAnswerUnderAWrappedKey(t *testing.T) {
	own := freshKey(t)
	mine := assertionOf(t, "mallory", sealed(t, own))
	inner := freshKey(t)
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, inner, "inner", secret(t), named(sharedName), nil, ""); err != nil {
		t.Fatal(err)
	}
	shared := Issued{Key: inner, XML: b.Bytes(), Attached: []byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#inner"/></wsse:SecurityTokenReference>`)}
	l := reader(t)
	l.contexts[sharedName] = secret(t)
	for name, msg := range map[string][]byte{
		"under a shared key":       write(t, "", Protection{Sign: BodyTimestamp, Derived: Derived13}, shared),
		"under an assertion's key": underHolder(t, own, mine, nil),
	} {
		ev, err := receive(t, msg, l, Policy{}, now, 0)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		ev.Encrypted |= PartBody
		o, ok, err := ev.Answer(Options{Reply: true})
		if !ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
			continue
		}
		answer, _, err := Protect(soap.Outgoing{Action: "urn:a", Body: outgoing().Body}, o, now)
		if err != nil {
			t.Fatal(err)
		}
		root, err := parseOwn(msg)
		if err != nil {
			t.Fatal(err)
		}
		ref, err := encryptedKeyRef(descendant(root.First(xmltree.SOAP12, "Header").First(xmltree.WSSE, "Security"), "EncryptedKey"))
		if err != nil {
			t.Fatal(err)
		}
		sender := lenient{contexts: map[string]alg.Key{ref.ID: ev.binding.key}}
		if got, err := receive(t, answer, sender, Policy{}, now, 0); err != nil || !got.Body.Signed() || got.Body.Encrypted() == nil {
			t.Errorf("%s: %v\n%s", name, err, answer)
		}
	}
}
