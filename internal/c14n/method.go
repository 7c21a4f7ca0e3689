package c14n

import "wstrust/internal/xmltree"

// A Method is a canonicalization algorithm. The zero Method is none.
type Method uint8

const (
	C14N10 Method = 1 + iota
	C14N10Comments
	C14N11
	C14N11Comments
	Exclusive
	ExclusiveComments
)

var uris = [...]string{
	C14N10:            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
	C14N10Comments:    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
	C14N11:            "http://www.w3.org/2006/12/xml-c14n11",
	C14N11Comments:    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
	Exclusive:         xmltree.EXCC14N,
	ExclusiveComments: xmltree.EXCC14N + "WithComments",
}

// FromURI returns the method that an Algorithm attribute names.
func FromURI(uri string) (Method, bool) {
	for m := C14N10; m <= ExclusiveComments; m++ {
		if uris[m] == uri {
			return m, true
		}
	}
	return 0, false
}

// URI returns the identifier of the method, "" for the zero Method.
func (m Method) URI() string {
	if int(m) < len(uris) {
		return uris[m]
	}
	return ""
}

// Exclusive reports whether the method is exclusive canonicalization, which
// alone takes a PrefixList.
func (m Method) Exclusive() bool { return m == Exclusive || m == ExclusiveComments }

func (m Method) comments() bool { return m%2 == 0 && m != 0 }
