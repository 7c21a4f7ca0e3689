// Package wstrust gets security tokens from a security token service and uses
// them.
//
// It speaks WS-Trust (February 2005, 1.3 and 1.4) over SOAP with WS-Security:
// what vCenter, AD FS, Dynamics, and the token services of health, tax and
// registry authorities speak. It is the function WsRequestSecurityToken of
// Windows, for every operating system and with modern defaults; the names and
// defaults of Windows itself are in package webservices.
//
// # Getting a token
//
// A [Channel] speaks with one endpoint. Its [Config] says which tokens it puts
// on each message, its [TokenRequest] what is asked for:
//
//	issuer, err := wstrust.Open(ctx, "https://sts.example.com/trust/13/usernamemixed", wstrust.Config{
//		Bindings: []wstrust.Binding{wstrust.Username("alice", password)},
//	})
//	tok, err := issuer.RequestToken(ctx, wstrust.TokenRequest{
//		AppliesTo: "https://orders.example.com/",
//		KeyType:   wstrust.Bearer,
//	})
//
// How to authenticate (the bindings), which proof key (KeyType, Entropy,
// UseKey) and which kind of token (TokenType) are three choices, and none is
// inferred from another.
//
// # Presenting it
//
// A channel to the service with [XMLToken] among its bindings sends the token
// with each message and, if it has a proof key, signs with it:
//
//	orders, err := wstrust.Open(ctx, "https://orders.example.com/soap", wstrust.Config{
//		Bindings: []wstrust.Binding{wstrust.XMLToken(tok)},
//	})
//	err = orders.Call(ctx, "urn:orders/Get", getOrder{ID: "42"}, &order)
//
// Code made by a WSDL generator keeps its own client and gets a [Transport]. A
// program that needs a token for days asks a [Source], which keeps it fresh. A
// service that wants a conversation gets a [SecurityContext], one that wants
// messages signed or encrypted a [Protection].
//
// # What can be relied on
//
// A token's octets are the issuer's, never written anew, so every signature in
// it stays good. An answer is read only after it has been verified and held
// against the request. Only https is spoken, redirects are not followed, and
// nothing is read past [Limits]. No password, key or token is in an error, in a
// log or in what fmt prints.
//
// An error is an *[Error] that says what failed, where and why. What the peer
// said is a *[Fault] in it; what we concluded is one of the Err values. Test
// with errors.As and errors.Is, never by text.
//
// # What it is not
//
// The token itself is opaque to a client unless Config.TokenSigners says who
// may have signed it. Services check tokens with package service; issuers are
// in package sts; both start in a test with package wstrusttest.
package wstrust
