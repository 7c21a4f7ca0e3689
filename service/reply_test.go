package service_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

func (a answer) payload(t *testing.T) xmltree.Elem {
	t.Helper()
	p, err := a.env.Payload()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRepliesMatchTheirRequests(t *testing.T) {
	w := newWorld(t, nil)
	for _, v := range []soap.Version{soap.V12, soap.V11} {
		for _, addressing := range []soap.Addressing{soap.A10, soap.A04, soap.ANone} {
			out := request()
			out.Version, out.Addressing, out.MessageID = v, addressing, soap.NewMessageID()
			a := w.send(out, wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}})
			w.wantOrder(a)
			if a.env.Version != v || a.env.Addressing != addressing {
				t.Errorf("%v %v answered by %v %v", v, addressing, a.env.Version, a.env.Addressing)
			}
			if addressing != soap.ANone && (a.env.RelatesTo.Value != out.MessageID || a.env.Action.Value != action+"Response") {
				t.Errorf("%v %v: relates to %q, action %q", v, addressing, a.env.RelatesTo.Value, a.env.Action.Value)
			}
			if a.payload(t).Space() != "urn:orders" {
				t.Errorf("answer %s", a.octets)
			}
			if !strings.Contains(string(a.octets), "Timestamp") {
				t.Errorf("%v %v: no Timestamp in the answer to a message with one", v, addressing)
			}
			bad := w.send(out, wsse.Options{Tokens: []wsse.Token{user("alice", "wrong")}})
			if bad.env.Version != v || addressing != soap.ANone && bad.env.RelatesTo.Value != out.MessageID {
				t.Errorf("%v %v: fault %s", v, addressing, bad.octets)
			}
			if bad.status != 500 {
				t.Errorf("%v: status of a fault %d, want 500", v, bad.status)
			}
		}
	}
	// A misspelt MessageID is none: there is nothing to relate to.
	octets := protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now())
	small := bytes.ReplaceAll(octets, []byte("MessageID"), []byte("messageID"))
	if bytes.Equal(small, octets) {
		t.Fatal("no MessageID in the message")
	}
	if a := w.post(soap.NewPacket(soap.V12, action, small)); a.status != 200 || a.env.Addressing != soap.ANone {
		t.Errorf("answer to a message without id: %s", a.octets)
	}
	// Without a Timestamp in the request there is none in the answer.
	w.tls = []tls.Certificate{pair(t, p256(t), "client", &w.ca, nil)}
	a := w.send(request(), wsse.Options{Timestamp: wsse.Never})
	w.wantOrder(a)
	if strings.Contains(string(a.octets), "Timestamp") {
		t.Errorf("a Timestamp nobody asked for: %s", a.octets)
	}
}

func TestSignedReply(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Signer = &w.own })
	out := request()
	octets, expect, err := wsse.Protect(out, wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	a := w.post(soap.NewPacket(out.Version, out.Action, octets))
	w.wantOrder(a)
	pending, err := wsse.Read(a.env, "")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[wsse.KeyRef]alg.Key{}
	for _, ref := range pending.Needs() {
		leaf, _, err := ref.Certificates()
		if err != nil || !leaf.Equal(w.own.Leaf) {
			t.Fatalf("signed by %v, %v", ref, err)
		}
		if keys[ref], err = alg.CertificateKey(leaf); err != nil {
			t.Fatal(err)
		}
	}
	e, err := pending.Verify(wsse.Credentials{Keys: keys}, wsse.Policy{Reply: expect, Required: wsse.PartBody | wsse.PartRelatesTo}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !e.Body.Signed() || !e.RelatesTo.Signed() || !e.Timestamp.Signed() {
		t.Error("the signature does not cover body, timestamp and relation")
	}
}

func TestHandlersAnswers(t *testing.T) {
	w := newWorld(t, nil)
	token := []wsse.Token{user("alice", "pw")}
	ask := func(out any, err error) answer {
		t.Helper()
		w.call = func(context.Context, *service.Message) (any, error) { return out, err }
		return w.send(request(), wsse.Options{Tokens: token})
	}
	if a := ask(service.XML(`<x:A xmlns:x="urn:x"/>`), nil); a.status != 200 || !a.payload(t).Is("urn:x", "A") {
		t.Errorf("XML: %s", a.octets)
	}
	if a := ask(nil, nil); a.status != 200 || strings.Contains(string(a.octets), "Order") {
		t.Errorf("nil: %s", a.octets)
	}
	if a := ask(service.Reply{Action: "urn:own", Body: service.XML("<a/>")}, nil); a.env.Action.Value != "urn:own" || !a.payload(t).Is("", "a") {
		t.Errorf("Reply: %s", a.octets)
	}
	if a := ask(&service.Reply{Action: "urn:own", Body: order{ID: "7"}}, nil); a.env.Action.Value != "urn:own" || !a.payload(t).Is("urn:orders", "Order") {
		t.Errorf("*Reply: %s", a.octets)
	}
	a := ask(nil, &service.Fault{Namespace: "urn:f", Code: "OutOfStock", Reason: "none <left>", Detail: `<d xmlns="urn:f"/>`})
	if f := a.env.Fault(); a.status != 500 || f == nil || f.Subcode() != (soap.Name{Space: "urn:f", Local: "OutOfStock"}) || f.Reason != "none <left>" || !f.Detail.OK() {
		t.Errorf("fault: %s", a.octets)
	}
	a = ask(nil, &service.Fault{Receiver: true, Reason: "later"})
	if f := a.env.Fault(); a.status != 500 || f == nil || !f.Is(soap.Receiver) {
		t.Errorf("receiver's fault: %s", a.octets)
	}
	for name, test := range map[string]struct {
		out any
		err error
	}{
		"error":               {nil, errors.New("password of the database is hunter2")},
		"two elements":        {service.XML("<a/><b/>"), nil},
		"end of the envelope": {service.XML("</s:Body><s:Body>"), nil},
		"text":                {service.XML("hello"), nil},
		"not for XML":         {make(chan int), nil},
	} {
		a := ask(test.out, test.err)
		f := a.env.Fault()
		if a.status != http.StatusInternalServerError || f == nil || !f.Is(soap.Receiver) || f.Reason != "The message was accepted and could not be processed." {
			t.Errorf("%s: %s", name, a.octets)
		}
		if id := a.header.Get("Wstrust-Correlation-Id"); id == "" || !strings.Contains(w.lastLine(), id) {
			t.Errorf("%s: log %s", name, w.lastLine())
		}
	}
	if !strings.Contains(w.log.String(), "hunter2") {
		t.Error("the handler's error is not in the log")
	}
}
