package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// A secretSource says where a password may come from, in this order: a file,
// standard input, an environment variable, a prompt. Never an argument: those
// are seen by every user of the machine and kept in the shell's history.
type secretSource struct {
	what      string // for the prompt: "password of alice"
	flag      string // "--password-file"
	file      string
	stdinFlag string // "--password-stdin", "" if there is none
	stdin     bool
	variable  string
}

// secret reads one password.
func (u *ui) secret(s secretSource) (string, error) {
	var data []byte
	var err error
	from := s.flag
	switch {
	case s.file != "":
		data, err = u.readFile(s.flag, s.file)
	case s.stdin:
		from = s.stdinFlag
		data, err = u.readFile(s.stdinFlag, "-")
	case u.getenv(s.variable) != "":
		from = s.variable
		data = []byte(u.getenv(s.variable))
	default:
		from = "the prompt"
		data, err = u.prompt(s)
	}
	if err != nil {
		return "", err
	}
	// One line end belongs to the file and not to the password.
	data = bytes.TrimSuffix(data, []byte("\n"))
	data = bytes.TrimSuffix(data, []byte("\r"))
	switch {
	case len(data) == 0:
		return "", usage("it must hold the password and nothing else", "%s: the password is empty", from)
	case bytes.ContainsAny(data, "\r\n"):
		return "", usage("it must hold the password and nothing else", "%s: the password has more than one line", from)
	case !utf8.Valid(data):
		return "", usage("write the password in UTF-8", "%s: the password is not UTF-8 text", from)
	}
	u.keep(data)
	return string(data), nil
}

// prompt asks at the terminal, without echo. It does so only where somebody can
// be expected to sit: standard input or standard error is a terminal.
func (u *ui) prompt(s secretSource) ([]byte, error) {
	ways := []string{s.flag, s.stdinFlag, "the variable " + s.variable}
	if s.stdinFlag == "" {
		ways = []string{s.flag, "the variable " + s.variable}
	}
	none := usage("give it with "+strings.Join(ways[:len(ways)-1], ", ")+" or "+ways[len(ways)-1], "there is no %s, and no terminal to ask at", s.what)
	inTTY := term.IsTerminal(int(u.in.Fd()))
	if !inTTY && !u.errTTY {
		return nil, none
	}
	// The terminal itself, since standard input may be a pipe with data in it.
	var say io.Writer
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	switch {
	case err == nil:
		defer tty.Close()
		say = tty
	case inTTY:
		tty, say = u.in, u.err
	default:
		return nil, none
	}
	fmt.Fprintf(say, "%s%s: ", strings.ToUpper(s.what[:1]), printable(s.what[1:]))
	data, err := term.ReadPassword(int(tty.Fd()))
	fmt.Fprintln(say)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fail(exitOther, "give it with "+s.flag, "the terminal: %w", err)
	}
	return data, nil
}
