package attack

import (
	"bytes"
	"errors"
	"fmt"

	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// proven is the independent check: that every signature in a document is right
// as far as mathematics goes, under one of the keys given, and that for each of
// its references there is an element with that identifier and that digest. It
// says nothing about where that element stands: that is the attack. It returns
// how many signatures there are.
func proven(d *xmltree.Doc, keys []any) (int, error) {
	n := 0
	for _, sig := range descendants(d.Root(), "Signature") {
		if !sig.Is(xmltree.DS, "Signature") || decoy(sig) {
			continue
		}
		n++
		if err := provenSignature(d, readClaim(sig, child(sig, "SignedInfo")), keys); err != nil {
			return n, fmt.Errorf("%s: %w", sig.Path(), err)
		}
	}
	return n, nil
}

// decoy reports whether a signature says of itself that it is there for show.
func decoy(sig xmltree.Elem) bool { v, _ := sig.Attr("", "Id"); return v == "decoy" }

func provenSignature(d *xmltree.Doc, c claim, keys []any) error {
	if err := provenValue(c, keys); err != nil {
		return err
	}
	if len(c.refs) == 0 {
		return errors.New("it has no reference")
	}
	for _, r := range c.refs {
		if !hasTarget(d, c, r) {
			return fmt.Errorf("nothing has the digest that is stated for %q", r.uri)
		}
	}
	return nil
}

func provenValue(c claim, keys []any) error {
	octets, err := canon(c.info, c.canon, c.prefixes, xmltree.Elem{})
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err = verifyValue(c.method, k, octets, c.value); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%w under any of the keys", err)
}

// hasTarget looks for what a reference means among the elements it could mean.
func hasTarget(d *xmltree.Doc, c claim, r claimedRef) bool {
	for _, e := range descendants(d.Root(), "") {
		if r.str {
			// The token of an STR-Transform is named indirectly: any may be meant.
			var b bytes.Buffer
			m, ok := c14n.FromURI(r.canon)
			if ok && c14n.WriteSTR(&b, e, m, r.prefixes) == nil && sameDigest(r, b.Bytes()) {
				return true
			}
			continue
		}
		if r.uri != "" && !hasID(e, r.uri) {
			continue
		}
		var except xmltree.Elem
		if r.enveloped && e.Contains(c.sig) {
			except = c.sig
		}
		if octets, err := canon(e, r.canon, r.prefixes, except); err == nil && sameDigest(r, octets) {
			return true
		}
	}
	return false
}

func sameDigest(r claimedRef, octets []byte) bool {
	got, err := digest(r.method, octets)
	return err == nil && bytes.Equal(got, r.digest)
}

// hasID reports whether any attribute that looks like an identifier has this
// value.
func hasID(e xmltree.Elem, uri string) bool {
	for a := range e.Attrs {
		if isIDName(a.Local) && "#"+a.Value == uri {
			return true
		}
	}
	return false
}
