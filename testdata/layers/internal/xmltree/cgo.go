//go:build cgo

package xmltree

// A build tag hides nothing from the scan.
import "C" // want unsafe
