package main

import (
	"testing"
	"time"
)

// TestAllocations holds the hot paths to their budgets. Allocation counts do
// not depend on the machine, so they are a test and not only a measurement.
func TestAllocations(t *testing.T) {
	in, err := newInput(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	all, err := contenders(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	type key struct{ row, who string }
	most := map[key]float64{
		{rowParse, whoOurs}:      1,
		{rowC14N, whoOurs}:       2,
		{rowBoth, whoOurs}:       2,
		{rowVerify, whoOurs}:     40,
		{rowVerify, whoOursRead}: 40,
		{rowVerifyEC, whoOurs}:   40,
		{rowCached, whoOurs}:     0,
	}
	for _, c := range all {
		limit, ok := most[key{c.row, c.who}]
		if !ok {
			continue
		}
		delete(most, key{c.row, c.who})
		got := testing.AllocsPerRun(200, func() {
			if err := c.op(); err != nil {
				t.Fatal(err)
			}
		})
		if got > limit {
			t.Errorf("%s, %s: %v allocations, at most %v", c.row, c.who, got, limit)
		}
	}
	for k := range most {
		t.Errorf("%s: %s is not among the contenders", k.row, k.who)
	}
}
