package webservices

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust"
	"wstrust/wstrusttest"
)

func listenerState(t *testing.T, l *Listener) (s ListenerState) {
	t.Helper()
	if hr := GetListenerProperty(l, WS_LISTENER_PROPERTY_STATE, &s, nil); hr != S_OK {
		t.Fatal(hr)
	}
	return s
}

// Every call in every state of a listener.
func TestListenerStates(t *testing.T) {
	const (
		C, P, F, X = WS_LISTENER_STATE_CREATED, WS_LISTENER_STATE_OPEN, WS_LISTENER_STATE_FAULTED, WS_LISTENER_STATE_CLOSED
		ok, bad    = S_OK, WS_E_INVALID_OPERATION
	)
	type result struct {
		hr    HRESULT
		after ListenerState
	}
	for _, k := range []struct {
		name string
		call func(l *Listener) HRESULT
		want map[ListenerState]result
	}{
		{"open", func(l *Listener) HRESULT { return OpenListener(l, "https://shop.test/", nil, nil) }, map[ListenerState]result{C: {ok, P}, P: {bad, P}, F: {bad, F}, X: {bad, X}}},
		{"open badly", func(l *Listener) HRESULT { return OpenListener(l, "ftp://x/", nil, nil) }, map[ListenerState]result{C: {WS_E_INVALID_ENDPOINT_URL, C}}},
		{"close", func(l *Listener) HRESULT { return CloseListener(l, nil, nil) }, map[ListenerState]result{C: {ok, X}, P: {ok, X}, F: {ok, X}, X: {ok, X}}},
		{"abort", func(l *Listener) HRESULT { return AbortListener(l, nil) }, map[ListenerState]result{C: {ok, C}, P: {ok, F}, F: {ok, F}, X: {ok, X}}},
		{"reset", func(l *Listener) HRESULT { return ResetListener(l, nil) }, map[ListenerState]result{C: {ok, C}, P: {bad, P}, F: {bad, F}, X: {ok, C}}},
		{"accept", func(l *Listener) HRESULT {
			var c *Channel
			if hr := CreateChannelForListener(l, nil, &c, nil); hr != S_OK {
				return hr
			}
			defer FreeChannel(c)
			// On an open one it waits, until the channel is aborted.
			result := make(chan HRESULT, 1)
			hr := AcceptChannel(l, c, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, nil)
			if hr == WS_S_ASYNC {
				if s := state(t, c); s != WS_CHANNEL_STATE_ACCEPTING {
					t.Error(stateNames[s])
				}
				AbortChannel(c, nil)
				hr = <-result
			}
			if s := state(t, c); s != WS_CHANNEL_STATE_CREATED {
				t.Error(stateNames[s])
			}
			return hr
		}, map[ListenerState]result{C: {bad, C}, P: {WS_E_OPERATION_ABORTED, P}, F: {WS_E_OBJECT_FAULTED, F}, X: {bad, X}}},
	} {
		for from, want := range k.want {
			var l *Listener
			if hr := CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, nil, describe(nil, &SslTransport{}, byPassword(onlyAlice)), &l, nil); hr != S_OK {
				t.Fatal(hr)
			}
			if from == P || from == F {
				OpenListener(l, "https://shop.test/", nil, nil)
			}
			if from == F {
				AbortListener(l, nil)
			}
			if from == X {
				CloseListener(l, nil, nil)
			}
			if s := listenerState(t, l); s != from {
				t.Fatalf("%v, want %v", s, from)
			}
			if hr := k.call(l); hr != want.hr {
				t.Errorf("%s in state %d: %v, want %v", k.name, from, hr, want.hr)
			}
			if s := listenerState(t, l); s != want.after {
				t.Errorf("%s in state %d: state %d, want %d", k.name, from, s, want.after)
			}
			FreeListener(l)
			if hr := OpenListener(l, "https://shop.test/", nil, nil); hr != bad {
				t.Error("a freed listener was opened", hr)
			}
		}
	}
	FreeListener(nil)
	for name, hr := range map[string]HRESULT{
		"open": OpenListener(nil, "https://x/", nil, nil), "close": CloseListener(nil, nil, nil), "abort": AbortListener(nil, nil), "reset": ResetListener(nil, nil),
		"create": CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, nil, nil, nil, nil), "get": GetListenerProperty(nil, WS_LISTENER_PROPERTY_STATE, new(ListenerState), nil),
		"channel": CreateChannelForListener(nil, nil, new(*Channel), nil), "accept": AcceptChannel(nil, nil, nil, nil),
	} {
		if hr != E_INVALIDARG {
			t.Error(name, hr)
		}
	}
}

// Calls on a server's channel, in the states that one has, and those of a client.
func TestServerChannelStates(t *testing.T) {
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, nil)
	t.Cleanup(func() { FreeListener(s.listener) })
	var c, other *Channel
	CreateChannelForListener(s.listener, nil, &c, nil)
	CreateChannelForListener(s.listener, nil, &other, nil)
	t.Cleanup(func() { FreeChannel(c); FreeChannel(other) })
	var kind ChannelType
	if hr := GetChannelProperty(c, WS_CHANNEL_PROPERTY_CHANNEL_TYPE, &kind, nil); hr != S_OK || kind != WS_CHANNEL_TYPE_REPLY {
		t.Error(hr, kind)
	}
	m, empty := &Message{}, &Message{}
	receive := func(c *Channel, m *Message, o ReceiveOption, d ...MessageDescription) HRESULT {
		return ReceiveMessage(c, m, d, o, nil, nil, nil, nil)
	}
	const required, optional, bad = WS_RECEIVE_REQUIRED_MESSAGE, WS_RECEIVE_OPTIONAL_MESSAGE, WS_E_INVALID_OPERATION
	expect := func(what string, got, want HRESULT) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	expect("open", OpenChannel(c, &EndpointAddress{URL: s.url}, nil, nil), bad)
	expect("receive, not accepted", receive(c, m, required), bad)
	expect("property of an empty message", GetMessageProperty(m, WS_MESSAGE_PROPERTY_USERNAME, new(string), nil), bad)
	expect("accept by a stranger", AcceptChannel(s.listener, create(t, nil), nil, nil), E_INVALIDARG)

	answered := make(chan string, 1)
	go func() {
		reply, hr := s.call(t, alice(), nil)
		answered <- hr.String() + reply
	}()
	expect("accept", AcceptChannel(s.listener, c, nil, nil), S_OK)
	expect("accept again", AcceptChannel(s.listener, c, nil, nil), bad)
	expect("a client's call", RequestReply(c, "urn:x", nil, nil, nil, nil), bad)
	expect("a client's request", RequestSecurityToken(c, nil, new(*SecurityToken), nil, nil), bad)
	expect("no option", receive(c, m, 0), E_INVALIDARG)
	expect("reply to nothing", SendReplyMessage(c, nil, nil, empty, nil, nil), E_INVALIDARG)
	expect("receive", receive(c, m, required), S_OK)
	expect("into a full message", receive(c, m, required), bad)
	expect("a second one", receive(c, empty, required), WS_E_INVALID_FORMAT)
	expect("a second one, if any", receive(c, empty, optional), WS_S_END)
	expect("by another channel", SendReplyMessage(other, nil, nil, m, nil, nil), bad)
	second := make(chan HRESULT, 1)
	go func() {
		_, hr := s.call(t, alice(), nil)
		second <- hr
	}()
	expect("accept a second one", AcceptChannel(s.listener, other, nil, nil), S_OK)
	expect("receive it", receive(other, empty, required), S_OK)
	expect("reply to the first", SendReplyMessage(other, nil, nil, m, nil, nil), bad)
	expect("reply to it", SendReplyMessage(other, nil, nil, empty, nil, nil), S_OK)
	expect("the second client", <-second, S_OK)
	ResetMessage(empty, nil)
	expect("two elements", SendReplyMessage(c, nil, &XMLBuffer{"<a/><b/>"}, m, nil, nil), E_INVALIDARG)
	expect("a fault for a success", SendFaultMessageForError(c, nil, S_FALSE, WS_FULL_FAULT_DISCLOSURE, m, nil, nil), E_INVALIDARG)
	expect("reply", SendReplyMessage(c, nil, nil, m, nil, nil), S_OK)
	expect("reply again", SendReplyMessage(c, nil, nil, m, nil, nil), bad)
	if got := <-answered; got != "S_OK" {
		t.Error(got)
	}
	AbortChannel(c, nil)
	expect("receive, aborted", receive(c, empty, required), bad)
	expect("close", CloseChannel(c, nil, nil), S_OK)
	expect("reset", ResetChannel(c, nil), S_OK)
	expect("reset the message", ResetMessage(m, nil), S_OK)

	// What is described is told apart, and what is not can be answered.
	for _, k := range []struct {
		descriptions []MessageDescription
		hr           HRESULT
		index        uint32
	}{
		{[]MessageDescription{{"urn:other", XMLQName{"order", "urn:shop"}}, {"urn:order", XMLQName{"order", "urn:shop"}}}, S_OK, 1},
		{[]MessageDescription{{"", XMLQName{"order", "urn:shop"}}, {"urn:order", XMLQName{"order", "urn:shop"}}}, S_OK, 0},
		{[]MessageDescription{{"urn:other", XMLQName{}}}, WS_E_ENDPOINT_ACTION_NOT_SUPPORTED, 99},
		{[]MessageDescription{{"urn:order", XMLQName{}}}, WS_E_INVALID_FORMAT, 99},
		{[]MessageDescription{{"urn:order", XMLQName{"order", "urn:other"}}}, WS_E_INVALID_FORMAT, 99},
	} {
		go func() {
			_, hr := s.call(t, alice(), nil)
			answered <- hr.String()
		}()
		expect("accept", AcceptChannel(s.listener, c, nil, nil), S_OK)
		index, body, was := uint32(99), XMLBuffer{"<untouched/>"}, "S_OK"
		expect("receive", ReceiveMessage(c, m, k.descriptions, required, &body, &index, nil, nil), k.hr)
		if index != k.index || (body.XML == "<untouched/>") == (k.hr == S_OK) {
			t.Errorf("%+v: index %d, body %s", k.descriptions, index, body.XML)
		}
		if k.hr == S_OK {
			expect("reply", SendReplyMessage(c, nil, nil, m, nil, nil), S_OK)
		} else {
			was = "WS_E_ENDPOINT_FAULT_RECEIVED"
			expect("fault", SendFaultMessageForError(c, nil, k.hr, WS_MINIMAL_FAULT_DISCLOSURE, m, nil, nil), S_OK)
		}
		if got := <-answered; got != was {
			t.Errorf("%s, want %s", got, was)
		}
		ResetMessage(m, nil)
		CloseChannel(c, nil, nil)
		ResetChannel(c, nil)
	}
}

// A client that leaves is told to the server when it answers, and keeps nobody
// waiting.
func TestClientLeaves(t *testing.T) {
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, nil)
	var c *Channel
	CreateChannelForListener(s.listener, nil, &c, nil)
	t.Cleanup(func() { FreeChannel(c); FreeListener(s.listener) })
	client := open(t, s.url, alice(), s.root)
	result := make(chan HRESULT, 1)
	RequestReply(client, "urn:x", nil, nil, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, nil)
	if hr := AcceptChannel(s.listener, c, nil, nil); hr != S_OK {
		t.Fatal(hr)
	}
	m := &Message{}
	ReceiveMessage(c, m, nil, WS_RECEIVE_REQUIRED_MESSAGE, nil, nil, nil, nil)
	AbortChannel(client, nil)
	if hr := <-result; hr != WS_E_OPERATION_ABORTED {
		t.Error(hr)
	}
	<-m.arrival.answered // the connection is gone
	if hr := SendReplyMessage(c, nil, nil, m, nil, nil); hr != WS_E_ENDPOINT_DISCONNECTED {
		t.Error(hr)
	}
}

// A listener that is not open answers nobody, and forgets its contexts.
func TestListenerNotOpen(t *testing.T) {
	var book notebook
	s := newShop(t, overContexts(describe(nil, &SslTransport{}, byPassword(onlyAlice))), nil, nil)
	reopen := func() {
		CloseListener(s.listener, nil, nil)
		ResetListener(s.listener, nil)
		if hr := OpenListener(s.listener, s.url, nil, nil); hr != S_OK {
			t.Fatal(hr)
		}
	}
	work := func() (stop func()) {
		var c *Channel
		CreateChannelForListener(s.listener, nil, &c, nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for AcceptChannel(s.listener, c, nil, nil) == S_OK {
				m := &Message{}
				ReceiveMessage(c, m, nil, WS_RECEIVE_REQUIRED_MESSAGE, nil, nil, nil, nil)
				book.answer(s, c, m, XMLBuffer{})
				CloseChannel(c, nil, nil)
				ResetChannel(c, nil)
			}
		}()
		return func() { <-done; FreeChannel(c) }
	}
	stop := work()
	client := open(t, s.url, conversing(), s.root)
	if hr := talk(t, client); hr != S_OK {
		t.Fatal(hr)
	}
	AbortListener(s.listener, nil)
	stop()
	if hr := talk(t, client); hr != WS_E_ENDPOINT_NOT_AVAILABLE {
		t.Error(hr)
	}
	reopen()
	stop = work()
	if hr := talk(t, client); hr != S_OK { // by another context
		t.Error(hr)
	}
	if ids := book.ids(t); len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("%q", ids)
	}
	AbortListener(s.listener, nil)
	stop()
}

// A message that waits for a channel is let go when the listener closes.
func TestListenerClosesOnWaiting(t *testing.T) {
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, nil)
	defer FreeListener(s.listener)
	got := make(chan HRESULT, 1)
	go func() {
		_, hr := s.call(t, alice(), nil)
		got <- hr
	}()
	for len(s.listener.places) == 0 {
		time.Sleep(time.Millisecond)
	}
	CloseListener(s.listener, nil, nil)
	if hr := <-got; hr != WS_E_ENDPOINT_FAULT_RECEIVED {
		t.Error(hr)
	}
}

// Requests beyond those that may wait are turned away.
func TestListenerBusy(t *testing.T) {
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, nil)
	defer FreeListener(s.listener)
	for range maxWaiting {
		s.listener.places <- struct{}{}
	}
	if _, hr := s.call(t, alice(), nil); hr != WS_E_ENDPOINT_TOO_BUSY {
		t.Error(hr)
	}
}

// Many channels serve one listener.
func TestListenerChannels(t *testing.T) {
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, tells(WS_MESSAGE_PROPERTY_USERNAME))
	for range 3 {
		s.work(t, tells(WS_MESSAGE_PROPERTY_USERNAME))
	}
	c := open(t, s.url, alice(), s.root)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if hr := talk(t, c); hr != S_OK {
				t.Error(hr)
			}
		})
	}
	wg.Wait()
	if s.count() != 16 {
		t.Error(s.count())
	}
}

// Only SOAP by POST, and no more of it than the listener takes.
func TestListenerTakesSOAPOnly(t *testing.T) {
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), []ListenerProperty{{WS_LISTENER_PROPERTY_EX_MAX_BUFFERED_MESSAGE_SIZE, uint32(4000)}}, tells(WS_MESSAGE_PROPERTY_USERNAME))
	pool := s.root.Value.(*x509.CertPool)
	hc := &http.Client{Transport: newTransport(channelValues{}, (&tlsSettings{noRevocation: true}).client("127.0.0.1", nil, pool, nil, nil), false).base}
	defer hc.CloseIdleConnections()
	for name, c := range map[string]struct {
		method, kind, body string
		status             int
	}{
		"GET":       {"GET", "", "", 405},
		"text":      {"POST", "text/plain", "hello", 415},
		"too large": {"POST", soap12, strings.Repeat(" ", 5000), 413},
	} {
		req, _ := http.NewRequestWithContext(context.Background(), c.method, s.url, strings.NewReader(c.body))
		req.Header.Set("Content-Type", c.kind)
		res, err := hc.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, res.StatusCode, c.status)
		}
	}
}

// A message that comes just when its channel is aborted is not left waiting.
func TestAbortAsMessageComes(t *testing.T) {
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, nil)
	defer FreeListener(s.listener)
	var c *Channel
	CreateChannelForListener(s.listener, nil, &c, nil)
	defer FreeChannel(c)
	result := make(chan HRESULT, 1)
	AcceptChannel(s.listener, c, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, nil)
	a := &arrival{answer: make(chan outcome, 1)}
	c.mu.Lock()
	s.listener.arrivals <- a                           // AcceptChannel has it, and waits for the lock
	c.state, c.opening = WS_CHANNEL_STATE_CREATED, nil // as AbortChannel leaves it
	c.mu.Unlock()
	if hr := <-result; hr != WS_E_OPERATION_ABORTED {
		t.Error(hr)
	}
	if out := <-a.answer; out.err == nil {
		t.Errorf("%+v", out)
	}
}

// A listener with an SslTransport takes nothing that did not come over TLS; one
// that does without takes it.
func TestListenerPlaintext(t *testing.T) {
	for name, c := range map[string]struct {
		sd *SecurityDescription
		hr HRESULT
	}{
		"TLS": {describe(nil, &SslTransport{}, byPassword(onlyAlice)), WS_E_ENDPOINT_ACCESS_DENIED},
		"not": {describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_NONE)}, byPassword(onlyAlice)), S_OK},
	} {
		var l *Listener
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.ServeHTTP(w, r) }))
		CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, []ListenerProperty{{WS_LISTENER_PROPERTY_EX_URLS, []string{srv.URL}}}, c.sd, &l, nil)
		scheme := "http://"
		if c.hr != S_OK {
			scheme = "https://"
		}
		if hr := OpenListener(l, scheme+strings.TrimPrefix(srv.URL, "http://"), nil, nil); hr != S_OK {
			t.Fatal(hr)
		}
		s := &shop{url: srv.URL, listener: l}
		s.work(t, tells(WS_MESSAGE_PROPERTY_USERNAME))
		// No client of WWSAPI sends a password without TLS: this one is of the root package.
		client, err := wstrust.Open(t.Context(), srv.URL, wstrust.Config{
			InsecurePlaintext: true, Suite: wstrust.Basic256,
			Bindings: []wstrust.Binding{wstrust.Username(wstrusttest.User, wstrusttest.Password)},
		})
		if err != nil {
			t.Fatal(err)
		}
		hr := S_OK
		if _, err = client.Do(t.Context(), "urn:x", ""); err != nil {
			hr = codeOf(err)
		}
		if hr != c.hr || (s.count() == 1) != (hr == S_OK) {
			t.Errorf("%s: %v: %v", name, hr, err)
		}
		srv.Close()
	}
}
