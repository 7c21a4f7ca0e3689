package wst

import (
	"strconv"

	"wstrust/internal/xmltree"
)

// writeAppliesTo writes AppliesTo with an endpoint reference for address, or
// with x as it is.
func writeAppliesTo(b *xmltree.Builder, address string, x []byte, addressing string) error {
	if address == "" && len(x) == 0 {
		return nil
	}
	if len(x) != 0 {
		b.Start(xmltree.WSP, "AppliesTo")
		defer b.End()
		return raw(b, "AppliesTo", x)
	}
	if addressing == "" {
		addressing = xmltree.WSA10
	}
	if addressing != xmltree.WSA10 && addressing != xmltree.WSA04 {
		return misuse("AppliesTo: %s is no addressing namespace", clip(addressing))
	}
	if err := valid("AppliesTo", address); err != nil {
		return err
	}
	b.Start(xmltree.WSP, "AppliesTo")
	b.Start(addressing, "EndpointReference")
	b.Elem(addressing, "Address", address)
	b.End()
	b.End()
	return nil
}

// readAppliesTo returns the address in AppliesTo and the addressing version it
// is written in. A reference that holds more than an address is also returned
// whole. Something else than an endpoint reference has no address.
func readAppliesTo(e xmltree.Elem) (address string, x []byte, addressing string, err error) {
	if !e.OK() {
		return "", nil, "", nil
	}
	epr, err := only(e)
	if err != nil {
		return "", nil, "", err
	}
	return readReference(epr)
}

// readReference is readAppliesTo for what stands in AppliesTo.
func readReference(epr xmltree.Elem) (address string, x []byte, addressing string, err error) {
	addressing = epr.Space()
	if epr.Local() != "EndpointReference" || addressing != xmltree.WSA10 && addressing != xmltree.WSA04 {
		return "", epr.Standalone(), "", nil
	}
	a, err := epr.One(addressing, "Address")
	if err != nil {
		return "", nil, "", err
	}
	if address, err = token(a); err != nil {
		return "", nil, "", err
	}
	parts := 0
	for range epr.Children {
		parts++
	}
	if parts > 1 {
		x = epr.Standalone()
	} else if addressing == xmltree.WSA10 {
		addressing = "" // the writer's default
	}
	return address, x, addressing, nil
}

// isAppliesTo reports whether e is AppliesTo in one of the namespaces that
// WS-Policy has had.
func isAppliesTo(e xmltree.Elem) bool {
	return e.Is(xmltree.WSP, "AppliesTo") || e.Is(xmltree.WSP12, "AppliesTo")
}

func writeKeySize(b *xmltree.Builder, trust string, bits int) {
	if bits != 0 {
		b.Elem(trust, "KeySize", strconv.Itoa(bits))
	}
}
