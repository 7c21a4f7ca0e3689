package wsse

import (
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
)

// A password that arrived must not print, wherever the value sits.
func TestPasswordDoesNotPrint(t *testing.T) {
	d, err := xmltree.Parse([]byte(`<w:UsernameToken xmlns:w="`+xmltree.WSSE+`"><w:Username>alice</w:Username><w:Password>correct horse</w:Password></w:UsernameToken>`), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := readUsername(d.Root())
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := p.Text(); !ok || string(text) != "correct horse" || !p.Matches([]byte("correct horse")) {
		t.Fatal("the password was not read")
	}
	for _, v := range []any{p, &p, struct{ p Password }{p}, &Pending{password: p}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			s := fmt.Sprintf(verb, v)
			for _, hidden := range []string{"correct horse", fmt.Sprintf("%x", "correct horse"), strings.Trim(fmt.Sprintf("%d", []byte("correct horse")), "[]")} {
				if strings.Contains(s, hidden) {
					t.Errorf("%s of a %T prints the password", verb, v)
				}
			}
		}
	}
}
