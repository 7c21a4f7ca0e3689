//go:build timing

package attack

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"wstrust/internal/wsse"
)

// leak is the |t| from which on two kinds of message are told apart: for no
// difference at all it comes once in 150,000 runs.
const leak = 4.5

// A timed is two kinds of message that nobody may tell apart by how long they
// take to refuse.
type timed struct {
	name    string
	kinds   [2]string
	fill    func(kind int) []byte // a message of that kind, not timed
	verify  func(octets []byte) error
	control bool // of the method: these are told apart, or it measures nothing
}

// TestTiming measures whether the time of a refusal tells why. For each pair of
// kinds it verifies as many messages as WST_TIMING says, choosing the kind by
// lot each time, and compares the two means by Welch's t-test: of all times, and
// of those below some percentiles, because the rest is mostly what else the
// machine does. A difference counts if a second sample shows it as well. Run it
// by make timing.
func TestTiming(t *testing.T) {
	samples, err := strconv.Atoi(os.Getenv("WST_TIMING"))
	if err != nil || samples < 10_000 {
		t.Fatalf("WST_TIMING=%q is no number of samples of at least 10000", os.Getenv("WST_TIMING"))
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // by hand, between measurements
	var table strings.Builder
	for _, c := range timedCases(theWorld()) {
		t.Run(c.name, func(t *testing.T) {
			v := compare(c.sample(t, samples))
			if math.Abs(v.t) >= leak && !c.control {
				t.Logf("t = %+.2f; once more, since chance does not come twice", v.t)
				v = compare(c.sample(t, samples))
			}
			fmt.Fprintf(&table, "| %s | %s | %s | %.1f µs | %.2f | %+.1f ns | %.1f ns |\n",
				c.name, c.kinds[0], c.kinds[1], v.median/1e3, math.Abs(v.t), v.difference, leak*v.finest)
			t.Logf("t = %+.2f over the fastest %v %% of %d: %+.1f ns", v.t, v.percent, samples, v.difference)
			switch told := math.Abs(v.t) >= leak; {
			case told && !c.control:
				t.Errorf("%q and %q are told apart by %.1f ns", c.kinds[0], c.kinds[1], v.difference)
			case !told && c.control:
				t.Error("the control is not told apart: the method sees nothing")
			}
		})
	}
	t.Logf("%s, %s/%s, %d samples each:\n%s", runtime.Version(), runtime.GOOS, runtime.GOARCH, samples, &table)
}

// sample verifies n messages and returns how long those of each kind took, in
// nanoseconds.
func (c *timed) sample(t *testing.T, n int) (took [2][]float64) {
	lots := newLots()
	var room [1 << 16]byte // each message stands at the same place
	class, began := wsse.Class(0), time.Now()
	const warm = 1000
	for i := range warm + n {
		if i%2000 == 0 {
			runtime.GC()
		}
		if i%(n/10) == 0 && i > warm {
			so := compare(took)
			fmt.Fprintf(os.Stderr, "%s: %d of %d in %v, t = %+.2f so far\n", c.name, i, n, time.Since(began).Round(time.Second), so.t)
		}
		kind := lots.kind()
		octets := room[:copy(room[:], c.fill(kind))]
		start := time.Now()
		err := c.verify(octets)
		d := time.Since(start)
		if err == nil {
			t.Fatalf("accepted: %s", octets)
		}
		if class == 0 {
			class = wsse.ClassOf(err)
		}
		if got := wsse.ClassOf(err); got != class {
			t.Fatalf("%q is refused as %v, others as %v: %v", c.kinds[kind], got, class, err)
		}
		if i >= warm {
			took[kind] = append(took[kind], float64(d))
		}
	}
	return took
}
