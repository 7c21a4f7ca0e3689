package attack

import (
	"context"
	"crypto/tls"
	"runtime"
	"testing"
	"time"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// What refusing may cost: the time after a limit is reached, the time of all,
// and the memory.
const (
	mostAfterLimit = 2 * time.Millisecond
	mostOfAll      = 50 * time.Millisecond
	mostMemory     = 32 << 20
)

// TestAttackCost measures what the cases of floods cost to refuse. The best of
// a few runs counts: what else the machine does is not the verifier's doing.
func TestAttackCost(t *testing.T) {
	w := theWorld()
	slow := time.Duration(1)
	if raceEnabled {
		slow = 20
	}
	for _, a := range suite(w) {
		if !a.fast {
			continue
		}
		best, memory := measure(w, a)
		most := mostOfAll
		if len(a.class) == 1 && a.class[0] == wsse.ClassLimit {
			// The limit is reached once the octets before it are read.
			most = mostAfterLimit + readingTime(a.file)
		}
		if best > most*slow {
			t.Errorf("%s: refused after %v, at most %v", a.id(), best, most)
		}
		if memory > mostMemory {
			t.Errorf("%s: refused with %d octets allocated", a.id(), memory)
		}
	}
}

func measure(w *world, a *attack) (best time.Duration, memory uint64) {
	best = time.Hour
	for range 5 {
		v := w.verifier(a)
		p := a.packet()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := v.Verify(context.Background(), p, service.Conn{TLS: &tls.ConnectionState{}})
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err == nil {
			return 0, 0 // TestAttack says so
		}
		best, memory = min(best, took), after.TotalAlloc-before.TotalAlloc
		if best < mostAfterLimit {
			break
		}
	}
	return best, memory
}

// readingTime is how long it takes to read as many octets of a harmless
// document as the default limits admit.
func readingTime(file []byte) time.Duration {
	n := min(len(file), 256<<10)
	harmless := []byte("<x>")
	for len(harmless) < n-4 {
		harmless = append(harmless, "<a b=\"c\">d</a>"...)
	}
	harmless = append(harmless, "</x>"...)
	best := time.Hour
	for range 3 {
		start := time.Now()
		_, _ = xmltree.Parse(harmless, wide)
		best = min(best, time.Since(start))
	}
	return best
}

// TestAcceptedCost measures the dearest messages that are accepted: as large
// and as full of elements as the limits admit, with as many references.
func TestAcceptedCost(t *testing.T) {
	w := theWorld()
	slow := time.Duration(1)
	if raceEnabled {
		slow = 20
	}
	for name, inside := range map[string]string{
		"elements": repeat("<a/>", 9_900), "text": repeat("x", 200<<10), "attributes": repeat(`<a b="c" d="e" f="g" h="i"/>`, 6_000),
	} {
		body := []byte(`<o:Get xmlns:o="urn:orders"><o:Address>` + goodScope + `</o:Address>` + inside + `</o:Get>`)
		a := &attack{file: w.message(recipe{soap: soap.V12, signer: "x509", parts: everything, body: body}), require: everything}
		best, memory := time.Hour, uint64(0)
		for range 5 {
			v := w.verifier(a)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := v.Verify(context.Background(), a.packet(), service.Conn{TLS: &tls.ConnectionState{}})
			best = min(best, time.Since(start))
			runtime.ReadMemStats(&after)
			memory = after.TotalAlloc - before.TotalAlloc
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if best > mostOfAll*slow || memory > mostMemory {
			t.Errorf("%s: accepted after %v with %d octets", name, best, memory)
		}
		t.Logf("%s: %d octets: %v, %d octets allocated", name, len(a.file), best, memory)
	}
}

func repeat(s string, n int) string {
	out := make([]byte, 0, len(s)*n)
	for range n {
		out = append(out, s...)
	}
	return string(out)
}
