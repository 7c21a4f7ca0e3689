package wsse

import (
	"bytes"
	"cmp"
	"slices"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// A piece is one EncryptedData on its way to what is in it.
type piece struct {
	data xmltree.Elem
	key  xmltree.Elem // the EncryptedKey whose list names it, or zero

	whole   xmltree.Elem // what is replaced: data, or the EncryptedHeader around it
	around  xmltree.Elem // the parent of whole
	content bool
	plain   []byte
	closed  bool // plain is not what was encrypted; it is read all the same
	secret  symmetric
	uri     string
}

// replace decrypts the pieces and makes the next state of the message. I is how
// far the walk has come.
func (v *verifier) replace(pieces []piece, i int) error {
	p := v.Pending
	if p.walk.data += len(pieces); p.walk.data > p.lim.EncryptedParts {
		return refuse(ClassLimit, pieces[0].data, "more than %d encrypted parts", p.lim.EncryptedParts)
	}
	if len(p.states) == maxStates {
		return refuse(ClassLimit, pieces[0].data, "encrypted more than %d times", maxStates-1)
	}
	for j := range pieces {
		if err := v.checkPiece(&pieces[j]); err != nil {
			return because(err, pieces[j].data, "")
		}
	}
	slices.SortFunc(pieces, func(a, b piece) int {
		x, _ := a.whole.Range()
		y, _ := b.whole.Range()
		return cmp.Compare(x, y)
	})
	// The octets of the message with every piece replaced are fewer than before, and
	// while they are put together there is room after them to decrypt the next piece.
	src := p.env.Root.Doc().Source()
	size := len(src)
	for j := range pieces {
		// Found here, since what is taken away twice may be more than there is.
		if j > 0 && pieces[j].whole.Same(pieces[j-1].whole) {
			return refuse(ClassWrapping, pieces[j].data, "listed twice")
		}
		from, to := pieces[j].whole.Range()
		size -= (to - from) / 4 // which base64 takes
	}
	out := make([]byte, 0, size)
	at := 0
	for j := range pieces {
		d := &pieces[j]
		from, to := d.whole.Range()
		out = append(out, src[at:from]...)
		if err := v.decrypt(d, out[len(out):]); err != nil {
			return because(err, d.data, "")
		}
		out = append(out, d.plain...)
		d.plain = out[len(out)-len(d.plain):]
		at = to
	}
	return v.next(pieces, slices.Clip(append(out, src[at:]...)), i)
}

// checkPiece finds out what the plaintext will be and settles whether it may
// stand there: in the Body, as a header block or in one for us, as a child of our
// Security header, or in an EncryptedHeader.
func (v *verifier) checkPiece(d *piece) error {
	if !d.data.Is(xmltree.XENC, "EncryptedData") {
		return refuse(ClassWrapping, d.data, "listed, and not encrypted data")
	}
	d.whole, d.around = d.data, xmltree.Parent(d.data)
	switch t, _ := d.data.AttrOctets("", "Type"); string(t) {
	case xmlenc.Element:
	case xmlenc.Content:
		d.content = true
	default:
		return refuse(ClassFormat, d.data, "type %s", shown(string(t)))
	}
	if d.content {
		// The content of an element is all of its content.
		if err := d.around.OnlyElements(); err != nil || countChildren(d.around) != 1 {
			return refuse(ClassWrapping, d.data, "encrypted content beside other content")
		}
	}
	switch {
	case d.around.Same(v.sec) && !d.content:
		return nil
	case d.around.Same(v.env.Header) && !d.content:
		return nil // a header block, as WS-Security 1.0 has it
	case d.around.Is(xmltree.WSSE11, "EncryptedHeader"):
		d.whole, d.around = d.around, xmltree.Parent(d.around)
		if d.content || countChildren(d.whole) != 1 || d.whole.OnlyElements() != nil || !v.ours(d.whole) {
			return refuse(ClassWrapping, d.data, "in an encrypted header that is none, or not ours")
		}
		return nil
	}
	for e := d.around; e.OK(); e = xmltree.Parent(e) {
		switch {
		case e.Same(v.env.Body):
			return nil
		case reserved(e.Space()) && !addressing(e.Space()) && v.off&checkSplice == 0:
			return refuse(ClassWrapping, d.data, "encrypted data in %s", shown(e.Local()))
		case xmltree.Parent(e).Same(v.env.Header) && v.ours(e):
			return nil
		}
	}
	return refuse(ClassWrapping, d.data, "encrypted data at a place of somebody else")
}

func addressing(space string) bool { return space == xmltree.WSA10 || space == xmltree.WSA04 }

func (v *verifier) ours(h xmltree.Elem) bool {
	for o := range v.env.Ours(v.actor) {
		if o.Same(h) {
			return true
		}
	}
	return false
}

// decrypt opens one piece. Whether a password is the right one shows when what is
// encrypted with it opens.
func (v *verifier) decrypt(d *piece, room []byte) error {
	if v.password.derives() && v.walk.user.IsZero() {
		if s, err := v.keyInfo(xmlenc.KeyInfo(d.data)); err == nil && v.fromPassword(s) {
			return v.askUser(func() bool {
				tried := *d
				if v.openPiece(&tried, nil) != nil { // the next try must not write over it
					return false
				}
				*d = tried
				return true
			})
		}
	}
	return v.openPiece(d, room)
}

// openPiece opens one piece. From the moment that its key is known every failure
// is the same error, and is found in the same way: by the cipher, or where that
// authenticates nothing by reading the text, whatever its padding.
func (v *verifier) openPiece(d *piece, room []byte) error {
	x, err := xmlenc.ReadData(d.data, v.pol.Suite, room)
	if err != nil {
		return err
	}
	d.uri = x.Algorithm()
	size := alg.CipherKeySize(d.uri)
	if d.secret, err = v.dataKey(d, size); err != nil {
		return err
	}
	if !alg.Authenticates(d.uri) && v.off&checkCipherSigned == 0 {
		if err := v.cipherSigned(d.data, &d.secret); err != nil {
			return err
		}
	}
	key := d.secret.key
	if key.Bits() != 8*size {
		if key, err = randomKey(size); err != nil {
			return err
		}
	}
	if err := v.use(key, d.uri, x.Start(), d.data); err != nil {
		return err
	}
	d.plain, err = x.Open(key)
	if d.closed = err != nil; d.closed && d.plain == nil {
		return decryptFailed(d.data)
	}
	return nil
}

// dataKey finds the key of a piece: the one that its KeyInfo names, or that of
// the EncryptedKey that lists it. Where both are there they must be one.
func (v *verifier) dataKey(d *piece, size int) (symmetric, error) {
	var listed symmetric
	var err error
	if d.key.OK() {
		s, err := v.tokenSource(d.key, d.key)
		if err != nil {
			return listed, err
		}
		if listed, err = v.secretOf(&s, size, 0); err != nil {
			return listed, err
		}
	}
	ki := xmlenc.KeyInfo(d.data)
	if !ki.OK() {
		if !d.key.OK() {
			err = refuse(ClassFormat, d.data, "nothing says which key it is encrypted with")
		}
		return listed, err
	}
	s, err := v.keyInfo(ki)
	if err != nil {
		return listed, err
	}
	named, err := v.secretOf(&s, size, 0)
	if err == nil && d.key.OK() && !named.root.Equal(listed.root) {
		err = refuse(ClassWrapping, d.data, "listed with one key and encrypted with another")
	}
	return named, err
}

// next makes the next state: out, the octets of the message with every piece
// replaced, parsed as one document.
func (v *verifier) next(pieces []piece, out []byte, i int) error {
	p := v.Pending
	s := state{cuts: make([]cut, len(pieces))}
	for j := range pieces {
		d := &pieces[j]
		c := &s.cuts[j]
		c.from, c.to = d.whole.Range()
		c.size, c.content = len(d.plain), d.content
		c.lead = len(d.plain) - len(bytes.TrimLeft(d.plain, " \t\r\n"))
	}
	lim := v.lim.Tree()
	lim.Bytes = max(lim.Bytes, len(p.env.Root.Doc().Source())) // what came in may stay
	doc, err := xmltree.Parse(out, lim)
	if err != nil {
		return decryptFailed(pieces[0].data)
	}
	for j := range pieces {
		if pieces[j].closed || !v.fits(&s, j, &pieces[j], doc) && v.off&checkSplice == 0 {
			return decryptFailed(pieces[j].data)
		}
	}
	if s.env, err = p.env.Reread(doc); err != nil {
		return err
	}
	if s.sec, err = p.security(s.env); err != nil {
		return err
	}
	from, _ := p.sec.Range()
	if !s.sec.OK() || !s.sec.Same(doc.At(s.shift(from))) || countChildren(s.sec) != countChildren(p.sec) {
		return refuse(ClassWrapping, p.sec, "not the same header after decryption")
	}
	if err := xmltree.UniqueIDs(doc.Root()); err != nil && v.off&checkIDs == 0 {
		e := because(err, p.sec, "identifiers").(*Error)
		e.Class = ClassWrapping
		return e
	}
	p.states = append(p.states, s)
	v.note(pieces)
	p.env, p.sec = s.env, s.sec
	// Signatures that came to light where the walk has been count from here.
	for j, c := 0, p.sec; j <= i && j < len(p.walk.at); j++ {
		if childAt(c, j).Is(xmltree.DS, "Signature") && p.walk.at[j] < 0 {
			p.walk.at[j] = len(p.states) - 1
		}
	}
	return nil
}

// fits reports whether what was decrypted is, in the new document, exactly what
// its type says: one element, or the whole content of the element around it.
// Anything else reaches out of its place.
func (v *verifier) fits(s *state, j int, d *piece, doc *xmltree.Doc) bool {
	from, to := d.whole.Range()
	up, _ := d.around.Range()
	start := s.startOf(j)
	end := start + len(d.plain)
	if !d.content {
		e := doc.At(start + s.cuts[j].lead)
		if !e.OK() {
			return false
		}
		_, t := e.Range()
		a, _ := xmltree.Parent(e).Range()
		return t == start+len(bytes.TrimRight(d.plain, " \t\r\n")) && a == s.shift(up)
	}
	cf, ct := d.around.ContentRange()
	e := doc.At(s.shift(up))
	if !e.OK() {
		return false
	}
	f, t := e.ContentRange()
	return f == start-(from-cf) && t == end+(ct-to)
}

// startOf returns where what replaced cut j begins.
func (s *state) startOf(j int) int {
	at := s.cuts[j].from
	for _, c := range s.cuts[:j] {
		at += c.size - (c.to - c.from)
	}
	return at
}

// note remembers what was opened, for the evidence.
func (v *verifier) note(pieces []piece) {
	p := v.Pending
	k := len(p.states) - 2
	s := &p.states[k+1]
	p.walk.opened = slices.Grow(p.walk.opened, len(pieces))
	for j := range pieces {
		d := &pieces[j]
		o := opened{state: k, whole: d.whole, content: d.content, header: !d.whole.Same(d.data), uri: d.uri, secret: d.secret}
		if d.content {
			o.elem = p.forward(k, k+1, d.around)
		} else {
			o.elem = s.env.Root.Doc().At(s.startOf(j) + s.cuts[j].lead)
		}
		p.walk.opened = append(p.walk.opened, o)
	}
}
