package xmltree

// An idAttr is an attribute whose local name makes some reader take it for an
// identifier.
type idAttr struct {
	node, attr int32
	typed      bool // the attribute is an ID by its specification, wherever it stands
}

// An idProblem is why references by id must be refused in this document.
type idProblem struct {
	node int32
	msg  string
}

// noteID remembers attribute k of element self if it looks like an identifier.
func (d *Doc) noteID(self, k int32) {
	a := &d.attrs[k]
	if !idName(d.src[a.localFrom:a.nameTo]) {
		return
	}
	space := d.spaceString(d.nodes[self].space)
	typed := false
	switch {
	case a.space == spaceXML:
		typed = string(d.src[a.localFrom:a.nameTo]) == "id"
	case a.space != spaceNone:
		typed = d.spaceIs(a.space, WSU)
		if !typed && idCarrier(d.spaceString(a.space)) && d.idProblem.node == 0 {
			d.idProblem = idProblem{self, "an identifier attribute in a namespace where none belongs"}
		}
	default:
		switch string(d.src[a.localFrom:a.nameTo]) {
		case "Id":
			typed = space == DS || space == XENC || space == XENC11 || space == DSIG11
		case "ID":
			typed = space == SAML20 || space == SAMLP20
		case "AssertionID":
			typed = space == SAML11
		}
	}
	d.ids = append(d.ids, idAttr{node: self, attr: k, typed: typed})
}

// idName reports whether a local name is a spelling of "id" or AssertionID.
func idName(local []byte) bool {
	if len(local) == 2 {
		return local[0]|0x20 == 'i' && local[1]|0x20 == 'd'
	}
	return string(local) == "AssertionID"
}

// idCarrier reports whether a namespace has elements that carry identifiers
// without a prefix, so that a prefixed one can only be there to confuse.
func idCarrier(space string) bool {
	switch space {
	case DS, XENC, XENC11, DSIG11, SAML11, SAMLP11, SAML20, SAMLP20, WSSE, WSSE11, SOAP11, SOAP12, Trust13, Trust2005:
		return true
	}
	return false
}

// indexIDs finds identifiers that occur twice. It does not refuse the document:
// only a reader that follows references must.
func (d *Doc) indexIDs() error {
	if len(d.ids) < 2 || d.idProblem.node != 0 {
		return nil
	}
	if len(d.ids) <= linear {
		for k := range d.ids {
			for j := range k {
				if d.ids[k].typed && d.ids[j].typed && string(d.idValue(k)) == string(d.idValue(j)) {
					d.idProblem = idProblem{d.ids[k].node, "an identifier that occurs twice"}
					return nil
				}
			}
		}
		return nil
	}
	if d.dupes == nil {
		d.dupes = make(map[string]struct{})
	}
	clear(d.dupes)
	for k := range d.ids {
		if !d.ids[k].typed {
			continue
		}
		if _, twice := d.dupes[string(d.idValue(k))]; twice {
			d.idProblem = idProblem{d.ids[k].node, "an identifier that occurs twice"}
			return nil
		}
		d.dupes[string(d.idValue(k))] = struct{}{}
	}
	return nil
}

func (d *Doc) idValue(k int) []byte {
	a := &d.attrs[d.ids[k].attr]
	return d.octets(a.valueFrom, a.valueTo, a.side)
}

// UniqueIDs reports an *[Error] if an identifier occurs twice in e's document
// or an identifier attribute stands in a namespace where it can only confuse a
// reader. Identifiers are wsu:Id, xml:id, the Id of signature and encryption
// elements, and the ID and AssertionID of SAML.
func UniqueIDs(e Elem) error {
	if p := e.d.idProblem; p.node != 0 {
		return Elem{d: e.d, i: p.node}.Errorf("%s", p.msg)
	}
	return nil
}

// ByID returns the element that id names in e's document. The identifiers that
// [UniqueIDs] knows are looked at, and so is every attribute whose name is a
// spelling of "id" in any namespace: where more than one of them has this
// value, some reader would find another element, and the look-up is refused.
func ByID(e Elem, id string) (Elem, error) {
	if err := UniqueIDs(e); err != nil {
		return Elem{}, err
	}
	found, problem := e.d.lookUp(id)
	switch {
	case problem != "":
		return Elem{}, found.Errorf("the identifier %s %s", clip([]byte(id)), problem)
	case !found.OK():
		return Elem{}, e.Errorf("no element with the identifier %s", clip([]byte(id)))
	}
	return found, nil
}

// Find is [ByID] for a caller to whom it is all one why there is no such element.
func Find(e Elem, id string) Elem {
	if e.d.idProblem.node != 0 {
		return Elem{}
	}
	found, problem := e.d.lookUp(id)
	if problem != "" {
		return Elem{}
	}
	return found
}

// lookUp returns the element that id names, or one that is in the way and what is
// wrong with it, or neither.
func (d *Doc) lookUp(id string) (found Elem, problem string) {
	for k := range d.ids {
		if string(d.idValue(k)) != id {
			continue
		}
		again := found.OK()
		found = Elem{d: d, i: d.ids[k].node}
		if again {
			return found, "is ambiguous"
		}
		if a := &d.attrs[d.ids[k].attr]; a.space != spaceNone && !d.ids[k].typed {
			return found, "stands in a foreign namespace"
		}
	}
	return found, ""
}
