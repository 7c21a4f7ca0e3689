// Package alg keeps every rule: it alone may import crypto/sha1.
package alg

import (
	"crypto/sha1"
	"time"
)

// Suite is here to be imported.
type Suite string

// Size uses time without reading a clock.
func Size(now time.Time) int { return sha1.Size + now.Second() }
