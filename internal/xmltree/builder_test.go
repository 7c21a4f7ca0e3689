package xmltree

import (
	"fmt"
	"strings"
	"testing"
)

// Misuse of a Builder is a bug of the caller; what would come out is no XML.
func TestMisuseOfABuilder(t *testing.T) {
	for want, f := range map[string]func(b *Builder){
		"Attr without an open start tag":    func(b *Builder) { b.Start("", "a"); b.Text("t"); b.Attr("", "b", "") },
		"Declare without an open start tag": func(b *Builder) { b.Start("", "a"); b.Text("t"); b.Declare(WSU) },
		"Bytes with an open element":        func(b *Builder) { b.Start("", "a"); b.Bytes() },
		`no prefix for namespace "urn:x"`:   func(b *Builder) { b.Start("urn:x", "a") },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("%s, want %s", got, want)
				}
			}()
			f(new(Builder))
		}()
	}
}

// Two namespaces may have one prefix: inside the other, the first is declared
// anew. One that is in force is not, whatever was declared in between.
func TestDeclarationsOfABuilder(t *testing.T) {
	var b Builder
	b.Start(Trust13, "a")
	b.Start(Trust2005, "b")
	b.Start(Trust13, "c")
	b.End()
	b.End()
	b.Start(WSU, "d")
	b.Start(Trust13, "e")
	b.Attr(XML, "lang", "en")
	b.Declare(XS)
	at := b.Len()
	b.Text("a\tb\nc\"")
	b.End()
	b.End()
	b.End()
	const want = `<wst:a xmlns:wst="` + Trust13 + `"><wst:b xmlns:wst="` + Trust2005 + `"><wst:c xmlns:wst="` + Trust13 + `"/></wst:b>` +
		`<wsu:d xmlns:wsu="` + WSU + `"><wst:e xml:lang="en" xmlns:xs="` + XS + `">` + "a\tb\nc\"</wst:e></wsu:d></wst:a>"
	got := string(b.Bytes())
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !strings.HasPrefix(got[at:], "a\tb") {
		t.Errorf("Len is not where the text stands, but %q", got[at:])
	}
	b.Reset()
	b.Start(Trust13, "a")
	b.End()
	if got := string(b.Bytes()); got != `<wst:a xmlns:wst="`+Trust13+`"/>` {
		t.Errorf("after Reset: %s", got)
	}
}
