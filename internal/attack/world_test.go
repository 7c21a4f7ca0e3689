package attack

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Names in the messages. What is forged has "evil" in it, and nothing else has.
const (
	serviceURL = "https://orders.example.com/"
	issuerURL  = "https://sts.example.com/trust/13"
	issuerName = "urn:sts.example.com"
	goodScope  = "https://good.example.com/"
	evilScope  = "https://evil.example.com/"
	evilURL    = "https://orders.example.com/evil"
	evilAction = "urn:evil/RST/Issue"
	goodUser   = "alice"
	evilUser   = "evil"
	password   = "test password"
)

// An identity is a test key, made anew for every run. It guards nothing.
type identity struct {
	signer crypto.Signer
	key    alg.Key // private
	cert   *x509.Certificate
	tls    tls.Certificate
}

func (i identity) public() alg.Key { return must(alg.CertificateKey(i.cert)) }

// A world is who there is: all keys, shared by the cases.
type world struct {
	ca       identity
	client   identity // a certificate that the service trusts
	holder   identity // the key that holder-of-key assertions confirm
	issuer   identity // signs assertions
	service  identity // RSA: decrypts, and signs answers
	stranger identity // of an authority that nobody trusts
	old      identity // RSA, like the service, for cases that need a second one
	secret   alg.Key
	pool     *x509.CertPool
}

// theWorld makes the keys at the first use.
var theWorld = sync.OnceValue(func() *world { return newWorld(newEC) })

// newWorld makes a world whose signers have keys of one kind.
func newWorld(fresh func() crypto.Signer) *world {
	w := new(world)
	w.ca = newIdentity(fresh(), "test CA", 1, nil, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	w.client = newIdentity(fresh(), "test client", 2, &w.ca, nil)
	w.holder = newIdentity(fresh(), "test holder", 3, nil, nil)
	w.issuer = newIdentity(fresh(), "test issuer", 4, &w.ca, nil)
	w.service = newIdentity(newRSA(2048), "test service", 5, &w.ca, nil)
	w.stranger = newIdentity(fresh(), "evil stranger", 6, nil, nil)
	w.old = newIdentity(newRSA(2048), "test RSA client", 7, &w.ca, nil)
	w.secret = must(alg.SecretKey([]byte("test secret of thirty-two octets")))
	w.pool = x509.NewCertPool()
	w.pool.AddCert(w.ca.cert)
	return w
}

func newEC() crypto.Signer            { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }
func newRSA(bits int) *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, bits)) }

// newIdentity certifies a key, by an authority or by itself.
func newIdentity(s crypto.Signer, name string, serial int64, by *identity, change func(*x509.Certificate)) identity {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, SubjectKeyId: []byte(name),
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if change != nil {
		change(c)
	}
	parent, signer := c, s
	if by != nil {
		parent, signer = by.cert, by.signer
	}
	cert := must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, c, parent, s.Public(), signer))))
	id := identity{signer: s, cert: cert, tls: tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: s, Leaf: cert}}
	if k, err := alg.PrivateKey(s); err == nil { // some cases are about keys that we do not take
		id.key = k
	}
	return id
}

// must is for setting up: what it panics about is no refusal.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newReplay() *cache.Cache {
	return must(cache.New(cache.NewMemory(1<<20), must(cache.NewKey("test", bytes.Repeat([]byte{1}, cache.KeySize)))))
}

// A recipe is an honest message: the one that an attack is made from.
type recipe struct {
	soap   soap.Version
	signer string     // "x509", "rsa", "hok", "hok11", "hok-str", "bearer", "user", "digest", "stranger", "none"
	parts  wsse.Parts // that are signed
	scope  string     // AppliesTo in the body; goodScope if empty
	token  []byte     // assertion to present, if not the usual one
	answer string     // MessageID of the request that this answers; "" is a request
	body   []byte
	now    time.Time
	mod    func(*soap.Outgoing, *wsse.Options)
}

// everything is what the signatures of most cases are over.
const everything = wsse.PartTimestamp | wsse.PartBody | wsse.PartAddressing

// message writes the message of a recipe.
func (w *world) message(r recipe) []byte {
	if r.now.IsZero() {
		r.now = time.Now()
	}
	if r.scope == "" {
		r.scope = goodScope
	}
	out := soap.Outgoing{Version: r.soap, Action: wst.Trust13.RequestAction(wst.Issue), To: serviceURL, Body: r.body, RelatesTo: r.answer}
	if out.Body == nil {
		out.Body = requestBody(r.scope)
	}
	o := wsse.Options{}
	if r.answer != "" {
		out.To, out.Action = "", out.Action+"Response"
	}
	switch r.signer {
	case "x509":
		o.Tokens = []wsse.Token{w.x509(w.client, r.parts)}
	case "rsa":
		o.Tokens = []wsse.Token{w.x509(w.old, r.parts)}
	case "peer": // the service, in its answers
		o.Tokens = []wsse.Token{w.x509(w.service, r.parts)}
	case "stranger":
		o.Tokens = []wsse.Token{w.x509(w.stranger, r.parts)}
	case "hok", "hok11", "hok-str":
		v := saml.V20
		if r.signer == "hok11" {
			v = saml.V11
		}
		if r.token == nil {
			r.token = w.assertion(v, w.holderOf(), nil)
		}
		o.Tokens = []wsse.Token{wsse.Issued{XML: r.token, Key: w.holder.key, Parts: r.parts, STRTransform: r.signer == "hok-str"}}
	case "hok-sym":
		if r.token == nil {
			r.token = w.assertion(saml.V20, w.symmetric(w.secret, ""), nil)
		}
		o.Tokens = []wsse.Token{wsse.Issued{XML: r.token, Key: w.secret, Parts: r.parts}}
	case "bearer", "bearer11":
		v := saml.V20
		if r.signer == "bearer11" {
			v = saml.V11
		}
		if r.token == nil {
			r.token = w.assertion(v, saml.Confirmation{Kind: saml.Bearer}, nil)
		}
		o.Tokens = []wsse.Token{wsse.Issued{XML: r.token}}
	case "user", "digest":
		o.Tokens = []wsse.Token{wsse.Username{Name: goodUser, Password: func() []byte { return []byte(password) }, Digest: r.signer == "digest"}}
	case "none":
	default:
		panic("no signer " + r.signer)
	}
	if r.mod != nil {
		r.mod(&out, &o)
	}
	octets, _, err := wsse.Protect(out, o, r.now)
	return must(octets, err)
}

func (w *world) x509(i identity, parts wsse.Parts) wsse.X509 {
	return wsse.X509{Certificates: []*x509.Certificate{i.cert}, Key: i.key, Parts: parts}
}

func (w *world) holderOf() saml.Confirmation {
	return saml.Confirmation{Kind: saml.HolderOfKey, Public: w.holder.signer.Public()}
}

// symmetric confirms by a secret, encrypted for the service.
func (w *world) symmetric(secret alg.Key, s alg.Suite) saml.Confirmation {
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, secret, "", w.service.public(), nil, nil, s); err != nil {
		panic(err)
	}
	return saml.Confirmation{Kind: saml.HolderOfKey, EncryptedKey: b.Bytes()}
}

// reply is the honest answer of the service, signed.
func (w *world) reply(v soap.Version, messageID string) []byte {
	return w.message(recipe{soap: v, signer: "peer", parts: everything, answer: messageID, body: []byte(
		`<o:Answer xmlns:o="urn:orders"><o:Address>` + goodScope + `</o:Address></o:Answer>`)})
}

// assertion issues an assertion about goodUser for the service.
func (w *world) assertion(v saml.Version, c saml.Confirmation, mod func(*saml.Build)) []byte {
	now := time.Now()
	b := saml.Build{
		Version: v, Issuer: issuerName, IssueInstant: now,
		Subject:    saml.Subject{NameID: goodUser, Confirmations: []saml.Confirmation{c}},
		Conditions: saml.Conditions{NotBefore: now.Add(-time.Minute), NotOnOrAfter: now.Add(time.Hour), Audiences: [][]string{{serviceURL}}},
		Attributes: []saml.Attribute{{Name: "role", Namespace: "urn:attributes", Values: []string{"clerk"}}},
	}
	if mod != nil {
		mod(&b)
	}
	return must(b.XML(w.issuer.key, []*x509.Certificate{w.issuer.cert}, ""))
}

// requestBody asks for a bearer token: a body that both a service and an issuer
// can read.
func requestBody(scope string) []byte {
	r := wst.Request{TokenType: wst.TokenSAML20, KeyType: wst.Bearer, AppliesTo: scope}
	return must(r.Write(wst.Trust13))
}

// parse parses a file that is well formed; it panics about others.
func parse(src []byte) *xmltree.Doc { return must(xmltree.Parse(src, wide)) }

// wide are limits that no case of ours meets.
var wide = xmltree.Limits{Bytes: 1 << 28, Depth: 1 << 20, Elements: 1 << 20, Attributes: 1 << 16, Namespaces: 1 << 16, Name: 1 << 20}
