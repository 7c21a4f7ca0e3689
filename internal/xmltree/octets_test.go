package xmltree

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the parser says about changed documents into testdata")

// smallDocuments have among them everything that a document may have.
var smallDocuments = []string{
	`<a>t</a>`,
	`<a b="c" d='e'/>`,
	`<?xml version="1.0" encoding="utf-8" standalone='no'?><a/>`,
	`<a xmlns="u:x" xmlns:p="u:y"><p:b p:c=""/></a>`,
	`<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x4f;</a>`,
	`<a b="&lt;&#9;">x&#13;</a>`,
	`<!--c--><a><!--d-->e<![CDATA[f]]></a ><!--g-->`,
	"<a b=\"c\td\r\ne\">\r\nf\r</a>\n",
	"<é>\uE000\uFFFD</é>",
	`<a Id="i"><b xml:id="j"/></a>`,
}

// octets are put before, and in place of, every octet of a small document.
var octets = []string{"", "<", ">", "&", "\"", "'", "=", "/", "!", "?", "-", "]", " ", "\r", "\n", ":", ";", "#", "x", "9", "\x01", "\uFFFE", "é", "\u0301"}

// TestEveryOctet changes every octet of small documents in many ways and holds
// what becomes of each against testdata: a letter for each place of the
// document, which stands for an error or, "=" and ".", for a document that
// reads as before and one that does not. What is accepted encoding/xml has to
// accept and to read the same.
func TestEveryOctet(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var messages, lines []string
	for _, doc := range smallDocuments {
		before := dumped(t, doc)
		for _, with := range octets {
			for _, replace := range []int{0, 1} {
				if with == "" && replace == 0 {
					continue
				}
				line := make([]byte, 0, len(doc))
				for i := 0; i <= len(doc)-replace; i++ {
					changed := doc[:i] + with + doc[i+replace:]
					d, err := Parse([]byte(changed), Limits{})
					if err == nil {
						agrees(t, d)
						line = append(line, map[bool]byte{true: '=', false: '.'}[dumped(t, changed) == before])
						continue
					}
					refused, ok := errors.AsType[*Error](err)
					if !ok {
						t.Fatalf("%q: %v", changed, err)
					}
					// What is quoted of the document is another thing each time.
					msg, _, _ := strings.Cut(refused.Msg, `"`)
					k := slices.Index(messages, msg)
					if k < 0 {
						k = len(messages)
						messages = append(messages, msg)
					}
					line = append(line, letters[k])
				}
				lines = append(lines, fmt.Sprintf("%q %+q %s %s", doc, with, map[int]string{0: "before", 1: "instead"}[replace], line))
			}
		}
	}
	for k, msg := range messages {
		lines = append(lines, string(letters[k])+": "+msg)
	}
	golden(t, "testdata/octets.txt", lines)
}

// agrees holds what the parser read against what encoding/xml reads.
func agrees(t *testing.T, d *Doc) {
	t.Helper()
	standsAlone(t, d.Root())
	if !plainNames(d) {
		return
	}
	std, err := byStandard(d.Source())
	if err != nil {
		t.Fatalf("%q is accepted here and refused by encoding/xml: %v", d.Source(), err)
	}
	if ours := byUs(d.Root()); ours != std {
		t.Fatalf("%q is read here as\n%s\nand by encoding/xml as\n%s", d.Source(), ours, std)
	}
}

func dumped(t *testing.T, doc string) string {
	t.Helper()
	d, err := Parse([]byte(doc), Limits{})
	if err != nil {
		t.Fatalf("%q: %v", doc, err)
	}
	return byUs(d.Root())
}

func golden(t *testing.T, file string, lines []string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for i, line := range lines {
		if i >= len(want) || line != want[i] {
			t.Fatalf("line %d of %s\ngot  %s\nwant %s", i+1, file, line, want[min(i, len(want)-1)])
		}
	}
	if len(want) > len(lines) {
		t.Fatalf("missing: %s", want[len(lines)])
	}
}

// TestNames goes over every character there is: a name begins and goes on with
// those of XML 1.0 (fifth edition), productions 4 and 4a, and with no others.
func TestNames(t *testing.T) {
	type ranges [][2]rune
	start := ranges{
		{'A', 'Z'},
		{'_', '_'},
		{'a', 'z'},
		{0xC0, 0xD6},
		{0xD8, 0xF6},
		{0xF8, 0x2FF},
		{0x370, 0x37D},
		{0x37F, 0x1FFF},
		{0x200C, 0x200D},
		{0x2070, 0x218F},
		{0x2C00, 0x2FEF},
		{0x3001, 0xD7FF},
		{0xF900, 0xFDCF},
		{0xFDF0, 0xFFFD},
		{0x10000, 0xEFFFF},
	}
	rest := append(ranges{{'-', '-'}, {'.', '.'}, {'0', '9'}, {0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}}, start...)
	in := func(all ranges, r rune) bool {
		return slices.ContainsFunc(all, func(x [2]rune) bool { return x[0] <= r && r <= x[1] })
	}
	named := func(name string) bool {
		_, err := Parse([]byte("<"+name+"/>"), Limits{})
		return err == nil
	}
	for _, all := range []ranges{start, rest} {
		for _, x := range all {
			for _, r := range []rune{x[0] - 1, x[0], x[1], x[1] + 1} {
				if r == '/' || r >= 0xD800 && r <= 0xDFFF {
					continue // the end of the tag; no character
				}
				if got := named(string(r)); got != in(start, r) {
					t.Errorf("%U begins a name: %v", r, got)
				}
				if got := named("a" + string(r) + "b"); got != in(rest, r) && r != ':' {
					t.Errorf("%U goes on in a name: %v", r, got)
				}
			}
		}
	}
	for r := rune(0x80); r <= 0x10FFFF; r++ {
		if nameRune(r, true) != in(start, r) || nameRune(r, false) != in(rest, r) {
			t.Fatalf("%U: begins a name %v, goes on %v", r, nameRune(r, true), nameRune(r, false))
		}
	}
}

// TestCharacterReferences has the bounds of what can be referred to.
func TestCharacterReferences(t *testing.T) {
	for ref, want := range map[string]rune{
		"#9": '\t', "#10": '\n', "#13": '\r', "#32": ' ', "#x20": ' ', "#xD7FF": 0xD7FF, "#xE000": 0xE000, "#xFFFD": 0xFFFD, "#x10000": 0x10000,
		"#x10FFFF": 0x10FFFF, "#x10ffff": 0x10FFFF, "#1114111": 0x10FFFF, "#xaF": 0xAF, "#xFa": 0xFA, "#x0009": '\t', "#x0010FFFF": 0x10FFFF,
	} {
		d, err := Parse([]byte("<a b='&"+ref+";'>&"+ref+";</a>"), Limits{})
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		text, _ := d.Root().Text()
		if value, _ := d.Root().Attr("", "b"); text != string(want) || value != text {
			t.Errorf("%s: %q and %q", ref, text, value)
		}
	}
	for _, ref := range []string{
		"#0", "#8", "#11", "#12", "#14", "#31", "#xD800", "#xDFFF", "#xFFFE", "#xFFFF", "#x110000", "#1114112", "#x", "#", "#xg", "#x`", "#x@", "#xG", "#/", "#:", "#a", "#x/", "#x:",
		"#x00000010FFFF", "#99999999999", "#X41", "", "lt ", "LT", "l", "ltt",
	} {
		if d, err := Parse([]byte("<a>&"+ref+";</a>"), Limits{}); err == nil {
			t.Errorf("%s is %s", ref, byUs(d.Root()))
		}
	}
}

// TestDeclarations has what may stand in an XML declaration, which must agree
// with the octets.
func TestDeclarations(t *testing.T) {
	utf16 := func(s string) string {
		out := []byte{0xFE, 0xFF}
		for _, c := range s {
			out = append(out, 0, byte(c))
		}
		return string(out)
	}
	for doc, ok := range map[string]bool{
		`<?xml version="1.0"?><a/>`:                                   true,
		`<?xml version='1.0' ?><a/>`:                                  true,
		"<?xml\tversion = \"1.0\"\r\n?><a/>":                          true,
		`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><a/>`: true,
		`<?xml version="1.0" standalone="no"?><a/>`:                   true,
		"\ufeff" + `<?xml version="1.0" encoding="utf-8"?><a/>`:       true,
		utf16(`<?xml version="1.0" encoding="utf-16"?><a/>`):          true,
		utf16(`<?xml version="1.0"?><a/>`):                            true,
		`<?xml version="1.0"` + strings.Repeat(" ", 237) + `?><a/>`:   true,
		`<?xml version="1.0"` + strings.Repeat(" ", 238) + `?><a/>`:   false,
		utf16(`<?xml version="1.0" encoding="UTF-8"?><a/>`):           false,
		`<?xml version="1.0" encoding="UTF-16"?><a/>`:                 false,
		`<?xml version="1.0" encoding=""?><a/>`:                       false,
		`<?xml version="1.0" standalone="maybe"?><a/>`:                false,
		`<?xml version="1.0" standalone=""?><a/>`:                     false,
		`<?xml version="1.0"standalone="no"?><a/>`:                    false,
		`<?xml version="1.0" standalone="no" encoding="UTF-8"?><a/>`:  false,
		`<?xml version="1.0" version="1.0"?><a/>`:                     false,
		`<?xml version="1.0" other="x"?><a/>`:                         false,
		`<?xml encoding="UTF-8"?><a/>`:                                false,
		`<?xml standalone="no"?><a/>`:                                 false,
		`<?xml version="1.0"`:                                         false,
		`<?xml version="1.0?><a/>`:                                    false,
		`<?xml version=1.0?><a/>`:                                     false,
		`<?xml version="?><a/>`:                                       false,
		`<?xml version=?><a/>`:                                        false,
		`<?xml version?><a/>`:                                         false,
		`<?xml ?><a/>`:                                                false,
		`<?xml?><a/>`:                                                 false,
		`<?xml`:                                                       false,
		`<?xml version="1.0"?>`:                                       false,
		`<?xml version="1.0"?><?xml version="1.0"?><a/>`:              false,
		`<?xmlx version="1.0"?><a/>`:                                  false,
	} {
		if _, err := Parse([]byte(doc), Limits{}); (err == nil) != ok {
			t.Errorf("%q: %v", doc, err)
		}
	}
}
