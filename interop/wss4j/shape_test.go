package wss4j

import (
	"regexp"
	"strings"
	"testing"

	"wstrust/internal/wsse"
)

var (
	tag       = regexp.MustCompile(`<[A-Za-z][^>]*>(urn:oasis:names:tc:SAML:1.0:cm:[a-z-]+)?`)
	attribute = regexp.MustCompile(`([A-Za-z0-9:]+)="([^"]*)"`)
	piece     = regexp.MustCompile(`(Offset|Generation|Length|Label)>[^<]*<`) // of what is derived
)

// shape is what distinguishes kinds of messages: the elements in their order, with their
// namespaces and what they say of algorithms and types.
func shape(msg []byte) string {
	var b strings.Builder
	for _, t := range tag.FindAllString(string(msg), -1) {
		name, rest, _ := strings.Cut(strings.Trim(t, "</>"), " ")
		b.WriteString(name)
		for _, a := range attribute.FindAllStringSubmatch(rest, -1) {
			b.WriteString(" " + a[1])
			switch {
			case strings.HasPrefix(a[1], "xmlns"), a[1] == "Algorithm", a[1] == "Type", a[1] == "Method", strings.HasSuffix(a[1], "ValueType"), strings.HasSuffix(a[1], "TokenType"):
				b.WriteString("=" + a[2])
			}
		}
		_, method, _ := strings.Cut(t, ">")
		b.WriteString(" " + method + "\n")
	}
	for _, p := range piece.FindAllString(string(msg), -1) {
		b.WriteString(p + "\n")
	}
	return b.String()
}

// unlike fails if a message of another kind had the same shape: a kind counts once.
func (s *stage) unlike(t *testing.T, k *kind, side string, msg []byte) {
	t.Helper()
	key := side + shape(msg)
	if k.encrypt&wsse.PartToken != 0 {
		key += k.group // which token it is cannot be seen
	}
	if other := s.shapes[key]; other != "" {
		t.Errorf("this is %q again", other)
	}
	s.shapes[key] = k.String()
}
