package main

import (
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// These commands stand for sed, grep, cat and sleep, so that the scripts need
// nothing but Go.

// edit replaces the first match of a regular expression in a file, or with
// "all" every one: edit [all] FILE REGEXP REPLACEMENT.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	all := len(args) == 4 && args[0] == "all"
	if all {
		args = args[1:]
	}
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit [all] FILE REGEXP REPLACEMENT")
	}
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	old := ts.ReadFile(args[0])
	at := re.FindStringSubmatchIndex(old)
	if at == nil {
		ts.Fatalf("%s does not match %s", args[0], args[1])
	}
	text := re.ReplaceAllString(old, args[2])
	if !all {
		text = old[:at[0]] + string(re.ExpandString(nil, args[2], old, at)) + old[at[1]:]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// part writes the first match of a regular expression in a file to another, as a
// line:
// part REGEXP FROM TO.
func part(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: part REGEXP FROM TO")
	}
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	found := re.FindString(ts.ReadFile(args[1]))
	if found == "" {
		ts.Fatalf("%s does not match %s", args[1], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(found+"\n"), 0o600))
}

// join writes files one after the other: join TO FROM...
func join(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: join TO FROM...")
	}
	var all []byte
	for _, name := range args[1:] {
		all = append(all, ts.ReadFile(name)...)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), all, 0o600))
}

// pause waits: pause DURATION.
func pause(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pause DURATION")
	}
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	time.Sleep(d)
}
