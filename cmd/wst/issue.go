package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"wstrust"
	"wstrust/internal/xmltree"
)

type issueFlags struct {
	connectFlags
	sts    string
	signer string
	trust  string
	lwssp  bool
	who    whoFlags
	what   whatFlags
	output string
	out    string
	dryRun bool
}

func issueCommand(u *ui) *cobra.Command {
	var f issueFlags
	cmd := &cobra.Command{
		Use:   "issue --sts URL --applies-to URL [flags]",
		Short: "Ask an issuer for a token",
		Long: `Issue asks an issuer (a security token service, STS) for a token and prints it.

The answer is held against the request before anything is printed: whether it
answers this request, is of the type and key type asked for, in time, and with
--signer also whether the issuer's key signed the token and whom it is for.

-o xml prints the token octet for octet as it was issued, with no newline after
it. -o json prints {"token": base64, "token_type", "key_type", "not_before",
"not_after", "proof_key"}; proof_key is base64 for a symmetric key, PEM for the
private key of a public-key token, null for a bearer token. Such output is a
secret: --out writes it to a file that only you can read.`,
		Example: `  # A bearer token for a user name and password
  wst issue --sts https://sts.example.com/trust/13 --user alice --password-file pw \
      --applies-to https://orders.example.com/ --out token.xml

  # A token bound to a fresh key, kept with that key in one file
  wst issue --sts https://sts.example.com/trust/13 --cert alice.pfx \
      --applies-to https://orders.example.com/ --key-type public --ephemeral-key \
      -o json --out token.json

  # A private issuer; check who signed the token; hand it on at once
  wst issue --sts https://127.0.0.1:8443/trust/13 --ca dev/ca.pem --signer dev/signer.pem \
      --user dev --password-file dev/dev-password \
      --applies-to https://127.0.0.1:8443/service | wst inspect -

  # See what would be sent, with secrets masked
  wst issue --sts https://sts.example.com/trust/13 --user alice \
      --applies-to https://orders.example.com/ --claim http://schemas.example.com/role=doctor \
      --lifetime 30m --dry-run`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return issue(cmd.Context(), u, cmd, &f) },
	}
	var g groups
	where := g.add("The issuer")
	where.Flags().StringVar(&f.sts, "sts", "", "`URL` of the issuer's endpoint")
	where.Flags().StringVar(&f.signer, "signer", "", "`PEM` file of the certificates, one of which must have signed the token")
	where.Flags().Var(newChoice(&f.trust, "1.3", "2005", "1.4"), "trust", "WS-Trust version")
	where.Flags().BoolVar(&f.lwssp, "lwssp", false, "keep to MS-LWSSP, the profile of Windows, to the letter (WS-Trust 2005 unless --trust says otherwise)")
	f.connectFlags.register(where)
	f.who.register(g.add("Who is asking"))
	f.what.register(g.add("What is asked for"))
	result := g.add("The result")
	result.Flags().VarP(newChoice(&f.output, "xml", "json"), "output", "o", "the token itself, or with its proof key and validity")
	result.Flags().StringVar(&f.out, "out", "", "write the result to `FILE`, readable by you alone, in place of standard output")
	result.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the message with its secrets masked, and send nothing")
	g.install(cmd)
	return cmd
}

func issue(ctx context.Context, u *ui, cmd *cobra.Command, f *issueFlags) error {
	if err := need(cmd, "sts", "applies-to"); err != nil {
		return err
	}
	if err := f.address("--sts", f.sts); err != nil {
		return err
	}
	if err := writable("--out", f.out); err != nil {
		return err
	}
	cfg, err := f.config(u)
	if err != nil {
		return err
	}
	if f.lwssp {
		cfg.Profile = wstrust.LWSSP
		if !cmd.Flags().Changed("trust") {
			f.trust = "2005"
		}
	}
	switch f.trust {
	case "2005":
		cfg.Versions.Trust = wstrust.Trust2005
	case "1.4":
		cfg.Versions.Trust = wstrust.Trust14
	}
	if f.signer != "" {
		if cfg.TokenSigners, err = u.certificates("--signer", f.signer); err != nil {
			return err
		}
	}
	me, err := f.who.bindings(u, cmd, f.dryRun)
	if err != nil {
		return err
	}
	cfg.Bindings = me.bindings
	req, err := f.what.request(u, cmd, me)
	if err != nil {
		return err
	}
	if f.dryRun {
		return dryIssue(ctx, u, f, cfg, req)
	}
	ctx, stop := f.within(ctx)
	defer stop()
	t, err := requestToken(ctx, f.sts, cfg, req)
	if err != nil {
		return u.exchanged(err)
	}
	u.fact("issued: %v", t)
	if f.signer == "" {
		u.fact("the token's signature was not checked, since no --signer was given")
	}
	return u.result(t, req.UseKey, f)
}

// requestToken asks for one token over a channel of its own.
func requestToken(ctx context.Context, sts string, cfg wstrust.Config, req wstrust.TokenRequest) (*wstrust.Token, error) {
	ch, err := wstrust.Open(ctx, sts, cfg)
	if err != nil {
		return nil, err
	}
	defer ch.Close(context.WithoutCancel(ctx))
	return ch.RequestToken(ctx, req)
}

// result writes an issued token.
func (u *ui) result(t *wstrust.Token, key crypto.Signer, f *issueFlags) error {
	data := []byte(t.XML())
	if f.output == "json" {
		var err error
		if data, err = marshalToken(t, key); err != nil {
			return err
		}
	}
	if err := u.write(f.out, data); err != nil {
		return err
	}
	if f.output == "xml" && (t.KeyType() == wstrust.Symmetric || t.KeyType() == wstrust.PublicKey && f.what.ephemeral) {
		u.warn("this token is of use only with its proof key, which -o xml leaves out; -o json keeps it")
	}
	return nil
}

// dryIssue prints the message that would be sent.
func dryIssue(ctx context.Context, u *ui, f *issueFlags, cfg wstrust.Config, req wstrust.TokenRequest) error {
	catch := &dryRun{}
	cfg.HTTP = &http.Client{Transport: catch}
	_, err := requestToken(ctx, f.sts, cfg, req)
	if !errors.Is(err, errDryRun) {
		if err == nil {
			err = errors.New("dry run: a token came from nowhere")
		}
		return err
	}
	shown, ok := maskXML(catch.message)
	if !ok {
		return fmt.Errorf("dry run: the message cannot be read back: %w", xmltree.ErrFormat)
	}
	if err := u.write(f.out, append(shown, '\n')); err != nil {
		return err
	}
	u.say("dry run: this would be posted to %s; secrets are masked, nothing was sent", f.sts)
	return nil
}
