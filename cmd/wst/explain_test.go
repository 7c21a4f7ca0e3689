package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"testing"

	"wstrust"
	"wstrust/internal/alg"
	"wstrust/internal/httpx"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// TestExplain has one row for each kind of error that the scripts cannot
// provoke, and for those whose order matters.
func TestExplain(t *testing.T) {
	fault := func(sub string) error { return &wstrust.Fault{Code: "Sender", Subcode: sub} }
	for _, test := range []struct {
		err  error
		want code
	}{
		{fault("FailedAuthentication"), exitDenied},
		{fault("InvalidSecurity"), exitDenied},
		{fault("RequestFailed"), exitRefused},
		{fault("InvalidScope"), exitRefused},
		{fault("InvalidTimeRange"), exitRefused},
		{fault(""), exitRefused},
		{fault("MessageExpired"), exitClock},
		{fmt.Errorf("%w: %w", wstrust.ErrVerification, &wsse.Error{Class: wsse.ClassExpired}), exitClock},
		{fmt.Errorf("%w: %w", wstrust.ErrVerification, saml.ErrExpired), exitClock},
		{fmt.Errorf("%w: %w", wstrust.ErrFormat, wst.ErrExpired), exitClock},
		{wstrust.ErrTokenExpired, exitClock},
		{fmt.Errorf("%w: %w", wstrust.ErrVerification, &wsse.Error{Class: wsse.ClassSignature}), exitUnproven},
		{&wsse.Error{Class: wsse.ClassPolicy}, exitUnproven},
		{fmt.Errorf("%w: %w", wstrust.ErrFormat, soap.ErrReply), exitUnproven},
		{fmt.Errorf("%w: %w", wstrust.ErrFormat, wst.ErrMismatch), exitUnproven},
		{fmt.Errorf("%w: %w", wstrust.ErrVerification, saml.ErrAudience), exitUnproven},
		{xmldsig.ErrWrapping, exitUnproven},
		{alg.ErrAlgorithm, exitUnproven},
		{saml.ErrCondition, exitUnproven},
		{fmt.Errorf("%w: %w", wstrust.ErrFormat, xmltree.ErrFormat), exitNetwork},
		{fmt.Errorf("%w: %w", wstrust.ErrQuota, httpx.ErrTooLarge), exitNetwork},
		{fmt.Errorf("%w: %w", wstrust.ErrFormat, httpx.ErrEmpty), exitNetwork},
		{fmt.Errorf("%w: %w", wstrust.ErrFormat, &httpx.StatusError{Status: 200}), exitNetwork},
		{fmt.Errorf("%w: %w", wstrust.ErrAccessDenied, &httpx.StatusError{Status: 403}), exitDenied},
		{&httpx.StatusError{Status: 307, Location: "https://elsewhere/"}, exitNetwork},
		{&url.Error{Op: "Post", Err: &net.OpError{Op: "dial", Err: errors.New("refused")}}, exitNetwork},
		{&url.Error{Op: "Post", Err: &net.DNSError{}}, exitNetwork},
		{&url.Error{Op: "Post", Err: io.ErrUnexpectedEOF}, exitNetwork},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), exitNetwork},
		{wstrust.ErrConfig, exitUsage},
		{wstrust.ErrState, exitOther},
		{errors.New("what is this"), exitOther},
	} {
		got := explain(&wstrust.Error{Op: "request token", Endpoint: "https://x/", Err: test.err})
		if got.code != test.want || got.next == "" || !errors.Is(got.err, test.err) {
			t.Errorf("%v: exit status %d (%s), want %d", test.err, got.code, got.next, test.want)
		}
	}
}

func TestInterruptIsNoNetworkFailure(t *testing.T) {
	u := &ui{err: io.Discard}
	if got := u.report(&url.Error{Op: "Post", Err: context.Canceled}); got != exitOther {
		t.Errorf("exit status %d", got)
	}
	if got := u.report(nil); got != exitOK {
		t.Errorf("exit status %d", got)
	}
}

// TestDemoNoticesHoles: a demo that shows a refusal must fail when there is none.
func TestDemoNoticesHoles(t *testing.T) {
	d := &demo{u: &ui{out: io.Discard, err: io.Discard}}
	if f, ok := errors.AsType[*failure](d.refused("a forged token", nil)); !ok || f.code != exitUnproven {
		t.Error("an accepted forgery is passed over")
	}
	if err := d.refused("a forged token", io.EOF); !errors.Is(err, io.EOF) {
		t.Error("a broken connection counts as a refusal")
	}
	if err := d.refused("a forged token", fmt.Errorf("call: %w", &wstrust.Fault{Subcode: "FailedAuthentication"})); err != nil {
		t.Error(err)
	}
}
