package service

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"

	"wstrust/internal/wssc"
	"wstrust/saml"
)

// An owner is who established a context, as it is kept with it.
type owner struct {
	principal *Principal
	assertion XML
	id        string // of the principal, among all; known where the context was established
}

// ownerID names who established a context, for the limits.
func ownerID(c *wssc.Context) string {
	o, _ := c.Owner.(owner)
	return o.id
}

// ownerOf takes down who sent m, and returns until when that can be relied on:
// no context outlives what it was established with.
func ownerOf(m *Message, limit time.Time) (owner, time.Time) {
	p := *m.principal
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(limit) {
			limit = t
		}
	}
	var o owner
	issuer := ""
	if a := p.Assertion; a != nil {
		issuer = a.Issuer
		sooner(a.Conditions.NotOnOrAfter)
		o.assertion = XML(a.Element().Standalone())
	}
	if p.Certificate != nil {
		sooner(p.Certificate.NotAfter)
	}
	// The assertion stands in a message that is not kept.
	p.Assertion = nil
	p.Attributes = make([]saml.Attribute, len(m.principal.Attributes))
	for i, a := range m.principal.Attributes {
		a.Elements = nil
		p.Attributes[i] = a
	}
	o.principal = &p
	o.id = fmt.Sprintf("%s %q %q", p.Kind, issuer, p.Name)
	return o, limit
}

// writtenOwner is an owner as it is stored.
type writtenOwner struct {
	Kind        Kind
	Name        string
	User        string           `json:",omitempty"` // of kind User it is the Name
	Attributes  []saml.Attribute `json:",omitempty"`
	Certificate []byte           `json:",omitempty"` // DER
	Key         []byte           `json:",omitempty"` // DER, if it is not the certificate's
	Proof       bool             `json:",omitempty"`
	Assertion   XML              `json:",omitempty"`
}

func (o owner) write(withAssertion bool) ([]byte, error) {
	p := o.principal
	w := writtenOwner{Kind: p.Kind, Name: p.Name, Attributes: p.Attributes, Proof: p.ProofOfPossession}
	if p.Kind != User {
		w.User = p.User
	}
	if withAssertion {
		w.Assertion = o.assertion
	}
	switch {
	case p.Certificate != nil:
		w.Certificate = p.Certificate.Raw
	case p.Key != nil:
		der, err := x509.MarshalPKIXPublicKey(p.Key)
		if err != nil {
			return nil, fmt.Errorf("service: context: key of the principal: %w", err)
		}
		w.Key = der
	}
	return json.Marshal(w)
}

// ownerFrom returns the owner of a context: as it was put beside it, or as it
// was written.
func ownerFrom(c *wssc.Context) (owner, error) {
	if o, ok := c.Owner.(owner); ok {
		p := *o.principal // a handler may change its own
		o.principal = &p
		return o, nil
	}
	var w writtenOwner
	if err := json.Unmarshal(c.Principal, &w); err != nil {
		return owner{}, fmt.Errorf("service: context: principal: %w", err)
	}
	p := &Principal{Kind: w.Kind, Name: w.Name, User: w.User, Attributes: w.Attributes, ProofOfPossession: w.Proof}
	if p.Kind == User {
		p.User = p.Name
	}
	if len(w.Certificate) != 0 {
		cert, err := x509.ParseCertificate(w.Certificate)
		if err != nil {
			return owner{}, fmt.Errorf("service: context: principal: %w", err)
		}
		p.Certificate, p.Key = cert, cert.PublicKey
	}
	if len(w.Key) != 0 {
		key, err := x509.ParsePKIXPublicKey(w.Key)
		if err != nil {
			return owner{}, fmt.Errorf("service: context: principal: %w", err)
		}
		p.Key = key
	}
	return owner{principal: p, assertion: w.Assertion}, nil
}
