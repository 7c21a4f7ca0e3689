package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"wstrust/internal/devsts"
)

type stsFlags struct {
	dev      bool
	listen   string
	state    string
	users    string
	clientCA string
	key      string
}

func stsCommand(u *ui) *cobra.Command {
	var f stsFlags
	cmd := &cobra.Command{
		Use:   "sts --dev --state DIR [flags]",
		Short: "Run an issuer for development, with a service that accepts its tokens",
		Long: `Sts --dev runs an issuer to develop and test against, and a small service that
accepts its tokens and echoes what it is sent. It makes a certificate authority,
a signer, a user and a client certificate of its own in the state folder, and
keeps them for the next time. What it issues is real, and checked as a real
issuer checks; but its keys lie in a folder, so trust it with nothing.

When it listens it prints one line of JSON on standard output:

  {"trust13": URL, "trust2005": URL, "service": URL, "service_action": URI,
   "ca": FILE, "signer": FILE, "users": [{"name": ..., "password": ...}],
   "client_cert": FILE, "client_key": FILE}

It ends cleanly on SIGINT and SIGTERM.`,
		Example: `  wst sts --dev --listen 127.0.0.1:8443 --state ./dev

  # Any free port; wait for the line, then take the address out of it
  wst sts --dev --listen 127.0.0.1:0 --state ./dev > ready.json &
  jq -r .trust13 ready.json

  # With people and certificates of your own
  printf 'alice:correct horse\n' > people
  wst sts --dev --state ./dev --dev-users people --dev-client-ca company-ca.pem`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), u, cmd, &f) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.BoolVar(&f.dev, "dev", false, "run for development: the only kind there is")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "`HOST:PORT` to listen on; port 0 takes a free one")
	fl.StringVar(&f.state, "state", "", "`DIR` with the issuer's keys and users, made if it is not there")
	fl.StringVar(&f.users, "dev-users", "", "`FILE` with more people, lines name:password")
	fl.StringVar(&f.clientCA, "dev-client-ca", "", "`PEM` file of authorities whose client certificates are accepted too")
	fl.Var(newChoice(&f.key, "rsa", "p256"), "dev-key", "kind of the signer's key, when it is made for the first time")
	return cmd
}

func serve(ctx context.Context, u *ui, cmd *cobra.Command, f *stsFlags) error {
	if !f.dev {
		return usage("add --dev to run an issuer for development", "sts: only --dev is there; an issuer with keys that matter is a program of yours around package sts")
	}
	if err := need(cmd, "state"); err != nil {
		return err
	}
	state, err := openState(u, f)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return &failure{exitNetwork, fmt.Errorf("--listen: %w", err), "choose another port, or 127.0.0.1:0 for any that is free"}
	}
	if host, _, err := net.SplitHostPort(ln.Addr().String()); err == nil {
		if ip := net.ParseIP(host); ip != nil && !ip.IsLoopback() {
			u.warn("listening on %s: others on the network can reach an issuer whose keys lie in %s", ln.Addr(), f.state)
		}
	}
	line, err := json.Marshal(state.Ready(devsts.Base(ln.Addr())))
	if err != nil {
		ln.Close()
		return err
	}
	if err := u.print(append(line, '\n')); err != nil {
		ln.Close()
		return err
	}
	u.say("the issuer listens on %s; its keys are in %s; end it with Ctrl-C", devsts.Base(ln.Addr()), f.state)
	if err := state.Serve(ctx, ln); err != nil {
		return &failure{exitNetwork, fmt.Errorf("sts: %w", err), "start it again"}
	}
	u.say("the issuer ended")
	return nil
}

func openState(u *ui, f *stsFlags) (*devsts.State, error) {
	o := devsts.Options{Dir: f.state, Key: f.key, UsersFile: f.users, ClientCA: f.clientCA}
	if u.verbose > 0 {
		level := slog.LevelInfo
		if u.verbose > 1 {
			level = slog.LevelDebug
		}
		o.Logger = slog.New(slog.NewTextHandler(u.err, &slog.HandlerOptions{Level: level}))
	}
	state, err := devsts.Open(o)
	if err == nil {
		return state, nil
	}
	// The user's own files are not the state's fault.
	if alone := o; f.users != "" || f.clientCA != "" {
		alone.UsersFile, alone.ClientCA = "", ""
		if _, err2 := devsts.Open(alone); err2 == nil {
			return nil, usage("mend the file; -h tells what stands in it", "sts: %w", err)
		}
	}
	next := "mend what it says, or name an empty folder to begin anew"
	if errors.Is(err, fs.ErrPermission) {
		next = "choose a folder that you can write to"
	}
	return nil, &failure{exitStore, fmt.Errorf("--state: %w", err), next}
}
