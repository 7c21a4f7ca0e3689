package webservices

// SecurityBindingConstraintType is WS_SECURITY_BINDING_CONSTRAINT_TYPE: a kind of constraint on a policy.
type SecurityBindingConstraintType uint32

// The kinds of constraints.
const (
	WS_SSL_TRANSPORT_SECURITY_BINDING_CONSTRAINT_TYPE            SecurityBindingConstraintType = 1 // TLS
	WS_TCP_SSPI_TRANSPORT_SECURITY_BINDING_CONSTRAINT_TYPE       SecurityBindingConstraintType = 2 // SSPI on TCP
	WS_HTTP_HEADER_AUTH_SECURITY_BINDING_CONSTRAINT_TYPE         SecurityBindingConstraintType = 3 // HTTP authentication
	WS_USERNAME_MESSAGE_SECURITY_BINDING_CONSTRAINT_TYPE         SecurityBindingConstraintType = 4 // a user name token
	WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING_CONSTRAINT_TYPE   SecurityBindingConstraintType = 5 // a Kerberos token
	WS_ISSUED_TOKEN_MESSAGE_SECURITY_BINDING_CONSTRAINT_TYPE     SecurityBindingConstraintType = 6 // an issued token
	WS_CERT_MESSAGE_SECURITY_BINDING_CONSTRAINT_TYPE             SecurityBindingConstraintType = 7 // an X.509 token
	WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING_CONSTRAINT_TYPE SecurityBindingConstraintType = 8 // a security context
)

// MetadataState is WS_METADATA_STATE: where a metadata object is in its life.
type MetadataState uint32

// The states of metadata.
const (
	WS_METADATA_STATE_CREATED  MetadataState = 1 // documents may be added
	WS_METADATA_STATE_RESOLVED MetadataState = 2 // all documents are there
	WS_METADATA_STATE_FAULTED  MetadataState = 3 // an error occurred
)

// MetadataPropertyID is WS_METADATA_PROPERTY_ID: a property of metadata.
type MetadataPropertyID uint32

// The properties of metadata.
const (
	WS_METADATA_PROPERTY_STATE               MetadataPropertyID = 1 // its state
	WS_METADATA_PROPERTY_HEAP_PROPERTIES     MetadataPropertyID = 2 // its heap; 256 KiB
	WS_METADATA_PROPERTY_POLICY_PROPERTIES   MetadataPropertyID = 3 // limits of policies
	WS_METADATA_PROPERTY_HEAP_REQUESTED_SIZE MetadataPropertyID = 4 // size of its heap
	WS_METADATA_PROPERTY_MAX_DOCUMENTS       MetadataPropertyID = 5 // documents; 32
	WS_METADATA_PROPERTY_HOST_NAMES          MetadataPropertyID = 6 // hosts that documents may come from
	WS_METADATA_PROPERTY_VERIFY_HOST_NAMES   MetadataPropertyID = 7 // whether that is checked; true
)

// PolicyState is WS_POLICY_STATE: where a policy object is in its life.
type PolicyState uint32

// The states of a policy.
const (
	WS_POLICY_STATE_CREATED PolicyState = 1 // made
	WS_POLICY_STATE_FAULTED PolicyState = 2 // not to be normalised
)

// PolicyPropertyID is WS_POLICY_PROPERTY_ID: a property of a policy.
type PolicyPropertyID uint32

// The properties of a policy.
const (
	WS_POLICY_PROPERTY_STATE            PolicyPropertyID = 1 // its state
	WS_POLICY_PROPERTY_MAX_ALTERNATIVES PolicyPropertyID = 2 // alternatives; 32
	WS_POLICY_PROPERTY_MAX_DEPTH        PolicyPropertyID = 3 // depth; 32
	WS_POLICY_PROPERTY_MAX_EXTENSIONS   PolicyPropertyID = 4 // extensions; 8
)

// PolicyExtensionType is WS_POLICY_EXTENSION_TYPE: a kind of policy extension.
type PolicyExtensionType uint32

// The kinds of policy extensions.
const (
	WS_ENDPOINT_POLICY_EXTENSION_TYPE PolicyExtensionType = 1 // an assertion of an endpoint
)
