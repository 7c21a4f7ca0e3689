package wsse

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

var soapVersions = []soap.Version{soap.V12, soap.V11}

// headerBlock returns a header block of a message, zero if there is none.
func headerBlock(t testing.TB, msg []byte, space, local string) xmltree.Elem {
	t.Helper()
	root := parsed(t, string(msg))
	return root.First(root.Space(), "Header").First(space, local)
}

// The header says who it is for and that it must be understood, in the words of its
// version of SOAP, and is found by the one and by nobody else.
func TestWhoTheHeaderIsFor(t *testing.T) {
	for _, v := range soapVersions {
		role := map[soap.Version]string{soap.V12: "role", soap.V11: "actor"}[v]
		for _, actor := range []string{"", "urn:gateway"} {
			for _, optional := range []bool{false, true} {
				out := outgoing()
				out.Version = v
				msg, _, err := Protect(out, Options{Tokens: []Token{contextIssued(t)}, Actor: actor, OptionalHeader: optional}, now)
				if err != nil {
					t.Fatal(err)
				}
				sec := headerBlock(t, msg, xmltree.WSSE, "Security")
				var names []string
				for a := range sec.Attrs {
					names = append(names, a.Local)
				}
				to, _ := sec.Attr(v.Namespace(), role)
				must, _ := sec.Attr(v.Namespace(), "mustUnderstand")
				wanted := 0
				if actor != "" {
					wanted++
				}
				if !optional {
					wanted++
				}
				if to != actor || (must == "1") == optional || len(names) != wanted {
					t.Errorf("%v, %q, optional %v: for %q, must understand %q, attributes %v", v, actor, optional, to, must, names)
				}
				env, err := soap.Read(sec.Doc(), Understood)
				if err != nil {
					t.Fatal(err)
				}
				for _, reader := range []string{"", "urn:gateway", "urn:other"} {
					p, err := Read(env, reader)
					if err != nil {
						t.Fatal(err)
					}
					if found := len(p.Needs()) == 1; found != (reader == actor) {
						t.Errorf("for %q, read by %q: %v", actor, reader, found)
					}
				}
			}
		}
	}
}

// A Timestamp is valid for as long as is asked for, and has an id where it is signed
// alone.
func TestTimestampWritten(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, -1: 5 * time.Minute, time.Second: time.Second, time.Hour: time.Hour} {
		for _, parts := range []Parts{PartBody, BodyTimestamp} {
			msg := protect(t, Options{TTL: ttl, Tokens: []Token{x509Token(client(), RefSKI, parts)}})
			stamp := headerBlock(t, msg, xmltree.WSSE, "Security").First(xmltree.WSU, "Timestamp")
			from, to := stamp.First(xmltree.WSU, "Created"), stamp.First(xmltree.WSU, "Expires")
			if got, want := string(from.Raw())+string(to.Raw()), "<wsu:Created>"+xmltree.FormatTime(now)+"</wsu:Created><wsu:Expires>"+xmltree.FormatTime(now.Add(want))+"</wsu:Expires>"; got != want {
				t.Errorf("%v: %s, want %s", ttl, got, want)
			}
			if _, ok := stamp.Attr(xmltree.WSU, "Id"); ok != (parts&PartTimestamp != 0) {
				t.Errorf("signed %v, and an id: %v", parts, ok)
			}
		}
	}
}

// Of the header blocks those are encrypted that were named, and no others: neither one
// that is called like one of addressing, nor the Security header. Who each is for
// stays in the clear, in the words of SOAP's version, and a 1.0 header has nothing of
// version 1.1.
func TestEncryptedHeaderBlocks(t *testing.T) {
	for _, v := range soapVersions {
		for _, hv := range []Version{V11, V10} {
			for _, order := range orders {
				role := map[soap.Version]string{soap.V12: "role", soap.V11: "actor"}[v]
				out := outgoing()
				out.Version = v
				block := func(local, word string) []byte {
					return []byte(`<h:` + local + ` xmlns:h="urn:h" xmlns:e="` + v.Namespace() + `" e:` + role + `="urn:for-` + local + `" e:mustUnderstand="0">` + word + `</h:` + local + `>`)
				}
				out.Headers = [][]byte{block("Secret", secretWord), block("To", "clear-to"), block("Open", "clear-open")}
				p := &Protection{Sign: BodyTimestamp | PartTo, Encrypt: PartTo, Order: order, EncryptHeaders: []soap.Name{{Space: "urn:h", Local: "Secret"}, {Space: xmltree.WSSE, Local: "Security"}}}
				msg, _, err := Protect(out, Options{Version: hv, Tokens: []Token{sharedToken(t)}, Protection: p}, now)
				if err != nil {
					t.Fatal(err)
				}
				about := fmt.Sprintf("%v, %d, %d", v, hv, order)
				for word, clear := range map[string]bool{secretWord: false, serviceURL: false, "clear-to": true, "clear-open": true} {
					if bytes.Contains(msg, []byte(word)) != clear {
						t.Errorf("%s: %s, want in the clear %v", about, word, clear)
					}
				}
				if bytes.Contains(msg, []byte(xmltree.WSSE11)) != (hv == V11) {
					t.Errorf("%s: of version 1.1: %v\n%s", about, hv != V11, msg)
				}
				var closed, to []string
				root := parsed(t, string(msg))
				for h := range root.First(v.Namespace(), "Header").Children {
					if h.Is(xmltree.WSSE11, "EncryptedHeader") || h.Is(xmltree.XENC, "EncryptedData") {
						who, _ := h.Attr(v.Namespace(), role)
						must, _ := h.Attr(v.Namespace(), "mustUnderstand")
						closed, to = append(closed, h.Local()), append(to, who+" "+must)
					}
				}
				want := []string{" 1", "urn:for-Secret 0"}
				if hv == V10 {
					want = []string{" ", " "}
				}
				if !slices.Equal(to, want) {
					t.Errorf("%s: %v for %q, want %q", about, closed, to, want)
				}
				if hv == V11 { // the rest is for us
					out.Headers[0] = []byte(`<h:Secret xmlns:h="urn:h">` + secretWord + `</h:Secret>`)
					if msg, _, err = Protect(out, Options{Tokens: []Token{sharedToken(t)}, Protection: p}, now); err != nil {
						t.Fatal(err)
					}
				}
				ev, err := receive(t, msg, sharing(t), Policy{Encrypted: PartTo}, now, 0)
				if err != nil || ev.To.Encrypted() == nil {
					t.Errorf("%s: %v\n%s", about, err, msg)
				}
			}
		}
	}
}

// An answer may use by name the secret keys that the request was protected with, and
// nothing else: no private key, no key of a token that signs nothing, and not the key
// that was made for one direction.
func TestKeysThatAnAnswerMayUse(t *testing.T) {
	holder := Issued{XML: build(t, saml.V20, issuer(), holderOf(client())), Key: client().key}
	attached := contextIssued(t)
	attached.Attached = []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="#_sct" ValueType="` + typeSCT13 + `"/></o:SecurityTokenReference>`)
	private := attached
	private.Key = client().key
	nameless := Issued{XML: []byte(`<x:T xmlns:x="urn:x"/>`), Key: secret(t), Attached: attached.Attached}
	to := service().cert
	for name, c := range map[string]struct {
		tokens []Token
		p      *Protection
		kinds  []KeyKind
		made   bool
	}{
		"a holder's private key":            {[]Token{holder}, nil, nil, false},
		"a private key beside a reference":  {[]Token{private}, nil, nil, false},
		"a token that signs nothing":        {[]Token{bearerToken(t)}, nil, nil, false},
		"a context":                         {[]Token{attached}, nil, []KeyKind{KeyContext}, false},
		"a secret under a local reference":  {[]Token{nameless}, nil, nil, false},
		"a holder's secret":                 {[]Token{holderToken(t)}, nil, []KeyKind{KeyAssertion}, false},
		"a key for the recipient":           {[]Token{x509Token(client(), RefDirect, 0)}, &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: to, Order: EncryptThenSign}, nil, false},
		"a key for the recipient, at first": {[]Token{x509Token(client(), RefDirect, 0)}, &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: to}, nil, false},
		"a key for both":                    {nil, &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: to, Symmetric: true}, []KeyKind{KeyEncrypted}, true},
	} {
		ready := slices.Clone(c.tokens)
		for i, tok := range ready {
			if issued, ok := tok.(Issued); ok {
				prepared, err := issued.Prepare()
				if err != nil {
					t.Fatal(err)
				}
				ready[i] = prepared
			}
		}
		for _, tokens := range [][]Token{c.tokens, ready} {
			_, x, err := Protect(outgoing(), Options{Tokens: tokens, Protection: c.p}, now)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var kinds []KeyKind
			for ref, key := range x.known {
				kinds = append(kinds, ref.Kind)
				if !key.IsSecret() {
					t.Errorf("%s: a %v under %v", name, key, ref)
				}
			}
			if !slices.Equal(kinds, c.kinds) || (x.session != KeyRef{}) != c.made {
				t.Errorf("%s: %v, made for it: %v", name, kinds, x.session)
			}
		}
	}
}

// A token that is prepared is the same as one that is not, where something about it
// cannot be prepared too; one that is prepared again is the one that it became.
func TestPreparedTokensAreThemselves(t *testing.T) {
	token := contextIssued(t)
	token.Attached = []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="#_sct" ValueType="` + typeSCT13 + `"/></o:SecurityTokenReference>`)
	embedded, through := token, token
	embedded.Embedded, through.STRTransform = true, true
	o := Options{Protection: &Protection{Sign: BodyTimestamp | PartToken}}
	for name, tok := range map[string]Issued{"embedded": embedded, "signed through its reference": through} {
		ready, err := tok.Prepare()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, tok := range []Issued{tok, ready} {
			o.Tokens = []Token{tok}
			refused(t, name, outgoing(), o, ClassPolicy)
		}
	}
	ready, err := token.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	ready.Key = freshKey(t)
	ready.XML = bytes.Replace(ready.XML, []byte("urn:ctx"), []byte("urn:two"), 1)
	again, err := ready.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	o.Tokens = []Token{again}
	_, x, err := Protect(outgoing(), o, now)
	if err != nil || len(x.known) != 1 || !x.known[KeyRef{Kind: KeyContext, ID: "urn:two"}].Equal(ready.Key) {
		t.Errorf("%v, %v", x, err)
	}
}

// The limits are those of the documentation where none is given; those that are given
// are kept.
func TestLimitsWithDefaults(t *testing.T) {
	defaults := Limits{256 << 10, 64, 10_000, 128, 1024, 8 << 10, 64, 8, 8, 30, 32, 8, 8}
	if got := (Limits{}).WithDefaults(); got != defaults {
		t.Errorf("%+v", got)
	}
	if got := (Limits{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}).WithDefaults(); got != defaults {
		t.Errorf("%+v", got)
	}
	own := Limits{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}
	if got := own.WithDefaults(); got != own {
		t.Errorf("%+v", got)
	}
}

// Two header blocks are understood, and none that only looks like them.
func TestUnderstood(t *testing.T) {
	for name, want := range map[string]bool{
		xmltree.WSSE + " Security":          true,
		xmltree.WSSE11 + " EncryptedHeader": true,
		xmltree.WSSE + " EncryptedHeader":   false,
		xmltree.WSSE11 + " Security":        false,
		"urn:h Security":                    false,
		"urn:h EncryptedHeader":             false,
		xmltree.WSSE + " Other":             false,
		xmltree.WSSE11 + " Other":           false,
	} {
		space, local, _ := strings.Cut(name, " ")
		if Understood(space, local) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
