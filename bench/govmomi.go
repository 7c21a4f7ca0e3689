package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/vmware/govmomi/sts"
	"github.com/vmware/govmomi/vim25/soap"
)

// canned is a peer without sockets: it reads the request to its end and
// answers with what makes of it.
type canned func(request []byte) []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	request, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	answer := c(request)
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"text/xml; charset=utf-8"}},
		ContentLength: int64(len(answer)), Body: io.NopCloser(bytes.NewReader(answer)), Request: r,
	}, nil
}

// govmomiClient asks for a bearer token and reads the answer. It does not
// verify the token.
func govmomiClient(in *input) ([]contender, error) {
	answer, err := soapAnswer(soap11, in.assertion, in.now, "")
	if err != nil {
		return nil, err
	}
	u := &url.URL{Scheme: "https", Host: "sts.example.com", Path: "/sts/STSService"}
	sc := soap.NewClient(u, false)
	sc.Namespace = sts.Namespace
	sc.Client.Transport = canned(func([]byte) []byte { return answer })
	client := sts.Client{Client: sc, RoundTripper: sc}
	ctx := context.Background()
	user := url.UserPassword("alice", "a test password")
	return []contender{{row: rowClient, who: whoGovmomi, op: func() error {
		_, err := client.Issue(ctx, sts.TokenRequest{Userinfo: user, Lifetime: time.Hour})
		return err
	}}}, nil
}
