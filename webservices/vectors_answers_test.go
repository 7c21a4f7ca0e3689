package webservices

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fakePeer is a peer with a fake behind it.
func fakePeer(t testing.TB, answer func(http.ResponseWriter, *http.Request, rst)) peer {
	f := newFake(t, answer)
	return peer{to: f.URL, props: []ChannelProperty{f.root()}}
}

// answerPeers are services that answer, each in its way.
var answerPeers = map[string]func(t testing.TB, arg string) peer{
	"reset": func(t testing.TB, when string) peer {
		return fakePeer(t, hijack(func(c net.Conn) {
			if when == "within" {
				begin(c)
			}
			if tc, ok := c.(*tls.Conn); ok {
				_ = tc.NetConn().(*net.TCPConn).SetLinger(0) // close sends a reset
				tc.NetConn().Close()
			}
		}))
	},
	"end": func(t testing.TB, when string) peer {
		return fakePeer(t, hijack(func(c net.Conn) {
			if when == "within" {
				begin(c)
			}
		}))
	},
	"not-HTTP": func(t testing.TB, _ string) peer {
		return fakePeer(t, hijack(func(c net.Conn) { fmt.Fprint(c, "SSH-2.0-OpenSSH\r\n") }))
	},
	"drips": func(t testing.TB, _ string) peer {
		p := fakePeer(t, func(w http.ResponseWriter, r *http.Request, _ rst) {
			w.Header().Set("Content-Type", soap12)
			for r.Context().Err() == nil {
				fmt.Fprint(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		})
		p.props = append(p.props, timeout(WS_CHANNEL_PROPERTY_RECEIVE_TIMEOUT, 80))
		return p
	},
	// A status, and headers of the answer after a bar each.
	"status": func(t testing.TB, arg string) peer {
		parts := strings.Split(arg, " | ")
		n, err := strconv.Atoi(parts[0])
		if err != nil {
			t.Fatal(err)
		}
		return fakePeer(t, func(w http.ResponseWriter, _ *http.Request, _ rst) {
			for _, h := range parts[1:] {
				k, v, _ := strings.Cut(h, ": ")
				w.Header().Add(k, v)
			}
			w.WriteHeader(n)
			if n >= 400 {
				fmt.Fprint(w, "an error page")
			}
		})
	},
	"content": func(t testing.TB, typ string) peer { return fakePeer(t, says(200, typ, goodAnswer)) },
	"answer":  func(t testing.TB, what string) peer { return fakePeer(t, says(200, soap12, answerText(t, what))) },
	// A good answer of so many octets.
	"octets": func(t testing.TB, arg string) peer {
		n, err := strconv.Atoi(arg)
		if err != nil {
			t.Fatal(err)
		}
		return fakePeer(t, func(w http.ResponseWriter, r *http.Request, m rst) {
			text := fill(goodAnswer, m)
			says(200, soap12, text+strings.Repeat(" ", n-len(text)))(w, r, m)
		})
	},
	"echo": func(t testing.TB, _ string) peer {
		return fakePeer(t, func(w http.ResponseWriter, r *http.Request, m rst) { says(200, soap12, m.raw)(w, r, m) })
	},
	// A fault: the version of SOAP, the namespace and name of its code.
	"fault": func(t testing.TB, arg string) peer {
		f := strings.Fields(arg)
		if len(f) < 3 {
			t.Fatal(arg)
		}
		return faultPeer(t, f[0], f[1], f[2], f[3:]...)
	},
	// What a service with HTTP authentication makes of Basic, Digest or Negotiate.
	"login": func(t testing.TB, arg string) peer {
		scheme, offer, _ := strings.Cut(arg, " ")
		p := fakePeer(t, func(w http.ResponseWriter, r *http.Request, m rst) {
			if offer == "" {
				says(200, soap12, envelope(issued05, "", rstr05(proof05)))(w, r, m)
				return
			}
			w.Header().Set("WWW-Authenticate", offer)
			w.WriteHeader(401)
		})
		p.sd = withHeader(schemes(map[string]HTTPHeaderAuthScheme{
			"basic": WS_HTTP_HEADER_AUTH_SCHEME_BASIC, "digest": WS_HTTP_HEADER_AUTH_SCHEME_DIGEST, "negotiate": WS_HTTP_HEADER_AUTH_SCHEME_NEGOTIATE,
		}[scheme]))
		return p
	},
	"redirect": func(t testing.TB, where string) peer {
		return fakePeer(t, func(w http.ResponseWriter, r *http.Request, m rst) {
			if where == "here" && r.URL.Path == "/there" {
				says(200, soap12, goodAnswer)(w, r, m)
				return
			}
			w.Header().Set("Location", map[string]string{"here": "/there", "round": "/", "down": "http://127.0.0.1:9/"}[where])
			w.WriteHeader(307)
		})
	},
}

// begin sends a part of an answer.
func begin(c net.Conn) {
	fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n<s:Envelope", soap12)
}

var goodAnswer = envelope(issued05, "{security}", rstr05(proof05))

// answerText is a good answer with one thing changed.
func answerText(t testing.TB, what string) string {
	stamped := func(created, expires string) string {
		return envelope(issued05, `<o:Security><u:Timestamp><u:Created>`+created+`</u:Created><u:Expires>`+expires+`</u:Expires></u:Timestamp></o:Security>`, rstr05(proof05))
	}
	within := func(more string) string { return envelope(issued05, "{security}", rstr05(more)) }
	header := func(n int) string {
		return strings.Replace(goodAnswer, "</s:Header>", strings.Repeat(`<h xmlns="urn:h"/>`, n)+"</s:Header>", 1)
	}
	word, arg, _ := strings.Cut(what, " ")
	n, _ := strconv.Atoi(arg)
	text, ok := map[string]string{
		"good":             goodAnswer,
		"headers":          header(max(n-3, 0)), // Action, RelatesTo and Security are there
		"deep":             within(proof05 + strings.Repeat("<d>", n) + strings.Repeat("</d>", n)),
		"not-XML":          "hello",
		"cut":              goodAnswer[:len(goodAnswer)/2],
		"not-SOAP":         "<a/>",
		"doctype":          "<!DOCTYPE a>" + goodAnswer,
		"empty":            "",
		"other-message":    strings.Replace(goodAnswer, "{MessageID}", "urn:uuid:other", 1),
		"other-action":     strings.Replace(goodAnswer, issued05, "urn:other", 1),
		"other-context":    strings.Replace(goodAnswer, "{Context}", "urn:uuid:other", 1),
		"no-token":         strings.Replace(goodAnswer, "RequestedSecurityToken>", "Nothing>", 2),
		"two":              envelope(issued05, "{security}", rstr05(proof05)+rstr05(proof05)),
		"collection":       envelope(issued05, "{security}", `<t:RequestSecurityTokenResponseCollection xmlns:t="{wst05}">`+rstr05(proof05)+`</t:RequestSecurityTokenResponseCollection>`),
		"public-key":       within(`<t:KeyType xmlns:t="{wst05}">{wst05}/PublicKey</t:KeyType>`),
		"short-key":        strings.Replace(goodAnswer, key256, "AAECAwQFBgcICQoLDA0ODw==", 1),
		"no-key":           within(""),
		"over":             within(proof05 + `<t:Lifetime><u:Created xmlns:u="{wsu}">{-1h}</u:Created><u:Expires xmlns:u="{wsu}">{-55m}</u:Expires></t:Lifetime>`),
		"no-security":      envelope(issued05, "", rstr05(proof05)),
		"no-timestamp":     envelope(issued05, "<o:Security/>", rstr05(proof05)),
		"old-timestamp":    stamped("{-1h}", "{-55m}"),
		"future-timestamp": stamped("{1h}", "{65m}"),
		"strange-signature": envelope(issued05, `<o:Security><u:Timestamp><u:Created>{now}</u:Created><u:Expires>{5m}</u:Expires></u:Timestamp>`+
			`<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/></o:Security>`, rstr05(proof05)),
	}[word]
	if !ok {
		t.Fatalf("there is no answer %q", word)
	}
	return text
}

// faultPeer answers with a fault. Options: unsecured, allowed (that the security
// of faults is not looked at), plain (faults are no errors), and a status.
func faultPeer(t testing.TB, version, space, local string, options ...string) peer {
	security, status := "{security}", 500
	var props []ChannelProperty
	for _, o := range options {
		switch n, err := strconv.Atoi(o); {
		case err == nil:
			status = n
		case o == "unsecured":
			security = ""
		case o == "allowed":
			props = append(props, ChannelProperty{WS_CHANNEL_PROPERTY_ALLOW_UNSECURED_FAULTS, true})
		case o == "plain":
			props = append(props, ChannelProperty{WS_CHANNEL_PROPERTY_FAULTS_AS_ERRORS, false})
		default:
			t.Fatal(o)
		}
	}
	text := envelope("urn:f", security, fault(space, local))
	typ := soap12
	if version == "1.1" {
		typ = "text/xml; charset=utf-8"
		text = strings.Replace(envelope("urn:f", security, `<s:Fault><faultcode xmlns:q="`+space+`">q:`+local+`</faultcode><faultstring>the peer's words</faultstring></s:Fault>`),
			"http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/", 1)
		props = append(props, ChannelProperty{WS_CHANNEL_PROPERTY_ENVELOPE_VERSION, WS_ENVELOPE_VERSION_SOAP_1_1})
	}
	p := fakePeer(t, says(status, typ, text))
	p.props = append(p.props, props...)
	if strings.HasSuffix(space, "13}") {
		p.request = []prop{{idTrust, WS_TRUST_VERSION_1_3}}
	}
	return p
}
