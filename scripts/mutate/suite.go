package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"wstrust/scripts/mutate/live"
)

// A suite is the tests of one package in one binary, with all mutants in it.
type suite struct {
	tree   *tree
	pkg    string
	binary string
	tests  []test
}

// A test has been run alone and without a mutant.
type test struct {
	name string
	took time.Duration
	hits map[int]bool // the mutants that would have made a difference somewhere
	busy map[int]bool // those that were asked very often
}

// askedLimit is how often one test may ask a mutant; a busy one may be asked
// a hundred times more.
const askedLimit = 2_000_000

// newSuite builds the binary and runs every test once. A test that fails
// without a mutant proves nothing and is left out; it is named in complaints.
func newSuite(ctx context.Context, t *tree, pkg string) (s *suite, complaints []string, err error) {
	s = &suite{tree: t, pkg: pkg, binary: filepath.Join(t.work, strings.NewReplacer("/", "_", ".", "root").Replace(pkg)+".test")}
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", t.overlay(), "-o", s.binary, "./"+pkg)
	build.Dir = t.root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("build of %s: %w\n%s", pkg, err, out)
	}
	out, err := s.command(ctx, "-test.list", ".").Output()
	if err != nil {
		return nil, nil, fmt.Errorf("list of the tests of %s: %w", pkg, err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(name, "Benchmark") {
			continue
		}
		one, err := s.record(ctx, name)
		switch {
		case errors.Is(err, errFailed):
			complaints = append(complaints, fmt.Sprintf("%s: %s fails without a mutant and is left out", pkg, name))
		case err != nil:
			return nil, nil, err
		default:
			s.tests = append(s.tests, one)
		}
	}
	slices.SortFunc(s.tests, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	return s, complaints, nil
}

var errFailed = errors.New("the test failed")

func (s *suite) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, s.binary, args...)
	c.Dir = filepath.Join(s.tree.root, s.pkg)
	c.WaitDelay = time.Second
	return c
}

func (s *suite) record(ctx context.Context, name string) (test, error) {
	file := filepath.Join(s.tree.work, "record")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return test{}, err
	}
	one := test{name: name, hits: map[int]bool{}, busy: map[int]bool{}}
	c := s.command(ctx, "-test.run", pattern(one), "-test.timeout", "5m")
	c.Env = append(os.Environ(), live.Record+"="+file, fmt.Sprintf("%s=%d", live.Limit, askedLimit))
	start := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		return test{}, fmt.Errorf("%w: %s\n%s", errFailed, name, out)
	}
	one.took = time.Since(start)
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // no mutant is in that binary
		return test{}, err
	}
	for ; len(data) >= 4; data = data[4:] {
		n := binary.LittleEndian.Uint32(data)
		if n&live.Often != 0 {
			one.busy[int(n&^live.Often)] = true
		} else {
			one.hits[int(n)] = true
		}
	}
	return one, nil
}

// pattern matches these tests and no others.
func pattern(tests ...test) string {
	var names []string
	for _, t := range tests {
		names = append(names, regexp.QuoteMeta(t.name))
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

// kills runs the tests for which the mutant can make a difference, the fast
// ones first, and says whether one of them notices. Whoever never ends, or
// asks a mutant beyond measure, has noticed too.
func (s *suite) kills(ctx context.Context, m mutant) (bool, error) {
	var all []test
	for _, t := range s.tests {
		if t.hits[m.id] {
			all = append(all, t)
		}
	}
	budget := 50 * time.Millisecond
	for len(all) > 0 {
		n, took := 1, all[0].took
		for n < len(all) && took+all[n].took <= budget {
			took += all[n].took
			n++
		}
		killed, err := s.run(ctx, m, all[:n], took)
		if killed || err != nil {
			return killed, err
		}
		all = all[n:]
		budget *= 4
	}
	return false, nil
}

func (s *suite) run(ctx context.Context, m mutant, tests []test, took time.Duration) (bool, error) {
	limit := askedLimit * len(tests)
	if slices.ContainsFunc(tests, func(t test) bool { return t.busy[m.id] }) {
		limit *= 100
	}
	bounded, cancel := context.WithTimeout(ctx, 5*time.Second+10*took)
	defer cancel()
	c := s.command(bounded, "-test.run", pattern(tests...), "-test.failfast", "-test.timeout", "0")
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%d", live.Active, m.id), fmt.Sprintf("%s=%d", live.Limit, limit))
	err := c.Run()
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return false, err
	}
	return err != nil, nil
}
