package conformance

import (
	"bytes"
	"context"
	"crypto/rsa"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

type nobody struct{}

func (nobody) Check(context.Context, string, service.Password) (bool, error) { return false, nil }

func cacheOf() (*cache.Cache, error) {
	key, err := cache.NewKey("test", make1(cache.KeySize))
	if err != nil {
		return nil, err
	}
	return cache.New(cache.NewMemory(1<<20), key)
}

func make1(n int) []byte { return bytes.Repeat([]byte{1}, n) }

// most returns the greatest n, at least one, for which ok holds.
func most(ok func(int) bool) int {
	high := 1
	for ok(high) {
		high *= 2
	}
	return least(high/2, high, func(n int) bool { return !ok(n) }) - 1
}

// least returns the smallest n in (low, high] for which ok holds.
func least(low, high int, ok func(int) bool) int {
	for low < high-1 {
		if mid := (low + high) / 2; ok(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// parserLimits finds the parser's limits by what it takes.
func parserLimits() map[string]int {
	takes := func(lim xmltree.Limits, doc string) bool {
		_, err := xmltree.Parse([]byte(doc), lim)
		return err == nil
	}
	const big = 64 << 20
	return map[string]int{
		"Bytes": most(func(n int) bool {
			return takes(xmltree.Limits{}, "<a>"+strings.Repeat(" ", max(n, 7)-7)+"</a>")
		}),
		"Depth": most(func(n int) bool {
			return takes(xmltree.Limits{}, strings.Repeat("<a>", n)+strings.Repeat("</a>", n))
		}),
		"Elements": most(func(n int) bool {
			return takes(xmltree.Limits{Bytes: big}, "<a>"+strings.Repeat("<a/>", n-1)+"</a>")
		}),
		"Attributes": most(func(n int) bool {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, " a%d=''", i)
			}
			return takes(xmltree.Limits{Bytes: big}, "<a"+b.String()+"/>")
		}),
		"Namespaces": most(func(n int) bool {
			return takes(xmltree.Limits{Bytes: big}, "<a>"+strings.Repeat("<p:a xmlns:p='urn:p'/>", n)+"</a>")
		}),
		"Name": most(func(n int) bool {
			return takes(xmltree.Limits{Bytes: big}, "<"+strings.Repeat("a", n)+"/>")
		}),
	}
}

// modulus is a public key of that many bits, and of no other use.
func modulus(t *testing.T, bits int) alg.Key {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	n.Add(n, big.NewInt(1))
	key, err := alg.PublicKey(&rsa.PublicKey{N: n, E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func leastRSA(t *testing.T, s alg.Suite) int {
	return least(512, 4096, func(n int) bool { return s.CheckKey(modulus(t, n)) == nil })
}

func mostRSA(t *testing.T, s alg.Suite) int {
	return least(4096, 20000, func(n int) bool { return s.CheckKey(modulus(t, n)) != nil }) - 1
}

// folders are where the packages of the page are.
var folders = map[string]string{
	"alg": "internal/alg", "soap": "internal/soap", "xmldsig": "internal/xmldsig", "wsse": "internal/wsse", "wssc": "internal/wssc",
	"wst": "internal/wst", "saml": "saml", "service": "service", "sts": "sts", "revocation": "revocation", "httpauth": "internal/httpauth", "wstrust": ".",
}

// constantOf reads a constant of a package, as wsse.maxTokens, from its source.
func constantOf(t *testing.T, name string) any {
	t.Helper()
	pkg, ident, _ := strings.Cut(name, ".")
	dir, ok := folders[pkg]
	if !ok {
		t.Fatalf("the page names %q, which nothing measures", name)
	}
	consts := map[string]ast.Expr{}
	for _, f := range parsed(t, dir) {
		for _, d := range f.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.CONST {
				continue
			}
			for _, s := range decl.Specs {
				spec := s.(*ast.ValueSpec)
				for i, n := range spec.Names {
					if i < len(spec.Values) {
						consts[n.Name] = spec.Values[i]
					}
				}
			}
		}
	}
	expr, ok := consts[ident]
	if !ok {
		t.Fatalf("the page names %q, and there is no such constant", name)
	}
	v, duration := eval(t, expr, consts)
	n, _ := constant.Int64Val(v)
	if duration {
		return time.Duration(n)
	}
	return int(n)
}

func parsed(t *testing.T, dir string) []*ast.File {
	t.Helper()
	var files []*ast.File
	names, err := filepath.Glob(filepath.Join(corpora.Repository(t), dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		t.Fatalf("%s: %v", dir, fs.ErrNotExist)
	}
	return files
}

var units = map[string]time.Duration{
	"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
}

// eval computes a constant expression, and says whether it is a duration.
func eval(t *testing.T, e ast.Expr, consts map[string]ast.Expr) (v constant.Value, duration bool) {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0), false
	case *ast.ParenExpr:
		return eval(t, e.X, consts)
	case *ast.Ident:
		if of, ok := consts[e.Name]; ok {
			return eval(t, of, consts)
		}
	case *ast.SelectorExpr:
		if u, ok := units[e.Sel.Name]; ok {
			return constant.MakeInt64(int64(u)), true
		}
	case *ast.BinaryExpr:
		x, dx := eval(t, e.X, consts)
		y, dy := eval(t, e.Y, consts)
		if e.Op == token.SHL {
			n, _ := constant.Uint64Val(y)
			return constant.Shift(x, token.SHL, uint(n)), dx
		}
		return constant.BinaryOp(x, e.Op, y), dx || dy
	}
	t.Fatalf("a constant of a form that is not understood: %T", e)
	return nil, false
}
