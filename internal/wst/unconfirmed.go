package wst

// The choices in this package about WsRequestSecurityToken that no public source
// settles. A trace of Windows would; until then each stands here, and with its
// reason in docs/wwsapi.md.
const (
	// entropyAsLongAsKey makes the client's entropy as long as the key that is
	// asked for, and [DefaultKeyBits] without a KeySize. UNCONFIRMED: its length
	// is documented nowhere. Shorter would weaken the key, and longer adds
	// nothing to it.
	entropyAsLongAsKey = true

	// wholeKeyForEntropy is the verdict on an issuer who answers entropy of the
	// client with a whole key of his own. UNCONFIRMED: WS-Trust lets him; that
	// the key of a token "depends on the requested mode" reads like a refusal.
	// He may, where the caller says so: [Options.Lenient].
	wholeKeyForEntropy = lenient

	// explicitWins leaves an element of the secondary parameters out that the
	// request has already, where February 2005 puts them side by side. With
	// false the request is refused. UNCONFIRMED: nothing says that Windows
	// compares the two. Templates of services mostly repeat the token type and
	// the key type that a client asks for, and issuers refuse an element twice.
	explicitWins = true

	// parametersMayRepeat takes an element among the client's own parameters
	// that a field of the request writes already. UNCONFIRMED like explicitWins,
	// but here one and the same caller says two things.
	parametersMayRepeat = false
)
