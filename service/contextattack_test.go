package service_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// forged is a token with a chosen name and key.
func forged(t testing.TB, id, instance string, key alg.Key, cookie []byte) wsse.Issued {
	t.Helper()
	token := wssc.Token{ID: id, Instance: instance, WSUID: "sct-1", Cookie: cookie}
	return wsse.Issued{XML: token.Write(), Key: key, Attached: token.Attached()}
}

func secret(t testing.TB, fill byte) alg.Key {
	t.Helper()
	k, err := alg.SecretKey(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func parse(t testing.TB, octets []byte) xmltree.Elem {
	t.Helper()
	d, err := xmltree.Parse(octets, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func cookieOf(t testing.TB, h *wssc.Held) []byte {
	t.Helper()
	token, err := wssc.ReadToken(parse(t, h.Token))
	if err != nil {
		t.Fatal(err)
	}
	return token.Cookie
}

// What T9 of the attack catalogue lists, and more of its kind: each answered by
// the same fault, whatever is wrong.
func TestContextForged(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		alice := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		other := w.establish(wst.Trust13, wst.Request{}, user("böb", "ß€"))
		renewed := w.renew(w.establish(wst.Trust13, wst.Request{}, user("alice", "pw")), wst.Request{})
		cookie, cookie2 := cookieOf(t, alice), cookieOf(t, renewed)
		var first []byte
		for name, token := range map[string]wsse.Issued{
			"chosen identifier":             forged(t, "urn:uuid:00000000-0000-4000-8000-000000000000", "", secret(t, 1), nil),
			"chosen identifier and cookie":  forged(t, "urn:uuid:00000000-0000-4000-8000-000000000000", "", alice.Key, cookie),
			"wrong key":                     forged(t, alice.ID, "", secret(t, 1), cookie),
			"another's identifier":          forged(t, other.ID, "", alice.Key, cookie),
			"another's identifier, no more": forged(t, other.ID, "", alice.Key, cookieOf(t, other)),
			"made-up instance":              forged(t, alice.ID, "urn:uuid:1", alice.Key, cookie),
			"instance of another":           forged(t, alice.ID, renewed.Instance, renewed.Key, cookie2),
			"renewed key, no instance":      forged(t, renewed.ID, "", renewed.Key, cookie2),
			"old key, renewed instance":     forged(t, renewed.ID, renewed.Instance, alice.Key, cookie2),
			"no signature":                  {XML: alice.Token},
		} {
			a := w.try(token)
			w.bad(a, wssc.BadContextToken)
			body := a.octets[bytes.Index(a.octets, []byte("Body>")):]
			if first == nil {
				first = body
			}
			if !bytes.Equal(first, body) {
				t.Errorf("%s: another fault than the others: %s", name, body)
			}
		}
		w.bad(w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw"), wsse.Issued{XML: alice.Token}}}), wssc.BadContextToken)
		// Encrypted messages are no way to tell a context that there is from
		// one that there is not.
		for _, token := range []wsse.Issued{forged(t, alice.ID, "", secret(t, 1), cookie), forged(t, "urn:uuid:1", "", secret(t, 1), cookie)} {
			w.bad(w.send(request(), wsse.Options{Tokens: []wsse.Token{token}, Protection: &wsse.Protection{
				Sign: wsse.PartBody | wsse.PartTimestamp, Encrypt: wsse.PartBody | wsse.PartSignature,
			}}), wssc.BadContextToken)
		}
		if n := len(w.seen); n != 0 {
			t.Errorf("the handler was called %d times", n)
		}
		w.accepted(request(), under(alice))
	})
}

// A sealed context is good for its own token only, whole and of our key.
func TestContextCookie(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Contexts = &service.Contexts{Seal: []service.SealKey{sealKey(t, "k", 1)}} })
	h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
	good := cookieOf(t, h)
	w.accepted(request(), forged(t, h.ID, "", h.Key, good))
	for i := 0; i < len(good); i += 9 { // package wssc tries them all
		bad := bytes.Clone(good)
		bad[i] ^= 1
		w.bad(w.try(forged(t, h.ID, "", h.Key, bad)), wssc.BadContextToken)
		w.bad(w.try(forged(t, h.ID, "", h.Key, good[:i])), wssc.BadContextToken)
	}
	w.bad(w.try(forged(t, h.ID, "", h.Key, append(bytes.Clone(good), 0))), wssc.BadContextToken)
	if bytes.Contains(good, h.Key.Secret()) || bytes.Contains(good, []byte("alice")) {
		t.Error("the cookie is not encrypted")
	}
	huge := w.try(forged(t, h.ID, "", h.Key, make([]byte, 11<<10)))
	w.bad(huge, wssc.BadContextToken)
}

// Requests about a context that its holder did not sign with it.
func TestContextRequestsWithoutProof(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		alice := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		other := w.establish(wst.Trust13, wst.Request{}, user("böb", "ß€"))
		next := w.renew(alice, wst.Request{})
		for _, act := range []wst.Action{wst.RenewContext, wst.CancelContext} {
			for name, c := range map[string]struct {
				target []byte
				tokens []wsse.Token
			}{
				"another's":          {alice.Unattached, []wsse.Token{under(other)}},
				"by password":        {alice.Unattached, []wsse.Token{user("alice", "pw")}},
				"password and other": {alice.Unattached, []wsse.Token{user("alice", "pw"), under(other)}},
				"token unsigned":     {alice.Unattached, []wsse.Token{user("alice", "pw"), wsse.Issued{XML: alice.Token}}},
				"wrong key":          {alice.Unattached, []wsse.Token{forged(t, alice.ID, "", secret(t, 1), cookieOf(t, alice))}},
				"wrong instance":     {next.Unattached, []wsse.Token{under(alice)}},
				"made-up instance":   {wssc.Token{ID: alice.ID, Instance: "urn:uuid:1"}.Unattached(), []wsse.Token{under(alice)}},
				"another's by id":    {wssc.Token{WSUID: "elsewhere"}.Attached(), []wsse.Token{under(alice)}},
			} {
				t.Run(act.String()+" "+name, func(t *testing.T) {
					done, a := w.negotiate(wst.Trust13, wst.Request{Action: act, Target: c.target}, c.tokens...)
					if done != nil {
						t.Fatalf("granted: %v", done)
					}
					w.bad(a, wssc.BadContextToken)
				})
			}
		}
		w.accepted(request(), under(alice))
		w.accepted(request(), under(next))
		w.accepted(request(), under(other))
		// The token's own id, as CXF and WCF may write it, is as good.
		if done, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.CancelContext, Target: other.Attached}, under(other)); done == nil {
			t.Errorf("refused: %s", a.octets)
		}
	})
}

// Requests that are not granted.
func TestContextRequestsRefused(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Contexts = &service.Contexts{} })
	h := w.establish(wst.Trust13, wst.Request{Entropy: wst.ClientEntropy, ClientEntropy: wst.NewSecret(bytes.Repeat([]byte{5}, 32))}, user("alice", "pw"))
	const trust = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
	body := func(requestType, rest string) []byte {
		return []byte(`<t:RequestSecurityToken xmlns:t="` + trust + `"><t:RequestType>` + trust + requestType + `</t:RequestType>` + rest + `</t:RequestSecurityToken>`)
	}
	send := func(action string, octets []byte, tokens ...wsse.Token) answer {
		return w.send(soap.Outgoing{Action: trust + action, To: audience, Body: octets}, wsse.Options{Tokens: tokens})
	}
	for name, c := range map[string]struct {
		action string
		body   []byte
		token  wsse.Token
		code   wssc.Code
	}{
		"key not changed": {"/RST/SCT/Renew", mustWrite(t, wst.Request{
			Action: wst.RenewContext, Target: h.Unattached, Entropy: wst.ClientEntropy,
			ClientEntropy: wst.NewSecret(bytes.Repeat([]byte{5}, 32)),
		}), under(h), wssc.InvalidRequest},
		"under a context":    {"/RST/SCT", body("/Issue", ""), under(h), wssc.InvalidRequest},
		"on behalf of":       {"/RST/SCT", body("/Issue", `<t:OnBehalfOf><x/></t:OnBehalfOf>`), user("alice", "pw"), wssc.RequestFailed},
		"bearer":             {"/RST/SCT", body("/Issue", `<t:KeyType>`+trust+`/Bearer</t:KeyType>`), user("alice", "pw"), wssc.InvalidRequest},
		"another token":      {"/RST/SCT", body("/Issue", `<t:TokenType>urn:x</t:TokenType>`), user("alice", "pw"), wssc.InvalidRequest},
		"small key":          {"/RST/SCT", body("/Issue", `<t:KeySize>64</t:KeySize>`), user("alice", "pw"), wssc.InvalidRequest},
		"huge key":           {"/RST/SCT", body("/Issue", `<t:KeySize>4096</t:KeySize>`), user("alice", "pw"), wssc.InvalidRequest},
		"action over body":   {"/RST/SCT", body("/Cancel", `<t:CancelTarget><x/></t:CancelTarget>`), user("alice", "pw"), wssc.InvalidRequest},
		"other version":      {"/RST/SCT", []byte(`<RequestSecurityToken xmlns="http://schemas.xmlsoap.org/ws/2005/02/trust"><RequestType>http://schemas.xmlsoap.org/ws/2005/02/trust/Issue</RequestType></RequestSecurityToken>`), user("alice", "pw"), wssc.InvalidRequest},
		"no request":         {"/RST/SCT", request().Body, user("alice", "pw"), wssc.InvalidRequest},
		"empty":              {"/RST/SCT", nil, user("alice", "pw"), wssc.InvalidRequest},
		"no target":          {"/RST/SCT/Renew", body("/Renew", ""), under(h), wssc.InvalidRequest},
		"target of no kind":  {"/RST/SCT/Cancel", body("/Cancel", `<t:CancelTarget><x/></t:CancelTarget>`), under(h), wssc.InvalidRequest},
		"computed otherwise": {"/RST/SCT", body("/Issue", `<t:Entropy><t:BinarySecret Type="`+trust+`/Nonce">AAECAwQFBgcICQoLDA0ODw==</t:BinarySecret></t:Entropy><t:ComputedKeyAlgorithm>urn:x</t:ComputedKeyAlgorithm>`), user("alice", "pw"), wssc.InvalidRequest},
	} {
		t.Run(name, func(t *testing.T) { w.bad(send(c.action, c.body, c.token), c.code) })
	}
	// A choice of identifier is passed over.
	a := send("/RST/SCT", body("/Issue", `<c:SecurityContextToken xmlns:c="http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"><c:Identifier>urn:mine</c:Identifier></c:SecurityContextToken>`), user("alice", "pw"))
	if a.env.IsFault() || strings.Contains(string(a.octets), "urn:mine") {
		t.Errorf("a chosen identifier: %s", a.octets)
	}
	// Who cannot authenticate learns nothing of contexts.
	w.refused(send("/RST/SCT", body("/Issue", ""), user("alice", "guess")), "trust")
	if n := len(w.seen); n != 0 {
		t.Errorf("the handler was called %d times", n)
	}
}

func mustWrite(t testing.TB, r wst.Request) []byte {
	t.Helper()
	octets, err := r.Write(wst.Trust13)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// The same octets are taken once: messages under a context, and requests about
// it.
func TestContextReplay(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		renew := soap.Outgoing{Action: wst.Trust13.RequestAction(wst.RenewContext), To: audience, Body: mustWrite(t, wst.Request{Action: wst.RenewContext, Target: h.Unattached})}
		for _, out := range []soap.Outgoing{request(), renew} {
			p := soap.NewPacket(out.Version, out.Action, protect(t, out, wsse.Options{Tokens: []wsse.Token{under(h)}}, time.Now()))
			if a := w.post(p); a.env.IsFault() {
				t.Fatalf("%s", a.octets)
			}
			w.refused(w.post(p), "replay")
			// With another MessageID it is the same signature.
			from, to, ok := bytes.Cut(p.Body, []byte(":MessageID"))
			start, end := bytes.IndexByte(to, '>'), bytes.IndexByte(to, '<')
			if !ok || end < start {
				t.Fatalf("no MessageID in %s", p.Body)
			}
			p.Body = slices.Concat(from, []byte(":MessageID"), to[:start+1], []byte("urn:another"), to[end:])
			w.refused(w.post(p), "replay")
		}
		old := protect(t, request(), wsse.Options{Tokens: []wsse.Token{under(h)}}, time.Now().Add(-time.Hour))
		w.refused(w.post(soap.NewPacket(soap.V12, action, old)), "expired")
	})
}

// The old instance is accepted for the rollover interval.
func TestContextRollover(t *testing.T) {
	eachMode(t, func(c *service.Contexts) { c.Rollover = time.Second }, func(t *testing.T, w *world) {
		t.Parallel()
		h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		next := w.renew(h, wst.Request{})
		w.accepted(request(), under(h))
		again := w.renew(h, wst.Request{}) // as if the answer had been lost
		w.accepted(request(), under(next))
		w.accepted(request(), under(again))
		time.Sleep(1050 * time.Millisecond)
		w.bad(w.try(under(h)), wssc.BadContextToken)
		w.accepted(request(), under(again))
	})
}

// A context that has ended says so to whoever has its key, for as long as it
// can be renewed.
func TestContextExpiry(t *testing.T) {
	const life = time.Second
	eachMode(t, func(c *service.Contexts) { c.Lifetime, c.Rollover = life, life }, func(t *testing.T, w *world) {
		t.Parallel()
		h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		lost := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		time.Sleep(life + 20*time.Millisecond)
		w.bad(w.try(under(h)), wssc.RenewNeeded)
		w.bad(w.try(forged(t, h.ID, "", secret(t, 1), cookieOf(t, h))), wssc.BadContextToken)
		next := w.renew(h, wst.Request{})
		w.accepted(request(), under(next))
		time.Sleep(life)
		w.bad(w.try(under(lost)), wssc.BadContextToken)
		_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: lost.Unattached}, under(lost))
		w.bad(a, wssc.BadContextToken)
	})
}

func TestContextRevoked(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		next := w.renew(h, wst.Request{})
		other := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		if err := w.v.RevokeContext(t.Context(), h.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.v.RevokeContext(t.Context(), "urn:unknown"); err != nil {
			t.Error(err)
		}
		for _, gone := range []*wssc.Held{h, next} {
			w.bad(w.try(under(gone)), wssc.BadContextToken)
			_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: gone.Unattached}, under(gone))
			w.bad(a, wssc.BadContextToken)
		}
		w.accepted(request(), under(other))
	})
}

// Without Contexts nothing of them is served, and nobody is told.
func TestContextsOff(t *testing.T) {
	w := newWorld(t, nil)
	w.refused(w.try(forged(t, "urn:uuid:1", "", secret(t, 1), nil)), "trust")
}
