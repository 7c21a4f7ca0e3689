package webservices

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/wstrusttest"
)

const spaceTrust13 = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"

// alice is a description with her name over TLS, and more bindings.
func alice(more ...SecurityBinding) *SecurityDescription {
	return &SecurityDescription{SecurityBindings: append([]SecurityBinding{
		&SslTransport{},
		&UsernameMessage{
			BindingUsage:     WS_SUPPORTING_MESSAGE_SECURITY_USAGE,
			ClientCredential: &StringUsernameCredential{Username: wstrusttest.User, Password: wstrusttest.Password},
		},
	}, more...)}
}

// overTLS is a description with nothing but TLS.
func overTLS(p ...SecurityBindingProperty) *SecurityDescription {
	return &SecurityDescription{SecurityBindings: []SecurityBinding{&SslTransport{Properties: p}}}
}

// holding is a description that presents a token over TLS.
func holding(token *SecurityToken, p ...SecurityProperty) *SecurityDescription {
	return &SecurityDescription{
		SecurityBindings: []SecurityBinding{&SslTransport{}, &XmlTokenMessage{BindingUsage: WS_SUPPORTING_MESSAGE_SECURITY_USAGE, XmlToken: token}},
		Properties:       p,
	}
}

func roots(cert *x509.Certificate) ChannelProperty {
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return ChannelProperty{WS_CHANNEL_PROPERTY_EX_ROOT_CERTIFICATES, pool}
}

// create makes a channel, which is freed with the test.
func create(t testing.TB, sd *SecurityDescription, props ...ChannelProperty) *Channel {
	t.Helper()
	var c *Channel
	var e Error
	if hr := CreateChannel(WS_CHANNEL_TYPE_REQUEST, WS_HTTP_CHANNEL_BINDING, props, sd, &c, &e); hr != S_OK {
		t.Fatal(hr, e.Error())
	}
	t.Cleanup(func() { FreeChannel(c) })
	return c
}

// open makes a channel and opens it.
func open(t testing.TB, url string, sd *SecurityDescription, props ...ChannelProperty) *Channel {
	t.Helper()
	c := create(t, sd, props...)
	var e Error
	if hr := OpenChannel(c, &EndpointAddress{URL: url}, nil, &e); hr != S_OK {
		t.Fatal(hr, e.Error())
	}
	return c
}

// request asks for a token and wants one.
func request(t testing.TB, c *Channel, props ...RequestSecurityTokenProperty) *SecurityToken {
	t.Helper()
	var token *SecurityToken
	var e Error
	if hr := RequestSecurityToken(c, props, &token, nil, &e); hr != S_OK {
		t.Fatal(hr, e.Error())
	}
	t.Cleanup(func() { FreeSecurityToken(token) })
	return token
}

func state(t testing.TB, c *Channel) (s ChannelState) {
	t.Helper()
	if hr := GetChannelProperty(c, WS_CHANNEL_PROPERTY_STATE, &s, nil); hr != S_OK {
		t.Fatal(hr)
	}
	return s
}

// A rst is what a peer of a test reads of a request.
type rst struct {
	Header struct {
		Action    string
		MessageID string
		To        string
		ReplyTo   struct{ Address string }
		Security  struct {
			Inner     string `xml:",innerxml"`
			Timestamp struct{ Created, Expires string }
		}
		Inner string `xml:",innerxml"`
	}
	Body struct {
		RST struct {
			XMLName     xml.Name
			Context     string `xml:",attr"`
			TokenType   string
			RequestType string
			KeyType     string
			KeySize     string
			AppliesTo   struct {
				Inner string `xml:",innerxml"`
			}
			Entropy struct {
				BinarySecret struct {
					Type string `xml:",attr"`
					Text string `xml:",chardata"`
				}
			}
			SecondaryParameters struct {
				Inner string `xml:",innerxml"`
			}
			Inner string `xml:",innerxml"`
		} `xml:"RequestSecurityToken"`
	}
	raw     string
	headers http.Header
}

// A fake is an issuer that answers what a test says.
type fake struct {
	*httptest.Server
	mu     sync.Mutex
	got    []rst
	answer func(w http.ResponseWriter, r *http.Request, m rst)
}

// newFake starts a fake over TLS.
func newFake(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, m rst)) *fake {
	t.Helper()
	f := &fake{answer: answer}
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ErrorLog = discard()
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m := rst{raw: string(body), headers: r.Header}
	_ = xml.Unmarshal(body, &m) // an empty body stays empty
	f.mu.Lock()
	f.got = append(f.got, m)
	answer := f.answer
	f.mu.Unlock()
	answer(w, r, m)
}

// last is the request that came last.
func (f *fake) last(t testing.TB) rst {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.got) == 0 {
		t.Fatal("nothing came")
	}
	return f.got[len(f.got)-1]
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.got)
}

func (f *fake) root() ChannelProperty { return roots(f.Certificate()) }

const soap12 = "application/soap+xml; charset=utf-8"

// fill replaces what an answer must take from its request.
func fill(text string, m rst) string {
	now := time.Now().UTC()
	at := func(d time.Duration) string { return now.Add(d).Format("2006-01-02T15:04:05.000Z") }
	return strings.NewReplacer(
		"{MessageID}", m.Header.MessageID, "{Context}", m.Body.RST.Context,
		"{now}", at(0), "{5m}", at(5*time.Minute), "{1h}", at(time.Hour), "{65m}", at(65*time.Minute), "{-1h}", at(-time.Hour), "{-55m}", at(-55*time.Minute),
		"{wst05}", "http://schemas.xmlsoap.org/ws/2005/02/trust", "{wst13}", spaceTrust13,
		"{wsc05}", "http://schemas.xmlsoap.org/ws/2005/02/sc", "{wsc13}", "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512",
		"{wsse}", spaceWSSE, "{wsu}", spaceWSU,
	).Replace(text)
}

// envelope wraps a body of an answer: {security} stands for a fresh Timestamp.
func envelope(action, security, body string) string {
	const stamp = `<u:Timestamp><u:Created>{now}</u:Created><u:Expires>{5m}</u:Expires></u:Timestamp>`
	if security == "{security}" {
		security = `<o:Security s:mustUnderstand="1">` + stamp + `</o:Security>`
	}
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:o="{wsse}" xmlns:u="{wsu}"><s:Header>` +
		`<a:Action s:mustUnderstand="1">` + action + `</a:Action><a:RelatesTo>{MessageID}</a:RelatesTo>` + security +
		`</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

// rstr05 is a good answer of February 2005, with more in it.
func rstr05(more string) string {
	return `<t:RequestSecurityTokenResponse xmlns:t="{wst05}" Context="{Context}"><t:RequestedSecurityToken><x:Token xmlns:x="urn:x"/></t:RequestedSecurityToken>` + more + `</t:RequestSecurityTokenResponse>`
}

const (
	key256     = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	proof05    = `<t:RequestedProofToken><t:BinarySecret>` + key256 + `</t:BinarySecret></t:RequestedProofToken>`
	issued05   = "http://schemas.xmlsoap.org/ws/2005/02/trust/RSTR/Issue"
	issued13   = spaceTrust13 + "/RSTR/IssueFinal"
	lifetime05 = `<t:Lifetime><u:Created xmlns:u="{wsu}">{now}</u:Created><u:Expires xmlns:u="{wsu}">{1h}</u:Expires></t:Lifetime>`
)

// says answers with one text.
func says(status int, contentType, text string) func(http.ResponseWriter, *http.Request, rst) {
	return func(w http.ResponseWriter, _ *http.Request, m rst) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		fmt.Fprint(w, fill(text, m))
	}
}

// issues answers as an issuer of February 2005 should.
func issues(more string) func(http.ResponseWriter, *http.Request, rst) {
	return says(200, soap12, envelope(issued05, "{security}", rstr05(more)))
}

// serverTLS is a TLS server with this certificate.
func serverTLS(t testing.TB, cert tls.Certificate, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.Config.ErrorLog = discard()
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}
