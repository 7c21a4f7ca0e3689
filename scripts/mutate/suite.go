package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
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
	whole  map[string]test // by name
	units  []test          // what is run for a mutant, the fast ones first
}

// A test, or one subtest of a slow one, has been run alone and without a mutant.
type test struct {
	name string // with the subtest's after a slash
	top  string // of the test
	took time.Duration
	hits map[int]bool // the mutants that would have made a difference somewhere
	busy map[int]bool // those that were asked very often
}

const (
	// askedLimit is how often one test may ask a mutant; a busy one may be asked
	// a hundred times more.
	askedLimit = 2_000_000
	// slow is how long a test may take before its subtests are told apart.
	slow = 300 * time.Millisecond
	// several subtests are run one by one; of more than that many the whole test is.
	several = 16
)

// newSuite builds the binary and runs every test once. A test that fails
// without a mutant proves nothing and is left out; it is named in complaints.
// Where split is set, the subtests of slow tests are run alone, too.
func newSuite(ctx context.Context, t *tree, pkg string, split bool) (s *suite, complaints []string, err error) {
	s = &suite{tree: t, pkg: pkg, whole: map[string]test{}}
	s.binary = filepath.Join(t.work, strings.NewReplacer("/", "_", ".", "root").Replace(pkg)+".test")
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
		one, subs, err := s.record(ctx, name)
		switch {
		case errors.Is(err, errFailed):
			complaints = append(complaints, fmt.Sprintf("%s: %s fails without a mutant and is left out", pkg, name))
			continue
		case err != nil:
			return nil, nil, err
		}
		s.whole[name] = one
		if !split || one.took < slow || len(subs) < 2 {
			s.units = append(s.units, one)
			continue
		}
		units, err := s.split(ctx, one, subs)
		if err != nil {
			return nil, nil, err
		}
		s.units = append(s.units, units...)
	}
	slices.SortFunc(s.units, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	return s, complaints, nil
}

// split records the subtests of a test. What they do not reach alone, the test
// itself does.
func (s *suite) split(ctx context.Context, one test, subs []string) ([]test, error) {
	var units []test
	rest := maps.Clone(one.hits)
	for _, name := range subs {
		sub, _, err := s.record(ctx, name)
		if errors.Is(err, errFailed) {
			continue // it needs those before it
		}
		if err != nil {
			return nil, err
		}
		for id := range sub.hits {
			delete(rest, id)
		}
		units = append(units, sub)
	}
	one.hits = rest
	return append(units, one), nil
}

var errFailed = errors.New("the test failed")

func (s *suite) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, s.binary, args...)
	c.Dir = filepath.Join(s.tree.root, s.pkg)
	c.WaitDelay = time.Second
	return c
}

// record runs one test without a mutant, and names its subtests.
func (s *suite) record(ctx context.Context, name string) (one test, subs []string, err error) {
	file := filepath.Join(s.tree.work, "record")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return one, nil, err
	}
	top, _, _ := strings.Cut(name, "/")
	one = test{name: name, top: top, hits: map[int]bool{}, busy: map[int]bool{}}
	c := s.command(ctx, "-test.run", pattern(one), "-test.timeout", "5m", "-test.v")
	c.Env = append(os.Environ(), live.Record+"="+file, fmt.Sprintf("%s=%d", live.Limit, askedLimit))
	start := time.Now()
	out, err := c.CombinedOutput()
	if err != nil {
		return one, nil, fmt.Errorf("%w: %s\n%s", errFailed, name, out)
	}
	one.took = time.Since(start)
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // no mutant is in that binary
		return one, nil, err
	}
	for ; len(data) >= 4; data = data[4:] {
		n := binary.LittleEndian.Uint32(data)
		if n&live.Often != 0 {
			one.busy[int(n&^live.Often)] = true
		} else {
			one.hits[int(n)] = true
		}
	}
	for line := range strings.Lines(string(out)) {
		sub, isRun := strings.CutPrefix(strings.TrimSpace(line), "=== RUN   "+name+"/")
		if !isRun {
			continue
		}
		sub = name + "/" + sub
		if n := len(subs); n == 0 || !strings.HasPrefix(sub, subs[n-1]+"/") { // not one inside the last
			subs = append(subs, sub)
		}
	}
	return one, subs, nil
}

// pattern matches these tests and no others. Only one of them may be a subtest.
func pattern(tests ...test) string {
	if len(tests) == 1 {
		var parts []string
		for part := range strings.SplitSeq(tests[0].name, "/") {
			parts = append(parts, "^"+regexp.QuoteMeta(part)+"$")
		}
		return strings.Join(parts, "/")
	}
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
	todo := s.toRun(m)
	budget := 50 * time.Millisecond
	for len(todo) > 0 {
		n, took := 1, todo[0].took
		for n < len(todo) && took+todo[n].took <= budget && todo[0].name == todo[0].top && todo[n].name == todo[n].top {
			took += todo[n].took
			n++
		}
		killed, err := s.run(ctx, m, todo[:n], took)
		if killed || err != nil {
			return killed, err
		}
		todo = todo[n:]
		budget *= 4
	}
	return false, nil
}

// toRun lists what can notice a mutant. Some subtests of a test are tried
// alone; if there are many, the first few are, and then the whole test.
func (s *suite) toRun(m mutant) []test {
	var all []test
	count := map[string]int{}
	for _, u := range s.units {
		if !u.hits[m.id] {
			continue
		}
		if u.name != u.top {
			count[u.top]++
			if count[u.top] == several {
				all = append(all, s.whole[u.top])
			}
			if count[u.top] >= several {
				continue
			}
		}
		all = append(all, u)
	}
	slices.SortStableFunc(all, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	return all
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
