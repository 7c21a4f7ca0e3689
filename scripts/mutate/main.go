// Command mutate changes the packages that verify, one place at a time, and
// tells which changes no test notices.
//
//	go -C scripts/mutate run . -write              # everything, into docs/mutation.md
//	go -C scripts/mutate run . -sample 60 -seed X  # some mutants, as CI does
//	go -C scripts/mutate run . -pkg saml           # one package, while working on it
//	go -C scripts/mutate run . -pkg saml -fn check # some functions
//	go -C scripts/mutate run . -unjudged           # what was not killed and has no reason: is it now?
//
// All mutants are compiled into each test binary once; a number in the
// environment says which one lives. Before, every test runs alone without a
// mutant and writes down for which of them a condition would have come out
// differently: only those tests can notice. The exit code is 1 if a mutant
// survives that docs/mutation.md does not list.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// verifiers are the packages that are changed, lowest first.
var verifiers = []string{
	"internal/xmltree", "internal/alg", "internal/c14n", "internal/xmldsig", "internal/xmlenc", "internal/soap", "saml", "internal/wsse", "service",
}

// A package that has both is two rows of the table: its files that read and
// verify messages, and those that write them.
const (
	reads  = ": reading and verifying"
	writes = ": writing and the rest"
)

// readers are, by the package, those files.
var readers = map[string]*regexp.Regexp{
	"internal/wsse": regexp.MustCompile(`/(answer|assertion|confirm|cover|derived|encrypted|keyref|open|passwordkey|place|read|replace|resolve|secret|signer|state|timestamp|username|verify)\.go$`),
}

// row is where in the table a mutant counts.
func (m mutant) row() string {
	switch re := readers[m.key.pkg]; {
	case re == nil:
		return m.key.pkg
	case re.MatchString(m.file):
		return m.key.pkg + reads
	default:
		return m.key.pkg + writes
	}
}

// allRows are the rows of packages, in their order.
func allRows(packages []string) (all []string) {
	for _, pkg := range packages {
		if readers[pkg] == nil {
			all = append(all, pkg)
		} else {
			all = append(all, pkg+reads, pkg+writes)
		}
	}
	return all
}

// witnesses are packages whose tests are asked when the own tests of a mutant
// let it live, the quick ones first.
var witnesses = append(slices.Clone(verifiers), "sts", "internal/attack", ".")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context) (ok bool, err error) {
	var (
		root   = flag.String("root", "../..", "the module's folder")
		only   = flag.String("pkg", "", "only the mutants of these packages or rows of the table, with commas between")
		fn     = flag.String("fn", "", "only those in functions that this expression matches")
		sample = flag.Int("sample", 0, "only so many, drawn from those of packages in the table that are not listed")
		seed   = flag.String("seed", "", "what the draw depends on, such as the commit")
		jobs   = flag.Int("jobs", 1, "test processes at a time")
		by     = flag.String("by", strings.Join(witnesses, ","), "whose tests are asked when a package's own let a mutant live")
		open   = flag.Bool("unjudged", false, "only those of which the document says that nobody has judged them")
		rewr   = flag.Bool("write", false, "write what came out into the document; for whole rows of its table only")
	)
	flag.Parse()
	if *rewr && (*fn != "" || *sample != 0 || *open) {
		return false, fmt.Errorf("-write is for whole rows of the table")
	}
	folder, err := filepath.Abs(*root)
	if err != nil {
		return false, err
	}
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(work)
	t, err := readTree(folder, work, verifiers)
	if err != nil {
		return false, err
	}
	document := filepath.Join(folder, "docs", "mutation.md")
	listed, err := readList(document)
	if err != nil {
		return false, err
	}
	chosen, err := choose(t.mutants, *only, *fn)
	if err != nil {
		return false, err
	}
	if *open {
		chosen = slices.DeleteFunc(chosen, func(m mutant) bool { return listed[m.key] != unjudged })
	}
	if *sample > 0 {
		judged, err := readTable(document)
		if err != nil {
			return false, err
		}
		chosen = draw(chosen, judged, listed, *sample, *seed)
	}
	h := &hunt{ctx: ctx, tree: t, jobs: *jobs, by: strings.Split(*by, ","), split: *sample == 0, became: map[int]verdict{}}
	if err := h.run(chosen); err != nil {
		return false, err
	}
	ok = true
	for _, m := range chosen {
		_, known := listed[m.key]
		switch became := h.became[m.id]; {
		case became == survived && !known:
			fmt.Printf("survived: %s:%d: %s\n", m.file, m.line, m.key)
			ok = false
		case became != survived && known:
			fmt.Printf("listed, but dead: %s:%d: %s\n", m.file, m.line, m.key)
		}
	}
	fmt.Print(table(count(chosen, h.became, listed, "now"), rowsOf(chosen)))
	if *rewr {
		when := time.Now().Format(time.DateOnly)
		if !slices.Equal(h.by, witnesses) {
			when += ", asked besides: " + strings.Join(h.by, ", ")
		}
		return true, write(document, t.mutants, chosen, h.became, listed, when)
	}
	return ok, nil
}

func rowsOf(mutants []mutant) (rows []string) {
	for _, m := range mutants {
		if !slices.Contains(rows, m.row()) {
			rows = append(rows, m.row())
		}
	}
	return rows
}

func choose(all []mutant, only, fn string) (chosen []mutant, err error) {
	re, err := regexp.Compile(fn)
	if err != nil {
		return nil, err
	}
	names := strings.Split(only, ",")
	for _, m := range all {
		if (only == "" || slices.Contains(names, m.key.pkg) || slices.Contains(names, m.row())) && re.MatchString(m.key.fn) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no mutant is in package %q, function %q", only, fn)
	}
	return chosen, nil
}

// draw takes n mutants, the same ones for the same seed: of rows whose list is
// whole, and not on it.
func draw(all []mutant, judged map[string]figures, listed list, n int, seed string) []mutant {
	all = slices.DeleteFunc(all, func(m mutant) bool {
		_, whole := judged[m.row()]
		_, known := listed[m.key]
		return known || !whole
	})
	sum := fnv.New64a()
	sum.Write([]byte(seed))
	r := rand.New(rand.NewPCG(sum.Sum64(), 0))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:min(n, len(all))]
	slices.SortFunc(all, func(a, b mutant) int { return cmp.Compare(a.id, b.id) })
	return all
}

// A hunt sets tests on mutants.
type hunt struct {
	ctx    context.Context
	tree   *tree
	jobs   int
	by     []string
	split  bool
	became map[int]verdict
}

// run asks the own tests of each mutant first, then those of the others.
func (h *hunt) run(chosen []mutant) error {
	suites := map[string]*suite{}
	ask := func(pkg string, mutants []mutant, becomes verdict) error {
		if len(mutants) == 0 {
			return nil
		}
		s := suites[pkg]
		if s == nil {
			var complaints []string
			var err error
			if s, complaints, err = newSuite(h.ctx, h.tree, pkg, h.split); err != nil {
				return err
			}
			for _, c := range complaints {
				fmt.Fprintln(os.Stderr, "mutate:", c)
			}
			suites[pkg] = s
		}
		killed, err := h.set(s, mutants, becomes)
		fmt.Fprintf(os.Stderr, "mutate: %s: the tests of %s kill %d of %d\n", time.Now().Format(time.TimeOnly), pkg, killed, len(mutants))
		return err
	}
	for _, pkg := range verifiers {
		own := slices.DeleteFunc(slices.Clone(chosen), func(m mutant) bool { return m.key.pkg != pkg })
		if err := ask(pkg, own, killedByOwn); err != nil {
			return err
		}
	}
	for i, pkg := range witnesses {
		if !slices.Contains(h.by, pkg) {
			continue
		}
		below := witnesses[:min(i, len(verifiers))] // no other package is used by this one
		alive := slices.DeleteFunc(slices.Clone(chosen), func(m mutant) bool {
			return !slices.Contains(below, m.key.pkg) || h.became[m.id] != survived
		})
		if err := ask(pkg, alive, killedByOthers); err != nil {
			return err
		}
	}
	return nil
}

func (h *hunt) set(s *suite, mutants []mutant, becomes verdict) (killed int, err error) {
	var (
		wait  sync.WaitGroup
		mu    sync.Mutex
		done  int
		queue = make(chan mutant)
	)
	for range h.jobs {
		wait.Go(func() {
			for m := range queue {
				dead, failed := s.kills(h.ctx, m)
				mu.Lock()
				if done++; done%200 == 0 {
					fmt.Fprintf(os.Stderr, "mutate: %s: %s: %d of %d, %d killed\n", time.Now().Format(time.TimeOnly), s.pkg, done, len(mutants), killed)
				}
				if dead {
					killed++
					h.became[m.id] = becomes
				}
				if failed != nil {
					err = failed
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range mutants {
		queue <- m
	}
	close(queue)
	wait.Wait()
	return killed, err
}
