package webservices

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// A CustomHTTPProxy is WS_CUSTOM_HTTP_PROXY. Servers is a list of "host:port"
// or "http=host:port" and "https=host:port", separated by spaces or
// semicolons; the first that fits is used. Bypass is a list of host names, with
// "*" for any part, that are spoken to directly; "<local>" is every name
// without a dot.
type CustomHTTPProxy struct {
	Servers, Bypass string
}

func (p *CustomHTTPProxy) fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ';' || r == ' ' || r == '\t' || r == '\n' })
}

// check reports what is wrong with the lists.
func (p *CustomHTTPProxy) check() error {
	servers := p.fields(p.Servers)
	if len(servers) == 0 {
		return fmt.Errorf("the proxy has no server")
	}
	for _, s := range servers {
		if _, err := proxyURL(s); err != nil {
			return err
		}
	}
	for _, b := range p.fields(p.Bypass) {
		if _, err := path.Match(b, ""); err != nil {
			return fmt.Errorf("bypass of the proxy: %w", err)
		}
	}
	return nil
}

// proxyURL reads one server. Its scheme in a list is that of the endpoint.
func proxyURL(s string) (*url.URL, error) {
	_, host, ok := strings.Cut(s, "=")
	if !ok {
		host = s
	}
	host = strings.TrimPrefix(host, "http://")
	u, err := url.Parse("http://" + host)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("the proxy server is not host:port")
	}
	return &url.URL{Scheme: "http", Host: u.Host}, nil
}

// find is for [http.Transport.Proxy].
func (p *CustomHTTPProxy) find(req *http.Request) (*url.URL, error) {
	host := strings.ToLower(req.URL.Hostname())
	for _, b := range p.fields(p.Bypass) {
		if b == "<local>" && !strings.Contains(host, ".") {
			return nil, nil
		}
		if ok, _ := path.Match(strings.ToLower(b), host); ok {
			return nil, nil
		}
	}
	for _, s := range p.fields(p.Servers) {
		if scheme, _, ok := strings.Cut(s, "="); !ok || strings.EqualFold(scheme, req.URL.Scheme) {
			return proxyURL(s)
		}
	}
	return nil, nil
}
