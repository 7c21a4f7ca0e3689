package wst

import "wstrust/internal/xmltree"

// Token types of SAML assertions, as the SAML token profile 1.1 spells them.
const (
	TokenSAML11 = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1"
	TokenSAML20 = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0"
)

// SameTokenType reports whether two token type URIs mean the same kind of
// token. The namespace of the assertion is a common other name of SAML's.
func SameTokenType(a, b string) bool { return canonicalType(a) == canonicalType(b) }

func canonicalType(t string) string {
	switch t {
	case xmltree.SAML11:
		return TokenSAML11
	case xmltree.SAML20:
		return TokenSAML20
	}
	return t
}

// typeOf returns the token type that an element shows by its name, or "" if
// its name says nothing: an encrypted token, or a kind we do not know.
func typeOf(token xmltree.Elem) string {
	switch {
	case token.Is(xmltree.SAML11, "Assertion"):
		return TokenSAML11
	case token.Is(xmltree.SAML20, "Assertion"):
		return TokenSAML20
	case token.Is(xmltree.SC13, "SecurityContextToken"):
		return Trust13.ContextTokenType()
	case token.Is(xmltree.SC2005, "SecurityContextToken"):
		return Trust2005.ContextTokenType()
	}
	return ""
}
