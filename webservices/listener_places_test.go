package webservices

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A slowBody looks around when it is read.
type slowBody func()

func (b slowBody) Read([]byte) (int, error) {
	b()
	return 0, io.EOF
}

// Whoever has proved nothing yet takes no place of those who have: a thousand
// strangers that send slowly would else keep everybody out.
func TestStrangersTakeNoPlaces(t *testing.T) {
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, tells(WS_MESSAGE_PROPERTY_USERNAME))
	defer FreeListener(s.listener)
	read := false
	r := httptest.NewRequest(http.MethodPost, s.url, slowBody(func() {
		if read = true; len(s.listener.places) != 0 {
			t.Error("a request that is being read has a place")
		}
	}))
	r.Header.Set("Content-Type", "application/soap+xml")
	s.listener.ServeHTTP(httptest.NewRecorder(), r)
	if !read {
		t.Fatal("the request was not read")
	}
	if _, hr := s.call(t, alice(), nil); hr != S_OK {
		t.Error(hr)
	}
	if n := len(s.listener.places); n != 0 {
		t.Errorf("%d places are not given back", n)
	}
}

// The last place may go while a message is verified.
func TestNoPlaceLeft(t *testing.T) {
	var s *shop
	s = newShop(t, describe(nil, &SslTransport{}, byPassword(func(any, string, string) HRESULT {
		for range maxWaiting {
			s.listener.places <- struct{}{}
		}
		return S_OK
	})), nil, func(*shop, *Channel, *Message, XMLBuffer) { t.Error("accepted without a place") })
	defer FreeListener(s.listener)
	if _, hr := s.call(t, alice(), nil); !hr.Failed() {
		t.Error(hr)
	}
	if n := len(s.listener.places); n != maxWaiting {
		t.Errorf("%d places", n)
	}
}
