package wst

import (
	"crypto/subtle"
	"fmt"
	"io"
)

// A Secret is entropy or a proof key. Its octets stand behind two pointers, so
// that no verb of package fmt reaches them, not even through the unexported
// field of somebody's struct, where fmt finds no methods: a verb that does not
// fit makes it look behind one pointer, and never behind two. The zero Secret
// is no secret at all.
type Secret struct{ p *box }

type box struct{ octets *[]byte }

// NewSecret returns a Secret with a copy of b, or the zero Secret if b is
// empty. The caller still owns b, and should clear it.
func NewSecret(b []byte) Secret {
	if len(b) == 0 {
		return Secret{}
	}
	c := append([]byte(nil), b...)
	return Secret{&box{&c}}
}

// Bytes returns the octets themselves, not a copy; nil for the zero Secret.
func (s Secret) Bytes() []byte {
	if s.p == nil {
		return nil
	}
	return *s.p.octets
}

// Len returns the number of octets.
func (s Secret) Len() int { return len(s.Bytes()) }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.Len() == 0 }

// Equal compares two secrets in a time that depends only on their lengths.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare(s.Bytes(), o.Bytes()) == 1
}

// Clear overwrites the octets with zeros and forgets them, for every copy of
// this Secret value.
func (s Secret) Clear() {
	if s.p != nil {
		clear(*s.p.octets)
		*s.p.octets = nil
	}
}

// Format implements [fmt.Formatter] so that every verb prints the length only.
func (s Secret) Format(f fmt.State, _ rune) {
	io.WriteString(f, s.String())
}

// String returns how many octets there are, and none of them.
func (s Secret) String() string {
	if s.IsZero() {
		return "[no secret]"
	}
	return fmt.Sprintf("[%d secret octets]", s.Len())
}

// weak says why b cannot serve as a key or as entropy, or returns "". The
// bounds are those of [MinKeyBits] and [MaxKeyBits]; an all-zero value is what
// an issuer with a broken random source or a cleared buffer sends.
func weak(b []byte) string {
	if len(b)*8 < MinKeyBits {
		return fmt.Sprintf("%d octets are too few, the least is %d", len(b), MinKeyBits/8)
	}
	if len(b)*8 > MaxKeyBits {
		return fmt.Sprintf("%d octets are too many, the most is %d", len(b), MaxKeyBits/8)
	}
	var or byte
	for _, c := range b {
		or |= c
	}
	if or == 0 {
		return "all octets are zero"
	}
	return ""
}
