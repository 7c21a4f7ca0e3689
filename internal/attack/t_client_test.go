package attack

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"wstrust"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// An answerAttack is an answer to a request for a token: T6, T7 and T8.
type answerAttack struct {
	row, name string
	ask       wstrust.TokenRequest
	mod       func(*wst.Response)
	edit      func(*file)
	reads     string
	class     []wsse.Class
}

// answers makes them. What the double knows of the request is what was in it.
func answers(w *world) (out []*attack) {
	bearer := wstrust.TokenRequest{AppliesTo: serviceURL, KeyType: wstrust.Bearer}
	server := wstrust.TokenRequest{AppliesTo: serviceURL, KeyType: wstrust.Symmetric, KeySize: 256}
	client := server
	client.Entropy = wstrust.ClientEntropy
	both := server
	both.Entropy = wstrust.CombinedEntropy
	public := wstrust.TokenRequest{AppliesTo: serviceURL, KeyType: wstrust.PublicKey, UseKey: w.holder.signer}
	sym := func(r *wst.Response) {
		r.KeyType, r.KeySize = wst.Symmetric, 256
		r.Token = w.assertion(saml.V20, w.symmetric(w.secret, ""), nil)
		r.Proof = wst.NewSecret(w.secret.Secret())
	}
	with := func(f, g func(*wst.Response)) func(*wst.Response) { return func(r *wst.Response) { f(r); g(r) } }
	for _, a := range []answerAttack{
		{row: "T6", name: "bearer-for-symmetric", ask: server, reads: "keytype"},
		{row: "T6", name: "bearer-for-public", ask: public, reads: "keytype"},
		{row: "T6", name: "symmetric-for-bearer", ask: bearer, mod: sym, reads: "keytype"},
		{row: "T6", name: "short-key", ask: server, mod: with(sym, func(r *wst.Response) { r.KeySize, r.Proof = 128, wst.NewSecret(w.secret.Secret()[:16]) }), reads: "keysize"},
		{row: "T6", name: "token-type", ask: typed(bearer), mod: func(r *wst.Response) { r.TokenType = wst.TokenSAML11 }, reads: "tokentype"},
		{row: "T6", name: "applies-to", ask: bearer, mod: func(r *wst.Response) { r.AppliesTo = evilScope }, reads: "appliesto"},
		{row: "T6", name: "expired", ask: bearer, mod: func(r *wst.Response) {
			r.Created, r.Expires = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		}, reads: "issued"},
		{row: "T7", name: "context", ask: bearer, mod: func(r *wst.Response) { r.Context = "urn:evil" }, reads: "context"},
		{row: "T7", name: "relates-to", ask: bearer, edit: func(f *file) { f.text(f.one("RelatesTo"), "urn:uuid:evil") }, reads: "issued"},
		{row: "T7", name: "no-relates-to", ask: bearer, edit: func(f *file) { f.cut(f.one("RelatesTo")) }, reads: "issued"},
		{row: "T7", name: "two-answers", ask: bearer, edit: func(f *file) {
			f.after(f.one("RequestSecurityTokenResponse"), string(f.one("RequestSecurityTokenResponse").Standalone()))
		}, reads: "responses"},
		{row: "T7", name: "two-tokens", ask: bearer, edit: func(f *file) { f.after(f.one("Assertion"), "<x/>") }, reads: "tokens"},
		{row: "T7", name: "no-collection", ask: bearer, edit: func(f *file) {
			f.replace(f.one("RequestSecurityTokenResponseCollection"), string(f.one("RequestSecurityTokenResponse").Standalone()))
		}, reads: "container"},
		{row: "T7", name: "action", ask: bearer, edit: func(f *file) { f.text(f.at("Header", "Action"), "urn:evil") }, reads: "issued"},
		{row: "T8", name: "short-entropy", ask: both, mod: with(sym, computed(8)), edit: cutSecret, reads: "entropy"},
		{row: "T8", name: "empty-entropy", ask: both, mod: with(sym, computed(16)), edit: func(f *file) { f.text(f.last("BinarySecret"), "") }, reads: "entropy"},
		{row: "T8", name: "zero-proof", ask: server, mod: sym, edit: func(f *file) { f.text(f.one("BinarySecret"), b64(make([]byte, 32))) }, reads: "issued"},
		{row: "T8", name: "empty-proof", ask: server, mod: sym, edit: func(f *file) { f.text(f.one("BinarySecret"), "") }, reads: "proof"},
		{row: "T8", name: "computed-without-client", ask: server, mod: with(sym, computed(32)), reads: "computed"},
		{row: "T8", name: "whole-key-for-client-entropy", ask: client, mod: sym, reads: "proof"},
		{row: "T8", name: "whole-key-for-combined", ask: both, mod: sym, reads: "computed"},
		{row: "T8", name: "key-size-8", ask: server, mod: sym, edit: func(f *file) { f.text(f.one("KeySize"), "8") }, reads: "keysize"},
		{row: "T8", name: "key-size-2-31", ask: server, mod: sym, edit: func(f *file) { f.text(f.one("KeySize"), "2147483648") }, reads: "keysize"},
		{row: "T8", name: "negative-key-size", ask: server, mod: sym, edit: func(f *file) { f.text(f.one("KeySize"), "-256") }, reads: "keysize"},
	} {
		for _, v := range versions {
			out = append(out, a.make(w, v))
		}
	}
	return out
}

func typed(r wstrust.TokenRequest) wstrust.TokenRequest { r.TokenType = wst.TokenSAML20; return r }

// computed has the key computed from entropy of n octets.
func computed(n int) func(*wst.Response) {
	return func(r *wst.Response) {
		r.Proof = wst.Secret{}
		r.ComputedKey = wst.Trust13.PSHA1()
		r.ServerEntropy = wst.NewSecret([]byte(strings.Repeat("e", max(n, 16))))
	}
}

func cutSecret(f *file) { f.text(f.last("BinarySecret"), b64([]byte("short"))) }

func (c answerAttack) make(w *world, v soap.Version) *attack {
	answer := func(request *xmltree.Doc) []byte {
		f := open(w.issuedGood(request, c.mod))
		if c.edit != nil {
			c.edit(f)
		}
		return f.src
	}
	a := &attack{row: c.row, name: c.name + "-" + variant(v, ""), off: dReply, forged: "got-" + c.reads, class: c.class}
	var request *xmltree.Doc
	call := func(answer func(*xmltree.Doc) []byte) (*wstrust.Token, error) {
		ch, err := w.channel(peer{answer: func(d *xmltree.Doc) []byte { request = d; return answer(d) }}, v, nil)
		if err != nil {
			panic(err)
		}
		return ch.RequestToken(context.Background(), c.ask)
	}
	tok, err := call(answer)
	a.file = answer(request)
	a.ask = asked(request)
	a.custom = func(*world) (string, error) {
		if tok != nil {
			return string(tok.XML()), nil
		}
		return "", err
	}
	if a.class == nil {
		a.class = classes(wsse.ClassProtocol, wsse.ClassFormat, wsse.ClassExpired, wsse.ClassWrapping)
	}
	return a
}

// asked is what a request says.
func asked(request *xmltree.Doc) map[string]string {
	ask := descendants(request.Root(), "RequestSecurityToken")[0]
	ctx, _ := ask.Attr("", "Context")
	want := map[string]string{
		"context": ctx, "keytype": loose(child(ask, "KeyType")), "responses": "1", "tokens": "1", "container": "RequestSecurityTokenResponseCollection",
		"appliesto": loose(child(ask, "AppliesTo")), "computed": "false", "id": messageID(request), "proof": "",
	}
	if t := child(ask, "TokenType"); t.OK() {
		want["tokentype"] = loose(t)
	}
	if strings.HasSuffix(want["keytype"], "/SymmetricKey") {
		want["keysize"] = loose(child(ask, "KeySize"))
		want["proof"] = "32"
		if child(ask, "Entropy").OK() {
			want["proof"] = ""
			if typ, _ := descendants(ask, "BinarySecret")[0].Attr("", "Type"); strings.HasSuffix(typ, "/Nonce") {
				want["computed"], want["entropy"] = "true", "32"
			}
		}
	}
	return want
}

// reflections are T19 and T20: the client's own words, and peers that do not
// behave.
func reflections(w *world) (out []*attack) {
	for _, v := range versions {
		for _, c := range []struct {
			name string
			edit func(f *file)
		}{
			{"whole", func(*file) {}},
			{"with-relates-to", func(f *file) {
				f.into(f.at("Header"), `<wsa:RelatesTo xmlns:wsa="`+xmltree.WSA10+`">`+loose(f.at("Header", "MessageID"))+`</wsa:RelatesTo>`)
			}},
			{"with-another-body", func(f *file) {
				f.into(f.at("Header"), `<wsa:RelatesTo xmlns:wsa="`+xmltree.WSA10+`">`+loose(f.at("Header", "MessageID"))+`</wsa:RelatesTo>`)
				f.text(f.at("Body"), `<o:Answer xmlns:o="urn:orders"><o:Address>`+evilScope+`</o:Address></o:Answer>`)
			}},
		} {
			var sent *xmltree.Doc
			ch, err := w.channel(peer{answer: func(d *xmltree.Doc) []byte {
				sent = d
				f := open(d.Source())
				c.edit(f)
				return f.src
			}}, v, func(cfg *wstrust.Config) {
				cfg.Bindings = []wstrust.Binding{wstrust.Certificate(w.client.tls)}
				cfg.PeerCertificates = append(cfg.PeerCertificates, w.client.cert) // the worst case: both have one key
			})
			if err != nil {
				panic(err)
			}
			got, err := ch.Do(context.Background(), "urn:orders/Get", `<o:Get xmlns:o="urn:orders"><o:Address>`+evilScope+`</o:Address></o:Get>`)
			f := open(sent.Source())
			c.edit(f)
			out = append(out, &attack{
				row: "T19", name: c.name + "-" + variant(v, ""), file: f.src, off: dReply | dReflect, forged: "scope", class: classes(wsse.ClassProtocol, wsse.ClassReplay),
				ask: map[string]string{"id": messageID(sent), "reflected": b64(text64(f.one("SignatureValue")))}, custom: func(*world) (string, error) { return string(got), err },
			})
			if c.name != "whole" {
				out[len(out)-1].off = dReflect
			}
		}
	}
	return out
}

// misbehaviours are T20: peers that do not answer as they should.
func misbehaviours(w *world) (out []*attack) {
	do := func(p http.RoundTripper, target string) (string, error) {
		cfg := wstrust.Config{HTTP: &http.Client{Transport: p}, PeerCertificates: []*x509.Certificate{w.service.cert}}
		ch, err := wstrust.Open(context.Background(), target, cfg)
		if err != nil {
			return "", err
		}
		out, err := ch.Do(context.Background(), "urn:orders/Get", `<o:Get xmlns:o="urn:orders"/>`)
		return string(out), err
	}
	body := func(r io.Reader) http.RoundTripper {
		return tripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/soap+xml"}}, Body: io.NopCloser(r), ContentLength: -1}, nil
		})
	}
	for name, call := range map[string]func() (string, error){
		"redirect": func() (string, error) {
			elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("somebody followed the redirect") }))
			defer elsewhere.Close()
			return do(tripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 307, Header: http.Header{"Location": {elsewhere.URL}, "Content-Type": {"application/soap+xml"}}, Body: http.NoBody}, nil
			}), serviceURL)
		},
		"endless": func() (string, error) { return do(body(endless{}), serviceURL) },
		"cut": func() (string, error) {
			return do(body(io.MultiReader(strings.NewReader("<s:Envelope"), failing{})), serviceURL)
		},
		"plain-http":     func() (string, error) { return do(body(strings.NewReader("<x/>")), "http://orders.example.com/") },
		"credential-url": func() (string, error) { return do(body(strings.NewReader("<x/>")), "https://evil@orders.example.com/") },
	} {
		out = append(out, &attack{
			row: "T20", name: name, class: classes(wsse.ClassProtocol, wsse.ClassFormat, wsse.ClassLimit), noFile: "it is how a peer behaves, not what is in a file",
			custom: func(*world) (string, error) { return call() },
		})
	}
	return out
}

type tripper func(*http.Request) (*http.Response, error)

func (t tripper) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the connection is gone") }

// delegations are T13 and T14 at the issuer: tokens of others, and what is not
// offered.
func delegations(w *world) (out []*attack) {
	good, evil, _ := w.pieces(saml.V20)
	tokens := map[string]struct {
		token string
		keys  []any
	}{
		"unsigned":    {evil, nil},
		"self-issued": {w.evilAssertion(w.stranger.signer, func(h *handmade) { h.keyInfo = x509KeyInfo(w.stranger) }), []any{w.stranger.cert.PublicKey}},
		"expired": {w.conditioned(good, func(c *saml.Conditions) {
			c.NotBefore, c.NotOnOrAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		}), nil},
		"wrapped": {inAssertion(evil, "", good), nil},
	}
	for _, v := range versions {
		for _, how := range []string{"OnBehalfOf", "ActAs"} {
			for name, c := range tokens {
				r := wst.Request{TokenType: wst.TokenSAML20, KeyType: wst.Bearer, AppliesTo: goodScope}
				if how == "ActAs" {
					r.ActAs = []byte(c.token)
				} else {
					r.OnBehalfOf = []byte(c.token)
				}
				a := &attack{
					row: "T13", name: strings.ToLower(how) + "-" + name + "-" + variant(v, ""), off: dDelegate, class: classes(wsse.ClassPolicy), forged: "behalf", keys: c.keys, plain: true,
					file: w.message(recipe{soap: v, signer: "user", body: must(r.Write(wst.Trust14))}),
				}
				if name == "unsigned" {
					a.exempt = "the point is that there is no signature"
				}
				a.custom = func(w *world) (string, error) { return w.askIssuer(a, "FailedAuthentication") }
				out = append(out, a)
			}
		}
		for _, act := range []wst.Action{wst.Renew, wst.Validate, wst.Cancel} {
			r := wst.Request{Action: act, TokenType: wst.TokenSAML20, Target: []byte(w.evilToken())}
			if act == wst.Validate {
				r.TokenType = wst.Trust13.StatusTokenType()
			}
			a := &attack{
				row: "T14", name: strings.ToLower(act.String()) + "-" + variant(v, ""), off: dAction, class: classes(wsse.ClassPolicy), forged: "action", value: "RST/", plain: true,
				file: w.message(recipe{soap: v, signer: "user", body: must(r.Write(wst.Trust13)), mod: func(o *soap.Outgoing, _ *wsse.Options) { o.Action = wst.Trust13.RequestAction(act) }}),
			}
			a.custom = func(w *world) (string, error) { return w.askIssuer(a, "RequestFailed") }
			out = append(out, a)
		}
	}
	return out
}

// askIssuer sends a request that is authenticated to the issuer, which must
// refuse it with the constant fault of that name and not ask for a decision.
func (w *world) askIssuer(a *attack, fault string) (string, error) {
	called := 0
	rec := httptest.NewRecorder()
	w.server(a, &called).ServeHTTP(rec, a.request())
	if called > 0 {
		return "a decision", nil
	}
	d, err := xmltree.Parse(rec.Body.Bytes(), wide)
	if err != nil {
		return rec.Body.String(), nil
	}
	f := child(child(d.Root(), "Body"), "Fault")
	if !f.OK() {
		return rec.Body.String(), nil
	}
	if !strings.Contains(string(f.Raw()), fault) {
		return "", fmt.Errorf("another fault: %s", f.Raw())
	}
	return "", &wsse.Error{Class: wsse.ClassPolicy, Msg: "fault " + fault}
}
