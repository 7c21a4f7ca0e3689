package wstrust

import (
	"context"
	"fmt"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// RequestToken asks the issuer at the other end for a token and returns it once
// the answer has been verified and held against the request: container,
// Context, RelatesTo, Action, TokenType, KeyType, KeySize, entropy, AppliesTo,
// lifetime, timestamp and, with Config.TokenSigners, the assertion's signature.
// The channel must be in [StateOpen].
//
// Errors are *[Error] and wrap a *[Fault] if the issuer refused, or one of the
// Err values, or what the transport or ctx reported. On an error there is no
// token. In WWSAPI: WsRequestSecurityToken.
func (c *Channel) RequestToken(ctx context.Context, req TokenRequest) (*Token, error) {
	const op = "request token"
	ctx, to, k, err := c.begin(ctx)
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	defer c.end(k)
	m, key, err := req.message(&c.cfg)
	if err != nil {
		return nil, failed(op, to, 0, 0, err)
	}
	var extra []wsse.Token
	version := wst.Version(c.cfg.Versions.Trust)
	if req.Action == RenewContext {
		h, err := req.Existing.held()
		if err != nil {
			return nil, failed(op, to, 0, 0, err)
		}
		version, extra = h.Version, []wsse.Token{heldToken(h, &c.cfg)}
	}
	i, at, err := c.negotiate(ctx, to, m, version, extra...)
	if err != nil {
		return nil, failed(op, to, at.leg, at.status, err)
	}
	t, err := c.token(&req, i, key)
	if err != nil {
		return nil, failed(op, to, at.leg, at.status, err)
	}
	c.recycle(at.doc)
	return t, nil
}

// A place is how far an exchange has come.
type place struct {
	leg, status int
	retryAfter  time.Duration // that the last answer asks for
	doc         *xmltree.Doc  // of the last answer, which what was issued reads from
}

// negotiate carries out an exchange with an issuer. The extra tokens are sent
// beside those of the bindings.
func (c *Channel) negotiate(ctx context.Context, to endpoint, m wst.Request, v wst.Version, extra ...wsse.Token) (*wst.Issued, place, error) {
	n, err := wst.New(m, v, wst.Options{Skew: c.cfg.Header.MaxSkew, Strict: c.cfg.Profile == LWSSP, Open: c.cfg.opener()})
	if err != nil {
		return nil, place{}, err
	}
	defer n.Close()
	var in xmltree.Elem // what the issuer said last
	var last answer
	leg, most := 0, c.cfg.Limits.WithDefaults().Legs
	for {
		out, err := n.Step(in, time.Now())
		if err != nil {
			return nil, place{leg: leg, status: last.status}, err
		}
		if out == nil {
			return n.Issued(), place{leg: leg, status: last.status, doc: last.doc}, nil
		}
		if leg++; leg > most {
			return nil, place{leg: leg, status: last.status}, fmt.Errorf("%w: more than %d legs", ErrQuota, most)
		}
		if last, err = c.exchange(ctx, to, message{n.RequestAction(), out, n.ReplyActions(), extra}); err != nil {
			return nil, place{leg: leg, status: last.status, retryAfter: last.retryAfter}, err
		}
		if in, err = last.evidence.Body.Payload(); err != nil {
			return nil, place{leg: leg, status: last.status}, err
		}
	}
}

// token turns what was issued into a Token with its key.
func (c *Channel) token(req *TokenRequest, i *wst.Issued, useKey alg.Key) (*Token, error) {
	if len(i.Token) == 0 {
		return nil, fmt.Errorf("%w: the answer holds no token", ErrFormat)
	}
	t := &Token{
		xml: i.Token, typ: i.TokenType, appliesTo: i.AppliesTo, keyType: KeyType(i.KeyType),
		from: i.Created, till: i.Expires, attached: i.Attached, unattached: i.Unattached,
	}
	switch {
	case t.keyType == PublicKey:
		t.key = useKey
	case !i.Proof.IsZero():
		key, err := alg.SecretKey(i.Proof.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%w: proof key: %w", ErrFormat, err)
		}
		i.Proof.Clear()
		t.key, t.keyType = key, Symmetric
	case t.keyType == KeyTypeUnspecified && req.Existing != nil:
		t.key, t.keyType = req.Existing.key, req.Existing.keyType // a renewed token keeps its key
	case t.keyType == KeyTypeUnspecified:
		t.keyType = Bearer
	}
	if err := c.cfg.checkAssertion(t, i.Element, req); err != nil {
		return nil, err
	}
	return t, nil
}
