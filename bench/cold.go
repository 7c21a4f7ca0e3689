package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"wstrust/internal/xmltree"
)

// cold is how long the first verification of a process takes, and the
// hundredth, in nanoseconds: medians over fresh processes.
type cold struct{ first, hundredth float64 }

// coldInput is what such a process reads.
type coldInput struct{ Answer, Certificate []byte }

// measureCold starts this program anew, n times.
func measureCold(in *input, n int) (c cold, err error) {
	self, err := os.Executable()
	if err != nil {
		return c, err
	}
	src, err := json.Marshal(coldInput{in.answer, in.cert.Raw})
	if err != nil {
		return c, err
	}
	var first, hundredth []float64
	for range n {
		cmd := exec.Command(self, "-cold")
		cmd.Stdin = bytes.NewReader(src)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return c, fmt.Errorf("first message of a process: %w", err)
		}
		var a, b float64
		if _, err := fmt.Sscan(string(out), &a, &b); err != nil {
			return c, fmt.Errorf("first message of a process: %w", err)
		}
		first, hundredth = append(first, a), append(hundredth, b)
	}
	return cold{median(first), median(hundredth)}, nil
}

// coldMain is that process.
func coldMain(stdin io.Reader, stdout io.Writer) error {
	var src coldInput
	if err := json.NewDecoder(stdin).Decode(&src); err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(src.Certificate)
	if err != nil {
		return err
	}
	var took [100]time.Duration
	for i := range took {
		start := time.Now()
		if err := readAnswer(new(xmltree.Doc), src.Answer, []*x509.Certificate{cert}); err != nil {
			return err
		}
		took[i] = time.Since(start)
	}
	fmt.Fprintln(stdout, took[0].Nanoseconds(), took[len(took)-1].Nanoseconds())
	return nil
}
