// Command bench runs ours and the rivals on the same inputs, interleaved, with
// the crypto floor in the same process and run, and writes what came out.
//
// Only ratios and allocation counts are results. Microseconds belong to one
// machine on one day.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"
)

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "every contender once and briefly: shows that all run, measures nothing")
	flag.IntVar(&o.rounds, "rounds", 7, "`number` of interleaved rounds, 5 at least for a report")
	flag.DurationVar(&o.each, "time", 250*time.Millisecond, "`duration` of one measurement")
	flag.StringVar(&o.only, "run", "", "only rows or contenders that match this `regexp`")
	flag.StringVar(&o.write, "write", "", "write the report to this `file` instead of standard output")
	first := flag.Bool("cold", false, "for the program's own use: time the first message of a process")
	flag.Parse()
	if *first {
		if err := coldMain(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := bench(o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	quick       bool
	rounds      int
	each        time.Duration
	only, write string
}

func bench(o options, stdout, stderr io.Writer) error {
	if o.quick {
		o.rounds, o.each = 1, 5*time.Millisecond
	} else if o.rounds < 5 && o.write != "" {
		return errors.New("a report needs 5 rounds at least")
	}
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	in, err := newInput(time.Now())
	if err != nil {
		return err
	}
	c, err := newNative(in)
	if errors.Is(err, errNoNative) {
		fmt.Fprintln(stderr, "bench:", err)
	} else if err != nil {
		return err
	} else {
		defer c.stop()
	}
	if err := agree(in, c); err != nil {
		return err
	}
	all, err := contenders(in, c)
	if err != nil {
		return err
	}
	kept := all[:0]
	for _, one := range all {
		if only.MatchString(one.row + " " + one.who) {
			kept = append(kept, one)
		}
	}
	list, err := run(kept, o.rounds, o.each, stderr)
	if err != nil {
		return err
	}
	first, err := measureCold(in, max(1, 3*o.rounds))
	if err != nil {
		return err
	}
	var messages []*message
	if o.only == "" {
		if messages, err = measureMessages(o.quick); err != nil {
			return err
		}
	}
	out := stdout
	if o.write != "" {
		f, err := os.Create(o.write)
		if err != nil {
			return err
		}
		defer f.Close()
		out = f
	}
	r := report{series: list, in: in, native: c, cold: first, messages: messages, options: o}
	if err := r.write(out); err != nil {
		return err
	}
	if r.missed > 0 {
		return fmt.Errorf("%d budget lines missed", r.missed)
	}
	return nil
}

// contenders lists all of a run.
func contenders(in *input, c *native) ([]contender, error) {
	all := append(floors(in), goRivals(in)...)
	for _, more := range []func(*input) ([]contender, error){oursXML, oursVerify, oursSign, oursScale, oursClient, govmomiClient} {
		list, err := more(in)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	if c != nil {
		all = append(all, c.contenders()...)
	}
	return all, nil
}
