package wssc

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func seal(t testing.TB, id string, fill byte) SealKey {
	t.Helper()
	k, err := NewSealKey(id, bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ring(t testing.TB, keys ...SealKey) *Ring {
	t.Helper()
	r, err := NewRing(keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func context(t testing.TB, instance string) *Context {
	t.Helper()
	return &Context{
		ID: "urn:a", Instance: instance, Key: key(t, 7), Principal: []byte("alice"),
		Created: noon, Expires: noon.Add(time.Hour), Limit: noon.Add(24 * time.Hour),
	}
}

func same(a, b *Context) bool {
	return a.ID == b.ID && a.Instance == b.Instance && a.Key.Equal(b.Key) && bytes.Equal(a.Principal, b.Principal) &&
		a.Created.Equal(b.Created) && a.Expires.Equal(b.Expires) && a.Limit.Equal(b.Limit)
}

// A cookie opens for its own name, scope and key, and for nothing else; no
// octet of it can be changed, left out or added.
func TestSeal(t *testing.T) {
	a, b := seal(t, "a", 1), seal(t, "b", 2)
	c := context(t, "urn:1")
	cookie, err := ring(t, a, b).Seal("orders", c)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Ring{"own": ring(t, a), "rotated": ring(t, b, a)} {
		if got, ok := r.Open(cookie, "orders", "urn:a", "urn:1"); !ok || !same(&got, c) {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
	r := ring(t, a)
	for name, try := range map[string]func() (Context, bool){
		"other scope":    func() (Context, bool) { return r.Open(cookie, "stock", "urn:a", "urn:1") },
		"other name":     func() (Context, bool) { return r.Open(cookie, "orders", "urn:b", "urn:1") },
		"other instance": func() (Context, bool) { return r.Open(cookie, "orders", "urn:a", "urn:2") },
		"no instance":    func() (Context, bool) { return r.Open(cookie, "orders", "urn:a", "") },
		"shifted names":  func() (Context, bool) { return r.Open(cookie, "orders", "urn:au", "rn:1") },
		"other key":      func() (Context, bool) { return ring(t, b).Open(cookie, "orders", "urn:a", "urn:1") },
		"same id":        func() (Context, bool) { return ring(t, seal(t, "a", 2)).Open(cookie, "orders", "urn:a", "urn:1") },
		"nothing":        func() (Context, bool) { return r.Open(nil, "orders", "urn:a", "urn:1") },
	} {
		if _, ok := try(); ok {
			t.Errorf("%s: opened", name)
		}
	}
	for i := range cookie {
		bad := bytes.Clone(cookie)
		bad[i] ^= 0x10
		if _, ok := r.Open(bad, "orders", "urn:a", "urn:1"); ok {
			t.Errorf("octet %d changed, and opened", i)
		}
		if _, ok := r.Open(cookie[:i], "orders", "urn:a", "urn:1"); ok {
			t.Errorf("cut at %d, and opened", i)
		}
	}
	if _, ok := r.Open(append(bytes.Clone(cookie), 0), "orders", "urn:a", "urn:1"); ok {
		t.Error("an octet more, and opened")
	}
	// A key id as long as the octet can say, in cookies that are longer and shorter.
	for length := range 256 {
		for _, size := range []int{2, 3, 257, 258, 300} {
			long := make([]byte, size)
			copy(long, []byte{sealVersion, byte(length)})
			if _, ok := r.Open(long, "orders", "urn:a", "urn:1"); ok {
				t.Errorf("a key id of %d octets in a cookie of %d, and opened", length, size)
			}
		}
	}
	again, err := r.Seal("orders", c)
	if err != nil || bytes.Equal(again, cookie) {
		t.Error("sealed twice, and the same")
	}
}

func TestSealTooLarge(t *testing.T) {
	c := context(t, "")
	c.Principal = make([]byte, maxCookie)
	if _, err := ring(t, seal(t, "a", 1)).Seal("s", c); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	c.Principal = c.Principal[:maxCookie-200]
	cookie, err := ring(t, seal(t, "a", 1)).Seal("s", c)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadToken(root(t, Token{ID: "urn:a", Cookie: cookie}.Write())); err != nil || !bytes.Equal(got.Cookie, cookie) {
		t.Errorf("what can be sealed cannot be read: %v", err)
	}
}

func TestSealKeys(t *testing.T) {
	for name, k := range map[string]struct {
		id     string
		secret int
	}{"no id": {"", 32}, "long id": {strings.Repeat("x", 33), 32}, "short": {"a", 16}, "long": {"a", 33}} {
		if _, err := NewSealKey(k.id, make([]byte, k.secret)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	a := seal(t, "a", 1)
	for name, keys := range map[string][]SealKey{"none": {}, "empty": {{}}, "twice": {a, seal(t, "a", 2)}} {
		if _, err := NewRing(keys); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	type holder struct{ k SealKey }
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		for _, v := range []any{a, &a, holder{a}, *context(t, ""), context(t, "")} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "1 1 1") || strings.Contains(text, "010101") || strings.Contains(text, "7 7 7") || strings.Contains(text, "070707") {
				t.Errorf("%s of %T prints %s", verb, v, text)
			}
		}
	}
}

func TestRecord(t *testing.T) {
	r := &Record{Current: *context(t, "")}
	for i := range 12 {
		next := *context(t, fmt.Sprint("urn:", i))
		next.Key = key(t, byte(10+i))
		r = r.Renewed(next, noon.Add(time.Duration(i)*time.Second), time.Minute)
	}
	if len(r.Former) != maxFormer {
		t.Errorf("%d former instances", len(r.Former))
	}
	octets, err := r.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadRecord(octets)
	if err != nil || !same(&back.Current, &r.Current) || len(back.Former) != len(r.Former) {
		t.Fatalf("read as %v, %v", back, err)
	}
	for i := range r.Former {
		if !same(&back.Former[i].Context, &r.Former[i].Context) || !back.Former[i].Until.Equal(r.Former[i].Until) {
			t.Errorf("former %d is read as %v", i, back.Former[i])
		}
	}
	for i := range octets {
		if _, err := ReadRecord(octets[:i]); err == nil {
			t.Errorf("cut at %d, and read", i)
		}
	}
	if _, err := ReadRecord(append(octets, 0)); err == nil {
		t.Error("an octet more, and read")
	}
	for name, c := range map[string]struct {
		instance string
		at       time.Duration
		want     bool
	}{
		"current":        {"urn:11", time.Hour, true},
		"former":         {"urn:10", 70 * time.Second, true},
		"former, over":   {"urn:10", 71 * time.Second, false},
		"older":          {"urn:9", 69 * time.Second, true},
		"older, over":    {"urn:9", 70 * time.Second, false},
		"too many since": {"urn:2", 0, false},
		"never was":      {"urn:x", 0, false},
		"the first":      {"", 0, false},
	} {
		got, ok := back.Find(c.instance, noon.Add(c.at))
		if ok != c.want || ok && got.Instance != c.instance {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
	if r = r.Renewed(*context(t, "urn:z"), noon.Add(time.Hour), time.Minute); len(r.Former) != 1 {
		t.Errorf("%d former instances long after", len(r.Former))
	}
}

func TestPhaseAndLifetime(t *testing.T) {
	c := context(t, "")
	for at, want := range map[time.Duration]Phase{
		0: Live, time.Hour - 1: Live, time.Hour: Lapsed, time.Hour + 4*time.Minute: Lapsed, time.Hour + 5*time.Minute: Over, -time.Hour: Live,
	} {
		if got := c.Phase(noon.Add(at), 5*time.Minute); got != want {
			t.Errorf("after %v: %d, want %d", at, got, want)
		}
	}
	c.Limit = c.Expires
	if c.Phase(noon.Add(time.Hour), 5*time.Minute) != Over {
		t.Error("past its limit it can be renewed")
	}
	if _, ok := c.Lifetime(noon.Add(time.Minute), time.Hour); ok {
		t.Error("it is at its limit, and lengthened")
	}
	c.Limit = noon.Add(90 * time.Minute)
	if end, ok := c.Lifetime(noon.Add(50*time.Minute), time.Hour); !ok || !end.Equal(c.Limit) {
		t.Errorf("to %v, %v", end, ok)
	}
	if end, ok := c.Lifetime(noon.Add(10*time.Minute), time.Hour); !ok || !end.Equal(noon.Add(70*time.Minute)) {
		t.Errorf("to %v, %v", end, ok)
	}
	if _, ok := (&Context{Limit: noon}).Lifetime(noon, time.Hour); ok {
		t.Error("a context that is over at once")
	}
}
