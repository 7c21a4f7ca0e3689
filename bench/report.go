package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
)

// A report is what a run is worth, as Markdown: ratios first.
type report struct {
	series   []*series
	in       *input
	native   *native // nil if there was none
	messages []*message
	cold     cold
	options  options
	missed   int // budget lines, after write
	b        bytes.Buffer
}

func (r *report) printf(format string, a ...any) { fmt.Fprintf(&r.b, format, a...) }

func (r *report) write(w io.Writer) error {
	r.printf("# Performance\n\nWritten by `make bench`; do not edit. Ratios and allocation counts are results; microseconds belong to the machine below.\n\n")
	if r.options.quick {
		r.printf("**This was `-quick`: every contender ran, and nothing here is a measurement.**\n\n")
	}
	if !r.options.quick {
		r.budget()
	}
	r.ratios()
	if len(r.messages) > 0 {
		r.security()
	}
	r.figures()
	r.start()
	r.conditions()
	_, err := w.Write(r.b.Bytes())
	return err
}

// find returns the series of a contender, or nil.
func (r *report) find(row, who string) *series {
	for _, s := range r.series {
		if s.row == row && s.who == who {
			return s
		}
	}
	return nil
}

// floorOf is the floor that a contender stands on: OpenSSL's for what is in C.
func (r *report) floorOf(s *series) *series {
	if s.who == whoXmlsec {
		return r.find(s.row, whoFloorC)
	}
	return r.find(s.row, whoFloor)
}

// budget compares with what the project asks of itself.
func (r *report) budget() {
	type line struct {
		what, limit, got string
		kept             bool
	}
	var lines []line
	add := func(what, limit, form string, got float64, kept bool) {
		lines = append(lines, line{what, limit, fmt.Sprintf(form, got), kept})
	}
	if ours, rival := r.find(rowBoth, whoOurs), r.find(rowBoth, whoGoxmldsig); ours != nil && rival != nil {
		x := rival.ratio(ours)
		add("parse + exclusive C14N, goxmldsig + etree / ours", "at least 10", "%.1f", x, x >= 10)
		a := ours.median(allocs)
		add("parse + exclusive C14N, allocations after warm-up", "at most 2", "%.0f", a, a < 2.5)
	}
	if ours, less := r.find(rowLarge, whoOurs), r.find(rowSmall, whoOurs); ours != nil && less != nil {
		x := ours.ratio(less) / (large / small)
		add("parse + exclusive C14N, time per octet, 10 MB / 100 KB", "at most 1.5", "%.2f", x, x <= 1.5)
	}
	if ours, floor := r.find(rowVerify, whoOurs), r.find(rowVerify, whoFloor); ours != nil && floor != nil {
		x := ours.ratio(floor)
		add("verify from bytes, RSA-2048, ours / floor", "at most 2.0", "%.2f", x, x <= 2)
		a := ours.median(allocs)
		add("verify from bytes, RSA-2048, allocations", "at most 40", "%.0f", a, a < 40.5)
		if read := r.find(rowVerify, whoOursRead); read != nil {
			x := read.ratio(floor)
			add("the same and the assertion read, ours / floor", "at most 2.0", "%.2f", x, x <= 2)
			a := read.median(allocs)
			add("the same and the assertion read, allocations", "at most 40", "%.0f", a, a < 40.5)
		}
	}
	if ours, rival := r.find(rowClient, whoOurs), r.find(rowClient, whoGovmomi); ours != nil && rival != nil {
		x := ours.ratio(rival)
		add("one bearer request, ours (verifies the answer) / govmomi (does not)", "at most 0.6", "%.2f", x, x <= 0.6)
	}
	if ours := r.find(rowCached, whoOurs); ours != nil {
		x := ours.median(wall)
		add("a token that is still fresh, nanoseconds", "at most 100", "%.0f", x, x <= 100)
		a := ours.median(allocs)
		add("a token that is still fresh, allocations", "0", "%.0f", a, a < 0.5)
	}
	if len(r.messages) > 0 { // else only some rows were asked for
		for _, l := range messageLines {
			x := messageOf(r.messages, l.name).median("x-floor")
			add(l.what, fmt.Sprintf("at most %.1f", l.most), "%.3f", x, x <= l.most)
		}
	}
	if len(lines) == 0 {
		return
	}
	r.printf("## Budget\n\n")
	t := r.table("what", "budget", "measured", "")
	for _, l := range lines {
		verdict := "kept"
		if !l.kept {
			verdict = "**missed**"
			r.missed++
		}
		t.row(l.what, l.limit, l.got, verdict)
	}
	t.end()
}

// ratios is the table that counts.
func (r *report) ratios() {
	r.printf("## Ratios\n\nThe floor is the cryptography of the row alone, over octets that lie ready, with the same library: Go's for Go, OpenSSL's for C. " +
		"Each ratio is the median over the rounds of the ratio within one round.\n\n")
	t := r.table("work", "who", "× its floor", "rival / ours", "allocations", "bytes allocated")
	for _, row := range rows {
		ours := r.find(row, whoOurs)
		for _, s := range r.series {
			if s.row != row || s.who == whoFloor || s.who == whoFloorC {
				continue
			}
			onFloor, overOurs, a, b := "–", "–", "–", "–"
			if f := r.floorOf(s); f != nil {
				onFloor = fmt.Sprintf("%.2f", s.ratio(f))
			}
			if ours != nil && s != ours {
				overOurs = fmt.Sprintf("%.2f", s.ratio(ours))
			}
			if s.op != nil {
				a, b = fmt.Sprintf("%.0f", s.median(allocs)), fmt.Sprintf("%.0f", s.median(octetsOf))
			}
			t.row(row, s.who, onFloor, overOurs, a, b)
		}
	}
	t.end()
}

// figures are the times behind the ratios.
func (r *report) figures() {
	r.printf("## Times\n\nMicroseconds per operation, median of the rounds; processor time includes the garbage collector.\n\n")
	t := r.table("work", "who", "wall", "processor", "least … most", "disturbed rounds")
	for _, row := range rows {
		for _, s := range r.series {
			if s.row != row {
				continue
			}
			least, most := s.samples[0].wall, s.samples[0].wall
			for _, m := range s.samples {
				least, most = min(least, m.wall), max(most, m.wall)
			}
			t.row(row, s.who, micro(s.median(wall)), micro(s.median(cpu)), micro(least)+" … "+micro(most), fmt.Sprint(s.disturbed()))
		}
	}
	t.end()
}

// micro writes nanoseconds as microseconds.
func micro(ns float64) string {
	if ns < 1e3 {
		return fmt.Sprintf("%.3f", ns/1e3)
	}
	return fmt.Sprintf("%.1f", ns/1e3)
}

// start tells of a process that is not warm yet.
func (r *report) start() {
	r.printf("Not warm: the first verification of a process, assertion read, takes %.0f µs and the hundredth %.0f (medians over fresh processes).\n\n",
		r.cold.first/1e3, r.cold.hundredth/1e3)
}

// conditions say what the figures depend on.
func (r *report) conditions() {
	r.printf("## Conditions\n\n")
	r.printf("- Input: %s.\n", r.in)
	r.printf("- Method: %d rounds, every contender once a round for %v, in turn forwards and backwards, one goroutine, default GOGC; up to three tries where a neighbour took more than 8 %% of the time. "+
		"All canonical forms were compared octet by octet before, and a changed octet was refused.\n", r.options.rounds, r.options.each)
	if n, of := r.neighbours(); n*10 > of {
		r.printf("- **This run was not alone**: %d of %d measurements were disturbed. Run it again on a quiet machine.\n", n, of)
	}
	r.printf("- Machine: %s, %d processors, %s/%s.\n", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	r.printf("- Commit: %s.\n- Go: %s.\n", commit(), runtime.Version())
	if info, ok := debug.ReadBuildInfo(); ok {
		var v []string
		for _, m := range info.Deps {
			for _, name := range []string{"goxmldsig", "etree", "signedxml", "govmomi"} {
				if strings.HasSuffix(m.Path, "/"+name) {
					v = append(v, name+" "+m.Version)
				}
			}
		}
		r.printf("- Rivals: %s.\n", strings.Join(v, ", "))
	}
	if r.native != nil {
		r.printf("- In C: %s, in a process of its own that works only in its turns.\n", r.native.versions)
	} else {
		r.printf("- libxml2 and xmlsec1 were left out: they are not installed here.\n")
	}
}

// neighbours counts the measurements that somebody else on the machine spoilt.
func (r *report) neighbours() (n, of int) {
	for _, s := range r.series {
		n += s.disturbed()
		of += len(s.samples)
	}
	return n, of
}

// processor is the model that Linux tells, or the architecture.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(info)) {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return runtime.GOARCH
}

// commit is what was measured, and whether the tree differs from it.
func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	id := strings.TrimSpace(string(out))
	if err := exec.Command("git", "diff", "--quiet", "HEAD", "--", "..", ":!../docs").Run(); err != nil {
		id += " with changes"
	}
	return id
}

// A table is Markdown with its columns lined up.
type table struct {
	r *report
	w *tabwriter.Writer
}

func (r *report) table(head ...string) table {
	t := table{r, tabwriter.NewWriter(&r.b, 0, 0, 1, ' ', tabwriter.TabIndent)}
	t.row(head...)
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	t.row(rule...)
	return t
}

func (t table) row(cells ...string) { fmt.Fprintf(t.w, "| %s\t|\n", strings.Join(cells, "\t| ")) }

func (t table) end() {
	t.w.Flush()
	t.r.printf("\n")
}
