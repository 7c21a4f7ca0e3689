package main

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
)

// A ui is where a command reads and writes. The rules, for all commands:
//
//   - out gets the result and nothing else, and only when the command succeeded;
//   - err gets words for people, in whole lines that begin with "wst: ";
//   - a failure says what failed, where, why, and what to do next;
//   - escape sequences are written to terminals only, and to none if NO_COLOR is set;
//   - secrets that are known never appear in err, whoever put them into a text.
type ui struct {
	in       *os.File
	out, err io.Writer
	getenv   func(string) string

	outTTY, errTTY bool
	colourOut      bool
	colourErr      bool

	verbose int // 0, 1: facts, 2: messages with secrets masked

	// ahead is by how much the clock of the last peer was ahead of ours, as far
	// as its HTTP answer tells.
	ahead time.Duration

	known []string // secrets that this process has read, in the forms that texts give them
}

func newUI(in, out, err *os.File, getenv func(string) string) *ui {
	u := &ui{in: in, out: out, err: err, getenv: getenv}
	u.outTTY = term.IsTerminal(int(out.Fd()))
	u.errTTY = term.IsTerminal(int(err.Fd()))
	plain := getenv("NO_COLOR") != "" || getenv("TERM") == "dumb"
	u.colourOut = u.outTTY && !plain
	u.colourErr = u.errTTY && !plain
	return u
}

// say writes one line for people.
func (u *ui) say(format string, args ...any) { u.line("", fmt.Sprintf(format, args...)) }

// fact writes one line that only -v asks for.
func (u *ui) fact(format string, args ...any) {
	if u.verbose >= 1 {
		u.line("", fmt.Sprintf(format, args...))
	}
}

// warn writes one line about something that succeeded and yet wants attention.
func (u *ui) warn(format string, args ...any) {
	u.line(paint(u.colourErr, yellow, "warning: "), fmt.Sprintf(format, args...))
}

func (u *ui) line(label, text string) {
	fmt.Fprintf(u.err, "wst: %s%s\n", label, printable(u.redact(text)))
}

// keep remembers a secret, so that redact finds it. Very short ones would
// blank out half of every text and are left to the masks of mask.go.
func (u *ui) keep(secret []byte) {
	if len(secret) < 4 {
		return
	}
	plain := string(secret)
	quoted := strconv.Quote(plain)
	for _, form := range []string{plain, quoted[1 : len(quoted)-1], url.QueryEscape(plain), base64.StdEncoding.EncodeToString(secret), html.EscapeString(plain)} {
		if !slices.Contains(u.known, form) {
			u.known = append(u.known, form)
		}
	}
}

// redact takes the secrets this process knows out of a text. It is the second
// line of defence: a peer may put the password we sent into its fault.
func (u *ui) redact(text string) string {
	for _, secret := range u.known {
		text = strings.ReplaceAll(text, secret, masked)
	}
	return text
}

// printable keeps what a peer sent from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069) {
			return '\uFFFD'
		}
		return r
	}, s)
}

const (
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

func paint(on bool, colour, s string) string {
	if !on {
		return s
	}
	return colour + s + reset
}
