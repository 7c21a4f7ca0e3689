package webservices

// ListenerState is WS_LISTENER_STATE: where a listener is in its life.
type ListenerState uint32

// The states of a listener.
const (
	WS_LISTENER_STATE_CREATED ListenerState = 0 // made, or reset
	WS_LISTENER_STATE_OPENING ListenerState = 1 // OpenListener is at work
	WS_LISTENER_STATE_OPEN    ListenerState = 2 // what comes is verified and handed to channels
	WS_LISTENER_STATE_FAULTED ListenerState = 3 // aborted; good for CloseListener only
	WS_LISTENER_STATE_CLOSING ListenerState = 4 // CloseListener is at work; never seen here, since it does not wait
	WS_LISTENER_STATE_CLOSED  ListenerState = 5 // over, until ResetListener
)

// ListenerPropertyID is WS_LISTENER_PROPERTY_ID: a property of a listener, whose value has the Go type named at its side.
type ListenerPropertyID uint32

// The properties of a listener, with their defaults. Those for TCP, UDP and custom transports are listed for their numbers.
const (
	WS_LISTENER_PROPERTY_LISTEN_BACKLOG                 ListenerPropertyID = 0  // TCP; not here
	WS_LISTENER_PROPERTY_IP_VERSION                     ListenerPropertyID = 1  // TCP, UDP; not here
	WS_LISTENER_PROPERTY_STATE                          ListenerPropertyID = 2  // ListenerState: a snapshot, to be read only
	WS_LISTENER_PROPERTY_ASYNC_CALLBACK_MODEL           ListenerPropertyID = 3  // CallbackModel; LONG
	WS_LISTENER_PROPERTY_CHANNEL_TYPE                   ListenerPropertyID = 4  // ChannelType, to be read only
	WS_LISTENER_PROPERTY_CHANNEL_BINDING                ListenerPropertyID = 5  // ChannelBinding, to be read only
	WS_LISTENER_PROPERTY_CONNECT_TIMEOUT                ListenerPropertyID = 6  // TCP, pipes; not here
	WS_LISTENER_PROPERTY_IS_MULTICAST                   ListenerPropertyID = 7  // UDP; not here
	WS_LISTENER_PROPERTY_MULTICAST_INTERFACES           ListenerPropertyID = 8  // UDP; not here
	WS_LISTENER_PROPERTY_MULTICAST_LOOPBACK             ListenerPropertyID = 9  // UDP; not here
	WS_LISTENER_PROPERTY_CLOSE_TIMEOUT                  ListenerPropertyID = 10 // uint32: milliseconds; 5000. Of no effect: http.Server.Shutdown has its own
	WS_LISTENER_PROPERTY_TO_HEADER_MATCHING_OPTIONS     ListenerPropertyID = 11 // not here: a To header is one of EX_URLS
	WS_LISTENER_PROPERTY_TRANSPORT_URL_MATCHING_OPTIONS ListenerPropertyID = 12 // not here: the program's http.ServeMux does that
	WS_LISTENER_PROPERTY_CUSTOM_LISTENER_CALLBACKS      ListenerPropertyID = 13 // custom transports; not here
	WS_LISTENER_PROPERTY_CUSTOM_LISTENER_PARAMETERS     ListenerPropertyID = 14 // custom transports; not here
	WS_LISTENER_PROPERTY_CUSTOM_LISTENER_INSTANCE       ListenerPropertyID = 15 // custom transports; not here
	WS_LISTENER_PROPERTY_DISALLOWED_USER_AGENT          ListenerPropertyID = 16 // not here
)

// The extensions of this package: what Windows takes from the system, or does not ask.
const (
	// []string: the URLs by which clients and issuers know the service: a To
	// header and the audience of an assertion must be one of them, letter for
	// letter. The URL given to OpenListener, if empty.
	WS_LISTENER_PROPERTY_EX_URLS                      ListenerPropertyID = 0x10000
	WS_LISTENER_PROPERTY_EX_ROOT_CERTIFICATES         ListenerPropertyID = 0x10001 // *x509.CertPool: of clients; goes with REQUIRE_SSL_CLIENT_CERT
	WS_LISTENER_PROPERTY_EX_LOGGER                    ListenerPropertyID = 0x10002 // *slog.Logger: told why a message was refused; nil is silence
	WS_LISTENER_PROPERTY_EX_REPLAY_CACHE              ListenerPropertyID = 0x10003 // *cache.Cache: what came before, for all processes of the service; nil is one of this process
	WS_LISTENER_PROPERTY_EX_CONTEXT_CACHE             ListenerPropertyID = 0x10004 // *cache.Cache: where security contexts are kept; nil is in this process
	WS_LISTENER_PROPERTY_EX_CONTEXT_SEAL              ListenerPropertyID = 0x10005 // []service.SealKey: security contexts are sealed into their tokens by the first; none is not
	WS_LISTENER_PROPERTY_EX_MAX_BUFFERED_MESSAGE_SIZE ListenerPropertyID = 0x10006 // uint32: octets of a request; 65536
	WS_LISTENER_PROPERTY_EX_STRICT_PROFILE            ListenerPropertyID = 0x10007 // bool: MS-LWSSP to the letter; false
	WS_LISTENER_PROPERTY_EX_REVOCATION_CHECK          ListenerPropertyID = 0x10008 // RevocationCheck: of clients; goes with REQUIRE_SSL_CLIENT_CERT. nil is none
)

// ReceiveOption is WS_RECEIVE_OPTION: whether a message must be there.
type ReceiveOption uint32

// The receive options.
const (
	WS_RECEIVE_REQUIRED_MESSAGE ReceiveOption = 1 // it is a failure if there is none
	WS_RECEIVE_OPTIONAL_MESSAGE ReceiveOption = 2 // WS_S_END if there is none
)
