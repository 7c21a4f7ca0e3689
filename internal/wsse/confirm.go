package wsse

import (
	"bytes"
	"slices"

	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

// checkReply holds an answer against what was sent: what it confirms must be
// ours, and where the policy wants it, all of ours must be confirmed, by
// something that is protected itself.
func (v *verifier) checkReply() error {
	x := v.pol.Reply
	if x == nil {
		return nil
	}
	if len(v.states) > 1 {
		// Headers that matter here may have been hidden.
		if err := soap.CheckReply(v.env, x.Reply); err != nil {
			return err
		}
	}
	confirmed := make([]bool, len(x.signatures))
	none := false
	for _, c := range v.confirmed {
		bound := v.pol.TLS
		for i, s := range v.ev.Signers {
			bound = bound || s.Required && v.covers(i, c)
		}
		text, ok := c.Attr("", "Value")
		if !ok {
			// It confirms that the request was not signed. If it was, then
			// somebody took its signatures away.
			if len(x.signatures) > 0 && v.pol.Confirmed {
				return refuse(ClassProtocol, c, "confirms a request without signatures")
			}
			none = none || bound
			continue
		}
		value, valid := xmltree.DecodeBase64([]byte(text))
		found := false
		for i, ours := range x.signatures {
			if bytes.Equal(ours, value) {
				found, confirmed[i] = true, confirmed[i] || bound
			}
		}
		if !valid || !found {
			return refuse(ClassProtocol, c, "confirms a signature that is not ours")
		}
	}
	if !v.pol.TLS && !v.relates(confirmed) && v.off&checkRelates == 0 {
		return refuse(ClassProtocol, v.sec, "nothing that is signed says which request it answers: the peer must sign RelatesTo, or confirm signatures")
	}
	if !v.pol.Confirmed {
		return nil
	}
	if len(confirmed) == 0 && !none {
		return refuse(ClassProtocol, v.sec, "the answer does not confirm that the request was not signed")
	}
	for i := range confirmed {
		if !confirmed[i] {
			return refuse(ClassProtocol, v.sec, "the answer does not confirm signature %d of the request", i+1)
		}
	}
	return nil
}

// relates reports whether what authenticates an answer says that it is one to this
// request: its RelatesTo is signed, or all signatures of the request are confirmed,
// or the key was made for this request. Without TLS anybody could otherwise pass off
// what the peer said before as the answer, and under a key that signs in both
// directions also what we said. Without addressing there is no RelatesTo, and only
// the latter can be told.
func (v *verifier) relates(confirmed []bool) bool {
	if len(confirmed) > 0 && !slices.Contains(confirmed, false) {
		return true
	}
	x := v.pol.Reply
	for _, s := range v.ev.Signers {
		switch {
		case !s.Required:
		case s.Covers&PartRelatesTo != 0, s.Ref == x.session && x.session.Kind != 0,
			x.Reply.Addressing == soap.ANone && !s.Key.IsSecret():
			return true
		}
	}
	return false
}

// writeConfirmation confirms signature i of the request that is answered or, if
// it had none, just that (WS-Security 1.1).
func (w *writer) writeConfirmation(b *xmltree.Builder, i int, id string) {
	b.Start(xmltree.WSSE11, "SignatureConfirmation")
	b.Attr(xmltree.WSU, "Id", id)
	if values := w.o.Confirms.signatures; i < len(values) {
		b.Attr("", "Value", base64Text(values[i]))
	}
	b.End()
}

// confirmations returns the ids of the confirmations to write.
func (w *writer) confirmations() (ids []string) {
	if w.o.Confirms == nil {
		return nil
	}
	for i := range max(1, len(w.o.Confirms.signatures)) {
		ids = append(ids, w.id("confirm", i))
	}
	return ids
}
