package devsts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"wstrust/saml"
	"wstrust/service"
	"wstrust/sts"
)

const (
	// Issuer is the name of the issuer in the tokens.
	Issuer = "urn:wstrust:dev-sts"
	// Action is the demo service's one action. Its body is an Echo element
	// with a Text in it, both in [Namespace]; the answer is an EchoResponse
	// with the same Text and the name of the Caller. A body of any other kind
	// is answered with its own text.
	Action = "urn:wstrust:demo:echo"
	// Namespace is that of the demo service's bodies.
	Namespace = "urn:wstrust:demo"

	pathTrust13   = "/trust/13"
	pathTrust2005 = "/trust/2005"
	pathService   = "/service"

	claimName  = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
	claimActor = "http://schemas.xmlsoap.org/ws/2009/09/identity/claims/actor"
)

// Handler returns the issuer, at /trust/13 and /trust/2005, and the demo
// service, at /service, as they are reached under base, such as
// "https://127.0.0.1:8443".
//
// The issuer takes users, client certificates (in the TLS handshake or as an
// X.509 signature) and its own tokens, and grants whatever is asked for: the
// claims with the values asked for, a token on behalf of, or acting as,
// anybody whose token is shown. It issues for every absolute URI but those of
// hosts that end in ".invalid", which are there for trying out a refusal;
// Options.Audiences makes the list a closed one. Symmetric proof keys are
// encrypted for the demo service's certificate, whoever they are for.
func (s *State) Handler(base string) http.Handler {
	mux := http.NewServeMux()
	issuer, demo, err := s.handlers(LoopbackNames(base))
	if err != nil {
		s.o.Logger.Error("development issuer", "err", err)
		issuer = http.NotFoundHandler()
		demo = issuer
	}
	mux.Handle(pathTrust13, issuer)
	mux.Handle(pathTrust2005, issuer)
	mux.Handle(pathService, demo)
	return mux
}

func (s *State) handlers(bases []string) (issuer, demo http.Handler, err error) {
	var trust, services []string
	for _, b := range bases {
		trust = append(trust, b+pathTrust13, b+pathTrust2005)
		services = append(services, b+pathService)
	}
	signer := []service.Issuer{{Name: Issuer, Certificates: []*x509.Certificate{s.signer.Leaf}}}
	stsReplay, err := NewReplay()
	if err != nil {
		return nil, nil, err
	}
	demoReplay, err := NewReplay()
	if err != nil {
		return nil, nil, err
	}
	own := []tls.Certificate{s.serviceCert}
	d := &decider{demo: services, open: s.o.Audiences}
	srv := &sts.Server{
		Name:   Issuer,
		Signer: s.signer,
		Verifier: &service.Verifier{
			Audiences: append([]string{Issuer}, trust...),
			Addresses: trust,
			Issuers:   signer,
			Users:     s,
			ClientCAs: s.clientCAs,
			Decrypt:   own,
			Replay:    stsReplay,
			Logger:    s.o.Logger,
		},
		Decide:         d.decide,
		RelyingParties: []sts.RelyingParty{{Address: sts.Any, Certificate: s.serviceCert.Leaf}},
	}
	if err := srv.Check(); err != nil {
		return nil, nil, err
	}
	v := &service.Verifier{
		Audiences: services,
		Addresses: services,
		Issuers:   signer,
		Decrypt:   own,
		Replay:    demoReplay,
		Logger:    s.o.Logger,
	}
	if err := v.Check(); err != nil {
		return nil, nil, err
	}
	return srv, v.Handler(Echo), nil
}

// LoopbackNames returns base and, if its host is this machine, the same under
// the other names of this machine: clients and their proxies use any of them.
func LoopbackNames(base string) []string {
	out := []string{base}
	u, err := url.Parse(base)
	if err != nil {
		return out
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return out
	}
	for _, host := range []string{"127.0.0.1", "localhost", "::1"} {
		u.Host = net.JoinHostPort(host, u.Port())
		if u.Port() == "" {
			u.Host = strings.TrimSuffix(u.Host, ":")
		}
		if s := u.String(); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// A decider grants almost everything.
type decider struct {
	demo []string // the demo service's addresses
	open []string // further audiences, if the list is closed
}

func (d *decider) decide(_ context.Context, who *service.Principal, req *sts.Request) (*sts.Grant, error) {
	g := &sts.Grant{Subject: who.Name}
	if who.Kind == service.Certificate {
		g.Format = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
	}
	switch {
	case req.AppliesTo == "":
		g.Audience = Issuer // of use for asking again
	case !d.known(req.AppliesTo):
		return nil, fmt.Errorf("%w: %.200q", sts.ErrInvalidScope, req.AppliesTo)
	}
	for _, of := range []*service.Principal{req.OnBehalfOf, req.ActAs} {
		if of != nil {
			g.Subject, g.Format = of.Name, of.Assertion.Subject.Format
		}
	}
	g.Attributes = []saml.Attribute{{Name: claimName, FriendlyName: "name", Values: []string{g.Subject}}}
	if req.ActAs != nil {
		g.Attributes = append(g.Attributes, saml.Attribute{Name: claimActor, FriendlyName: "actor", Values: []string{who.Name}})
	}
	for _, c := range req.Claims {
		value := c.Value
		if value == "" {
			value = g.Subject
		}
		if c.URI != claimName {
			g.Attributes = append(g.Attributes, saml.Attribute{Name: c.URI, Values: []string{value}})
		}
	}
	return g, nil
}

func (d *decider) known(appliesTo string) bool {
	if slices.Contains(d.demo, appliesTo) || slices.Contains(d.open, appliesTo) {
		return true
	}
	u, err := url.Parse(appliesTo)
	return len(d.open) == 0 && err == nil && u.IsAbs() && !strings.HasSuffix(strings.TrimSuffix(u.Hostname(), "."), ".invalid")
}

// Echo answers as the demo service does: see [Action].
func Echo(_ context.Context, m *service.Message) (any, error) {
	var in struct {
		Text  *string
		Inner string `xml:",chardata"`
	}
	if m.XML() != "" {
		if err := m.Decode(&in); err != nil {
			return nil, &service.Fault{Reason: "The body could not be read."}
		}
	}
	text := strings.TrimSpace(in.Inner)
	if in.Text != nil {
		text = *in.Text
	}
	who := m.Principal()
	how := "bearer"
	if who.ProofOfPossession {
		how = "holder-of-key"
	}
	until := ""
	if a := who.Assertion; a != nil {
		until = a.Conditions.NotOnOrAfter.UTC().Format(time.RFC3339)
	}
	return service.XML(fmt.Sprintf(`<EchoResponse xmlns="%s"><Text>%s</Text><Caller>%s</Caller><Confirmation>%s</Confirmation><Until>%s</Until></EchoResponse>`,
		Namespace, html.EscapeString(text), html.EscapeString(who.Name), how, until)), nil
}
