package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"wstrust"
	"wstrust/internal/httpx"
)

// connectFlags say how an endpoint is reached. issue and call share them.
type connectFlags struct {
	ca        string
	tls       pairFlags
	soap      string
	addr      string
	stamps    string
	suite     string
	sign      []string
	timeout   time.Duration
	plaintext bool
}

func (f *connectFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.ca, "ca", "", "`PEM` file of the certificate authorities to trust for TLS, in place of the system's")
	f.tls = pairFlags{certFlag: "--tls-cert", keyFlag: "--tls-key", passFlag: "--cert-password-file"}
	fl.StringVar(&f.tls.cert, "tls-cert", "", "TLS client certificate, a PEM or PFX `FILE`")
	fl.StringVar(&f.tls.key, "tls-key", "", "its private key, a PEM `FILE`")
	fl.Var(newChoice(&f.soap, "1.2", "1.1"), "soap", "SOAP version")
	fl.Var(newChoice(&f.addr, "1.0", "2004", "none"), "addressing", "WS-Addressing version: 1.0 (2005/08), 2004/08, or no addressing headers")
	fl.Var(newChoice(&f.stamps, "always", "requests", "never"), "timestamp", "which messages must have a timestamp; \"requests\" for peers that answer without")
	fl.StringVar(&f.suite, "suite", "", "algorithm suite, `NAME` of WS-SecurityPolicy such as Basic256; if empty Modern, which is SHA-256")
	fl.StringSliceVar(&f.sign, "sign", nil, "what a signature covers besides what the protocol needs: `PARTS` out of body,addressing,to,token,timestamp")
	fl.DurationVar(&f.timeout, "timeout", 30*time.Second, "give up after this `DURATION`")
	fl.BoolVar(&f.plaintext, "insecure-plaintext", false, "allow http:// addresses: whoever is on the way reads and uses everything")
}

// address checks an address before anything secret is read.
func (f *connectFlags) address(flag, s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return usage("write it in full, such as https://sts.example.com/trust/13", "%s: %.100q is no https:// address", flag, s)
	case u.User != nil:
		return usage("give the name with --user and the password with --password-file", "%s: an address must not hold a user name or password", flag)
	case u.Scheme == "http" && !f.plaintext:
		return fail(exitPolicy, "use the https:// address; --insecure-plaintext allows http:// where nobody else can listen", "%s: %.100q is not encrypted; nothing was sent", flag, s)
	}
	return nil
}

// config makes what all channels have in common.
func (f *connectFlags) config(u *ui) (wstrust.Config, error) {
	t := &tls.Config{}
	if f.ca != "" {
		authorities, err := u.certificates("--ca", f.ca)
		if err != nil {
			return wstrust.Config{}, err
		}
		t.RootCAs = x509.NewCertPool()
		for _, c := range authorities {
			t.RootCAs.AddCert(c)
		}
	}
	if f.tls.key != "" && f.tls.cert == "" {
		return wstrust.Config{}, usage("name the certificate with --tls-cert", "--tls-key: a key alone is of no use")
	}
	if f.tls.cert != "" {
		pair, err := f.tls.load(u)
		if err != nil {
			return wstrust.Config{}, err
		}
		t.Certificates = []tls.Certificate{pair}
	}
	client := httpx.NewClient(t)
	if tr, ok := client.Transport.(*http.Transport); ok {
		tr.Proxy = http.ProxyFromEnvironment // a command is the user's own, unlike a library
	}
	client.Transport = &tracer{ui: u, next: client.Transport}
	c := wstrust.Config{HTTP: client, InsecurePlaintext: f.plaintext}
	c.Suite = wstrust.Suite(f.suite)
	var err error
	if c.Header.Sign, err = parseParts(f.sign); err != nil {
		return wstrust.Config{}, err
	}
	if f.soap == "1.1" {
		c.Versions.SOAP = wstrust.SOAP11
	}
	switch f.addr {
	case "2004":
		c.Versions.Addressing = wstrust.Addressing200408
	case "none":
		c.Versions.Addressing = wstrust.AddressingNone
	}
	switch f.stamps {
	case "requests":
		c.Header.Timestamp = wstrust.TimestampRequestsOnly
	case "never":
		c.Header.Timestamp = wstrust.TimestampNever
	}
	return c, nil
}

// within bounds an operation by --timeout.
func (f *connectFlags) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, f.timeout)
}

func parseParts(names []string) (wstrust.Parts, error) {
	var parts wstrust.Parts
	for _, name := range names {
		switch name {
		case "timestamp":
			parts |= wstrust.PartTimestamp
		case "to":
			parts |= wstrust.PartTo
		case "body":
			parts |= wstrust.PartBody
		case "addressing":
			parts |= wstrust.PartAddressing
		case "token":
			parts |= wstrust.PartToken
		default:
			return 0, usage("it is a list of timestamp, to, body, addressing and token", "--sign: %.40q is no part of a message", name)
		}
	}
	return parts, nil
}
