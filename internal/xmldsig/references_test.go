package xmldsig

import (
	"errors"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// References get as much memory as there are of them, and where there are more than
// may be, as many as may be: what nobody has signed must not cost more.
func TestMemoryOfReferences(t *testing.T) {
	const most = 5
	const reference = `<ds:Reference URI="#a"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>` +
		`<ds:DigestMethod Algorithm="` + alg.DigestSHA256 + `"/><ds:DigestValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</ds:DigestValue></ds:Reference>`
	for n, want := range map[int]struct {
		room int
		err  error
	}{
		0: {0, ErrWrapping}, 1: {1, nil}, 2: {2, nil}, 4: {4, nil}, most: {most, nil},
		most + 1: {most, xmltree.ErrLimit}, 300: {most, xmltree.ErrLimit},
	} {
		d, err := xmltree.Parse([]byte(`<ds:Signature xmlns:ds="`+xmltree.DS+`"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="`+c14n.Exclusive.URI()+`"/>`+
			`<ds:SignatureMethod Algorithm="`+alg.RSASHA256+`"/>`+strings.Repeat(reference, n)+`</ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>`), xmltree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		v := &verification{sig: d.Root(), suite: alg.Modern, most: most}
		if err := v.read(); !errors.Is(err, want.err) {
			t.Errorf("%d references: %v", n, err)
		}
		if len(v.refs) != want.room || cap(v.refs) != want.room {
			t.Errorf("%d references: %d with room for %d, want %d", n, len(v.refs), cap(v.refs), want.room)
		}
	}
}
