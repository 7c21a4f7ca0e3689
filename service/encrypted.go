package service

import (
	"wstrust/internal/wsse"
)

// Encrypted returns the parts that were encrypted for this service. With
// [Signature] among them every signature was, with [Tokens] every username token
// and bearer assertion.
func (m *Message) Encrypted() Parts { return m.evidence.Encrypted }

// open decrypts what is encrypted for us. What was hidden may name further keys.
func (r *resolver) open(p *wsse.Pending, pol wsse.Policy) error {
	known := len(p.Needs())
	if err := p.Open(r.cred, pol); err != nil {
		return err
	}
	return r.resolve(p.Needs()[known:])
}

// opened looks again at what may have been encrypted when the message came.
func (v *Verifier) opened(m *Message, p Packet) error {
	env := m.evidence.Envelope
	if env.Root.Same(m.env.Root) {
		return nil
	}
	if v.Profile == LWSSP {
		return outside(env.Root, "something in it was encrypted")
	}
	m.env = env
	var err error
	if m.action, err = env.CheckPacket(p); err != nil {
		return err
	}
	if err := v.checkAddressing(env); err != nil {
		return err
	}
	// Better not to begin than to have an answer and no way to send it.
	_, _, err = m.evidence.Answer(wsse.Options{})
	return err
}

// protect adds what the answer to an encrypted message needs.
func (v *Verifier) protect(o origin, opt wsse.Options) (wsse.Options, error) {
	if o.evidence == nil {
		return opt, nil
	}
	if v.Confirm {
		opt.Confirms = o.evidence
	}
	out, same, err := o.evidence.Answer(opt)
	if err != nil || !same {
		return opt, err
	}
	out.Suite, out.Timestamp = v.Suite, wsse.Always
	return out, nil
}

// accepted is the origin of a message that was verified.
func (o origin) accepted(m *Message) origin {
	env := m.env
	o = originOf(env, o.version)
	o.evidence = m.evidence
	return o
}
