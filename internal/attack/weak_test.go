package attack

import (
	"fmt"
	"math/bits"
	"strings"

	"wstrust/internal/wsse"
)

// A defence is one thing that the weak double can be told to leave out.
type defence uint64

const (
	// How octets become a document.
	dDoctype    defence = 1 << iota // a document type declaration is refused
	dPI                             // processing instructions are refused
	dDocument                       // one root, and nothing around it
	dEncoding                       // UTF-8, and what is declared is what it is
	dLimits                         // of size, depth and number
	dNames                          // names, namespaces and characters as XML has them
	dText                           // a value is one piece of text
	dBase64                         // base64 has one spelling
	dCompressed                     // nothing is decompressed

	// Which element is meant.
	dUniqueIDs  // an identifier stands once
	dForeignIDs // identifiers stand where their namespace has them
	dFragment   // references are "#id"
	dTransforms // a closed list of transforms, and few of them
	dReferences // few references, each to another element

	// The signature.
	dSchema     // children of a signature as the schema has them
	dDigestText // a digest is the text of its element
	dEveryRef   // every reference is verified
	dVoid       // a canonical form that fails or is empty is an error
	dEnveloped  // the signature is a child of what it is enveloped in
	dManifest   // what a manifest names is not covered
	dValue      // the signature value is verified
	dEncodings  // a signature value has one form
	dHMACLength // an HMAC has its full length
	dAlgorithms // a closed list of algorithms and key sizes

	// The key.
	dKeyKind   // the kind of key goes with the kind of algorithm
	dTrust     // key information only selects
	dRetrieval // key information is not fetched
	dPath      // certificate path
	dOneMatch  // a selector that fits two keys is refused
	dZeroKey   // a secret of zeros is none
	dTokenUsed // the token that was signed is the token that is used

	// The message.
	dShape     // Envelope, at most one Header, one Body
	dOneHeader // one Security header for us
	dRole      // headers of other roles are not ours
	dOwnHeader // signatures and tokens stand in our Security header
	dOneField  // a header stands once
	dPlace     // what is signed stands at a place that we know
	dRequired  // what is required is what is signed
	dNamed     // something signed has the name of what is required
	dFresh     // time
	dReplay    // once
	dTo        // the message is to us
	dAction    // one action
	dReplyTo   // answers go back
	dMust      // mustUnderstand

	// The token.
	dOneToken  // one token of a kind
	dOwnSig    // an assertion is what its own signature is over
	dSigned    // an assertion is signed
	dHolder    // a holder-of-key assertion is proved
	dAudience  // an assertion is for us
	dCondition // conditions are understood
	dPassword  // passwords are compared
	dDecrypt   // what does not decrypt is not there
	dNesting   // what is decrypted is not decrypted again
	dCipher    // cipher text stands in the message
	dReply     // an answer is the answer to what was sent
	dDelegate  // the token of somebody else is verified
	dDerive    // derived keys are what the schema has
	dReflect   // what we sent does not come back to us
	dOracle    // all failures to decrypt look the same
	dOpens     // what has no authentication is decrypted for somebody who is known
	dOwnValue  // a signature is verified by its own value
	dKnew      // a token that was encrypted counts under a signature
	dLast
)

var defenceNames = strings.Fields(`doctype pi document encoding limits names text base64 compressed
	unique-ids foreign-ids fragment transforms references
	schema digest-text every-ref void enveloped manifest value encodings hmac-length algorithms
	key-kind trust retrieval path one-match zero-key token-used
	shape one-header role own-header one-field place required named fresh replay to action reply-to must
	one-token own-sig signed holder audience condition password decrypt nesting cipher reply delegate derive reflect oracle opens own-value knew`)

func (d defence) String() string {
	var out []string
	for i, name := range defenceNames {
		if d&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, ",")
}

// each yields the defences of a set one by one.
func (d defence) each(yield func(defence) bool) {
	for d != 0 {
		one := defence(1) << bits.TrailingZeros64(uint64(d))
		if !yield(one) {
			return
		}
		d &^= one
	}
}

// A pick says which of several a weakened double takes: verifiers in the field
// differ in that, and an attacker chooses his victim.
type pick struct {
	lastID      bool // of elements with one identifier
	lastBody    bool
	lastHeader  bool // of Security headers, and of other headers
	lastToken   bool
	firstSigner bool   // of the signers, the one who counts
	lastInfo    bool   // of SignedInfo elements, the one whose digests are checked
	digest      string // "comment", "anywhere": where a DigestValue is found
	octets      string // what an HMAC is keyed with: "der", "spki", "point", "pem"
	piText      bool   // what is in an instruction is text, in canonical form
	onlyFirst   bool   // of the references, the one that is verified; else only the last
}

// A reading is what a verifier gives to its application.
type reading map[string]string

// A double is the weak double: a verifier with all defences but those in off.
type double struct {
	w       *world
	off     defence
	pick    pick
	require wsse.Parts
	fetch   map[string][]byte // what the network would give
	seen    map[string]bool   // for replays
	reply   string            // the MessageID of our request
	http    string            // the action that the HTTP headers state
	ask     map[string]string // what our request for a token asked for
}

func (d *double) on(one defence) bool { return d.off&one == 0 }

// A denial is a refusal by the double: the defence that refused.
type denial struct {
	by  defence
	why string
}

func (r *denial) Error() string { return fmt.Sprintf("%v: %s", r.by, r.why) }

func deny(by defence, format string, a ...any) error {
	return &denial{by, fmt.Sprintf(format, a...)}
}
