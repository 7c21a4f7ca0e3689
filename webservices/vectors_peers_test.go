package webservices

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wstrust/revocation"
)

// A peer is whom a channel of a vector speaks with, and how.
type peer struct {
	to      string
	sd      *SecurityDescription // nil: alice's name over TLS
	props   []ChannelProperty
	request []prop
	// change is for what no property of a channel reaches.
	change func(*Channel)
	// act is what is done with the open channel; nil asks for a token.
	act func(*Channel, *Error) HRESULT
}

// peers are the recipes by the first word of their names. The rest of the name
// is the argument.
var peers = func() map[string]func(t testing.TB, arg string) peer {
	out := map[string]func(t testing.TB, arg string) peer{
		"closed-port": func(t testing.TB, _ string) peer { return peer{to: closedPort(t, "https")} },
		"broadcast": func(testing.TB, string) peer {
			// TCP has no way to a broadcast address, and that of loopback is one.
			return peer{to: "https://127.255.255.255:9/"}
		},
		"address-in-use": func(t testing.TB, _ string) peer {
			taken := listen(t)
			return dialing(&net.Dialer{LocalAddr: taken.Addr()}, "https://"+listen(t).Addr().String()+"/")
		},
		"address-not-available": func(t testing.TB, _ string) peer {
			// Binding fails, so that nothing is ever sent from it.
			return dialing(&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}}, "https://"+listen(t).Addr().String()+"/")
		},
		"broken-pipe": func(t testing.TB, _ string) peer {
			l := listen(t)
			return dialed("https://"+l.Addr().String()+"/", func(ctx context.Context) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
				if err == nil {
					err = c.(*net.TCPConn).CloseWrite() // the next write is into a broken pipe
				}
				return c, err
			})
		},
		"errno": func(t testing.TB, number string) peer {
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			return dialed("https://127.0.0.1:9/", func(context.Context) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.Errno(n))}
			})
		},
		"errno-named": func(t testing.TB, name string) peer {
			errno, ok := map[string]syscall.Errno{
				"EHOSTUNREACH": syscall.EHOSTUNREACH, "ENETDOWN": syscall.ENETDOWN, "EHOSTDOWN": syscall.EHOSTDOWN,
				"ECONNABORTED": syscall.ECONNABORTED, "ETIMEDOUT": syscall.ETIMEDOUT, "EIO": syscall.EIO,
			}[name]
			if !ok {
				t.Fatal(name)
			}
			return dialed("https://127.0.0.1:9/", func(context.Context) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
			})
		},
		"name": func(t testing.TB, how string) peer {
			p := dialing(&net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: nameServer(t, how)}}, "https://sts.vector.test/")
			if how == "silent" {
				p.props = []ChannelProperty{timeout(WS_CHANNEL_PROPERTY_RESOLVE_TIMEOUT, 50)}
			}
			return p
		},
		"hangs": hangs,
		"tls":   tlsPeer,
		"proxy": proxyPeer,
	}
	for name, f := range answerPeers {
		out[name] = f
	}
	for name, f := range ownPeers {
		out[name] = f
	}
	return out
}()

// meet finds the recipe of a name.
func meet(t testing.TB, name string) peer {
	t.Helper()
	word, arg, _ := strings.Cut(name, " ")
	f, ok := peers[word]
	if !ok {
		t.Fatalf("there is no recipe %q", word)
	}
	return f(t, strings.TrimSpace(arg))
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// dialing is a peer to which connections are made by a dialer of the test.
func dialing(d *net.Dialer, to string) peer {
	return peer{to: to, change: func(c *Channel) {
		for _, client := range c.session.clients {
			client.Transport.(*transport).base.DialContext = d.DialContext
		}
	}}
}

func dialed(to string, dial func(context.Context) (net.Conn, error)) peer {
	return peer{to: to, change: func(c *Channel) {
		for _, client := range c.session.clients {
			client.Transport.(*transport).base.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }
		}
	}}
}

// nameServer is a name server on loopback that knows no name, is broken, or
// never answers.
func nameServer(t testing.TB, how string) func(ctx context.Context, network, address string) (net.Conn, error) {
	t.Helper()
	code, ok := map[string]byte{"unknown": 3, "broken": 2, "silent": 0}[how]
	if !ok {
		t.Fatal(how)
	}
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			if how == "silent" || n < 12 {
				continue
			}
			b[2], b[3] = b[2]|0x80, 0x80|code // an answer, with this code
			end := 12                         // of the question, which is repeated; what follows is not
			for end < n && b[end] != 0 {
				end += int(b[end]) + 1
			}
			end = min(end+5, n)
			clear(b[6:12])
			_, _ = c.WriteTo(b[:end], from)
		}
	}()
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}
}

// hangs is a peer that goes no further in some step, with a timeout for it.
func hangs(t testing.TB, step string) peer {
	release := make(chan struct{})
	p := peer{}
	id := map[string]ChannelPropertyID{
		"dial": WS_CHANNEL_PROPERTY_CONNECT_TIMEOUT, "handshake": WS_CHANNEL_PROPERTY_CONNECT_TIMEOUT, "request": WS_CHANNEL_PROPERTY_SEND_TIMEOUT,
		"header": WS_CHANNEL_PROPERTY_RECEIVE_RESPONSE_TIMEOUT, "body": WS_CHANNEL_PROPERTY_RECEIVE_TIMEOUT,
	}[step]
	url, root := stall(t, step, make(chan struct{}, 8), release)
	t.Cleanup(func() { close(release) }) // before the servers are closed
	p.to, p.props = url, []ChannelProperty{root, timeout(id, 50)}
	switch step {
	case "dial": // a proxy that takes the connection and says nothing
		p.to = "https://sts.test/"
		p.props = append(p.props, through(strings.TrimSuffix(strings.TrimPrefix(url, "https://"), "/"))...)
	case "request": // more than the buffers of the system hold
		p.sd = overTLS()
		p.props = append(p.props, ChannelProperty{WS_CHANNEL_PROPERTY_MAX_BUFFERED_MESSAGE_SIZE, uint32(16 << 20)})
		p.act = func(c *Channel, e *Error) HRESULT {
			return RequestReply(c, "urn:x", &XMLBuffer{"<a>" + strings.Repeat("x", 12<<20) + "</a>"}, nil, nil, e)
		}
	}
	return p
}

// tlsPeer is a server with something wrong in its TLS, or with a client that
// has asked for too much.
func tlsPeer(t testing.TB, what string) peer {
	ca := newTestCA(t)
	by, ssl := ca, &SslTransport{}
	set := func(id SecurityBindingPropertyID, v any) {
		ssl.Properties = append(ssl.Properties, SecurityBindingProperty{id, v})
	}
	var change func(*x509.Certificate)
	config := func(*tls.Config) {}
	list := ""
	what, ignored, _ := strings.Cut(what, " ignoring ")
	for _, word := range strings.Fields(what) {
		switch word {
		case "good":
		case "another-host":
			change = func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"other.example"}, nil }
		case "expired":
			change = func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
			}
		case "not-yet":
			change = func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
			}
		case "wrong-usage":
			change = func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }
		case "untrusted":
			by = newTestCA(t)
		case "revocation": // must be looked up
			set(WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE, CertFailure(0))
		case "disabled": // need not be looked up
			set(WS_SECURITY_BINDING_PROPERTY_DISABLE_CERT_REVOCATION_CHECK, true)
		case "revoked", "listed", "list-offline":
			list = word
		case "callback":
			set(WS_SECURITY_BINDING_PROPERTY_CERTIFICATE_VALIDATION_CALLBACK_CONTEXT,
				&CertificateValidationCallbackContext{Callback: func([]byte, any) HRESULT { return 0x80004005 }})
		case "old":
			config = func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }
		case "only-1.2":
			config = func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }
		case "not-1.2":
			set(WS_SECURITY_BINDING_PROPERTY_DISALLOWED_SECURE_PROTOCOLS, WS_SECURE_PROTOCOL_TLS1_2)
		case "wants-certificate": // in 1.2 the refusal is part of the handshake, and cannot be overtaken
			config = func(c *tls.Config) { c.MaxVersion, c.ClientAuth = tls.VersionTLS12, tls.RequireAnyClientCert }
		case "refuses-certificate":
			config = func(c *tls.Config) {
				c.MaxVersion, c.ClientAuth, c.ClientCAs = tls.VersionTLS12, tls.RequireAndVerifyClientCert, x509.NewCertPool()
			}
			ssl.LocalCertCredential = &CustomCertCredential{
				GetCert: func(any, *EndpointAddress) (*tls.Certificate, HRESULT) { return testCert(), S_OK },
			}
		case "refused-issuers":
			ssl.LocalCertCredential = &CustomCertCredential{
				GetCert:                func(any, *EndpointAddress) (*tls.Certificate, HRESULT) { return testCert(), S_OK },
				IssuerListNotification: func(any, [][]byte) HRESULT { return 0x80004005 },
			}
		default:
			t.Fatalf("tls: %q", word)
		}
	}
	if ignored != "" {
		flags := WS_CERT_FAILURE_REVOCATION_OFFLINE
		for _, word := range strings.Fields(ignored) {
			flags |= map[string]CertFailure{
				"host": WS_CERT_FAILURE_CN_MISMATCH, "date": WS_CERT_FAILURE_INVALID_DATE,
				"root": WS_CERT_FAILURE_UNTRUSTED_ROOT, "usage": WS_CERT_FAILURE_WRONG_USAGE,
			}[word]
		}
		set(WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE, flags)
	}
	answer := issues(proof05)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (&fake{answer: answer}).ServeHTTP(w, r) }))
	own := by.issue(t, change)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{own}}
	config(srv.TLS)
	srv.Config.ErrorLog = discard()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	sd := alice()
	sd.SecurityBindings[0] = ssl
	props := []ChannelProperty{roots(ca.cert)}
	if list != "" {
		props = append(props, ChannelProperty{WS_CHANNEL_PROPERTY_EX_REVOCATION_CHECK, revocationList(t.(*testing.T), ca, list, own)})
	}
	return peer{to: srv.URL, sd: sd, props: props}
}

// revocationList asks the list of an authority, on which a certificate stands or
// not, or a list that tells nothing of it.
func revocationList(t *testing.T, ca *testCA, how string, own tls.Certificate) RevocationCheck {
	var der []byte
	switch how {
	case "revoked":
		der = ca.revokes(t, own)
	case "listed":
		der = ca.revokes(t)
	default:
		der = newTestCA(t).revokes(t)
	}
	check := RevocationCheck((&revocation.Checker{Lists: [][]byte{der}}).VerifyConnection)
	if how == "list-offline" {
		return offlineOr(check)
	}
	return check
}

// proxyPeer is a good service behind a proxy: "plain" without TLS, then a
// status that the proxy refuses with, or "closed", and what it wants.
func proxyPeer(t testing.TB, arg string) peer {
	how, plain := strings.CutPrefix(arg, "plain ")
	word, offer, _ := strings.Cut(how, " ")
	f := newFake(t, says(200, soap12, envelope(issued05, "", rstr05(proof05))))
	p := peer{to: f.URL, sd: withHeader(), props: []ChannelProperty{f.root()}}
	if plain {
		bare := httptest.NewServer(f)
		t.Cleanup(bare.Close)
		p.to, p.sd = bare.URL, describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_NONE)})
	}
	offer, auth := strings.CutPrefix(offer, "authenticated ")
	if auth {
		p.sd.SecurityBindings = append(p.sd.SecurityBindings, schemes(WS_HTTP_HEADER_AUTH_SCHEME_BASIC, toProxy()))
	} else {
		p.sd.Properties = nil
	}
	url := closedPort(t, "http")
	if word != "closed" {
		px := &proxy{}
		if word != "open" {
			if _, err := fmt.Sscan(word, &px.status); err != nil {
				t.Fatal(arg, err)
			}
		}
		if offer != "" {
			px.header = http.Header{"Proxy-Authenticate": {offer}}
		}
		srv := httptest.NewServer(px)
		t.Cleanup(srv.Close)
		url = srv.URL
	}
	p.props = append(p.props, through(url)...)
	return p
}
