// Package revocation looks up whether certificates were revoked, in revocation
// lists (CRL) and OCSP responses, for programs that demand it.
//
// Nothing in this module asks for it unless told to. A [Checker] goes into
// service.Verifier.Revocation for the certificates that messages are signed
// with, and its [Checker.VerifyConnection] into a tls.Config:
//
//	revoked := &revocation.Checker{Hosts: []string{"crl.example.com"}}
//	v := &service.Verifier{ClientCAs: authorities, Revocation: revoked /* … */}
//	c := wstrust.Config{TLS: &tls.Config{VerifyConnection: revoked.VerifyConnection} /* … */}
//
// A certificate whose state cannot be known is refused like one that was
// revoked, and the errors tell the two apart.
package revocation

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"wstrust/internal/revoked"
)

// What a certificate is that is not known to be good. Errors of a [Checker] wrap
// one of them.
var (
	ErrRevoked = revoked.ErrRevoked
	ErrUnknown = revoked.ErrUnknown
)

// A Checker knows which certificates were revoked, or whom to ask. The zero
// value knows nothing and asks nobody, and so refuses every certificate that an
// authority has issued. It must not be changed or copied while it is in use, and
// may then be used by many goroutines at once.
type Checker struct {
	// Lists are revocation lists, in DER or PEM, and Responses OCSP responses,
	// in DER, that are there already. They are looked at first.
	Lists, Responses [][]byte
	// Hosts are those that may be asked, by the addresses in the certificates:
	// a name alone, or with a port that is not the usual one. Nobody else is
	// connected to; if there are none, nobody is. First an OCSP responder is
	// asked, then a list is looked for.
	Hosts []string
	// Client asks. Nil is a client that takes no proxy from the environment. No
	// redirect is followed whatever it says.
	Client *http.Client
	// Timeout bounds one exchange, 10 seconds if zero, and MaxBytes what comes
	// back, 10 MiB if zero.
	Timeout  time.Duration
	MaxBytes int64
	// MaxSkew is how far the authorities' clocks may be off; 5 minutes if zero.
	MaxSkew time.Duration
	// InsecureUnknown accepts certificates whose state cannot be known. Whoever
	// can keep an answer from us has then made a revoked certificate good again.
	InsecureUnknown bool

	mu   sync.Mutex
	kept map[string]*slot
}

const (
	defaultTimeout = 10 * time.Second
	defaultMax     = 10 << 20
	defaultSkew    = 5 * time.Minute
	mostKept       = 1000           // lists and answers in memory
	keepAtMost     = 24 * time.Hour // even if they say that they are good for longer
	keepFailures   = time.Minute    // so that a dead responder does not slow down every message
)

// Check reports whether a verified path is good at a time: chain begins with
// the certificate that is about somebody and ends with the authority that is
// trusted, which is not looked up.
func (c *Checker) Check(ctx context.Context, chain []*x509.Certificate, now time.Time) error {
	return c.check(ctx, chain, nil, now)
}

// VerifyConnection is for the field of that name of a [tls.Config], which has
// verified the certificate by then. It also takes the response that the server
// staples. If the connection has no verified path, it is refused.
func (c *Checker) VerifyConnection(cs tls.ConnectionState) error {
	if len(cs.VerifiedChains) == 0 {
		if len(cs.PeerCertificates) == 0 {
			return nil // a client without one; whether it needs one is for ClientAuth
		}
		return fmt.Errorf("revocation: %w: the certificate was not verified", ErrUnknown)
	}
	var last error
	for _, chain := range cs.VerifiedChains {
		if last = c.check(context.Background(), chain, cs.OCSPResponse, time.Now()); last == nil {
			return nil
		}
	}
	return last
}

func (c *Checker) check(ctx context.Context, chain []*x509.Certificate, stapled []byte, now time.Time) error {
	if len(chain) == 0 {
		return fmt.Errorf("revocation: %w: no certificate", ErrUnknown)
	}
	for i, cert := range chain[:len(chain)-1] {
		err := c.one(ctx, cert, chain[i+1], stapled, now)
		stapled = nil // is about the first
		if err == nil || c.InsecureUnknown && !errors.Is(err, ErrRevoked) {
			continue
		}
		return fmt.Errorf("revocation: certificate %.200q: %w", cert.Subject.String(), err)
	}
	return nil
}

// one is about one certificate. Whoever says that it was revoked is believed.
// What is there is looked at, all of it; then others are asked, until one knows.
func (c *Checker) one(ctx context.Context, cert, issuer *x509.Certificate, stapled []byte, now time.Time) error {
	skew := orDefault(c.MaxSkew, defaultSkew)
	var t tally
	for _, octets := range append(c.Responses[:len(c.Responses):len(c.Responses)], stapled) {
		if len(octets) == 0 {
			continue
		}
		a, err := revoked.ReadAnswer(octets, cert, issuer)
		if err == nil {
			err = a.Status(now, skew)
		}
		t.count(err)
	}
	for i := range c.Lists {
		l, err := c.list(i, issuer, now)
		if err == nil {
			err = l.Status(cert, now, skew)
		}
		t.count(err)
	}
	for _, uri := range cert.OCSPServer {
		if !t.settled() && c.mayAsk(uri) {
			t.count(c.ask(ctx, uri, cert, issuer, now, skew))
		}
	}
	for _, uri := range cert.CRLDistributionPoints {
		if !t.settled() && c.mayAsk(uri) {
			t.count(c.fetch(ctx, uri, cert, issuer, now, skew))
		}
	}
	return t.sum()
}

// A tally is what was said about a certificate.
type tally struct {
	good    bool
	revoked error
	why     []string // nothing is known
}

func (t *tally) count(state error) {
	switch {
	case state == nil:
		t.good = true
	case errors.Is(state, ErrRevoked):
		t.revoked = state
	default:
		t.why = append(t.why, strings.TrimPrefix(state.Error(), ErrUnknown.Error()+": "))
	}
}

func (t *tally) settled() bool { return t.good || t.revoked != nil }

func (t *tally) sum() error {
	switch {
	case t.revoked != nil:
		return t.revoked
	case t.good:
		return nil
	case len(t.why) == 0:
		return fmt.Errorf("%w: nothing here is about it, and nobody that it names may be asked", ErrUnknown)
	}
	return fmt.Errorf("%w: %s", ErrUnknown, strings.Join(t.why, "; "))
}

func orDefault[T int64 | time.Duration](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}
