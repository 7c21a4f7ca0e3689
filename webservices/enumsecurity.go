package webservices

// SecurityBindingType is WS_SECURITY_BINDING_TYPE: a kind of security binding.
type SecurityBindingType uint32

// The kinds of security bindings.
const (
	WS_SSL_TRANSPORT_SECURITY_BINDING_TYPE            SecurityBindingType = 1 // TLS: SslTransport
	WS_TCP_SSPI_TRANSPORT_SECURITY_BINDING_TYPE       SecurityBindingType = 2 // TcpSspiTransport
	WS_HTTP_HEADER_AUTH_SECURITY_BINDING_TYPE         SecurityBindingType = 3 // HttpHeaderAuth
	WS_USERNAME_MESSAGE_SECURITY_BINDING_TYPE         SecurityBindingType = 4 // UsernameMessage
	WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING_TYPE   SecurityBindingType = 5 // KerberosApreqMessage
	WS_XML_TOKEN_MESSAGE_SECURITY_BINDING_TYPE        SecurityBindingType = 6 // XmlTokenMessage
	WS_SAML_MESSAGE_SECURITY_BINDING_TYPE             SecurityBindingType = 7 // SamlMessage
	WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING_TYPE SecurityBindingType = 8 // SecurityContextMessage
	WS_NAMEDPIPE_SSPI_TRANSPORT_SECURITY_BINDING_TYPE SecurityBindingType = 9 // NamedPipeSspiTransport
)

// MessageSecurityUsage is WS_MESSAGE_SECURITY_USAGE: what a message binding is for.
type MessageSecurityUsage uint32

// The usages.
const (
	WS_SUPPORTING_MESSAGE_SECURITY_USAGE MessageSecurityUsage = 1 // client authentication; there is no other
)

// ProtectionLevel is WS_PROTECTION_LEVEL: what the transport must give.
type ProtectionLevel uint32

// The protection levels.
const (
	WS_PROTECTION_LEVEL_NONE             ProtectionLevel = 1 // nothing
	WS_PROTECTION_LEVEL_SIGN             ProtectionLevel = 2 // integrity
	WS_PROTECTION_LEVEL_SIGN_AND_ENCRYPT ProtectionLevel = 3 // integrity and secrecy
)

// SecurityHeaderVersion is WS_SECURITY_HEADER_VERSION: the version of WS-Security.
type SecurityHeaderVersion uint32

// The versions of WS-Security.
const (
	WS_SECURITY_HEADER_VERSION_1_0 SecurityHeaderVersion = 1 // WS-Security 1.0
	WS_SECURITY_HEADER_VERSION_1_1 SecurityHeaderVersion = 2 // WS-Security 1.1; the default
)

// SecurityHeaderLayout is WS_SECURITY_HEADER_LAYOUT: the order of the Security header.
type SecurityHeaderLayout uint32

// The layouts.
const (
	WS_SECURITY_HEADER_LAYOUT_STRICT                   SecurityHeaderLayout = 1 // what is referred to comes first; the default
	WS_SECURITY_HEADER_LAYOUT_LAX                      SecurityHeaderLayout = 2 // any order
	WS_SECURITY_HEADER_LAYOUT_LAX_WITH_TIMESTAMP_FIRST SecurityHeaderLayout = 3 // the timestamp first
	WS_SECURITY_HEADER_LAYOUT_LAX_WITH_TIMESTAMP_LAST  SecurityHeaderLayout = 4 // the timestamp last
)

// SecurityTimestampUsage is WS_SECURITY_TIMESTAMP_USAGE: which messages carry a timestamp.
type SecurityTimestampUsage uint32

// The uses of the timestamp.
const (
	WS_SECURITY_TIMESTAMP_USAGE_ALWAYS        SecurityTimestampUsage = 1 // requests and replies; the default
	WS_SECURITY_TIMESTAMP_USAGE_NEVER         SecurityTimestampUsage = 2 // none; an error where one must be signed
	WS_SECURITY_TIMESTAMP_USAGE_REQUESTS_ONLY SecurityTimestampUsage = 3 // requests
)

// SecurityAlgorithmSuiteName is WS_SECURITY_ALGORITHM_SUITE_NAME: a named algorithm suite. All twelve sign with SHA-1, as WS-SecurityPolicy 1.1 has it.
type SecurityAlgorithmSuiteName uint32

// The algorithm suites.
const (
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256              SecurityAlgorithmSuiteName = 1  // the default
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192              SecurityAlgorithmSuiteName = 2  // keys of 192 bits and more
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128              SecurityAlgorithmSuiteName = 3  // keys of 128 bits and more; the default with Kerberos
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256_RSA15        SecurityAlgorithmSuiteName = 4  // RSA 1.5 key wrap
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192_RSA15        SecurityAlgorithmSuiteName = 5  // RSA 1.5 key wrap
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128_RSA15        SecurityAlgorithmSuiteName = 6  // RSA 1.5 key wrap
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256_SHA256       SecurityAlgorithmSuiteName = 7  // SHA-256 digests
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192_SHA256       SecurityAlgorithmSuiteName = 8  // SHA-256 digests
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128_SHA256       SecurityAlgorithmSuiteName = 9  // SHA-256 digests
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256_SHA256_RSA15 SecurityAlgorithmSuiteName = 10 // both
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192_SHA256_RSA15 SecurityAlgorithmSuiteName = 11 // both
	WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128_SHA256_RSA15 SecurityAlgorithmSuiteName = 12 // both
)

// SecurityAlgorithmID is WS_SECURITY_ALGORITHM_ID: an algorithm of a custom suite.
type SecurityAlgorithmID uint32

// The algorithms.
const (
	WS_SECURITY_ALGORITHM_DEFAULT                                  SecurityAlgorithmID = 0  // what the field defaults to
	WS_SECURITY_ALGORITHM_CANONICALIZATION_EXCLUSIVE               SecurityAlgorithmID = 1  // Exclusive XML Canonicalization
	WS_SECURITY_ALGORITHM_CANONICALIZATION_EXCLUSIVE_WITH_COMMENTS SecurityAlgorithmID = 2  // the same, keeping comments
	WS_SECURITY_ALGORITHM_DIGEST_SHA1                              SecurityAlgorithmID = 3  // SHA-1
	WS_SECURITY_ALGORITHM_DIGEST_SHA_256                           SecurityAlgorithmID = 4  // SHA-256
	WS_SECURITY_ALGORITHM_DIGEST_SHA_384                           SecurityAlgorithmID = 5  // SHA-384
	WS_SECURITY_ALGORITHM_DIGEST_SHA_512                           SecurityAlgorithmID = 6  // SHA-512
	WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA1            SecurityAlgorithmID = 7  // HMAC with SHA-1
	WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_256         SecurityAlgorithmID = 8  // HMAC with SHA-256
	WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_384         SecurityAlgorithmID = 9  // HMAC with SHA-384
	WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_512         SecurityAlgorithmID = 10 // HMAC with SHA-512
	WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_RSA_SHA1            SecurityAlgorithmID = 11 // RSA with SHA-1
	WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_DSA_SHA1            SecurityAlgorithmID = 12 // DSA; not here
	WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_RSA_SHA_256         SecurityAlgorithmID = 13 // RSA with SHA-256
	WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_RSA_SHA_384         SecurityAlgorithmID = 14 // RSA with SHA-384
	WS_SECURITY_ALGORITHM_ASYMMETRIC_SIGNATURE_RSA_SHA_512         SecurityAlgorithmID = 15 // RSA with SHA-512
	WS_SECURITY_ALGORITHM_ASYMMETRIC_KEYWRAP_RSA_1_5               SecurityAlgorithmID = 16 // RSA PKCS #1 1.5
	WS_SECURITY_ALGORITHM_ASYMMETRIC_KEYWRAP_RSA_OAEP              SecurityAlgorithmID = 17 // RSA OAEP
	WS_SECURITY_ALGORITHM_KEY_DERIVATION_P_SHA1                    SecurityAlgorithmID = 18 // P_SHA1
)

// SecurityPropertyID is WS_SECURITY_PROPERTY_ID: a property of a security description, whose value has the Go type named at its side.
type SecurityPropertyID uint32

// The properties of a security description.
const (
	WS_SECURITY_PROPERTY_TRANSPORT_PROTECTION_LEVEL   SecurityPropertyID = 1  // ProtectionLevel; SIGN_AND_ENCRYPT
	WS_SECURITY_PROPERTY_ALGORITHM_SUITE              SecurityPropertyID = 2  // *SecurityAlgorithmSuite; not with the next
	WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME         SecurityPropertyID = 3  // SecurityAlgorithmSuiteName; BASIC256, or BASIC128 with Kerberos
	WS_SECURITY_PROPERTY_MAX_ALLOWED_LATENCY          SecurityPropertyID = 4  // time.Duration: age of the peer's timestamp; 5 minutes
	WS_SECURITY_PROPERTY_TIMESTAMP_VALIDITY_DURATION  SecurityPropertyID = 5  // time.Duration: of our timestamps; 5 minutes
	WS_SECURITY_PROPERTY_MAX_ALLOWED_CLOCK_SKEW       SecurityPropertyID = 6  // time.Duration: between the clocks; 5 minutes
	WS_SECURITY_PROPERTY_TIMESTAMP_USAGE              SecurityPropertyID = 7  // SecurityTimestampUsage; ALWAYS
	WS_SECURITY_PROPERTY_SECURITY_HEADER_LAYOUT       SecurityPropertyID = 8  // SecurityHeaderLayout; STRICT
	WS_SECURITY_PROPERTY_SECURITY_HEADER_VERSION      SecurityPropertyID = 9  // SecurityHeaderVersion; 1_1
	WS_SECURITY_PROPERTY_EXTENDED_PROTECTION_POLICY   SecurityPropertyID = 10 // for servers
	WS_SECURITY_PROPERTY_EXTENDED_PROTECTION_SCENARIO SecurityPropertyID = 11 // for servers
	WS_SECURITY_PROPERTY_SERVICE_IDENTITIES           SecurityPropertyID = 12 // for servers
)

// SecurityBindingPropertyID is WS_SECURITY_BINDING_PROPERTY_ID: a property of a security binding, whose value has the Go type named at its side.
type SecurityBindingPropertyID uint32

// The properties of security bindings.
const (
	WS_SECURITY_BINDING_PROPERTY_REQUIRE_SSL_CLIENT_CERT                 SecurityBindingPropertyID = 1  // bool; for servers
	WS_SECURITY_BINDING_PROPERTY_WINDOWS_INTEGRATED_AUTH_PACKAGE         SecurityBindingPropertyID = 2  // WindowsIntegratedAuthPackage; SPNEGO
	WS_SECURITY_BINDING_PROPERTY_REQUIRE_SERVER_AUTH                     SecurityBindingPropertyID = 3  // bool; true on TCP, false on pipes
	WS_SECURITY_BINDING_PROPERTY_ALLOW_ANONYMOUS_CLIENTS                 SecurityBindingPropertyID = 4  // bool; for servers
	WS_SECURITY_BINDING_PROPERTY_ALLOWED_IMPERSONATION_LEVEL             SecurityBindingPropertyID = 5  // uint32; identification
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME                 SecurityBindingPropertyID = 6  // HTTPHeaderAuthScheme, flags; NEGOTIATE
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_TARGET                 SecurityBindingPropertyID = 7  // HTTPHeaderAuthTarget; SERVICE
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_BASIC_REALM            SecurityBindingPropertyID = 8  // string; for servers
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_DIGEST_REALM           SecurityBindingPropertyID = 9  // string; for servers
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_DIGEST_DOMAIN          SecurityBindingPropertyID = 10 // string; for servers
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_KEY_SIZE               SecurityBindingPropertyID = 11 // uint32: bits; the issuer chooses without
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_KEY_ENTROPY_MODE       SecurityBindingPropertyID = 12 // SecurityKeyEntropyMode; COMBINED
	WS_SECURITY_BINDING_PROPERTY_MESSAGE_PROPERTIES                      SecurityBindingPropertyID = 13 // []MessageProperty, for the two messages of a negotiation
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_PENDING_CONTEXTS   SecurityBindingPropertyID = 14 // uint32; for servers; 100
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_ACTIVE_CONTEXTS    SecurityBindingPropertyID = 15 // uint32; for servers; 1000
	WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION             SecurityBindingPropertyID = 16 // SecureConversationVersion; FEBRUARY_2005
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_SUPPORT_RENEW          SecurityBindingPropertyID = 17 // bool; true
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL       SecurityBindingPropertyID = 18 // time.Duration; 10 hours for clients, 15 for servers
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_ROLLOVER_INTERVAL      SecurityBindingPropertyID = 19 // time.Duration; 5 minutes
	WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE                 SecurityBindingPropertyID = 20 // CertFailure, flags; REVOCATION_OFFLINE
	WS_SECURITY_BINDING_PROPERTY_DISABLE_CERT_REVOCATION_CHECK           SecurityBindingPropertyID = 21 // bool; false
	WS_SECURITY_BINDING_PROPERTY_DISALLOWED_SECURE_PROTOCOLS             SecurityBindingPropertyID = 22 // SecureProtocol, flags
	WS_SECURITY_BINDING_PROPERTY_CERTIFICATE_VALIDATION_CALLBACK_CONTEXT SecurityBindingPropertyID = 23 // *CertificateValidationCallbackContext
)

// HTTPHeaderAuthScheme is WS_HTTP_HEADER_AUTH_SCHEME: the schemes of HTTP authentication; flags.
type HTTPHeaderAuthScheme uint32

// The schemes.
const (
	WS_HTTP_HEADER_AUTH_SCHEME_NONE      HTTPHeaderAuthScheme = 1  // no authentication will do
	WS_HTTP_HEADER_AUTH_SCHEME_BASIC     HTTPHeaderAuthScheme = 2  // RFC 7617
	WS_HTTP_HEADER_AUTH_SCHEME_DIGEST    HTTPHeaderAuthScheme = 4  // RFC 7616
	WS_HTTP_HEADER_AUTH_SCHEME_NTLM      HTTPHeaderAuthScheme = 8  // by a Negotiator
	WS_HTTP_HEADER_AUTH_SCHEME_NEGOTIATE HTTPHeaderAuthScheme = 16 // by a Negotiator
	WS_HTTP_HEADER_AUTH_SCHEME_PASSPORT  HTTPHeaderAuthScheme = 32 // not here
)

// HTTPHeaderAuthTarget is WS_HTTP_HEADER_AUTH_TARGET: to whom HTTP authentication is shown.
type HTTPHeaderAuthTarget uint32

// The targets.
const (
	WS_HTTP_HEADER_AUTH_TARGET_SERVICE HTTPHeaderAuthTarget = 1 // the service; the default
	WS_HTTP_HEADER_AUTH_TARGET_PROXY   HTTPHeaderAuthTarget = 2 // the proxy
)

// CertFailure is WS_CERT_FAILURE: what may be wrong with a server certificate; flags.
type CertFailure uint32

// The failures of a certificate.
const (
	WS_CERT_FAILURE_CN_MISMATCH        CertFailure = 1  // it is of another host
	WS_CERT_FAILURE_INVALID_DATE       CertFailure = 2  // it is out of its validity
	WS_CERT_FAILURE_UNTRUSTED_ROOT     CertFailure = 4  // its root is not trusted
	WS_CERT_FAILURE_WRONG_USAGE        CertFailure = 8  // it is not for servers
	WS_CERT_FAILURE_REVOCATION_OFFLINE CertFailure = 16 // revocation cannot be checked
)

// SecureProtocol is WS_SECURE_PROTOCOL: versions of SSL and TLS; flags.
type SecureProtocol uint32

// The versions.
const (
	WS_SECURE_PROTOCOL_SSL2   SecureProtocol = 1  // never spoken here
	WS_SECURE_PROTOCOL_SSL3   SecureProtocol = 2  // never spoken here
	WS_SECURE_PROTOCOL_TLS1_0 SecureProtocol = 4  // never spoken here
	WS_SECURE_PROTOCOL_TLS1_1 SecureProtocol = 8  // never spoken here
	WS_SECURE_PROTOCOL_TLS1_2 SecureProtocol = 16 // TLS 1.2
)

// CertCredentialType is WS_CERT_CREDENTIAL_TYPE: a kind of certificate credential.
type CertCredentialType uint32

// The kinds of certificate credentials.
const (
	WS_SUBJECT_NAME_CERT_CREDENTIAL_TYPE CertCredentialType = 1 // by subject, in a store
	WS_THUMBPRINT_CERT_CREDENTIAL_TYPE   CertCredentialType = 2 // by thumbprint, in a store
	WS_CUSTOM_CERT_CREDENTIAL_TYPE       CertCredentialType = 3 // by a callback
)

// UsernameCredentialType is WS_USERNAME_CREDENTIAL_TYPE: a kind of user name credential.
type UsernameCredentialType uint32

// The kinds of user name credentials.
const (
	WS_STRING_USERNAME_CREDENTIAL_TYPE UsernameCredentialType = 1 // a name and a password
)

// WindowsIntegratedAuthCredentialType is WS_WINDOWS_INTEGRATED_AUTH_CREDENTIAL_TYPE: a kind of Windows credential.
type WindowsIntegratedAuthCredentialType uint32

// The kinds of Windows credentials.
const (
	WS_STRING_WINDOWS_INTEGRATED_AUTH_CREDENTIAL_TYPE  WindowsIntegratedAuthCredentialType = 1 // a name, a password and a domain
	WS_DEFAULT_WINDOWS_INTEGRATED_AUTH_CREDENTIAL_TYPE WindowsIntegratedAuthCredentialType = 2 // whoever is logged on
	WS_OPAQUE_WINDOWS_INTEGRATED_AUTH_CREDENTIAL_TYPE  WindowsIntegratedAuthCredentialType = 3 // a handle of SSPI
)

// WindowsIntegratedAuthPackage is WS_WINDOWS_INTEGRATED_AUTH_PACKAGE: a package of SSPI.
type WindowsIntegratedAuthPackage uint32

// The packages.
const (
	WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_KERBEROS WindowsIntegratedAuthPackage = 1 // Kerberos
	WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_NTLM     WindowsIntegratedAuthPackage = 2 // NTLM
	WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_SPNEGO   WindowsIntegratedAuthPackage = 3 // either, negotiated; the default
)

// ExtendedProtectionPolicy is WS_EXTENDED_PROTECTION_POLICY: whether a server wants channel bindings.
type ExtendedProtectionPolicy uint32

// The policies of extended protection.
const (
	WS_EXTENDED_PROTECTION_POLICY_NEVER          ExtendedProtectionPolicy = 1 // no
	WS_EXTENDED_PROTECTION_POLICY_WHEN_SUPPORTED ExtendedProtectionPolicy = 2 // from clients that can
	WS_EXTENDED_PROTECTION_POLICY_ALWAYS         ExtendedProtectionPolicy = 3 // from all
)

// ExtendedProtectionScenario is WS_EXTENDED_PROTECTION_SCENARIO: where TLS ends.
type ExtendedProtectionScenario uint32

// The scenarios of extended protection.
const (
	WS_EXTENDED_PROTECTION_SCENARIO_BOUND_SERVER   ExtendedProtectionScenario = 1 // in the server
	WS_EXTENDED_PROTECTION_SCENARIO_TERMINATED_SSL ExtendedProtectionScenario = 2 // before it
)
