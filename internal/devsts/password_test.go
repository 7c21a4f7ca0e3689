package devsts

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// cheap makes password checks fast enough for tests.
func cheap() cost { return cost{memory: 64, time: 1, threads: 1} }

func TestHashRoundTrip(t *testing.T) {
	for _, c := range []cost{cheap(), {memory: 128, time: 3, threads: 2}} {
		h := newHash(c, "correct horse")
		again, err := parseHash(h.String())
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		if !again.matches("correct horse") {
			t.Errorf("%s does not match its own password", h)
		}
		for _, wrong := range []string{"", "correct horse ", "Correct horse", h.String()} {
			if again.matches(wrong) {
				t.Errorf("%q matches", wrong)
			}
		}
	}
	if a, b := newHash(cheap(), "x"), newHash(cheap(), "x"); a.String() == b.String() {
		t.Error("two hashes of one password are the same: no salt")
	}
}

// TestHashKnownAnswer checks a hash that another program made: the reference
// argon2 tool, "echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32".
func TestHashKnownAnswer(t *testing.T) {
	h, err := parseHash("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	if err != nil {
		t.Fatal(err)
	}
	if !h.matches("password") || h.matches("passwore") {
		t.Error("the known answer does not match")
	}
}

func TestParseHashRefuses(t *testing.T) {
	good := newHash(cheap(), "x").String()
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in %q", old, good)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, s := range []string{
		"", "plain", "$", "$$$$$", good + "$", good[1:],
		replace("argon2id", "argon2i"), replace("v=19", "v=16"),
		replace("m=64", "m=0"), replace("m=64", "m=4294967295"), replace("m=64", "m=-1"),
		replace("t=1", "t=0"), replace("t=1", "t=1000"), replace("p=1", "p=0"), replace("p=1", "p=255"),
		"$argon2id$v=19$m=64,t=1,p=1$$", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$YQ", good + "=",
	} {
		if _, err := parseHash(s); err == nil {
			t.Errorf("accepted %q", s)
		}
	}
}

func TestCheckerTreatsUnknownNamesAlike(t *testing.T) {
	c := newChecker(cheap(), map[string]hash{"alice": newHash(cheap(), "pw")}, 2)
	for _, test := range []struct {
		name, password string
		want           bool
	}{{"alice", "pw", true}, {"alice", "pW", false}, {"alice", "", false}, {"bob", "pw", false}, {"", "", false}} {
		if got, err := c.check(t.Context(), test.name, test.password); got != test.want || err != nil {
			t.Errorf("check(%q, %q) = %v, %v", test.name, test.password, got, err)
		}
	}
	if c.nobody.cost != cheap() {
		t.Errorf("an unknown name costs %v, a known one %v", c.nobody.cost, cheap())
	}

	// Both paths do an argon2 computation: with a large one both take its memory.
	// (Time would tell too, but not on a machine that does other things.)
	const memory = 8 << 20
	large := cost{memory: memory >> 10, time: 1, threads: 1}
	c = newChecker(large, map[string]hash{"alice": newHash(large, "pw")}, 1)
	for _, name := range []string{"alice", "bob"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if ok, err := c.check(t.Context(), name, "wrong"); ok || err != nil {
			t.Fatal(ok, err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took < memory {
			t.Errorf("a wrong password for %s takes %d octets of memory, the hash alone needs %d", name, took, memory)
		}
	}
}

func TestCheckerWaitsForItsTurn(t *testing.T) {
	c := newChecker(cheap(), nil, 1)
	c.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ok, err := c.check(ctx, "alice", "pw"); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("check with no slot = %v, %v", ok, err)
	}
}

func TestPlainUsers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	write := func(s string) {
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# people\n\nalice:pa:ss word \r\nbob@example.com:x\nÖrn:ü\n")
	people, names, err := readPlainUsers(path, cheap())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"alice", "bob@example.com", "Örn"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
	for name, password := range map[string]string{"alice": "pa:ss word ", "bob@example.com": "x", "Örn": "ü"} {
		if !people[name].matches(password) {
			t.Errorf("%s: the password does not match", name)
		}
	}
	for _, bad := range []string{"alice\n", ":pw\n", "alice:\n", " alice:pw\n", "a\x01:pw\n", "a:1\na:2\n", "\xff:pw\n"} {
		write(bad)
		_, _, err := readPlainUsers(path, cheap())
		if err == nil {
			t.Errorf("accepted %q", bad)
		} else if strings.Contains(err.Error(), "pw") && !strings.Contains(err.Error(), "name:password") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
	if _, _, err := readPlainUsers(filepath.Join(t.TempDir(), "none"), cheap()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestUsersAreKept(t *testing.T) {
	dir := t.TempDir()
	people, dev, err := loadUsers(dir, cheap())
	if err != nil {
		t.Fatal(err)
	}
	if dev.Name != "dev" || len(dev.Password) < 20 || !people["dev"].matches(dev.Password) {
		t.Fatalf("first start: user %q, a password of %d characters", dev.Name, len(dev.Password))
	}
	people, again, err := loadUsers(dir, cheap())
	if err != nil || again != dev || !people["dev"].matches(dev.Password) {
		t.Fatalf("second start: the user changed (%v)", err)
	}
	hashes, err := os.ReadFile(filepath.Join(dir, "users"))
	if err != nil || strings.Contains(string(hashes), dev.Password) {
		t.Fatalf("the users file shows the password (%v)", err)
	}

	// A user added by hand, and the clear password removed.
	line := "carol:" + newHash(cheap(), "hers").String() + "\n"
	if err := os.WriteFile(filepath.Join(dir, "users"), append(hashes, line...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "dev-password")); err != nil {
		t.Fatal(err)
	}
	people, gone, err := loadUsers(dir, cheap())
	if err != nil || gone != (User{}) || !people["carol"].matches("hers") || !people["dev"].matches(dev.Password) {
		t.Fatalf("third start: %v, %v", gone.Name, err)
	}

	// A damaged file is an error, not a new user.
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte("dev:broken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := loadUsers(dir, cheap()); err == nil {
		t.Error("a damaged users file was accepted")
	}
}
