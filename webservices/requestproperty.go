package webservices

import (
	"errors"
	"fmt"

	"wstrust"
)

// A RequestSecurityTokenProperty is WS_REQUEST_SECURITY_TOKEN_PROPERTY.
type RequestSecurityTokenProperty struct {
	ID    RequestSecurityTokenPropertyID // which property
	Value any                            // of the type that the ID names
}

// defaultBearerVersion is the spelling of the bearer key type in WS-Trust 1.3.
// UNCONFIRMED: the documents do not name a default. It is the spelling that
// MS-LWSSP does not list as rejected; most issuers of today want
// WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ERRATA_01.
const defaultBearerVersion = WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ORIGINAL_SPECIFICATION

// bearerURI2005 is the bearer key type of February 2005. UNCONFIRMED: the
// specification has none; other Microsoft stacks send this one.
const bearerURI2005 = "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey"

var bearerURIs = map[SecurityBearerKeyTypeVersion]string{
	WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ORIGINAL_SPECIFICATION: "http://docs.oasis-open.org/ws-sx/wstrust/200512/Bearer",
	WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ORIGINAL_SCHEMA:        "http://docs.oasis-open.org/wssx/wstrust/200512/Bearer",
	WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ERRATA_01:              "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer",
}

// refuseMixedVersions says that a context action with WS-Trust and
// WS-SecureConversation of different years is E_INVALIDARG, and that where one
// is given the other follows. UNCONFIRMED: the documents do not say.
const refuseMixedVersions = true

// contextTakesScope says whether a context action may have APPLIES_TO,
// ISSUED_TOKEN_TYPE and request parameters. UNCONFIRMED: MS-LWSSP excludes a
// context for another service; the rest is taken.
const contextTakesScope = false

// A tokenRequest is the thirteen properties, checked.
type tokenRequest struct {
	request wstrust.TokenRequest
	dialect dialect
	// existing is the token to be renewed, which ends with success.
	existing *SecurityToken
	// wantsKey says that SERVER_ONLY was asked for in so many words: a token
	// without a key is then no answer.
	wantsKey bool
}

// readRequest checks the properties of a request against one another, the
// channel and its suite. Nothing is sent if it fails.
func readRequest(props []RequestSecurityTokenProperty, channel channelValues, keys keyRange) (*tokenRequest, error) {
	p := requestValues{
		trust: WS_TRUST_VERSION_FEBRUARY_2005, conversation: WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005,
		action: WS_REQUEST_SECURITY_TOKEN_ACTION_ISSUE, entropy: WS_SECURITY_KEY_ENTROPY_MODE_SERVER_ONLY,
		bearer: defaultBearerVersion, given: map[RequestSecurityTokenPropertyID]bool{},
	}
	for _, x := range props {
		if p.given[x.ID] {
			return nil, fmt.Errorf("request property %d is given twice", x.ID)
		}
		p.given[x.ID] = true
		if err := p.set(x); err != nil {
			return nil, fmt.Errorf("request property %d: %w", x.ID, err)
		}
	}
	if err := p.versions(); err != nil {
		return nil, err
	}
	if err := p.interplay(keys); err != nil {
		return nil, err
	}
	m, err := readMessageProperties(p.messages)
	if err != nil {
		return nil, err
	}
	if e := channel.of(WS_CHANNEL_PROPERTY_ENVELOPE_VERSION); m.envelope != 0 && m.envelope != e {
		return nil, errors.New("the messages' envelope version is not the channel's")
	}
	addressing := channel.of(WS_CHANNEL_PROPERTY_ADDRESSING_VERSION).(AddressingVersion)
	if m.addressing != 0 && m.addressing != addressing {
		return nil, errors.New("the messages' addressing version is not the channel's")
	}
	return p.translate(m, addressing)
}

// requestValues are the thirteen properties with their defaults filled in.
type requestValues struct {
	given        map[RequestSecurityTokenPropertyID]bool
	appliesTo    *EndpointAddress
	trust        TrustVersion
	conversation SecureConversationVersion
	tokenType    string
	action       RequestSecurityTokenAction
	existing     *SecurityToken
	keyType      SecurityKeyType // 0: not sent
	keySize      uint32          // 0: not sent
	entropy      SecurityKeyEntropyMode
	local        []wstrust.XML
	service      []wstrust.XML
	messages     []MessageProperty
	bearer       SecurityBearerKeyTypeVersion
}

// set takes one property in.
func (p *requestValues) set(x RequestSecurityTokenProperty) (err error) {
	ok := true
	switch x.ID {
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_APPLIES_TO:
		p.appliesTo, ok = x.Value.(*EndpointAddress)
		ok = ok && p.appliesTo != nil
		if ok {
			err = p.appliesTo.check()
		}
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_TRUST_VERSION:
		p.trust, ok = x.Value.(TrustVersion)
		ok = ok && between(p.trust, WS_TRUST_VERSION_FEBRUARY_2005, WS_TRUST_VERSION_1_3)
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_SECURE_CONVERSATION_VERSION:
		p.conversation, ok = x.Value.(SecureConversationVersion)
		ok = ok && between(p.conversation, WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005, WS_SECURE_CONVERSATION_VERSION_1_3)
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_TYPE:
		p.tokenType, ok = x.Value.(string)
		ok = ok && p.tokenType != ""
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_REQUEST_ACTION:
		p.action, ok = x.Value.(RequestSecurityTokenAction)
		ok = ok && between(p.action, WS_REQUEST_SECURITY_TOKEN_ACTION_ISSUE, WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT)
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_EXISTING_TOKEN:
		p.existing, ok = x.Value.(*SecurityToken)
		ok = ok && p.existing != nil && p.existing.token != nil
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_TYPE:
		p.keyType, ok = x.Value.(SecurityKeyType)
		ok = ok && between(p.keyType, WS_SECURITY_KEY_TYPE_NONE, WS_SECURITY_KEY_TYPE_SYMMETRIC)
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_SIZE:
		p.keySize, ok = x.Value.(uint32)
		ok = ok && p.keySize != 0
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_ENTROPY:
		p.entropy, ok = x.Value.(SecurityKeyEntropyMode)
		ok = ok && between(p.entropy, WS_SECURITY_KEY_ENTROPY_MODE_CLIENT_ONLY, WS_SECURITY_KEY_ENTROPY_MODE_COMBINED)
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_LOCAL_REQUEST_PARAMETERS:
		p.local, ok, err = parameters(x.Value)
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_SERVICE_REQUEST_PARAMETERS:
		p.service, ok, err = parameters(x.Value)
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_MESSAGE_PROPERTIES:
		p.messages, ok = x.Value.([]MessageProperty)
	case WS_REQUEST_SECURITY_TOKEN_PROPERTY_BEARER_KEY_TYPE_VERSION:
		p.bearer, ok = x.Value.(SecurityBearerKeyTypeVersion)
		ok = ok && bearerURIs[p.bearer] != ""
	default:
		return errors.New("it does not exist")
	}
	if err == nil && !ok {
		err = fmt.Errorf("a value that it cannot have (%T)", x.Value)
	}
	return err
}

func parameters(v any) (list []wstrust.XML, ok bool, err error) {
	b, ok := v.(*XMLBuffer)
	if !ok || b == nil {
		return nil, false, nil
	}
	list, err = b.elements()
	return list, true, err
}

// versions settles the two versions of a context action.
func (p *requestValues) versions() error {
	if p.action == WS_REQUEST_SECURITY_TOKEN_ACTION_ISSUE {
		return nil
	}
	trust := p.given[WS_REQUEST_SECURITY_TOKEN_PROPERTY_TRUST_VERSION]
	conversation := p.given[WS_REQUEST_SECURITY_TOKEN_PROPERTY_SECURE_CONVERSATION_VERSION]
	switch {
	case trust && conversation && uint32(p.trust) != uint32(p.conversation) && refuseMixedVersions:
		return errors.New("the versions of WS-Trust and WS-SecureConversation do not go together")
	case conversation:
		p.trust = TrustVersion(p.conversation)
	case trust:
		p.conversation = SecureConversationVersion(p.trust)
	}
	return nil
}

// interplay refuses what does not go together.
func (p *requestValues) interplay(keys keyRange) error {
	sized := p.given[WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_SIZE]
	entropy := p.given[WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_ENTROPY]
	context := p.action != WS_REQUEST_SECURITY_TOKEN_ACTION_ISSUE
	renew := p.action == WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT
	switch {
	case p.keyType == WS_SECURITY_KEY_TYPE_NONE && (sized || entropy):
		return errors.New("key size and entropy are for symmetric keys")
	case renew != (p.existing != nil):
		return errors.New("EXISTING_TOKEN goes with RENEW_CONTEXT, and RENEW_CONTEXT with it")
	case context && p.keyType == WS_SECURITY_KEY_TYPE_NONE:
		return errors.New("a security context has a symmetric key")
	case context && !contextTakesScope && p.appliesTo != nil:
		return errors.New("a security context is for the service that is asked")
	case sized && (p.keySize%8 != 0 || int64(p.keySize) < int64(keys.least) || int64(p.keySize) > int64(keys.most)):
		return fmt.Errorf("a key of %d bits, and the algorithm suite has %d to %d", p.keySize, keys.least, keys.most)
	}
	return nil
}

// translate makes the root package's request of the properties.
func (p *requestValues) translate(m messageValues, addressing AddressingVersion) (*tokenRequest, error) {
	t := &tokenRequest{
		request: wstrust.TokenRequest{
			TokenType: p.tokenType, KeySize: int(p.keySize), Parameters: p.local, Secondary: p.service,
		},
		dialect:  dialect{headers: m.headers, depth: m.depth},
		existing: p.existing,
	}
	t.wantsKey = p.given[WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_ENTROPY] && p.entropy == WS_SECURITY_KEY_ENTROPY_MODE_SERVER_ONLY
	if p.trust == WS_TRUST_VERSION_FEBRUARY_2005 {
		t.dialect.trust = wstrust.Trust2005
	}
	switch p.keyType {
	case WS_SECURITY_KEY_TYPE_NONE:
		t.request.KeyType = wstrust.Bearer
		t.dialect.bearer = bearerURIs[p.bearer]
		if p.trust == WS_TRUST_VERSION_FEBRUARY_2005 {
			t.dialect.bearer = bearerURI2005
		}
	case WS_SECURITY_KEY_TYPE_SYMMETRIC:
		t.request.KeyType = wstrust.Symmetric
	}
	switch p.entropy {
	case WS_SECURITY_KEY_ENTROPY_MODE_CLIENT_ONLY:
		t.request.Entropy = wstrust.ClientEntropy
	case WS_SECURITY_KEY_ENTROPY_MODE_COMBINED:
		t.request.Entropy = wstrust.CombinedEntropy
	}
	switch p.action {
	case WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT:
		t.request.Action = wstrust.NewContext
	case WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT:
		t.request.Action = wstrust.RenewContext
		t.request.Existing = p.existing.token
	}
	if p.appliesTo == nil {
		return t, nil
	}
	t.request.AppliesTo = p.appliesTo.URL
	if !p.appliesTo.plain() {
		var err error
		if t.request.AppliesToReference, err = p.appliesTo.reference(addressing); err != nil {
			return nil, err
		}
	}
	return t, nil
}
