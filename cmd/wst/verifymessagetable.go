package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A verdict is what people and scripts are told of a message that was verified.
type verdict struct {
	Verified      bool           `json:"verified"`
	At            time.Time      `json:"at"`
	Version       string         `json:"version"`
	Required      []string       `json:"required"`      // the parts that one signature covers, as --require has them
	Authenticated bool           `json:"authenticated"` // somebody is known to have sent it
	Parts         []verdictPart  `json:"parts"`
	Signers       []verdictMaker `json:"signers"`
	User          string         `json:"user,omitempty"`
	Assertion     *card          `json:"assertion,omitempty"`
	Confirmation  string         `json:"confirmation,omitempty"` // how the assertion's subject was
	Created       *time.Time     `json:"created"`
	Expires       *time.Time     `json:"expires"`
	Decrypted     string         `json:"decrypted,omitempty"` // the file
}

type verdictPart struct {
	Name      string   `json:"name"`
	Path      string   `json:"path"`
	SignedBy  []string `json:"signed_by"`
	Encrypted string   `json:"encrypted,omitempty"`
}

type verdictMaker struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint,omitempty"` // SHA-256 of the certificate
	Key         string `json:"key"`
	Covers      string `json:"covers"`
	Anybody     bool   `json:"anybody,omitempty"` // the key came with the message
}

func newVerdict(ev *wsse.Evidence, need *required, now time.Time) *verdict {
	v := &verdict{
		Verified: true, At: now.UTC(), Required: need.words, Version: ev.Envelope.Version.String(), Signers: []verdictMaker{},
		Created: stamp(ev.Created), Expires: stamp(ev.Expires),
	}
	for _, s := range ev.Signers {
		m := verdictMaker{Name: signerName(s), Key: s.Key.String(), Covers: s.Covers.String(), Anybody: s.Made}
		if s.Certificate != nil {
			m.Fingerprint = fingerprint(s.Certificate)
		}
		v.Signers = append(v.Signers, m)
		v.Authenticated = v.Authenticated || !s.Made && s.Required
	}
	if ev.Username != nil {
		v.User, v.Authenticated = ev.Username.Name, true
	}
	if a := ev.Assertion; a != nil {
		v.Assertion, v.Authenticated = assertionCard(a), true
		v.Confirmation = ev.Confirmation.String()
	}
	v.collect(ev)
	return v
}

// collect lists every part that the message has, in a fixed order: what is to be
// believed before what is not.
func (v *verdict) collect(ev *wsse.Evidence) {
	env := ev.Envelope
	v.add("body", env.Body, ev.Body)
	v.add("timestamp", ev.Timestamp.Element(), ev.Timestamp)
	of := map[wsse.Parts]*wsse.Part{
		wsse.PartTo: ev.To, wsse.PartAction: ev.Action, wsse.PartMessageID: ev.MessageID, wsse.PartRelatesTo: ev.RelatesTo,
		wsse.PartReplyTo: ev.ReplyTo, wsse.PartFrom: ev.From, wsse.PartFaultTo: ev.FaultTo,
	}
	for _, f := range fields {
		v.add(f.name, f.elem(env), of[f.part])
	}
	for h := range env.Header.Children {
		switch {
		case isField(env, h):
		case h.Is(xmltree.WSSE, "Security"):
			v.security(ev, h)
		default:
			var part *wsse.Part
			for _, p := range ev.Headers {
				if p.Element().Same(h) {
					part = p
				}
			}
			v.add(soap.Name{Space: h.Space(), Local: h.Local()}.String(), h, part)
		}
	}
}

// security lists the tokens and signatures of a Security header.
func (v *verdict) security(ev *wsse.Evidence, header xmltree.Elem) {
	v.add("username token", childOf(header, ev.UsernameToken), ev.UsernameToken)
	v.add("assertion", childOf(header, ev.AssertionToken), ev.AssertionToken)
	n := 0
	for c := range header.Children {
		if !c.Is(xmltree.DS, "Signature") {
			continue
		}
		n++
		p := verdictPart{Name: fmt.Sprintf("signature %d", n), Path: c.Path(), SignedBy: []string{}}
		if ev.Encrypted&wsse.PartSignature != 0 {
			p.Encrypted = "yes"
		}
		if n <= len(ev.Signers) {
			p.SignedBy = append(p.SignedBy, signerName(ev.Signers[n-1]))
		}
		v.Parts = append(v.Parts, p)
	}
}

func childOf(header xmltree.Elem, p *wsse.Part) xmltree.Elem {
	if e := p.Element(); e.OK() && header.Contains(e) {
		return e
	}
	return xmltree.Elem{}
}

func (v *verdict) add(name string, e xmltree.Elem, p *wsse.Part) {
	if !e.OK() {
		return
	}
	out := verdictPart{Name: name, Path: e.Path(), SignedBy: []string{}, Encrypted: encryptionName(p.Encrypted())}
	for _, s := range p.SignedBy() {
		out.SignedBy = append(out.SignedBy, signerName(s))
	}
	if e.Is(xmltree.SAML20, "EncryptedAssertion") {
		out.Encrypted = "as an EncryptedAssertion"
	}
	v.Parts = append(v.Parts, out)
}

// verifiedMessage prints what was proven.
func (u *ui) verifiedMessage(ev *wsse.Evidence, need *required, name string, f *verifyFlags, now time.Time) error {
	v := newVerdict(ev, need, now)
	v.Decrypted = f.decrypted
	if !v.Authenticated {
		u.warn("nobody is known to have sent this: what protects it anybody could have made; --trust, --signer, --secret and --user say whom you expect")
	}
	if ev.Assertion != nil && len(f.audiences) == 0 {
		u.say("whom the token is for was not checked: no --audience was given")
	}
	if f.output == "json" {
		out, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		return u.print(append(out, '\n'))
	}
	text := printable(v.text(displayName(name), now))
	if u.colourOut {
		text = strings.Replace(text, "VERIFIED", green+"VERIFIED"+reset, 1)
		text = strings.ReplaceAll(text, "  unprotected", "  "+yellow+"unprotected"+reset)
	}
	return u.print([]byte(text))
}

// text writes the verdict for people.
func (v *verdict) text(name string, now time.Time) string {
	var b strings.Builder
	what := "nothing had to be signed"
	if len(v.Required) > 0 {
		what = "signed are " + cell(strings.Join(v.Required, ", "))
	}
	fmt.Fprintf(&b, "%s: %s message, VERIFIED at %s: %s\n", name, v.Version, clock(v.At), what)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  PART\tSIGNED BY\tENCRYPTED")
	for _, p := range v.Parts {
		by, how := strings.Join(p.SignedBy, "; and "), orNo(p.Encrypted)
		switch {
		case len(p.SignedBy) > 0:
		case p.Encrypted == "":
			by = "unprotected"
		default:
			by = "nobody"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", cell(p.Name), cell(by), cell(how))
	}
	w.Flush()
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-15s %s\n", name, cell(fmt.Sprintf(format, args...)))
	}
	for _, s := range v.Signers {
		row("signer", "%s: %s, covers %s", s.Name, s.Key, s.Covers)
		if s.Fingerprint != "" {
			row("  SHA-256", "%s", s.Fingerprint)
		}
	}
	if v.User != "" {
		row("user", "%s, whose password was right", v.User)
	}
	if a := v.Assertion; a != nil {
		row("subject", "%s, says %s (%s)", orNone(a.Subject), a.Issuer, v.Confirmation)
		if a.Signature != nil && a.Signature.Signer != "" {
			row("  signed by", "%s", a.Signature.Signer)
		}
	}
	if v.Created != nil {
		row("created", "%s", when(*v.Created, now))
	}
	if v.Expires != nil {
		row("expires", "%s", when(*v.Expires, now))
	}
	if v.Decrypted != "" {
		row("decrypted", "%s", v.Decrypted)
	}
	return b.String()
}

func orNo(s string) string {
	if s == "" {
		return "no"
	}
	return s
}

// cell keeps text of a peer from making cells and lines of its own.
func cell(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }
