package main

import (
	"context"
	"net/url"
	"time"

	"github.com/vmware/govmomi/sts"
	"github.com/vmware/govmomi/vim25/soap"
)

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
	sc.Client.Transport = &canned{contentType: "text/xml; charset=utf-8", answer: func([]byte) ([]byte, error) { return answer, nil }}
	client := sts.Client{Client: sc, RoundTripper: sc}
	ctx := context.Background()
	user := url.UserPassword("alice", "a test password")
	return []contender{{row: rowClient, who: whoGovmomi, op: func() error {
		_, err := client.Issue(ctx, sts.TokenRequest{Userinfo: user, Lifetime: time.Hour})
		return err
	}}}, nil
}
