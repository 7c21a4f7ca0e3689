// Command wst gets security tokens from a WS-Trust issuer, shows and verifies
// them, and calls services with them. It secures and checks single messages, too.
//
// What a command was asked for goes to standard output and nothing else does;
// words for people go to standard error. The exit status says what kind of
// failure it was, see exit.go. No password and no key is ever taken from an
// argument or written to a terminal.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	u := newUI(os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	root := rootCommand(u)
	root.SetArgs(os.Args[1:])
	return int(u.report(root.ExecuteContext(ctx)))
}
