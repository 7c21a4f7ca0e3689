package wss4j

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/interop/rig"
)

const (
	serviceURL = "https://orders.example.com/soap"
	issuerName = "urn:wstrust:interop:issuer"
	secretWord = "xyzzy-body"
	contextID  = "urn:wstrust:interop:context" // also the name of a shared key
)

// A kind is one way to protect a message, made by each side and taken apart by the other.
type kind struct {
	group, name string

	out   soap.Outgoing // what is protected, if not the usual
	ours  *wsse.Options // how we make it; nil: answer makes it, or nobody
	their request       // how WSS4J makes it; nil: answer makes it, or nobody

	// What both must find.
	sign, encrypt wsse.Parts
	header        bool // urn:h Tenant is signed, and encrypted if anything in the message's header is
	has           []string

	suite  alg.Suite
	tls    bool   // as if it had come over TLS
	ignore string // rules of the Basic Security Profile that WSS4J must not apply
	rsa15  bool
	user   bool   // WSS4J must take a user without password, since a key is derived from it
	secret []byte // of contextID

	// Kinds that answer a message have these in place of ours and their.
	answerOurs  func(t *testing.T, s *stage, k *kind) (msg []byte, q request)
	answerTheir func(t *testing.T, s *stage, k *kind) (msg []byte, pol wsse.Policy)

	// Why one side does not do it. Such a kind does not count in that direction.
	notOurs, notTheir string

	seen func(t *testing.T, ev *wsse.Evidence) // more about what we found
	find func(t *testing.T, f finding)         // more about what WSS4J found
}

func (k *kind) String() string { return k.group + ": " + k.name }

// message is what every kind protects.
func message() soap.Outgoing {
	return soap.Outgoing{
		Action: "urn:orders/Get", To: serviceURL,
		Headers: [][]byte{[]byte(`<h:Tenant xmlns:h="urn:h">xyzzy-tenant</h:Tenant>`)},
		Body:    []byte(`<o:Get xmlns:o="urn:orders"><o:ID>` + secretWord + `</o:ID></o:Get>`),
	}
}

func (k *kind) outgoing() soap.Outgoing {
	out := message()
	out.Version, out.Addressing = k.out.Version, k.out.Addressing
	out.RelatesTo, out.MessageID = k.out.RelatesTo, k.out.MessageID
	return out
}

// policy is what we ask of the kind.
func (k *kind) policy() wsse.Policy {
	pol := wsse.Policy{
		Suite: k.suite, TLS: k.tls,
		Required:         k.sign &^ (wsse.PartToken | wsse.PartSignature),
		Encrypted:        k.encrypt,
		RequireTimestamp: true,
	}
	if k.header {
		pol.SignedHeaders = []soap.Name{{Space: "urn:h", Local: "Tenant"}}
		if k.encrypt&wsse.PartAddressing != 0 {
			pol.EncryptedHeaders = pol.SignedHeaders
		}
	}
	return pol
}

// receive takes a message apart as a service of ours does.
func (s *stage) receive(msg []byte, pol wsse.Policy, secret []byte) (*wsse.Evidence, error) {
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	env, err := soap.Read(d, wsse.Understood)
	if err != nil {
		return nil, err
	}
	p, err := wsse.Read(env, "")
	if err != nil {
		return nil, err
	}
	if err := p.Open(s.credentials(p, secret), pol); err != nil {
		return nil, err
	}
	return p.Verify(s.credentials(p, secret), pol, time.Now())
}

func (s *stage) credentials(p *wsse.Pending, secret []byte) wsse.Credentials {
	c := wsse.Credentials{
		Keys:    map[wsse.KeyRef]alg.Key{},
		Issuers: map[string][]*x509.Certificate{issuerName: {s.ids["issuer"].Cert}},
		Password: func(p wsse.Password) bool {
			return p.Matches([]byte(rig.Password)) && p.Name() == rig.User
		},
	}
	for _, name := range []string{"service", "client"} {
		c.Recipients = append(c.Recipients, wsse.Recipient{Key: s.ids[name].key, Certificate: s.ids[name].Cert})
	}
	var trusted []*x509.Certificate
	for _, id := range s.ids {
		trusted = append(trusted, id.Cert)
	}
	c.Vouchers = []alg.Key{public(s.ids["client"].Cert)}
	for _, r := range p.Needs() {
		switch r.Kind {
		case wsse.KeyCertificate, wsse.KeyNamed:
			if cert, err := r.Select(trusted); err == nil {
				c.Keys[r] = public(cert)
			} else if name, ok := r.SharedName(); ok && name == contextID {
				if key, err := alg.SecretKey(secret); err == nil {
					c.Keys[r] = key
				}
			}
		case wsse.KeyContext:
			if key, err := alg.SecretKey(secret); err == nil && r.ID == contextID {
				c.Keys[r] = key
			}
		}
	}
	return c
}

func randomSecret() []byte {
	secret := make([]byte, 32)
	rand.Read(secret)
	return secret
}

func public(c *x509.Certificate) alg.Key {
	key, err := alg.CertificateKey(c)
	if err != nil {
		panic(err)
	}
	return key
}

// envelope is the message as WSS4J gets it to protect.
func (k *kind) envelope(t *testing.T) []byte {
	t.Helper()
	msg, err := soap.Write(k.outgoing().Prepared(), soap.Marks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// make has WSS4J make the message.
func (s *stage) make(t *testing.T, k *kind, q request) []byte {
	t.Helper()
	q = q.with("addressing", k.outgoing().Addressing.Namespace(), "issuer", issuerName, "audience", serviceURL, "user", rig.User)
	if k.secret != nil && q["secret_id"] == "" {
		q = q.with("secret", base64.StdEncoding.EncodeToString(k.secret), "secret_id", contextID)
	}
	f := s.ask(t, "make", k.envelope(t), q)
	if f.Error != "" {
		t.Fatalf("WSS4J does not make it: %s", f.Error)
	}
	msg, err := base64.StdEncoding.DecodeString(f.Message)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// check has WSS4J take a message apart.
func (s *stage) check(t *testing.T, k *kind, msg []byte, q request) finding {
	t.Helper()
	q = q.with("audience", serviceURL)
	if k.ignore != "" {
		q = q.with("ignore", k.ignore)
	}
	if k.rsa15 {
		q = q.with("rsa15", "true")
	}
	if k.user {
		q = q.with("derived.user", "true")
	}
	if k.secret != nil && q["secret_id"] == "" {
		q = q.with("secret", base64.StdEncoding.EncodeToString(k.secret), "secret_id", contextID)
	}
	return s.ask(t, "check", msg, q)
}

// names are the elements that WSS4J names for parts.
func (k *kind) names(p wsse.Parts, msg []byte) (out []string) {
	add := func(bit wsse.Parts, name string) {
		if p&bit != 0 {
			out = append(out, name)
		}
	}
	add(wsse.PartBody, "Body")
	add(wsse.PartTimestamp, "Timestamp")
	add(wsse.PartTo, "To")
	add(wsse.PartAction, "Action")
	add(wsse.PartMessageID, "MessageID")
	if bytes.Contains(msg, []byte("ReplyTo")) {
		add(wsse.PartReplyTo, "ReplyTo")
	}
	if bytes.Contains(msg, []byte("RelatesTo")) {
		add(wsse.PartRelatesTo, "RelatesTo")
	}
	if k.header && (p == k.sign || p&wsse.PartAddressing != 0) {
		out = append(out, "Tenant")
	}
	return out
}

// holds fails unless the message is of the kind that it is to be.
func (k *kind) holds(t *testing.T, msg []byte) {
	t.Helper()
	for _, want := range k.has {
		if !bytes.Contains(msg, []byte(want)) {
			t.Errorf("the message has no %q\n%s", want, msg)
		}
	}
	hidden := map[wsse.Parts]string{wsse.PartBody: secretWord, wsse.PartSignature: "SignatureValue>", wsse.PartToken: rig.Password}
	if bytes.Contains(msg, []byte("Assertion>")) {
		delete(hidden, wsse.PartSignature) // it has its issuer's
	}
	for bit, word := range hidden {
		if k.encrypt&bit != 0 && bytes.Contains(msg, []byte(word)) {
			t.Errorf("%s is in the clear\n%s", word, msg)
		}
	}
}

var opening = regexp.MustCompile(`<[A-Za-z0-9:]*SignatureValue>`)

// altered returns the message with one octet changed, in each place where that must not go
// unnoticed.
func (k *kind) altered(t *testing.T, msg []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	body := bytes.LastIndex(msg, []byte("Body>"))
	body = bytes.LastIndex(msg[:body], []byte("Body"))
	change := func(name string, from int, after string, skip int) {
		at := bytes.Index(msg[from:], []byte(after))
		if at < 0 {
			return
		}
		at += from + len(after) + skip
		if msg[at] == '=' || msg[at] == '<' {
			t.Fatalf("%s: not a place to change", name)
		}
		m := bytes.Clone(msg)
		switch c := m[at]; {
		case c == '9' || c == 'z' || c == 'Z':
			m[at]--
		case c >= '0' && c < '9' || c >= 'a' && c < 'z' || c >= 'A' && c < 'Z':
			m[at]++
		default:
			m[at] = 'A'
		}
		out[name] = m
	}
	if k.encrypt&wsse.PartBody != 0 {
		change("ciphertext of the body", body, "CipherValue>", 30)
	} else if k.sign&wsse.PartBody != 0 {
		change("body", body, secretWord, -3)
	}
	if k.sign&wsse.PartTimestamp != 0 && k.encrypt&wsse.PartTimestamp == 0 {
		change("timestamp", 0, "Created>", 20)
	}
	if k.sign != 0 && k.encrypt&wsse.PartSignature == 0 {
		for i, at := range opening.FindAllIndex(msg, -1) {
			change(fmt.Sprint("signature value ", i), at[0], "SignatureValue>", 9)
		}
	}
	if bytes.Contains(msg, []byte("Assertion")) {
		change("subject of the assertion", 0, ">alice", -3)
	}
	if i := bytes.Index(msg, []byte("Password ")); i >= 0 {
		change("password", i, ">", 3)
	}
	if i := bytes.Index(msg, []byte("Salt")); i >= 0 {
		change("salt", i, ">", 7)
	}
	if len(out) == 0 {
		t.Fatal("no octet to change")
	}
	return out
}

// wants compares what WSS4J found with what is in the message.
func (k *kind) wants(t *testing.T, f finding, msg []byte) {
	t.Helper()
	signed, encrypted := strings.Fields(f.Signed), strings.Fields(f.Encrypted)
	for _, name := range k.names(k.sign, msg) {
		if !slices.Contains(signed, name) {
			t.Errorf("WSS4J does not find %s signed: %v", name, signed)
		}
	}
	for _, name := range k.names(k.encrypt, msg) {
		if name == "Body" {
			if !slices.Contains(encrypted, "Body/content") && !slices.Contains(encrypted, "Get") {
				t.Errorf("WSS4J does not find the body encrypted: %v", encrypted)
			}
		} else if !slices.Contains(encrypted, name) {
			t.Errorf("WSS4J does not find %s encrypted: %v", name, encrypted)
		}
	}
	for bit, name := range map[wsse.Parts]string{wsse.PartSignature: "Signature"} {
		if k.encrypt&bit != 0 && !slices.Contains(encrypted, name) {
			t.Errorf("WSS4J does not find %s encrypted: %v", name, encrypted)
		}
	}
	if f.Timestamp != bytes.Contains(msg, []byte("Timestamp")) && k.encrypt&wsse.PartTimestamp == 0 {
		t.Errorf("timestamp: %v", f.Timestamp)
	}
}

func describe(f finding) string {
	return fmt.Sprintf("signed %q by %q, encrypted %q", f.Signed, f.Signers, f.Encrypted)
}
