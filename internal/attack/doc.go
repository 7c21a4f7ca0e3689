// Package attack holds no code but tests: every attack that docs/attacks.md
// lists, made anew in each run from our own messages and our own test keys, and
// refused by everything that could read it.
//
// An attack proves something only if it is one. So each case is held against
// three judges, in this order:
//
//   - an independent check, made of package c14n and the standard library's
//     cryptography alone, says that the signatures in the file are right;
//   - a weak double, a small and complete verifier of this package in which
//     each defence can be left out by name, yields the forged content when the
//     defences that the case names are left out, does not yield it when any one
//     of them is put back, and refuses the file with all of them;
//   - the real entry points (service.Verifier by itself and behind HTTP, an
//     issuer, a client's channel, package saml, and the tool, built for that)
//     refuse it with the class of error expected, and the wire says the one
//     uniform fault.
//
// Names of tests begin with the row of the table: go test -run Attack/W10.
package attack
