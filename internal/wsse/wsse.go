// Package wsse writes and reads the Security header of SOAP messages.
//
// [Protect] writes a message with its Security header. [Read], [Pending.Needs]
// and [Pending.Verify] take one apart: Verify is told the keys it asked for,
// so that whatever must be fetched is fetched between the two, and returns
// [Evidence]. What a message says may be believed as far as its Evidence goes,
// and no further: a [Part] is made by Verify alone, from a node that a
// signature digested or, over authenticated TLS, from one that the policy
// leaves to the transport.
//
// The package is pure: it takes the time as an argument and does no I/O. It
// decides about keys, signatures and freshness. The conditions of an
// assertion, replays and what a user may do are its callers' affair.
//
// Sources: Web Services Security: SOAP Message Security 1.1, Username Token
// Profile 1.1, X.509 Certificate Token Profile 1.1, SAML Token Profile 1.1,
// WS-SecureConversation 1.3, and [MS-LWSSP].
package wsse

import "wstrust/internal/xmltree"

// Understood reports whether a header block is one that this package reads; it
// is what [wstrust/internal/soap.Read] asks for.
func Understood(space, local string) bool {
	return space == xmltree.WSSE && local == "Security" || space == xmltree.WSSE11 && local == "EncryptedHeader"
}

// Identifiers of the profiles.
const (
	wss10 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
	wss11 = "http://docs.oasis-open.org/wss/oasis-wss-"

	encodingBase64 = wss10 + "soap-message-security-1.0#Base64Binary"

	passwordText   = wss10 + "username-token-profile-1.0#PasswordText"
	passwordDigest = wss10 + "username-token-profile-1.0#PasswordDigest"

	typeUsername = wss10 + "username-token-profile-1.0#UsernameToken"

	typeX509v3  = wss10 + "x509-token-profile-1.0#X509v3"
	typePKIPath = wss10 + "x509-token-profile-1.0#X509PKIPathv1"
	typeSKI     = wss10 + "x509-token-profile-1.0#X509SubjectKeyIdentifier"

	typeThumbprint       = wss11 + "soap-message-security-1.1#ThumbprintSHA1"
	typeEncryptedKey     = wss11 + "soap-message-security-1.1#EncryptedKey"
	typeEncryptedKeySHA1 = wss11 + "soap-message-security-1.1#EncryptedKeySHA1"
	typeKerberosSHA1     = wss11 + "kerberos-token-profile-1.1#Kerberosv5APREQSHA1"

	typeSAML11ID = wss11 + "saml-token-profile-1.0#SAMLAssertionID"
	typeSAML20ID = wss11 + "saml-token-profile-1.1#SAMLID"

	tokenSAML11 = wss11 + "saml-token-profile-1.1#SAMLV1.1"
	tokenSAML20 = wss11 + "saml-token-profile-1.1#SAMLV2.0"

	typeSCT2005 = xmltree.SC2005 + "/sct"
	typeSCT13   = xmltree.SC13 + "/sct"
)

// Limits that nothing changes; the others are [Limits].
const (
	maxPath   = 8 // certificates in one token
	maxStates = 6 // times that the message is parsed anew, and one
)
