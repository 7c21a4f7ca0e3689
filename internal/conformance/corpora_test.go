// Package conformance holds tests only: they keep docs/conformance.md and
// docs/defaults.md true.
package conformance

import (
	"crypto/x509"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
)

type row = corpora.Row

// A corpus is the folder of known answers, for the runners of its rows.
type corpus struct {
	t      *testing.T
	folder corpora.Folder
}

func (c corpus) read(file string) []byte {
	c.t.Helper()
	return c.folder.Read(c.t, file)
}

func (c corpus) certificate(file string) *x509.Certificate {
	c.t.Helper()
	return c.folder.Certificate(c.t, file)
}

func (c corpus) private(file string) alg.Key {
	c.t.Helper()
	key, err := alg.PrivateKey(c.folder.PrivateKey(c.t, file))
	if err != nil {
		c.t.Fatalf("%s: %v", file, err)
	}
	return key
}

// find returns the first element of that name in document order.
func find(e xmltree.Elem, space, local string) xmltree.Elem {
	if e.Is(space, local) {
		return e
	}
	for c := range e.Children {
		if f := find(c, space, local); f.OK() {
			return f
		}
	}
	return xmltree.Elem{}
}
