package webservices

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ownPeers are failures of our own side.
var ownPeers = map[string]func(t testing.TB, arg string) peer{
	"url": func(_ testing.TB, url string) peer { return peer{to: url, sd: overTLS()} },
	"long-address": func(testing.TB, string) peer {
		return peer{to: "https://x/" + strings.Repeat("a", maxAddress), sd: overTLS()}
	},
	"transport": func(t testing.TB, name string) peer {
		b, ok := map[string]SecurityBinding{
			"kerberos": &KerberosApreqMessage{BindingUsage: supporting, ClientCredential: &DefaultWindowsIntegratedAuthCredential{}},
			"passport": schemes(WS_HTTP_HEADER_AUTH_SCHEME_PASSPORT),
		}[name]
		if !ok {
			t.Fatal(name)
		}
		return peer{to: "https://127.0.0.1:9/", sd: withHeader(b)}
	},
	"store": func(testing.TB, string) peer {
		return peer{to: "https://127.0.0.1:9/", sd: describe(nil, &SslTransport{LocalCertCredential: &ThumbprintCertCredential{}})}
	},
	"credential": func(t testing.TB, how string) peer {
		get := func(any, *EndpointAddress) (*tls.Certificate, HRESULT) { return nil, S_OK }
		if how == "fails" {
			get = func(any, *EndpointAddress) (*tls.Certificate, HRESULT) { return nil, 0x80004005 }
		}
		return peer{to: "https://127.0.0.1:9/", sd: describe(nil, &SslTransport{LocalCertCredential: &CustomCertCredential{GetCert: get}})}
	},
	// A key that no suite can sign with.
	"key-of-no-suite": func(t testing.TB, _ string) peer {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		var token *SecurityToken
		ref := &XMLBuffer{`<o:SecurityTokenReference xmlns:o="` + spaceWSSE + `"><o:Reference URI="#tok"/></o:SecurityTokenReference>`}
		if hr := CreateXmlSecurityToken(&XMLBuffer{`<x u:Id="tok" xmlns:u="` + spaceWSU + `"/>`}, NcryptAsymmetricSecurityKeyHandle{k},
			[]XmlSecurityTokenProperty{{WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE, ref}}, &token, nil); hr != S_OK {
			t.Fatal(hr)
		}
		return peer{to: "https://127.0.0.1:9/", sd: holding(token)}
	},
	// A server's: the channel of the vector has nothing to do with it.
	"faulted-listener": func(t testing.TB, _ string) peer {
		return peer{to: "https://127.0.0.1:9/", sd: overTLS(), act: func(_ *Channel, e *Error) HRESULT {
			var l *Listener
			var accepting *Channel
			CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, nil, describe(nil, &SslTransport{}, byPassword(onlyAlice)), &l, nil)
			CreateChannelForListener(l, nil, &accepting, nil)
			OpenListener(l, "https://127.0.0.1:9/", nil, nil)
			AbortListener(l, nil)
			defer FreeListener(l)
			defer FreeChannel(accepting)
			return AcceptChannel(l, accepting, nil, e)
		}}
	},
	// What the core refuses: a token that the strict profile does not let out.
	"strict-bearer": func(t testing.TB, _ string) peer {
		var token *SecurityToken
		if hr := CreateXmlSecurityToken(&XMLBuffer{`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="a"/>`}, nil, nil, &token, nil); hr != S_OK {
			t.Fatal(hr)
		}
		return peer{to: closedPort(t, "https"), sd: holding(token), props: []ChannelProperty{strictProfile}}
	},
	// The core's channel ends under an open one, as an abort in between makes it.
	"core-aborted": func(t testing.TB, _ string) peer {
		p := fakePeer(t, says(200, soap12, goodAnswer))
		p.change = func(c *Channel) {
			for _, inner := range c.session.channels {
				inner.Abort()
			}
		}
		p.act = func(c *Channel, e *Error) HRESULT { return RequestReply(c, "urn:x", nil, nil, nil, e) }
		return p
	},
	"illegal-property": func(t testing.TB, _ string) peer {
		p := fakePeer(t, says(200, soap12, goodAnswer))
		p.request = []prop{{99, nil}}
		return p
	},
	"large-message": func(t testing.TB, _ string) peer {
		p := fakePeer(t, says(200, soap12, goodAnswer))
		p.act = func(c *Channel, e *Error) HRESULT {
			return RequestReply(c, "urn:x", &XMLBuffer{"<a>" + strings.Repeat("x", 65536) + "</a>"}, nil, nil, e)
		}
		return p
	},
	// A call on a channel that an abort has faulted, or that is closed.
	"after": func(t testing.TB, what string) peer {
		p := fakePeer(t, says(200, soap12, goodAnswer))
		p.act = func(c *Channel, e *Error) HRESULT {
			if what == "abort" {
				AbortChannel(c, nil)
			} else {
				CloseChannel(c, nil, nil)
			}
			var token *SecurityToken
			return RequestSecurityToken(c, nil, &token, nil, e)
		}
		return p
	},
	// AbortChannel while the service thinks.
	"abort": func(t testing.TB, _ string) peer {
		reached, release := make(chan struct{}, 8), make(chan struct{})
		p := fakePeer(t, func(http.ResponseWriter, *http.Request, rst) {
			reached <- struct{}{}
			<-release
		})
		t.Cleanup(func() { close(release) }) // before the server is closed
		p.act = func(c *Channel, e *Error) HRESULT {
			result := make(chan HRESULT, 1)
			var token *SecurityToken
			if hr := RequestSecurityToken(c, nil, &token, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, e); hr != WS_S_ASYNC {
				return hr
			}
			<-reached
			AbortChannel(c, nil)
			select {
			case hr := <-result:
				return hr
			case <-time.After(10 * time.Second):
				t.Fatal("the abort does not end the call")
			}
			return S_OK
		}
		return p
	},
	"detail-missing": func(t testing.TB, _ string) peer {
		p := faultPeer(t, "1.2", "urn:x", "y")
		p.act = func(c *Channel, e *Error) HRESULT {
			var token *SecurityToken
			var detail *XMLBuffer
			RequestSecurityToken(c, nil, &token, nil, e)
			hr := GetFaultErrorDetail(e, &FaultDetailDescription{Element: XMLQName{"d", "urn:d"}}, WS_READ_REQUIRED_VALUE, &detail)
			return e.fail(hr, "no such detail")
		}
		return p
	},
}
