package cache_test

import (
	"testing"
	"time"
)

// FuzzTamperedValueNeverOpens: what was put is got, and what somebody changed in
// the store is not.
func FuzzTamperedValueNeverOpens(f *testing.F) {
	f.Add("name", []byte("value"), uint16(0), byte(1))
	f.Add("", []byte{}, uint16(20), byte(255))
	f.Fuzz(func(t *testing.T, name string, value []byte, at uint16, flip byte) {
		g := newGlass()
		c := newCache(t, g, "key")
		if err := c.Put(t.Context(), name, value, time.Minute); err != nil {
			t.Fatal(err)
		}
		wantValue(t, c, name, string(value))
		if flip == 0 {
			return
		}
		for _, sealed := range g.m {
			sealed[int(at)%len(sealed)] ^= flip
		}
		wantMiss(t, c, name)
	})
}
