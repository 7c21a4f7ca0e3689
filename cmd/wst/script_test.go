package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wst": main})
}

// TestScripts runs testdata/script against an issuer and a service in this
// process. Commands of the scripts besides testscript's own:
//
//	works wst …          it succeeds, and shows no secret
//	fails CODE wst …     it fails with that exit status, prints nothing on stdout,
//	                     says one error and what to do next, and shows no secret
//	peer KIND            start a peer of that kind, see peers_test.go, at $PEER
//	mint FILE KEY=VALUE… write an assertion that the issuer signed
//	pair NAME SETTING…   make a key and a certificate, NAME.key and NAME.pem
//	pfx FILE PASSWORD    write the client certificate and its key as PKCS#12
//	mode FILE 0600       the file has that mode
//	lines FILE N         the file has N lines
//	launch wst sts …     start it and wait for its line, whose fields become $NAME
//	shutdown SIGNAL      end it, with exit status 0
//
// They find $STS, $STS2005, $SERVICE, $SERVICEKEY, $ACTION, $CA, $SIGNER, $CERT,
// $KEY and the file pw with the password of the user dev.
func TestScripts(t *testing.T) {
	d := openDev(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for name, value := range d.env() {
				env.Setenv(name, value)
			}
			env.Values[devKey{}] = d
			return os.WriteFile(filepath.Join(env.WorkDir, "pw"), []byte(d.ready.Users[0].Password+"\n"), 0o600)
		},
		Cmds:               commands(),
		RequireUniqueNames: true,
		Deadline:           time.Now().Add(3 * time.Minute), // a command that hangs is killed, and told
	})
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"works": works, "fails": fails, "peer": startPeer, "mint": mint, "mode": mode, "lines": lines,
		"edit": edit, "part": part, "join": join, "pause": pause,
		"launch": launch, "shutdown": shutdown, "reached": reached, "pfx": pfx, "pair": pair, "revoke": revoke,
	}
}

type devKey struct{}

func theDev(ts *testscript.TestScript) *dev { return ts.Value(devKey{}).(*dev) }

// TestNoCommandIsShadowed: testscript's own commands win over ours, silently.
func TestNoCommandIsShadowed(t *testing.T) {
	for name := range commands() {
		if strings.Contains(" cd chmod cmp cmpenv cp env exec exists grep kill mkdir mv rm skip stderr stdin stdout stop symlink ttyin ttyout unquote unix2dos wait ", " "+name+" ") {
			t.Errorf("%s is testscript's", name)
		}
	}
}

func works(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: works wst …")
	}
	ts.Check(ts.Exec(args[0], args[1:]...))
	noSecrets(ts, "stderr")
}

func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails CODE wst …")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		ts.Fatalf("exit status %d wanted, and it ended with %v", want, err)
	}
	if got := exit.ExitCode(); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output of a failure: %q", out)
	}
	said := ts.ReadFile("stderr")
	if n := strings.Count(said, "wst: error: "); n != 1 {
		ts.Fatalf("%d error lines, want 1", n)
	}
	if !strings.Contains(said, "\nwst: next: ") {
		ts.Fatalf("nothing is said about what to do next")
	}
	for line := range strings.Lines(said) {
		if !strings.HasPrefix(line, "wst: ") {
			ts.Fatalf("a line without wst: in front: %q", line)
		}
	}
	noSecrets(ts, "stdout")
	noSecrets(ts, "stderr")
}

// noSecrets looks for the password, in forms in which it may appear, and for
// lines of every private key of the issuer's folder and of the script's own.
func noSecrets(ts *testscript.TestScript, stream string) {
	said := ts.ReadFile(stream)
	d := theDev(ts)
	secrets := []string{d.ready.Users[0].Password, "hunter"}
	for _, dir := range []string{d.dir, ts.Getenv("WORK")} {
		secrets = append(secrets, keyLines(dir)...)
	}
	for _, s := range secrets {
		if strings.Contains(said, s) {
			ts.Fatalf("%s shows a secret: %q", stream, s)
		}
	}
}

var inProof = regexp.MustCompile(`"proof_key":"([^"]+)"`)

func keyLines(dir string) (secrets []string) {
	filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil
		}
		if m := inProof.FindSubmatch(data); m != nil {
			for _, s := range strings.Split(string(m[1]), `\n`) {
				if len(s) > 20 && !strings.HasPrefix(s, "-----") {
					secrets = append(secrets, s)
				}
			}
		}
		if !strings.Contains(string(data), "PRIVATE KEY-----") {
			return nil
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); len(line) > 20 && !strings.Contains(line, "-----") && !strings.Contains(line, "{") {
				secrets = append(secrets, line)
			}
		}
		return nil
	})
	return secrets
}

func mode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	want, err := strconv.ParseUint(args[1], 8, 32)
	ts.Check(err)
	if got := info.Mode().Perm(); (got == fs.FileMode(want)) == neg {
		ts.Fatalf("%s has mode %v", args[0], got)
	}
}

func lines(ts *testscript.TestScript, neg bool, args []string) {
	if got := strconv.Itoa(strings.Count(ts.ReadFile(args[0]), "\n")); (got == args[1]) == neg {
		ts.Fatalf("%s has %s lines", args[0], got)
	}
}

func startPeer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: peer KIND")
	}
	url, err := theDev(ts).peer(args[0], ts.Defer)
	ts.Check(err)
	ts.Setenv("PEER", url)
}

// reached says how often the place was visited to which a peer redirects.
func reached(ts *testscript.TestScript, neg bool, args []string) {
	if got := strconv.Itoa(int(theDev(ts).elsewhere.Load())); (got == args[0]) == neg {
		ts.Fatalf("the other host was visited %s times", got)
	}
}

// closed reports whether nobody listens at the host of a URL any more.
func closed(base string) bool {
	c, err := net.Dial("tcp", strings.TrimPrefix(base, "https://"))
	if err == nil {
		c.Close()
	}
	return err != nil
}

func TestEveryScriptTestsSomething(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	covered := make(map[string]bool)
	status := regexp.MustCompile(`(?m)^fails (\d) `)
	for _, name := range scripts {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range status.FindAllStringSubmatch(string(data), -1) {
			covered[m[1]] = true
		}
	}
	for c := exitUsage; c <= exitStore; c++ {
		if !covered[strconv.Itoa(int(c))] {
			t.Errorf("no script has exit status %d", c)
		}
	}
	for _, c := range rootCommand(&ui{}).Commands() {
		if !slices.Contains(scripts, "testdata/script/"+c.Name()+".txtar") {
			t.Errorf("no script is named after the command %s", c.Name())
		}
	}
}
