package cache_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wstrust/cache"
	"wstrust/cache/storetest"
)

func TestMemoryIsAStore(t *testing.T) {
	for _, test := range storetest.Tests() {
		t.Run(test.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test.Run(t, cache.NewMemory(1<<20)) })
		})
	}
}

func TestMemoryKeepsReplayMarksWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := cache.NewMemory(20 << 10)
		var marks []string
		for i := 0; ; i++ {
			name := fmt.Sprintf("mark-%05d", i)
			ok, err := m.Add(t.Context(), name, nil, time.Minute)
			if errors.Is(err, cache.ErrFull) {
				if ok {
					t.Fatal("Add on a full store reported that it wrote")
				}
				break
			}
			if err != nil || !ok {
				t.Fatalf("Add = %v, %v", ok, err)
			}
			marks = append(marks, name)
		}
		if len(marks) < 50 {
			t.Fatalf("only %d empty entries fit into 20 KiB", len(marks))
		}
		if err := m.Put(t.Context(), "token", []byte("x"), time.Hour); !errors.Is(err, cache.ErrFull) {
			t.Fatalf("Put on a full store: %v, want ErrFull", err)
		}
		time.Sleep(time.Minute) // the last instant at which the marks count
		for _, name := range marks {
			if ok, _ := m.Add(t.Context(), name, nil, time.Minute); ok {
				t.Fatalf("live mark %s was forgotten", name)
			}
		}
		if n := m.Len(); n != len(marks) {
			t.Fatalf("Len = %d, want %d", n, len(marks))
		}
		time.Sleep(time.Nanosecond)
		for _, name := range marks { // expired entries make room again, all of it
			if ok, err := m.Add(t.Context(), name, nil, time.Minute); !ok || err != nil {
				t.Fatalf("Add after expiry = %v, %v", ok, err)
			}
		}
	})
}

func TestMemoryGivesRoomBack(t *testing.T) {
	m := cache.NewMemory(1000)
	for range 1000 { // replaced and deleted entries must not leak budget
		if err := m.Put(t.Context(), "a", make([]byte, 100), time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := m.Put(t.Context(), "a", make([]byte, 200), time.Minute); err != nil {
			t.Fatal(err)
		}
		if ok, err := m.Add(t.Context(), "a", nil, time.Minute); ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := m.Delete(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Put(t.Context(), "b", make([]byte, 1000), time.Minute); !errors.Is(err, cache.ErrFull) {
		t.Fatalf("a value as large as the limit: %v, want ErrFull", err)
	}
}

func TestMemoryStaysBelowItsLimitUnderLoad(t *testing.T) {
	m := cache.NewMemory(50 << 10)
	var written, full atomic.Int64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				ok, err := m.Add(t.Context(), fmt.Sprintf("%d-%d", g, i), make([]byte, 100), time.Minute)
				switch {
				case errors.Is(err, cache.ErrFull):
					full.Add(1)
				case err != nil:
					t.Error(err)
				case ok:
					written.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if full.Load() == 0 || written.Load() == 0 {
		t.Fatalf("%d written, %d refused: the test needs both", written.Load(), full.Load())
	}
	if max := int64(50 << 10 / 100); written.Load() > max {
		t.Fatalf("%d entries of 100 bytes in 50 KiB", written.Load())
	}
	if n := m.Len(); int64(n) != written.Load() {
		t.Fatalf("Len = %d, but %d were written", n, written.Load())
	}
}

func TestNewMemoryNeedsALimit(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("NewMemory(0) did not panic")
		}
	}()
	cache.NewMemory(0)
}

func BenchmarkMemoryAdd(b *testing.B) {
	m := cache.NewMemory(1 << 30)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := m.Add(b.Context(), fmt.Sprint(i), nil, time.Second); err != nil {
			b.Fatal(err)
		}
	}
}
