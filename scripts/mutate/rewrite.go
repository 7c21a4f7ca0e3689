package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// A mutant is one small change of the source, switched on by its number.
type mutant struct {
	id   int
	key  key
	file string // relative to the module's root
	line int
}

// A key names a mutant by what it is and not by where it stands, so that the
// list of survivors outlives changes around it.
type key struct {
	pkg, fn string
	op      string // what is done: see the op constants, or an operator
	text    string // the source it is done to, on one line
}

// What mutants do. A fifth kind has an operator as its name: a comparison
// that takes or refuses equals where the source does not.
const (
	opTrue  = "true"    // a condition, or an operand of && and ||, that always holds
	opFalse = "false"   // one that never holds
	opNil   = "nil"     // an error that is not returned
	opDrop  = "dropped" // a call or an assignment that is left out
)

// edges are the ordering operators: the function of package live that takes
// the operator's place, and the operator that its mutant uses.
var edges = map[token.Token]struct{ fn, op string }{
	token.LSS: {"Less", "<="},
	token.LEQ: {"LessEqual", "<"},
	token.GTR: {"Greater", ">="},
	token.GEQ: {"GreaterEqual", ">"},
}

// rewrite makes all mutants of one file, numbered from first. The text keeps
// its lines.
func rewrite(pkg, name string, src []byte, runtime string, first int) ([]byte, []mutant, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	r := &rewriter{
		file: fset.File(f.Pos()), src: src, pkg: pkg, name: name, next: first,
		open: map[int]string{}, shut: map[int]string{}, swap: map[int]swap{}, done: map[ast.Node]bool{},
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			r.fn = funcName(fn)
			r.function(fn)
		}
	}
	if len(r.made) == 0 {
		return src, nil, nil
	}
	r.open[r.offset(f.Name.End())] += fmt.Sprintf("; import mutant %q", runtime)
	return r.text(), r.made, nil
}

func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	typ := fn.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name + "." + fn.Name.Name
		default:
			return fn.Name.Name
		}
	}
}

// A rewriter collects insertions by offset. Nodes are visited from the outside
// in, so what opens is appended and what shuts is put in front.
type rewriter struct {
	file          *token.File
	src           []byte
	pkg, name, fn string
	next          int
	made          []mutant
	open, shut    map[int]string
	swap          map[int]swap
	done          map[ast.Node]bool // conditions that are already dealt with
}

// A swap is text in place of the source up to end.
type swap struct {
	end  int
	text string
}

func (r *rewriter) offset(p token.Pos) int { return r.file.Offset(p) }

func (r *rewriter) wrap(from, to token.Pos, before, after string) {
	a, b := r.offset(from), r.offset(to)
	r.open[a] += before
	r.shut[b] = after + r.shut[b]
}

func (r *rewriter) text() []byte {
	var out strings.Builder
	for i := 0; i <= len(r.src); i++ {
		out.WriteString(r.shut[i])
		out.WriteString(r.open[i])
		if s, ok := r.swap[i]; ok {
			out.WriteString(s.text)
			i = s.end - 1
			continue
		}
		if i < len(r.src) {
			out.WriteByte(r.src[i])
		}
	}
	return []byte(out.String())
}

// mutant makes one.
func (r *rewriter) mutant(op, text string, at token.Pos) int {
	k := key{r.pkg, r.fn, op, text}
	for n := 2; slices.ContainsFunc(r.made, func(m mutant) bool { return m.key == k }); n++ {
		k.text = fmt.Sprintf("%s #%d", text, n)
	}
	id := r.next
	r.next++
	r.made = append(r.made, mutant{id, k, r.name, r.file.Line(at)})
	return id
}

// source is the beginning of a node's text on one line.
func (r *rewriter) source(n ast.Node) string {
	text := strings.Join(strings.Fields(string(r.src[r.offset(n.Pos()):r.offset(n.End())])), " ")
	if short := []rune(text); len(short) > 100 {
		return string(short[:100]) + "…"
	}
	return text
}
