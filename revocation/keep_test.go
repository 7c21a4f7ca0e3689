package revocation

import (
	"fmt"
	"testing"
	"time"
)

// What is no longer good goes first, then anything; what is under way stays.
func TestForget(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		until time.Time
		left  func(int) bool
	}{
		"out of date": {now.Add(-time.Hour), func(n int) bool { return n == 1 }},
		"good":        {now.Add(time.Hour), func(n int) bool { return n == mostKept }},
		"under way":   {time.Time{}, func(n int) bool { return n == mostKept+1 }},
	} {
		checker := &Checker{kept: map[string]*slot{}}
		for i := range mostKept {
			checker.kept[fmt.Sprint(i)] = &slot{until: c.until}
		}
		if _, mine := checker.slot("new", now); !mine {
			t.Errorf("%s: somebody else is to get it", name)
		}
		if n := len(checker.kept); !c.left(n) {
			t.Errorf("%s: %d are kept", name, n)
		}
	}
}
