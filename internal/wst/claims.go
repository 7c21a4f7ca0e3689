package wst

import "wstrust/internal/xmltree"

// Claims come in two dialects. WS-Federation's has a ClaimType with a Value in
// it; the older one of the Identity Selector has a ClaimType without a value,
// and peers that extended it (CXF) put a value into a ClaimValue.

// dialect is the dialect in which claims are written.
func (r *Request) dialect() string {
	if r.ClaimsDialect != "" {
		return r.ClaimsDialect
	}
	for _, c := range r.Claims {
		if c.Value != "" {
			return dialectAuth
		}
	}
	return dialectIdent
}

func (r *Request) writeClaims(b *xmltree.Builder, trust string) error {
	if len(r.Claims) == 0 {
		return nil
	}
	dialect := r.dialect()
	space := xmltree.Auth
	switch dialect {
	case dialectAuth:
	case dialectIdent:
		space = xmltree.Identity
	default:
		return misuse("claims: dialect %s is not known; give the element in Parameters", clip(dialect))
	}
	b.Start(trust, "Claims")
	defer b.End()
	b.Attr("", "Dialect", dialect)
	for _, c := range r.Claims {
		if c.URI == "" {
			return misuse("claims: a claim without a type")
		}
		if err := valid("claim type", c.URI); err != nil {
			return err
		}
		if err := valid("claim value", c.Value); err != nil {
			return err
		}
		local := "ClaimType"
		if c.Value != "" && space == xmltree.Identity {
			local = "ClaimValue"
		}
		b.Start(space, local)
		b.Attr("", "Uri", c.URI)
		if c.Optional {
			b.Attr("", "Optional", "true")
		}
		if c.Value != "" {
			b.Elem(space, "Value", c.Value)
		}
		b.End()
	}
	return nil
}

// knownDialect reports whether the claims in e are in one of the two dialects.
// Without the attribute the claims' own namespace tells.
func knownDialect(e xmltree.Elem) bool {
	d, ok := e.Attr("", "Dialect")
	if !ok {
		for c := range e.Children {
			if s := c.Space(); s != xmltree.Auth && s != xmltree.Identity {
				return false
			}
		}
		return true
	}
	return d == dialectAuth || d == dialectIdent
}

// readClaims reads claims of a known dialect. A claim that is not understood is
// refused, since an issuer that passed over it would grant what was not asked.
func (r *Request) readClaims(e xmltree.Elem) error {
	if !e.OK() {
		return nil
	}
	if err := e.OnlyElements(); err != nil {
		return err
	}
	r.ClaimsDialect, _ = e.Attr("", "Dialect")
	for c := range e.Children {
		claim, err := readClaim(c)
		if err != nil {
			return err
		}
		r.Claims = append(r.Claims, claim)
	}
	if r.ClaimsDialect == "" && len(r.Claims) > 0 {
		r.ClaimsDialect = dialectIdent
		if c := e.First(xmltree.Auth, "ClaimType"); c.OK() {
			r.ClaimsDialect = dialectAuth
		}
	}
	if len(r.Claims) == 0 || r.ClaimsDialect == r.defaultDialect() {
		r.ClaimsDialect = ""
	}
	return nil
}

// defaultDialect is the dialect the writer would choose.
func (r *Request) defaultDialect() string {
	d := Request{Claims: r.Claims}
	return d.dialect()
}

func readClaim(e xmltree.Elem) (c Claim, err error) {
	space := e.Space()
	known := e.Local() == "ClaimType" || e.Local() == "ClaimValue" && space == xmltree.Identity
	if !known || space != xmltree.Auth && space != xmltree.Identity {
		return c, e.Errorf("%s is not a claim of a known dialect", clip(e.Local()))
	}
	if err := e.OnlyElements(); err != nil {
		return c, err
	}
	if c.URI, _ = e.Attr("", "Uri"); c.URI == "" {
		return c, e.Errorf("a claim without a type")
	}
	optional, err := boolean(e, "Optional")
	if err != nil {
		return c, err
	}
	c.Optional = optional != nil && *optional
	for part := range e.Children {
		switch {
		case part.Is(space, "DisplayName"), part.Is(space, "Description"), part.Is(space, "DisplayValue"):
			// for people
		case part.Is(space, "Value") && c.Value == "":
			if c.Value, err = part.Text(); err != nil {
				return c, err
			}
			if c.Value == "" {
				return c, part.Errorf("an empty claim value")
			}
		default:
			return c, part.Errorf("%s in a claim is not understood", clip(part.Local()))
		}
	}
	return c, nil
}
