package rig

import (
	"encoding/json"
	"io"
	"testing"
)

// Say writes a value to the standard input of the process, as JSON on one line.
func (p *Process) Say(t testing.TB, v any) {
	t.Helper()
	line, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	in, ok := p.in.(io.Writer)
	if !ok {
		t.Fatal("the input of the process is not open")
	}
	if _, err := in.Write(append(line, '\n')); err != nil {
		t.Fatalf("%s does not listen: %v\n%s", p.cmd.Path, err, Tail(p.log.Name(), 12<<10))
	}
}
