package webservices

import (
	"bufio"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

// constants are the constants of this package with a type.
func constants(t *testing.T) map[string]uint64 {
	t.Helper()
	out := map[string]uint64{}
	for name, c := range enumerations(t) {
		out[name] = uint64(c.value)
	}
	return out
}

// Every constant of the header is here with its value, and no other begins
// with its prefixes, but for our own extensions.
func TestConstants(t *testing.T) {
	got := constants(t)
	f, err := os.Open("testdata/constants.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[string]bool{}
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, ok := strings.Cut(s.Text(), " ")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		want[name] = true
		n, _ := strconv.ParseUint(value, 10, 64)
		if have, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if have != n {
			t.Errorf("%s is %d, want %d", name, have, n)
		}
	}
	if len(want) < 300 {
		t.Errorf("only %d constants in the list", len(want))
	}
	for name := range got {
		if !want[name] && strings.Contains(name, "_") && !strings.Contains(name, "PROPERTY_EX_") && !beyond[name] {
			t.Errorf("%s is not in the list", name)
		}
	}
}

// beyond are constants that the list of the fact sheet has not.
var beyond = map[string]bool{
	"WS_READ_REQUIRED_VALUE": true, "WS_READ_REQUIRED_POINTER": true, "WS_READ_OPTIONAL_POINTER": true,
	"WS_XML_READER_PROPERTY_MAX_DEPTH": true,
}

func TestHRESULTs(t *testing.T) {
	for _, c := range []struct {
		hr     HRESULT
		failed bool
		name   string
	}{
		{S_OK, false, "S_OK"},
		{S_FALSE, false, "S_FALSE"},
		{WS_S_ASYNC, false, "WS_S_ASYNC"},
		{WS_E_QUOTA_EXCEEDED, true, "WS_E_QUOTA_EXCEEDED"},
		{E_INVALIDARG, true, "E_INVALIDARG"},
		{0x80004005, true, "0x80004005"},
	} {
		if c.hr.Failed() != c.failed || c.hr.String() != c.name || !strings.Contains(c.hr.Error(), c.name) {
			t.Errorf("%s: %v, %s, %s", c.name, c.hr.Failed(), c.hr, c.hr.Error())
		}
	}
	named := map[string]bool{}
	for _, c := range codes {
		named[c.name] = true
	}
	for name := range constants(t) {
		if (strings.HasPrefix(name, "WS_E_") || strings.HasPrefix(name, "CERT_E_")) && !named[name] {
			t.Errorf("%s has no name and no text", name)
		}
	}
	var e Error
	e.fail(WS_E_ENDPOINT_FAILURE, "x")
	if err := error(&e); !errors.Is(err, WS_E_ENDPOINT_FAILURE) || errors.Is(err, WS_E_INVALID_FORMAT) {
		t.Error("errors.Is does not find the HRESULT")
	}
}
