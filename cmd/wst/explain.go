package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"strings"
	"time"

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

// explain decides what kind of failure an error is and what to do next. It goes
// from what the peer said, over what we concluded, to what the network did: an
// error usually is several of these, and the first is the one that helps.
func explain(err error) *failure {
	for _, look := range []func(error) *failure{
		explainFault, explainTLS, explainClock, explainAnswer, explainProof, explainNetwork, explainUse,
	} {
		if f := look(err); f != nil {
			f.err = err
			return f
		}
	}
	return &failure{exitOther, err, "this should not happen: run it again with -vv and report what it shows"}
}

func explainFault(err error) *failure {
	f, ok := errors.AsType[*wstrust.Fault](err)
	if !ok {
		return nil
	}
	calling := operation(err) == "call"
	switch f.Subcode {
	case "MessageExpired", "ExpiredData":
		return &failure{code: exitClock, next: "compare this machine's clock with the peer's: " + clockHint}
	case "FailedAuthentication", "FailedCheck", "InvalidSecurity", "InvalidSecurityToken", "SecurityTokenUnavailable", "UnsupportedSecurityToken", "UnsupportedAlgorithm", "AccessDenied":
		if calling {
			return &failure{code: exitDenied, next: `look at the token with "wst inspect": is it for this service (audience), in time, and from an issuer that the service trusts?`}
		}
		return &failure{code: exitDenied, next: "check the user name and the password or certificate, and this machine's clock; -vv shows what was sent, without secrets"}
	case "InvalidScope":
		return &failure{code: exitRefused, next: "check --applies-to: the issuer must know that address, letter for letter"}
	case "InvalidTimeRange":
		return &failure{code: exitRefused, next: "ask for another --lifetime"}
	}
	if calling {
		return &failure{code: exitRefused, next: "check --action and the body; the service's log has the reason"}
	}
	return &failure{code: exitRefused, next: "check --applies-to, --key-type, --token-type and --trust; the issuer's log has the reason, -vv shows the messages"}
}

// exchanged explains why an exchange with a peer failed. Issuers and services
// do not say why they refuse a message; where their clock is far from ours,
// that is why.
func (u *ui) exchanged(err error) error {
	f := explain(err)
	if f.code == exitDenied && u.ahead.Abs() > 4*time.Minute {
		now := time.Now()
		f.code = exitClock
		f.err = fmt.Errorf("%w; this clock says %s, and the peer's %s", err, clock(now), clock(now.Add(u.ahead)))
		f.next = "set the clock that is wrong: " + clockHint
	}
	return f
}

const clockHint = "messages are good for five minutes around their time"

// operation is what the channel was doing, "" outside of one.
func operation(err error) string {
	if e, ok := errors.AsType[*wstrust.Error](err); ok {
		return e.Op
	}
	return ""
}

func explainTLS(err error) *failure {
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		return &failure{code: exitNetwork, next: fmt.Sprintf("the certificate there is not for %q: check the host in the address; do not go on if you did not expect this", host.Host)}
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return &failure{code: exitNetwork, next: "name the certificate authority of that host with --ca, if you trust it"}
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if bad.Reason == x509.Expired {
			return &failure{code: exitNetwork, next: "have the certificate of that host renewed; if it is in date, set this machine's clock"}
		}
		return &failure{code: exitNetwork, next: "have the certificate of that host replaced"}
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return &failure{code: exitNetwork, next: "the other side ended the TLS handshake; does it want a client certificate (--tls-cert)?"}
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return &failure{code: exitNetwork, next: "that port does not speak TLS: check the address"}
	}
	return nil
}

func explainClock(err error) *failure {
	for _, is := range []error{wstrust.ErrTokenExpired, saml.ErrExpired, saml.ErrNotYetValid, wst.ErrExpired} {
		if errors.Is(err, is) {
			return &failure{code: exitClock, next: "compare the clocks: if this machine's is right, get a new token"}
		}
	}
	if e, ok := errors.AsType[*wsse.Error](err); ok && e.Class == wsse.ClassExpired {
		return &failure{code: exitClock, next: "compare this machine's clock with the peer's: " + clockHint}
	}
	return nil
}

// explainAnswer is about answers that are none.
func explainAnswer(err error) *failure {
	if s, ok := errors.AsType[*httpx.StatusError](err); ok {
		switch {
		case s.Location != "":
			return &failure{code: exitNetwork, next: fmt.Sprintf("wst sends no credentials to an address it is redirected to; if you trust %.200q, give that as the address", s.Location)}
		case s.Status == 401 || s.Status == 403 || s.Status == 407:
			return &failure{code: exitDenied, next: "this address wants HTTP authentication or refuses you; look for the endpoint that takes a user name or certificate in the message"}
		case s.Status >= 500:
			return &failure{code: exitNetwork, next: "try again later; if it stays, the log over there has the reason"}
		}
		return &failure{code: exitNetwork, next: "this is a web server, but not the endpoint of an issuer or service: check the path of the address"}
	}
	if errors.Is(err, httpx.ErrEmpty) {
		return &failure{code: exitNetwork, next: "check the path of the address, and --soap"}
	}
	return nil
}

func explainProof(err error) *failure {
	switch {
	case errors.Is(err, saml.ErrAudience):
		return &failure{code: exitUnproven, next: `"wst inspect" shows whom the token is for; it must be the same letter for letter`}
	case errors.Is(err, saml.ErrTrust), errors.Is(err, xmldsig.ErrTrust):
		return &failure{code: exitUnproven, next: "another key signed this: check --signer, and who made the token"}
	case errors.Is(err, alg.ErrAlgorithm):
		return &failure{code: exitUnproven, next: `the algorithm is not admitted; if you must accept old ones, "wst verify --suite" has names for them`}
	case errors.Is(err, alg.ErrSignature):
		return &failure{code: exitUnproven, next: "it was changed after it was signed, or another key signed it: get it again, unaltered, and check --signer"}
	case errors.Is(err, saml.ErrUnsigned):
		return &failure{code: exitUnproven, next: "ask the issuer for a signed token"}
	case errors.Is(err, soap.ErrReply), errors.Is(err, wst.ErrMismatch):
		return &failure{code: exitUnproven, next: "the answer belongs to another request, or is not what was asked for: do not use it, and find out who answered"}
	}
	const next = "do not use it; find out who made it, or changed it on the way"
	if e, ok := errors.AsType[*wsse.Error](err); ok {
		switch {
		case e.Class == wsse.ClassTrust && operation(err) == "call":
			return &failure{code: exitUnproven, next: "if you know that certificate as the service's, name it with --signer; else do not use the answer"}
		case e.Class == wsse.ClassPolicy:
			return &failure{code: exitUnproven, next: "if this peer is known to answer without a timestamp, allow it with --timestamp requests"}
		}
		return &failure{code: exitUnproven, next: next}
	}
	if errors.Is(err, wstrust.ErrVerification) || errors.Is(err, xmldsig.ErrWrapping) || errors.Is(err, saml.ErrCondition) {
		return &failure{code: exitUnproven, next: next}
	}
	switch {
	case errors.Is(err, wstrust.ErrQuota):
		return &failure{code: exitNetwork, next: "no issuer or service should send such an answer: check the address"}
	case errors.Is(err, wstrust.ErrFormat), errors.Is(err, xmltree.ErrFormat):
		return &failure{code: exitNetwork, next: "what came back is not what the protocol demands: check the address, --trust and --soap; -vv shows it"}
	case errors.Is(err, wstrust.ErrAccessDenied):
		return &failure{code: exitDenied, next: "check who is asking: user name, password, certificate or token"}
	}
	return nil
}

func explainNetwork(err error) *failure {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return &failure{code: exitNetwork, next: "check the host name in the address"}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &failure{code: exitNetwork, next: "nothing came back in time: check the address, or allow more with --timeout"}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return &failure{code: exitNetwork, next: "is the host up, and does it listen on that port?"}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &failure{code: exitNetwork, next: "the connection ended before the answer did; try again"}
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
			return &failure{code: exitNetwork, next: "that port does not speak TLS: check the address"}
		}
		return &failure{code: exitNetwork, next: "check the address and the network"}
	}
	return nil
}

func explainUse(err error) *failure {
	switch {
	case errors.Is(err, wstrust.ErrConfig):
		return &failure{code: exitUsage, next: "change the flags; nothing was sent"}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return &failure{code: exitUsage, next: "check the file's name and who may read it"}
	}
	return nil
}
