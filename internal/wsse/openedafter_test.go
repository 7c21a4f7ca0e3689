package wsse

import (
	"bytes"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// encryptedBlock is an EncryptedHeader that is named by a prefix declared around it, and
// the key and list of its own for what is in it.
func encryptedBlock(t testing.TB, id, plain string) (ek []byte, block string) {
	t.Helper()
	_, ek, data := sealedFor(t, "", id, plain, xmlenc.Element)
	return ek, `<w:EncryptedHeader xmlns:w="` + xmltree.WSSE11 + `" u:Id="eh-` + id + `">` + string(data) + `</w:EncryptedHeader>`
}

// Header blocks may be encrypted one by one, and listed in any order: each is signed if
// its own ciphertext was, by a signature that has the prefixes in it.
func TestEncryptedBlocksInAnyOrder(t *testing.T) {
	var eks [][]byte
	blocks := ""
	for _, id := range []string{"1", "2", "3"} {
		ek, block := encryptedBlock(t, id, `<h:H xmlns:h="urn:h" u:Id="h`+id+`"/>`)
		eks, blocks = append(eks, ek), blocks+block
	}
	msg := swap(t, withIDs(t), `<s:Envelope`, []byte(`<s:Envelope xmlns:u="`+xmltree.WSU+`"`))
	msg = swap(t, msg, endSecurity, []byte(endSecurity+blocks))
	sig := rsaUser().over(t, msg, "stamp", "body", "eh-1", "eh-2", "eh-3")
	other := rsaUser().over(t, msg, "stamp", "body", "eh-1", "eh-3")
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		keys := bytes.Join([][]byte{eks[order[0]], eks[order[1]], eks[order[2]]}, nil)
		ev, err := receive(t, behind(t, msg, endTimestamp, sig, keys), reader(t), Policy{}, now, 0)
		if err != nil || len(ev.Headers) != 3 {
			t.Errorf("%v: %+v, %v", order, ev, err)
		}
		ev, err = receive(t, behind(t, msg, endTimestamp, other, keys), reader(t), Policy{}, now, 0)
		if err != nil || len(ev.Headers) != 2 {
			t.Errorf("%v, without the second: %+v, %v", order, ev, err)
		}
	}
}

// Who signs plaintext signs what its prefixes are, whatever is opened after that.
func TestPlaintextSignedBeforeMoreIsOpened(t *testing.T) {
	ekBlock, block := encryptedBlock(t, "h", `<h:H xmlns:h="urn:h"/>`)
	_, ek, data := sealedFor(t, "", "x", `<o:Get/>`, xmlenc.Content)
	out := swap(t, withIDs(t), `<s:Envelope`, []byte(`<s:Envelope xmlns:o="urn:orders" xmlns:u="`+xmltree.WSU+`"`))
	out = swap(t, swap(t, out, `<o:Get.*</o:Get>`, []byte(`<o:Get/>`)), endSecurity, []byte(endSecurity+block))
	sig := rsaUser().over(t, out, "stamp", "body")
	msg := swap(t, behind(t, out, endTimestamp, ek, sig, ekBlock), `<o:Get/>`, data)
	ev, err := receive(t, msg, reader(t), Policy{}, now, 0)
	if err != nil || !ev.Body.Element().First("urn:orders", "Get").OK() {
		t.Errorf("%+v, %v", ev, err)
	}
	_, err = receive(t, bytes.Replace(msg, []byte("urn:orders"), []byte("urn:evil"), 1), reader(t), Policy{}, now, 0)
	wantClass(t, err, ClassSignature)
}

// A token of ours may have its prefixes from the header around it, although it was
// ciphertext when it was signed: another name there is no token that we know.
func TestPrefixesOfEncryptedTokens(t *testing.T) {
	key, ek, data := sealedFor(t, "", "own", `<wsse:UsernameToken wsu:Id="u"><wsse:Username>alice</wsse:Username><wsse:Password>`+secretWord+`-password</wsse:Password></wsse:UsernameToken>`, xmlenc.Element)
	msg := swap(t, withIDs(t), `<s:Envelope`, []byte(`<s:Envelope xmlns:wsu="`+xmltree.WSU+`"`))
	msg = behind(t, msg, endTimestamp, data)
	sig := signatureOver(t, msg, key, "", keyOf("ek-own"), "stamp", "body", "ed-own")
	msg = behind(t, msg, endTimestamp, sig, ek)
	ev, err := receive(t, msg, reader(t), Policy{}, now, 0)
	if err != nil || ev.Username == nil || len(ev.UsernameToken.SignedBy()) != 1 {
		t.Errorf("%+v, %v", ev, err)
	}
	// Under another declaration it is something that nobody knows.
	renamed := bytes.Replace(find(t, msg, `<wsse:Security[^>]*>`), []byte("wsse"), []byte("o"), 2)
	if !bytes.Contains(renamed, []byte(`xmlns:o="`+xmltree.WSSE+`"`)) {
		t.Fatalf("set-up error: %s", renamed)
	}
	renamed = bytes.Replace(renamed, []byte(`<o:Security`), []byte(`<o:Security xmlns:wsse="urn:evil"`), 1)
	msg = swap(t, swap(t, msg, `<wsse:Security[^>]*>`, renamed), endSecurity, []byte(`</o:Security>`))
	ev, err = receive(t, msg, reader(t), Policy{TLS: true, Anonymous: true}, now, 0)
	if ClassOf(err) != ClassPolicy {
		t.Errorf("by another name: %+v, %v", ev, err)
	}
}

// Who signs with a key that is trusted the signature of another is among the signers of
// what that is over, also where it was encrypted.
func TestEndorsedEncryptedBlocks(t *testing.T) {
	p := Protection{Sign: BodyTimestamp, SignHeaders: []soap.Name{{Space: "urn:h", Local: "Tenant"}}, Encrypt: PartBody, Recipient: service().cert, Symmetric: true}
	p.EncryptHeaders = p.SignHeaders
	for _, p.Order = range []Order{SignThenEncrypt, EncryptThenSign} {
		ev, err := receive(t, write(t, "", p, x509Token(rsaUser(), RefDirect, 0)), reader(t), Policy{}, now, 0)
		if err != nil || len(ev.Headers) != 1 || len(ev.Headers[0].SignedBy()) != 2 || len(ev.Body.SignedBy()) != 2 {
			t.Errorf("order %d: %+v, %v", p.Order, ev, err)
		}
	}
}

// A cipher that authenticates nothing is opened by a signature before it, and not by one
// behind it, whatever was opened in between.
func TestSignatureBehindTheCipher(t *testing.T) {
	_, ek, data := sealedFor(t, alg.Basic256, "x", `<o:Get xmlns:o="urn:orders">hidden</o:Get>`, xmlenc.Content)
	block := `<w:EncryptedHeader xmlns:w="` + xmltree.WSSE11 + `">` + string(sealedWith(t, "ed-h", `<h:H xmlns:h="urn:h"/>`, xmlenc.Element, secret(t), named(sharedName))) + `</w:EncryptedHeader>`
	list := referenceList([]string{"ed-h"})
	l := reader(t)
	l.contexts[sharedName] = secret(t)
	for name, want := range map[string]Class{"before": 0, "between": 0, "behind": ClassPolicy} {
		msg := cbcBody(t, data, ek, func(m []byte) [][]byte { return nil })
		msg = swap(t, msg, endSecurity, []byte(endSecurity+block))
		sig := overBody(t, msg, rsaUser(), xmldsig.X509KeyInfo(rsaUser().cert), "ek-x")
		switch name {
		case "before":
			msg = behind(t, msg, endTimestamp, sig, list)
		case "between":
			msg = behind(t, msg, endTimestamp, list, sig)
		default:
			msg = swap(t, behind(t, msg, endTimestamp, list), endSecurity, append(sig, endSecurity...))
		}
		_, err := receive(t, msg, l, Policy{Suite: alg.Legacy}, now, 0)
		if ClassOf(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A list that names what is not in the message fails when it is followed, before
// anybody is asked for keys of what was hidden.
func TestListsFailWhileTheyAreFollowed(t *testing.T) {
	for list, want := range map[string]Class{
		`<e:ReferenceList xmlns:e="` + xmltree.XENC + `"/>`:                                            ClassFormat,
		`<e:ReferenceList xmlns:e="` + xmltree.XENC + `"><e:DataReference URI="#"/></e:ReferenceList>`: ClassPolicy,
	} {
		p, err := reading(t, string(behind(t, withIDs(t), endTimestamp, []byte(list))), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Open(reader(t).answer(t, p), Policy{}); ClassOf(err) != want || len(p.states) != 1 {
			t.Errorf("%s: %v", list, err)
		}
	}
}

// A reference for the answer that means something in its own message names no key.
func TestReferencesInsideNameNoKeyOfAnswers(t *testing.T) {
	for uri, want := range map[string]Class{"#sct": ClassWrapping, "urn:ctx": 0} {
		ref, err := attachedRef([]byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="` + uri + `" ValueType="` + typeSCT13 + `"/></o:SecurityTokenReference>`))
		if ClassOf(err) != want || (ref.Kind == KeyContext) != (want == 0) {
			t.Errorf("%s: %v, %v", uri, ref, err)
		}
	}
}

// Nothing at all may be encrypted, and is then what the Body has.
func TestEncryptedNothing(t *testing.T) {
	for _, suite := range []alg.Suite{"", alg.Basic256} {
		_, ek, data := sealedFor(t, suite, "x", "", xmlenc.Content)
		msg := cbcBody(t, data, ek, func(m []byte) [][]byte {
			return [][]byte{overBody(t, m, rsaUser(), xmldsig.X509KeyInfo(rsaUser().cert), "ek-x")}
		})
		ev, err := receive(t, msg, reader(t), Policy{Suite: alg.Legacy}, now, 0)
		if err != nil || len(ev.Body.SignedBy()) != 1 || countChildren(ev.Body.Element()) != 0 {
			t.Errorf("%s: %+v, %v", suite, ev, err)
		}
	}
}
