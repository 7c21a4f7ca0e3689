package rig

import (
	"bytes"
	"strings"
	"testing"
)

// Altered changes one octet of what stands behind a text.
func Altered(t testing.TB, src, after string, skip int) string {
	t.Helper()
	at := strings.Index(src, after)
	if at < 0 {
		t.Fatalf("no %q in %s", after, src)
	}
	b := []byte(src)
	at += len(after) + skip
	switch c := b[at]; {
	case c == '9' || c == 'z' || c == 'Z' || c == '/' || c == '+':
		b[at] = 'A'
	case bytes.IndexByte([]byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), c) >= 0:
		b[at]++
	default:
		t.Fatalf("%q is no place to change", c)
	}
	return string(b)
}
