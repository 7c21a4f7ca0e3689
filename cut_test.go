package wstrust_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"wstrust"
	"wstrust/service"
)

// A cutter has answers end early: those to requests that it is told of, after
// that many octets, in an end of file or as a connection does that is lost.
type cutter struct {
	base http.RoundTripper
	of   string // what the request says
	at   int    // < 0: not
	lost bool
	size int // of the last such answer, whole
}

func (c *cutter) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := c.base.RoundTrip(r)
	if err != nil || !strings.Contains(string(body), c.of) {
		return resp, err
	}
	defer resp.Body.Close()
	whole, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	c.size = len(whole)
	if c.at < 0 {
		resp.Body = io.NopCloser(bytes.NewReader(whole))
		return resp, nil
	}
	var rest io.Reader = strings.NewReader("")
	if c.lost {
		rest = iotest.ErrReader(io.ErrUnexpectedEOF)
	}
	resp.Body, resp.ContentLength = io.NopCloser(io.MultiReader(bytes.NewReader(whole[:c.at]), rest)), -1
	return resp, nil
}

// An answer that is cut short, at whatever octet (of the long ones, at each
// seventeenth), is none: the call fails, what it
// would have filled is as it was, the channel stays open, and the conversation
// goes on.
func TestAnswerCutAnywhere(t *testing.T) {
	key, err := service.NewSealKey("test", bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	type config func(http *http.Client) wstrust.Config
	plain := func(client *http.Client) wstrust.Config {
		return wstrust.Config{HTTP: client, Bindings: []wstrust.Binding{alice()}}
	}
	plain11 := func(client *http.Client) wstrust.Config {
		cfg := plain(client)
		cfg.Versions = wstrust.Versions{SOAP: wstrust.SOAP11, Addressing: wstrust.Addressing200408, Trust: wstrust.Trust2005}
		return cfg
	}
	hourly := func(client *http.Client) wstrust.Config {
		cfg := conversing(wstrust.ContextConfig{RenewalInterval: time.Hour})
		cfg.HTTP = client
		return cfg
	}
	protected := func(client *http.Client) wstrust.Config {
		boot := plain(client)
		cfg := conversing(wstrust.ContextConfig{RenewalInterval: time.Hour, BootstrapConfig: &boot})
		cfg.HTTP = client
		cfg.Protection = &wstrust.Protection{Sign: wstrust.PartBody | wstrust.PartTimestamp, Encrypt: wstrust.PartBody, Derive: wstrust.Derive13}
		return cfg
	}
	call := func(ch *wstrust.Channel) (string, error) {
		var out wstrust.XML
		err := ch.Call(context.Background(), "urn:parlour:ask", question{N: "q"}, &out)
		return string(out), err
	}
	renew := func(ch *wstrust.Channel) (string, error) {
		time.Sleep(2 * time.Hour) // renewal is due, and so is a message if that fails
		return call(ch)
	}
	token := func(ch *wstrust.Channel) (string, error) {
		sct, err := ch.RequestToken(context.Background(), wstrust.TokenRequest{Action: wstrust.NewContext})
		return fmt.Sprint(sct), err
	}
	for name, c := range map[string]struct {
		cfg  config
		of   string
		do   func(ch *wstrust.Channel) (string, error)
		none string // what do returns if nothing came
		ok   bool   // the call does without the answer
	}{
		"call":               {plain, "urn:parlour:ask", call, "", false},
		"call, SOAP 1.1":     {plain11, "urn:parlour:ask", call, "", false},
		"call in a context":  {hourly, "urn:parlour:ask", call, "", false},
		"protected call":     {protected, "SecurityContextToken", call, "", false},
		"token":              {plain, "RST/SCT", token, "<nil>", false},
		"token, 2005":        {plain11, "RST/SCT", token, "<nil>", false},
		"context":            {hourly, "RST/SCT", call, "", false},
		"context, encrypted": {protected, "RST/SCT", call, "", false},
		"renewal":            {hourly, "RST/SCT/Renew", renew, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			enclosed(t, func() *service.Contexts {
				return &service.Contexts{Seal: []service.SealKey{key}, MaxAge: 1e6 * time.Hour, Lifetime: 1e6 * time.Hour}
			}, func(t *testing.T, p *parlour, in *inside) {
				cut := &cutter{base: in, of: c.of, at: -1}
				cfg := c.cfg(&http.Client{Transport: cut})
				open := func() *wstrust.Channel {
					ch, err := wstrust.Open(context.Background(), "https://parlour.test/", cfg)
					if err != nil {
						t.Fatal(err)
					}
					return ch
				}
				before := runtime.NumGoroutine()
				ch := open()
				for range 2 {
					if _, err := c.do(ch); err != nil {
						t.Fatal(err)
					}
				}
				if c.of == "RST/SCT" { // it has a context now
					ch = open()
				}
				for _, cut.lost = range []bool{false, true} {
					step := 1
					if cut.size > 1000 || cut.lost {
						step = 17
					}
					for at := 0; at < cut.size; at += step {
						cut.at = at
						out, err := c.do(ch)
						if !c.ok && (err == nil || out != c.none) || ch.State() != wstrust.StateOpen {
							t.Fatalf("cut after %d octets: %q, %v; the channel is %v", at, out, err, ch.State())
						}
						if err != nil && (errors.As(err, new(*wstrust.Fault)) || errors.Is(err, wstrust.ErrVerification)) {
							t.Errorf("cut after %d octets: %v", at, err)
						}
						if c.ok && err != nil {
							t.Fatalf("cut after %d octets: %v", at, err)
						}
						if at%100 >= step {
							continue
						}
						cut.at = -1
						if out, err := c.do(ch); err != nil || out == c.none {
							t.Fatalf("after an answer cut after %d octets: %q, %v", at, out, err)
						}
						if c.of == "RST/SCT" {
							ch = open()
						}
					}
				}
				if cut.size < 500 {
					t.Errorf("an answer of %d octets", cut.size)
				}
				if after := runtime.NumGoroutine(); after > before {
					t.Errorf("%d goroutines, %d before", after, before)
				}
				t.Logf("%d octets", cut.size)
			})
		})
	}
}
