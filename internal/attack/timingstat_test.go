//go:build timing

package attack

import (
	"crypto/rand"
	"math"
	mathrand "math/rand/v2"
	"slices"
)

// percents are the parts of all times that are compared, from the fastest on.
var percents = []float64{20, 40, 60, 80, 90, 95, 99, 100}

// A comparison is what a t-test says of two samples.
type comparison struct {
	t          float64 // the largest of all percentiles
	percent    float64 // where
	difference float64 // of the means, in nanoseconds
	deviation  float64 // of the difference
	finest     float64 // the least deviation of all percentiles
	median     float64 // of all times
}

// compare is Welch's t-test for each percentile.
func compare(took [2][]float64) (worst comparison) {
	all := slices.Concat(took[0], took[1])
	slices.Sort(all)
	finest := 0.0
	for _, p := range percents {
		most := all[min(int(p/100*float64(len(all))), len(all)-1)]
		c := welch(cropped(took[0], most), cropped(took[1], most))
		c.percent = p
		if finest == 0 || c.deviation < finest {
			finest = c.deviation
		}
		if math.Abs(c.t) >= math.Abs(worst.t) {
			worst = c
		}
	}
	worst.median, worst.finest = all[len(all)/2], finest
	return worst
}

func cropped(times []float64, most float64) (m moments) {
	for _, x := range times {
		if x <= most {
			m.add(x)
		}
	}
	return m
}

func welch(a, b moments) comparison {
	s := math.Sqrt(a.variance()/a.n + b.variance()/b.n)
	d := a.mean - b.mean
	return comparison{t: d / s, difference: d, deviation: s}
}

// moments are mean and variance, updated one by one (Welford).
type moments struct{ n, mean, sum float64 }

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.sum += d * (x - m.mean)
}

func (m *moments) variance() float64 { return m.sum / (m.n - 1) }

// lots are cheap random numbers, unforeseeable to the branch predictor.
type lots struct{ r *mathrand.ChaCha8 }

func newLots() lots {
	var seed [32]byte
	rand.Read(seed[:])
	return lots{mathrand.NewChaCha8(seed)}
}

func (l lots) kind() int { return int(l.r.Uint64() & 1) }

func (l lots) octets(n int) []byte {
	b := make([]byte, n)
	l.r.Read(b)
	return b
}
