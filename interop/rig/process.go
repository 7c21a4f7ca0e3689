package rig

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A Process runs until the test ends. Its standard error is kept in a file, which is
// shown when the test fails.
type Process struct {
	cmd   *exec.Cmd
	in    io.Closer
	lines chan string
	log   *os.File
}

// Start runs a program. It is ended, by closing its input and then by a signal, when
// the test is over.
func Start(t testing.TB, name string, args ...string) *Process {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "stderr.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &Process{cmd: cmd, in: in, lines: make(chan string, 1024), log: log}
	go p.read(out)
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *Process) read(out io.Reader) {
	defer close(p.lines)
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		if line = strings.TrimSpace(line); line != "" {
			p.lines <- line
		}
		if err != nil {
			return
		}
	}
}

func (p *Process) stop(t testing.TB) {
	p.in.Close()
	done := make(chan struct{})
	go func() {
		for range p.lines { // the reader must end before Wait closes the pipe
			continue
		}
		p.cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(500 * time.Millisecond):
		p.cmd.Process.Signal(os.Interrupt)
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			p.cmd.Process.Kill()
			<-done
		}
	}
	p.log.Close()
	if t.Failed() {
		t.Logf("end of the log of %s:\n%s", filepath.Base(p.cmd.Path), Tail(p.log.Name(), 12<<10))
	}
}

// Line is the next line of standard output, or a failure after the wait.
func (p *Process) Line(t testing.TB, wait time.Duration) string {
	t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			t.Fatalf("%s ended:\n%s", p.cmd.Path, Tail(p.log.Name(), 12<<10))
		}
		return line
	case <-time.After(wait):
		t.Fatalf("%s said nothing for %v:\n%s", p.cmd.Path, wait, Tail(p.log.Name(), 12<<10))
	}
	return ""
}

// JSON decodes the next line of standard output, or fails after the wait.
func (p *Process) JSON(t testing.TB, wait time.Duration, into any) {
	t.Helper()
	line := p.Line(t, wait)
	if err := json.Unmarshal([]byte(line), into); err != nil {
		t.Fatalf("%s: %v in %q", p.cmd.Path, err, line)
	}
}

// Mark is the length of the log so far, for Since.
func (p *Process) Mark() int64 {
	info, err := os.Stat(p.log.Name())
	if err != nil {
		return 0
	}
	return info.Size()
}

// Since is what was logged after the mark.
func (p *Process) Since(mark int64) string {
	data, err := os.ReadFile(p.log.Name())
	if err != nil || int64(len(data)) < mark {
		return ""
	}
	return string(data[mark:])
}

// Tail is the end of a file, at most n bytes of it.
func Tail(file string, n int) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	if len(data) > n {
		data = data[len(data)-n:]
	}
	return string(data)
}
