// Package xmltree breaks the rules of a pure package.
package xmltree

import (
	"encoding/xml" // want only
	"net/http"     // want pure
	"net/url"
	clock "time"
	"unsafe" // want unsafe

	"wstrust/internal/alg" // want layer
)

type parser struct {
	d  *xml.Decoder
	c  *http.Client
	u  *url.URL
	s  alg.Suite
	at clock.Time
	n  [unsafe.Sizeof(0)]byte
}

func now() clock.Time { return clock.Now() } // want clock

func age(p parser) clock.Duration { return clock.Since(p.at) } // want clock
