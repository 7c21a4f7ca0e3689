package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A code is an exit status. Scripts rely on the numbers; they do not change.
type code int

const (
	exitOK       code = 0
	exitOther    code = 1 // a bug, a full disk, an interrupt
	exitUsage    code = 2 // the command line, or a file it names
	exitNetwork  code = 3 // network or TLS, or an answer that is no answer
	exitDenied   code = 4 // the peer's fault: who we are
	exitRefused  code = 5 // the peer's fault: what we asked for
	exitUnproven code = 6 // verification failed
	exitPolicy   code = 7 // what is asked for is not allowed, here or there
	exitClock    code = 8 // expired, not yet valid, or two clocks that differ
	exitStore    code = 9 // a cache or a state folder
)

const exitHelp = `Exit status:
  0  ok
  1  anything else
  2  usage: the command line, or a file that it names
  3  network or TLS, or an answer that is not one
  4  the issuer or service refused who is asking
  5  the issuer or service refused what is asked for
  6  verification failed
  7  a policy cannot be met
  8  clock: expired, not yet valid, or the clocks differ
  9  cache or state folder`

// A failure is how a command ends when it does not succeed.
type failure struct {
	code code
	err  error  // what failed, where, and why
	next string // what to do about it
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// fail makes a failure whose words are the caller's own.
func fail(c code, next, format string, args ...any) error {
	return &failure{c, fmt.Errorf(format, args...), next}
}

func usage(next, format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...), next}
}

// report tells of err and returns the exit status for it.
func (u *ui) report(err error) code {
	if err == nil {
		return exitOK
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = explain(err)
	}
	if errors.Is(err, context.Canceled) && f.code != exitUsage {
		f = &failure{exitOther, errors.New("interrupted"), "run the command again; nothing was left half done"}
	}
	u.line(paint(u.colourErr, red, "error: "), clip(strings.TrimPrefix(f.Error(), "wstrust: ")))
	if f.next != "" {
		u.line(paint(u.colourErr, bold, "next: "), f.next)
	}
	return f.code
}

// clip keeps an error to one line of a bearable length: parts of it may be the
// peer's.
func clip(s string) string {
	const most = 1200
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
