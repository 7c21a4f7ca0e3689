package rig

import (
	"os"
	"os/exec"
	"testing"
)

// Absent skips the test because a peer is not installed. Under run.sh, which runs only
// peers that it installed, it fails the test instead.
func Absent(t testing.TB, peer string) {
	t.Helper()
	if os.Getenv("INTEROP_STRICT") != "" {
		t.Fatalf("%s was installed, and is not to be found", peer)
	}
	t.Skipf("%s is not installed: run interop/run.sh", peer)
}

// Program is the path of an installed program.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Absent(t, name)
	}
	return path
}
