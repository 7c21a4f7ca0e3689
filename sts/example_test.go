package sts_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"time"

	"wstrust/saml"
	"wstrust/service"
	"wstrust/sts"
)

// An issuer that knows one service, and gives people their role.
func ExampleServer() {
	issuer := func(signer tls.Certificate, who *service.Verifier, roles map[string]string) http.Handler {
		return &sts.Server{
			Name:           "https://sts.example.com/",
			Signer:         signer,
			Verifier:       who,
			RelyingParties: []sts.RelyingParty{{Address: "https://orders.example.com/"}},
			Decide: func(_ context.Context, who *service.Principal, req *sts.Request) (*sts.Grant, error) {
				role, ok := roles[who.Name]
				if !ok || req.OnBehalfOf != nil || req.ActAs != nil {
					return nil, fmt.Errorf("%w: %s", sts.ErrDenied, who)
				}
				return &sts.Grant{
					Subject:    who.Name,
					Lifetime:   time.Hour,
					Attributes: []saml.Attribute{{Name: "http://schemas.example.com/claims/role", Values: []string{role}}},
				}, nil
			},
		}
	}
	_ = issuer
}
