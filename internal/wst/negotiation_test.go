package wst

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

func TestStepOutOfTurn(t *testing.T) {
	answer := root(t, `<a/>`)
	n, err := New(Request{KeyType: Bearer}, Trust13, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n.Issued() != nil {
		t.Error("a result before the exchange")
	}
	if _, err := n.Step(answer, noon); !errors.Is(err, ErrState) {
		t.Errorf("an answer before the question: %v", err)
	}
	if _, err := n.Step(xmltree.Elem{}, noon); !errors.Is(err, ErrState) {
		t.Errorf("a step after an error: %v", err)
	}
	n, _ = New(Request{KeyType: Bearer}, Trust13, Options{})
	if out, err := n.Step(xmltree.Elem{}, noon); err != nil || len(out) == 0 {
		t.Fatalf("%q %v", out, err)
	}
	if _, err := n.Step(xmltree.Elem{}, noon); !errors.Is(err, ErrState) {
		t.Errorf("no answer: %v", err)
	}
	n, _ = New(Request{KeyType: Bearer}, Trust13, Options{})
	n.Close()
	if _, err := n.Step(xmltree.Elem{}, noon); !errors.Is(err, ErrState) {
		t.Errorf("after Close: %v", err)
	}
}

// A second answer must not replace the first.
func TestOneAnswer(t *testing.T) {
	n, err := New(Request{KeyType: Bearer}, Trust13, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Step(xmltree.Elem{}, noon); err != nil {
		t.Fatal(err)
	}
	out, err := (&Response{Context: n.Context(), Token: []byte(testToken)}).Write(Trust13, Issue)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := n.Step(root(t, string(out)), noon); out != nil || err != nil {
		t.Fatalf("%q %v", out, err)
	}
	first := n.Issued()
	if _, err := n.Step(root(t, string(out)), noon); !errors.Is(err, ErrState) {
		t.Errorf("a second answer: %v", err)
	}
	if n.Issued() != first || first == nil {
		t.Error("the result changed")
	}
	if string(first.Token) != testToken || !first.Element.Is(xmltree.SAML20, "Assertion") {
		t.Errorf("token %s", first.Token)
	}
}

func TestNewCompletes(t *testing.T) {
	n, err := New(Request{Entropy: CombinedEntropy, KeySize: 192}, Trust13, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(n.Context()) {
		t.Errorf("context %q", n.Context())
	}
	if n.req.ClientEntropy.Len() != 24 || n.req.ComputedKey != Trust13.PSHA1() {
		t.Errorf("%s, %q", n.req.ClientEntropy, n.req.ComputedKey)
	}
	m, _ := New(Request{Entropy: CombinedEntropy, KeySize: 192}, Trust13, Options{})
	if m.Context() == n.Context() || m.req.ClientEntropy.Equal(n.req.ClientEntropy) {
		t.Error("two exchanges share their random parts")
	}
	// MS-LWSSP does not know the algorithm element.
	if n, err := New(Request{Entropy: CombinedEntropy}, Trust13, Options{Strict: true}); err != nil || n.req.ComputedKey != "" {
		t.Errorf("strict: %v", err)
	}
	if n, err := New(Request{Action: NewContext}, Trust2005, Options{}); err != nil || n.req.TokenType != Trust2005.ContextTokenType() {
		t.Errorf("context: %v", err)
	}
	if n, err := New(Request{Action: Validate, Target: []byte("<t/>")}, Trust13, Options{}); err != nil || n.req.TokenType != Trust13.StatusTokenType() {
		t.Errorf("validate: %v", err)
	}
	if n, err := New(Request{}, Trust13, Options{Strict: true}); err != nil || len(n.ReplyActions()) != 2 {
		t.Errorf("strict: %v", err)
	}
	if n.RequestAction() != Trust13.RequestAction(Issue) || len(n.ReplyActions()) != 3 {
		t.Errorf("actions %s %v", n.RequestAction(), n.ReplyActions())
	}
}

// The lifetime counts from the first step, not from New.
func TestLifetimeStartsAtTheFirstStep(t *testing.T) {
	n, err := New(Request{KeyType: Bearer, Lifetime: time.Hour}, Trust13, Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := n.Step(xmltree.Elem{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := ReadRequest(root(t, string(out)), Opener{})
	if err != nil || !r.Created.Equal(noon) || !r.Expires.Equal(noon.Add(time.Hour)) {
		t.Errorf("%v %v %v", r.Created, r.Expires, err)
	}
}

// A token that was asked for in advance may begin later; no other may.
func TestPostdated(t *testing.T) {
	for _, asked := range []bool{true, false} {
		req := Request{KeyType: Bearer}
		if asked {
			req.Created = noon.Add(24 * time.Hour)
		}
		n, err := New(req, Trust13, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Step(xmltree.Elem{}, noon); err != nil {
			t.Fatal(err)
		}
		a := Response{Context: n.Context(), Token: []byte(testToken), Created: noon.Add(24 * time.Hour), Expires: noon.Add(25 * time.Hour)}
		out, err := a.Write(Trust13, Issue)
		if err != nil {
			t.Fatal(err)
		}
		_, err = n.Step(root(t, string(out)), noon)
		if want := map[bool]string{true: "ok", false: "mismatch"}[asked]; class(err) != want {
			t.Errorf("asked %t: %v", asked, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := testCertificate(t, key)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tok := []byte(testToken)
	secret := NewSecret(clientOctets)
	epr := func(address string) []byte {
		return []byte(`<a:EndpointReference xmlns:a="` + xmltree.WSA10 + `"><a:Address>` + address + `</a:Address></a:EndpointReference>`)
	}
	for name, c := range map[string]struct {
		req Request
		o   Options
	}{
		"unknown action":            {req: Request{Action: actions}},
		"unknown key type":          {req: Request{KeyType: 9}},
		"unknown entropy":           {req: Request{Entropy: 9}},
		"bearer with size":          {req: Request{KeyType: Bearer, KeySize: 256}},
		"bearer with entropy":       {req: Request{KeyType: Bearer, Entropy: ClientEntropy}},
		"public key with entropy":   {req: Request{KeyType: PublicKey, UseKey: &key.PublicKey, Entropy: ClientEntropy}},
		"public key without key":    {req: Request{KeyType: PublicKey}},
		"public key of 2^31 bits":   {req: Request{KeyType: PublicKey, UseKey: &key.PublicKey, KeySize: 1 << 31}},
		"key without public key":    {req: Request{UseKey: &key.PublicKey}},
		"key with bearer":           {req: Request{KeyType: Bearer, UseKeyXML: []byte("<k/>")}},
		"certificate and other key": {req: Request{KeyType: PublicKey, UseKeyCert: cert, UseKey: &other.PublicKey}},
		"size 8":                    {req: Request{KeySize: 8}},
		"size 2^31":                 {req: Request{KeySize: 1 << 31}},
		"size 130":                  {req: Request{KeySize: 130}},
		"size negative":             {req: Request{KeySize: -256}},
		"entropy in server mode":    {req: Request{ClientEntropy: secret}},
		"entropy of 15 octets":      {req: Request{Entropy: CombinedEntropy, ClientEntropy: NewSecret(clientOctets[:15])}},
		"entropy of 65 octets":      {req: Request{Entropy: CombinedEntropy, ClientEntropy: NewSecret(seq(1, 65))}},
		"entropy of zeros":          {req: Request{Entropy: CombinedEntropy, ClientEntropy: NewSecret(make([]byte, 32))}},
		"entropy of other size":     {req: Request{Entropy: ClientEntropy, ClientEntropy: secret, KeySize: 128}},
		"unknown computed key":      {req: Request{Entropy: CombinedEntropy, ComputedKey: "urn:x"}},
		"context as bearer":         {req: Request{Action: NewContext, KeyType: Bearer}},
		"context for public key":    {req: Request{Action: NewContext, KeyType: PublicKey, UseKey: &key.PublicKey}},
		"context of other type":     {req: Request{Action: NewContext, TokenType: TokenSAML20}},
		"context by Issue":          {req: Request{TokenType: Trust13.ContextTokenType()}},
		"issue with target":         {req: Request{Target: tok}},
		"cancel with type":          {req: Request{Action: Cancel, Target: tok, TokenType: TokenSAML20}},
		"cancel with key":           {req: Request{Action: Cancel, Target: tok, KeyType: Bearer}},
		"address contradicts":       {req: Request{AppliesTo: "https://a/", AppliesToXML: epr("https://b/")}},
		"broken reference":          {req: Request{AppliesToXML: []byte("<a>")}},
		"strict: renew":             {req: Request{Action: Renew, Target: tok}, o: Options{Strict: true}},
		"strict: validate":          {req: Request{Action: Validate, Target: tok}, o: Options{Strict: true}},
		"strict: public key":        {req: Request{KeyType: PublicKey, UseKey: &key.PublicKey}, o: Options{Strict: true}},
		"strict: encrypted":         {req: Request{Entropy: ClientEntropy, SealTo: mustKey(t, &key.PublicKey)}, o: Options{Strict: true}},
		"strict: scoped context":    {req: Request{Action: NewContext, AppliesTo: "https://rp.example/"}, o: Options{Strict: true}},
	} {
		if _, err := New(c.req, Trust13, c.o); class(err) != "request" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Request{}, 9, Options{}); class(err) != "request" {
		t.Errorf("unknown version: %v", err)
	}
	good := map[string]Request{
		"certificate and its key": {KeyType: PublicKey, UseKeyCert: cert, UseKey: &key.PublicKey},
		"address agrees":          {AppliesTo: "https://a/", AppliesToXML: epr("https://a/")},
	}
	for name, r := range good {
		if _, err := New(r, Trust13, Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	n, err := New(Request{KeyType: Bearer, AppliesToXML: epr("https://a/")}, Trust13, Options{})
	if err != nil || n.req.AppliesTo != "https://a/" {
		t.Errorf("the address was not taken from the reference: %v", err)
	}
}

// What the first step refuses: nothing is sent then.
func TestWriteRefuses(t *testing.T) {
	tok := []byte(testToken)
	for name, r := range map[string]Request{
		"no target":                {Action: Renew},
		"two elements":             {OnBehalfOf: []byte("<a/><b/>")},
		"closes our element":       {ActAs: []byte("</wst14:ActAs><x/>")},
		"parameter is text":        {Parameters: [][]byte{[]byte("text")}},
		"parameter is half":        {Parameters: [][]byte{[]byte("<a>")}},
		"parameter has a DOCTYPE":  {Parameters: [][]byte{[]byte("<!DOCTYPE a><a/>")}},
		"parameter repeats type":   {TokenType: "urn:x", Parameters: [][]byte{[]byte(`<t:TokenType xmlns:t="` + xmltree.Trust13 + `">urn:y</t:TokenType>`)}},
		"parameter is RequestType": {Parameters: [][]byte{[]byte(`<t:RequestType xmlns:t="` + xmltree.Trust13 + `">urn:y</t:RequestType>`)}},
		"parameters repeat":        {Parameters: [][]byte{[]byte(`<t:KeySize xmlns:t="` + xmltree.Trust13 + `">128</t:KeySize>`), []byte(`<t:KeySize xmlns:t="` + xmltree.Trust13 + `">256</t:KeySize>`)}},
		"secondary is text":        {Secondary: [][]byte{[]byte("text")}},
		"bad character":            {TokenType: "urn:\x00"},
		"bad character, context":   {Context: "\x01"},
		"bad character, address":   {AppliesTo: "https://\xff"},
		"bad character, claim":     {Claims: []Claim{{URI: "urn:x", Value: "\x00"}}},
		"bad character, claim uri": {Claims: []Claim{{URI: "\x00"}}},
		"bad character, signature": {KeyType: PublicKey, UseKeyXML: []byte("<k/>"), UseKeySig: "\x00"},
		"claim without type":       {Claims: []Claim{{Value: "x"}}},
		"unknown dialect":          {Claims: []Claim{{URI: "urn:x"}}, ClaimsDialect: "urn:x"},
		"unknown bearer":           {KeyType: Bearer, BearerURI: "urn:bearer"},
		"unknown addressing":       {AppliesTo: "https://rp.example/", Addressing: "urn:x"},
		"reversed lifetime":        {Created: noon, Expires: noon.Add(-time.Second)},
		"year 10000":               {Expires: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"negative lifetime":        {Lifetime: -time.Hour},
		"signature without key":    {UseKeySig: "_s"},
		"key of no kind":           {KeyType: PublicKey, UseKey: "not a key"},
	} {
		n, err := New(r, Trust13, Options{})
		if err == nil {
			var out []byte
			out, err = n.Step(xmltree.Elem{}, noon)
			if out != nil {
				t.Errorf("%s: %s was to be sent", name, out)
			}
		}
		if class(err) != "request" {
			t.Errorf("%s: class %s: %v", name, class(err), err)
		}
	}
	// An XML declaration of a file does not get into the message.
	r := Request{OnBehalfOf: []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + testToken + "\n")}
	out, err := r.Write(Trust13)
	if err != nil || !strings.Contains(string(out), "<wst:OnBehalfOf>"+testToken+"</wst:OnBehalfOf>") {
		t.Errorf("%s %v", out, err)
	}
	weakSecret := NewSecret(make([]byte, 32))
	for name, r := range map[string]Request{
		"entropy in server mode": {ClientEntropy: NewSecret(clientOctets)},
		"no entropy":             {Entropy: ClientEntropy},
		"entropy of zeros":       {Entropy: ClientEntropy, ClientEntropy: weakSecret},
		"applies to twice": {
			AppliesTo:  "https://rp.example/",
			Parameters: [][]byte{[]byte(`<p:AppliesTo xmlns:p="` + xmltree.WSP12 + `"/>`)},
		},
	} {
		if out, err := r.Write(Trust13); class(err) != "request" {
			t.Errorf("%s: %s %v", name, out, err)
		}
	}
	if _, err := (&Request{Action: Renew, Target: tok, Lifetime: time.Hour}).Write(Trust13); class(err) != "request" {
		t.Errorf("a lifetime without a beginning: %v", err)
	}
}

// February 2005 has no wrapper for what the service asked for: what the caller
// says himself wins, and an element is never there twice.
func TestSecondaryInline(t *testing.T) {
	sec := func(local, text string) []byte {
		return []byte(`<t:` + local + ` xmlns:t="` + xmltree.Trust2005 + `">` + text + `</t:` + local + `>`)
	}
	r := Request{
		KeyType: Symmetric, KeySize: 256,
		Parameters: [][]byte{sec("SignWith", "urn:mine")},
		Secondary: [][]byte{
			sec("KeyType", "urn:theirs"), sec("KeySize", "128"), sec("TokenType", TokenSAML11), sec("SignWith", "urn:theirs"),
			sec("EncryptWith", "urn:e"), sec("EncryptWith", "urn:f"), []byte(`<x xmlns="urn:x"/>`), []byte(`<x xmlns="urn:x"/>`),
		},
	}
	out, err := r.Write(Trust2005)
	if err != nil {
		t.Fatal(err)
	}
	got := string(out)
	for _, want := range []string{
		`<t:SignWith xmlns:t="` + xmltree.Trust2005 + `">urn:mine</t:SignWith><t:TokenType xmlns:t="` + xmltree.Trust2005 + `">` + TokenSAML11 +
			`</t:TokenType><t:EncryptWith xmlns:t="` + xmltree.Trust2005 + `">urn:e</t:EncryptWith><x xmlns="urn:x"/><x xmlns="urn:x"/></wst:RequestSecurityToken>`,
	} {
		if !strings.HasSuffix(got, want) {
			t.Errorf("%s", got)
		}
	}
	if strings.Contains(got, "theirs") || strings.Contains(got, ">128<") {
		t.Errorf("%s", got)
	}
	if _, _, err := ReadRequest(root(t, got), Opener{}); err != nil {
		t.Error(err)
	}
}

func TestWithSecondary(t *testing.T) {
	s := func(v string) string { return xmltree.Trust13 + "/" + v }
	x := `<w:RequestSecurityToken xmlns:w="` + xmltree.Trust13 + `"><w:RequestType>` + s("Issue") + `</w:RequestType>%s<w:SecondaryParameters>` +
		`<w:TokenType>` + TokenSAML20 + `</w:TokenType><w:KeyType>` + s("SymmetricKey") + `</w:KeyType><w:KeySize>128</w:KeySize>` +
		`<w:Claims Dialect="` + dialectIdent + `"><i:ClaimType xmlns:i="` + xmltree.Identity + `" Uri="urn:c"/></w:Claims>` +
		`<w:SignatureAlgorithm>urn:s</w:SignatureAlgorithm></w:SecondaryParameters></w:RequestSecurityToken>`
	r, _, err := ReadRequest(root(t, strings.Replace(x, "%s", "", 1)), Opener{})
	if err != nil {
		t.Fatal(err)
	}
	if r.TokenType != "" || r.KeyType != KeyTypeUnspecified {
		t.Error("the request itself was changed")
	}
	m := r.WithSecondary()
	if m.TokenType != TokenSAML20 || m.KeyType != Symmetric || m.KeySize != 128 || len(m.Claims) != 1 || m.SignatureAlgorithm != "urn:s" {
		t.Errorf("%v %+v", m, m.Claims)
	}
	own := `<w:TokenType>` + TokenSAML11 + `</w:TokenType><w:KeyType>` + s("Bearer") + `</w:KeyType>`
	r, _, err = ReadRequest(root(t, strings.Replace(x, "%s", own, 1)), Opener{})
	if err != nil {
		t.Fatal(err)
	}
	m = r.WithSecondary()
	if m.TokenType != TokenSAML11 || m.KeyType != Bearer || m.KeySize != 0 {
		t.Errorf("the service overruled the requestor: %v, %d bits", m, m.KeySize)
	}
	if m := new(Request).WithSecondary(); m == nil || m.TokenType != "" {
		t.Error("a request without a secondary part")
	}
}

func mustKey(t *testing.T, pub crypto.PublicKey) alg.Key {
	k, err := alg.PublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Skew is the caller's to choose, in both directions.
func TestSkew(t *testing.T) {
	for _, c := range []struct {
		skew, begins, ends time.Duration
		want               string
	}{
		{time.Minute, -time.Hour, -59 * time.Second, "ok"},
		{time.Minute, -time.Hour, -time.Minute, "expired"},
		{0, -time.Hour, -time.Minute, "ok"},
		{time.Minute, time.Minute, time.Hour, "ok"},
		{time.Minute, time.Minute + time.Second, time.Hour, "mismatch"},
		{time.Hour, 59 * time.Minute, 2 * time.Hour, "ok"},
	} {
		n, err := New(Request{KeyType: Bearer}, Trust13, Options{Skew: c.skew})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Step(xmltree.Elem{}, noon); err != nil {
			t.Fatal(err)
		}
		a := Response{Context: n.Context(), Token: []byte(testToken), Created: noon.Add(c.begins), Expires: noon.Add(c.ends)}
		out, err := a.Write(Trust13, Issue)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = n.Step(root(t, string(out)), noon); class(err) != c.want {
			t.Errorf("%v: %v", c, err)
		}
	}
}
