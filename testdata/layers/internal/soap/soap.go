// Package soap starts by itself and hides what it uses.
package soap

import (
	"crypto/sha1" // want only
	. "strings"   // want dot
)

var table map[string]int

func init() { table = map[string]int{ToUpper("a"): sha1.Size} } // want init
