package wsse

import (
	"bytes"
	"crypto/x509"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/corpora"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Ids, and so all that is canonical of a signed part, are other ones in each
// process. Seeds come from another process, or another run.
var fresh = regexp.MustCompile(`-[0-9a-f]{16}|urn:uuid:[0-9a-f-]{36}`)

// A belief is everything that readers of good messages were made to believe, by
// what it is about.
type belief map[string]bool

func (b belief) add(ev *Evidence) {
	for name, value := range seen(ev) {
		b[name+fresh.ReplaceAllString(value, "")] = true
	}
}

// holds fails unless the reader was made to believe nothing new.
func (b belief) holds(t *testing.T, ev *Evidence, msg []byte) {
	t.Helper()
	for _, s := range ev.Signers {
		if s.Made {
			return // a key that came with the message may have signed anything
		}
	}
	for name, value := range seen(ev) {
		if name != "user" && name != "assertion" && !b[name+fresh.ReplaceAllString(value, "")] {
			t.Fatalf("%s that was never signed: %q\n%s", name, value, msg)
		}
	}
}

var open = Policy{TLS: true, Anonymous: true}

// FuzzHeader: reading any message does not panic, every refusal has a class, and
// whatever a reader is made to believe was signed in a good message.
func FuzzHeader(f *testing.F) {
	good := belief{}
	l := trust(client())
	l.Password = func(Password) bool { return true }
	l.contexts = map[string]alg.Key{"urn:ctx": secret(f)}
	for _, o := range []Options{
		{Tokens: []Token{x509Token(client(), RefDirect, PartTimestamp|PartBody|PartTo)}},
		{Tokens: []Token{Username{Name: "a", Password: func() []byte { return nil }, Digest: true}, contextIssued(f)}},
		{Tokens: []Token{Issued{XML: build(f, saml.V11, issuer(), holderOf(client())), Key: client().key, Parts: PartTimestamp}}},
	} {
		msg := protect(f, o)
		ev, err := receive(f, msg, l, open, now, 0)
		if err != nil {
			f.Fatal(err)
		}
		good.add(ev)
		f.Add(msg)
		f.Add(bytes.Replace(msg, []byte("<s:Body"), []byte("<s:Body></s:Body><s:Body"), 1))
		f.Add(bytes.Replace(msg, []byte("ID>42<"), []byte("ID>43<"), 1))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		ev, err := receive(t, msg, l, open, now, 0)
		if err == nil {
			good.holds(t, ev, msg)
		} else if ClassOf(err) == 0 || err.Error() == "" {
			t.Fatalf("no class: %v", err)
		}
	})
}

// some returns a message of each ninth kind, what it makes its reader believe,
// and whom to trust for them.
func some(t testing.TB) (of []kind, msgs [][]byte, l lenient) {
	for i, k := range kinds(t) {
		if i%9 != 0 {
			continue
		}
		msg, _, err := Protect(k.out, k.o, now)
		if err != nil {
			t.Fatal(err)
		}
		of, msgs, l = append(of, k), append(msgs, msg), k.trust
	}
	return of, msgs, l
}

// FuzzOpen: opening any message neither panics nor answers two ways: the same
// octets give the same verdict, and a reader believes what good messages say.
func FuzzOpen(f *testing.F) {
	good := belief{}
	_, msgs, l := some(f)
	for _, msg := range msgs {
		ev, err := receive(f, msg, l, open, now, 0)
		if err != nil {
			f.Fatal(err)
		}
		good.add(ev)
		f.Add(msg)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		d, err := xmltree.Parse(msg, xmltree.Limits{})
		if err != nil {
			return
		}
		if _, err := soap.Read(d, Understood); err != nil {
			return
		}
		a, err := receive(t, msg, l, open, now, 0)
		b, again := receive(t, msg, l, open, now, 0)
		if ClassOf(err) != ClassOf(again) {
			t.Fatalf("two verdicts: %v and %v", err, again)
		}
		if err != nil {
			return
		}
		first, second := seen(a), seen(b)
		for name, value := range first {
			if second[name] != value {
				t.Fatalf("two readings of %s", name)
			}
		}
		good.holds(t, a, msg)
	})
}

// FuzzChange: protect a message, change anything in it, and it is refused, or
// its reader believes what he believed before.
func FuzzChange(f *testing.F) {
	of, msgs, _ := some(f)
	want := make([]map[string]string, len(msgs))
	for i, msg := range msgs {
		ev, err := receive(f, msg, of[i].trust, of[i].policy(), now, 0)
		if err != nil {
			f.Fatal(err)
		}
		want[i] = seen(ev)
	}
	f.Add(uint(0), uint(2000), []byte("x"))
	f.Add(uint(3), uint(900), []byte("<!-- -->"))
	f.Fuzz(func(t *testing.T, which, at uint, with []byte) {
		i := which % uint(len(msgs))
		msg := msgs[i]
		at %= uint(len(msg))
		end := min(at+uint(len(with)), uint(len(msg)))
		for _, changed := range [][]byte{
			bytes.Join([][]byte{msg[:at], with, msg[end:]}, nil),
			bytes.Join([][]byte{msg[:at], with, msg[at:]}, nil),
			bytes.Join([][]byte{msg[:at], msg[end:]}, nil),
		} {
			ev, err := receive(t, changed, of[i].trust, of[i].policy(), now, 0)
			if err != nil {
				continue
			}
			for name, value := range seen(ev) {
				if w, ok := want[i][name]; !ok || w != value {
					t.Fatalf("%s: %s is now %q, was %q\n%s", of[i].name, name, value, w, changed)
				}
			}
		}
	})
}

// FuzzUsername: a token that is read has a name and one proof of the right kind,
// matches the password that it was made with and no other, and can be written.
func FuzzUsername(f *testing.F) {
	for _, u := range []Username{
		{Name: "alice", Password: func() []byte { return []byte("right") }},
		{Name: "<&> é", Password: func() []byte { return []byte("right") }, Digest: true},
	} {
		var b xmltree.Builder
		if err := writeUsername(&b, u, "id", now); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), "right")
	}
	f.Fuzz(func(t *testing.T, src []byte, password string) {
		d, err := xmltree.Parse(src, xmltree.Limits{})
		if err != nil {
			return
		}
		p, err := readUsername(d.Root())
		if err != nil {
			if ClassOf(err) == 0 {
				t.Fatalf("no class: %v", err)
			}
			return
		}
		text, sent := p.Text()
		if p.Name() == "" || sent == (p.proof().digest != nil) {
			t.Fatalf("name %q, text %v", p.Name(), sent)
		}
		if sent && (!p.Matches(text) || p.Matches(append(bytes.Clone(text), 'x'))) {
			t.Fatal("it does not match its own password, or another too")
		}
		if !sent && p.Matches([]byte(password)) != bytes.Equal(digest(p.proof().nonce, p.proof().created, []byte(password)), p.proof().digest) {
			t.Fatal("the digest is not that of nonce, time and password")
		}
		if !xmltree.ValidText(password) {
			return
		}
		for _, digested := range []bool{false, true} {
			var b xmltree.Builder
			if err := writeUsername(&b, Username{Name: p.Name(), Password: func() []byte { return []byte(password) }, Digest: digested}, "", now); err != nil {
				t.Fatal(err)
			}
			d, err := xmltree.Parse(b.Bytes(), xmltree.Limits{})
			if err != nil {
				t.Fatalf("%v\n%s", err, b.Bytes())
			}
			again, err := readUsername(d.Root())
			if len(password) > maxPassword && !digested {
				if ClassOf(err) != ClassLimit {
					t.Fatalf("a password of %d octets: %v", len(password), err)
				}
				continue
			}
			if err != nil || again.Name() != p.Name() || !again.Matches([]byte(password)) || again.Matches([]byte(password+"x")) {
				t.Fatalf("%v\n%s", err, b.Bytes())
			}
		}
	})
}

// FuzzReference: a SecurityTokenReference means one key or is refused, and the
// same each time; a token that it means stands in the header.
func FuzzReference(f *testing.F) {
	const head = `<wsse:Security xmlns:wsse="` + xmltree.WSSE + `" xmlns:wsu="` + xmltree.WSU + `" xmlns:ds="` + xmltree.DS + `" xmlns:xenc="` + xmltree.XENC + `">`
	_, msgs, _ := some(f)
	for _, ref := range []Reference{RefSKI, RefThumbprint, RefX509v3, RefIssuerSerial, RefEmbedded, RefKeyName} {
		msgs = append(msgs, protect(f, Options{Tokens: []Token{x509Token(client(), ref, PartTimestamp)}}))
	}
	for _, msg := range msgs {
		f.Add(security(f, msg).Standalone())
	}
	direct := security(f, protect(f, Options{Tokens: []Token{x509Token(client(), RefDirect, PartTimestamp)}})).Standalone()
	f.Add(elsewhere.ReplaceAll(direct, []byte("<x>$0</x>")))
	f.Add(bytes.Replace(direct, []byte("<wsse:Reference "), []byte(`<wsse:Reference URI="#y"/><wsse:Reference `), 1))
	for _, doc := range corpora.Documents(f, 4<<10, "token") {
		f.Add([]byte(head + string(bytes.TrimSpace(doc)) + `</wsse:Security>`))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := xmltree.Parse(src, xmltree.Limits{})
		if err != nil {
			return
		}
		p := &Pending{sec: d.Root(), states: []state{{sec: d.Root()}}}
		var walk func(e xmltree.Elem)
		walk = func(e xmltree.Elem) {
			if e.Is(xmltree.WSSE, "SecurityTokenReference") {
				oneKey(t, p, e)
			}
			for c := range e.Children {
				walk(c)
			}
		}
		walk(d.Root())
	})
}

var elsewhere = regexp.MustCompile(`<wsse:BinarySecurityToken.*</wsse:BinarySecurityToken>`)

// security is the Security header of a message.
func security(t testing.TB, msg []byte) xmltree.Elem {
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Root().First(d.Root().Space(), "Header").First(xmltree.WSSE, "Security")
}

func oneKey(t *testing.T, p *Pending, str xmltree.Elem) {
	s, err := p.resolve(str)
	again, err2 := p.resolve(str)
	if err != nil {
		if ClassOf(err) == 0 || err2 == nil || err.Error() != err2.Error() {
			t.Fatalf("%v, then %v", err, err2)
		}
		return
	}
	if err2 != nil || s.ref != again.ref || s.assertion != again.assertion || s.id != again.id || !s.token.Same(again.token) {
		t.Fatalf("%+v, then %+v, %v", s, again, err2)
	}
	ways := 0
	for _, way := range []bool{s.ref.Kind != 0, s.assertion, s.derived != nil} {
		if way {
			ways++
		}
	}
	if said := len(slices.Collect(str.Children)); ways != 1 || said != 1 {
		t.Fatalf("%d keys of %d references: %+v", ways, said, s)
	}
	if s.token.OK() && !xmltree.Parent(s.token).Same(p.sec) {
		t.Fatalf("the token is at %s", s.token.Path())
	}
	if s.ref.Kind == KeyNamed || s.ref.Kind == KeyCertificate {
		if c, err := s.ref.Select([]*x509.Certificate{client().cert, mallory().cert}); err == nil && !c.Equal(client().cert) && !c.Equal(mallory().cert) {
			t.Fatal("a certificate that nobody trusts")
		}
	}
	if s.derived != nil {
		derivesWithin(t, s.derived)
	}
}

// derivesWithin: what is computed is bounded, and is the part of the stream
// that the numbers name.
func derivesWithin(t *testing.T, d *derivation) {
	if d.length < minDerivedLength || d.length > maxDerivedLength || d.offset < 0 || d.offset > maxOffset || len(d.label) > maxLabel ||
		len(d.nonce) < minDerivedNonce || len(d.nonce) > maxDerivedNonce {
		t.Fatalf("out of bounds: %+v", d)
	}
	root := secret(t)
	key, err := d.key(root)
	if err != nil {
		t.Fatal(err)
	}
	stream := alg.PSHA1(root.Secret(), append([]byte(d.label), d.nonce...), maxOffset+maxDerivedLength)
	if !bytes.Equal(key.Secret(), stream[d.offset:d.offset+d.length]) {
		t.Fatalf("another key: %+v", d)
	}
}

// FuzzDerived does the same for any DerivedKeyToken.
func FuzzDerived(f *testing.F) {
	for _, v := range []Derivation{Derived13, Derived2005} {
		msg := protect(f, Options{Protection: &Protection{Sign: BodyTimestamp, Derived: v}, Tokens: []Token{contextIssued(f)}})
		for c := range security(f, msg).Children {
			if isDerived(c) {
				for _, from := range []string{"<wsc:Offset>0</wsc:Offset>", "<wsc:Offset>16</wsc:Offset>", "<wsc:Generation>1</wsc:Generation>"} {
					f.Add(bytes.Replace(c.Standalone(), []byte("<wsc:Offset>0</wsc:Offset>"), []byte(from), 1))
				}
			}
		}
	}
	for _, doc := range corpora.Documents(f, 4<<10, "token") {
		f.Add(bytes.TrimSpace(doc))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := xmltree.Parse(src, xmltree.Limits{})
		if err != nil || !isDerived(d.Root()) {
			return
		}
		p := &Pending{sec: d.Root()}
		got, err := p.readDerived(d.Root())
		if err == nil {
			derivesWithin(t, got)
			text, err := d.Root().First(d.Root().Space(), "Generation").Token()
			if n, err2 := strconv.Atoi(text); err == nil && err2 == nil && n*got.length != got.offset {
				t.Fatalf("generation %s of %d octets is at %d", text, got.length, got.offset)
			}
		} else if ClassOf(err) == 0 {
			t.Fatalf("no class: %v", err)
		}
	})
}
