package attack

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wstrust"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A watched peer keeps what it was sent, and where.
type watched struct {
	peer
	to    []string
	shape [][]string // names of the elements
}

// RoundTrip implements http.RoundTripper.
func (p *watched) RoundTrip(r *http.Request) (*http.Response, error) {
	p.to = append(p.to, r.URL.String())
	p.peer.answer = func(answer func(*xmltree.Doc) []byte) func(*xmltree.Doc) []byte {
		return func(request *xmltree.Doc) []byte {
			var names []string
			for _, e := range descendants(request.Root(), "") {
				names = append(names, e.Local())
			}
			p.shape = append(p.shape, names)
			return answer(request)
		}
	}(p.peer.answer)
	return p.peer.RoundTrip(r)
}

// TestNoDowngrade, row T11: no metadata is read, so none can lower what a channel
// was opened with. What an answer says of policies and other addresses changes
// neither where the next request goes nor what protects it, an answer under an
// older suite than the channel's is refused, and no address is taken that is not
// https.
func TestNoDowngrade(t *testing.T) {
	w := theWorld()
	const elsewhere = "http://evil.example.com/sts"
	metadata := `<x:Metadata xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/mex"><x:MetadataSection>` +
		`<p:Policy xmlns:p="http://www.w3.org/ns/ws-policy"><p:ExactlyOne><p:All/></p:ExactlyOne></p:Policy></x:MetadataSection></x:Metadata>` +
		`<a:From xmlns:a="` + xmltree.WSA10 + `"><a:Address>` + elsewhere + `</a:Address></a:From>`
	p := &watched{peer: peer{answer: func(request *xmltree.Doc) []byte {
		f := open(w.issuedGood(request, nil))
		f.into(f.one("Header"), metadata)
		return f.src
	}}}
	c := must(w.channel(peer{}, soap.V12, func(cfg *wstrust.Config) { cfg.HTTP = &http.Client{Transport: p} }))
	for range 2 {
		if _, err := c.RequestToken(context.Background(), wstrust.TokenRequest{AppliesTo: serviceURL, KeyType: wstrust.Bearer}); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.to) != 2 || p.to[0] != serviceURL || p.to[1] != serviceURL {
		t.Errorf("sent to %q", p.to)
	}
	if !slices.Equal(p.shape[0], p.shape[1]) || !slices.Contains(p.shape[1], "UsernameToken") {
		t.Errorf("after the metadata another message is sent:\n%q\n%q", p.shape[0], p.shape[1])
	}

	if _, err := wstrust.Open(context.Background(), strings.Replace(serviceURL, "https:", "http:", 1), wstrust.Config{
		Bindings: []wstrust.Binding{wstrust.Username(goodUser, password)},
	}); !errors.Is(err, wstrust.ErrConfig) {
		t.Errorf("an address without TLS: %v", err)
	}

	old := peer{answer: func(request *xmltree.Doc) []byte {
		return w.message(recipe{soap: soap.V12, signer: "peer", parts: everything, answer: messageID(request), body: []byte(`<o:Answer xmlns:o="urn:orders"/>`), mod: func(_ *soap.Outgoing, o *wsse.Options) { o.Suite = alg.Basic256 }})
	}}
	out, err := must(w.channel(old, soap.V12, nil)).Do(context.Background(), "urn:orders/Get", `<o:Get xmlns:o="urn:orders"/>`)
	if out != "" || !errors.Is(err, wstrust.ErrVerification) {
		t.Errorf("an answer signed with SHA-1: %q, %v", out, err)
	}
}
