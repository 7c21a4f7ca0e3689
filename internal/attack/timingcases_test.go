//go:build timing

package attack

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/binary"
	"math/big"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// timedCases are the questions that a sender could want answered by a clock.
func timedCases(w *world) []timed {
	right, small := w.context(), w.smaller()
	return []timed{
		{
			name: "control, nothing", kinds: [2]string{"a tag", "such a tag"}, verify: w.opener(""),
			fill: w.gcm(func([]byte, int) {}),
		},
		{
			name: "control, a difference", kinds: [2]string{"a tag", "one more hash of 4 KiB"}, control: true,
			fill: w.gcm(func([]byte, int) {}), verify: slower(w.opener("")),
		},
		{
			name: "GCM", kinds: [2]string{"first octet of the tag wrong", "last octet"}, verify: w.opener(""),
			fill: w.gcm(func(text []byte, kind int) { flipEnd(text[len(text)-16:], kind) }),
		},
		{name: "HMAC", kinds: [2]string{"first octet wrong", "last octet"}, fill: w.macs(), verify: w.opener("")},
		{name: "key wrap", kinds: [2]string{"first octet of the check wrong", "last octet"}, fill: w.wraps(), verify: w.opener("")},
		{name: "password", kinds: [2]string{"first letter wrong", "last letter"}, fill: w.passwords(false), verify: w.opener("")},
		{name: "password digest", kinds: [2]string{"first octet wrong", "last octet"}, fill: w.passwords(true), verify: w.opener("")},
		{name: "user", kinds: [2]string{"unknown", "wrong password"}, fill: w.users(), verify: w.userVerifier()},
		{name: "CBC in a message", kinds: [2]string{"padding right", "wrong"}, fill: w.signedCBC(right), verify: w.opener("")},
		{name: "CBC in an EncryptedAssertion", kinds: [2]string{"padding right", "wrong"}, fill: w.assertionCBC(), verify: w.recalling().opener("")},
		{name: "RSA 1.5", kinds: [2]string{"padding right", "wrong"}, fill: small.keys(alg.RSA15, bleichenbacher), verify: small.opener(alg.Legacy)},
		{name: "RSA-OAEP", kinds: [2]string{"first octet 0", "not 0"}, fill: small.keys("", manger), verify: small.opener(alg.Legacy)},
		{name: "RSA-OAEP, the key", kinds: [2]string{"another key", "none"}, fill: w.oaepKeys(), verify: w.recalling().opener("")},
	}
}

// opener reads, opens and verifies a message, at one time. It is what
// service.Verifier does, without the answer, which is the same for all.
func (w *world) opener(s alg.Suite) func([]byte) error {
	now := time.Now()
	cred := wsse.Credentials{
		Keys:       map[wsse.KeyRef]alg.Key{{Kind: wsse.KeyContext, ID: contextID}: w.secret},
		Recipients: []wsse.Recipient{{Key: w.service.key, Certificate: w.service.cert}},
		Password:   func(p wsse.Password) bool { return p.Matches([]byte(password)) && p.Name() == goodUser },
	}
	pol := wsse.Policy{Suite: s, TLS: true, Anonymous: true}
	return func(octets []byte) error {
		d, err := xmltree.Parse(octets, xmltree.Limits{})
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
		_ = p.Needs()
		_, err = p.Verify(cred, pol, now)
		return err
	}
}

// slower has every other kind of message take a hash more. The kind is what the
// message says in its last octet of white space.
func slower(verify func([]byte) error) func([]byte) error {
	waste := make([]byte, 4<<10)
	return func(octets []byte) error {
		if octets[len(octets)-1] == '\t' {
			_ = sha256.Sum256(waste)
		}
		return verify(octets)
	}
}

func flipEnd(p []byte, kind int) { p[kind*(len(p)-1)] ^= 0x41 }

func (w *world) gcm(change func(text []byte, kind int)) func(int) []byte {
	text := sealGCM(w.secret.Secret(), []byte(`<o:Get xmlns:o="urn:orders"/>`))
	text[20] ^= 1 // wrong anyway
	m := newMould(w.message(recipe{signer: "none", body: w.encryptedBody(alg.AES256GCM, text, "")}), text)
	return func(kind int) []byte {
		t := bytes.Clone(text)
		change(t, kind)
		return m.with(t, kind)
	}
}

func (w *world) macs() func(int) []byte {
	msg := w.message(recipe{signer: "none", mod: func(_ *soap.Outgoing, o *wsse.Options) {
		tok := w.context()
		tok.Parts = everything
		o.Tokens = []wsse.Token{tok}
	}})
	f := open(msg)
	mac, err := f.one("SignatureValue").Base64()
	m := newMould(msg, must(mac, err))
	return func(kind int) []byte {
		v := bytes.Clone(mac)
		flipEnd(v, kind)
		return m.with(v, kind)
	}
}

// wraps are keys under the security context whose check value is wrong.
func (w *world) wraps() func(int) []byte {
	block, lots := must(aes.NewCipher(w.secret.Secret())), newLots()
	hole := lots.octets(40)
	ek := `<xenc:EncryptedKey xmlns:xenc="` + xmltree.XENC + `"><xenc:EncryptionMethod Algorithm="` + alg.WrapAES256 + `"/><ds:KeyInfo xmlns:ds="` + xmltree.DS + `">` + string(w.context().Attached) +
		`</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>` + b64(hole) + `</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>`
	text := sealGCM(make([]byte, 32), []byte(`<o:Get xmlns:o="urn:orders"/>`))
	m := newMould(w.message(recipe{signer: "none", body: w.encryptedBody(alg.AES256GCM, text, ek)}), hole)
	return func(kind int) []byte {
		check := bytes.Repeat([]byte{0xa6}, 8)
		flipEnd(check, kind)
		return m.with(wrap(block, check, lots.octets(32)), kind)
	}
}

// wrap is AES Key Wrap (RFC 3394) with a check value of our own.
func wrap(block cipher.Block, check, key []byte) []byte {
	out := append(bytes.Clone(check), key...)
	var b [16]byte
	n := len(key) / 8
	copy(b[:8], check)
	for t := 1; t <= 6*n; t++ {
		r := out[8*((t-1)%n+1):][:8]
		copy(b[8:], r)
		block.Encrypt(b[:], b[:])
		copy(r, b[8:])
		binary.BigEndian.PutUint64(b[:], binary.BigEndian.Uint64(b[:])^uint64(t))
	}
	copy(out, b[:8])
	return out
}

func (w *world) passwords(digest bool) func(int) []byte {
	signer := "user"
	if digest {
		signer = "digest"
	}
	msg := w.message(recipe{signer: signer})
	f := open(msg)
	at := f.one("Password")
	from, to := at.ContentRange()
	right := string(msg[from:to])
	return func(kind int) []byte {
		var text string
		if digest {
			d := must(open([]byte("<p>" + right + "</p>")).doc.Root().Base64())
			flipEnd(d, kind)
			text = b64(d)
		} else {
			p := []byte(right)
			flipEnd(p, kind)
			text = string(bytes.ToValidUTF8(p, []byte("?")))
		}
		return bytes.Join([][]byte{msg[:from], []byte(text), msg[to:]}, nil)
	}
}

// userbase is a service.Users as its documentation wants it: it takes the same
// path whoever asks. The first of its names is nobody's.
type userbase [][2]string

func (u userbase) Check(_ context.Context, name string, p service.Password) (bool, error) {
	found := 0
	for i := range u {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare([]byte(u[i][0]), []byte(name)), i, found)
	}
	return p.Matches(u[found][1]) && found > 0, nil
}

func (w *world) userVerifier() func([]byte) error {
	a := &attack{}
	v := w.verifier(a)
	v.Users = userbase{{"", "nobody's password"}, {goodUser, password}, {"robert", "another passwords"}}
	v.MaxLatency = 24 * time.Hour
	return func(octets []byte) error {
		_, err := v.Verify(context.Background(), soap.NewPacket(soap.V12, "", octets), service.Conn{TLS: &tls.ConnectionState{}})
		return err
	}
}

func (w *world) users() func(int) []byte {
	var messages [2][]byte
	for kind, name := range []string{"nobody", "robert"} {
		messages[kind] = w.message(recipe{mod: func(_ *soap.Outgoing, o *wsse.Options) {
			o.TTL = 24 * time.Hour
			o.Tokens = []wsse.Token{wsse.Username{Name: name, Password: func() []byte { return []byte("a wrong password") }}}
		}, signer: "none"})
	}
	return func(kind int) []byte { return messages[kind] }
}

// nonsense is plaintext of four blocks whose padding is right or wrong.
func nonsense(l lots, kind int) []byte {
	p := l.octets(64)
	last := int(p[63])
	if kind == 0 {
		p[63] = byte(1 + last%16)
	} else {
		p[63] = byte(17 + last%239)
	}
	return p
}

// signedCBC are messages whose cipher text a trusted signature covers: without,
// it would not be opened.
func (w *world) signedCBC(right wsse.Issued) func(int) []byte {
	l := newLots()
	right.Parts = everything
	return func(kind int) []byte {
		body := w.encryptedBody(alg.AES256CBC, sealRaw(w.secret.Secret(), nonsense(l, kind)), "")
		return w.message(recipe{signer: "none", body: body, mod: func(_ *soap.Outgoing, o *wsse.Options) { o.Tokens = []wsse.Token{right} }})
	}
}

// assertionCBC are assertions whose cipher text nobody signed.
func (w *world) assertionCBC() func(int) []byte {
	key, l := bytes.Repeat([]byte("k"), 32), newLots()
	hole := l.octets(80)
	m := newMould(w.sealedCase("", "", soap.V12, sealed{session: key, method: alg.AES256CBC, cipherText: hole}).file, hole)
	return func(kind int) []byte { return m.with(sealRaw(key, nonsense(l, kind)), kind) }
}

// smaller is the same world with a service whose RSA key has 1024 bits: a million
// operations then take minutes, and the code is the same for all sizes.
func (w *world) smaller() *world {
	s := *w
	s.service = newIdentity(newRSA(1024), "test service", 5, &w.ca, nil)
	return &s
}

// keys are messages with an EncryptedKey for the service that block makes.
func (w *world) keys(method string, block func(lots, *rsa.PublicKey, int) []byte) func(int) []byte {
	pub := &w.service.signer.(*rsa.PrivateKey).PublicKey
	l := newLots()
	hole := l.octets(pub.Size())
	s := sealed{session: l.octets(32), method: alg.AES256GCM, cipherText: l.octets(80), keyMethod: method, wrapped: hole}
	m := newMould(w.sealedCase("", "", soap.V12, s).file, hole)
	return func(kind int) []byte { return m.with(block(l, pub, kind), kind) }
}

func encrypt(pub *rsa.PublicKey, block []byte) []byte {
	m := new(big.Int).SetBytes(block)
	return m.Exp(m.Mod(m, pub.N), big.NewInt(int64(pub.E)), pub.N).FillBytes(make([]byte, pub.Size()))
}

// bleichenbacher asks whether a block is padded as PKCS #1 v1.5 has it; the
// other kind is one of four that are not.
func bleichenbacher(l lots, pub *rsa.PublicKey, kind int) []byte {
	n := pub.Size()
	b := l.octets(n)
	for i := range b {
		b[i] |= 1
	}
	b[0], b[1], b[n-33] = 0, 2, 0
	if how := l.r.Uint64() % 4; kind == 1 {
		switch how {
		case 0:
			b[1] = 1
		case 1:
			b[n-33] = 1
		case 2:
			b[n-17] = 0
			b[n-33] = 1
		case 3:
			b[0] = 1
		}
	}
	return encrypt(pub, b)
}

// manger asks whether the first octet of a block is zero.
func manger(l lots, pub *rsa.PublicKey, kind int) []byte {
	b := l.octets(pub.Size())
	b[0] = byte(kind)
	return encrypt(pub, b)
}

// oaepKeys ask whether a block is one of OAEP: one of each kind, over and over.
func (w *world) oaepKeys() func(int) []byte {
	var messages [2][]byte
	messages[0] = w.keys("", func(l lots, pub *rsa.PublicKey, _ int) []byte {
		return must(alg.Modern.EncryptKey(alg.Modern.KeyTransport(), must(alg.PublicKey(pub)), l.octets(32)))
	})(0)
	messages[1] = w.keys("", manger)(0)
	return func(kind int) []byte { return messages[kind] }
}
