//go:build soak

package wstrust_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wstrust"
)

// What the soak is made of. Its rate leaves room for others on two processors.
const (
	soakConversations = 1000 // each a channel with a context of its own, a third in each mode
	soakCrowd         = 150  // more callers, on three of those channels
	soakRate          = 800  // calls a second, in bursts
	soakBursts        = 4    // a second
	soakRenewal       = 5 * time.Second
	soakTTL           = 10 * time.Second
	soakPatience      = 5 * time.Minute // with a call; others may load the machine
)

// TestSoak has a thousand conversations go on at once for as long as WST_SOAK
// says, while the service is restarted twice, contexts are renewed, and channels
// are closed and opened again. No call may fail, none may be answered twice, and
// neither goroutines nor memory may grow. Run it by make soak.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("WST_SOAK"))
	if err != nil || length < 10*time.Second {
		t.Fatalf("WST_SOAK=%q is no duration of at least 10s", os.Getenv("WST_SOAK"))
	}
	before := goroutines(0)
	s := newSoak(t)
	s.seat()
	for i := range s.callers {
		s.done.Go(func() { s.callers[i].run(s) })
	}

	s.pace(length / 5)
	warm := s.weigh(0)
	t.Logf("warm: %v", warm)
	for _, at := range []time.Duration{length * 2 / 5, length * 3 / 5} {
		s.pace(at)
		s.burst(soakRate / soakBursts)
		s.restart()
		s.burst(len(s.callers)) // all come at once
	}
	s.pace(length)
	end := s.weigh(warm.goroutines)

	if end.goroutines > warm.goroutines {
		t.Errorf("%d goroutines, %d when it was warm", end.goroutines, warm.goroutines)
	}
	if more := end.heap - warm.heap; more > end.allowed(warm) {
		t.Errorf("the heap has grown by %d KiB to %d KiB, and not more than %d KiB are accounted for", more>>10, end.heap>>10, end.allowed(warm)>>10)
	}
	close(s.tickets)
	s.done.Wait()
	s.close()
	if after := goroutines(before); after > before {
		t.Errorf("%d goroutines at the end, %d at the start", after, before)
	}
	s.reckon()
	t.Logf("end: %v", end)
	t.Logf("soak: %v, %d conversations, %d callers: %v; heap %+d KiB, goroutines %+d since it was warm",
		length, soakConversations, len(s.callers), s, (end.heap-warm.heap)>>10, end.goroutines-warm.goroutines)
}

// A seat is a channel that conversations take place on. Seats of one caller are
// left and taken again.
type seat struct {
	ch     *wstrust.Channel
	url    string
	user   string
	cfg    wstrust.Config
	shared bool
}

// A caller asks one question after another, numbered from 1.
type caller struct {
	id    int
	seat  *seat
	asked uint32
}

// seat makes the channels and their callers.
func (s *soak) seat() {
	for i := range soakConversations {
		mode := soakModes[i%len(soakModes)]
		at := &seat{url: s.srv.URL + "/" + mode, user: fmt.Sprint("user-", i), shared: i < len(soakModes)}
		at.cfg = wstrust.Config{
			HTTP:   s.client,
			Header: wstrust.Header{TTL: soakTTL},
			Bindings: []wstrust.Binding{wstrust.SecurityContextWith(wstrust.ContextConfig{
				Bootstrap:       []wstrust.Binding{wstrust.Username(at.user, soakPassword)},
				Version:         []wstrust.ConversationVersion{wstrust.Conversation13, wstrust.Conversation2005}[i/len(soakModes)%2],
				RenewalInterval: soakRenewal, Rollover: soakRenewal,
			})},
		}
		if err := at.open(); err != nil {
			s.Fatal(err)
		}
		s.callers = append(s.callers, caller{id: i, seat: at})
	}
	for i := range soakCrowd {
		s.callers = append(s.callers, caller{id: soakConversations + i, seat: s.callers[i%len(soakModes)].seat})
	}
	s.taken = make([]atomic.Uint32, len(s.callers))
}

func (at *seat) open() (err error) {
	at.ch, err = wstrust.Open(context.Background(), at.url, at.cfg)
	return err
}

// run asks a question for every ticket. After some it leaves its seat, which
// cancels the context, and takes it again.
func (c *caller) run(s *soak) {
	for range s.tickets {
		began := time.Now()
		c.asked++
		if err := c.ask(); err != nil {
			s.wrong("question %d of caller %d on %s: %v", c.asked, c.id, c.seat.url, err)
		}
		s.slower(time.Since(began))
		if every := 3 + c.id%10; !c.seat.shared && int(c.asked)%every == 0 {
			if err := c.seat.ch.Close(context.Background()); err != nil {
				s.wrong("close of caller %d on %s: %v", c.id, c.seat.url, err)
			}
			if err := c.seat.open(); err != nil {
				s.wrong("open of caller %d: %v", c.id, err)
			}
		}
		s.busy.Done()
	}
}

func (c *caller) ask() error {
	ctx, cancel := context.WithTimeout(context.Background(), soakPatience)
	defer cancel()
	n := fmt.Sprint(c.id, "/", c.asked)
	var r reply
	if err := c.seat.ch.Call(ctx, "urn:parlour:ask", question{N: n}, &r); err != nil {
		return err
	}
	if r.N != n || r.Who != c.seat.user {
		return fmt.Errorf("asked %s as %s, answered %s to %s", n, c.seat.user, r.N, r.Who)
	}
	return nil
}

// pace lets callers call until that time has passed since the start.
func (s *soak) pace(until time.Duration) {
	tick := time.NewTicker(time.Second / soakBursts)
	defer tick.Stop()
	for time.Since(s.start) < until {
		s.burst(soakRate / soakBursts)
		if since := time.Since(s.start); since >= s.told+30*time.Second {
			s.told = since.Truncate(30 * time.Second)
			s.Logf("%v: %v", since.Round(time.Second), s)
		}
		<-tick.C
	}
}

// burst lets n callers call at once, or waits until there are n who do not.
func (s *soak) burst(n int) {
	for range n {
		s.busy.Add(1)
		s.tickets <- struct{}{}
	}
}

// close leaves all seats, and then the service.
func (s *soak) close() {
	var wg sync.WaitGroup
	next := make(chan *seat)
	for range 8 {
		wg.Go(func() {
			for at := range next {
				if err := at.ch.Close(context.Background()); err != nil {
					s.wrong("last close on %s: %v", at.url, err)
				}
			}
		})
	}
	for _, c := range s.callers[:soakConversations] {
		next <- c.seat
	}
	close(next)
	wg.Wait()
	s.client.CloseIdleConnections()
	s.srv.Close()
}

// reckon compares what was asked with what was answered.
func (s *soak) reckon() {
	asked, answered := 0, 0
	for i := range s.callers {
		asked += int(s.callers[i].asked)
		answered += int(s.taken[i].Load())
		if s.callers[i].asked == 0 {
			s.wrong("caller %d has not asked anything", i)
		}
	}
	if served := int(s.answered.Load()); asked != answered || served != asked {
		s.Errorf("%d questions, answered up to %d, %d times in all", asked, answered, served)
	}
	if s.count[soakRenew].Load() == 0 {
		s.Error("no renewal")
	}
	if s.busied.Load() == 0 {
		s.Error("there was always room: the herds were too small to say anything")
	}
	if n := s.failures.Load(); n > 0 {
		s.Errorf("%d things went wrong", n)
	}
}
