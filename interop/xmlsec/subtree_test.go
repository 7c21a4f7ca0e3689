package xmlsec

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wstrust/interop/awkward"
	"wstrust/interop/rig"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// The signatures of each direction.
const (
	ours   = 2000
	theirs = 360
)

// The element that is signed stands inside another, from which it inherits
// declarations, or not, as the method says.
const (
	before = `<t:root xmlns:t="urn:test" xmlns:a="urn:outer:a" xmlns:unused="urn:unused" xml:lang="de" xml:space="default"><t:outer xmlns:b="urn:outer:b" xml:lang="en">`
	open   = `<t:target xmlns:c="urn:c" Id="signed" a:x="1">`
	shut   = `</t:target>`
	after  = "\n</t:outer>%s</t:root>"
)

// secret writes an HMAC key for xmlsec1, which reads it as octets.
func secret(t *testing.T, dir string) (alg.Key, string) {
	t.Helper()
	octets := make([]byte, 32)
	rand.Read(octets)
	file := filepath.Join(dir, "hmac.key")
	if err := os.WriteFile(file, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := alg.SecretKey(octets)
	if err != nil {
		t.Fatal(err)
	}
	return key, file
}

// TestSubtrees signs elements inside documents, by exclusive canonicalization with a
// list of prefixes, and has xmlsec1 verify each. The last of each batch is changed
// afterwards, and must be refused: xmlsec1 stops at the first that it refuses.
func TestSubtrees(t *testing.T) {
	xmlsec1 := rig.Program(t, "xmlsec1")
	dir := t.TempDir()
	key, keyFile := secret(t, dir)
	const batch = 100
	for first := 0; first < ours; first += batch {
		g := awkward.New(uint64(first), 7)
		args := []string{"--verify", "--hmackey", keyFile, "--id-attr:Id", "urn:test:target"}
		options := len(args)
		for i := range batch {
			unsigned := before + open + string(g.Element()) + shut + fmt.Sprintf(after, "")
			prefixes := [][]string{nil, {"a"}, {"#default"}, {"unused", "a", "nobody"}, {"b", "xml", "c"}}[i%5]
			doc := sign(t, unsigned, key, prefixes)
			if i == batch-1 {
				doc = bytes.Replace(doc, []byte(`a:x="1"`), []byte(`a:x="2"`), 1)
			}
			name := filepath.Join(dir, fmt.Sprintf("d%06d.xml", first+i))
			if err := os.WriteFile(name, doc, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, name)
		}
		out, err := exec.Command(xmlsec1, args...).CombinedOutput()
		if n := verdicts(string(out), "OK"); n != batch-1 || verdicts(string(out), "FAIL") != 1 || err == nil {
			doc, _ := os.ReadFile(args[options+n])
			t.Fatalf("xmlsec1 accepts %d of the %d documents before the changed one (%v): %.600s\n%.3000q", n, batch-1, err, out[max(0, len(out)-600):], doc)
		}
	}
	t.Logf("counted: %d signatures of ours over subtrees, %d accepted by xmlsec1 and %d refused for a change", ours, ours-ours/batch, ours/batch)
}

// verdicts counts the lines that are just the word.
func verdicts(out, word string) (n int) {
	for line := range strings.Lines(out) {
		if strings.TrimSpace(line) == word {
			n++
		}
	}
	return n
}

func sign(t *testing.T, unsigned string, key alg.Key, prefixes []string) []byte {
	t.Helper()
	d, err := xmltree.Parse([]byte(unsigned), xmltree.Limits{})
	if err != nil {
		t.Fatalf("%v\n%.2000q", err, unsigned)
	}
	target := d.Root().First("urn:test", "outer").First("urn:test", "target")
	sig, err := xmldsig.Sign(key, "", "", []xmldsig.Ref{{ID: "signed", Elem: target, Prefixes: prefixes}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.TrimSuffix(unsigned, "</t:root>") + string(sig) + "</t:root>")
}

// TestTheirs has xmlsec1 sign such elements by every method, and verifies them here.
func TestTheirs(t *testing.T) {
	xmlsec1 := rig.Program(t, "xmlsec1")
	dir := t.TempDir()
	key, keyFile := secret(t, dir)
	methods := []string{
		"http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
		"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
		"http://www.w3.org/2006/12/xml-c14n11", "http://www.w3.org/2006/12/xml-c14n11#WithComments",
	}
	digests := []string{"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512"}
	var wg sync.WaitGroup
	work := make(chan int)
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range work {
				method, digest := methods[i%len(methods)], digests[i%2]
				list := ""
				if strings.Contains(method, "exc-c14n") && i%4 < 2 {
					list = `<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="a #default unused"/>`
				}
				sig := `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="` + methods[(i/6)%len(methods)] +
					`"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/><ds:Reference URI="#signed"><ds:Transforms><ds:Transform Algorithm="` + method + `">` + list +
					`</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="` + digest + `"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>`
				g := awkward.New(uint64(i), 8)
				file := filepath.Join(dir, fmt.Sprintf("t%d.xml", i))
				if err := os.WriteFile(file, []byte(before+open+string(g.Element())+shut+fmt.Sprintf(after, sig)), 0o600); err != nil {
					t.Error(err)
					continue
				}
				out, err := exec.Command(xmlsec1, "--sign", "--hmackey", keyFile, "--id-attr:Id", "urn:test:target", "--output", file+".signed", file).CombinedOutput()
				if err != nil {
					t.Errorf("xmlsec1 --sign: %v: %.800s", err, out)
					continue
				}
				doc, err := os.ReadFile(file + ".signed")
				if err != nil {
					t.Error(err)
					continue
				}
				if err := verifySubtree(doc, key); err != nil {
					t.Errorf("document %d, %s, %s: %v\n%.3000q", i, method, digest, err, doc)
				}
				at := bytes.Index(doc, []byte(`a:x="1"`)) + len(`a:x="`)
				doc[at] = '2'
				if verifySubtree(doc, key) == nil {
					t.Errorf("document %d: a change is not noticed", i)
				}
			}
		}()
	}
	for i := range theirs {
		work <- i
	}
	close(work)
	wg.Wait()
	t.Logf("counted: %d signatures of xmlsec1 over subtrees, by %d methods, verified here", theirs, len(methods))
}

func verifySubtree(doc []byte, key alg.Key) error {
	d, err := xmltree.Parse(doc, xmltree.Limits{})
	if err != nil {
		return err
	}
	signed, err := xmldsig.Verify(d.Root().First(xmltree.DS, "Signature"), key, "", nil)
	if err != nil {
		return err
	}
	target := d.Root().First("urn:test", "outer").First("urn:test", "target")
	if len(signed) != 1 || !signed[0].Covers(target) {
		return fmt.Errorf("%d elements are signed, and not the one", len(signed))
	}
	return nil
}
