package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wstrust"
	"wstrust/internal/xmltree"
)

type callFlags struct {
	connectFlags
	endpoint string
	action   string
	data     string
	token    string
	signer   string
	out      string
}

func callCommand(u *ui) *cobra.Command {
	var f callFlags
	cmd := &cobra.Command{
		Use:   "call --endpoint URL --action URI --data @FILE --token FILE [flags]",
		Short: "Call a service with a token",
		Long: `Call sends one SOAP message to a service, presents a token with it, and prints
the element in the body of the verified answer.

The token is a file that "wst issue" wrote. With -o xml it is presented as a
bearer token; with -o json and a proof key, the message is signed with that key.
A token that has expired is not sent.`,
		Example: `  # Call the service that "wst sts --dev" brings along
  echo '<Echo xmlns="urn:wstrust:demo"><Text>hello</Text></Echo>' > body.xml
  wst call --endpoint https://127.0.0.1:8443/service --ca dev/ca.pem \
      --action urn:wstrust:demo:echo --data @body.xml --token token.xml

  # The body from standard input, a token with its proof key
  wst call --endpoint https://orders.example.com/soap --action urn:orders/Get \
      --data @- --token token.json < body.xml

  # Sign the body too, for services whose policy demands it
  wst call --endpoint https://orders.example.com/soap --action urn:orders/Get \
      --data @body.xml --token token.json --sign body`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return call(cmd.Context(), u, cmd, &f) },
	}
	var g groups
	where := g.add("The service")
	fl := where.Flags()
	fl.StringVar(&f.endpoint, "endpoint", "", "`URL` of the service")
	fl.StringVar(&f.action, "action", "", "`URI` of the operation, as its WSDL has it")
	f.connectFlags.register(where)
	fl.StringVar(&f.signer, "signer", "", "`PEM` file of certificates that may sign the service's answers")
	msg := g.add("The message")
	fl = msg.Flags()
	fl.StringVarP(&f.data, "data", "d", "", "the body, one XML element: `@FILE`, @- for standard input, or the XML itself; none if empty")
	fl.StringVar(&f.token, "token", "", "the token to present, a `FILE` that wst issue wrote")
	result := g.add("The result")
	result.Flags().StringVar(&f.out, "out", "", "write the answer to `FILE`, readable by you alone, in place of standard output")
	g.install(cmd)
	return cmd
}

func call(ctx context.Context, u *ui, cmd *cobra.Command, f *callFlags) error {
	if err := need(cmd, "endpoint", "action", "token"); err != nil {
		return err
	}
	if err := f.address("--endpoint", f.endpoint); err != nil {
		return err
	}
	if f.token == "-" && f.data == "@-" {
		return usage("put one of them into a file", "call: --token and --data cannot both be standard input")
	}
	body, err := u.body(f.data)
	if err != nil {
		return err
	}
	if err := writable("--out", f.out); err != nil {
		return err
	}
	cfg, err := f.config(u)
	if err != nil {
		return err
	}
	if f.signer != "" {
		if cfg.PeerCertificates, err = u.certificates("--signer", f.signer); err != nil {
			return err
		}
	}
	token, err := u.presented("--token", f.token)
	if err != nil {
		return err
	}
	cfg.Bindings = []wstrust.Binding{token}
	ctx, stop := f.within(ctx)
	defer stop()
	ch, err := wstrust.Open(ctx, f.endpoint, cfg)
	if err != nil {
		return err
	}
	defer ch.Close(context.WithoutCancel(ctx))
	answer, err := ch.Do(ctx, f.action, body)
	if err != nil {
		return u.exchanged(err)
	}
	if answer == "" {
		u.say("the service answered with an empty body")
		return nil
	}
	return u.write(f.out, []byte(answer+"\n"))
}

// presented reads a token to authenticate with.
func (u *ui) presented(flag, name string) (wstrust.Binding, error) {
	t, err := u.readToken(flag, name)
	if err != nil {
		return nil, err
	}
	if err := t.current(displayName(name), time.Now()); err != nil {
		return nil, err
	}
	parsed, err := wstrust.ParseToken(wstrust.XML(t.xml), t.key)
	if err != nil {
		return nil, usage(`it must be the XML of a token, or what "wst issue -o json" printed`, "%s: %s: %w", flag, name, err)
	}
	u.fact("presenting: %v", parsed)
	return wstrust.XMLToken(parsed), nil
}

// body reads what --data means.
func (u *ui) body(data string) (wstrust.XML, error) {
	text := []byte(data)
	if name, ok := strings.CutPrefix(data, "@"); ok {
		var err error
		if text, err = u.readFile("--data", name); err != nil {
			return "", err
		}
	}
	if len(text) == 0 {
		return "", nil
	}
	d, err := xmltree.Parse(text, xmltree.Limits{Bytes: maxFile})
	if err != nil {
		next := "it must be the one element that goes into the SOAP body"
		if !strings.HasPrefix(data, "@") && !strings.HasPrefix(strings.TrimSpace(data), "<") {
			next = "to send a file, write @ before its name"
		}
		return "", &failure{exitUsage, fmt.Errorf("--data: %w", err), next}
	}
	root := d.Root()
	if root.Local() == "Envelope" && (root.Is(xmltree.SOAP11, "Envelope") || root.Is(xmltree.SOAP12, "Envelope")) {
		return "", usage("give what stands inside its Body", "--data: this is a whole SOAP envelope; wst writes that itself")
	}
	return wstrust.XML(root.Raw()), nil
}
