package wst

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"wstrust/internal/xmltree"
)

var update = flag.Bool("update", false, "write what the code does into testdata")

// A vector is a txtar file: a head of "name: value" lines, then files.
//
// rst-*.txtar have a request. Reading it must give the lines of "want", or the
// class of error in the head; with "written: yes", writing what was read must
// give the same octets.
//
// rstr-*.txtar have an answer. The head tells what was asked for, the time,
// and the class that the exchange must end with; "want" tells the result.
type vector struct {
	file  string
	head  map[string]string
	lines []string // of the head, for -update
	files map[string]string
}

func vectors(t testing.TB, pattern string) []vector {
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no vectors %s: %v", pattern, err)
	}
	var all []vector
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		v := vector{file: n, head: map[string]string{}, files: map[string]string{}}
		var name string
		sc := bufio.NewScanner(bytes.NewReader(data))
		for sc.Scan() {
			line := sc.Text()
			if strings.HasPrefix(line, "-- ") && strings.HasSuffix(line, " --") {
				name = line[3 : len(line)-3]
				v.files[name] = ""
				continue
			}
			if name != "" {
				v.files[name] += line + "\n"
				continue
			}
			v.lines = append(v.lines, line)
			if k, val, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
				v.head[k] = val
			}
		}
		all = append(all, v)
	}
	return all
}

func (v vector) rewrite(t *testing.T) {
	var b bytes.Buffer
	for _, l := range v.lines {
		fmt.Fprintln(&b, l)
	}
	var names []string
	for n := range v.files {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Fprintf(&b, "-- %s --\n%s", n, v.files[n])
	}
	if err := os.WriteFile(v.file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// class names the kind of an error, as vectors do.
func class(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrExpired):
		return "expired"
	case errors.Is(err, ErrMismatch):
		return "mismatch"
	case errors.Is(err, ErrRequest):
		return "request"
	case errors.Is(err, ErrFormat):
		return "format"
	case errors.Is(err, ErrState):
		return "state"
	}
	return "other"
}

func root(t testing.TB, x string) xmltree.Elem {
	t.Helper()
	d, err := xmltree.Parse([]byte(x), xmltree.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, x)
	}
	return d.Root()
}

func TestRequestVectors(t *testing.T) {
	for _, v := range vectors(t, "rst-*.txtar") {
		t.Run(filepath.Base(v.file), func(t *testing.T) {
			src := strings.TrimSuffix(v.files["request.xml"], "\n")
			r, version, err := ReadRequest(root(t, src), Opener{})
			if got := class(err); got != v.head["class"] {
				t.Fatalf("class %s, want %s: %v", got, v.head["class"], err)
			}
			if err != nil {
				var at *xmltree.Error
				if !errors.As(err, &at) || !strings.HasPrefix(at.Path, "/RequestSecurityToken") {
					t.Errorf("the error does not say where: %v", err)
				}
				return
			}
			got := describeRequest(r, version)
			if *update {
				v.files["want"] = got
				v.rewrite(t)
			}
			if got != v.files["want"] {
				t.Errorf("read\n%s\nwant\n%s", got, v.files["want"])
			}
			out, err := r.Write(version)
			if err != nil {
				t.Fatal(err)
			}
			if v.head["written"] == "yes" && string(out) != src {
				t.Errorf("written\n%s\nwant\n%s", out, src)
			}
			again, _, err := ReadRequest(root(t, string(out)), Opener{})
			if err != nil {
				t.Fatal(err)
			}
			if describeRequest(again, version) != got {
				t.Errorf("what was written is read as\n%s\nwant\n%s", describeRequest(again, version), got)
			}
		})
	}
}

// describeRequest writes every field that is set. It shows secrets: these are
// test messages.
func describeRequest(r *Request, v Version) string {
	var b strings.Builder
	line := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "0" && s != "false" {
			fmt.Fprintf(&b, "%s: %s\n", name, strings.ReplaceAll(s, "\n", "\\n"))
		}
	}
	line("version", v)
	line("action", r.Action)
	line("context", r.Context)
	line("token-type", r.TokenType)
	line("key-type", r.KeyType)
	line("bearer", r.BearerURI)
	line("key-size", r.KeySize)
	line("applies-to", r.AppliesTo)
	line("applies-to-xml", string(r.AppliesToXML))
	line("addressing", r.Addressing)
	line("entropy", r.Entropy)
	line("client-entropy", hex.EncodeToString(r.ClientEntropy.Bytes()))
	line("computed-key", r.ComputedKey)
	if r.UseKeyCert != nil {
		line("use-key-certificate", r.UseKeyCert.Subject)
	}
	if r.UseKey != nil {
		line("use-key", fmt.Sprintf("%T", r.UseKey))
	}
	line("use-key-xml", string(r.UseKeyXML))
	line("use-key-sig", r.UseKeySig)
	line("dialect", r.ClaimsDialect)
	for _, c := range r.Claims {
		line("claim", fmt.Sprintf("%q = %q optional %t", c.URI, c.Value, c.Optional))
	}
	line("created", instantText(r.Created))
	line("expires", instantText(r.Expires))
	line("on-behalf-of", string(r.OnBehalfOf))
	line("act-as", string(r.ActAs))
	line("target", string(r.Target))
	if r.Renewing != nil {
		line("renewing", fmt.Sprintf("%+v", *r.Renewing))
	}
	if r.Delegatable != nil {
		line("delegatable", strconv.Quote(fmt.Sprint(*r.Delegatable)))
	}
	if r.Forwardable != nil {
		line("forwardable", strconv.Quote(fmt.Sprint(*r.Forwardable)))
	}
	line("signature-algorithm", r.SignatureAlgorithm)
	line("encryption-algorithm", r.EncryptionAlgorithm)
	line("canonicalization-algorithm", r.CanonicalizationAlgorithm)
	for _, p := range r.Parameters {
		line("parameter", string(p))
	}
	for _, p := range r.Secondary {
		line("secondary", string(p))
	}
	return b.String()
}

// instantText keeps the precision that a message keeps.
func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return xmltree.FormatTime(t)
}

func TestAnswerVectors(t *testing.T) {
	for _, v := range vectors(t, "rstr-*.txtar") {
		t.Run(filepath.Base(v.file), func(t *testing.T) {
			n, err := v.negotiation(t)
			if err != nil {
				t.Fatal(err)
			}
			now, err := time.Parse(time.RFC3339, v.head["now"])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.Step(xmltree.Elem{}, now); err != nil {
				t.Fatal(err)
			}
			_, err = n.Step(root(t, v.files["answer.xml"]), now)
			if got := class(err); got != v.head["class"] {
				t.Fatalf("class %s, want %s: %v", got, v.head["class"], err)
			}
			if err != nil {
				if n.Issued() != nil {
					t.Error("there is a result in spite of the error")
				}
				return
			}
			got := describeIssued(n.Issued())
			if *update {
				v.files["want"] = got
				v.rewrite(t)
			}
			if got != v.files["want"] {
				t.Errorf("got\n%s\nwant\n%s", got, v.files["want"])
			}
			if tok := n.Issued().Token; len(tok) != 0 {
				if d, err := xmltree.Parse(tok, xmltree.Limits{}); err != nil || !d.Root().OK() {
					t.Errorf("the token does not stand alone: %v", err)
				}
			}
		})
	}
}

// negotiation is the exchange that the head of a vector describes.
func (v vector) negotiation(t *testing.T) (*Negotiation, error) {
	version, ok := map[string]Version{"1.3": Trust13, "2005/02": Trust2005, "1.4": Trust14}[v.head["version"]]
	if !ok {
		t.Fatalf("version %q", v.head["version"])
	}
	r := Request{
		Context: v.head["context"], TokenType: v.head["token-type"], AppliesTo: v.head["applies-to"],
		Target: []byte(v.head["target"]),
	}
	r.KeySize, _ = strconv.Atoi(v.head["key-size"])
	for i, n := range actionNames {
		if n == v.head["action"] {
			r.Action = Action(i)
		}
	}
	for k := range PublicKey + 1 {
		if k.String() == v.head["key-type"] {
			r.KeyType = k
		}
	}
	for m := range CombinedEntropy + 1 {
		if m.String() == v.head["entropy"] {
			r.Entropy = m
		}
	}
	if h := v.head["client-entropy"]; h != "" {
		b, err := hex.DecodeString(h)
		if err != nil {
			t.Fatal(err)
		}
		r.ClientEntropy = NewSecret(b)
	}
	return New(r, version, Options{Lenient: v.head["lenient"] == "yes", Strict: v.head["strict"] == "yes"})
}

func describeIssued(i *Issued) string {
	var b strings.Builder
	line := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "0" && s != "false" {
			fmt.Fprintf(&b, "%s: %s\n", name, strings.ReplaceAll(s, "\n", "\\n"))
		}
	}
	line("token-type", i.TokenType)
	line("key-type", i.KeyType)
	line("key-size", i.KeySize)
	line("proof", hex.EncodeToString(i.Proof.Bytes()))
	line("token", string(i.Token))
	line("attached", string(i.Attached))
	line("unattached", string(i.Unattached))
	line("applies-to", i.AppliesTo)
	line("created", instantText(i.Created))
	line("expires", instantText(i.Expires))
	if i.Status != nil {
		line("status", fmt.Sprintf("valid %t, code %q, reason %q", i.Status.Valid, i.Status.Code, i.Status.Reason))
	}
	line("cancelled", i.Cancelled)
	return b.String()
}
