// Package service may use encoding/xml; it may not import the issuer.
package service

import (
	"encoding/xml"

	"wstrust/internal/alg"
	"wstrust/sts" // want layer
)

var (
	_ xml.Name
	_ alg.Suite
	_ sts.Server
)
