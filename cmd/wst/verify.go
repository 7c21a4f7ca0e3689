package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

	// Of messages only.
	trust, key, cert   string
	secret             string
	user, passwordFile string
	require            string
	requireEncrypted   string
	decrypted          string
	lists, responses   []string
	hosts              []string
}

func verifyCommand(u *ui) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify {--signer PEM TOKEN | [flags] MESSAGE}",
		Short: "Verify a token, or the protection of a SOAP message",
		Long: `Verify checks a token or a SOAP message.

Of a SAML assertion it checks the signature under a certificate that you trust,
the validity now or at another time, and whom it is for.

Only the certificates in --signer count. What the token encloses is never
trusted, and chains are not followed. Whether the one who presents the token
holds its proof key is for the service to find out, not for this command.

Of a SOAP message it checks the WS-Security header: every signature, the timestamp,
password and token in it. It decrypts what is encrypted for you, and prints for
each part of the message by whom it was signed and how it was encrypted, or that
it is unprotected. The message is refused unless one signature covers all of
--require, and with --trust, --signer, --secret or --user unless it is from
somebody that one of them names. Whether the same message came before is not
checked, since that takes a memory, nor whether anybody understands its headers.

Whom to trust, a message cannot say. A certificate in it must be in --trust, or
lead to an authority there; those in --trust themselves may also vouch for a
token that says so (sender-vouches).

Revocation is looked up where one of --crl, --ocsp and --revocation-host is given:
then every certificate on the path from the signer's to the authority in --trust
must be known to be good. No host is connected to that is not named.

PARTS is a comma list of body, timestamp, to, action, headers (all of them),
signature (one signature must cover another) and {namespace}name, a header.

The file is a token's XML, what "wst issue -o json" printed, or a message; - is
standard input.`,
		Example: `  wst verify --signer sts.pem token.xml
  wst verify --signer sts.pem --audience https://orders.example.com/ token.xml

  # Was it good when the order came in?
  wst verify --signer sts.pem --at 2026-11-20T09:30:00Z token.xml

  # In a script
  wst verify --signer sts.pem token.xml >/dev/null || exit 1

  # Who signed this message, and what of it?
  wst verify --trust partners-ca.pem message.xml

  # As the service will: decrypted, and To and every header must be signed
  wst verify --trust partners-ca.pem --key service.key --cert service.pem \
      --require body,timestamp,to,headers --decrypted opened.xml message.xml

  # Encrypted for us, by somebody whose certificate is still good
  wst verify --trust partners-ca.pem --key service.key --require-encrypted body,signature \
      --crl partners.crl message.xml

  # With a token in it; with a password and nothing signed, as TLS protects it
  wst verify --signer sts.pem --audience https://orders.example.com/ message.xml
  wst verify --user alice --password-file pw --require '' message.xml

  # A message under a security context, from last week, by an old client
  wst verify --secret key --at 2026-11-17T12:00:00Z --suite legacy message.xml`,
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return verify(u, cmd, args[0], f, time.Now())
		},
	}
	var g groups
	fl := g.add("Tokens, and tokens in messages").Flags()
	fl.StringVar(&f.signer, "signer", "", "`PEM` file of the certificates, one of which must have signed the token")
	fl.StringArrayVar(&f.audiences, "audience", nil, "`URL` that the token must be for; may be repeated, then any of them will do")
	fl = g.add("Messages").Flags()
	fl.StringVar(&f.trust, "trust", "", "`PEM` file of certificates that may sign, or of authorities whose certificates may")
	fl.StringVar(&f.key, "key", "", "private key to decrypt with, a `PEM` file")
	fl.StringVar(&f.cert, "cert", "", "certificate of --key, a `PEM` file, if it is not in the same file: then a message for another key is told as such")
	fl.StringVar(&f.secret, "secret", "", "`FILE` with the key of a security context, or one that you share otherwise, in base64")
	fl.StringVar(&f.user, "user", "", "`NAME` that the message must come from if it has a password; that comes from the next, WST_PASSWORD or a prompt")
	fl.StringVar(&f.passwordFile, "password-file", "", "`FILE` with the password and nothing else; - is standard input")
	fl.StringVar(&f.require, "require", "", "`PARTS` that one signature must cover; '' is none; "+defaultRequire+" if not given")
	fl.StringVar(&f.requireEncrypted, "require-encrypted", "", "`PARTS` that must have come encrypted for --key, --secret or --password-file")
	fl.StringVar(&f.decrypted, "decrypted", "", "write the opened message to `FILE`, readable by you alone")
	fl = g.add("Revocation of certificates in messages").Flags()
	fl.StringArrayVar(&f.lists, "crl", nil, "`FILE` with a revocation list, PEM or DER; may be repeated")
	fl.StringArrayVar(&f.responses, "ocsp", nil, "`FILE` with an OCSP response, DER; may be repeated")
	fl.StringArrayVar(&f.hosts, "revocation-host", nil, "`HOST` that may be asked, where a certificate names it; may be repeated; port 80 or 443, or with its port")
	fl = g.add("Both").Flags()
	fl.StringVar(&f.at, "at", "", "verify as at this `TIME`, such as 2026-11-20T09:30:00Z")
	fl.DurationVar(&f.skew, "skew", saml.DefaultSkew, "by how much the clocks may differ")
	fl.StringVar(&f.suite, "suite", "", "algorithms to admit beside SHA-256 and the like: `NAMES` of suites, with commas between them, such as Basic256, or legacy for SHA-1 signatures, RSA 1.5 key transport and 1024-bit RSA; Triple DES, MD5 and DSA in no case")
	fl.VarP(newChoice(&f.output, "text", "json"), "output", "o", "how to write the result")
	g.install(cmd)
	return cmd
}

func verify(u *ui, cmd *cobra.Command, name string, f verifyFlags, now time.Time) error {
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
	suite, err := admitted("verify", f.suite)
	if err != nil {
		return err
	}
	files := []string{name, f.signer, f.trust, f.key, f.cert, f.secret, f.passwordFile}
	if err := oneStdin("verify", slices.Concat(files, f.lists, f.responses)...); err != nil {
		return err
	}
	data, err := u.readFile("verify", name)
	if err != nil {
		return err
	}
	if isMessage(cmd, data) {
		return verifyMessage(u, cmd, name, data, f, now)
	}
	if err := notForTokens(cmd, name); err != nil {
		return err
	}
	if err := need(cmd, "signer"); err != nil {
		return err
	}
	signers, err := u.certificates("--signer", f.signer)
	if err != nil {
		return err
	}
	t, err := u.parseToken("verify", name, data)
	if f, ok := errors.AsType[*failure](err); ok {
		f.code = exitUnproven // what cannot be read as a token is not proven to be one
		return f
	}
	if err != nil {
		return err
	}
	a, err := saml.Verify(t.xml, signers, suite, f.checks(now))
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
	c := assertionCard(a)
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

// assertionCard is the card of an assertion that was verified.
func assertionCard(a *saml.Assertion) *card {
	c := newCard(&saml.Unverified{
		Version: a.Version, ID: a.ID, Issuer: a.Issuer, IssueInstant: a.IssueInstant, Subject: a.Subject,
		Conditions: a.Conditions, Attributes: a.Attributes, Authn: a.Authn, EncryptedAttributes: len(a.EncryptedAttributes),
	})
	c.Verified = true
	return c
}
