// Package webservices is the part of the Windows Web Services API that gets
// security tokens: WsRequestSecurityToken with its channels, security
// descriptions, tokens, errors and asynchronous calls, on any operating system.
// A C program that uses them can be carried over line by line, and what it then
// puts on the wire is the profile MS-LWSSP, as before.
//
// Functions and types have the names of WWSAPI without the prefix Ws;
// constants have them whole, and the values of its header file. Defaults are
// those of WWSAPI too, SHA-1 signatures included. For anything new take package
// wstrust, which does all the work here and has modern defaults.
//
// # What is different
//
// Arrays of properties hold values, not pointers with sizes: a value of another
// Go type than the property has is E_INVALIDARG. Structures whose first member
// is another structure are Go types behind one interface.
//
// Left out, since Go has it or does without: heaps, except as the owner of
// proof keys ([Heap]); XML readers and writers ([XMLBuffer] is text); objects for
// messages that are sent; WsGetHeapProperty and the like; structured exceptions. Proxy
// settings, root certificates and a log, which Windows takes from the system,
// come in through channel properties from 0x10000 up, and nothing is read from
// the environment.
//
// TCP, UDP and named pipes, Kerberos and SSPI are typed and checked, and then
// give WS_E_NOT_SUPPORTED when the channel or listener is opened.
//
// # Servers
//
// A [Listener] is an [http.Handler], whose [http.Server] stands for http.sys. It
// verifies what comes by a description of a server, with package service, and
// hands it to channels that accept and answer. SamlMessage is for servers alone.
// HttpHeaderAuth has Basic and Digest at a server, against functions of the program.
//
// The table of all functions, properties and constants is docs/wwsapi.md.
package webservices
