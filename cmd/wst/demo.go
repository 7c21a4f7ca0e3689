package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wstrust"
	"wstrust/internal/devsts"
	"wstrust/saml"
)

func demoCommand(u *ui) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show all of it at work: an issuer, a service, and a token between them",
		Long: `Demo starts an issuer and a service in this process, on the loopback interface
and over TLS, and then does what a client does: it asks for a token, verifies
it, and presents it to the service, first a bearer token and then one with a
proof key. At last it tries four things that must be refused. Each step is told.

Nothing is needed for it, and nothing is left behind.`,
		Example: `  wst demo

  # With the messages, secrets masked
  wst demo -vv`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), u) },
	}
}

// A demo is one issuer with one service, and a client of both.
type demo struct {
	u       *ui
	ready   devsts.Ready
	connect connectFlags
	signer  *x509.Certificate
	step    int
	bearer  *wstrust.Token
	keyed   *wstrust.Token
}

func runDemo(ctx context.Context, u *ui) error {
	start := time.Now()
	dir, err := os.MkdirTemp("", "wst-demo-")
	if err != nil {
		return fail(exitOther, "make room for temporary files", "demo: %w", err)
	}
	defer os.RemoveAll(dir)
	state, err := devsts.Open(devsts.Options{Dir: dir})
	if err != nil {
		return fail(exitStore, "make room for temporary files", "demo: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fail(exitNetwork, "the demo needs a port on the loopback interface", "demo: %w", err)
	}
	serving, end := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- state.Serve(serving, ln) }()
	defer func() { end(); <-served }()

	d := &demo{u: u, ready: state.Ready(devsts.Base(ln.Addr())), signer: state.Signer()}
	d.connect = connectFlags{ca: d.ready.CA, timeout: 30 * time.Second}
	u.keep([]byte(d.ready.Users[0].Password))
	d.title("An issuer and a service start in this process")
	d.tell("issuer", "%s", d.ready.Trust13)
	d.tell("service", "%s", d.ready.Service)
	d.tell("made anew", "a certificate authority, a signer, a user %q", d.ready.Users[0].Name)
	for _, step := range []func(context.Context) error{d.issue, d.verify, d.present, d.holderOfKey, d.refusals} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return u.print(fmt.Appendf(nil, "\nAll of it took %v. Next: \"wst sts --dev --state ./dev\" runs this issuer for you to try, and \"wst issue --help\" shows how to ask it.\n", time.Since(start).Round(time.Millisecond)))
}

func (d *demo) title(text string) {
	gap := "\n"
	if d.step == 0 {
		gap = ""
	}
	d.step++
	fmt.Fprintf(d.u.out, "%s%s\n", gap, paint(d.u.colourOut, bold, fmt.Sprintf("%d. %s", d.step, text)))
}

func (d *demo) tell(name, format string, args ...any) {
	fmt.Fprintf(d.u.out, "   %-10s %s\n", name, printable(d.u.redact(fmt.Sprintf(format, args...))))
}

func (d *demo) password() string { return d.ready.Users[0].Password }

// ask asks the issuer for a token for the service.
func (d *demo) ask(ctx context.Context, password string, req wstrust.TokenRequest) (*wstrust.Token, error) {
	cfg, err := d.connect.config(d.u)
	if err != nil {
		return nil, err
	}
	cfg.Bindings = []wstrust.Binding{wstrust.Username(d.ready.Users[0].Name, password)}
	cfg.TokenSigners = []*x509.Certificate{d.signer}
	req.AppliesTo = d.ready.Service
	return requestToken(ctx, d.ready.Trust13, cfg, req)
}

// call calls the service with a token.
func (d *demo) call(ctx context.Context, t *wstrust.Token) (wstrust.XML, error) {
	cfg, err := d.connect.config(d.u)
	if err != nil {
		return "", err
	}
	cfg.Bindings = []wstrust.Binding{wstrust.XMLToken(t)}
	ch, err := wstrust.Open(ctx, d.ready.Service, cfg)
	if err != nil {
		return "", err
	}
	defer ch.Close(context.WithoutCancel(ctx))
	return ch.Do(ctx, d.ready.ServiceAction, `<Echo xmlns="urn:wstrust:demo"><Text>hello</Text></Echo>`)
}

func (d *demo) issue(ctx context.Context) error {
	d.title("A token is asked for, with a user name and a password")
	d.tell("sent", "RequestSecurityToken: a bearer token for the service, please, from %q", d.ready.Users[0].Name)
	start := time.Now()
	t, err := d.ask(ctx, d.password(), wstrust.TokenRequest{KeyType: wstrust.Bearer})
	if err != nil {
		return err
	}
	d.bearer = t
	d.tell("got", "%v", t)
	d.tell("", "%d octets, after %v", len(t.XML()), time.Since(start).Round(time.Millisecond))
	return nil
}

func (d *demo) verify(context.Context) error {
	d.title("The token is verified, as \"wst verify\" does it")
	a, err := saml.Verify([]byte(d.bearer.XML()), []*x509.Certificate{d.signer}, "", saml.Checks{Now: time.Now(), Audiences: []string{d.ready.Service}})
	if err != nil {
		return err
	}
	d.tell("signature", "good, by %s", a.Signer.Subject)
	d.tell("subject", "%s", a.Subject.NameID)
	d.tell("audience", "%s", a.Conditions.Audiences[0][0])
	d.tell("valid", "from %s until %s", clock(a.Conditions.NotBefore), clock(a.Conditions.NotOnOrAfter))
	return nil
}

func (d *demo) present(ctx context.Context) error {
	d.title("The token is presented to the service")
	answer, err := d.call(ctx, d.bearer)
	if err != nil {
		return err
	}
	d.tell("sent", "an Echo message with the token beside it")
	d.tell("got", "%s", answer)
	return nil
}

func (d *demo) holderOfKey(ctx context.Context) error {
	d.title("The same with a proof key: a stolen token alone is of no use")
	t, err := d.ask(ctx, d.password(), wstrust.TokenRequest{KeyType: wstrust.Symmetric, Entropy: wstrust.CombinedEntropy})
	if err != nil {
		return err
	}
	d.keyed = t
	d.tell("got", "%v", t)
	answer, err := d.call(ctx, t)
	if err != nil {
		return err
	}
	d.tell("sent", "an Echo message, signed with the key")
	d.tell("got", "%s", answer)
	return nil
}

// refusals tries what must fail, and fails if it does not.
func (d *demo) refusals(ctx context.Context) error {
	d.title("What must not work does not")
	_, err := d.ask(ctx, "not the password", wstrust.TokenRequest{KeyType: wstrust.Bearer})
	if err := d.refused("a wrong password", err); err != nil {
		return err
	}
	altered := wstrust.XML(strings.ReplaceAll(string(d.bearer.XML()), ">"+d.ready.Users[0].Name+"<", ">root<"))
	for _, try := range []struct {
		what  string
		token wstrust.XML
	}{
		{"the token, with another name written into it", altered},
		{"the token with a proof key, without the key", d.keyed.XML()},
	} {
		t, err := wstrust.ParseToken(try.token, wstrust.Key{})
		if err != nil {
			return err
		}
		_, err = d.call(ctx, t)
		if err := d.refused(try.what, err); err != nil {
			return err
		}
	}
	stranger := d.connect
	stranger.ca = d.ready.Signer // a certificate, but not that of the authority
	cfg, err := stranger.config(d.u)
	if err != nil {
		return err
	}
	cfg.Bindings = []wstrust.Binding{wstrust.XMLToken(d.bearer)}
	ch, err := wstrust.Open(ctx, d.ready.Service, cfg)
	if err != nil {
		return err
	}
	defer ch.Close(context.WithoutCancel(ctx))
	_, err = ch.Do(ctx, d.ready.ServiceAction, "")
	return d.refused("a service whose certificate we have no reason to trust", err)
}

func (d *demo) refused(what string, err error) error {
	if err == nil {
		return fail(exitUnproven, "this is a hole: report it", "demo: %s was accepted", what)
	}
	var why string
	if f, ok := errors.AsType[*wstrust.Fault](err); ok {
		why = fmt.Sprintf("fault %s: %s", f.Subcode, f.Reason)
	} else if t, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		why = t.Err.Error()
	} else {
		return err // refused for a reason that has nothing to do with it
	}
	d.tell("refused", "%s", what)
	d.tell("", "%s", why)
	return nil
}
