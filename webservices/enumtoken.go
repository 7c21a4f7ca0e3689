package webservices

// SecurityTokenReferenceMode is WS_SECURITY_TOKEN_REFERENCE_MODE: how a signature names its token.
type SecurityTokenReferenceMode uint32

// The reference modes.
const (
	WS_SECURITY_TOKEN_REFERENCE_MODE_LOCAL_ID            SecurityTokenReferenceMode = 1 // by an id in the message
	WS_SECURITY_TOKEN_REFERENCE_MODE_XML_BUFFER          SecurityTokenReferenceMode = 2 // by an element of the caller
	WS_SECURITY_TOKEN_REFERENCE_MODE_CERT_THUMBPRINT     SecurityTokenReferenceMode = 3 // by the thumbprint of a certificate
	WS_SECURITY_TOKEN_REFERENCE_MODE_SECURITY_CONTEXT_ID SecurityTokenReferenceMode = 4 // by the identifier of a context
	WS_SECURITY_TOKEN_REFERENCE_MODE_SAML_ASSERTION_ID   SecurityTokenReferenceMode = 5 // by the id of an assertion
)

// SecurityTokenPropertyID is WS_SECURITY_TOKEN_PROPERTY_ID: a property of a token, which GetSecurityTokenProperty stores through a pointer to the type at its side.
type SecurityTokenPropertyID uint32

// The properties of a token.
const (
	WS_SECURITY_TOKEN_PROPERTY_KEY_TYPE                 SecurityTokenPropertyID = 1 // SecurityKeyType
	WS_SECURITY_TOKEN_PROPERTY_VALID_FROM_TIME          SecurityTokenPropertyID = 2 // time.Time, zero if not stated
	WS_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME          SecurityTokenPropertyID = 3 // time.Time, zero if not stated
	WS_SECURITY_TOKEN_PROPERTY_SERIALIZED_XML           SecurityTokenPropertyID = 4 // *XMLBuffer: the token octet for octet
	WS_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE_XML   SecurityTokenPropertyID = 5 // *XMLBuffer, nil if there is none
	WS_SECURITY_TOKEN_PROPERTY_UNATTACHED_REFERENCE_XML SecurityTokenPropertyID = 6 // *XMLBuffer, nil if there is none
	WS_SECURITY_TOKEN_PROPERTY_SYMMETRIC_KEY            SecurityTokenPropertyID = 7 // []byte, allocated in a Heap
)

// XmlSecurityTokenPropertyID is WS_XML_SECURITY_TOKEN_PROPERTY_ID: a property of a token that CreateXmlSecurityToken makes, whose value has the Go type named at its side.
type XmlSecurityTokenPropertyID uint32

// The properties that a token is made with.
const (
	WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE   XmlSecurityTokenPropertyID = 1 // *XMLBuffer: one element; required with a key
	WS_XML_SECURITY_TOKEN_PROPERTY_UNATTACHED_REFERENCE XmlSecurityTokenPropertyID = 2 // *XMLBuffer: one element; only with a key
	WS_XML_SECURITY_TOKEN_PROPERTY_VALID_FROM_TIME      XmlSecurityTokenPropertyID = 3 // time.Time
	WS_XML_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME      XmlSecurityTokenPropertyID = 4 // time.Time
)

// SecurityKeyHandleType is WS_SECURITY_KEY_HANDLE_TYPE: a kind of key handle.
type SecurityKeyHandleType uint32

// The kinds of key handles.
const (
	WS_SECURITY_KEY_HANDLE_TYPE_RAW_SYMMETRIC     SecurityKeyHandleType = 1 // a secret in the clear
	WS_SECURITY_KEY_HANDLE_TYPE_NCRYPT_ASYMMETRIC SecurityKeyHandleType = 2 // a private key: any crypto.Signer
	WS_SECURITY_KEY_HANDLE_TYPE_CAPI_ASYMMETRIC   SecurityKeyHandleType = 3 // a private key of the old interface: any crypto.Signer too
)

// SecurityContextPropertyID is WS_SECURITY_CONTEXT_PROPERTY_ID: a property of a security context.
type SecurityContextPropertyID uint32

// The properties of a security context.
const (
	WS_SECURITY_CONTEXT_PROPERTY_IDENTIFIER                     SecurityContextPropertyID = 1 // string: the context identifier
	WS_SECURITY_CONTEXT_PROPERTY_USERNAME                       SecurityContextPropertyID = 2 // string: the user who made the context
	WS_SECURITY_CONTEXT_PROPERTY_MESSAGE_SECURITY_WINDOWS_TOKEN SecurityContextPropertyID = 3 // not available: there are no Windows tokens
	WS_SECURITY_CONTEXT_PROPERTY_SAML_ASSERTION                 SecurityContextPropertyID = 4 // *XMLBuffer: the assertion that made the context
)

// EndpointIdentityType is WS_ENDPOINT_IDENTITY_TYPE: a kind of endpoint identity.
type EndpointIdentityType uint32

// The kinds of endpoint identities.
const (
	WS_ENDPOINT_IDENTITY_TYPE_DNS     EndpointIdentityType = 1 // a host name
	WS_ENDPOINT_IDENTITY_TYPE_UPN     EndpointIdentityType = 2 // a user principal name
	WS_ENDPOINT_IDENTITY_TYPE_SPN     EndpointIdentityType = 3 // a service principal name
	WS_ENDPOINT_IDENTITY_TYPE_RSA     EndpointIdentityType = 4 // an RSA public key
	WS_ENDPOINT_IDENTITY_TYPE_CERT    EndpointIdentityType = 5 // a certificate
	WS_ENDPOINT_IDENTITY_TYPE_UNKNOWN EndpointIdentityType = 6 // an element that is none of these
)

// EndpointAddressExtensionType is WS_ENDPOINT_ADDRESS_EXTENSION_TYPE: a kind of extension of an endpoint address.
type EndpointAddressExtensionType uint32

// The kinds of extensions.
const (
	WS_ENDPOINT_ADDRESS_EXTENSION_TYPE_METADATA_ADDRESS EndpointAddressExtensionType = 1 // where the metadata of the endpoint is
)

// ErrorPropertyID is WS_ERROR_PROPERTY_ID: a property of an Error, whose value has the Go type named at its side.
type ErrorPropertyID uint32

// The properties of an error.
const (
	WS_ERROR_PROPERTY_STRING_COUNT        ErrorPropertyID = 0 // uint32, to be read only
	WS_ERROR_PROPERTY_ORIGINAL_ERROR_CODE ErrorPropertyID = 1 // uint32: of the system, for diagnosis
	WS_ERROR_PROPERTY_LANGID              ErrorPropertyID = 2 // uint16, not 0
)

// FaultErrorPropertyID is WS_FAULT_ERROR_PROPERTY_ID: a property of the fault in an Error, whose value has the Go type named at its side.
type FaultErrorPropertyID uint32

// The properties of a fault in an error.
const (
	WS_FAULT_ERROR_PROPERTY_FAULT  FaultErrorPropertyID = 0 // *Fault, nil if there is none
	WS_FAULT_ERROR_PROPERTY_ACTION FaultErrorPropertyID = 1 // string: the action of the message that brought it
	WS_FAULT_ERROR_PROPERTY_HEADER FaultErrorPropertyID = 2 // *XMLBuffer: further headers of that message
)

// FaultDisclosure is WS_FAULT_DISCLOSURE: how much of an error a service tells.
type FaultDisclosure uint32

// How much a service tells.
const (
	WS_MINIMAL_FAULT_DISCLOSURE FaultDisclosure = 0 // that there was an error
	WS_FULL_FAULT_DISCLOSURE    FaultDisclosure = 1 // everything
)

// CallbackModel is WS_CALLBACK_MODEL: how long a callback may take.
type CallbackModel uint32

// The callback models.
const (
	WS_SHORT_CALLBACK CallbackModel = 0 // not long
	WS_LONG_CALLBACK  CallbackModel = 1 // as long as it likes; goroutines always allow that
)

// ReadOption is WS_READ_OPTION: whether a value must be there.
type ReadOption uint32

// The read options.
const (
	WS_READ_REQUIRED_VALUE   ReadOption = 1 // it must be there
	WS_READ_REQUIRED_POINTER ReadOption = 2 // it must be there
	WS_READ_OPTIONAL_POINTER ReadOption = 3 // nil if it is not there
)
