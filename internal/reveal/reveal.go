// Package reveal guards the proof keys of tokens. A token of package wstrust
// gives its key only to a caller that can make a Permit; since this package is
// internal, that is this module alone: the WWSAPI surface, whose contract is to
// hand the key out, and the command, which writes it to a file when told to.
package reveal

// A Permit lets its holder read a proof key.
type Permit struct{}
