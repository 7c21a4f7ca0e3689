package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

const defaultRequire = "body,timestamp"

// A required is what a message must show.
type required struct {
	partList
	words     []string // of --require
	encrypted partList
	policy    wsse.Policy
}

// required reads --require, --require-encrypted, --suite and --skew. By default the body and the
// timestamp must be signed, and then the tokens as well: what tells who sent a
// message must not come from another one.
func (f *verifyFlags) required(cmd *cobra.Command) (*required, error) {
	list := f.require
	if !cmd.Flags().Changed("require") {
		list = defaultRequire
	}
	parts, err := protectedParts("--require", list)
	if err != nil {
		return nil, err
	}
	r := &required{partList: parts, words: append([]string{}, splitParts(list)...)}
	if r.encrypted, err = protectedParts("--require-encrypted", f.requireEncrypted); err != nil {
		return nil, err
	}
	r.policy.Encrypted, r.policy.EncryptedHeaders = r.encrypted.parts, r.encrypted.names
	if r.policy.Suite, err = admitted("verify", f.suite); err != nil {
		return nil, err
	}
	r.policy.Required, r.policy.SignedHeaders = parts.parts&^wsse.PartSignature, parts.names
	if parts.headers {
		r.policy.Required |= wsse.PartAddressing
	}
	r.policy.RequireTimestamp = r.policy.Required != 0 || len(parts.names) > 0
	// Nothing is known of a connection. But where less than body and timestamp
	// is required, what is not signed is for others to protect.
	r.policy.TLS = r.policy.Required&wsse.BodyTimestamp != wsse.BodyTimestamp
	if r.policy.MaxSkew = f.skew; f.skew == 0 {
		r.policy.MaxSkew = -1
	}
	// Whoever says whom he trusts wants to know that it is from one of them.
	r.policy.Anonymous = f.trust == "" && f.signer == "" && f.secret == "" && f.user == ""
	return r, nil
}

// check is what of the required parts the verifier cannot know: those that the
// message does not have, every header, and the signature of a signature.
func (r *required) check(came *soap.Envelope, ev *wsse.Evidence) error {
	env := ev.Envelope
	for _, list := range []*partList{&r.partList, &r.encrypted} {
		if what := list.missing(env); what != "" {
			return refusedFor(env.Root, "it has no %s, which is required", what)
		}
	}
	if r.headers {
		for h := range env.Ours("") {
			if !h.Is(xmltree.WSSE, "Security") && !isField(env, h) && !slices.ContainsFunc(ev.Headers, func(p *wsse.Part) bool {
				return p.Element().Same(h) && slices.ContainsFunc(p.SignedBy(), func(s *wsse.Signer) bool { return s.Required })
			}) {
				return refusedFor(h, "the header is not signed with the rest")
			}
		}
	}
	if r.parts&wsse.PartSignature != 0 && !slices.ContainsFunc(ev.Signers, func(s *wsse.Signer) bool {
		return s.Required && s.Covers&wsse.PartSignature != 0
	}) {
		return refusedFor(env.Root, "no signature over a signature that covers what is required")
	}
	return r.checkEncrypted(came, ev)
}

// checkEncrypted is about what the verifier takes for met where the message has
// none of it, and about headers whose names nobody has said. They are looked for
// in the message as it came: what stands there in the clear was not encrypted,
// and what is still closed in the end was not encrypted for us.
func (r *required) checkEncrypted(came *soap.Envelope, ev *wsse.Evidence) error {
	if what := r.encrypted.parts &^ ev.Encrypted; what != 0 {
		return refusedFor(ev.Envelope.Root, "it has no %v that was encrypted", what)
	}
	if !r.encrypted.headers {
		return nil
	}
	for h := range came.Ours("") {
		if !h.Is(xmltree.WSSE, "Security") && !isClosed(h) {
			return refusedFor(h, "the header is not encrypted")
		}
	}
	for h := range ev.Envelope.Ours("") {
		if isClosed(h) {
			return refusedFor(h, "the header is encrypted, and not for us")
		}
	}
	return nil
}

// isClosed reports whether a header block, or all that it holds, is encrypted.
func isClosed(h xmltree.Elem) bool {
	if h.Is(xmltree.XENC, "EncryptedData") {
		return true
	}
	data := h.First(xmltree.XENC, "EncryptedData")
	n := 0
	for range h.Children {
		n++
	}
	return data.OK() && n == 1 && h.OnlyElements() == nil
}

// refusedFor refuses a message at e for showing less than is required.
func refusedFor(e xmltree.Elem, format string, args ...any) error {
	return &wsse.Error{Class: wsse.ClassPolicy, Path: e.Path(), Msg: fmt.Sprintf(format, args...)}
}
