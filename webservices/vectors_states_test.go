package webservices

import (
	"crypto/tls"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The state diagram, cell by cell: which event leads where, and which a state
// does not know.
func TestDiagramVectors(t *testing.T) {
	events := []string{"open", "opened", "failed", "abort", "fault", "close", "closed", "reset", "accept", "accepted"}
	if len(events) != int(evAccepted)+1 {
		t.Fatal("an event has no name")
	}
	seen := map[[2]int]bool{}
	for _, r := range vectorRows(t, "diagram.tsv") {
		from, e := slices.Index(stateNames[:], r.field["state"]), slices.Index(events, r.field["event"])
		if from < 0 || e < 0 || seen[[2]int{from, e}] {
			t.Fatalf("%s: a state or an event that does not exist, or twice", r.at())
		}
		seen[[2]int{from, e}] = true
		got, ok := next(ChannelState(from), event(e))
		if want := r.field["next"]; !ok && (want != "-" || got != ChannelState(from)) || ok && stateNames[got] != want {
			t.Errorf("%s: %s, %v, want %s", r.at(), stateNames[got], ok, want)
		}
	}
	if len(seen) != len(stateNames)*len(events) {
		t.Errorf("%d rows for %d states and %d events", len(seen), len(stateNames), len(events))
	}
}

// A stage is a channel that calls have brought into a state, with what is under
// way on it.
type stage struct {
	*testing.T
	c       *Channel
	l       *Listener // of a server's channel
	to      *EndpointAddress
	message *Message
	release func()         // lets what hangs go on
	pending []chan HRESULT // results of the calls under way, the oldest first
	knock   func()         // has a client send a message to the listener
}

// callback makes an AsyncContext and the channel of its result.
func callback() (*AsyncContext, chan HRESULT) {
	result := make(chan HRESULT, 1)
	return &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, result
}

func (s *stage) must(hr HRESULT, want HRESULT) {
	s.Helper()
	if hr != want {
		s.Fatalf("on the way: %v", hr.String())
	}
}

// await waits for a result.
func (s *stage) await(result <-chan HRESULT) HRESULT {
	s.Helper()
	select {
	case hr := <-result:
		return hr
	case <-time.After(20 * time.Second):
		s.Fatal("a call does not end")
		return 0
	}
}

// clientStage brings a client's channel into a state.
func clientStage(t *testing.T, name string) *stage {
	t.Helper()
	hang, reached := make(chan struct{}), make(chan struct{}, 8)
	good := issues(proof05)
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, m rst) {
		switch {
		case m.Header.Action == "urn:hang":
			reached <- struct{}{}
			<-hang
			fallthrough
		case m.Header.Action == "urn:good":
			says(200, soap12, envelope("urn:goodResponse", "{security}", `<ok xmlns="urn:ok"/>`))(w, r, m)
		case strings.HasPrefix(m.Header.Action, spaceTrust13) || m.Header.Action == "urn:bad":
			w.WriteHeader(500)
		default:
			good(w, r, m)
		}
	})
	released := false
	s := &stage{T: t, to: &EndpointAddress{URL: f.URL}, release: func() {
		if !released {
			released = true
			close(hang)
		}
	}}
	t.Cleanup(s.release)
	sd := alice()
	sd.SecurityBindings[0].(*SslTransport).LocalCertCredential = &CustomCertCredential{GetCert: func(_ any, a *EndpointAddress) (*tls.Certificate, HRESULT) {
		if a.URL == "https://fails.test/" {
			return nil, WS_E_SECURITY_SYSTEM_FAILURE
		}
		if name == "opening" {
			<-hang
		}
		return testCert(), S_OK
	}}
	s.c = create(t, sd, f.root())
	open := func() { s.must(OpenChannel(s.c, s.to, nil, nil), S_OK) }
	busy := func() {
		open()
		ac, result := callback()
		s.must(RequestReply(s.c, "urn:hang", nil, nil, ac, nil), WS_S_ASYNC)
		s.pending = append(s.pending, result)
		<-reached
	}
	switch name {
	case "created":
	case "opening":
		ac, result := callback()
		s.must(OpenChannel(s.c, s.to, ac, nil), WS_S_ASYNC)
		s.pending = append(s.pending, result)
	case "open":
		open()
	case "busy":
		busy()
	case "faulted":
		open()
		s.must(AbortChannel(s.c, nil), S_OK)
	case "closing":
		busy()
		ac, result := callback()
		s.must(CloseChannel(s.c, ac, nil), WS_S_ASYNC)
		s.pending = append(s.pending, result)
	case "closed":
		open()
		s.must(CloseChannel(s.c, nil, nil), S_OK)
	case "freed":
		FreeChannel(s.c)
	default:
		t.Fatalf("there is no state %q", name)
	}
	return s
}

// serverStage brings a server's channel into a state.
func serverStage(t *testing.T, name string) *stage {
	t.Helper()
	sh := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, nil)
	s := &stage{T: t, l: sh.listener, to: &EndpointAddress{URL: sh.url}, message: &Message{}, release: func() {}}
	t.Cleanup(func() { FreeListener(sh.listener) }) // whoever waits is answered before the server is closed
	client := open(t, sh.url, alice(), sh.root)
	s.knock = func() {
		ac, _ := callback()
		s.must(RequestReply(client, "urn:good", nil, nil, ac, nil), WS_S_ASYNC)
	}
	s.must(CreateChannelForListener(s.l, nil, &s.c, nil), S_OK)
	t.Cleanup(func() { FreeChannel(s.c) })
	accept := func() {
		s.knock()
		s.must(AcceptChannel(s.l, s.c, nil, nil), S_OK)
	}
	receive := func() {
		s.must(ReceiveMessage(s.c, s.message, nil, WS_RECEIVE_REQUIRED_MESSAGE, nil, nil, nil, nil), S_OK)
	}
	switch name {
	case "server created":
	case "accepting":
		ac, result := callback()
		s.must(AcceptChannel(s.l, s.c, ac, nil), WS_S_ASYNC)
		s.pending = append(s.pending, result)
		s.release = s.knock
	case "accepted":
		accept()
	case "received":
		accept()
		receive()
	case "answered":
		accept()
		receive()
		s.must(SendReplyMessage(s.c, nil, nil, s.message, nil, nil), S_OK)
	case "server faulted":
		accept()
		receive()
		s.must(AbortChannel(s.c, nil), S_OK)
	case "server closed":
		accept()
		receive()
		s.must(CloseChannel(s.c, nil, nil), S_OK)
	case "server freed":
		FreeChannel(s.c)
	default:
		t.Fatalf("there is no state %q", name)
	}
	return s
}

// clientStates and serverStates are what a channel can be in; busy, received and
// answered are kinds of open. A server's channel is closing only while an answer
// is being written.
var (
	clientStates = []string{"created", "opening", "open", "busy", "faulted", "closing", "closed", "freed"}
	serverStates = []string{"server created", "accepting", "accepted", "received", "answered", "server faulted", "server closed", "server freed"}
)

// channelCalls are all calls on a channel, in the forms that matter.
var channelCalls = map[string]func(s *stage, ac *AsyncContext) HRESULT{
	"open": func(s *stage, ac *AsyncContext) HRESULT { return OpenChannel(s.c, s.to, ac, nil) },
	"open unusable": func(s *stage, ac *AsyncContext) HRESULT {
		return OpenChannel(s.c, &EndpointAddress{URL: "ftp://x/"}, ac, nil)
	},
	"open failing": func(s *stage, ac *AsyncContext) HRESULT {
		return OpenChannel(s.c, &EndpointAddress{URL: "https://fails.test/"}, ac, nil)
	},
	"close": func(s *stage, ac *AsyncContext) HRESULT { return CloseChannel(s.c, ac, nil) },
	"abort": func(s *stage, _ *AsyncContext) HRESULT { return AbortChannel(s.c, nil) },
	"reset": func(s *stage, _ *AsyncContext) HRESULT { return ResetChannel(s.c, nil) },
	"free": func(s *stage, _ *AsyncContext) HRESULT {
		FreeChannel(s.c)
		return S_OK
	},
	"get": func(s *stage, _ *AsyncContext) HRESULT {
		return GetChannelProperty(s.c, WS_CHANNEL_PROPERTY_MAX_BUFFERED_MESSAGE_SIZE, new(uint32), nil)
	},
	"set timeout": func(s *stage, _ *AsyncContext) HRESULT {
		return SetChannelProperty(s.c, WS_CHANNEL_PROPERTY_SEND_TIMEOUT, uint32(60000), nil)
	},
	"set faults": func(s *stage, _ *AsyncContext) HRESULT {
		return SetChannelProperty(s.c, WS_CHANNEL_PROPERTY_FAULTS_AS_ERRORS, true, nil)
	},
	"set other": func(s *stage, _ *AsyncContext) HRESULT {
		return SetChannelProperty(s.c, WS_CHANNEL_PROPERTY_ENVELOPE_VERSION, WS_ENVELOPE_VERSION_SOAP_1_2, nil)
	},
	"token":         func(s *stage, ac *AsyncContext) HRESULT { return s.token(ac) },
	"token failing": func(s *stage, ac *AsyncContext) HRESULT { return s.token(ac, trust(WS_TRUST_VERSION_1_3)) },
	"token illegal": func(s *stage, ac *AsyncContext) HRESULT { return s.token(ac, prop{99, nil}) },
	"reply":         func(s *stage, ac *AsyncContext) HRESULT { return RequestReply(s.c, "urn:good", nil, nil, ac, nil) },
	"reply failing": func(s *stage, ac *AsyncContext) HRESULT { return RequestReply(s.c, "urn:bad", nil, nil, ac, nil) },
	"reply illegal": func(s *stage, ac *AsyncContext) HRESULT { return RequestReply(s.c, "", nil, nil, ac, nil) },
	"accept": func(s *stage, ac *AsyncContext) HRESULT {
		if s.knock != nil && s.c.state == WS_CHANNEL_STATE_CREATED {
			s.knock()
		}
		return AcceptChannel(s.l, s.c, ac, nil)
	},
	"create message": func(s *stage, _ *AsyncContext) HRESULT { return CreateMessageForChannel(s.c, nil, new(*Message), nil) },
	"receive": func(s *stage, ac *AsyncContext) HRESULT {
		return ReceiveMessage(s.c, new(Message), nil, WS_RECEIVE_REQUIRED_MESSAGE, nil, nil, ac, nil)
	},
	"receive optional": func(s *stage, ac *AsyncContext) HRESULT {
		return ReceiveMessage(s.c, new(Message), nil, WS_RECEIVE_OPTIONAL_MESSAGE, nil, nil, ac, nil)
	},
	"send reply": func(s *stage, ac *AsyncContext) HRESULT { return SendReplyMessage(s.c, nil, nil, s.message, ac, nil) },
	"send fault": func(s *stage, ac *AsyncContext) HRESULT {
		return SendFaultMessageForError(s.c, nil, WS_E_ENDPOINT_FAILURE, WS_MINIMAL_FAULT_DISCLOSURE, s.message, ac, nil)
	},
}

// token asks for a token, and holds the variable against the result.
func (s *stage) token(ac *AsyncContext, props ...prop) HRESULT {
	before := &SecurityToken{}
	token := before
	hr := RequestSecurityToken(s.c, props, &token, ac, nil)
	if hr.Failed() && token != before {
		s.Error("the token variable was written")
	}
	return hr
}

// Every call on a channel in every state, of clients and of servers.
func TestStateVectors(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range vectorRows(t, "states.tsv") {
		name := r.field["state"] + ": " + r.field["call"]
		if seen[name] {
			t.Errorf("%s: twice", r.at())
		}
		seen[name] = true
		t.Run(name, func(t *testing.T) { runState(t, r) })
	}
	for call := range channelCalls {
		for _, s := range append(slices.Clone(clientStates), serverStates...) {
			for _, form := range []string{"", " async"} {
				if form != "" && !asynchronous(call) {
					continue
				}
				if !seen[s+": "+call+form] {
					t.Errorf("no vector for %s%s when %s", call, form, s)
				}
			}
		}
	}
}

// asynchronous says which calls take an AsyncContext.
func asynchronous(call string) bool {
	word, _, _ := strings.Cut(call, " ")
	return slices.Contains([]string{"open", "close", "token", "reply", "accept"}, word)
}

func runState(t *testing.T, r row) {
	name := r.field["state"]
	var s *stage
	if slices.Contains(clientStates, name) {
		s = clientStage(t, name)
	} else {
		s = serverStage(t, name)
	}
	text, async := strings.CutSuffix(r.field["call"], " async")
	call, ok := channelCalls[text]
	if !ok {
		t.Fatalf("%s: there is no call %q", r.at(), text)
	}
	var ac *AsyncContext
	var result chan HRESULT
	if async {
		ac, result = callback()
	}
	want := r.field["want"]
	if want == "waits" { // the call does not return before what is under way has ended
		result = make(chan HRESULT, 1)
		go func() { result <- call(s, nil) }()
		for stateNames[state(t, s.c)] != r.field["next"] {
			time.Sleep(time.Millisecond)
		}
	} else if hr := call(s, ac); hr.String() != want {
		t.Errorf("%s: %v, want %s", r.at(), hr.String(), want)
	}
	// An asynchronous call may have ended by now, and then its end counts.
	now := stateNames[state(t, s.c)]
	if next := r.field["next"]; now != next && (want != "WS_S_ASYNC" || now != r.field["finally"]) {
		t.Errorf("%s: then %s, want %s", r.at(), now, next)
	}
	s.release()
	if want == "WS_S_ASYNC" || want == "waits" {
		if hr := s.await(result); hr.String() != r.field["result"] {
			t.Errorf("%s: in the end %v, want %s", r.at(), hr.String(), r.field["result"])
		}
	}
	var ended []string
	for _, p := range s.pending {
		ended = append(ended, s.await(p).String())
	}
	if got := strings.Join(ended, ", "); got != r.field["under way"] {
		t.Errorf("%s: what was under way ended with %q, want %q", r.at(), got, r.field["under way"])
	}
	finally := r.field["finally"]
	if finally == "" {
		finally = r.field["next"]
	}
	if now := stateNames[state(t, s.c)]; now != finally {
		t.Errorf("%s: finally %s, want %s", r.at(), now, finally)
	}
}

// listenerCalls are the calls on a listener.
var listenerCalls = map[string]func(l *Listener, ac *AsyncContext) HRESULT{
	"open":          func(l *Listener, ac *AsyncContext) HRESULT { return OpenListener(l, "https://shop.test/", ac, nil) },
	"open unusable": func(l *Listener, ac *AsyncContext) HRESULT { return OpenListener(l, "ftp://x/", ac, nil) },
	"close":         func(l *Listener, ac *AsyncContext) HRESULT { return CloseListener(l, ac, nil) },
	"abort":         func(l *Listener, _ *AsyncContext) HRESULT { return AbortListener(l, nil) },
	"reset":         func(l *Listener, _ *AsyncContext) HRESULT { return ResetListener(l, nil) },
	"free": func(l *Listener, _ *AsyncContext) HRESULT {
		FreeListener(l)
		return S_OK
	},
	"get": func(l *Listener, _ *AsyncContext) HRESULT {
		return GetListenerProperty(l, WS_LISTENER_PROPERTY_CLOSE_TIMEOUT, new(uint32), nil)
	},
	"create channel": func(l *Listener, _ *AsyncContext) HRESULT {
		return CreateChannelForListener(l, nil, new(*Channel), nil)
	},
	// On an open listener it waits, until the channel is aborted.
	"accept": func(l *Listener, _ *AsyncContext) HRESULT {
		var c *Channel
		if hr := CreateChannelForListener(l, nil, &c, nil); hr != S_OK {
			return hr
		}
		defer FreeChannel(c)
		ac, result := callback()
		hr := AcceptChannel(l, c, ac, nil)
		if hr == WS_S_ASYNC {
			AbortChannel(c, nil)
			hr = <-result
		}
		return hr
	},
}

// listenerStates by their names, and what leads to them.
var listenerStates = map[string]struct {
	state ListenerState
	by    []string
}{
	"created": {WS_LISTENER_STATE_CREATED, nil},
	"open":    {WS_LISTENER_STATE_OPEN, []string{"open"}},
	"faulted": {WS_LISTENER_STATE_FAULTED, []string{"open", "abort"}},
	"closed":  {WS_LISTENER_STATE_CLOSED, []string{"open", "close"}},
	"freed":   {WS_LISTENER_STATE_CLOSED, []string{"open", "free"}},
}

// Every call on a listener in every state that one can be in.
func TestListenerStateVectors(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range vectorRows(t, "listenerstates.tsv") {
		name := r.field["state"] + ": " + r.field["call"]
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			var l *Listener
			if hr := CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, nil, describe(nil, &SslTransport{}, byPassword(onlyAlice)), &l, nil); hr != S_OK {
				t.Fatal(hr)
			}
			defer FreeListener(l)
			for _, by := range listenerStates[r.field["state"]].by {
				listenerCalls[by](l, nil)
			}
			if hr := listenerCalls[r.field["call"]](l, nil); hr.String() != r.field["want"] {
				t.Errorf("%s: %v, want %s", r.at(), hr.String(), r.field["want"])
			}
			if s := listenerState(t, l); s != listenerStates[r.field["next"]].state {
				t.Errorf("%s: then %d, want %s", r.at(), s, r.field["next"])
			}
		})
	}
	for s := range listenerStates {
		for call := range listenerCalls {
			if !seen[s+": "+call] {
				t.Errorf("no vector for %s when %s", call, s)
			}
		}
	}
}

// Whatever function takes a channel or a listener is among the calls.
func TestStateVectorsKnowEachFunction(t *testing.T) {
	own, err := os.ReadFile("vectors_states_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !fn.Name.IsExported() || len(fn.Type.Params.List) == 0 {
				continue
			}
			star, ok := fn.Type.Params.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			if of, ok := star.X.(*ast.Ident); ok && (of.Name == "Channel" || of.Name == "Listener") {
				if n++; !strings.Contains(string(own), fn.Name.Name+"(") {
					t.Errorf("%s is called in no state", fn.Name.Name)
				}
			}
		}
	}
	if n < 15 {
		t.Errorf("only %d functions were found", n)
	}
}
