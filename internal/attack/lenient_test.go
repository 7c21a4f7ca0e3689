package attack

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"

	"wstrust/internal/xmltree"
)

// parse reads a file as the double does: strictly, or with what other parsers
// do where a defence is off. What it cannot show otherwise it rewrites into
// what such a parser would see.
func (d *double) parse(src []byte) (*xmltree.Doc, error) {
	for _, step := range []func([]byte) ([]byte, error){d.compressed, d.encoding, d.doctype, d.instructions, d.names, d.document} {
		var err error
		if src, err = step(src); err != nil {
			return nil, err
		}
	}
	lim := wide
	if d.on(dLimits) {
		lim = xmltree.Limits{}
	}
	doc, err := xmltree.Parse(src, lim)
	if err != nil {
		return nil, deny(dNames|dLimits, "%v", err)
	}
	return doc, nil
}

func (d *double) compressed(src []byte) ([]byte, error) {
	if !bytes.HasPrefix(src, []byte{0x1f, 0x8b}) {
		return src, nil
	}
	if d.on(dCompressed) {
		return nil, deny(dCompressed, "compressed")
	}
	z, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func (d *double) encoding(src []byte) ([]byte, error) {
	declared := ""
	if m := regexp.MustCompile(`^\s*<\?xml[^>]*encoding=["']([^"']*)`).FindSubmatch(src); m != nil {
		declared = strings.ToLower(string(m[1]))
	}
	marked := bytes.HasPrefix(src, []byte{0xEF, 0xBB, 0xBF})
	if m := regexp.MustCompile(`^\x{FEFF}<\?xml[^>]*encoding=["']([^"']*)`).FindSubmatch(src); m != nil {
		declared = strings.ToLower(string(m[1]))
	}
	wideText := len(src) > 1 && (src[0] == 0 || src[1] == 0)
	odd := declared != "" && declared != "utf-8" || wideText || !validUTF8(src) || marked && declared == "utf-16"
	if !odd {
		return bytes.TrimPrefix(src, []byte{0xEF, 0xBB, 0xBF}), nil
	}
	if d.on(dEncoding) {
		return nil, deny(dEncoding, "not UTF-8 throughout")
	}
	switch {
	case wideText:
		src = fromUTF16(src)
	case declared == "utf-7":
		src = fromUTF7(src)
	case declared == "iso-8859-1", !validUTF8(src):
		src = fromLatin(src)
	}
	return regexp.MustCompile(`^\s*<\?xml[^>]*\?>`).ReplaceAll(bytes.TrimPrefix(src, []byte{0xEF, 0xBB, 0xBF}), nil), nil
}

func validUTF8(p []byte) bool { return bytes.Equal(bytes.ToValidUTF8(p, nil), p) }

func fromUTF16(src []byte) []byte {
	if len(src)%2 != 0 {
		return src
	}
	big := src[0] == 0
	units := make([]uint16, len(src)/2)
	for i := range units {
		a, b := uint16(src[2*i]), uint16(src[2*i+1])
		if !big {
			a, b = b, a
		}
		units[i] = a<<8 | b
	}
	return []byte(string(utf16.Decode(units)))
}

// fromUTF7 decodes the runs between + and - of UTF-7.
func fromUTF7(src []byte) []byte {
	return regexp.MustCompile(`\+[A-Za-z0-9/+]+-`).ReplaceAllFunc(src, func(m []byte) []byte {
		p, err := base64.RawStdEncoding.DecodeString(string(m[1 : len(m)-1]))
		if err != nil || len(p)%2 != 0 {
			return m
		}
		units := make([]uint16, len(p)/2)
		for i := range units {
			units[i] = uint16(p[2*i])<<8 | uint16(p[2*i+1])
		}
		return []byte(string(utf16.Decode(units)))
	})
}

// fromLatin takes overlong and stray octets for characters.
func fromLatin(src []byte) []byte {
	out := make([]byte, 0, len(src))
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c == 0xC0 && i+1 < len(src) && src[i+1]&0xC0 == 0x80, c == 0xC1 && i+1 < len(src) && src[i+1]&0xC0 == 0x80:
			out = append(out, c<<6|src[i+1]&0x3F)
			i++
		case c >= 0x80 && !validUTF8(src):
			out = append(out, string(rune(c))...)
		default:
			out = append(out, c)
		}
	}
	return out
}

var (
	subset  = regexp.MustCompile(`(?s)<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>`)
	entity  = regexp.MustCompile(`<!ENTITY\s+(?:%\s+)?(\w+)\s+(?:SYSTEM\s+)?["']([^"']*)["']\s*>`)
	attlist = regexp.MustCompile(`<!ATTLIST\s+(\S+)\s+(\S+)\s+CDATA\s+["']([^"']*)["']\s*>`)
)

// doctype does what a parser with document types does: entities are replaced,
// external ones are fetched, and attributes get their defaults.
func (d *double) doctype(src []byte) ([]byte, error) {
	at := subset.FindIndex(src)
	if at == nil {
		return src, nil
	}
	if d.on(dDoctype) {
		return nil, deny(dDoctype, "document type declaration")
	}
	dtd, rest := src[at[0]:at[1]], string(src[:at[0]])+string(src[at[1]:])
	for _, a := range attlist.FindAllSubmatch(dtd, -1) {
		tag := regexp.MustCompile(`<` + regexp.QuoteMeta(string(a[1])) + `([\s>/])`)
		rest = tag.ReplaceAllString(rest, `<`+string(a[1])+` `+string(a[2])+`="`+string(a[3])+`"$1`)
	}
	most := 1 << 20
	for range 12 {
		for _, e := range entity.FindAllSubmatch(dtd, -1) {
			value := string(e[2])
			if bytes.Contains(e[0], []byte("SYSTEM")) {
				value = string(d.fetch[value])
			}
			if len(rest)+strings.Count(rest, "&"+string(e[1])+";")*len(value) > most {
				return nil, deny(dLimits, "entities of more than %d octets", most)
			}
			rest = strings.ReplaceAll(rest, "&"+string(e[1])+";", value)
		}
	}
	return []byte(rest), nil
}

// mark stands for a processing instruction, which our parser cannot show.
const mark = "\uE000"

var instruction = regexp.MustCompile(`(?s)<\?.*?\?>`)

func (d *double) instructions(src []byte) ([]byte, error) {
	head := regexp.MustCompile(`^<\?xml\s[^>]*\?>`).Find(src)
	rest := src[len(head):]
	if !instruction.Match(rest) {
		return src, nil
	}
	if d.on(dPI) {
		return nil, deny(dPI, "processing instruction")
	}
	inside := bytes.IndexByte(rest, '<')
	return append(bytes.Clone(head), instruction.ReplaceAllFunc(rest, func(p []byte) []byte {
		if bytes.Equal(p, instruction.Find(rest)) && bytes.HasPrefix(rest[inside:], []byte("<?")) {
			return nil // before the root
		}
		if m := halved.FindSubmatch(p); m != nil && d.pick.piText {
			return append([]byte(mark), m[1]...)
		}
		return []byte(mark)
	})...), nil
}

// document takes the first element and leaves what is around it.
func (d *double) document(src []byte) ([]byte, error) {
	if _, err := xmltree.Parse(src, wide); d.on(dDocument) || err == nil {
		return src, nil
	}
	start := bytes.IndexByte(src, '<')
	for start >= 0 {
		for end := start; ; {
			k := bytes.IndexByte(src[end:], '>')
			if k < 0 {
				break
			}
			end += k + 1
			if tag := src[start:end]; bytes.HasSuffix(tag, []byte("Envelope>")) || bytes.HasSuffix(tag, []byte("Assertion>")) {
				return tag, nil
			}
		}
		next := bytes.IndexByte(src[start+1:], '<')
		if next < 0 {
			break
		}
		start += 1 + next
	}
	return src, nil
}

var (
	twoColons = regexp.MustCompile(`(</?)(\w+):+(\w+)(?::\w+)?`)
	directive = regexp.MustCompile(`<!\w[^>]*>`)
	oddAttr   = regexp.MustCompile(`\s(\w+::\w+|:\w+|\w+:\w+:\w+)="[^"]*"`)
	relative  = regexp.MustCompile(`xmlns:(\w+)="(\.{0,2}/[^":]*|[^":/]*)"`)
)

// names does what tokenizers do that read names and characters as they come.
func (d *double) names(src []byte) ([]byte, error) {
	if d.on(dNames) {
		return src, nil
	}
	src = bytes.ReplaceAll(src, []byte{0}, nil)
	src = regexp.MustCompile(`&#(0|x0|xD800|55296);`).ReplaceAll(src, nil)
	src = directive.ReplaceAll(src, nil)
	src = oddAttr.ReplaceAll(src, nil)
	src = twoColons.ReplaceAll(src, []byte("$1$2:$3"))
	src = regexp.MustCompile(`(</?):(\w+)`).ReplaceAll(src, []byte("$1$2"))
	src = relative.ReplaceAll(src, []byte(`xmlns:$1="urn:relative:$2"`))
	return src, nil
}

// one names a file that is too long to be printed.
func brief(src []byte) string {
	if len(src) > 12000 {
		return fmt.Sprintf("%s … (%d octets)", src[:12000], len(src))
	}
	return string(src)
}
