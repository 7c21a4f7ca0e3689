package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wstrust/saml"
)

type verifyFlags struct {
	signer    string
	audiences []string
	at        string
	skew      time.Duration
	suite     string
	output    string
}

func verifyCommand(u *ui) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify --signer PEM FILE",
		Short: "Verify the signature, time and audience of a token",
		Long: `Verify checks a SAML assertion: its signature under a certificate that you
trust, its validity now or at another time, and whom it is for.

Only the certificates in --signer count. What the token encloses is never
trusted, and chains are not followed. Whether the one who presents the token
holds its proof key is for the service to find out, not for this command.

FILE is a token's XML or what "wst issue -o json" printed; - is standard input.`,
		Example: `  wst verify --signer sts.pem token.xml
  wst verify --signer sts.pem --audience https://orders.example.com/ token.xml

  # Was it good when the order came in?
  wst verify --signer sts.pem --at 2026-11-20T09:30:00Z token.xml

  # In a script
  wst verify --signer sts.pem token.xml >/dev/null || exit 1`,
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := need(cmd, "signer"); err != nil {
				return err
			}
			return verify(u, args[0], f, time.Now())
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.signer, "signer", "", "`PEM` file of the certificates, one of which must have signed it")
	fl.StringArrayVar(&f.audiences, "audience", nil, "`URL` that the token must be for; may be repeated, then any of them will do")
	fl.StringVar(&f.at, "at", "", "verify as at this `TIME`, such as 2026-11-20T09:30:00Z")
	fl.DurationVar(&f.skew, "skew", saml.DefaultSkew, "by how much the clocks may differ")
	fl.StringVar(&f.suite, "suite", "", "algorithms to admit: `NAME` of a suite such as Basic256, or Legacy for SHA-1 and 1024-bit RSA; if empty Modern")
	fl.VarP(newChoice(&f.output, "text", "json"), "output", "o", "how to write the result")
	return cmd
}

func verify(u *ui, name string, f verifyFlags, now time.Time) error {
	if f.at != "" {
		at, err := time.Parse(time.RFC3339, f.at)
		if err != nil {
			return usage("write it like 2026-11-20T09:30:00Z", "verify: --at %.40q is no time", f.at)
		}
		now = at
	}
	if f.skew < 0 {
		return usage("0s allows none", "verify: --skew is negative")
	}
	if !saml.Suite(f.suite).Valid() {
		return usage("leave it out, or name one of WS-SecurityPolicy's such as Basic256, or Legacy", "verify: --suite %.40q is not known", f.suite)
	}
	signers, err := u.certificates("--signer", f.signer)
	if err != nil {
		return err
	}
	t, err := u.readToken("verify", name)
	if f, ok := errors.AsType[*failure](err); ok {
		if _, unread := errors.AsType[*fs.PathError](err); !unread {
			f.code = exitUnproven // what cannot be read as a token is not proven to be one
		}
		return f
	}
	if err != nil {
		return err
	}
	checks := saml.Checks{Now: now, Skew: f.skew, Audiences: f.audiences, InsecureAnyAudience: len(f.audiences) == 0}
	if f.skew == 0 {
		checks.Skew = -1
	}
	a, err := saml.Verify(t.xml, signers, saml.Suite(f.suite), checks)
	if err != nil {
		x := explain(err)
		switch x.code {
		case exitClock:
			if f.at != "" {
				x.next = "it was not valid at the time in --at; \"wst inspect\" shows from when until when it was"
			}
		case exitUnproven:
		default: // whatever else it is, the token is not proven
			x.code, x.next = exitUnproven, "this is not a token as the specification has it: do not use it"
		}
		return &failure{x.code, fmt.Errorf("verify: %s: %w", displayName(name), err), x.next}
	}
	return u.verified(a, t, name, f, now)
}

// verified prints what was proven.
func (u *ui) verified(a *saml.Assertion, t *storedToken, name string, f verifyFlags, now time.Time) error {
	c := newCard(&saml.Unverified{
		Version: a.Version, ID: a.ID, Issuer: a.Issuer, IssueInstant: a.IssueInstant, Subject: a.Subject,
		Conditions: a.Conditions, Attributes: a.Attributes, Authn: a.Authn, EncryptedAttributes: len(a.EncryptedAttributes),
	})
	c.Verified = true
	// The names of the algorithms stand in SignedInfo, which was verified.
	if claimed, err := saml.ReadUnverifiedElem(t.root); err == nil {
		c.Signature = &signature{Method: claimed.SignatureMethod, Digest: claimed.DigestMethod, Canonicalization: claimed.Canonicalization}
	}
	c.Signature.by(a.Signer)
	if a.Signer != nil && (now.After(a.Signer.NotAfter) || now.Before(a.Signer.NotBefore)) {
		u.warn("the signer's certificate is valid from %s until %s only; the token was verified all the same, since you named the certificate", clock(a.Signer.NotBefore), clock(a.Signer.NotAfter))
	}
	if len(f.audiences) == 0 {
		u.say("whom the token is for was not checked: no --audience was given")
	}
	if f.output == "json" {
		out, err := json.MarshalIndent(c, "", "  ")
		if err != nil {
			return err
		}
		return u.print(append(out, '\n'))
	}
	text := c.text(fmt.Sprintf("%s: %s assertion, VERIFIED: signed by the certificate below, valid at %s", displayName(name), c.Version, clock(now)), now)
	if u.colourOut {
		text = strings.Replace(text, "VERIFIED", green+"VERIFIED"+reset, 1)
	}
	return u.print([]byte(text))
}
