package attack

import (
	"slices"
	"strconv"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// derived computes the key of a DerivedKeyToken.
func (m *weakMessage) derived(e xmltree.Elem) (any, error) {
	number := func(local string, missing int) int {
		c := child(e, local)
		if !c.OK() {
			return missing
		}
		n, _ := strconv.Atoi(loose(c))
		return n
	}
	label, nonce := "WS-SecureConversationWS-SecureConversation", text64(child(e, "Nonce"))
	if c := child(e, "Label"); c.OK() {
		label = loose(c)
	}
	offset, length := number("Offset", 0), number("Length", 32)
	if g := child(e, "Generation"); g.OK() {
		offset += number("Generation", 0) * length
	}
	if m.on(dDerive) && (len(nonce) < 16 || len(nonce) > 128 || len(label) > 128 || offset > 64 || length < 16 || length > 64 ||
		child(e, "Generation").OK() && child(e, "Offset").OK()) {
		return nil, deny(dDerive, "a derivation of no use")
	}
	str := child(e, "SecurityTokenReference")
	secret, ok := m.holder.([]byte)
	if from, err := m.follow(str); err != nil || from.Local() != "Assertion" {
		if m.on(dDerive) {
			return nil, deny(dDerive, "derived from nothing")
		}
		secret, ok = make([]byte, 32), true // what is not there is nothing
	}
	if !ok || length < 0 || offset > 1<<20 {
		return nil, deny(dDerive|dHolder, "no secret to derive from")
	}
	return alg.PSHA1(secret, slices.Concat([]byte(label), nonce), offset+length)[offset:], nil
}

// token holds an issuer's answer against what was asked.
func (m *weakMessage) token() error {
	all := descendants(m.body, "RequestSecurityTokenResponse")
	if len(all) == 0 {
		return deny(dReply, "no answer")
	}
	r := all[len(all)-1]
	ctx, _ := r.Attr("", "Context")
	got := map[string]string{
		"context": ctx, "tokentype": loose(child(r, "TokenType")), "keytype": loose(child(r, "KeyType")), "keysize": loose(child(r, "KeySize")),
		"appliesto": loose(child(r, "AppliesTo")), "responses": strconv.Itoa(len(all)), "tokens": strconv.Itoa(countChildren(child(r, "RequestedSecurityToken"))),
		"container": childAt(m.body, 0).Local(), "computed": strconv.FormatBool(len(descendants(r, "ComputedKey")) > 0), "issued": "yes",
	}
	for _, secret := range descendants(r, "BinarySecret") {
		place := "proof"
		if xmltree.Parent(secret).Local() == "Entropy" {
			place = "entropy"
		}
		got[place] = strconv.Itoa(len(text64(secret)))
	}
	for name, v := range got {
		m.out["got-"+name] = "evil " + v
	}
	if !m.on(dReply) {
		return nil
	}
	for name, want := range m.ask {
		if g, ok := got[name]; (ok || want != "") && g != want {
			return deny(dReply, "%s is %q, want %q", name, g, want)
		}
	}
	if end, err := xmltree.ParseTime(loose(child(child(r, "Lifetime"), "Expires"))); err != nil || time.Since(end) > 5*time.Minute {
		return deny(dReply, "the token is over")
	}
	return nil
}
