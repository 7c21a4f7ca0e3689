package wstrust

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
)

// A conversation is the security context of one channel, from Open to Close:
// what wssc.Session decides, it does.
type conversation struct {
	cfg ContextConfig
	log *slog.Logger

	// Of these channels only the Config is used. boot sends the bootstrap's
	// bindings: to establish a context and, with the context's own proof, to
	// renew it, which CXF does not grant to less. proved sends nothing but the
	// context.
	boot, proved     *Channel
	bootTo, provedTo endpoint

	mu      sync.Mutex
	session wssc.Session
	attempt *attempt // of whoever establishes or renews
	ready   ready
}

// An attempt is somebody's at establishing or renewing, which others wait for.
type attempt struct {
	done chan struct{}
	err  error // once done is closed
	gone bool  // it ended because its caller gave up
	busy bool  // it ended because the service had no room for too long
}

// A ready is the context that messages are sent under, as the header writer
// takes it: read once and not for each message.
type ready struct {
	held  *wssc.Held
	token wsse.Token
}

// converse prepares the conversation of a channel that has a context binding,
// and begins it if that is to be done by Open.
func (c *Channel) converse(ctx context.Context, to Address, e endpoint) (*conversation, error) {
	b, ok := c.cfg.context()
	if !ok {
		return nil, nil
	}
	boot, proved := b.bootstrap(&c.cfg), c.cfg
	proved.Bindings = nil
	v := &conversation{cfg: b.cfg, log: c.log, boot: &Channel{cfg: boot, log: c.log}, proved: &Channel{cfg: proved, log: c.log}, bootTo: e, provedTo: e}
	v.session.Plan = wssc.Plan{Never: b.cfg.NoRenewal, Interval: b.cfg.RenewalInterval, Rollover: b.cfg.rollover()}
	if b.cfg.BootstrapConfig != nil {
		var err error
		if v.bootTo, err = v.boot.resolve(to); err != nil {
			return nil, err
		}
	}
	if !b.cfg.AtOpen {
		return v, nil
	}
	c.mu.Lock()
	ctx, k := c.track(ctx)
	c.mu.Unlock()
	defer c.end(k)
	_, err := v.held(ctx)
	return v, err
}

// endConversation has the context cancelled. Abort stops it.
func (c *Channel) endConversation(ctx context.Context, to endpoint) error {
	c.mu.Lock()
	ctx, k := c.track(ctx)
	c.mu.Unlock()
	defer c.end(k)
	if err := to.conversation.close(ctx); err != nil {
		return failed("close", to, 0, 0, err)
	}
	return nil
}

// tries is how often a message is sent. Mostly the second time is under a new
// context. It may be under one that was renewed just before the service forgot
// it, and then the third is.
const tries = 3

// exchange sends one message of c under the context. If the service does not
// know the context any more, and so has not taken the message, it is sent again
// under another.
func (v *conversation) exchange(ctx context.Context, c *Channel, to endpoint, m message) (answer, error) {
	for n := 1; ; n++ {
		held, err := v.held(ctx)
		if err != nil {
			return answer{}, err
		}
		token, err := v.token(held, c)
		if err != nil {
			return answer{}, err
		}
		a, err := c.send(ctx, to, m, token, v.key)
		if err == nil || n == tries || !v.refused(held, err) {
			return a, err
		}
		v.log.LogAttrs(ctx, slog.LevelInfo, "security context refused, sending again", slog.Any("context", held), slog.Any("error", err))
	}
}

// token returns a context as the messages of c carry it.
func (v *conversation) token(h *wssc.Held, c *Channel) (wsse.Token, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ready.held != h {
		t, err := heldToken(h, &c.cfg).Prepare()
		if err != nil {
			return nil, err
		}
		v.ready = ready{h, t}
	}
	return v.ready.token, nil
}

// key returns the key of a context under which an answer may come now.
func (v *conversation) key(id, instance string) (alg.Key, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.session.Key(id, instance, time.Now())
}

// refused reports whether a message is worth sending again.
func (v *conversation) refused(h *wssc.Held, err error) bool {
	f, ok := errors.AsType[*Fault](err)
	if !ok {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.session.Refused(h, wssc.CodeOf(f.Space, f.Subcode), time.Now())
}

// held returns the context to send under. It establishes and renews if it must,
// or waits for the one who does.
func (v *conversation) held(ctx context.Context) (*wssc.Held, error) {
	for {
		v.mu.Lock()
		step, held := v.session.Next(time.Now())
		a := v.attempt
		if step == wssc.DoEstablish || step == wssc.DoRenew {
			a = &attempt{done: make(chan struct{})}
			v.attempt = a
		}
		v.mu.Unlock()
		switch step {
		case wssc.Send:
			return held, nil
		case wssc.Closed:
			return nil, errAborted
		case wssc.Wait:
			select {
			case <-a.done:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			if _, limited := ctx.Deadline(); a.err != nil && !a.gone && !(a.busy && limited) {
				return nil, a.err
			}
		default:
			fresh, again, err := v.lead(ctx, a, held)
			if err == nil || !again {
				return fresh, err
			}
			if context.Cause(ctx) != nil {
				return nil, errors.Join(context.Cause(ctx), err)
			}
		}
	}
}

// lead establishes a context, or renews old if there is one, for all who wait.
// With again an error is not the end: the session knows what else to do.
func (v *conversation) lead(ctx context.Context, a *attempt, old *wssc.Held) (fresh *wssc.Held, again bool, err error) {
	fresh, busy, err := v.insist(ctx, old)
	v.mu.Lock()
	defer v.mu.Unlock()
	defer close(a.done)
	v.attempt = nil
	now := time.Now()
	if err == nil {
		err = v.session.Established(fresh, old, now)
	}
	if err == nil {
		return fresh, false, nil
	}
	what := "establish security context"
	if old != nil {
		what = "renew security context"
	}
	_, refused := errors.AsType[*Fault](err)
	again = v.session.Failed(refused && !busy || errors.Is(err, wssc.ErrRenewed), now)
	err = fmt.Errorf("%s: %w", what, err)
	v.log.LogAttrs(ctx, slog.LevelWarn, "security context", slog.Any("error", err), slog.Bool("going on", again))
	if !again {
		a.err, a.gone, a.busy = err, ctx.Err() != nil, busy
	}
	return nil, again, err
}

// How a service that is too busy is asked again: after what its Retry-After says
// and a pause of up to firstPause, which doubles each time; and until the caller's
// deadline, or for busyFor if he has none.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
	busyFor    = time.Minute
)

// insist asks for a context until the service has room for it, as long as messages
// cannot do without. Busy says that it gave up on that.
func (v *conversation) insist(ctx context.Context, old *wssc.Held) (fresh *wssc.Held, busy bool, err error) {
	began := time.Now()
	_, limited := ctx.Deadline()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		fresh, at, err := v.request(ctx, old)
		if err == nil || !tooBusy(at, err) {
			return fresh, false, err
		}
		v.mu.Lock()
		now := time.Now()
		blocked := v.session.Blocked(now)
		v.mu.Unlock()
		// At random, since those who were refused together would come together.
		wait := min(at.retryAfter, busyFor) + rand.N(pause)
		if !blocked || !limited && now.Add(wait).Sub(began) > busyFor {
			return nil, true, err
		}
		v.log.LogAttrs(ctx, slog.LevelInfo, "the service is too busy for a security context, asking again", slog.Duration("in", wait), slog.Any("error", err))
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, true, fmt.Errorf("%w, while the service was too busy: %w", context.Cause(ctx), err)
		}
	}
}

// tooBusy reports whether an answer says that the service has no room now and
// may have later: by HTTP or by the fault that WCF has for it.
func tooBusy(at place, err error) bool {
	if f, ok := errors.AsType[*Fault](err); ok && wssc.CodeOf(f.Space, f.Subcode) == wssc.ServerTooBusy {
		return true
	}
	return at.status == http.StatusServiceUnavailable || at.status == http.StatusTooManyRequests
}

// request asks the service for a context, or for a renewed one.
func (v *conversation) request(ctx context.Context, old *wssc.Held) (*wssc.Held, place, error) {
	m := wst.Request{Action: wst.NewContext, KeySize: v.cfg.KeySize, Entropy: v.cfg.Entropy.mode()}
	version := v.cfg.version(v.boot.cfg.Versions.Trust)
	var proof []wsse.Token
	if old != nil {
		m.Action, m.Target = wst.RenewContext, old.Unattached
		version, proof = old.Version, []wsse.Token{heldToken(old, &v.boot.cfg)}
	}
	i, at, err := v.boot.negotiate(ctx, v.bootTo, m, version, proof...)
	if err != nil {
		return nil, at, err
	}
	defer i.Proof.Clear()
	h, err := wssc.NewHeld(i)
	return h, at, err
}

// close ends the conversation and has the service forget the context.
func (v *conversation) close(ctx context.Context) error {
	v.mu.Lock()
	held := v.session.Close(time.Now())
	v.mu.Unlock()
	if held == nil {
		return nil
	}
	m := wst.Request{Action: wst.CancelContext, Target: held.Unattached}
	_, _, err := v.proved.negotiate(ctx, v.provedTo, m, held.Version, heldToken(held, &v.proved.cfg))
	if f, ok := errors.AsType[*Fault](err); ok && wssc.CodeOf(f.Space, f.Subcode) == wssc.BadContextToken {
		return nil // it is forgotten already
	}
	if err != nil {
		return fmt.Errorf("cancel security context: %w", err)
	}
	return nil
}
