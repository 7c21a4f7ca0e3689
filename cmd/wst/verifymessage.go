package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/revocation"
	"wstrust/saml"
)

// messageFlags are the flags that mean something for messages only.
var messageFlags = []string{"trust", "key", "cert", "secret", "user", "password-file", "require", "require-encrypted", "decrypted", "crl", "ocsp", "revocation-host"}

// envelopeTag finds the start of an envelope in what may not be XML any more.
var envelopeTag = regexp.MustCompile(`^(?s:\x{FEFF}?\s*(<\?.*?\?>|<!--.*?-->|\s)*<([\w.-]+:)?Envelope[\s/>])`)

// isMessage reports whether a file is a SOAP message, or was to be one: it is
// verified as one, and refused as one, if that is what the flags are about.
func isMessage(cmd *cobra.Command, data []byte) bool {
	d, err := xmltree.Parse(data, xmltree.Limits{Bytes: maxFile})
	var root xmltree.Elem
	if err == nil {
		root = d.Root()
	}
	switch {
	case err != nil && envelopeTag.Match(data[:min(len(data), 4096)]):
		return true
	case err == nil && (root.Is(xmltree.SOAP11, "Envelope") || root.Is(xmltree.SOAP12, "Envelope")):
		return true
	case err == nil && (saml.Is(root) || root.Is(xmltree.SAML20, "EncryptedAssertion")), bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")):
		return false
	}
	return slices.ContainsFunc(messageFlags, func(name string) bool { return cmd.Flags().Changed(name) })
}

// notForTokens refuses flags that only messages have.
func notForTokens(cmd *cobra.Command, name string) error {
	for _, flag := range messageFlags {
		if cmd.Flags().Changed(flag) {
			return usage("give a SOAP envelope, or leave the flag out", "verify: --%s is about messages, and %s is none", flag, displayName(name))
		}
	}
	return nil
}

func verifyMessage(u *ui, cmd *cobra.Command, name string, data []byte, f verifyFlags, now time.Time) error {
	if f.decrypted == "-" {
		return usage("name a file", "--decrypted: standard output gets the table of parts")
	}
	if f.decrypted != "" {
		if err := writable("--decrypted", f.decrypted); err != nil {
			return err
		}
	}
	need, err := f.required(cmd)
	if err != nil {
		return err
	}
	keys, err := f.keyring(cmd.Context(), u, now)
	if err != nil {
		return err
	}
	ev, err := checkMessage(data, need, keys)
	if err == nil {
		err = f.checkMessageAssertion(ev, now)
	}
	if err != nil {
		return keys.refusal(name, err, f.at != "")
	}
	if f.decrypted != "" {
		if err := replaceFile(f.decrypted, ev.Envelope.Root.Doc().Source()); err != nil {
			return fail(exitOther, "check the folder and the space in it", "--decrypted: %w", err)
		}
	}
	return u.verifiedMessage(ev, need, name, &f, now)
}

// fileLimits are those of a message in a file: it may be larger than one that
// comes unasked.
func fileLimits() wsse.Limits { return wsse.Limits{MessageBytes: maxFile} }

// checkMessage verifies a message against what is needed.
func checkMessage(data []byte, need *required, keys *keyring) (*wsse.Evidence, error) {
	d, err := xmltree.Parse(data, fileLimits().Tree())
	if err != nil {
		return nil, err
	}
	env, err := soap.ReadWithin(d, func(string, string) bool { return true }, fileLimits().Headers)
	if err != nil {
		return nil, err
	}
	p, err := wsse.ReadWithin(env, "", fileLimits())
	if err != nil {
		return nil, err
	}
	if !p.Present() {
		return nil, refusedFor(env.Root, "it has no Security header for the one who gets it: nothing is protected")
	}
	keys.answer(p.Needs())
	if err := p.Open(keys.cred, need.policy); err != nil {
		return nil, err
	}
	keys.answer(p.Needs())
	ev, err := p.Verify(keys.cred, need.policy, keys.now)
	if err != nil {
		return nil, err
	}
	return ev, need.check(env, ev)
}

// checkMessageAssertion applies the conditions of the assertion in a message.
func (f *verifyFlags) checkMessageAssertion(ev *wsse.Evidence, now time.Time) error {
	if ev.Assertion == nil {
		return nil
	}
	err := ev.Assertion.Check(f.checks(now))
	if err == nil {
		if ev.Assertion.Conditions.NotOnOrAfter.IsZero() { // no service takes it
			return refusedFor(ev.AssertionToken.Element(), "the assertion never expires")
		}
		return nil
	}
	return &wsse.Error{Class: wsse.ClassOf(err), Path: ev.AssertionToken.Element().Path(), Err: err}
}

// checks are the conditions that an assertion must meet.
func (f *verifyFlags) checks(now time.Time) saml.Checks {
	c := saml.Checks{Now: now, Skew: f.skew, Audiences: f.audiences, InsecureAnyAudience: len(f.audiences) == 0}
	if f.skew == 0 {
		c.Skew = -1
	}
	return c
}

// refusal tells why a message is refused: the class of the reason, and at which
// element.
func (k *keyring) refusal(name string, err error, at bool) error {
	class := wsse.ClassOf(err)
	f := &failure{code: exitUnproven, next: nextSteps[class]}
	reason, path := told(err)
	if class == wsse.ClassTrust {
		for _, why := range k.refused {
			if said := "; " + strings.TrimPrefix(why.Error(), "revocation: "); !strings.Contains(reason, said) { // a certificate may be asked about twice
				reason += said
			}
		}
		switch {
		case k.outdated():
			f.code, f.next = exitClock, "a certificate was not valid then: --at verifies as at another time"
		case k.said(revocation.ErrRevoked):
			f.next = "do not use it: whoever has that key may have stolen it"
		case k.said(revocation.ErrUnknown):
			f.next = "get a list or response of its authority that is good now for --crl or --ocsp, or let its host be asked with --revocation-host"
		}
	}
	if class == wsse.ClassExpired {
		f.code, f.next = exitClock, "to check a message that came at another time, give that with --at; else compare the clocks"
		if at {
			f.next = "it was not valid at the time in --at"
		}
	}
	if errors.Is(err, saml.ErrAudience) {
		f.next = `"wst inspect" shows whom the token in it is for; it must be the same letter for letter`
	}
	f.err = fmt.Errorf("verify: %s: refused, class %v, at %s: %s", displayName(name), class, path, strings.TrimPrefix(reason, "wsse: "))
	return f
}

// told splits an error into what it says and the element that it is about, the
// innermost that is named.
func told(err error) (reason, path string) {
	reason, path = err.Error(), "/"
	if e, ok := errors.AsType[*soap.Error](err); ok && e.Path != "" {
		path = e.Path
	}
	if e, ok := errors.AsType[*wsse.Error](err); ok {
		if reason = e.Msg; e.Err != nil {
			reason = strings.TrimPrefix(e.Msg+": "+e.Err.Error(), ": ")
		}
		if e.Path != "" {
			path = e.Path
		}
	}
	if e, ok := errors.AsType[*xmltree.Error](err); ok {
		if strings.HasPrefix(e.Path, "/Envelope") || path == "/" { // and not of a document inside
			path = e.Path
		}
		reason = strings.Replace(reason, e.Error(), e.Msg, 1)
	}
	return reason, path
}

// nextSteps say what to do about a refusal of each class.
var nextSteps = map[wsse.Class]string{
	wsse.ClassProtocol:  "this is not a message as SOAP and WS-Addressing have it: do not use it",
	wsse.ClassFormat:    "this is not a message as the specifications have it: get it again, unaltered",
	wsse.ClassLimit:     "no honest message is like that: do not use it",
	wsse.ClassWrapping:  "something stands where another reader would look elsewhere: do not use it, and find out who made it",
	wsse.ClassSignature: "it was changed after it was signed, or another key signed it: get it again, unaltered",
	wsse.ClassAlgorithm: "if you must accept old algorithms, name a suite that has them, such as --suite legacy",
	wsse.ClassReplay:    "do not use it",
	wsse.ClassPolicy:    "less is protected than is required, which is that " + defaultRequire + " are signed unless --require and --require-encrypted say something else",
	wsse.ClassTrust:     "name whom you trust: certificates with --trust, signers of assertions with --signer, a shared key with --secret, a user with --user",
	wsse.ClassDecrypt:   "give the key that it is encrypted for: --key, or --secret for a shared one; if you did, it was changed on the way, or is for somebody else",
}

// signerName says who made a signature.
func signerName(s *wsse.Signer) string {
	name := s.Key.String()
	switch {
	case s.Certificate != nil:
		name = s.Certificate.Subject.String()
	case s.Ref.Kind == wsse.KeyContext:
		name = "context " + s.Ref.ID
	case s.Made:
		name = "a key that came encrypted"
	case s.Ref.Kind == wsse.KeyUser:
		name = "the password of " + s.Ref.Name
	case s.Key.IsSecret() && !s.Holder:
		name = sharedName(s.Ref)
	}
	if s.Holder {
		name = "the assertion's holder, " + name
	}
	return name
}

func sharedName(r wsse.KeyRef) string {
	if name, ok := r.SharedName(); ok {
		return fmt.Sprintf("the shared key %q", name)
	}
	return "the shared key"
}

// encryptionName says how a part was encrypted.
func encryptionName(e *wsse.Encryption) string {
	if e == nil {
		return ""
	}
	words := []string{short(e.Algorithm)}
	switch e.Ref.Kind {
	case wsse.KeyEncrypted:
		words = append(words, "under a key for --key")
	case wsse.KeyContext:
		words = append(words, "under context "+e.Ref.ID)
	case 0:
		words = append(words, "under the holder's key")
	case wsse.KeyUser:
		words = append(words, "under the password of "+e.Ref.Name)
	default:
		words = append(words, "under "+sharedName(e.Ref))
	}
	if e.Content {
		words = append(words, "(content)")
	}
	return strings.Join(words, " ")
}
