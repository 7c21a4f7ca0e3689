package webservices

// ChannelState is WS_CHANNEL_STATE: where a channel is in its life.
type ChannelState uint32

// The states of a channel.
const (
	WS_CHANNEL_STATE_CREATED   ChannelState = 0 // made, or reset
	WS_CHANNEL_STATE_OPENING   ChannelState = 1 // OpenChannel is at work
	WS_CHANNEL_STATE_ACCEPTING ChannelState = 2 // AcceptChannel waits
	WS_CHANNEL_STATE_OPEN      ChannelState = 3 // ready
	WS_CHANNEL_STATE_FAULTED   ChannelState = 4 // good for CloseChannel only
	WS_CHANNEL_STATE_CLOSING   ChannelState = 5 // CloseChannel is at work
	WS_CHANNEL_STATE_CLOSED    ChannelState = 6 // over, until ResetChannel
)

// ChannelType is WS_CHANNEL_TYPE: the exchange pattern of a channel; flags.
type ChannelType uint32

// The channel types.
const (
	WS_CHANNEL_TYPE_INPUT          ChannelType = 1  // messages come
	WS_CHANNEL_TYPE_OUTPUT         ChannelType = 2  // messages go
	WS_CHANNEL_TYPE_DUPLEX         ChannelType = 3  // both
	WS_CHANNEL_TYPE_SESSION        ChannelType = 4  // the flag of the next three
	WS_CHANNEL_TYPE_INPUT_SESSION  ChannelType = 5  // messages come, in a session
	WS_CHANNEL_TYPE_OUTPUT_SESSION ChannelType = 6  // messages go, in a session
	WS_CHANNEL_TYPE_DUPLEX_SESSION ChannelType = 7  // both, in a session
	WS_CHANNEL_TYPE_REQUEST        ChannelType = 8  // requests go and replies come; the only type with a transport here
	WS_CHANNEL_TYPE_REPLY          ChannelType = 16 // requests come and replies go; for servers
)

// ChannelBinding is WS_CHANNEL_BINDING: the transport of a channel.
type ChannelBinding uint32

// The transports.
const (
	WS_HTTP_CHANNEL_BINDING      ChannelBinding = 0 // HTTP and HTTPS
	WS_TCP_CHANNEL_BINDING       ChannelBinding = 1 // .NET message framing; no transport here yet
	WS_UDP_CHANNEL_BINDING       ChannelBinding = 2 // SOAP over UDP; no transport here yet
	WS_CUSTOM_CHANNEL_BINDING    ChannelBinding = 3 // the application's own; no transport here
	WS_NAMEDPIPE_CHANNEL_BINDING ChannelBinding = 4 // named pipes; no transport here
)

// Encoding is WS_ENCODING: how an envelope is encoded.
type Encoding uint32

// The encodings.
const (
	WS_ENCODING_XML_BINARY_1         Encoding = 0 // .NET binary XML
	WS_ENCODING_XML_BINARY_SESSION_1 Encoding = 1 // .NET binary XML with a session dictionary
	WS_ENCODING_XML_MTOM_UTF8        Encoding = 2 // MTOM, UTF-8
	WS_ENCODING_XML_MTOM_UTF16BE     Encoding = 3 // MTOM, UTF-16 big-endian
	WS_ENCODING_XML_MTOM_UTF16LE     Encoding = 4 // MTOM, UTF-16 little-endian
	WS_ENCODING_XML_UTF8             Encoding = 5 // text, UTF-8; the only one written here
	WS_ENCODING_XML_UTF16BE          Encoding = 6 // text, UTF-16 big-endian
	WS_ENCODING_XML_UTF16LE          Encoding = 7 // text, UTF-16 little-endian
	WS_ENCODING_RAW                  Encoding = 8 // octets
)

// EnvelopeVersion is WS_ENVELOPE_VERSION: the version of SOAP.
type EnvelopeVersion uint32

// The versions of SOAP.
const (
	WS_ENVELOPE_VERSION_SOAP_1_1 EnvelopeVersion = 1 // SOAP 1.1
	WS_ENVELOPE_VERSION_SOAP_1_2 EnvelopeVersion = 2 // SOAP 1.2; the default
	WS_ENVELOPE_VERSION_NONE     EnvelopeVersion = 3 // no envelope; goes with RAW
)

// AddressingVersion is WS_ADDRESSING_VERSION: the version of WS-Addressing.
type AddressingVersion uint32

// The versions of WS-Addressing.
const (
	WS_ADDRESSING_VERSION_0_9       AddressingVersion = 1 // the member submission of August 2004
	WS_ADDRESSING_VERSION_1_0       AddressingVersion = 2 // WS-Addressing 1.0; the default
	WS_ADDRESSING_VERSION_TRANSPORT AddressingVersion = 3 // no headers: HTTP carries action and address
)

// TransferMode is WS_TRANSFER_MODE: whether messages are streamed.
type TransferMode uint32

// The transfer modes.
const (
	WS_BUFFERED_TRANSFER_MODE        TransferMode = 0 // whole messages; the default
	WS_STREAMED_INPUT_TRANSFER_MODE  TransferMode = 1 // what comes is streamed; not here
	WS_STREAMED_OUTPUT_TRANSFER_MODE TransferMode = 2 // what goes is streamed; not here
	WS_STREAMED_TRANSFER_MODE        TransferMode = 3 // both; not here
)

// CookieMode is WS_COOKIE_MODE: who takes care of cookies.
type CookieMode uint32

// The cookie modes.
const (
	WS_MANUAL_COOKIE_MODE CookieMode = 1 // the application
	WS_AUTO_COOKIE_MODE   CookieMode = 2 // the channel, between open and close; the default
)

// HTTPProxySettingMode is WS_HTTP_PROXY_SETTING_MODE: where the proxy comes from.
type HTTPProxySettingMode uint32

// The proxy settings.
const (
	WS_HTTP_PROXY_SETTING_MODE_AUTO   HTTPProxySettingMode = 1 // the system: WS_CHANNEL_PROPERTY_EX_SYSTEM_PROXY stands for it here
	WS_HTTP_PROXY_SETTING_MODE_NONE   HTTPProxySettingMode = 2 // no proxy
	WS_HTTP_PROXY_SETTING_MODE_CUSTOM HTTPProxySettingMode = 3 // the property CUSTOM_HTTP_PROXY
)

// IPVersion is WS_IP_VERSION: the version of IP.
type IPVersion uint32

// The versions of IP.
const (
	WS_IP_VERSION_4    IPVersion = 1 // version 4 only
	WS_IP_VERSION_6    IPVersion = 2 // version 6 only
	WS_IP_VERSION_AUTO IPVersion = 3 // either; the default
)

// MessagePropertyID is WS_MESSAGE_PROPERTY_ID: a property of a message.
type MessagePropertyID uint32

// The properties of a message. Those with a Go type at their side may be set for the messages of a token request.
const (
	WS_MESSAGE_PROPERTY_STATE                            MessagePropertyID = 0  // state of the message
	WS_MESSAGE_PROPERTY_HEAP                             MessagePropertyID = 1  // its heap
	WS_MESSAGE_PROPERTY_ENVELOPE_VERSION                 MessagePropertyID = 2  // EnvelopeVersion: must be the channel's
	WS_MESSAGE_PROPERTY_ADDRESSING_VERSION               MessagePropertyID = 3  // AddressingVersion: must be the channel's
	WS_MESSAGE_PROPERTY_HEADER_BUFFER                    MessagePropertyID = 4  // its headers
	WS_MESSAGE_PROPERTY_HEADER_POSITION                  MessagePropertyID = 5  // place among its headers
	WS_MESSAGE_PROPERTY_BODY_READER                      MessagePropertyID = 6  // reader of its body
	WS_MESSAGE_PROPERTY_BODY_WRITER                      MessagePropertyID = 7  // writer of its body
	WS_MESSAGE_PROPERTY_IS_ADDRESSED                     MessagePropertyID = 8  // whether it has an address
	WS_MESSAGE_PROPERTY_HEAP_PROPERTIES                  MessagePropertyID = 9  // any: taken and of no effect
	WS_MESSAGE_PROPERTY_XML_READER_PROPERTIES            MessagePropertyID = 10 // []XMLReaderProperty: limits of what is read
	WS_MESSAGE_PROPERTY_XML_WRITER_PROPERTIES            MessagePropertyID = 11 // any: taken and of no effect
	WS_MESSAGE_PROPERTY_IS_FAULT                         MessagePropertyID = 12 // whether it is a fault
	WS_MESSAGE_PROPERTY_MAX_PROCESSED_HEADERS            MessagePropertyID = 13 // uint32: header blocks; 64
	WS_MESSAGE_PROPERTY_USERNAME                         MessagePropertyID = 14 // who sent it
	WS_MESSAGE_PROPERTY_ENCODED_CERT                     MessagePropertyID = 15 // certificate of the sender
	WS_MESSAGE_PROPERTY_TRANSPORT_SECURITY_WINDOWS_TOKEN MessagePropertyID = 16 // Windows token of the transport
	WS_MESSAGE_PROPERTY_HTTP_HEADER_AUTH_WINDOWS_TOKEN   MessagePropertyID = 17 // string: the user of HTTP authentication, who has no Windows token here
	WS_MESSAGE_PROPERTY_MESSAGE_SECURITY_WINDOWS_TOKEN   MessagePropertyID = 18 // Windows token of message security
	WS_MESSAGE_PROPERTY_SAML_ASSERTION                   MessagePropertyID = 19 // assertion of the sender
	WS_MESSAGE_PROPERTY_SECURITY_CONTEXT                 MessagePropertyID = 20 // security context of the sender
	WS_MESSAGE_PROPERTY_PROTECTION_LEVEL                 MessagePropertyID = 21 // how it is protected
)

// XMLReaderPropertyID is WS_XML_READER_PROPERTY_ID: a limit of the XML reader.
type XMLReaderPropertyID uint32

// The limits of the XML reader that have an effect here.
const (
	WS_XML_READER_PROPERTY_MAX_DEPTH XMLReaderPropertyID = 0 // uint32: depth of elements
)
