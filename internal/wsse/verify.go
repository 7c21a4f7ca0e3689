package wsse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Verify checks everything in the header: timestamp, username, assertion, every
// signature, and that what the policy requires is covered. It returns the
// evidence or, for the first thing that is wrong, an *[Error]. What is encrypted
// is decrypted first, see [Pending.Open].
//
// A signature that cannot be verified refuses the message, whatever else it
// has. Every reference must end at a part of the message: the Body, a header
// block, or a child of this Security header.
func (p *Pending) Verify(c Credentials, pol Policy, now time.Time) (*Evidence, error) {
	v := &verifier{Pending: p, cred: &c, pol: &pol, ev: new(Evidence)}
	if err := p.Open(c, pol); err != nil {
		return nil, err
	}
	if err := p.leftClosed(); err != nil {
		return nil, err
	}
	if err := v.run(now); err != nil {
		return nil, because(err, p.sec, "")
	}
	return v.ev, nil
}

type verifier struct {
	*Pending
	cred *Credentials
	pol  *Policy
	ev   *Evidence

	required   Parts
	holder     alg.Key // the key that the assertion confirms
	wantHolder bool    // it is needed to decrypt
	covered    []coverage
	spare      []Part
}

func (v *verifier) run(now time.Time) error {
	latency, skew := duration(v.pol.MaxLatency), duration(v.pol.MaxSkew)
	until, err := v.fresh(latency, skew, now)
	if err != nil {
		return err
	}
	if err := v.user(latency, skew, now); err != nil {
		return err
	}
	if err := v.openAssertion(); err != nil {
		return err
	}
	if err := v.signatures(until); err != nil {
		return err
	}
	if err := v.confirm(); err != nil {
		return err
	}
	if err := v.checkRequired(); err != nil {
		return err
	}
	if err := v.checkReply(); err != nil {
		return err
	}
	v.ev.Envelope = v.env
	v.parts()
	v.noteOrder()
	if err := v.checkEncrypted(); err != nil {
		return err
	}
	return v.checkSomebody()
}

func duration(d time.Duration) time.Duration {
	switch {
	case d == 0:
		return DefaultTTL
	case d < 0:
		return 0
	}
	return d
}

// fresh checks the Timestamp.
func (v *verifier) fresh(latency, skew time.Duration, now time.Time) (until time.Time, err error) {
	if !v.stamp.elem.OK() {
		if v.pol.RequireTimestamp {
			return until, refuse(ClassPolicy, v.sec, "no timestamp")
		}
		return until, nil
	}
	v.ev.Created, v.ev.Expires = v.stamp.created, v.stamp.expires
	until, err = v.stamp.check(latency, skew, now)
	if v.off&checkFresh != 0 {
		err = nil
	}
	return until, err
}

// require works out which parts one signature must cover.
func (v *verifier) require() {
	r := v.pol.Required
	if r&PartAddressing == PartAddressing {
		for _, f := range v.fields() {
			if !f.elem.OK() {
				r &^= f.part
			}
		}
	}
	for _, s := range v.ev.Signers {
		if !s.Possession {
			r |= PartTimestamp
		}
	}
	if !v.pol.TLS {
		r |= PartTimestamp | PartBody
	}
	v.required = r
}

// user asks whether the password is right.
func (v *verifier) user(latency, skew time.Duration, now time.Time) error {
	if !v.username.OK() {
		return nil
	}
	until := now.Add(latency + skew)
	sent := v.password.proof()
	if t := sent.time; !t.IsZero() {
		s := stamp{elem: v.username, created: t}
		var err error
		if until, err = s.check(latency, skew, now); err != nil && v.off&checkFresh == 0 {
			return err
		}
	}
	if v.password.derives() {
		if err := v.proveUser(); err != nil {
			return err
		}
	} else if v.cred.Password == nil || !v.cred.Password(v.password) {
		return refuse(ClassTrust, v.username, "user name or password is wrong")
	}
	v.ev.Username = &UsernameEvidence{Name: v.password.name, Digest: sent.digest != nil, Derived: sent.salt != nil}
	if len(sent.nonce) > 0 {
		v.replay(until, []byte("nonce"), []byte(v.password.name), sent.nonce, []byte(sent.created))
	}
	return nil
}

func (v *verifier) replay(until time.Time, parts ...[]byte) {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte{byte(len(p) >> 16), byte(len(p) >> 8), byte(len(p))})
		h.Write(p)
	}
	v.ev.Replays = append(v.ev.Replays, Replay{ID: hex.EncodeToString(h.Sum(nil)), Until: until})
}

// signatures verifies every signature and notes what it covers.
func (v *verifier) signatures(until time.Time) error {
	for i := range v.sigs {
		s := &v.sigs[i]
		signer, err := v.signerOf(s)
		if err != nil {
			return because(err, s.elem, "key of the signature")
		}
		if signer.Made && v.pol.Reply != nil && v.off&checkMade == 0 {
			return refuse(ClassTrust, s.elem, "an answer signed with a key that anybody could have made")
		}
		v.ev.Signers = append(v.ev.Signers, signer)
		signed, err := v.verify(s, signer)
		if err != nil {
			return because(err, s.elem, "signature")
		}
		cov, err := v.coverageOf(i, signed)
		if err != nil {
			return err
		}
		value, err := xmldsig.Value(s.elem)
		if err != nil {
			return err
		}
		v.ev.signatures = append(v.ev.signatures, value)
		value = fixedPart(signer.Key, value)
		if v.pol.Reply != nil {
			for _, ours := range v.pol.Reply.signatures {
				if bytes.HasPrefix(ours, value) {
					return refuse(ClassReplay, s.elem, "our own signature came back")
				}
			}
		}
		signer.ID, _ = s.elem.Attr("", "Id")
		v.covered = append(v.covered, cov)
		v.replay(until, []byte("signature"), value)
	}
	v.require()
	v.endorse()
	for i, s := range v.ev.Signers {
		s.Covers = v.covered[i].parts
		if v.from(i).OK() && v.covers(i, v.from(i)) {
			s.Covers |= PartToken
		}
		for j := range v.sigs {
			if j != i && v.covers(i, v.sigs[j].elem) {
				s.Covers |= PartSignature
			}
		}
		if err := v.checkToken(i); err != nil {
			return err
		}
		s.Required = !s.Possession && (s.Covers&v.required == v.required && v.coversHeaders(i) || v.off&checkRequired != 0)
		if !s.Required && s.Covers&PartTimestamp == 0 {
			return refuse(ClassPolicy, v.sigs[i].elem, "the signature covers only %q, and not the timestamp", s.Covers.String())
		}
	}
	return nil
}

func (v *verifier) from(i int) xmltree.Elem { return v.sigs[i].from.token }

// checkRequired refuses a message in which no one signature covers what is
// required, and fills in whose signature does.
func (v *verifier) checkRequired() error {
	full := false
	for _, s := range v.ev.Signers {
		full = full || s.Required
		if v.ev.Context == nil && s.Required && !s.Holder && s.Ref.Kind == KeyContext {
			v.ev.Context = &s.Ref
		}
	}
	v.noteSender()
	if !full && v.required != 0 && v.off&checkRequired == 0 {
		return refuse(ClassPolicy, v.sec, "no signature covers all that is required: %v", v.required)
	}
	// Outside TLS a token could be put on somebody else's message.
	for _, t := range [...]xmltree.Elem{v.username, v.bearerToken()} {
		if !t.OK() || v.pol.TLS && !(v.pol.Sealed && v.encryptionOf(t) != nil) {
			continue
		}
		bound := false
		for i := range v.ev.Signers {
			bound = bound || v.binds(i, t)
		}
		if !bound {
			return refuse(ClassPolicy, t, "the token is not bound to the message: neither TLS nor a signature covers it")
		}
	}
	return nil
}

// binds reports whether signature i makes a token part of the message.
func (v *verifier) binds(i int, t xmltree.Elem) bool {
	s := v.ev.Signers[i]
	if t.Same(v.username) && v.password.derives() && s.Ref.Kind != KeyUser {
		return false // it must be the token's own signature
	}
	return s.Required && v.covers(i, t) && (v.knows(i, t) || v.off&checkKeyBound != 0)
}

func (v *verifier) bearerToken() xmltree.Elem {
	if v.ev.Assertion == nil || v.ev.Confirmation != saml.Bearer {
		return xmltree.Elem{}
	}
	return v.tokenElem()
}

// checkSomebody refuses messages from nobody, and tokens that prove nothing.
func (v *verifier) checkSomebody() error {
	for _, c := range v.contexts {
		used := false
		for _, s := range v.ev.Signers {
			used = used || s.Ref == c.ref
		}
		if !used {
			return refuse(ClassPolicy, c.elem, "security context without a signature by its key")
		}
	}
	if v.pol.Anonymous || v.pol.Reply != nil {
		return nil
	}
	e := v.ev
	if e.Username == nil && e.Assertion == nil && e.Certificate == nil && e.Context == nil {
		for _, s := range e.Signers {
			if s.Required && (!s.Made || v.off&checkMade != 0) {
				return nil // a key that was named without a certificate
			}
		}
		return refuse(ClassPolicy, v.sec, "the message authenticates nobody")
	}
	return nil
}
