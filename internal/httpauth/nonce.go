package httpauth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"time"
)

// Bounds of the nonces of Digest.
const (
	nonceLife = 5 * time.Minute
	// maxNonces are remembered, about 100 octets each.
	maxNonces = 1 << 16
)

// nonces makes the nonces of Digest and knows how often each was used. A nonce
// says itself when it was made, and has a MAC, so that only those that were used
// by somebody who knows a password are remembered.
type nonces struct {
	mu    sync.Mutex
	key   []byte             // nil until the first is made
	used  map[string]*window // by nonce
	floor time.Time          // what was made up to then is not good any more
	most  int                // of tests; maxNonces if 0
}

const (
	nonceText = 8 + 8 // the time, and something random
	nonceMAC  = 16
)

func (n *nonces) make(now time.Time) string {
	out := make([]byte, nonceText, nonceText+sha256.Size)
	binary.BigEndian.PutUint64(out, uint64(now.UnixNano()))
	rand.Read(out[8:]) // never fails: it ends the process instead
	n.mu.Lock()
	defer n.mu.Unlock()
	return base64.RawURLEncoding.EncodeToString(n.mac(out))
}

// mac returns text with its MAC behind it. The lock is held.
func (n *nonces) mac(text []byte) []byte {
	if n.key == nil {
		n.key = make([]byte, 32)
		rand.Read(n.key)
		n.used = map[string]*window{}
	}
	h := hmac.New(sha256.New, n.key)
	h.Write(text)
	return h.Sum(text)[:nonceText+nonceMAC]
}

// use takes a nonce with a count, each of which is good once. When there is no
// more room all that were made so far are forgotten and good no more, which costs
// each client one more leg.
func (n *nonces) use(nonce string, count uint32, now time.Time) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(b) != nonceText+nonceMAC || count == 0 {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !hmac.Equal(b, n.mac(b[:nonceText:nonceText])) {
		return false
	}
	made := time.Unix(0, int64(binary.BigEndian.Uint64(b)))
	if now.Sub(made) > nonceLife || !made.After(n.floor) {
		return false
	}
	w := n.used[nonce]
	if w == nil {
		most := n.most
		if most == 0 {
			most = maxNonces
		}
		if len(n.used) >= most {
			clear(n.used)
			n.floor = now
			return false
		}
		w = new(window)
		n.used[nonce] = w
	}
	return w.take(count)
}

// A window knows which counts came. They may come in another order than they
// were made in, but not too much so.
type window struct {
	top  uint32
	seen uint64 // bit i: top-i came
}

func (w *window) take(n uint32) bool {
	if n > w.top {
		w.seen, w.top = w.seen<<(n-w.top)|1, n
		return true
	}
	back := w.top - n
	if back >= 64 || w.seen>>back&1 == 1 {
		return false
	}
	w.seen |= 1 << back
	return true
}
