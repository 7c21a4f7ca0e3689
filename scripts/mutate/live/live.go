// Package live is what rewritten packages call. It is compiled into test
// binaries under another path; one binary holds every mutant, and the
// environment says which of them lives in this process.
package live

import (
	"cmp"
	"encoding/binary"
	"os"
	"strconv"
	"sync/atomic"
)

// The environment of a test process.
const (
	Active = "MUTANT_ACTIVE" // the number of the mutant that lives
	Limit  = "MUTANT_LIMIT"  // how often it may be asked before the run counts as endless
	Record = "MUTANT_RECORD" // a file that takes the numbers of those which would have made a difference
)

// Numbers is more than the highest number of a mutant.
const Numbers = 1 << 18

// Often, set in a number in the Record file, says that it was asked more than
// half of Limit's times.
const Often = 1 << 31

// Endless is the exit code when Limit is reached.
const Endless = 77

var (
	active = number(Active)
	limit  = number(Limit)
	record = open(os.Getenv(Record))

	asked   atomic.Int64
	touched [Numbers]atomic.Bool
	counted [Numbers]atomic.Int64
)

func number(name string) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		return 0
	}
	return n
}

func open(name string) *os.File {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}

// If is c, unless one of its two mutants lives: forced to true, forced to
// false. A mutant that was not made has the number -1.
func If[B ~bool](whenTrue, whenFalse int, c B) B {
	switch {
	case record != nil:
		note(whenTrue, bool(!c))
		note(whenFalse, bool(c))
	case lives(whenTrue):
		return true
	case lives(whenFalse):
		return false
	}
	return c
}

// Less is a < b; its mutant lets equals through as well.
func Less[T cmp.Ordered](id int, a, b T) bool {
	if edge(id, a == b) {
		return a <= b
	}
	return a < b
}

// LessEqual is a <= b; its mutant stops at equals.
func LessEqual[T cmp.Ordered](id int, a, b T) bool {
	if edge(id, a == b) {
		return a < b
	}
	return a <= b
}

// Greater is a > b; its mutant lets equals through as well.
func Greater[T cmp.Ordered](id int, a, b T) bool {
	if edge(id, a == b) {
		return a >= b
	}
	return a > b
}

// GreaterEqual is a >= b; its mutant stops at equals.
func GreaterEqual[T cmp.Ordered](id int, a, b T) bool {
	if edge(id, a == b) {
		return a > b
	}
	return a >= b
}

func edge(id int, equal bool) bool {
	if record != nil {
		note(id, equal)
		return false
	}
	return lives(id)
}

// Error is err; its mutant forgets it.
func Error(id int, err error) error {
	if record != nil {
		note(id, err != nil)
	} else if lives(id) {
		return nil
	}
	return err
}

// Do says whether a statement is run; its mutant leaves it out.
func Do(id int) bool {
	if record != nil {
		note(id, true)
		return true
	}
	return !lives(id)
}

func lives(id int) bool {
	if active != id {
		return false
	}
	if asked.Add(1) > int64(limit) {
		os.Exit(Endless)
	}
	return true
}

// note writes down, once each, that id made a difference and was asked often.
func note(id int, differs bool) {
	if id < 0 {
		return
	}
	if differs && !touched[id].Swap(true) {
		write(uint32(id))
	}
	if counted[id].Add(1) == int64(limit)/2 {
		write(uint32(id) | Often)
	}
}

func write(n uint32) {
	if _, err := record.Write(binary.LittleEndian.AppendUint32(nil, n)); err != nil {
		panic(err)
	}
}
