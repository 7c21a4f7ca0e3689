package webservices

// TrustVersion is WS_TRUST_VERSION: the version of WS-Trust.
type TrustVersion uint32

// The versions of WS-Trust.
const (
	WS_TRUST_VERSION_FEBRUARY_2005 TrustVersion = 1 // of February 2005; the default
	WS_TRUST_VERSION_1_3           TrustVersion = 2 // WS-Trust 1.3
)

// SecureConversationVersion is WS_SECURE_CONVERSATION_VERSION: the version of WS-SecureConversation.
type SecureConversationVersion uint32

// The versions of WS-SecureConversation.
const (
	WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005 SecureConversationVersion = 1 // of February 2005; the default
	WS_SECURE_CONVERSATION_VERSION_1_3           SecureConversationVersion = 2 // WS-SecureConversation 1.3
)

// RequestSecurityTokenAction is WS_REQUEST_SECURITY_TOKEN_ACTION: what is asked for.
type RequestSecurityTokenAction uint32

// The actions.
const (
	WS_REQUEST_SECURITY_TOKEN_ACTION_ISSUE         RequestSecurityTokenAction = 1 // a token; the default
	WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT   RequestSecurityTokenAction = 2 // a security context token
	WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT RequestSecurityTokenAction = 3 // the existing security context token, renewed
)

// SecurityKeyType is WS_SECURITY_KEY_TYPE: the kind of proof key a token has.
type SecurityKeyType uint32

// The key types.
const (
	WS_SECURITY_KEY_TYPE_NONE       SecurityKeyType = 1 // bearer: no key
	WS_SECURITY_KEY_TYPE_SYMMETRIC  SecurityKeyType = 2 // a secret key
	WS_SECURITY_KEY_TYPE_ASYMMETRIC SecurityKeyType = 3 // a private key
)

// SecurityKeyEntropyMode is WS_SECURITY_KEY_ENTROPY_MODE: who makes a symmetric proof key.
type SecurityKeyEntropyMode uint32

// The entropy modes.
const (
	WS_SECURITY_KEY_ENTROPY_MODE_CLIENT_ONLY SecurityKeyEntropyMode = 1 // the requestor
	WS_SECURITY_KEY_ENTROPY_MODE_SERVER_ONLY SecurityKeyEntropyMode = 2 // the issuer; the default of a request
	WS_SECURITY_KEY_ENTROPY_MODE_COMBINED    SecurityKeyEntropyMode = 3 // both; the default of a security context
)

// SecurityBearerKeyTypeVersion is WS_SECURITY_BEARER_KEY_TYPE_VERSION: the spelling of the bearer key type in WS-Trust 1.3.
type SecurityBearerKeyTypeVersion uint32

// The spellings of the bearer key type.
const (
	WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ORIGINAL_SPECIFICATION SecurityBearerKeyTypeVersion = 1 // that of the text
	WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ORIGINAL_SCHEMA        SecurityBearerKeyTypeVersion = 2 // that of the schema, which has a typing error
	WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ERRATA_01              SecurityBearerKeyTypeVersion = 3 // that of the errata, which issuers of today use
)

// RequestSecurityTokenPropertyID is WS_REQUEST_SECURITY_TOKEN_PROPERTY_ID: a property of a token request, whose value has the Go type named at its side.
type RequestSecurityTokenPropertyID uint32

// The properties of a token request.
const (
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_APPLIES_TO                  RequestSecurityTokenPropertyID = 1  // *EndpointAddress: the service that the token is for
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_TRUST_VERSION               RequestSecurityTokenPropertyID = 2  // TrustVersion
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_SECURE_CONVERSATION_VERSION RequestSecurityTokenPropertyID = 3  // SecureConversationVersion, for the context actions
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_TYPE           RequestSecurityTokenPropertyID = 4  // string: a token type URI; the issuer chooses without
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_REQUEST_ACTION              RequestSecurityTokenPropertyID = 5  // RequestSecurityTokenAction
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_EXISTING_TOKEN              RequestSecurityTokenPropertyID = 6  // *SecurityToken, for RENEW_CONTEXT
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_TYPE       RequestSecurityTokenPropertyID = 7  // SecurityKeyType: NONE or SYMMETRIC; not sent without
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_SIZE       RequestSecurityTokenPropertyID = 8  // uint32: bits, for symmetric keys; not sent without
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_ENTROPY    RequestSecurityTokenPropertyID = 9  // SecurityKeyEntropyMode, for symmetric keys
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_LOCAL_REQUEST_PARAMETERS    RequestSecurityTokenPropertyID = 10 // *XMLBuffer: the client's further elements
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_SERVICE_REQUEST_PARAMETERS  RequestSecurityTokenPropertyID = 11 // *XMLBuffer: what the service's policy asks for
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_MESSAGE_PROPERTIES          RequestSecurityTokenPropertyID = 12 // []MessageProperty
	WS_REQUEST_SECURITY_TOKEN_PROPERTY_BEARER_KEY_TYPE_VERSION     RequestSecurityTokenPropertyID = 13 // SecurityBearerKeyTypeVersion
)
