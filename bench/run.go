package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// A contender does one row's work once. Who "floor" is what the cryptography
// of the row costs with the same library; in C it is "floor/C".
type contender struct {
	row, who string
	op       func() error
	timed    func(d time.Duration) (sample, error) // instead of op: measures itself
	before   func() error                          // before each measurement, not timed: takes what the work needs
	after    func()                                // gives it back, so that nobody else's collector walks it
}

// A sample is one measurement of one contender in one round, per operation.
type sample struct {
	wall, cpu     float64 // nanoseconds; cpu is of the whole process, collector included
	allocs, bytes float64
	disturbed     bool // the wall clock ran well ahead of the processor's
}

// A series is all samples of one contender, one a round.
type series struct {
	contender
	samples []sample
}

// run measures every contender once a round, so that what disturbs the machine
// for a while disturbs all of them.
func run(all []contender, rounds int, d time.Duration, progress io.Writer) ([]*series, error) {
	list := make([]*series, len(all))
	for i, c := range all {
		list[i] = &series{contender: c}
		if c.op != nil {
			if err := c.warm(); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", c.row, c.who, err)
			}
		}
	}
	for round := range rounds {
		fmt.Fprintf(progress, "round %d of %d\n", round+1, rounds)
		for i := range list {
			// Every other round runs backwards: no one always follows the same
			// neighbour's garbage.
			s := list[i]
			if round%2 == 1 {
				s = list[len(list)-1-i]
			}
			m, err := s.measure(d)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", s.row, s.who, err)
			}
			s.samples = append(s.samples, m)
		}
	}
	return list, nil
}

// warm fills pools, sets up caches and sees errors early.
func (c contender) warm() error {
	if c.before != nil {
		if err := c.before(); err != nil {
			return err
		}
		defer c.after()
	}
	for range 3 {
		if err := c.op(); err != nil {
			return err
		}
	}
	return nil
}

// measure takes one sample, and another, up to three, while a neighbour on
// this machine took part of the time.
func (c contender) measure(d time.Duration) (m sample, err error) {
	if c.before != nil {
		if err := c.before(); err != nil {
			return m, err
		}
		defer c.after()
	}
	for range 3 {
		if c.timed != nil {
			m, err = c.timed(d)
		} else {
			m, err = loop(c.op, d)
		}
		if err != nil || !m.disturbed {
			return m, err
		}
	}
	return m, nil
}

func loop(op func() error, d time.Duration) (sample, error) {
	runtime.GC()
	n, chunk := 0, 1
	var a, b runtime.MemStats
	runtime.ReadMemStats(&a)
	cpu := processTime()
	start := time.Now()
	for {
		for range chunk {
			if err := op(); err != nil {
				return sample{}, err
			}
		}
		n += chunk
		spent := time.Since(start)
		if spent >= d {
			break
		}
		// Ask for the time about fifty times in all.
		chunk = max(1, min(n, int(float64(n)*float64(d)/float64(spent)/50)))
	}
	wall := time.Since(start)
	cpu = processTime() - cpu
	runtime.ReadMemStats(&b)
	per := float64(n)
	return sample{
		wall:   float64(wall) / per,
		cpu:    float64(cpu) / per,
		allocs: float64(b.Mallocs-a.Mallocs) / per,
		bytes:  float64(b.TotalAlloc-a.TotalAlloc) / per,
		// Below 20 ms the clock of the processor is too coarse to tell.
		disturbed: wall > 20*time.Millisecond && float64(wall) > 1.08*float64(cpu),
	}, nil
}

// processTime is the user and system time of this process so far.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (s *series) median(of func(sample) float64) float64 {
	v := make([]float64, len(s.samples))
	for i, m := range s.samples {
		v[i] = of(m)
	}
	return median(v)
}

// ratio is the median over the rounds of this series' time over the other's in
// the same round, of those rounds in which both ran undisturbed if there are any.
func (s *series) ratio(to *series) float64 {
	var calm, all []float64
	for i, m := range s.samples {
		x := m.wall / to.samples[i].wall
		all = append(all, x)
		if !m.disturbed && !to.samples[i].disturbed {
			calm = append(calm, x)
		}
	}
	if len(calm) > 0 {
		return median(calm)
	}
	return median(all)
}

func (s *series) disturbed() (n int) {
	for _, m := range s.samples {
		if m.disturbed {
			n++
		}
	}
	return n
}

func median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	if n == 0 {
		return 0
	}
	return (v[(n-1)/2] + v[n/2]) / 2
}

func wall(m sample) float64     { return m.wall }
func cpu(m sample) float64      { return m.cpu }
func allocs(m sample) float64   { return m.allocs }
func octetsOf(m sample) float64 { return m.bytes }
