package c14n_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"wstrust/internal/c14n"
	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
)

func parse(t testing.TB, s string) *xmltree.Doc {
	t.Helper()
	d, err := xmltree.Parse([]byte(s), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func form(t testing.TB, e xmltree.Elem, m c14n.Method, prefixes ...string) string {
	t.Helper()
	var b bytes.Buffer
	if err := c14n.Write(&b, e, m, xmltree.Elem{}, prefixes); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func child(e xmltree.Elem, locals ...string) xmltree.Elem {
next:
	for _, l := range locals {
		for c := range e.Children {
			if c.Local() == l {
				e = c
				continue next
			}
		}
		panic("no " + l)
	}
	return e
}

func TestSubtree(t *testing.T) {
	const src = `<r xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q" xml:lang="en" xml:base="x:y"><p:a b='1' q:c="2"><!--x--><d xmlns=""/><e xmlns:p="urn:p2"><p:f/></e></p:a></r>`
	a := child(parse(t, src).Root(), "a")
	for _, c := range []struct {
		m        c14n.Method
		prefixes []string
		want     string
	}{
		{c14n.Exclusive, nil, `<p:a xmlns:p="urn:p" xmlns:q="urn:q" b="1" q:c="2"><d></d><e xmlns="urn:d"><p:f xmlns:p="urn:p2"></p:f></e></p:a>`},
		{c14n.ExclusiveComments, nil, `<p:a xmlns:p="urn:p" xmlns:q="urn:q" b="1" q:c="2"><!--x--><d></d><e xmlns="urn:d"><p:f xmlns:p="urn:p2"></p:f></e></p:a>`},
		{c14n.Exclusive, []string{"#default", "absent"}, `<p:a xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q" b="1" q:c="2"><d xmlns=""></d><e><p:f xmlns:p="urn:p2"></p:f></e></p:a>`},
		{c14n.Exclusive, []string{"p"}, `<p:a xmlns:p="urn:p" xmlns:q="urn:q" b="1" q:c="2"><d></d><e xmlns="urn:d" xmlns:p="urn:p2"><p:f></p:f></e></p:a>`},
		{c14n.C14N10, nil, `<p:a xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q" b="1" xml:base="x:y" xml:lang="en" q:c="2"><d xmlns=""></d><e xmlns:p="urn:p2"><p:f></p:f></e></p:a>`},
	} {
		if got := form(t, a, c.m, c.prefixes...); got != c.want {
			t.Errorf("%s %q:\n got %s\nwant %s", c.m.URI(), c.prefixes, got, c.want)
		}
	}
	var b bytes.Buffer
	if err := c14n.Write(&b, a, c14n.C14N11, xmltree.Elem{}, nil); !errors.Is(err, c14n.ErrMethod) || b.Len() != 0 {
		t.Errorf("xml:base to be joined: got %v and %d octets", err, b.Len())
	}
	if got, want := form(t, child(parse(t, `<r xml:lang="en" xml:id="i" xml:space="preserve"><a xml:lang="de"/></r>`).Root(), "a"), c14n.C14N11), `<a xml:lang="de" xml:space="preserve"></a>`; got != want {
		t.Errorf("1.1: got %s want %s", got, want)
	}
}

func TestExcept(t *testing.T) {
	r := parse(t, `<r><a>1</a><s xmlns:x="urn:x"><x:y/></s><b/></r>`).Root()
	var b bytes.Buffer
	if err := c14n.Write(&b, r, c14n.Exclusive, child(r, "s"), nil); err != nil {
		t.Fatal(err)
	}
	if want := `<r><a>1</a><b></b></r>`; b.String() != want {
		t.Errorf("got %s want %s", b.String(), want)
	}
}

func TestSTR(t *testing.T) {
	for src, want := range map[string]string{
		`<r><p:a xmlns:p="urn:p"/></r>`:  `<p:a xmlns="" xmlns:p="urn:p"></p:a>`,
		`<r><a xmlns="urn:p"/></r>`:      `<a xmlns="urn:p"></a>`,
		`<r><a><b>x</b></a></r>`:         `<a xmlns=""><b>x</b></a>`,
		`<r xmlns:p="urn:p"><a><b/></a>`: ``,
	} {
		d, err := xmltree.Parse([]byte(src), xmltree.Limits{})
		if err != nil {
			continue
		}
		var b bytes.Buffer
		if err := c14n.WriteSTR(&b, child(d.Root(), "a"), c14n.Exclusive, nil); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("%s: got %s want %s", src, b.String(), want)
		}
	}
}

func TestRefused(t *testing.T) {
	r := parse(t, `<a/>`).Root()
	many := make([]string, 65)
	for name, err := range map[string]error{
		"zero method":           c14n.Write(new(bytes.Buffer), r, 0, xmltree.Elem{}, nil),
		"unknown method":        c14n.Write(new(bytes.Buffer), r, 77, xmltree.Elem{}, nil),
		"no element":            c14n.Write(new(bytes.Buffer), xmltree.Elem{}, c14n.Exclusive, xmltree.Elem{}, nil),
		"prefixes on inclusive": c14n.Write(new(bytes.Buffer), r, c14n.C14N10, xmltree.Elem{}, []string{"p"}),
		"too many prefixes":     c14n.Write(new(bytes.Buffer), r, c14n.Exclusive, xmltree.Elem{}, many),
		"everything left out":   c14n.Write(new(bytes.Buffer), r, c14n.Exclusive, r, nil),
		"writer fails":          c14n.Write(broken{}, r, c14n.Exclusive, xmltree.Elem{}, nil),
		"no document":           c14n.WriteDocument(new(bytes.Buffer), new(xmltree.Doc), c14n.Exclusive, nil),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestURIs(t *testing.T) {
	for m := c14n.C14N10; m <= c14n.ExclusiveComments; m++ {
		if got, ok := c14n.FromURI(m.URI()); !ok || got != m {
			t.Errorf("%q is %v", m.URI(), got)
		}
	}
	if _, ok := c14n.FromURI(""); ok {
		t.Error("the empty URI is a method")
	}
}

// assertion reads a signed response of the corpora for the benchmarks, so that
// they run over a document that a real identity provider made.
func assertion(b *testing.B) []byte {
	return corpora.Open(b).Read(b, "node-saml/valid/response.root-signed.assertion-signed.xml")
}

func BenchmarkParse(b *testing.B) {
	src := assertion(b)
	b.Run("fresh", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := xmltree.Parse(src, xmltree.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("reused", func(b *testing.B) {
		var d xmltree.Doc
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Parse(src, xmltree.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkExclusive(b *testing.B) {
	src := assertion(b)
	d := parse(b, string(src))
	h := sha256.New()
	b.Run("into SHA-256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Reset()
			if err := c14n.Write(h, d.Root(), c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("into nothing", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := c14n.Write(nothing{}, d.Root(), c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

type nothing struct{}

func (nothing) Write(p []byte) (int, error) { return len(p), nil }

// Parsing into a reused Doc and canonicalizing it may cost two allocations.
func TestAllocations(t *testing.T) {
	src := []byte(`<r xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q"><p:a b='1' q:c="2">text &amp; text<d xmlns=""/><e xmlns:p="urn:p2"><p:f/></e></p:a></r>`)
	var d xmltree.Doc
	n := testing.AllocsPerRun(100, func() {
		if err := d.Parse(src, xmltree.Limits{}); err != nil {
			t.Fatal(err)
		}
		if err := c14n.Write(nothing{}, d.Root(), c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
			t.Fatal(err)
		}
	})
	if n > 2 {
		t.Errorf("%v allocations, at most 2 are budgeted", n)
	}
}
