package revocation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"wstrust/internal/revoked"
)

// A source is a list or an answer that says for how long it is good.
type source interface{ Until() time.Time }

// A slot keeps a source, or why there is none, until a time.
type slot struct {
	done  chan struct{} // closed when the rest is there
	what  source
	err   error
	until time.Time
}

// list is one of Lists, read for an authority.
func (c *Checker) list(i int, issuer *x509.Certificate, now time.Time) (*revoked.List, error) {
	what, err := c.keep(context.Background(), name("list", strconv.Itoa(i), issuer.Raw), now, func(context.Context) (source, error) {
		return revoked.ReadList(c.Lists[i], issuer)
	})
	if err != nil {
		return nil, err
	}
	return what.(*revoked.List), nil
}

// ask asks an OCSP responder about a certificate.
func (c *Checker) ask(ctx context.Context, uri string, cert, issuer *x509.Certificate, now time.Time, skew time.Duration) error {
	what, err := c.keep(ctx, name("answer", uri, cert.Raw, issuer.Raw), now, func(ctx context.Context) (source, error) {
		question, err := revoked.Question(cert, issuer)
		if err != nil {
			return nil, err
		}
		octets, err := c.exchange(ctx, http.MethodPost, uri, question)
		if err != nil {
			return nil, err
		}
		return revoked.ReadAnswer(octets, cert, issuer)
	})
	if err != nil {
		return err
	}
	return what.(*revoked.Answer).Status(now, skew)
}

// fetch looks for a certificate in the list at an address.
func (c *Checker) fetch(ctx context.Context, uri string, cert, issuer *x509.Certificate, now time.Time, skew time.Duration) error {
	what, err := c.keep(ctx, name("list", uri, issuer.Raw), now, func(ctx context.Context) (source, error) {
		octets, err := c.exchange(ctx, http.MethodGet, uri, nil)
		if err != nil {
			return nil, err
		}
		return revoked.ReadList(octets, issuer)
	})
	if err != nil {
		return err
	}
	return what.(*revoked.List).Status(cert, now, skew)
}

// keep returns what is kept under a name, and gets it if it is not there or no
// longer good. Of several who want the same one gets it, on behalf of all: that
// he goes away does not end it.
func (c *Checker) keep(ctx context.Context, name string, now time.Time, get func(context.Context) (source, error)) (source, error) {
	s, mine := c.slot(name, now)
	if !mine {
		select {
		case <-s.done:
			return s.what, s.err
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
		}
	}
	defer close(s.done)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), orDefault(c.Timeout, defaultTimeout))
	defer cancel()
	what, err := get(limited)
	until := now.Add(keepFailures)
	if err == nil {
		if end := what.Until(); end.After(until) { // also what is out of date is not fetched for each message
			until = end
		}
		if most := now.Add(keepAtMost); until.After(most) {
			until = most
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.what, s.err, s.until = what, err, until
	return what, err
}

// slot returns the slot of a name, and whether the caller is to fill it.
func (c *Checker) slot(name string, now time.Time) (s *slot, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.kept[name]; s != nil && (s.until.IsZero() || now.Before(s.until)) {
		return s, false
	}
	s = &slot{done: make(chan struct{})}
	if c.kept == nil {
		c.kept = make(map[string]*slot)
	}
	if len(c.kept) >= mostKept {
		c.forget(now)
	}
	c.kept[name] = s
	return s, true
}

// forget makes room: what is no longer good goes, or else anything that nobody
// waits for.
func (c *Checker) forget(now time.Time) {
	for name, s := range c.kept {
		if !s.until.IsZero() && !now.Before(s.until) {
			delete(c.kept, name)
		}
	}
	for name, s := range c.kept {
		if len(c.kept) < mostKept {
			return
		}
		if !s.until.IsZero() {
			delete(c.kept, name)
		}
	}
}

func name(kind, where string, about ...[]byte) string {
	h := sha256.New()
	for _, part := range append([][]byte{[]byte(kind), []byte(where)}, about...) {
		fmt.Fprintf(h, "%d ", len(part))
		h.Write(part)
	}
	return string(h.Sum(nil))
}

// mayAsk reports whether an address is on one of Hosts.
func (c *Checker) mayAsk(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	usual := u.Port() == "" || u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443"
	return slices.Contains(c.Hosts, u.Host) || usual && slices.Contains(c.Hosts, u.Hostname())
}

// exchange sends a question, or asks for what is at an address.
func (c *Checker) exchange(ctx context.Context, method, uri string, question []byte) ([]byte, error) {
	wrong := func(err error) error { return fmt.Errorf("%w: %.200q: %w", ErrUnknown, uri, err) }
	r, err := http.NewRequestWithContext(ctx, method, uri, bytes.NewReader(question))
	if err != nil {
		return nil, wrong(err)
	}
	if question != nil {
		r.Header.Set("Content-Type", "application/ocsp-request")
	}
	resp, err := c.client().Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address stands before
		}
		return nil, wrong(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, wrong(fmt.Errorf("HTTP status %d", resp.StatusCode))
	}
	most := orDefault(c.MaxBytes, defaultMax)
	octets, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, wrong(err)
	}
	if int64(len(octets)) > most {
		return nil, wrong(fmt.Errorf("more than %d octets", most))
	}
	return octets, nil
}

func (c *Checker) client() *http.Client {
	var own http.Client
	if c.Client != nil {
		own = *c.Client
	} else {
		own.Transport = &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10}
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
