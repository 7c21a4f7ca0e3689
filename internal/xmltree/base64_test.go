package xmltree

import (
	"strings"
	"testing"
)

// White space of each kind, alone and with the others, anywhere in base64.
func TestBase64WhiteSpace(t *testing.T) {
	const text = "bG9uZyBlbm91Z2g="
	for _, space := range []string{" ", "\t", "\n", "\r", "\r\n", " \t\r\n"} {
		for i := range len(text) + 1 {
			if out, ok := DecodeBase64([]byte(text[:i] + space + text[i:])); !ok || string(out) != "long enough" {
				t.Errorf("%q at %d: %q, %v", space, i, out, ok)
			}
		}
		if out, ok := DecodeBase64([]byte(strings.Join(strings.Split(text, ""), space))); !ok || string(out) != "long enough" {
			t.Errorf("%q everywhere: %q, %v", space, out, ok)
		}
	}
	for _, bad := range []string{"bG9uZyBlbm91Z2h=", "bG9uZ\vyBlbm91Z2g=", "bG9uZyBlbm91Z2g", "bG9uZyBlbm91Z2g==", "bG9u\u00a0"} {
		if _, ok := DecodeBase64([]byte(bad)); ok {
			t.Errorf("%q is base64", bad)
		}
	}
}

func TestBase64In(t *testing.T) {
	e := parse(t, "<a> bG9uZyBlbm91Z2g= </a>")
	for _, size := range []int{0, 10, 11, 12, 13, 40} { // 12 octets is what the length of the text says
		room := make([]byte, 0, size)
		out, err := e.Base64In(room)
		if err != nil || string(out) != "long enough" {
			t.Fatalf("%q, %v", out, err)
		}
		if there := size > 0 && &room[:1][0] == &out[0]; there != (size >= 12) {
			t.Errorf("room for %d octets: used %v", size, there)
		}
	}
	if out, err := parse(t, "<a>bG9uZ===</a>").Base64In(make([]byte, 40)); err == nil || out != nil {
		t.Errorf("%q, %v", out, err)
	}
}
