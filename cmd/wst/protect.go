package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

type protectFlags struct {
	preset        string
	sign, encrypt string

	cert         pairFlags
	keyRef       string
	token        string
	user         string
	passwordFile string
	digest       bool
	passwordKey  bool
	embed        bool
	secret       string
	context      string
	keyName      string

	recipient   string
	derived     bool
	derivedWith string
	suite       string
	cipher      string
	oaep        string
}

func protectCommand(u *ui) *cobra.Command {
	var f protectFlags
	cmd := &cobra.Command{
		Use:   "protect {--preset NAME | --sign PARTS --encrypt PARTS} [flags] IN",
		Short: "Sign and encrypt a SOAP message",
		Long: `Protect puts a WS-Security header on a SOAP message and writes the message to
standard output: ready to be sent as it is, with curl or by hand. Whoever gets it
must have it within five minutes. "wst verify" shows what the receiver will see.

IN is an envelope of SOAP 1.1 or 1.2; - is standard input. Its body and its
headers are kept octet for octet, those of WS-Addressing apart, which are written
anew with the same values, and with a MessageID and a ReplyTo if there were none.

What is signed and encrypted is one of these, or what --sign and --encrypt say:

  --preset transport                the tokens and a timestamp, for TLS to protect;
                                    each key signs the timestamp, a certificate's
                                    and a token's own also To
  --preset body-timestamp           body and timestamp are signed
  --preset addressing               these, and all addressing headers
  --preset envelope                 these, all other headers, and the tokens
  --preset asymmetric-sign          as addressing, with the key of --cert or --token
  --preset asymmetric-sign-encrypt  the same, and body, signature and tokens are
                                    encrypted for --recipient
  --preset symmetric                the same parts, with keys derived from one that
                                    is sent encrypted for --recipient, or from that
                                    of --context or --key-name

PARTS is a comma list of body, timestamp, to, action, headers (all of them),
signature and {namespace}name, a header. The timestamp is always signed with the
rest. A password or a bearer token is signed with the message if there is a key.

The first key of --context or --key-name, --cert, --token, and --user with
--password-key signs the message; each further one signs that signature. With none, and a --recipient, a fresh key signs that is sent
encrypted: that keeps the message in one piece and says nothing about who made it.
What is encrypted is encrypted for --recipient or, without one, with the first
key, which then must be a secret.`,
		Example: `  # What an asymmetric binding asks for: signed by you, encrypted for them
  wst protect --preset asymmetric-sign-encrypt --cert me.pem --key me.key \
      --recipient service.pem message.xml > secured.xml

  # Look at it as the service will
  wst verify --trust me.pem --key service.key secured.xml

  # A password over TLS, and off it goes
  wst protect --preset transport --user alice --password-file pw message.xml |
      curl --data-binary @- -H 'Content-Type: application/soap+xml' https://orders.example.com/soap

  # Just these parts, the certificate named by its thumbprint
  wst protect --sign 'body,to,{urn:tenant}Tenant' --encrypt 'body,{urn:tenant}Tenant' \
      --cert me.pem --key me.key --key-ref thumbprint --recipient service.pem message.xml

  # A token with its proof key, as "wst issue -o json" wrote it
  wst protect --preset envelope --token token.json message.xml

  # A security context whose key both sides have
  openssl rand -base64 32 > key
  wst protect --preset symmetric --derived --secret key --context urn:uuid:6f0c message.xml

  # A key that both sides know under a name, and derived keys as the other wants them
  wst protect --preset symmetric --secret key --key-name orders \
      --derived-with label=orders,nonce=32,offset=16 message.xml

  # A password that is not sent, but signs
  wst protect --preset body-timestamp --user alice --password-file pw --password-key message.xml

  # For a service that knows SHA-1 and RSA 1.5 only
  wst protect --preset asymmetric-sign --suite Basic256Rsa15 --cert me.pem --key me.key message.xml`,
		Args: exactly("IN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return protect(u, cmd, &f, args[0], time.Now())
		},
	}
	var g groups
	fl := g.add("What is protected").Flags()
	fl.StringVar(&f.preset, "preset", "", "`NAME` of one of the usual protections, see above")
	fl.StringVar(&f.sign, "sign", "", "`PARTS` to sign")
	fl.StringVar(&f.encrypt, "encrypt", "", "`PARTS` to encrypt")
	fl = g.add("By whom").Flags()
	f.cert = pairFlags{certFlag: "--cert", keyFlag: "--key", passFlag: "--cert-password-file"}
	fl.StringVar(&f.cert.cert, "cert", "", "sign with this certificate, a `PEM` or PFX file")
	fl.StringVar(&f.cert.key, "key", "", "private key of --cert, a `PEM` file, if it is not in the same file")
	fl.StringVar(&f.cert.passwordFile, "cert-password-file", "", "`FILE` with the password of a PFX file; else WST_CERT_PASSWORD or a prompt")
	fl.Var(newChoice(&f.keyRef, "bst", "ski", "thumbprint", "issuer-serial", "x509v3", "embedded", "key-name"), "key-ref", "how the signature names the certificate: by a token that carries it, its subject key identifier, its SHA-1 thumbprint, issuer and serial number, the certificate itself, a token in the reference, or the subject's name")
	fl.StringVar(&f.token, "token", "", "a token, a `FILE` that wst issue wrote")
	fl.StringVar(&f.user, "user", "", "user `NAME`; the password comes from the next, WST_PASSWORD or a prompt")
	fl.StringVar(&f.passwordFile, "password-file", "", "`FILE` with the password and nothing else; - is standard input")
	fl.BoolVar(&f.digest, "digest", false, "send a digest of the password, for services that demand it")
	fl.BoolVar(&f.passwordKey, "password-key", false, "sign with a key that is derived from the password, and send neither it nor a digest")
	fl.BoolVar(&f.embed, "embed", false, "put the token into the reference of its signature, and not into the header")
	fl.StringVar(&f.secret, "secret", "", "`FILE` with the key of --context or --key-name, in base64")
	fl.StringVar(&f.context, "context", "", "`URI` of a security context")
	fl.StringVar(&f.keyName, "key-name", "", "`NAME` under which the receiver has the key of --secret")
	fl = g.add("For whom, and how").Flags()
	fl.StringVar(&f.recipient, "recipient", "", "`CERT` of the receiver, a PEM file, with an RSA key")
	fl.BoolVar(&f.derived, "derived", false, "derive keys from a secret one for each use, instead of using it itself")
	fl.StringVar(&f.derivedWith, "derived-with", "", "how derived keys are written: a comma `LIST` of label=TEXT, offset=N, generation=N, length=N, nonce=N (octets), inline, implied and 2005; implies --derived")
	fl.StringVar(&f.cipher, "cipher", "", "block cipher `NAME`, one of aes128-gcm, aes192-gcm, aes256-gcm and, with a suite that writes them, aes128-cbc, aes192-cbc, aes256-cbc")
	fl.StringVar(&f.oaep, "oaep", "", "`DIGEST` of RSA-OAEP: sha1, sha256, sha384 or sha512; with /MASK another hash for its mask, sha224 too")
	fl.StringVar(&f.suite, "suite", "", "algorithms to write: `NAME` of a suite such as Basic256Rsa15; if empty Modern, which is SHA-256, OAEP and AES-GCM")
	g.install(cmd)
	return cmd
}

func protect(u *ui, cmd *cobra.Command, f *protectFlags, name string, now time.Time) error {
	for _, other := range []string{"sign", "encrypt"} {
		if err := together(cmd, "preset", other); err != nil {
			return err
		}
	}
	if f.preset == "" && f.sign == "" && f.encrypt == "" {
		return usage("give --preset, or --sign and --encrypt; "+seeHelp(cmd), "protect: nothing says what is to be protected")
	}
	f.derived = f.derived || f.derivedWith != ""
	suite, err := oneSuite("protect", f.suite)
	if err != nil {
		return err
	}
	if err := oneStdin("protect", name, f.cert.cert, f.cert.key, f.cert.passwordFile, f.token, f.passwordFile, f.secret, f.recipient); err != nil {
		return err
	}
	env, out, err := u.plain(name)
	if err != nil {
		return err
	}
	tokens, keys, err := f.tokens(u)
	if err != nil {
		return err
	}
	p, err := f.protection(u, env, suite, keys)
	if err != nil {
		return err
	}
	if err := f.howEncrypted(p); err != nil {
		return err
	}
	secured, _, err := wsse.Protect(out, wsse.Options{Suite: suite, Tokens: tokens, Protection: p}, now)
	if err != nil {
		return unwritten(err)
	}
	return u.write("", secured)
}

// oneStdin refuses two inputs from standard input, of which the second would be
// empty.
func oneStdin(cmd string, names ...string) error {
	n := 0
	for _, name := range names {
		if name == "-" {
			n++
		}
	}
	if n > 1 {
		return usage("put all but one of them into files", "%s: only one file can be standard input", cmd)
	}
	return nil
}

func unwritten(err error) error {
	next := "change the flags; nothing was written"
	code := exitUsage
	switch {
	case errors.Is(err, alg.ErrKey), errors.Is(err, alg.ErrAlgorithm), wsse.ClassOf(err) == wsse.ClassAlgorithm:
		code, next = exitPolicy, "suite and key do not fit: another --suite, or a key of another size or kind"
	case wsse.ClassOf(err) == wsse.ClassFormat:
		next = "the message, or a name in the flags, has something that XML cannot carry"
	}
	return &failure{code, fmt.Errorf("protect: %w", err), next}
}

// plain reads the envelope to be protected and takes it apart.
func (u *ui) plain(name string) (*soap.Envelope, soap.Outgoing, error) {
	const next = "it must be a SOAP message without a Security header"
	var out soap.Outgoing
	data, err := u.readFile("protect", name)
	if err != nil {
		return nil, out, err
	}
	wrong := func(err error) (*soap.Envelope, soap.Outgoing, error) {
		return nil, out, usage(next, "protect: %s: %w", displayName(name), err)
	}
	d, err := xmltree.Parse(data, xmltree.Limits{Bytes: maxFile})
	if err != nil {
		return wrong(err)
	}
	env, err := soap.Read(d, func(string, string) bool { return true })
	if err != nil {
		return wrong(err)
	}
	out = soap.Outgoing{
		Version: env.Version, Addressing: env.Addressing,
		Action: env.Action.Value, To: env.To.Value, MessageID: env.MessageID.Value, RelatesTo: env.RelatesTo.Value,
	}
	for h := range env.Header.Children {
		switch {
		case h.Is(xmltree.WSSE, "Security"):
			return wrong(h.Errorf("it has a Security header already"))
		case h.Same(env.Action.Elem), h.Same(env.To.Elem), h.Same(env.MessageID.Elem), h.Same(env.RelatesTo.Elem), h.Same(env.ReplyTo.Elem):
		default:
			out.Headers = append(out.Headers, h.Standalone())
		}
	}
	if env.Body.Empty() == nil {
		return env, out, nil
	}
	content, err := env.Payload()
	if err != nil {
		return wrong(err)
	}
	out.Body = content.Standalone()
	return env, out, nil
}

// presetNames are the words of --preset, in the order of the help.
var presetNames = []string{"transport", "body-timestamp", "addressing", "envelope", "asymmetric-sign", "asymmetric-sign-encrypt", "symmetric"}

// checkPreset says whether a preset exists.
func checkPreset(name string) error {
	if slices.Contains(presetNames, name) {
		return nil
	}
	return usage("it is one of "+strings.Join(presetNames, ", "), "--preset: %.40q is not known", name)
}
