package xmlsec

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/interop/awkward"
	"wstrust/interop/rig"
)

// The messages of each direction for each kind of key, and how many of them one
// process reads.
const (
	messages = 1200
	each     = 100
)

// A sender is a key and what xmlsec1 must be told of it.
type sender struct {
	name         string
	token        wsse.Token
	key          alg.Key  // to verify with
	sign, verify []string // xmlsec1's options
	methods      []string
}

func senders(t *testing.T) []sender {
	t.Helper()
	dir := t.TempDir()
	ca := rig.NewAuthority(t, "interop CA")
	var all []sender
	for name, id := range map[string]rig.Identity{
		"RSA": ca.RSA(t, "signer"), "P-256": ca.For(t, "signer", onCurve(t, elliptic.P256())), "P-521": ca.For(t, "signer", onCurve(t, elliptic.P521())),
	} {
		key, err := alg.PrivateKey(id.Key)
		if err != nil {
			t.Fatal(err)
		}
		public, err := alg.CertificateKey(id.Cert)
		if err != nil {
			t.Fatal(err)
		}
		certFile, keyFile := id.WritePEM(t, dir, name)
		all = append(all, sender{
			name: name, token: wsse.X509{Certificates: []*x509.Certificate{id.Cert}, Key: key}, key: public,
			sign: []string{"--privkey-pem", keyFile}, verify: []string{"--pubkey-cert-pem", certFile},
			methods: map[string][]string{
				"RSA": {alg.RSASHA256, alg.RSASHA384, alg.RSASHA512}, "P-256": {alg.ECDSASHA256, alg.ECDSASHA384, alg.ECDSASHA512}, "P-521": {alg.ECDSASHA512, alg.ECDSASHA256},
			}[name],
		})
	}
	key, file := secret(t, dir)
	return append(all, sender{
		name: "security context",
		token: wsse.Issued{
			XML: []byte(`<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `" xmlns:u="` + xmltree.WSU + `" u:Id="_sct"><c:Identifier>urn:ctx</c:Identifier></c:SecurityContextToken>`), Key: key,
		},
		key: key, sign: []string{"--hmackey", file}, verify: []string{"--hmackey", file}, methods: []string{alg.HMACSHA256, alg.HMACSHA384, alg.HMACSHA512},
	})
}

// message writes message n of a sender: other parts signed, other headers, another
// body each time.
func (s sender) message(t *testing.T, n int, now time.Time) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(n), 3))
	g := awkward.New(uint64(n), 4)
	out := soap.Outgoing{
		Version: []soap.Version{soap.V12, soap.V11}[r.IntN(2)], Addressing: []soap.Addressing{soap.A10, soap.A04}[r.IntN(2)],
		Action: "urn:call?a=1&b=<2>", To: "https://service.test/é",
		Headers: [][]byte{[]byte(`<h:Tenant xmlns:h="urn:h" xml:lang="de">` + string(g.Element()) + `</h:Tenant>`)},
		Body:    []byte(`<b:Call xmlns:b="urn:call">` + string(g.Element()) + `</b:Call>`),
	}
	p := &wsse.Protection{Sign: wsse.PartTimestamp | wsse.Parts(r.IntN(1<<9))&(wsse.PartBody|wsse.PartAddressing), AllHeaders: r.IntN(2) == 0}
	msg, _, err := wsse.Protect(out, wsse.Options{Tokens: []wsse.Token{s.token}, Protection: p}, now)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// identified are the elements that carry a wsu:Id, for xmlsec1.
func identified() (options []string) {
	for _, name := range []string{xmltree.WSU + ":Timestamp", "urn:h:Tenant"} {
		options = append(options, "--id-attr:Id", name)
	}
	for _, space := range []string{xmltree.SOAP11, xmltree.SOAP12} {
		options = append(options, "--id-attr:Id", space+":Body")
	}
	for _, a := range []soap.Addressing{soap.A10, soap.A04} {
		for _, local := range []string{"To", "Action", "MessageID", "ReplyTo"} {
			options = append(options, "--id-attr:Id", a.Namespace()+":"+local)
		}
	}
	return options
}

// TestMessages has xmlsec1 verify messages of ours. The last of each batch is changed
// afterwards, and must be refused: xmlsec1 stops at the first that it refuses.
func TestMessages(t *testing.T) {
	xmlsec1 := rig.Program(t, "xmlsec1")
	now, total := time.Now(), 0
	for _, s := range senders(t) {
		dir := t.TempDir()
		for first := 0; first < messages; first += each {
			args := append(append([]string{"--verify"}, s.verify...), identified()...)
			for i := range each {
				msg := s.message(t, first+i, now)
				if i == each-1 {
					msg = later(t, msg)
				}
				args = append(args, write(t, dir, fmt.Sprint(first+i), msg))
			}
			out, err := exec.Command(xmlsec1, args...).CombinedOutput()
			if n := verdicts(string(out), "OK"); n != each-1 || verdicts(string(out), "FAIL") != 1 || err == nil {
				doc, _ := os.ReadFile(args[len(args)-each+n])
				t.Fatalf("%s: xmlsec1 accepts %d of the %d messages before the changed one (%v): %.600s\n%.6000s", s.name, n, each-1, err, out[max(0, len(out)-600):], doc)
			}
			total += each
		}
	}
	t.Logf("counted: %d messages of ours, %d accepted by xmlsec1 and %d refused for a change", total, total-total/each, total/each)
}

// later moves the end of the Timestamp, which is always signed, by a thousandth of a
// second or a few.
func later(t *testing.T, msg []byte) []byte {
	t.Helper()
	changed := bytes.Clone(msg)
	at := bytes.Index(msg, []byte("Expires>2"))
	end := at + bytes.IndexByte(msg[max(0, at):], 'Z') - 1
	if at < 0 || end < at {
		t.Fatalf("no time in %s", msg)
	}
	changed[end] = '0' + (msg[end]-'0'+1)%10
	return changed
}

func write(t *testing.T, dir, name string, octets []byte) string {
	t.Helper()
	file := filepath.Join(dir, name+".xml")
	if err := os.WriteFile(file, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

var (
	digestValue = regexp.MustCompile(`(<ds:DigestValue>)[^<]*`)
	signedValue = regexp.MustCompile(`(<ds:SignatureValue>)[^<]*`)
	digestName  = regexp.MustCompile(`(<ds:DigestMethod Algorithm=")[^"]*`)
	methodName  = regexp.MustCompile(`(<ds:SignatureMethod Algorithm=")[^"]*`)
	canonName   = regexp.MustCompile(`(<ds:CanonicalizationMethod Algorithm=")[^"]*("/>|">.*?</ds:CanonicalizationMethod>)`)
	transform   = regexp.MustCompile(`<ds:Transform Algorithm="[^"]*"(/>|>.*?</ds:Transform>)`)
)

var canonical = []string{
	"http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
	"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
	"http://www.w3.org/2006/12/xml-c14n11", "http://www.w3.org/2006/12/xml-c14n11#WithComments",
}

// template takes the values out of a message's signature and names other algorithms.
func (s sender) template(msg []byte, r *rand.Rand) []byte {
	one := func(from []string) string { return from[r.IntN(len(from))] }
	msg = digestValue.ReplaceAll(msg, []byte("$1"))
	msg = signedValue.ReplaceAll(msg, []byte("$1"))
	msg = methodName.ReplaceAll(msg, []byte("${1}"+one(s.methods)))
	msg = digestName.ReplaceAll(msg, []byte("${1}"+one([]string{alg.DigestSHA256, alg.DigestSHA384, alg.DigestSHA512})))
	msg = canonName.ReplaceAll(msg, []byte("${1}"+one(canonical)+`"/>`))
	return transform.ReplaceAllFunc(msg, func([]byte) []byte { return []byte(transformTo(r)) })
}

// transformTo is a transform by one of the canonical forms, the exclusive ones with a
// list of prefixes now and then.
func transformTo(r *rand.Rand) string {
	method := canonical[r.IntN(len(canonical))]
	if !strings.Contains(method, "exc-c14n") || r.IntN(2) == 0 {
		return `<ds:Transform Algorithm="` + method + `"/>`
	}
	list := []string{"a", "#default", "b c", "nobody #default xml ns0", "xsi a-b Z _x é"}[r.IntN(5)]
	return `<ds:Transform Algorithm="` + method + `"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="` + list + `"/></ds:Transform>`
}

// signAll has one process sign templates, each of which comes back after the other,
// with a declaration before it.
func signAll(t *testing.T, xmlsec1 string, options, files []string) [][]byte {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.Command(xmlsec1, append(append([]string{"--sign"}, options...), files...)...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	signed := bytes.Split(out, []byte("<?xml version=\"1.0\""))[1:]
	if err != nil || len(signed) != len(files) {
		t.Fatalf("xmlsec1 --sign: %d documents for %d (%v): %.800s", len(signed), len(files), err, said.String())
	}
	for i, doc := range signed {
		_, body, _ := bytes.Cut(doc, []byte("?>"))
		signed[i] = bytes.TrimSpace(body)
	}
	return signed
}

// TestTheirMessages has xmlsec1 sign messages by every method, and reads them here.
func TestTheirMessages(t *testing.T) {
	xmlsec1 := rig.Program(t, "xmlsec1")
	now, total := time.Now(), 0
	for _, s := range senders(t) {
		dir := t.TempDir()
		for first := 0; first < messages; first += each {
			var files []string
			for i := range each {
				r := rand.New(rand.NewPCG(uint64(first+i), 5))
				files = append(files, write(t, dir, fmt.Sprint(i), s.template(s.message(t, messages+first+i, now), r)))
			}
			for _, msg := range signAll(t, xmlsec1, append(identified(), s.sign...), files) {
				if err := s.read(msg, now); err != nil {
					t.Fatalf("%s: %v\n%s", s.name, err, msg)
				}
				if wsse.ClassOf(s.read(later(t, msg), now)) != wsse.ClassSignature {
					t.Fatalf("%s: a change is not noticed in\n%s", s.name, msg)
				}
				total++
			}
		}
	}
	t.Logf("counted: %d messages signed by xmlsec1 and verified here, each refused for a change", total)
}

// read verifies a message with the sender's key.
func (s sender) read(msg []byte, now time.Time) error {
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		return err
	}
	env, err := soap.Read(d, wsse.Understood)
	if err != nil {
		return err
	}
	p, err := wsse.Read(env, "")
	if err != nil {
		return err
	}
	cred := wsse.Credentials{Keys: map[wsse.KeyRef]alg.Key{}}
	for _, ref := range p.Needs() {
		cred.Keys[ref] = s.key
	}
	ev, err := p.Verify(cred, wsse.Policy{TLS: true, RequireTimestamp: true}, now)
	if err == nil && (len(ev.Signers) != 1 || !ev.Timestamp.Signed()) {
		err = fmt.Errorf("%d signers, and the timestamp is signed: %t", len(ev.Signers), ev.Timestamp.Signed())
	}
	return err
}
