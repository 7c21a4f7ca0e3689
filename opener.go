package wstrust

import (
	"wstrust/internal/alg"
	"wstrust/internal/wst"
)

// opener is the key with which entropy and proof keys are opened that an issuer
// encrypted for us: that of the first certificate binding, which is what the
// issuer knows us by. Without one they are refused.
func (c *Config) opener() wst.Opener {
	for _, b := range c.Bindings {
		if b, ok := b.(certificate); ok {
			if _, key, err := b.parse(); err == nil {
				return wst.Opener{Key: key, Suite: alg.Suite(c.Suite)}
			}
		}
	}
	return wst.Opener{}
}
