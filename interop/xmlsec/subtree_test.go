package xmlsec

import (
	"bytes"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	theirs = 3000
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
	crand.Read(octets)
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

// TestTheirs has xmlsec1 sign such elements and those inside them that have an xml:id,
// each by a method of its own, and verifies them here.
func TestTheirs(t *testing.T) {
	xmlsec1 := rig.Program(t, "xmlsec1")
	dir := t.TempDir()
	key, keyFile := secret(t, dir)
	digests := []string{"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512"}
	options := []string{"--hmackey", keyFile, "--id-attr:Id", "urn:test:target"}
	references, avoided := 0, 0
	for first := 0; first < theirs; first += each {
		var files []string
		var ids [][]apex
		for i := first; i < first+each; i++ {
			g, r := awkward.New(uint64(i), 8), rand.New(rand.NewPCG(uint64(i), 9))
			inside, named := identify(t, string(g.Element()), r)
			named = append(named, apex{id: "signed"})
			sig := `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="` + canonical[i%len(canonical)] +
				`"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/>`
			for _, a := range named {
				by := transformTo(r)
				for a.base && strings.Contains(by, "xml-c14n11") { // would have to be joined, and is refused
					by = transformTo(r)
					avoided++
				}
				sig += `<ds:Reference URI="#` + a.id + `"><ds:Transforms>` + by + `</ds:Transforms><ds:DigestMethod Algorithm="` + digests[r.IntN(2)] + `"/><ds:DigestValue/></ds:Reference>`
			}
			sig += `</ds:SignedInfo><ds:SignatureValue/></ds:Signature>`
			files = append(files, write(t, dir, fmt.Sprint("t", i-first), []byte(before+open+inside+shut+fmt.Sprintf(after, sig))))
			ids = append(ids, named)
		}
		for i, doc := range signAll(t, xmlsec1, options, files) {
			if err := verifySubtree(doc, key, ids[i]); err != nil {
				t.Fatalf("document %d: %v\n%.6000s", first+i, err, doc)
			}
			references += len(ids[i])
			at := bytes.Index(doc, []byte(`a:x="1"`)) + len(`a:x="`)
			doc[at] = '2'
			if verifySubtree(doc, key, ids[i]) == nil {
				t.Errorf("document %d: a change is not noticed", first+i)
			}
		}
	}
	if references < 2*theirs {
		t.Errorf("only %d elements were signed", references)
	}
	t.Logf("counted: %d signatures of xmlsec1 over %d subtrees, by %d methods, verified here (not by Canonical XML 1.1 below an xml:base: %d)", theirs, references, len(canonical), avoided)
}

// An apex is an element to be signed.
type apex struct {
	id   string
	base bool // an element around it has an xml:base
}

// identify gives elements of a document an xml:id, up to 29 of them.
func identify(t *testing.T, doc string, r *rand.Rand) (with string, named []apex) {
	t.Helper()
	d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	from := 0
	var b strings.Builder
	var walk func(e xmltree.Elem, base bool)
	walk = func(e xmltree.Elem, base bool) {
		id, has := e.Attr(xmltree.XML, "id")
		if !has && r.IntN(3) > 0 && len(named) < 29 {
			at, _ := e.Range()
			at += strings.IndexAny(doc[at:], " \t\r\n/>")
			id, has = fmt.Sprint("e", at), true
			b.WriteString(doc[from:at] + ` xml:id="` + id + `"`)
			from = at
		}
		if has && len(named) < 29 {
			named = append(named, apex{id, base})
		}
		_, here := e.Attr(xmltree.XML, "base")
		for c := range e.Children {
			walk(c, base || here)
		}
	}
	walk(d.Root(), false)
	return b.String() + doc[from:], named
}

func verifySubtree(doc []byte, key alg.Key, ids []apex) error {
	d, err := xmltree.Parse(doc, xmltree.Limits{})
	if err != nil {
		return err
	}
	signed, err := xmldsig.Verify(d.Root().First(xmltree.DS, "Signature"), key, "", nil)
	if err != nil {
		return err
	}
	if len(signed) != len(ids) {
		return fmt.Errorf("%d elements are signed, and not %d", len(signed), len(ids))
	}
	for i, a := range ids {
		if e, err := xmltree.ByID(d.Root(), a.id); err != nil || !signed[i].Element().Same(e) {
			return fmt.Errorf("element %s is not the one that was signed: %v", a.id, err)
		}
	}
	return nil
}
