package wsse

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/damage"
	"wstrust/saml"
)

var update = flag.Bool("update", false, "write what the verifier says about damaged messages into testdata")

// passing matches what is another in each run.
var passing = regexp.MustCompile(`-[0-9a-f]{8,}|_[0-9a-f-]{16,}|[A-Za-z0-9+/]{27}=`)

// told says what of a message may be relied on.
func told(ev *Evidence) string {
	if ev == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "body %v to %v action %v reply %v stamp %v headers %d\nencrypted %q", ev.Body.Signed(), ev.To.Signed(), ev.Action.Signed(), ev.ReplyTo.Signed(), ev.Timestamp.Signed(), len(ev.Headers), ev.Encrypted)
	if ev.Username != nil {
		fmt.Fprintf(&b, "\nuser %q digest %v", ev.Username.Name, ev.Username.Digest)
	}
	if ev.Assertion != nil {
		fmt.Fprintf(&b, "\nassertion of %q %v", ev.Assertion.Issuer, ev.Confirmation)
	}
	if ev.Certificate != nil {
		fmt.Fprintf(&b, "\ncertificate of %v", ev.Certificate.Subject)
	}
	if ev.Context != nil {
		fmt.Fprintf(&b, "\ncontext %q", ev.Context.ID)
	}
	for _, s := range ev.Signers {
		fmt.Fprintf(&b, "\nsigner %d %q holder %v possession %v made %v required %v", s.Ref.Kind, s.Covers, s.Holder, s.Possession, s.Made, s.Required)
	}
	return b.String()
}

// TestDamagedMessages breaks one thing at a time in the Security header of
// messages of every kind, and holds what the verifier says against testdata:
// the reason and the place of each refusal, and what is still relied on where
// the damage takes nothing away that the policy asks for.
func TestDamagedMessages(t *testing.T) {
	all := kinds(t)
	digest := user()
	digest.Digest = true
	holder := protected()
	l := all[0].trust
	for name, k := range map[string]kind{
		"asymmetric":  {name: "asymmetric/all/0/0"},
		"symmetric":   {name: "symmetric/signature/0/1"},
		"derived":     {name: "symmetric derived/headers/1/0"},
		"endorsed":    {name: "symmetric endorsed/tokens/0/0"},
		"context":     {name: "context derived/body element/0/0"},
		"implied":     {name: "context implied/body/0/0"},
		"holder":      {name: "holder/signature/0/0"},
		"digest":      {out: holder, o: Options{Tokens: []Token{digest, x509Token(rsaUser(), RefDirect, BodyTimestamp|PartToken)}}, trust: l},
		"references":  {out: holder, o: Options{Tokens: []Token{x509Token(client(), RefSKI, BodyTimestamp), x509Token(rsaUser(), RefIssuerSerial, PartTimestamp)}}, trust: l},
		"keyvalue":    {out: holder, o: Options{Tokens: []Token{x509Token(client(), RefEmbedded, BodyTimestamp)}}, trust: l},
		"bearer saml": {out: holder, o: Options{Tokens: []Token{bearerToken(t), x509Token(client(), RefX509Data, BodyTimestamp)}}, trust: l},
		"holder 1.1":  {out: holder, o: Options{Tokens: []Token{Issued{XML: build(t, saml.V11, issuer(), sealed(t, secret(t))), Key: secret(t), Parts: BodyTimestamp}}}, trust: l},
	} {
		t.Run(name, func(t *testing.T) {
			if i := slices.IndexFunc(all, func(c kind) bool { return c.name == k.name }); i >= 0 {
				k = all[i]
			} else if k.name != "" {
				t.Fatalf("no kind %q", k.name)
			}
			msg, _, err := Protect(k.out, k.o, now)
			if err != nil {
				t.Fatal(err)
			}
			pol := Policy{TLS: name == "endorsed" || name == "digest" || name == "bearer saml"}
			verdict := func(doc string) (string, error) {
				ev, err := receive(t, []byte(doc), k.trust, pol, now, 0)
				if err != nil {
					return "", fmt.Errorf("%v: %s", ClassOf(err), strings.Replace(passing.ReplaceAllString(err.Error(), "…"), "/Envelope/Header/Security", "…", 1))
				}
				return told(ev), nil
			}
			damage.Check(t, "testdata/damaged/"+strings.ReplaceAll(name, " ", "-")+".txt", *update, string(msg), damage.Range{Under: "Security", Whole: []string{"SignedInfo", "Assertion"}}, verdict)
		})
	}
}
