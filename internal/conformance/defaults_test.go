package conformance

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/corpora"
	"wstrust/internal/httpx"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/saml"
	"wstrust/service"
	"wstrust/sts"
)

// measured are the defaults that a package tells, by itself or by what it
// accepts. Every other one is a constant, and read from the source.
func measured(t *testing.T) map[string]any {
	client := httpx.NewClient(nil).Transport.(*http.Transport)
	m := map[string]any{
		"wsse.DefaultTTL":               wsse.DefaultTTL,
		"saml.DefaultSkew":              saml.DefaultSkew,
		"wst.DefaultSkew":               wst.DefaultSkew,
		"wst.MinKeyBits":                wst.MinKeyBits,
		"wst.MaxKeyBits":                wst.MaxKeyBits,
		"wst.DefaultKeyBits":            wst.DefaultKeyBits,
		"cache.KeySize":                 cache.KeySize,
		"httpx TLSHandshakeTimeout":     client.TLSHandshakeTimeout,
		"httpx ResponseHeaderTimeout":   client.ResponseHeaderTimeout,
		"alg.Modern least secret bits":  first(alg.Modern.SecretBits()),
		"alg.Modern most secret bits":   second(alg.Modern.SecretBits()),
		"alg.Modern least RSA bits":     leastRSA(t, alg.Modern),
		"alg.Modern most RSA bits":      mostRSA(t, alg.Modern),
		"alg.Legacy least RSA bits":     leastRSA(t, alg.Legacy),
		"alg.SecretKey least octets":    least(1, 64, func(n int) bool { _, err := alg.SecretKey(make1(n)); return err == nil }),
		"TLS of httpx.NewClient, least": int(client.TLSClientConfig.MinVersion),
	}
	limits := reflect.ValueOf(service.Limits{}.WithDefaults())
	for i := range limits.NumField() {
		m["Limits."+limits.Type().Field(i).Name] = int(limits.Field(i).Int())
	}
	for name, n := range parserLimits() {
		m["xmltree.Limits."+name] = n
	}
	return m
}

func first(a, _ int) int  { return a }
func second(_, b int) int { return b }

// A default on the page: a line of a table whose fourth column names, between
// back quotes, one or two values of the code.
var (
	defaultLine = regexp.MustCompile("(?m)^\\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\| (`[^|]+`) \\| ([^|]+) \\|$")
	quoted      = regexp.MustCompile("`([^`]+)`")
)

// TestDefaults holds docs/defaults.md against the code. With -update it writes
// the values.
func TestDefaults(t *testing.T) {
	file := filepath.Join(corpora.Repository(t), "docs", "defaults.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	know := measured(t)
	seen := map[string]bool{}
	lines := 0
	written := defaultLine.ReplaceAllStringFunc(string(page), func(line string) string {
		lines++
		f := defaultLine.FindStringSubmatch(line)
		var values []string
		for _, q := range quoted.FindAllStringSubmatch(f[4], -1) {
			seen[q[1]] = true
			v, ok := know[q[1]]
			if !ok {
				v = constantOf(t, q[1])
			}
			if text := shown(v, f[2]); !slices.Contains(values, text) { // one value may have two names
				values = append(values, text)
			}
		}
		want := strings.Join(values, " to ")
		rest, ok := strings.CutPrefix(f[2], want)
		if ok && (rest == "" || rest[0] == ' ') {
			return line
		}
		if !*update {
			t.Errorf("%s: the page says %q, the code %q (%s)", f[1], f[2], want, f[4])
		}
		return strings.Replace(line, "| "+f[2]+" |", "| "+want+" |", 1)
	})
	if n := linesOfDefaults(string(page)); lines != n {
		t.Errorf("%d of %d lines of the page were understood: each needs five columns, and none of them empty", lines, n)
	}
	for name := range know {
		if !seen[name] {
			t.Errorf("the page does not say %q", name)
		}
	}
	if *update && written != string(page) {
		if err := os.WriteFile(file, []byte(written), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	hold(t, "defaults.md", "suites", suiteTable(t))
}

// linesOfDefaults counts the lines of the tables that have a column for the code.
func linesOfDefaults(page string) (n int) {
	in := false
	for line := range strings.Lines(page) {
		switch {
		case strings.Contains(line, "| in the code |"):
			in = true
		case !strings.HasPrefix(line, "|"):
			in = false
		case in && !strings.HasPrefix(line, "| ---"):
			n++
		}
	}
	return n
}

// shown writes a value as the page does; in like says which unit it is in.
func shown(v any, like string) string {
	switch v := v.(type) {
	case time.Duration:
		for _, u := range []struct {
			unit time.Duration
			name string
		}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
			if v%u.unit == 0 && (v >= 2*u.unit || u.unit == time.Second || v == u.unit) && (u.name != "day" || v > 48*time.Hour) {
				n := int(v / u.unit)
				if n == 1 {
					return "1 " + u.name
				}
				return fmt.Sprintf("%d %ss", n, u.name)
			}
		}
		return v.String()
	case int:
		if strings.Contains(like, "TLS") {
			return map[int]string{0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}[v]
		}
		if strings.Contains(like, "KiB") && v%1024 == 0 {
			return strconv.Itoa(v/1024) + " KiB"
		}
		if v >= 10_000 {
			return fmt.Sprintf("%d,%03d", v/1000, v%1000)
		}
		return strconv.Itoa(v)
	}
	return fmt.Sprint(v)
}

// TestNothingIsOptional holds what the page says has no default: a Verifier and
// a Server that leave it out refuse everything.
func TestNothingIsOptional(t *testing.T) {
	store, err := cacheOf()
	if err != nil {
		t.Fatal(err)
	}
	whole := service.Verifier{Audiences: []string{"urn:example:service"}, Replay: store, Users: nobody{}}
	if err := whole.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*service.Verifier){
		"audiences":    func(v *service.Verifier) { v.Audiences = nil },
		"replay":       func(v *service.Verifier) { v.Replay = nil },
		"trust":        func(v *service.Verifier) { v.Users = nil },
		"suite":        func(v *service.Verifier) { v.Suite = "modern" },
		"negativeSkew": func(v *service.Verifier) { v.MaxSkew = -1 },
	} {
		v := whole
		change(&v)
		if v.Check() == nil {
			t.Errorf("%s: a Verifier without it is taken", name)
		}
	}
	if (&sts.Server{}).Check() == nil {
		t.Error("a Server without anything is taken")
	}
	if err := (&saml.Assertion{}).Check(saml.Checks{Now: noon}); err == nil {
		t.Error("an assertion for no audience is taken")
	}
	client := httpx.NewClient(nil)
	if client.CheckRedirect(nil, nil) != http.ErrUseLastResponse {
		t.Error("a redirect is followed")
	}
	if tr := client.Transport.(*http.Transport); tr.Proxy != nil || !tr.DisableCompression || client.Jar != nil {
		t.Error("a proxy, compression or cookies are used")
	}
}
