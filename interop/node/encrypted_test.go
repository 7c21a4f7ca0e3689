package node

import (
	"fmt"
	"strings"
	"testing"

	"wstrust/interop/rig"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

const secretXML = `<o:Get xmlns:o="urn:orders"><o:ID>` + word + ` é</o:ID></o:Get>`

// A cipher is what data and its key are encrypted with, by xml-encryption's names.
type cipher struct {
	data, transport, digest, mask, params string
}

func (c cipher) String() string {
	name := map[string]string{
		alg.AES128GCM: "AES-128-GCM", alg.AES256GCM: "AES-256-GCM", alg.AES128CBC: "AES-128-CBC", alg.AES256CBC: "AES-256-CBC",
		alg.RSAOAEP: "RSA-OAEP of 1.0", alg.RSAOAEP1: "RSA-OAEP of 1.1", alg.RSA15: "RSA of PKCS #1 1.5",
	}
	out := name[c.data] + ", " + name[c.transport]
	if c.digest != "" {
		out += ", digest " + strings.ToUpper(strings.Replace(c.digest, "sha", "SHA-", 1))
	}
	if c.mask != "" {
		out += ", mask " + strings.ToUpper(strings.Replace(c.mask, "sha", "SHA-", 1))
	}
	if c.params != "" {
		out += ", with OAEPparams"
	}
	return out
}

// suite is the narrowest of ours that opens it.
func (c cipher) suite() alg.Suite {
	if alg.Authenticates(c.data) && c.transport != alg.RSA15 {
		return alg.Modern
	}
	return alg.Legacy
}

// theirCiphers are all that xml-encryption makes and we read: every cipher, and every
// transport with one of them.
func theirCiphers() (out []cipher) {
	for _, data := range []string{alg.AES128GCM, alg.AES256GCM, alg.AES128CBC, alg.AES256CBC} {
		out = append(out, cipher{data, alg.RSAOAEP1, "sha256", "sha256", ""})
	}
	for _, digest := range []string{"sha1", "sha256", "sha512"} {
		out = append(out, cipher{alg.AES256GCM, alg.RSAOAEP, digest, "", ""})
		for _, mask := range []string{"sha1", "sha224", "sha256", "sha384", "sha512"} {
			if digest != "sha256" || mask != "sha256" {
				out = append(out, cipher{alg.AES256GCM, alg.RSAOAEP1, digest, mask, ""})
			}
		}
	}
	return append(out, cipher{alg.AES256GCM, alg.RSAOAEP1, "sha256", "sha256", "cGFyYW1z"}, cipher{alg.AES256CBC, alg.RSAOAEP, "sha1", "", ""},
		cipher{alg.AES128CBC, alg.RSAOAEP, "sha1", "", ""}, cipher{alg.AES256CBC, alg.RSA15, "", "", ""})
}

// testEncrypted opens what xml-encryption seals, and has it open what we seal.
// What was changed does not open, or to something else where the cipher
// authenticates nothing.
func (s *stage) testEncrypted(t *testing.T) {
	for _, c := range theirCiphers() {
		t.Run("theirs/"+c.String(), func(t *testing.T) {
			a := s.ask(t, request{"op": "encrypt", "plain": secretXML, "cert": s.own.CertPEM(), "cipher": c.data, "transport": c.transport, "digest": c.digest, "mgf": c.mask, "params": c.params})
			if a.Error != "" {
				t.Fatalf("not made: %s", a.Error)
			}
			xml := strings.TrimSpace(a.XML)
			got, err := s.open(t, xml, c.suite())
			if err != nil || got != secretXML {
				t.Fatalf("refused: %q, %v\n%s", got, err, xml)
			}
			for name, changed := range alteredCiphers(t, xml) {
				if got, err := s.open(t, changed, c.suite()); err == nil && (got == secretXML || alg.Authenticates(c.data)) {
					t.Errorf("the %s was changed, and it opens: %q", name, got)
				}
			}
			s.kinds.Found(t, "xml-encryption", c.String(), "", rig.Accepted)
		})
	}
	for _, o := range []struct {
		cipher
		suite alg.Suite
		bits  int
	}{
		{cipher{alg.AES256GCM, alg.RSAOAEP1, "sha256", "sha256", ""}, alg.Modern, 256},
		{cipher{alg.AES128GCM, alg.RSAOAEP1, "sha256", "sha256", ""}, alg.Modern, 128},
		{cipher{alg.AES256CBC, alg.RSAOAEP, "sha1", "", ""}, alg.Basic256, 256},
		{cipher{alg.AES128CBC, alg.RSAOAEP, "sha1", "", ""}, alg.Basic128, 128},
	} {
		t.Run("ours/"+o.String(), func(t *testing.T) {
			xml, err := s.seal(t, o.suite, o.bits)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(xml, o.data) || !strings.Contains(xml, o.transport) {
				t.Fatalf("it is another kind: %s", xml)
			}
			open := func(xml string) answer {
				return s.ask(t, request{"op": "decrypt", "xml": xml, "key": s.own.KeyPEM(t)})
			}
			if a := open(xml); a.Error != "" || a.Plain != secretXML {
				t.Fatalf("refused: %+v\n%s", a, xml)
			}
			for name, changed := range alteredCiphers(t, xml) {
				if a := open(changed); a.Error == "" && (a.Plain == secretXML || alg.Authenticates(o.data)) {
					t.Errorf("the %s was changed, and it opens: %q", name, a.Plain)
				}
			}
			s.kinds.Found(t, "xml-encryption", o.String(), rig.Accepted, "")
		})
	}
	s.kinds.Fill("xml-encryption", func(name string) string {
		if strings.Contains(name, "PKCS") {
			return "not tried: some versions of Node decrypt no PKCS #1 1.5"
		}
		return "not made: our suites write others"
	})
}

func (s *stage) open(t *testing.T, xml string, suite alg.Suite) (string, error) {
	t.Helper()
	d, err := xmltree.Parse([]byte(xml), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := xmlenc.OpenWith(d.Root(), private(t, s.own), suite)
	return string(plain), err
}

// seal encrypts with a key of so many bits, which is encrypted for the service.
func (s *stage) seal(t *testing.T, suite alg.Suite, bits int) (string, error) {
	t.Helper()
	session, err := alg.SecretKey([]byte(strings.Repeat("test key", 4))[:bits/8])
	if err != nil {
		return "", err
	}
	var key, data xmltree.Builder
	if err := xmlenc.SealKey(&key, session, "", public(t, s.own), nil, nil, suite); err != nil {
		return "", err
	}
	keyInfo := fmt.Sprintf(`<ds:KeyInfo xmlns:ds="%s">%s</ds:KeyInfo>`, xmltree.DS, key.Bytes())
	err = xmlenc.Seal(&data, []byte(secretXML), xmlenc.Element, "", session, []byte(keyInfo), suite)
	return string(data.Bytes()), err
}

// alteredCiphers changes one octet of the encrypted key, and one of the data.
func alteredCiphers(t *testing.T, xml string) map[string]string {
	t.Helper()
	at := strings.Index(xml, "</") // past the key, whose cipher value comes first
	at += strings.Index(xml[at:], "EncryptedKey>")
	return map[string]string{
		"encrypted key": rig.Altered(t, xml, "CipherValue>", 40),
		"data":          xml[:at] + rig.Altered(t, xml[at:], "CipherValue>", 40),
	}
}
