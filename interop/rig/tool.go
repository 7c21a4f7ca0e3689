package rig

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The tool is built once for a test binary.
var tool = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wst-interop")
	if err != nil {
		return "", err
	}
	built.Store(dir)
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "wstrust").Output()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "wst")
	build := exec.Command("go", "build", "-o", path, "./cmd/wst")
	build.Dir = strings.TrimSpace(string(root)) // the tool's own dependencies are those of the root module
	out, err := build.CombinedOutput()
	if err != nil {
		return "", errors.New("go build ./cmd/wst: " + string(out))
	}
	return path, nil
})

// Tool is the path of wst, built from this tree.
func Tool(t testing.TB) string {
	t.Helper()
	path, err := tool()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// built is the folder of the tool, once there is one.
var built atomic.Value

// RemoveTool removes the tool if it was built; a TestMain calls it last.
func RemoveTool() {
	if dir, ok := built.Load().(string); ok {
		os.RemoveAll(dir)
	}
}

// Run runs the tool to its end and returns standard output. It fails the test if the tool fails.
func Run(t testing.TB, args ...string) []byte {
	t.Helper()
	out, code, complaint := Try(t, args...)
	if code != 0 {
		t.Fatalf("wst %q: exit code %d: %s", args, code, complaint)
	}
	return out
}

// Try runs the tool to its end, whatever that is.
func Try(t testing.TB, args ...string) (out []byte, code int, complaint string) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := exec.Command(Tool(t), args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	cmd.WaitDelay = time.Minute
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return o.Bytes(), exit.ExitCode(), e.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return o.Bytes(), 0, e.String()
}

// A DevIssuer is "wst sts --dev", running.
type DevIssuer struct {
	Trust13       string `json:"trust13"`
	Trust2005     string `json:"trust2005"`
	Service       string `json:"service"`
	ServiceAction string `json:"service_action"`
	CA            string `json:"ca"`
	Signer        string `json:"signer"`
	Users         []struct{ Name, Password string }
	ClientCert    string `json:"client_cert"`
	ClientKey     string `json:"client_key"`

	PasswordFile string `json:"-"`
}

// StartDev starts the tool's issuer with more arguments.
func StartDev(t testing.TB, args ...string) *DevIssuer {
	t.Helper()
	dir := t.TempDir()
	p := Start(t, Tool(t), append([]string{"sts", "--dev", "--listen", "127.0.0.1:0", "--state", filepath.Join(dir, "state")}, args...)...)
	d := &DevIssuer{PasswordFile: filepath.Join(dir, "password")}
	p.JSON(t, 20*time.Second, d)
	if len(d.Users) == 0 {
		t.Fatalf("no user in the ready line: %+v", d)
	}
	if err := os.WriteFile(d.PasswordFile, []byte(d.Users[0].Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// Login is the arguments of "wst issue" for the generated user.
func (d *DevIssuer) Login() []string {
	return []string{"--sts", d.Trust13, "--ca", d.CA, "--user", d.Users[0].Name, "--password-file", d.PasswordFile}
}
