package webservices

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"wstrust/wstrusttest"
)

// Every failure of errors.tsv, produced, with its code, the state that it leaves
// and what the Error says. Then whatever the package can return, and whatever
// the tables know, has been seen.
func TestErrorVectors(t *testing.T) {
	seen := map[HRESULT]bool{}
	causes := make([]bool, len(causeCodes))
	errnos := map[syscall.Errno]bool{}
	rows := vectorRows(t, "errors.tsv")
	for _, r := range rows {
		name, want := r.field["peer"], result(t, r.field["want"])
		if name == "never" {
			if r.field["made"] == "" {
				t.Errorf("%s: %v without a reason", r.at(), want)
			}
			continue
		}
		made := strings.HasPrefix(name, "errno")
		if made != (r.field["made"] != "") {
			t.Errorf("%s: an error that is made says why, and no other does", r.at())
		}
		t.Run(name, func(t *testing.T) {
			e := meetOne(t, r, meet(t, name), want)
			for i, c := range causeCodes {
				if errors.Is(e.cause, c.cause) {
					causes[i] = true
				}
			}
			if errno, ok := errors.AsType[syscall.Errno](e.cause); ok {
				errnos[errno] = true
			}
		})
		seen[want] = true
	}
	for i, c := range causeCodes {
		if !causes[i] {
			t.Errorf("no vector is about the cause %v", c.cause)
		}
	}
	for _, c := range socketCodes {
		for _, errno := range c.errnos {
			if !errnos[errno] && !slices.ContainsFunc(rows, func(r row) bool { return r.field["original"] == strconv.Itoa(int(errno)) }) {
				t.Errorf("no vector is about errno %d (%v)", int(errno), errno)
			}
		}
	}
	tablesAreCovered(t, rows)
	codesAreCovered(t, rows, seen)
}

// meetOne runs one row and returns what the Error holds.
func meetOne(t *testing.T, r row, p peer, want HRESULT) *Error {
	t.Helper()
	sd := p.sd
	if sd == nil {
		sd = alice()
	}
	c := create(t, sd, p.props...)
	before := &SecurityToken{}
	token := before
	e := new(Error)
	hr := OpenChannel(c, &EndpointAddress{URL: p.to}, nil, e)
	if hr == S_OK {
		if p.change != nil {
			p.change(c)
		}
		if p.act != nil {
			hr = p.act(c, e)
		} else {
			hr = RequestSecurityToken(c, p.request, &token, nil, e)
		}
	}
	if hr != want {
		t.Errorf("%s: %v, want %v: %v", r.at(), hr, want, e.Error())
	}
	if got := stateNames[state(t, c)]; got != r.field["state"] {
		t.Errorf("%s: the channel is %s, want %s", r.at(), got, r.field["state"])
	}
	if (token != before) != (hr == S_OK && p.act == nil) {
		t.Errorf("%s: the token variable", r.at())
	}
	var n, original uint32
	GetErrorProperty(e, WS_ERROR_PROPERTY_STRING_COUNT, &n)
	GetErrorProperty(e, WS_ERROR_PROPERTY_ORIGINAL_ERROR_CODE, &original)
	if hr == S_OK {
		if n != 0 {
			t.Errorf("%s: success with a text", r.at())
		}
		return e
	}
	if !errors.Is(e, hr) || n == 0 {
		t.Errorf("%s: errors.Is does not find %v, or there is no text", r.at(), hr)
	}
	if got := originalName(original); got != r.field["original"] {
		t.Errorf("%s: original error %q, want %q", r.at(), got, r.field["original"])
	}
	if !strings.Contains(e.Error(), r.field["says"]) {
		t.Errorf("%s: it does not say %q: %v", r.at(), r.field["says"], e)
	}
	if text := e.Error(); strings.Contains(text, wstrusttest.Password+`"`) || strings.Contains(text, key256) || strings.Contains(text, "user:password") {
		t.Errorf("%s: a secret is in the error", r.at())
	}
	var f *Fault
	GetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_FAULT, &f)
	verified := strings.HasPrefix(r.field["peer"], "fault ") && hr != WS_E_SECURITY_VERIFICATION_FAILURE
	if (f != nil) != (verified || r.field["peer"] == "detail-missing") {
		t.Errorf("%s: fault %v", r.at(), f)
	}
	if f != nil && verified && f.Reasons[0].Text != "the peer's words" {
		t.Errorf("%s: reasons %v", r.at(), f.Reasons)
	}
	// Whatever it was, another call may be tried.
	if p.act == nil && state(t, c) == WS_CHANNEL_STATE_OPEN {
		if hr := RequestSecurityToken(c, p.request, &token, nil, nil); hr == S_OK || hr == WS_E_INVALID_OPERATION {
			t.Errorf("%s: the second call: %v", r.at(), hr)
		}
	}
	return e
}

// originalName is the number of an error of the system, by the name that it has
// everywhere.
func originalName(n uint32) string {
	for name, errno := range map[string]syscall.Errno{
		"ECONNREFUSED": syscall.ECONNREFUSED, "ENETUNREACH": syscall.ENETUNREACH, "EADDRINUSE": syscall.EADDRINUSE,
		"EADDRNOTAVAIL": syscall.EADDRNOTAVAIL, "ECONNRESET": syscall.ECONNRESET, "EPIPE": syscall.EPIPE, "EHOSTUNREACH": syscall.EHOSTUNREACH,
		"ENETDOWN": syscall.ENETDOWN, "EHOSTDOWN": syscall.EHOSTDOWN, "ECONNABORTED": syscall.ECONNABORTED, "ETIMEDOUT": syscall.ETIMEDOUT, "EIO": syscall.EIO,
	} {
		if uint32(errno) == n {
			return name
		}
	}
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

// tablesAreCovered asks for a vector for each row of the tables of faults,
// statuses and schemes.
func tablesAreCovered(t *testing.T, rows []row) {
	t.Helper()
	have := func(want HRESULT, peer string) {
		t.Helper()
		if !slices.ContainsFunc(rows, func(r row) bool {
			return r.field["want"] == want.String() && (fill(r.field["peer"], rst{})+" ") == peer+" "
		}) {
			t.Errorf("no vector %q with %v", peer, want)
		}
	}
	for _, f := range faultCodes {
		for _, version := range []string{"1.1", "1.2"} {
			for _, space := range f.spaces {
				have(f.code, "fault "+version+" "+space+" "+f.local)
			}
			if f.spaces == nil && !slices.ContainsFunc(rows, func(r row) bool {
				return strings.HasPrefix(r.field["peer"], "fault "+version) && strings.HasSuffix(r.field["peer"], " "+f.local)
			}) {
				t.Errorf("no vector for fault %s of SOAP %s", f.local, version)
			}
		}
	}
	for status, code := range statusCodes {
		have(code, fmt.Sprintf("status %d", status))
	}
	for status, code := range proxyCodes {
		have(code, fmt.Sprintf("proxy %d", status))
	}
	for _, codes := range requires {
		for _, code := range codes {
			if !slices.ContainsFunc(rows, func(r row) bool { return r.field["want"] == code.String() }) {
				t.Errorf("no vector for %v", code)
			}
		}
	}
}

// codesAreCovered asks for a vector for each code, and that those which are
// never returned do not occur in the code of this package.
func codesAreCovered(t *testing.T, rows []row, seen map[HRESULT]bool) {
	t.Helper()
	never := map[string]bool{}
	for _, r := range rows {
		if r.field["peer"] == "never" {
			never[r.field["want"]] = true
		}
	}
	for name, n := range ofType(enumerations(t), "HRESULT") {
		if code := HRESULT(n); code.Failed() && !seen[code] && !never[name] && !strings.HasPrefix(name, "WS_EXCEPTION_") {
			t.Errorf("no vector for %s", name)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "hresult.go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && never[id.Name] {
				t.Errorf("%s: %s is returned after all: give it a vector", name, id.Name)
			}
			return true
		})
	}
}
