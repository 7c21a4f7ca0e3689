package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// A message is what one benchmark of message security came to: those stand beside
// the code, in internal/wsse, and time their floor by turns with what stands on it.
type message struct {
	name string
	runs []map[string]float64 // by unit
}

func (m *message) median(unit string) float64 {
	var all []float64
	for _, r := range m.runs {
		all = append(all, r[unit])
	}
	return median(all)
}

// messageLines are the benchmarks that have a floor, and their budgets.
var messageLines = [...]struct {
	name, what string
	most       float64
}{
	{"SignEncrypt6KB/body", "sign + encrypt 6 KB, Body and Timestamp signed, Body encrypted, ours / floor", 1.1},
	{"SignEncrypt6KB/all", "the same, all signed, Body and Signature encrypted", 1.1},
	{"VerifyDecrypt6KB/body", "verify + decrypt 6 KB, Body and Timestamp signed, Body encrypted, ours / floor", 1.1},
	{"VerifyDecrypt6KB/all", "the same, all signed, Body and Signature encrypted", 1.1},
	{"VerifyX509Signed2KB", "verify an X.509 signature over 2 KB, ours / floor", 1.8},
}

// measureMessages runs the benchmarks of internal/wsse.
func measureMessages(quick bool) ([]*message, error) {
	turns, count := "1500x", "5"
	if quick {
		turns, count = "1x", "1"
	}
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "6KB|2KB", "-benchtime", turns, "-count", count, "./internal/wsse")
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("messages: %w\n%s", err, out)
	}
	var list []*message
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		name, runs, ok := benchLine(lines.Text())
		if !ok {
			continue
		}
		m := messageOf(list, name)
		if m == nil {
			m = &message{name: name}
			list = append(list, m)
		}
		m.runs = append(m.runs, runs)
	}
	for _, l := range messageLines { // or a budget would be kept by nobody
		if m := messageOf(list, l.name); m == nil || m.median("x-floor") == 0 {
			return nil, fmt.Errorf("messages: no %s with a floor\n%s", l.name, out)
		}
	}
	return list, nil
}

// benchLine reads a line of go test: a name, how often, and values with their units.
func benchLine(line string) (name string, values map[string]float64, ok bool) {
	f := strings.Fields(line)
	if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
		return "", nil, false
	}
	name = strings.TrimPrefix(f[0], "Benchmark")
	if at := strings.LastIndexByte(name, '-'); at > 0 {
		name = name[:at] // the number of processors
	}
	values = make(map[string]float64)
	for i := 2; i+1 < len(f); i += 2 {
		v, err := strconv.ParseFloat(f[i], 64)
		if err != nil {
			return "", nil, false
		}
		values[f[i+1]] = v
	}
	return name, values, true
}

// messageOf returns what a benchmark came to, or nil.
func messageOf(list []*message, name string) *message {
	for _, m := range list {
		if m.name == name {
			return m
		}
	}
	return nil
}

// security is the table of message security.
func (r *report) security() {
	r.printf("## Message security\n\nThe floor is the RSA, hash and cipher operations over as many octets as the message has digested and encrypted. It is timed by turns with ours: " +
		"the sums of the turns are compared, with all that the garbage collector takes, and the median of the turns. Each value is the median of the runs; microseconds are those of ours.\n\n")
	t := r.table("work", "× its floor", "least … most", "× floor, median turn", "wall", "allocations", "bytes allocated")
	for _, m := range r.messages {
		onFloor, span, turn := "–", "–", "–"
		if x := m.median("x-floor"); x > 0 {
			least, most := x, x
			for _, run := range m.runs {
				least, most = min(least, run["x-floor"]), max(most, run["x-floor"])
			}
			onFloor, span, turn = fmt.Sprintf("%.3f", x), fmt.Sprintf("%.3f … %.3f", least, most), fmt.Sprintf("%.3f", m.median("x-median"))
		}
		ns := m.median("ours-ns/op")
		if ns == 0 {
			ns = m.median("ns/op")
		}
		t.row(strings.ReplaceAll(m.name, "_", " "), onFloor, span, turn, micro(ns), fmt.Sprintf("%.0f", m.median("allocs/op")), fmt.Sprintf("%.0f", m.median("B/op")))
	}
	t.end()
}
