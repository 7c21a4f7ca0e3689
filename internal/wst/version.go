package wst

import (
	"fmt"

	"wstrust/internal/xmltree"
)

// A Version is a version of WS-Trust, with the version of
// WS-SecureConversation that goes with it.
type Version uint8

const (
	Trust13   Version = iota // WS-Trust 1.3 and WS-SecureConversation 1.3
	Trust2005                // both of February 2005
	Trust14                  // WS-Trust 1.4: 1.3's namespace, and a second one for ActAs
)

// String returns the version's name, for people.
func (v Version) String() string {
	switch v {
	case Trust13:
		return "1.3"
	case Trust2005:
		return "2005/02"
	case Trust14:
		return "1.4"
	}
	return fmt.Sprintf("Version(%d)", uint8(v))
}

// An Action says what is asked of the issuer.
type Action uint8

// The first four are WS-Trust's, the last three WS-SecureConversation's: the
// same request types about a security context, under action URIs of their own.
const (
	Issue Action = iota
	Renew
	Validate
	Cancel
	NewContext
	RenewContext
	CancelContext

	actions = iota
)

// String returns the action's name, for people.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("Action(%d)", uint8(a))
}

var actionNames = [actions]string{"Issue", "Renew", "Validate", "Cancel", "NewContext", "RenewContext", "CancelContext"}

// context reports whether a is about a security context.
func (a Action) context() bool { return a >= NewContext && a <= CancelContext }

// verb is the request type of a: NewContext is an Issue, and so on.
func (a Action) verb() Action {
	switch a {
	case NewContext:
		return Issue
	case RenewContext:
		return Renew
	case CancelContext:
		return Cancel
	}
	return a
}

// A driver is what makes one version differ from another.
type driver struct {
	trust, sc string // namespaces

	// final are the suffixes of the actions of final answers, the one we write
	// first; the rest are accepted.
	final [actions][]string
	// collection says which answers we write as a collection of one.
	// bare and wrapped say which containers we accept.
	collection, bare, wrapped [actions]bool

	bearer []string // KeyType spellings, the one we write first
}

const (
	errataBearer   = xmltree.Trust13 + "/Bearer"
	specBearer     = "http://docs.oasis-open.org/ws-sx/wstrust/200512/Bearer"
	schemaBearer   = "http://docs.oasis-open.org/wssx/wstrust/200512/Bearer"
	noProofKey     = xmltree.Identity + "/NoProofKey"
	dialectAuth    = xmltree.Auth + "/authclaims"
	dialectIdent   = xmltree.Identity
	bst            = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
	base64Encoding = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

// The drivers. WS-Trust 1.3 wants the final answer to an Issue in a collection
// (the schema says so at RequestSecurityTokenResponseCollectionType), and the
// WSDL of 1.4 gives the other verbs a bare response; WCF and CXF wrap answers
// about contexts, Cancel included, and MS-LWSSP demands it. Readers take both
// where peers differ, and never for Issue.
var drivers = [...]driver{
	Trust13: {
		trust: xmltree.Trust13, sc: xmltree.SC13,
		final: [actions][]string{
			Issue:         {"RSTRC/IssueFinal", "RSTR/IssueFinal", "RSTR/Issue"},
			Renew:         {"RSTR/RenewFinal", "RSTR/Renew"},
			Validate:      {"RSTR/ValidateFinal", "RSTR/Validate"},
			Cancel:        {"RSTR/CancelFinal", "RSTR/Cancel"},
			NewContext:    {"RSTR/SCT", "RSTRC/IssueFinal"},
			RenewContext:  {"RSTR/SCT/Renew", "RSTR/RenewFinal"},
			CancelContext: {"RSTR/SCT/Cancel", "RSTR/SCT-Cancel", "RSTR/CancelFinal"},
		},
		collection: [actions]bool{Issue: true, NewContext: true, RenewContext: true, CancelContext: true},
		wrapped:    [actions]bool{Issue: true, Renew: true, Validate: true, Cancel: true, NewContext: true, RenewContext: true, CancelContext: true},
		bare:       [actions]bool{Renew: true, Validate: true, Cancel: true, NewContext: true, RenewContext: true, CancelContext: true},
		bearer:     []string{errataBearer, specBearer, schemaBearer},
	},
	Trust2005: {
		trust: xmltree.Trust2005, sc: xmltree.SC2005,
		final: [actions][]string{
			Issue:         {"RSTR/Issue"},
			Renew:         {"RSTR/Renew"},
			Validate:      {"RSTR/Validate"},
			Cancel:        {"RSTR/Cancel"},
			NewContext:    {"RSTR/SCT"},
			RenewContext:  {"RSTR/SCT/Renew"},
			CancelContext: {"RSTR/SCT/Cancel", "RSTR/SCT-Cancel"},
		},
		bare:   [actions]bool{Issue: true, Renew: true, Validate: true, Cancel: true, NewContext: true, RenewContext: true, CancelContext: true},
		bearer: []string{noProofKey, errataBearer, specBearer, schemaBearer},
	},
}

// driver returns v's table; 1.4 adds only a namespace for extensions.
func (v Version) driver() *driver {
	if v == Trust2005 {
		return &drivers[Trust2005]
	}
	return &drivers[Trust13]
}

// Namespace returns the namespace of v's messages.
func (v Version) Namespace() string { return v.driver().trust }

// ContextNamespace returns the namespace of the WS-SecureConversation that
// goes with v.
func (v Version) ContextNamespace() string { return v.driver().sc }

// ContextTokenType returns the token type, and the reference ValueType, of a
// security context token.
func (v Version) ContextTokenType() string { return v.driver().sc + "/sct" }

// StatusTokenType returns the token type with which Validate asks for a
// status and not for a token.
func (v Version) StatusTokenType() string { return v.driver().trust + "/RSTR/Status" }

// RequestType returns the RequestType URI of a.
func (v Version) RequestType(a Action) string { return v.driver().trust + "/" + a.verb().String() }

// RequestAction returns the addressing action of a request.
func (v Version) RequestAction(a Action) string { return v.driver().trust + "/" + requestSuffix[a] }

var requestSuffix = [actions]string{
	"RST/Issue", "RST/Renew", "RST/Validate", "RST/Cancel", "RST/SCT", "RST/SCT/Renew", "RST/SCT/Cancel",
}

// ReplyAction returns the addressing action of the answer we write.
func (v Version) ReplyAction(a Action) string { return v.driver().trust + "/" + v.driver().final[a][0] }

// ReplyActions returns every addressing action that an answer to a may carry,
// the usual one first.
func (v Version) ReplyActions(a Action) []string {
	var all []string
	for _, f := range v.driver().final[a] {
		all = append(all, v.driver().trust+"/"+f)
	}
	return all
}

// StrictReplyActions is [Version.ReplyActions] as clients that follow MS-LWSSP
// to the letter see it: by its product note 5 they refuse RSTRC/IssueFinal.
func (v Version) StrictReplyActions(a Action) []string {
	var all []string
	for _, f := range v.ReplyActions(a) {
		if f != xmltree.Trust13+"/RSTRC/IssueFinal" {
			all = append(all, f)
		}
	}
	return all
}

// ParseAction returns the action and version that a request's addressing
// action stands for. Of the two versions that share URIs it returns 1.3. The
// spelling RST/SCT-Cancel, which a few peers send, is understood.
func ParseAction(uri string) (Action, Version, bool) {
	for _, v := range [...]Version{Trust13, Trust2005} {
		for a := Issue; a < actions; a++ {
			if uri == v.RequestAction(a) {
				return a, v, true
			}
		}
		if uri == v.Namespace()+"/RST/SCT-Cancel" {
			return CancelContext, v, true
		}
	}
	return 0, 0, false
}

// PSHA1 returns the URI of the only computed-key algorithm there is.
func (v Version) PSHA1() string { return v.driver().trust + "/CK/PSHA1" }

// Types of a BinarySecret.
func (v Version) nonce() string        { return v.driver().trust + "/Nonce" }
func (v Version) symmetricKey() string { return v.driver().trust + "/SymmetricKey" }
func (v Version) publicKey() string    { return v.driver().trust + "/PublicKey" }

// versionOf returns the version whose namespace uri is. 1.4 looks like 1.3.
func versionOf(uri string) (Version, bool) {
	switch uri {
	case xmltree.Trust13:
		return Trust13, true
	case xmltree.Trust2005:
		return Trust2005, true
	}
	return 0, false
}
