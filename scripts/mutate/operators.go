package main

import (
	"fmt"
	"go/ast"
	"go/token"
)

// function makes the mutants of one function and of those written inside it.
func (r *rewriter) function(fn *ast.FuncDecl) {
	types := []*ast.FuncType{fn.Type}
	var path []ast.Node
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if n == nil {
			if _, ok := path[len(path)-1].(*ast.FuncLit); ok {
				types = types[:len(types)-1]
			}
			path = path[:len(path)-1]
			return true
		}
		var parent ast.Node
		if len(path) > 0 {
			parent = path[len(path)-1]
		}
		path = append(path, n)
		switch n := n.(type) {
		case *ast.FuncLit:
			types = append(types, n.Type)
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				path = path[:len(path)-1]
				return false
			}
		case *ast.IfStmt:
			r.condition(n.Cond, true, true)
		case *ast.ForStmt:
			if n.Cond != nil {
				r.condition(n.Cond, true, true)
			}
		case *ast.SwitchStmt:
			r.switches(n, parent)
		case *ast.ReturnStmt:
			r.returns(n, types[len(types)-1])
		case *ast.ExprStmt, *ast.AssignStmt, *ast.IncDecStmt, *ast.SendStmt:
			r.statement(n.(ast.Stmt), parent)
		case *ast.BinaryExpr:
			if logical(n.Op) || comparison(n.Op) {
				r.condition(n, true, true)
			}
		case *ast.UnaryExpr:
			if n.Op == token.NOT {
				r.condition(n, true, true)
			}
		}
		return true
	})
}

func logical(op token.Token) bool { return op == token.LAND || op == token.LOR }

func comparison(op token.Token) bool {
	_, ordering := edges[op]
	return ordering || op == token.EQL || op == token.NEQ
}

// condition forces e to true and to false. In a && b each operand is forced to
// true and the whole to false: what is left over would do the same as one of
// these. In a || b it is the other way round.
func (r *rewriter) condition(e ast.Expr, whenTrue, whenFalse bool) {
	if r.done[e] {
		return
	}
	r.done[e] = true
	switch x := e.(type) {
	case *ast.ParenExpr:
		r.condition(x.X, whenTrue, whenFalse)
		return
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			r.condition(x.X, whenFalse, whenTrue)
			return
		}
	case *ast.Ident:
		if x.Name == "true" || x.Name == "false" {
			return
		}
	case *ast.BinaryExpr:
		if logical(x.Op) {
			and := x.Op == token.LAND
			r.force(e, r.source(e), whenTrue && !and, whenFalse && and)
			r.condition(x.X, and, !and)
			r.condition(x.Y, and, !and)
			return
		}
		r.force(e, r.source(e), whenTrue, whenFalse)
		if edge, ok := edges[x.Op]; ok {
			id := r.mutant(edge.op, r.source(x), x.Pos())
			r.wrap(x.Pos(), x.End(), fmt.Sprintf("mutant.%s(%d, ", edge.fn, id), ")")
			at := r.offset(x.OpPos)
			r.swap[at] = swap{at + len(x.Op.String()), ","}
		}
		return
	}
	r.force(e, r.source(e), whenTrue, whenFalse)
}

// force wraps e; its mutants are named by told.
func (r *rewriter) force(e ast.Expr, told string, whenTrue, whenFalse bool) {
	if whenTrue || whenFalse {
		r.wrap(e.Pos(), e.End(), r.ifCall(told, e.Pos(), whenTrue, whenFalse), ")")
	}
}

func (r *rewriter) ifCall(told string, at token.Pos, whenTrue, whenFalse bool) string {
	t, f := -1, -1
	if whenTrue {
		t = r.mutant(opTrue, told, at)
	}
	if whenFalse {
		f = r.mutant(opFalse, told, at)
	}
	return fmt.Sprintf("mutant.If(%d, %d, ", t, f)
}

// switches treats each case as a condition. A switch on a value becomes one
// without, which compares; where a label stands before it, it is let alone.
func (r *rewriter) switches(s *ast.SwitchStmt, parent ast.Node) {
	value := ""
	if s.Tag != nil {
		if _, labelled := parent.(*ast.LabeledStmt); labelled || len(cases(s)) == 0 {
			return
		}
		value = fmt.Sprintf("mutantTag%d", r.next)
		at := r.offset(s.Switch)
		r.swap[at] = swap{at + len("switch"), "{"}
		r.shut[r.offset(s.End())] = " }" + r.shut[r.offset(s.End())]
		r.wrap(s.Tag.Pos(), s.Tag.End(), value+" := (", "); switch")
	}
	for _, c := range cases(s) {
		if value == "" {
			r.condition(c, true, true)
			continue
		}
		r.wrap(c.Pos(), c.End(), r.ifCall("case "+r.source(c), c.Pos(), true, true)+value+" == (", "))")
	}
}

func cases(s *ast.SwitchStmt) (all []ast.Expr) {
	for _, c := range s.Body.List {
		all = append(all, c.(*ast.CaseClause).List...)
	}
	return all
}

// returns forgets errors and turns answers of yes and no around. What stands
// beside an error is not looked at by anybody.
func (r *rewriter) returns(s *ast.ReturnStmt, typ *ast.FuncType) {
	results := resultTypes(typ)
	if len(results) == 0 || len(results) != len(s.Results) {
		return
	}
	last, isName := s.Results[len(results)-1].(*ast.Ident)
	failed := results[len(results)-1] == "error" && !(isName && last.Name == "nil")
	for i, e := range s.Results {
		if failed && i < len(results)-1 {
			continue
		}
		id, constant := e.(*ast.Ident)
		switch results[i] {
		case "error":
			if constant && id.Name == "nil" {
				continue
			}
			n := r.mutant(opNil, r.source(s), s.Pos())
			r.wrap(e.Pos(), e.End(), fmt.Sprintf("mutant.Error(%d, ", n), ")")
		case "bool":
			if constant && (id.Name == "true" || id.Name == "false") {
				r.force(e, r.source(s), id.Name == "false", id.Name == "true")
				continue
			}
			r.condition(e, true, true)
		}
	}
}

func resultTypes(typ *ast.FuncType) (names []string) {
	if typ.Results == nil {
		return nil
	}
	for _, f := range typ.Results.List {
		name := ""
		if id, ok := f.Type.(*ast.Ident); ok {
			name = id.Name
		}
		names = append(names, name)
		for i := 1; i < len(f.Names); i++ {
			names = append(names, name)
		}
	}
	return names
}

// statement leaves a call or an assignment out.
func (r *rewriter) statement(s ast.Stmt, parent ast.Node) {
	switch parent := parent.(type) {
	case *ast.BlockStmt, *ast.CaseClause:
	case *ast.CommClause:
		if parent.Comm == s {
			return
		}
	default:
		return // the head of an if, for or switch
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			return
		}
		if id, ok := s.Lhs[0].(*ast.Ident); ok && id.Name == "_" && len(s.Lhs) == 1 {
			return
		}
		if grows(s.Rhs[0]) {
			return
		}
	case *ast.ExprStmt:
		if call, ok := s.X.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" {
				return
			}
		}
		if grows(s.X) {
			return
		}
	}
	id := r.mutant(opDrop, r.source(s), s.Pos())
	r.wrap(s.Pos(), s.End(), fmt.Sprintf("if mutant.Do(%d) { ", id), " }")
}

// grows reports whether e makes room beforehand, which changes nothing but time.
func grows(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && f.Sel.Name == "Grow"
}
