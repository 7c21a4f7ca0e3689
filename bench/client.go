package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"time"

	"wstrust"
)

// canned is a peer without sockets: it reads the request to its end and
// answers with what it makes of it. It shows the TLS state of a connection, as
// clients that insist on TLS look for it.
type canned struct {
	contentType string
	answer      func(request []byte) ([]byte, error)
	request     bytes.Buffer // one request at a time: its memory is used again
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	c.request.Reset()
	if _, err := c.request.ReadFrom(r.Body); err != nil {
		return nil, err
	}
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	answer, err := c.answer(c.request.Bytes())
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {c.contentType}},
		ContentLength: int64(len(answer)), Body: io.NopCloser(bytes.NewReader(answer)), Request: r,
		TLS: &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: r.URL.Hostname()},
	}, nil
}

// oursClient asks for a bearer token through the public API, and verifies the
// answer and the assertion in it.
func oursClient(in *input) ([]contender, error) {
	form, err := soapAnswer(soap12, in.assertion, in.now, relation)
	if err != nil {
		return nil, err
	}
	head, tail, ok := bytes.Cut(form, []byte(relation))
	if !ok {
		return nil, errors.New("the answer has no RelatesTo")
	}
	ctx := context.Background()
	var answer []byte
	channel, err := wstrust.Open(ctx, "https://sts.example.com/trust/13/usernamemixed", wstrust.Config{
		Bindings:     []wstrust.Binding{wstrust.Username("alice", "a test password")},
		TokenSigners: []*x509.Certificate{in.cert},
		HTTP: &http.Client{Transport: &canned{contentType: "application/soap+xml; charset=utf-8", answer: func(request []byte) ([]byte, error) {
			id, err := messageID(request)
			answer = append(append(append(answer[:0], head...), id...), tail...)
			return answer, err
		}}},
	})
	if err != nil {
		return nil, err
	}
	request := wstrust.TokenRequest{AppliesTo: audience, KeyType: wstrust.Bearer, Lifetime: time.Hour}
	ask := func() (*wstrust.Token, error) { return channel.RequestToken(ctx, request) }
	token, err := ask()
	if err != nil {
		return nil, err
	}
	if string(token.XML()) != string(in.assertion) {
		return nil, errors.New("the token is not what the issuer signed")
	}
	source := &wstrust.Source{Issuer: channel, Request: request}
	return []contender{
		{row: rowClient, who: whoOurs, op: func() error {
			_, err := ask()
			return err
		}},
		{row: rowCached, who: whoOurs, op: func() error {
			_, err := source.Token(ctx)
			return err
		}},
	}, nil
}

// relation stands in a canned answer where the request's message id belongs.
const relation = "urn:uuid:0f9d1c52-6e5d-4a53-9a7e-34a4c1f0c8d1"

// messageID finds the message id of a request by its name alone.
func messageID(request []byte) ([]byte, error) {
	_, rest, ok := bytes.Cut(request, []byte("MessageID"))
	_, rest, open := bytes.Cut(rest, []byte(">"))
	id, _, end := bytes.Cut(rest, []byte("<"))
	if !ok || !open || !end {
		return nil, errors.New("the request has no message id")
	}
	return id, nil
}
