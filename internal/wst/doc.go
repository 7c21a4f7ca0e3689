// Package wst writes and reads the messages of WS-Trust February 2005, 1.3 and
// 1.4, and decides, as a function of what was asked and what came back, which
// token and which proof key a client has been given.
//
// It knows the content of the SOAP body and nothing around it: envelopes,
// addressing and the Security header are other packages' business. It does no
// I/O and never asks for the time.
//
//   - [Version] and [Action] are tables of URIs.
//   - [Request] and [Response] are the two messages, each with a writer and a
//     reader; the writer of one side and the reader of the other meet in tests.
//   - [Negotiation] is the client's side of an exchange: it writes the request,
//     takes the answer, checks one against the other and yields an [Issued].
//   - [Response.Settle] is the issuer's side of the key agreement.
//
// An answer is believed only as far as the request goes: an issuer that
// returns another key type, a shorter key, another audience or somebody
// else's context gives an error that wraps [ErrMismatch].
package wst
