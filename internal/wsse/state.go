package wsse

import (
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

// A state is the message at one point of reading its header: as it came or,
// once some of its EncryptedData were replaced by what was in them, as a
// document of its own. A signature is verified in the state in which the header
// has it; everything else is read from the last one.
type state struct {
	env  *soap.Envelope
	sec  xmltree.Elem
	cuts []cut // what made it out of the state before, in the order of that
}

// A cut is one replacement, in octets of the state before.
type cut struct {
	from, to int // what was replaced: an EncryptedData, or the EncryptedHeader around one
	size     int // octets that stand there now
	lead     int // of those, before the element
	content  bool
}

// shift returns where the element that began at octet at of the state before
// begins in s, or -1 if it is gone.
func (s *state) shift(at int) int {
	move := 0
	for _, c := range s.cuts {
		switch {
		case at < c.from:
			return at + move
		case at == c.from && !c.content:
			return at + move + c.lead
		case at < c.to:
			return -1
		}
		move += c.size - (c.to - c.from)
	}
	return at + move
}

// forward returns what an element of state k has become in state to: itself, or
// the element that was encrypted in it. It is zero for what was inside an
// EncryptedData, and for one that held no single element.
func (p *Pending) forward(k, to int, e xmltree.Elem) xmltree.Elem {
	for i := k + 1; i <= to; i++ {
		if e.Doc() != p.states[i-1].env.Root.Doc() {
			return xmltree.Elem{} // gone, or of another state, where something else begins at its octet
		}
		from, _ := e.Range()
		e = p.states[i].env.Root.Doc().At(p.states[i].shift(from))
	}
	return e
}

// back returns what stood in state to where e stands in state k: itself, or the
// ciphertext that it was in.
func (p *Pending) back(k, to int, e xmltree.Elem) xmltree.Elem {
	for i := k; i > to && e.OK(); i-- {
		from, _ := e.Range()
		e = p.states[i-1].env.Root.Doc().At(p.states[i].unshift(from))
	}
	return e
}

// unshift returns what of the state before an element of s begins at, or stood in.
func (s *state) unshift(at int) int {
	for i, c := range s.cuts {
		switch from := s.startOf(i); {
		case at < from:
			return at - (from - c.from)
		case at < from+c.size:
			return c.from
		}
	}
	for _, c := range s.cuts {
		at += c.to - c.from - c.size
	}
	return at
}

// final is forward to the last state.
func (p *Pending) final(k int, e xmltree.Elem) xmltree.Elem { return p.forward(k, len(p.states)-1, e) }

// secOf returns our Security header in the state that e belongs to.
func (p *Pending) secOf(e xmltree.Elem) xmltree.Elem {
	for i := range p.states {
		if p.states[i].sec.Doc() == e.Doc() {
			return p.states[i].sec
		}
	}
	return xmltree.Elem{}
}

// childAt returns child i of an element.
func childAt(e xmltree.Elem, i int) xmltree.Elem {
	for c := range e.Children {
		if i == 0 {
			return c
		}
		i--
	}
	return xmltree.Elem{}
}

func countChildren(e xmltree.Elem) (n int) {
	for range e.Children {
		n++
	}
	return n
}
