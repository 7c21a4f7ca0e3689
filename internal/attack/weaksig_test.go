package attack

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// signature verifies a signature as the double does and returns the elements
// that it says are signed.
func (d *double) signature(sig xmltree.Elem, key any) ([]xmltree.Elem, error) {
	hashed, believed := child(sig, "SignedInfo"), child(sig, "SignedInfo")
	if d.on(dSchema) {
		if err := schemaOf(sig); err != nil {
			return nil, err
		}
	} else if infos := descendants(sig, "SignedInfo"); len(infos) > 0 {
		// Two look-ups that find two elements.
		hashed, believed = infos[0], infos[0]
		if d.pick.lastInfo {
			believed = infos[len(infos)-1]
		} else {
			hashed = infos[len(infos)-1]
		}
	}
	if !hashed.OK() {
		return nil, deny(dSchema, "no SignedInfo")
	}
	c := readClaim(sig, hashed)
	if d.on(dBase64) {
		for _, e := range descendants(sig, "") {
			if l := e.Local(); l == "SignatureValue" || l == "X509Certificate" || l == "DigestValue" && d.on(dDigestText) {
				if _, err := e.Base64(); err != nil {
					return nil, deny(dBase64, "%v", err)
				}
			}
		}
	}
	if err := d.value(c, key); err != nil {
		return nil, err
	}
	c.refs = readClaim(sig, believed).refs
	return d.references(c)
}

// schemaOf checks the order of children that the schema has.
func schemaOf(sig xmltree.Elem) error {
	for _, s := range []struct {
		e     xmltree.Elem
		order string
	}{{sig, "SignedInfo SignatureValue KeyInfo? Object*"}, {child(sig, "SignedInfo"), "CanonicalizationMethod SignatureMethod Reference*"}} {
		want := strings.Fields(s.order)
		for c := range s.e.Children {
			for len(want) > 0 && strings.TrimRight(want[0], "?*") != c.Local() && strings.ContainsAny(want[0], "?*") {
				want = want[1:]
			}
			if len(want) == 0 || strings.TrimRight(want[0], "?*") != c.Local() {
				return deny(dSchema, "%s is out of place", c.Path())
			}
			if !strings.HasSuffix(want[0], "*") {
				want = want[1:]
			}
		}
	}
	for r := range child(sig, "SignedInfo").Children {
		if r.Local() != "Reference" {
			continue
		}
		names := ""
		for c := range r.Children {
			names += c.Local() + " "
		}
		if names != "Transforms DigestMethod DigestValue " {
			return deny(dSchema, "a reference of %s", names)
		}
	}
	return nil
}

// value verifies the signature value.
func (d *double) value(c claim, key any) error {
	if !d.on(dValue) {
		return nil
	}
	octets, err := canon(c.info, c.canon, c.prefixes, xmltree.Elem{})
	switch {
	case err == nil:
	case d.on(dAlgorithms) && d.on(dVoid):
		return deny(dAlgorithms|dVoid, "%v", err)
	default:
		octets = nil // what failed is empty
	}
	if d.on(dAlgorithms) && !strongMethod(c.method, key) {
		return deny(dAlgorithms, "method %s", c.method)
	}
	s := schemes[c.method]
	if !d.on(dKeyKind) && s.kind == "hmac" {
		key = octetsOf(key, d.pick.octets)
	}
	if secret, ok := key.([]byte); ok && d.on(dZeroKey) && len(bytes.Trim(secret, "\x00")) == 0 {
		return deny(dZeroKey, "a secret of zeros")
	}
	if length := child(child(c.info, "SignatureMethod"), "HMACOutputLength"); length.OK() {
		if d.on(dHMACLength) {
			return deny(dHMACLength, "HMACOutputLength")
		}
		n, _ := new(big.Int).SetString(loose(length), 10)
		whole := signValue(c.method, key, octets)
		if k := int(n.Int64()+7) / 8; len(c.value) == k && sameBits(whole, c.value, int(n.Int64())) {
			return nil
		}
		return deny(dValue, "truncated value")
	}
	err = verifyValue(c.method, key, octets, c.value)
	if err == nil && d.on(dEncodings) && !oneForm(key, c.value) {
		return deny(dEncodings, "another form of a value")
	}
	if err != nil && !d.on(dEncodings) {
		err = otherForms(c.method, key, octets, c.value)
	}
	if err != nil {
		return deny(dValue|dKeyKind|dEncodings, "%v", err)
	}
	return nil
}

func sameBits(a, b []byte, n int) bool {
	for i := range n {
		if (a[i/8]^b[i/8])>>(7-i%8)&1 != 0 {
			return false
		}
	}
	return true
}

// octetsOf is a public key mistaken for a secret.
func octetsOf(key any, how string) any {
	switch k := key.(type) {
	case publicForms:
		return k[how]
	default:
		return k
	}
}

// publicForms are the octets that a public key can be confused with. A verifier
// of signatures uses its key.
type publicForms map[string][]byte

// strongMethod is the allow-list.
func strongMethod(method string, key any) bool {
	switch method {
	case alg.RSASHA256, alg.RSASHA512, alg.ECDSASHA256, alg.HMACSHA256:
	default:
		return false
	}
	r, ok := key.(*rsa.PublicKey)
	return !ok || r.N.BitLen() >= 2048
}

// oneForm reports whether a value has the length that its key makes.
func oneForm(key any, value []byte) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return len(value) == k.Size()
	case *ecdsa.PublicKey:
		size := (k.Params().BitSize + 7) / 8
		return len(value) == 2*size
	}
	return true
}

// otherForms takes signature values that are written in other ways.
func otherForms(method string, key any, octets, value []byte) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		n := new(big.Int).Mod(new(big.Int).SetBytes(value), k.N) // a verifier that does not look at ranges
		return verifyValue(method, key, octets, n.FillBytes(make([]byte, k.Size())))
	case *ecdsa.PublicKey:
		var der struct{ R, S *big.Int }
		if rest, err := asn1.Unmarshal(value, &der); err == nil && len(rest) == 0 {
			return verifyPair(method, k, octets, der.R, der.S)
		}
		half := len(value) / 2
		return verifyPair(method, k, octets, new(big.Int).SetBytes(value[:half]), new(big.Int).SetBytes(value[half:]))
	case []byte:
		if len(value) == 0 {
			return nil // as long as what there is to compare, it is equal
		}
	}
	return verifyValue(method, key, octets, value)
}

// verifyPair verifies r and s without a look at their range: zero is its own
// inverse, and what is larger than the order is taken modulo it.
func verifyPair(method string, k *ecdsa.PublicKey, octets []byte, r, s *big.Int) error {
	n := k.Params().N
	r, s = new(big.Int).Mod(r, n), new(big.Int).Mod(s, n)
	if r.Sign() == 0 && s.Sign() == 0 {
		return nil
	}
	size := (k.Params().BitSize + 7) / 8
	return verifyValue(method, k, octets, append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...))
}

// references finds what each reference names and compares digests.
func (d *double) references(c claim) ([]xmltree.Elem, error) {
	if d.on(dReferences) && len(c.refs) > 30 {
		return nil, deny(dReferences, "%d references", len(c.refs))
	}
	root := c.sig.Doc().Root()
	if d.on(dUniqueIDs) {
		if err := uniqueIDs(root); err != nil {
			return nil, err
		}
	}
	var out []xmltree.Elem
	for i, r := range c.refs {
		if err := d.transforms(r); err != nil {
			return nil, err
		}
		target, left, err := d.target(c, r)
		if err != nil {
			return nil, err
		}
		out = append(out, target)
		verified := d.on(dEveryRef) || i == 0 && d.pick.onlyFirst || i == len(c.refs)-1 && !d.pick.onlyFirst
		if !verified {
			continue
		}
		if err := d.checkDigest(r, target, left); err != nil {
			return nil, err
		}
	}
	if d.on(dReferences) {
		for i := range out {
			if slices.ContainsFunc(out[:i], out[i].Same) {
				return nil, deny(dReferences, "two references to %s", out[i].Path())
			}
		}
	}
	if !d.on(dManifest) {
		for _, m := range descendants(c.sig, "Manifest") {
			for r := range m.Children {
				uri, _ := r.Attr("", "URI")
				if e, err := d.byID(root, strings.TrimPrefix(uri, "#")); err == nil {
					out = append(out, e)
				}
			}
		}
	}
	return out, nil
}

func (d *double) transforms(r claimedRef) error {
	if !d.on(dTransforms) {
		return nil
	}
	if len(r.transforms) > 5 {
		return deny(dTransforms, "%d transforms", len(r.transforms))
	}
	for i, t := range r.transforms {
		if _, ok := c14n.FromURI(t); !ok && t != enveloped && t != strURI || i > 0 && t == r.transforms[i-1] {
			return deny(dTransforms, "transform %s", t)
		}
	}
	return nil
}

// target finds the element that a reference names, and what is left out of it.
func (d *double) target(c claim, r claimedRef) (e, left xmltree.Elem, err error) {
	root := c.sig.Doc().Root()
	switch {
	case r.xpath != "":
		e = walk(root, r.xpath, r.elem)
	case strings.HasPrefix(r.uri, "#xpointer(/"):
		e = walk(root, strings.TrimSuffix(strings.TrimPrefix(r.uri, "#xpointer("), ")"), r.elem)
	case r.uri == "":
		e = root
	case strings.HasPrefix(r.uri, "#"):
		e, err = d.byID(root, r.uri[1:])
	}
	if d.on(dFragment) && !strings.HasPrefix(r.uri, "#") && (r.uri != "" || !xmltree.Parent(c.sig).Same(root)) || d.on(dFragment) && strings.ContainsAny(r.uri, "()") {
		return e, left, deny(dFragment, "reference %q", r.uri)
	}
	if err != nil {
		return e, left, err
	}
	if !e.OK() {
		return e, left, deny(dFragment, "nothing is named %q", r.uri)
	}
	if r.str {
		token, err := d.strToken(root, e, r)
		return token, left, err
	}
	if !r.enveloped || !e.Contains(c.sig) {
		return e, left, nil
	}
	left = c.sig
	if !xmltree.Parent(left).Same(e) {
		if d.on(dEnveloped) {
			return e, left, deny(dEnveloped, "the signature is no child of %s", e.Path())
		}
		for !xmltree.Parent(left).Same(e) { // the child with the signature in it goes
			left = xmltree.Parent(left)
		}
	}
	return e, left, nil
}

func (d *double) checkDigest(r claimedRef, target, left xmltree.Elem) error {
	var octets bytes.Buffer
	m, ok := c14n.FromURI(r.canon)
	err := deny(dTransforms, "no canonical form %q", r.canon)
	if ok {
		if r.str {
			err = c14n.WriteSTR(&octets, target, m, r.prefixes)
		} else {
			var p []byte
			p, err = canon(target, r.canon, r.prefixes, left)
			if d.pick.piText {
				p = bytes.ReplaceAll(p, []byte(mark), nil)
			}
			octets.Write(p)
		}
	}
	if !d.on(dVoid) && strings.Contains(octets.String(), "urn:relative:") {
		octets.Reset() // this verifier fails at relative namespaces
	}
	if err != nil || octets.Len() == 0 {
		if d.on(dVoid) {
			return deny(dVoid, "canonical form of %q", r.uri)
		}
		octets.Reset()
	}
	if d.on(dAlgorithms) && (r.method == digestMD5 || r.method == alg.DigestSHA1) {
		return deny(dAlgorithms, "digest %s", r.method)
	}
	value := child(r.elem, "DigestValue")
	want := r.digest
	if raw := string(value.Raw()); strings.Contains(raw, "<!--") || child(value, "") != (xmltree.Elem{}) || countChildren(value) > 0 {
		if d.on(dDigestText) {
			return deny(dDigestText, "more than text in a digest")
		}
		want = d.digestFound(value)
	}
	if !d.on(dSchema) && d.pick.digest == "anywhere" {
		want = text64(descendants(target.Doc().Root(), "DigestValue")[0])
	}
	if !d.on(dSchema) && d.pick.digest == "last" {
		all := descendants(r.elem, "DigestValue")
		want = text64(all[len(all)-1])
	}
	if got, err := digest(r.method, octets.Bytes()); err != nil || !bytes.Equal(got, want) {
		return deny(dEveryRef, "digest of %q", r.uri)
	}
	return nil
}

// digestFound takes the first thing in a DigestValue for the digest.
func (d *double) digestFound(value xmltree.Elem) []byte {
	for c := range value.Children {
		return text64(c)
	}
	raw := string(value.Raw())
	from := strings.Index(raw, "<!--")
	to := strings.Index(raw, "-->")
	e := parse([]byte("<v>" + raw[from+4:to] + "</v>")).Root()
	return text64(e)
}

func countChildren(e xmltree.Elem) (n int) {
	for range e.Children {
		n++
	}
	return n
}

// uniqueIDs refuses identifiers that stand twice, in whatever spelling.
func uniqueIDs(root xmltree.Elem) error {
	seen := map[string]bool{}
	for _, e := range descendants(root, "") {
		for a := range e.Attrs {
			if !isIDName(a.Local) {
				continue
			}
			if seen[a.Value] {
				return deny(dUniqueIDs, "%q stands twice", a.Value)
			}
			seen[a.Value] = true
		}
	}
	return nil
}

func (d *double) byID(root xmltree.Elem, value string) (xmltree.Elem, error) {
	var found xmltree.Elem
	for _, e := range descendants(root, "") {
		for a := range e.Attrs {
			if !isIDName(a.Local) || a.Value != value {
				continue
			}
			if d.on(dForeignIDs) && a.Space != "" && a.Space != xmltree.WSU && a.Space != xmltree.XML {
				return e, deny(dForeignIDs, "an identifier of %s", a.Space)
			}
			if !found.OK() || d.pick.lastID {
				found = e
			}
		}
	}
	if !found.OK() {
		return found, deny(dFragment, "nothing has the id %q", value)
	}
	return found, nil
}

// walk follows a path of qualified names whose prefixes mean what they mean
// where the path is written.
func walk(e xmltree.Elem, path string, scope xmltree.Elem) xmltree.Elem {
	for i, step := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		prefix, local, _ := strings.Cut(step, ":")
		space, _ := scope.LookupNamespace(prefix)
		if i == 0 {
			if !e.Is(space, local) {
				return xmltree.Elem{}
			}
			continue
		}
		e = e.First(space, local)
	}
	return e
}
