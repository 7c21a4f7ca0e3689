package wssc

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

func recordOf(t testing.TB, id string, end time.Time) *Record {
	t.Helper()
	c := *context(t, "")
	c.ID, c.Expires = id, end
	return &Record{Current: c}
}

func TestTable(t *testing.T) {
	const grace = 5 * time.Minute
	lim := Limits{3, 5, 3, 5}
	var tab Table
	n := 0
	add := func(at time.Duration, want error) string {
		t.Helper()
		n++
		id := fmt.Sprint("urn:", n)
		if err := tab.Add(id, id, recordOf(t, id, noon.Add(at+time.Hour)), noon.Add(at), grace, lim); !errors.Is(err, want) {
			t.Fatalf("%s: %v, want %v", id, err, want)
		}
		return id
	}
	size := func(at time.Duration, all, pending int) {
		t.Helper()
		if a, p := tab.Len(noon.Add(at)); a != all || p != pending {
			t.Fatalf("%d contexts, %d pending, want %d and %d", a, p, all, pending)
		}
	}
	first := add(0, nil)
	add(0, nil)
	add(0, nil)
	add(0, ErrPending)
	size(0, 3, 3)
	tab.Used(first)
	tab.Used(first)
	size(0, 3, 2)
	add(time.Minute, nil)
	add(time.Minute, ErrPending)
	size(5*time.Minute, 4, 1) // those of the first minute are unused now
	add(5*time.Minute, nil)
	size(5*time.Minute, 5, 2)
	add(5*time.Minute, nil) // in the place of one that nobody uses
	size(5*time.Minute, 5, 3)
	if _, ok := tab.Find(first, "", noon); !ok {
		t.Error("one that is used was dropped")
	}
	if !tab.Drop(first) || tab.Drop(first) {
		t.Error("dropped wrongly")
	}
	if _, ok := tab.Find(first, "", noon); ok {
		t.Error("found after it was dropped")
	}
	size(5*time.Minute, 4, 3)
	size(64*time.Minute, 4, 0)
	size(65*time.Minute, 3, 0) // an hour and the grace
	size(3*time.Hour, 0, 0)
}

func TestTableFull(t *testing.T) {
	var tab Table
	for i := range 3 {
		id := fmt.Sprint(i)
		if err := tab.Add(id, id, recordOf(t, id, noon.Add(time.Hour)), noon, 0, Limits{10, 3, 10, 3}); err != nil {
			t.Fatal(err)
		}
		tab.Used(id)
	}
	if err := tab.Add("x", "x", recordOf(t, "x", noon.Add(time.Hour)), noon, 0, Limits{10, 3, 10, 3}); !errors.Is(err, ErrActive) {
		t.Error(err)
	}
	if err := tab.Add("x", "x", recordOf(t, "x", noon.Add(3*time.Hour)), noon.Add(2*time.Hour), 0, Limits{10, 3, 10, 3}); err != nil {
		t.Errorf("when the others are over: %v", err)
	}
}

// Nobody can have more than his share, of what is pending or of all, and what he
// must make room for it is his own.
func TestTableOwners(t *testing.T) {
	lim := Limits{Pending: 4, Active: 6, OwnPending: 2, OwnActive: 3}
	var tab Table
	n := 0
	add := func(owner string, at time.Duration, want ...error) string {
		t.Helper()
		n++
		id := fmt.Sprint(owner, n)
		err := tab.Add(id, owner, recordOf(t, id, noon.Add(at+time.Hour)), noon.Add(at), 0, lim)
		if len(want) == 0 && err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		for _, w := range want {
			if !errors.Is(err, w) {
				t.Fatalf("%s: %v, want %v", id, err, w)
			}
		}
		return id
	}
	first, second := add("mallory", 0), add("mallory", 0)
	add("mallory", 0, ErrPending, ErrOwner)
	used, idle := add("alice", 0), add("alice", 0)
	if err := tab.Add("x", "bob", recordOf(t, "x", noon.Add(time.Hour)), noon, 0, lim); !errors.Is(err, ErrPending) || errors.Is(err, ErrOwner) {
		t.Fatalf("bob, when all are pending: %v", err)
	}
	tab.Used(first)
	tab.Used(used)
	third := add("mallory", 0)
	tab.Used(third)
	add("mallory", time.Minute, ErrActive, ErrOwner)
	if got := tab.Pending(noon); len(got) != 2 || got[0] != second {
		t.Errorf("pending: %q", got)
	}
	// One of his own is unused after a while, as is one of alice's.
	fourth := add("mallory", PendingFor)
	if tab.Used(second) {
		t.Error("his own unused context still has room")
	}
	if !tab.Used(idle) {
		t.Error("alice's context was dropped for him")
	}
	for _, id := range []string{first, third, fourth, used, idle} {
		if !tab.Drop(id) {
			t.Errorf("%s is gone", id)
		}
	}
	if len(tab.owners) != 0 || len(tab.entries) != 0 || tab.pending.Len() != 0 {
		t.Errorf("left over: %d owners, %d contexts, %d pending", len(tab.owners), len(tab.entries), tab.pending.Len())
	}
}

func TestTableRenew(t *testing.T) {
	var tab Table
	r := recordOf(t, "a", noon.Add(time.Hour))
	if err := tab.Add("a", "a", r, noon, time.Minute, Limits{1, 1, 1, 1}); err != nil {
		t.Fatal(err)
	}
	next := r.Current
	next.Instance, next.Expires = "urn:1", noon.Add(2*time.Hour)
	if tab.Renew("b", next, noon, time.Minute) {
		t.Error("renewed what there is not")
	}
	if !tab.Renew("a", next, noon.Add(30*time.Minute), time.Minute) {
		t.Error("not renewed")
	}
	for instance, until := range map[string]time.Duration{"": 31 * time.Minute, "urn:1": 121 * time.Minute} {
		if _, ok := tab.Find("a", instance, noon.Add(until-1)); !ok {
			t.Errorf("%q is not found before %v", instance, until)
		}
		if _, ok := tab.Find("a", instance, noon.Add(until)); ok {
			t.Errorf("%q is found after %v", instance, until)
		}
	}
	if tab.Renew("a", next, noon.Add(3*time.Hour), time.Minute) {
		t.Error("renewed what was over")
	}
}

func TestTableRaces(t *testing.T) {
	var tab Table
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				id := fmt.Sprint(i, "/", j)
				r := recordOf(t, id, noon.Add(time.Hour))
				if tab.Add(id, fmt.Sprint(j%7), r, noon, 0, Limits{1000, 1000, 1000, 1000}) != nil {
					t.Errorf("%s not added", id)
				}
				tab.Used(id)
				next := r.Current
				next.Instance = "1"
				tab.Renew(id, next, noon, time.Minute)
				if _, ok := tab.Find(id, "1", noon); !ok {
					t.Errorf("%s not found", id)
				}
				if j%2 == 0 {
					tab.Drop(id)
				}
			}
		})
	}
	wg.Wait()
	if all, pending := tab.Len(noon); all != 200 || pending != 0 {
		t.Errorf("%d, %d pending", all, pending)
	}
}
