package service

import (
	"errors"
	"fmt"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A Profile says how closely messages must keep to a published profile of the
// specifications, besides all that a [Verifier] demands anyhow.
type Profile uint8

// The profiles.
const (
	// Interoperable takes what the specifications allow.
	Interoperable Profile = iota
	// LWSSP is MS-LWSSP, the lightweight web services security profile, to the
	// letter: Timestamp, password, security context, and assertions of SAML 1.1
	// with a secret key; signatures by secret keys over the Timestamp and over
	// nothing else; no encryption. What is else in a message is refused, and so
	// is an answer of a token service where a request should be.
	LWSSP
)

// ErrProfile is wrapped by errors about messages that are outside of the
// Verifier's Profile.
var ErrProfile = errors.New("service: outside of the profile")

// checkProfile refuses a Verifier whose demands no message of its profile meets,
// or whose answers would be outside of it.
func (v *Verifier) checkProfile() error {
	wrong := func(what string) error { return fmt.Errorf("%w: %s", ErrConfig, what) }
	switch {
	case v.Profile > LWSSP:
		return wrong(fmt.Sprintf("profile %d does not exist", v.Profile))
	case v.Profile != LWSSP:
		return nil
	case v.Require&^Timestamp != 0:
		return wrong("MS-LWSSP signs the Timestamp and nothing else: leave Require empty")
	case v.RequireEncrypted != 0:
		return wrong("MS-LWSSP encrypts nothing: leave RequireEncrypted empty")
	case v.Signer != nil || v.Confirm:
		return wrong("answers of MS-LWSSP have a Timestamp only: leave Signer and Confirm empty")
	}
	return nil
}

// check holds a message against the profile. It looks at what stands where, and
// verifies nothing.
func (p Profile) check(env *soap.Envelope) error {
	if p != LWSSP {
		return nil
	}
	context := false // a context whose key signs
	for h := range env.Ours("") {
		if h.Is(xmltree.WSSE, "Security") {
			var err error
			if context, err = checkSecurity(h); err != nil {
				return err
			}
		}
	}
	return checkBody(env, context)
}

func outside(e xmltree.Elem, format string, a ...any) error {
	return fmt.Errorf("%w: %w", ErrProfile, &wsse.Error{Class: wsse.ClassPolicy, Msg: e.Path() + ": " + fmt.Sprintf(format, a...)})
}

// checkSecurity is about the header: each token at most once, and signed with by
// its key, but for the user's. It reports whether there is a context.
func checkSecurity(security xmltree.Elem) (context bool, err error) {
	count := map[string]int{}
	keyed := map[string]xmltree.Elem{} // tokens whose key must sign, by the id that a signature names
	var signatures []xmltree.Elem
	var stamp string
	for c := range security.Children {
		kind, id := c.Local(), ""
		switch {
		case c.Is(xmltree.WSU, "Timestamp"):
			stamp, _ = c.Attr(xmltree.WSU, "Id")
		case c.Is(xmltree.WSSE, "UsernameToken"):
			err = checkUser(c)
		case c.Is(xmltree.WSSE, "BinarySecurityToken"):
			id, _ = c.Attr(xmltree.WSU, "Id")
			err = checkBinary(c)
		case c.Is(xmltree.SC13, kind) && kind == "SecurityContextToken", c.Is(xmltree.SC2005, kind) && kind == "SecurityContextToken":
			id, _ = c.Attr(xmltree.WSU, "Id")
			err = checkContext(c)
		case c.Is(xmltree.SAML11, "Assertion"):
			id, _ = c.Attr("", "AssertionID")
			err = checkAssertionShape(c)
		case c.Is(xmltree.DS, "Signature"):
			signatures = append(signatures, c)
			continue
		default:
			return false, outside(c, "%s in the Security header", limited(kind))
		}
		if err != nil {
			return false, err
		}
		if count[kind]++; count[kind] > 1 {
			return false, outside(c, "a second %s", kind)
		}
		if kind != "Timestamp" && kind != "UsernameToken" {
			keyed[kind+" "+id] = c
		}
	}
	for _, s := range signatures {
		named, err := checkSignature(s, stamp)
		if err != nil {
			return false, err
		}
		found := false
		for k := range keyed {
			kind, id, _ := strings.Cut(k, " ")
			if id == named.id && (kind == "Assertion") == named.assertion {
				delete(keyed, k)
				found = true
			}
		}
		if !found {
			return false, outside(s, "a signature by a key that no token of the header has")
		}
	}
	for _, c := range keyed {
		return false, outside(c, "no signature by the key of the %s", c.Local())
	}
	return count["SecurityContextToken"] > 0, nil
}

const passwordText = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"

func checkUser(token xmltree.Elem) error {
	have := map[string]int{}
	for c := range token.Children {
		name := c.Local()
		if have[name]++; c.Space() != xmltree.WSSE || name != "Username" && name != "Password" || have[name] > 1 {
			return outside(c, "a user is a name and a password")
		}
		if typ, _ := c.Attr("", "Type"); name == "Password" && typ != passwordText {
			return outside(c, "a password of type %q", limited(typ))
		}
	}
	if len(have) != 2 {
		return outside(token, "a user is a name and a password")
	}
	return nil
}

const (
	kerberosToken = "http://docs.oasis-open.org/wss/oasis-wss-kerberos-token-profile-1.1#GSS_Kerberosv5_AP_REQ"
	base64Binary  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

func checkBinary(token xmltree.Elem) error {
	value, _ := token.Attr("", "ValueType")
	encoding, _ := token.Attr("", "EncodingType")
	if value != kerberosToken || encoding != base64Binary {
		return outside(token, "a binary token of type %q in encoding %q", limited(value), limited(encoding))
	}
	return nil
}

func checkContext(token xmltree.Elem) error {
	have := map[string]int{}
	for c := range token.Children {
		name := c.Local()
		if have[name]++; c.Space() != token.Space() || name != "Identifier" && name != "Instance" || have[name] > 1 {
			return outside(c, "a context token is an Identifier and perhaps an Instance")
		}
	}
	if have["Identifier"] == 0 {
		return outside(token, "a context token without an Identifier")
	}
	return nil
}

const (
	holderOfKey    = "urn:oasis:names:tc:SAML:1.0:cm:holder-of-key"
	thumbprintSHA1 = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"
)

// checkAssertionShape is about an assertion: of SAML 1.1, signed, and confirmed by
// the holder of a secret key that is encrypted for us, and by nothing else.
func checkAssertionShape(a xmltree.Elem) error {
	major, _ := a.Attr("", "MajorVersion")
	minor, _ := a.Attr("", "MinorVersion")
	if major != "1" || minor != "1" {
		return outside(a, "an assertion of SAML %s.%s", limited(major), limited(minor))
	}
	if _, err := a.One(xmltree.DS, "Signature"); err != nil {
		return outside(a, "an assertion without a signature of its own")
	}
	confirmations := 0
	for statement := range a.Children {
		confirmation := statement.First(xmltree.SAML11, "Subject").First(xmltree.SAML11, "SubjectConfirmation")
		if !confirmation.OK() {
			continue
		}
		confirmations++
		for c := range confirmation.Children {
			if method, _ := c.Token(); c.Is(xmltree.SAML11, "ConfirmationMethod") && method != holderOfKey {
				return outside(c, "confirmation by %q", limited(method))
			}
		}
		info, err := confirmation.One(xmltree.DS, "KeyInfo")
		if err != nil {
			return outside(confirmation, "a confirmation has one KeyInfo")
		}
		if err := checkEncryptedKey(info); err != nil {
			return err
		}
	}
	if confirmations == 0 {
		return outside(a, "an assertion that nothing confirms")
	}
	return nil
}

func checkEncryptedKey(info xmltree.Elem) error {
	key := info.First(xmltree.XENC, "EncryptedKey")
	method := key.First(xmltree.XENC, "EncryptionMethod")
	algorithm, _ := method.Attr("", "Algorithm")
	if algorithm != alg.RSAOAEP || method.First(xmltree.XENC, "OAEPparams").OK() {
		return outside(info, "the key of an assertion is encrypted with RSA-OAEP, without parameters")
	}
	identifier := key.First(xmltree.DS, "KeyInfo").First(xmltree.WSSE, "SecurityTokenReference").First(xmltree.WSSE, "KeyIdentifier")
	if value, _ := identifier.Attr("", "ValueType"); value != thumbprintSHA1 {
		return outside(info, "the key of an assertion is encrypted for a certificate that its thumbprint names")
	}
	return nil
}

// trustSpaces are the versions of WS-Trust that the profile has.
var trustSpaces = []string{xmltree.Trust2005, xmltree.Trust13}
