package wstrust_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers says which package may import which. A line names one package (or
// several with the same right), the packages of this module that it may
// import, and after a + the only foreign packages that it may import. Every
// package of ours that a line names stands on a line above it, so nothing can
// import upward. A package that has no line here is refused.
//
// Do not change this text to mend a build. A new edge or a new foreign import
// is a decision: it comes with its reason, in the commit that needs it.
//
// revocation reads OCSP with the usual package for it, and nothing imports it:
// whoever looks up no revocation needs nothing but the standard library.
// internal/devsts holds what `wst sts --dev` and wstrusttest share: a private
// CA, a signer and users on disk, put in front of the real sts and service.
// internal/attack is tests alone, internal/corpora reads known answers for
// tests, internal/damage breaks documents for them, and internal/testkeys has
// keys for them: no line names these, so only tests may import them.
const layers = `
internal/xmltree internal/alg internal/reveal internal/httpauth cache   may import nothing of ours
internal/revoked   may import nothing of ours              + golang.org/x/crypto/ocsp
cache/storetest    may import  cache
revocation         may import  internal/revoked         + golang.org/x/crypto/ocsp
internal/c14n      may import  internal/xmltree
internal/xmldsig   may import  internal/alg internal/c14n internal/xmltree
internal/xmlenc    may import  internal/alg internal/xmltree
internal/soap      may import  internal/xmltree
internal/wst       may import  internal/alg internal/xmlenc internal/xmltree
internal/wssc      may import  internal/alg internal/wst internal/xmltree
saml               may import  internal/alg internal/xmldsig internal/xmlenc internal/xmltree
internal/wsse      may import  internal/alg internal/soap internal/xmldsig internal/xmlenc internal/xmltree saml
internal/httpx     may import  internal/soap
.                  may import  cache internal/alg internal/httpx internal/reveal internal/soap internal/wsse internal/wssc internal/wst internal/xmltree saml
metadata           may import  . internal/httpx internal/soap internal/xmltree
service            may import  cache internal/alg internal/httpx internal/soap internal/wsse internal/wssc internal/xmltree saml
webservices        may import  . cache internal/httpauth internal/httpx internal/reveal internal/xmltree metadata service
sts                may import  . cache internal/alg internal/soap internal/wst internal/wssc internal/xmlenc internal/xmltree saml service
internal/devsts    may import  . cache service sts saml internal/alg   + golang.org/x/crypto/argon2
wstrusttest        may import  . cache service sts internal/devsts
cache/valkey       may import  cache                       + github.com/redis/rueidis
cache/bolt         may import  cache                       + go.etcd.io/bbolt
gss                may import  .                           + github.com/jcmturner/gokrb5/v8/client github.com/jcmturner/gokrb5/v8/config github.com/jcmturner/gokrb5/v8/credentials github.com/jcmturner/gokrb5/v8/crypto github.com/jcmturner/gokrb5/v8/keytab github.com/jcmturner/gokrb5/v8/messages github.com/jcmturner/gokrb5/v8/types github.com/jcmturner/gofork/encoding/asn1 github.com/Azure/go-ntlmssp golang.org/x/crypto/cryptobyte
nbfx               may import  internal/xmltree
nettcp             may import  . nbfx internal/soap
profile            may import  . metadata
explain            may import  . internal/c14n internal/soap internal/xmldsig internal/xmltree saml
proxy              may import  . profile service
agent              may import  . cache profile
cmd/wst            may import  anything above              + github.com/spf13/cobra golang.org/x/term golang.org/x/crypto/argon2 software.sslmate.com/src/go-pkcs12
internal/attack internal/corpora internal/damage internal/testkeys  may import nothing of ours
`

// pure packages are functions of bytes, keys and a time that they are given.
const pure = `internal/xmltree internal/alg internal/c14n internal/xmldsig internal/xmlenc internal/soap
	internal/wst internal/wssc internal/wsse internal/revoked saml nbfx`

// impure roots, with all that lies below them, are closed to pure packages.
// net/url only splits strings and is let through.
const impure = `net os context log encoding/xml`

// clock holds the functions of package time that read or wait for a clock.
const clock = `Now Since Until Sleep After AfterFunc Tick NewTimer NewTicker`

// only names the sole importers of a standard package.
var only = map[string][]string{
	"crypto/sha1":  {"internal/alg"},
	"encoding/xml": {".", "service"}, // for Decode, from octets already verified
}

// testLibraries may be imported by test files, besides what their package may.
const testLibraries = `github.com/google/go-cmp/cmp github.com/google/go-cmp/cmp/cmpopts github.com/rogpeppe/go-internal/testscript
	go.uber.org/goleak pgregory.net/rapid github.com/alicebob/miniredis/v2`

// Rules, as findings name them.
const (
	ruleUnlisted = "unlisted" // a package without a line
	ruleLayer    = "layer"    // an import of ours that the line does not list
	ruleForeign  = "foreign"  // an import from outside that the line does not list
	rulePure     = "pure"     // a pure package imports what can do I/O
	ruleClock    = "clock"    // a pure package reads the clock
	ruleOnly     = "only"     // a standard package with sole importers
	ruleUnsafe   = "unsafe"   // unsafe or cgo
	ruleCmd      = "cmd"      // an import of a command
	ruleInit     = "init"     // an init function
	ruleDot      = "dot"      // a dot import, which would hide uses from these rules
	ruleTest     = "test"     // a test file imports a library that is not on its list
)

var allRules = []string{
	ruleUnlisted, ruleLayer, ruleForeign, rulePure, ruleClock, ruleOnly, ruleUnsafe, ruleCmd, ruleInit, ruleDot, ruleTest,
}

func TestLayers(t *testing.T) {
	for _, f := range checkTree(t, ".") {
		t.Error(f)
	}
}

// TestLayersReportEachRule is the negative control: a tree in which lines end
// in "// want RULE" where they break one, and must be reported for just that.
func TestLayersReportEachRule(t *testing.T) {
	root := filepath.Join("testdata", "layers")
	var got, want []string
	for _, f := range checkTree(t, root) {
		got = append(got, fmt.Sprintf("%s:%d %s", f.file, f.line, f.rule))
	}
	broken := map[string]bool{}
	for _, name := range goFiles(t, root) {
		src, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(src), "\n") {
			if _, rules, ok := strings.Cut(line, "// want "); ok {
				for rule := range strings.FieldsSeq(rules) {
					want = append(want, fmt.Sprintf("%s:%d %s", name, i+1, rule))
					broken[rule] = true
				}
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not reported: %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("reported, but not broken: %s", g)
		}
	}
	for _, rule := range allRules {
		if !broken[rule] {
			t.Errorf("testdata/layers breaks no line for rule %q", rule)
		}
	}
}

// TestLayersPolicyPointsDown holds the policy to its own word.
func TestLayersPolicyPointsDown(t *testing.T) {
	for _, broken := range []string{
		"saml may import internal/alg",                                       // not above
		"cache may import nothing of ours\ncache may import nothing of ours", // twice
		"cache imports what it likes",
	} {
		if _, err := readPolicy(broken); err == nil {
			t.Errorf("a broken policy was accepted: %q", broken)
		}
	}
}

type right struct{ ours, foreign []string }

func readPolicy(text string) (map[string]right, error) {
	policy := map[string]right{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		names, rest, ok := strings.Cut(line, " may import ")
		if !ok {
			return nil, fmt.Errorf("policy: no \"may import\" in %q", line)
		}
		ours, foreign, _ := strings.Cut(rest, "+")
		var r right
		r.foreign = strings.Fields(foreign)
		switch strings.TrimSpace(ours) {
		case "nothing of ours":
		case "anything above":
			for p := range policy {
				r.ours = append(r.ours, p)
			}
		default:
			r.ours = strings.Fields(ours)
		}
		for _, p := range r.ours {
			if _, above := policy[p]; !above {
				return nil, fmt.Errorf("policy: %s: %s is not on a line above", names, p)
			}
		}
		for name := range strings.FieldsSeq(names) {
			if _, twice := policy[name]; twice {
				return nil, fmt.Errorf("policy: %s has two lines", name)
			}
			policy[name] = r
		}
	}
	return policy, nil
}

type finding struct {
	file string
	line int
	rule string
	what string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s: %s", f.file, f.line, f.rule, f.what) }

// checkTree checks the Go files below root, which holds one module, whatever
// their build tags. It reads files only: no go command, no network.
func checkTree(t *testing.T, root string) []finding {
	t.Helper()
	policy, err := readPolicy(layers)
	if err != nil {
		t.Fatal(err)
	}
	module := modulePath(t)
	files := goFiles(t, root)
	if len(files) == 0 {
		t.Fatalf("no Go files below %s", root)
	}
	fset := token.NewFileSet()
	var all []finding
	listed := map[string]bool{}
	for _, name := range files {
		f, err := parser.ParseFile(fset, filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		c := checker{fset: fset, module: module, file: name, pkg: path.Dir(filepath.ToSlash(name))}
		if strings.HasSuffix(name, "_test.go") {
			c.testFile(f, policy[c.pkg])
		} else {
			r, ok := policy[c.pkg]
			if !ok && !listed[c.pkg] {
				listed[c.pkg] = true
				c.report(f.Package, ruleUnlisted, "package %s has no line in the policy", c.pkg)
			}
			if ok {
				c.sourceFile(f, r)
			}
		}
		all = append(all, c.found...)
	}
	return all
}

type checker struct {
	fset              *token.FileSet
	module, file, pkg string
	found             []finding
}

func (c *checker) report(at token.Pos, rule, format string, args ...any) {
	c.found = append(c.found, finding{c.file, c.fset.Position(at).Line, rule, fmt.Sprintf(format, args...)})
}

func (c *checker) sourceFile(f *ast.File, r right) {
	isPure := slices.Contains(strings.Fields(pure), c.pkg)
	timeName := ""
	for _, spec := range f.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		if spec.Name != nil && spec.Name.Name == "." {
			c.report(spec.Pos(), ruleDot, "dot import of %s", p)
		}
		if p == "time" {
			timeName = "time"
			if spec.Name != nil {
				timeName = spec.Name.Name
			}
		}
		ours, isOurs := c.ours(p)
		switch {
		case p == "unsafe" || p == "C":
			c.report(spec.Pos(), ruleUnsafe, "import of %s", p)
		case isOurs && (ours == "cmd" || strings.HasPrefix(ours, "cmd/")):
			c.report(spec.Pos(), ruleCmd, "nothing imports a command: %s", p)
		case isOurs && !slices.Contains(r.ours, ours):
			c.report(spec.Pos(), ruleLayer, "%s may not import %s", c.pkg, p)
		case !isOurs && !standard(p) && !slices.Contains(r.foreign, p):
			c.report(spec.Pos(), ruleForeign, "%s may not import %s", c.pkg, p)
		}
		if who, limited := only[p]; limited && !slices.Contains(who, c.pkg) {
			c.report(spec.Pos(), ruleOnly, "%s is for %s alone", p, strings.Join(who, ", "))
		} else if isPure && isImpure(p) {
			c.report(spec.Pos(), rulePure, "%s is pure and may not import %s", c.pkg, p)
		}
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			c.report(fn.Pos(), ruleInit, "init function")
		}
	}
	if !isPure || timeName == "" {
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == timeName && slices.Contains(strings.Fields(clock), sel.Sel.Name) {
				c.report(sel.Pos(), ruleClock, "%s is pure and may not use time.%s", c.pkg, sel.Sel.Name)
			}
		}
		return true
	})
}

func (c *checker) testFile(f *ast.File, r right) {
	for _, spec := range f.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		if _, isOurs := c.ours(p); isOurs || standard(p) {
			continue
		}
		if !slices.Contains(r.foreign, p) && !slices.Contains(strings.Fields(testLibraries), p) {
			c.report(spec.Pos(), ruleTest, "tests of %s may not import %s", c.pkg, p)
		}
	}
}

// ours is p's folder in this module, "." for the root.
func (c *checker) ours(p string) (folder string, ok bool) {
	if p == c.module {
		return ".", true
	}
	return strings.CutPrefix(p, c.module+"/")
}

func standard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

func isImpure(p string) bool {
	if p == "net/url" {
		return false
	}
	for root := range strings.FieldsSeq(impure) {
		if p == root || strings.HasPrefix(p, root+"/") {
			return true
		}
	}
	return false
}

// modulePath reads go.mod, so that a rename of the module leaves this test
// alone. The fixture's imports are renamed with the rest.
func modulePath(t *testing.T) string {
	t.Helper()
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		if m, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(m)
		}
	}
	t.Fatal("go.mod names no module")
	return ""
}

// goFiles lists the Go files of the module at root, slash-separated and
// relative to it: other modules, testdata and hidden folders stay out.
func goFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != root {
			if base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
				return filepath.SkipDir
			}
		}
		if !d.IsDir() && strings.HasSuffix(base, ".go") {
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			files = append(files, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
