package xmlenc

import (
	"fmt"
	"slices"
	"strconv"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// encrypted is an EncryptedData or EncryptedKey that was read, and whose
// algorithm the suite admits.
type encrypted struct {
	elem       xmltree.Elem
	uri        string
	transport  alg.Transport // of a key that is encrypted to an RSA key
	keyInfo    xmltree.Elem
	references xmltree.Elem
	value      []byte
}

// The children of EncryptedType and EncryptedKeyType, in the order of the schema.
const (
	childMethod = iota
	childKeyInfo
	childCipherData
	childProperties
	childReferences
	childName
)

var children = [...]struct{ space, local string }{
	childMethod:     {xmltree.XENC, "EncryptionMethod"},
	childKeyInfo:    {xmltree.DS, "KeyInfo"},
	childCipherData: {xmltree.XENC, "CipherData"},
	childProperties: {xmltree.XENC, "EncryptionProperties"},
	childReferences: {xmltree.XENC, "ReferenceList"},
	childName:       {xmltree.XENC, "CarriedKeyName"},
}

func readData(e xmltree.Elem, s alg.Suite, room []byte) (*encrypted, error) {
	if !e.Is(xmltree.XENC, "EncryptedData") {
		return nil, e.Errorf("not an xenc:EncryptedData element")
	}
	d, method, err := read(e, room, childProperties, "Id", "Type", "MimeType", "Encoding")
	if err != nil {
		return nil, err
	}
	if err := s.Opens(d.uri); err != nil {
		return nil, d.at(err)
	}
	if err := d.readParameters(method, 8*alg.CipherKeySize(d.uri)); err != nil {
		return nil, err
	}
	return d, nil
}

func readKey(e xmltree.Elem, s alg.Suite) (*encrypted, error) {
	if !e.Is(xmltree.XENC, "EncryptedKey") {
		return nil, e.Errorf("not an xenc:EncryptedKey element")
	}
	d, method, err := read(e, nil, childName, "Id", "Type", "MimeType", "Encoding", "Recipient")
	if err != nil {
		return nil, err
	}
	if bytes := alg.WrapKeySize(d.uri); bytes != 0 {
		if err := s.Wraps(d.uri); err != nil {
			return nil, d.at(err)
		}
		return d, d.readParameters(method, 8*bytes)
	}
	// The identifier is asked about before what is inside is looked at, so that
	// an algorithm nobody admits is called that. Digest and mask are asked about
	// by DecryptKey, before it looks at the key.
	if err := s.Transports(alg.Transport{URI: d.uri}); err != nil {
		return nil, d.at(err)
	}
	return d, d.readParameters(method, 0)
}

// read reads what both elements have. The method's children are left to the
// caller, who knows which the algorithm has.
func read(e xmltree.Elem, room []byte, last int, attributes ...string) (d *encrypted, method xmltree.Elem, err error) {
	if err := onlyAttributes(e, attributes...); err != nil {
		return nil, method, err
	}
	if err := e.OnlyElements(); err != nil {
		return nil, method, err
	}
	var found [len(children)]xmltree.Elem
	next := 0
	for c := range e.Children {
		i := slices.IndexFunc(children[:last+1], func(n struct{ space, local string }) bool { return c.Is(n.space, n.local) })
		switch {
		case i < 0:
			return nil, method, c.Errorf("an element that xenc:%s does not have", e.Local())
		case i < next:
			return nil, method, c.Errorf("repeated, or not in the order of the schema")
		}
		found[i], next = c, i+1
	}
	if found[childMethod].OK() {
		method = found[childMethod]
	} else {
		// Optional in the schema, for peers that have agreed on it elsewhere.
		return nil, method, e.Errorf("no EncryptionMethod")
	}
	if !found[childCipherData].OK() {
		return nil, method, e.Errorf("no CipherData")
	}
	d = &encrypted{elem: e, keyInfo: found[childKeyInfo], references: found[childReferences]}
	if d.uri, err = algorithm(method); err != nil {
		return nil, method, err
	}
	if err := checkKeyInfo(d.keyInfo); err != nil {
		return nil, method, err
	}
	d.value, err = readCipherData(found[childCipherData], room)
	return d, method, err
}

// checkKeyInfo refuses what would have to be followed, and key agreement, which
// this package does not do. All other content is for the caller.
func checkKeyInfo(ki xmltree.Elem) error {
	for c := range ki.Children {
		switch {
		case c.Is(xmltree.DS, "RetrievalMethod"), c.Is(xmltree.DSIG11, "KeyInfoReference"):
			return fmt.Errorf("%w: %w", ErrReference, c.Errorf("not followed"))
		case c.Is(xmltree.XENC, "AgreementMethod"), c.Is(xmltree.XENC11, "DerivedKey"):
			return fmt.Errorf("xmlenc: %s: %w", c.Path(), alg.ErrAlgorithm)
		}
	}
	return nil
}

func readCipherData(e xmltree.Elem, room []byte) ([]byte, error) {
	if err := onlyAttributes(e); err != nil {
		return nil, err
	}
	if err := e.OnlyElements(); err != nil {
		return nil, err
	}
	if r := e.First(xmltree.XENC, "CipherReference"); r.OK() {
		return nil, fmt.Errorf("%w: %w", ErrReference, r.Errorf("not followed"))
	}
	value, err := e.One(xmltree.XENC, "CipherValue")
	if err != nil {
		return nil, err
	}
	for c := range e.Children {
		if !c.Same(value) {
			return nil, c.Errorf("an element that xenc:CipherData does not have")
		}
	}
	return value.Base64In(room)
}

// readParameters reads the children of EncryptionMethod: KeySize, which must be
// that of the cipher where the cipher fixes one (bits not 0), and the parameters
// of OAEP. Each may stand once, in any order: peers do not keep to the schema's.
func (d *encrypted) readParameters(method xmltree.Elem, bits int) error {
	if err := method.OnlyElements(); err != nil {
		return err
	}
	oaep := d.uri == alg.RSAOAEP || d.uri == alg.RSAOAEP1
	d.transport = alg.Transport{URI: d.uri}
	var seen [4]bool
	once := func(i int, c xmltree.Elem) error {
		if seen[i] {
			return c.Errorf("repeated")
		}
		seen[i] = true
		return nil
	}
	for c := range method.Children {
		var err error
		switch {
		case c.Is(xmltree.XENC, "KeySize"):
			if err = once(0, c); err == nil {
				err = checkKeySize(c, bits)
			}
		case oaep && c.Is(xmltree.XENC, "OAEPparams"):
			if err = once(1, c); err == nil {
				d.transport.Params, err = c.Base64()
			}
		case oaep && c.Is(xmltree.DS, "DigestMethod"):
			if err = once(2, c); err == nil {
				d.transport.DigestURI, err = parameter(c)
			}
		case d.uri == alg.RSAOAEP1 && c.Is(xmltree.XENC11, "MGF"):
			if err = once(3, c); err == nil {
				d.transport.MGFURI, err = parameter(c)
			}
		default:
			err = c.Errorf("a parameter that this encryption method does not have")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkKeySize(e xmltree.Elem, bits int) error {
	token, err := e.Token()
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(token, 10, 31)
	if err != nil || n == 0 || bits != 0 && int(n) != bits {
		return e.Errorf("a key size that this encryption method does not have")
	}
	return nil
}

// algorithm reads the one attribute of an element that names an algorithm.
func algorithm(e xmltree.Elem) (string, error) {
	if err := onlyAttributes(e, "Algorithm"); err != nil {
		return "", err
	}
	uri, ok := e.AttrOctets("", "Algorithm")
	if !ok || len(uri) == 0 {
		return "", e.Errorf("no Algorithm")
	}
	return identifier(uri), nil
}

// identifier is the string of the octets, without a copy for those that are
// common.
func identifier(uri []byte) string {
	for _, common := range commonURIs {
		if common == string(uri) {
			return common
		}
	}
	return string(uri)
}

var commonURIs = [...]string{alg.AES256GCM, alg.AES128GCM, alg.RSAOAEP, alg.RSAOAEP1, alg.DigestSHA256, alg.DigestSHA1, alg.AES256CBC, alg.AES128CBC}

// parameter is algorithm for an element that holds nothing else.
func parameter(e xmltree.Elem) (string, error) {
	uri, err := algorithm(e)
	if err != nil {
		return "", err
	}
	return uri, e.Empty()
}

// onlyAttributes refuses attributes that the schema does not have. Those with a
// namespace are not looked at: WS-Security puts its Id anywhere.
func onlyAttributes(e xmltree.Elem, names ...string) error {
	if other := e.OtherAttr(names...); other != "" {
		return e.Errorf("attribute %.64q that the schema does not have", other)
	}
	return nil
}

// keyOf finds the EncryptedKey that comes with d. Trying several would let a peer
// buy a private-key operation with each.
func keyOf(d *encrypted) (xmltree.Elem, error) {
	var key xmltree.Elem
	for c := range d.keyInfo.Children {
		if !c.Is(xmltree.XENC, "EncryptedKey") {
			continue
		}
		if key.OK() {
			return key, c.Errorf("more than one EncryptedKey")
		}
		key = c
	}
	if key.OK() {
		return key, nil
	}
	after := false
	for c := range xmltree.Parent(d.elem).Children {
		switch {
		case c.Same(d.elem):
			after = true
		case !after:
		case !c.Is(xmltree.XENC, "EncryptedKey"):
			after = false
		case key.OK():
			return key, c.Errorf("more than one EncryptedKey")
		default:
			key = c
		}
	}
	if !key.OK() {
		return key, d.elem.Errorf("no EncryptedKey comes with it")
	}
	return key, nil
}

// refersTo refuses a key whose ReferenceList says that it is for something else.
func (k *encrypted) refersTo(d *encrypted) error {
	if !k.references.OK() {
		return nil
	}
	id, _ := d.elem.Attr("", "Id")
	for r := range k.references.Children {
		if uri, _ := r.Attr("", "URI"); id != "" && uri == "#"+id && r.Is(xmltree.XENC, "DataReference") {
			return nil
		}
	}
	return k.references.Errorf("the key is for other data")
}
