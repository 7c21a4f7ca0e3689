package main

import (
	"crypto/tls"

	"github.com/spf13/cobra"

	"wstrust"
)

// whoFlags say who asks for a token. Each that is given adds one token to the
// message; a TLS client certificate is connectFlags' business.
type whoFlags struct {
	user          string
	passwordFile  string
	passwordStdin bool
	digest        bool
	cert          pairFlags
	token         string
}

func (f *whoFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	f.cert = pairFlags{certFlag: "--cert", keyFlag: "--key", passFlag: "--cert-password-file"}
	fl.StringVar(&f.user, "user", "", "user `NAME`; the password comes from one of the next two, WST_PASSWORD or a prompt")
	fl.StringVar(&f.passwordFile, "password-file", "", "`FILE` with the password and nothing else; - is standard input")
	fl.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password from standard input")
	fl.BoolVar(&f.digest, "password-digest", false, "send a digest of the password, for issuers that demand it")
	fl.StringVar(&f.cert.cert, "cert", "", "sign the request with this certificate, a PEM or PFX `FILE`")
	fl.StringVar(&f.cert.key, "key", "", "private key of --cert, a PEM `FILE`, if it is not in the same file")
	fl.StringVar(&f.cert.passwordFile, "cert-password-file", "", "`FILE` with the password of a PFX file; else WST_CERT_PASSWORD or a prompt")
	fl.StringVar(&f.token, "token", "", "an earlier token, a `FILE` that wst issue wrote")
}

// A requester is who asks, ready to do so.
type requester struct {
	bindings []wstrust.Binding
	cert     *tls.Certificate // of --cert, nil if it was not given
}

func (f *whoFlags) bindings(u *ui, cmd *cobra.Command, dry bool) (*requester, error) {
	who := new(requester)
	if err := together(cmd, "password-file", "password-stdin"); err != nil {
		return nil, err
	}
	if f.user == "" && (f.passwordFile != "" || f.passwordStdin || f.digest) {
		return nil, usage("name the user with --user", "issue: a password is given, and nobody it belongs to")
	}
	if f.user == "" && f.cert.cert == "" && f.token == "" && !cmd.Flags().Changed("tls-cert") {
		return nil, usage("say who is asking with --user, --cert, --tls-cert or --token", "issue: the issuer would not know who is asking")
	}
	if f.cert.key != "" && f.cert.cert == "" {
		return nil, usage("name the certificate with --cert", "--key: a key alone is of no use")
	}
	if f.user != "" {
		password, err := f.password(u, dry)
		if err != nil {
			return nil, err
		}
		bind := wstrust.Username
		if f.digest {
			bind = wstrust.UsernameDigest
		}
		who.bindings = append(who.bindings, bind(f.user, password))
	}
	if f.token != "" {
		b, err := u.presented("--token", f.token)
		if err != nil {
			return nil, err
		}
		who.bindings = append(who.bindings, b)
	}
	if f.cert.cert != "" {
		pair, err := f.cert.load(u)
		if err != nil {
			return nil, err
		}
		who.cert = &pair
		who.bindings = append(who.bindings, wstrust.Certificate(pair))
	}
	return who, nil
}

func (f *whoFlags) password(u *ui, dry bool) (string, error) {
	s := secretSource{
		what: "password of " + f.user, flag: "--password-file", file: f.passwordFile,
		stdinFlag: "--password-stdin", stdin: f.passwordStdin, variable: "WST_PASSWORD",
	}
	if dry && f.passwordFile == "" && !f.passwordStdin {
		return masked, nil // it would be masked anyway
	}
	return u.secret(s)
}
