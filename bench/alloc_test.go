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
	most := map[string]float64{
		rowParse:    1,
		rowC14N:     2,
		rowBoth:     2,
		rowVerify:   40,
		rowVerifyEC: 40,
		rowCached:   0,
	}
	for _, c := range all {
		limit, ok := most[c.row]
		if !ok || c.who != whoOurs {
			continue
		}
		delete(most, c.row)
		got := testing.AllocsPerRun(200, func() {
			if err := c.op(); err != nil {
				t.Fatal(err)
			}
		})
		if got > limit {
			t.Errorf("%s: %v allocations, at most %v", c.row, got, limit)
		}
	}
	for row := range most {
		t.Errorf("%s: ours is not among the contenders", row)
	}
}
