// Package wssc keeps the state of WS-SecureConversation, of February 2005 and
// 1.3: security contexts, their tokens, and who may renew and cancel them.
//
//   - Token is a SecurityContextToken as it is written and read.
//   - Context is what an identifier stands for at a service, Record the
//     instances of one that are accepted side by side, and Table the records of
//     a process. Ring seals a Context into its token instead.
//   - Request is what a service is asked for, and Answer what it says.
//   - Session is a client's side: what to do before a message is sent, and after
//     one was refused.
//
// A context is bound to nobody but the holder of its key. Its identifier is
// always the service's choice, random, and means nothing.
//
// The package does no I/O and never asks for the time.
//
// Sources: WS-SecureConversation 1.3 and of February 2005; [MS-LWSSP].
package wssc

import (
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// A Version says of which specification a context's messages are.
type Version = wst.Version

// Namespaces of the token in the two versions.
const (
	space13   = xmltree.SC13
	space2005 = xmltree.SC2005
)

// A Context is one instance of a security context: a name and the key it
// stands for.
type Context struct {
	ID       string // stays the same when the context is renewed
	Instance string // changes then; "" until the first renewal
	Key      alg.Key

	Created, Expires time.Time
	// Limit is how far renewals may move Expires. It is settled when the
	// context is established, and with it for all instances.
	Limit time.Time

	// Principal says who established the context, in the service's own
	// writing.
	Principal []byte
	// Owner is likewise for the service, which finds it again as long as the
	// Context stays in memory. It is never written.
	Owner any
}

// Format implements [fmt.Formatter], so that no verb reaches the key.
func (c Context) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// String names the context.
func (c Context) String() string {
	return fmt.Sprintf("security context %s, instance %s, until %s", shown(c.ID), shown(c.Instance), when(c.Expires))
}

// A Phase is where an instance is in its life.
type Phase uint8

// The phases.
const (
	Live   Phase = iota // it authenticates messages
	Lapsed              // it has expired, and can only be renewed or cancelled
	Over                // it is forgotten
)

// Phase returns where c is in its life. For grace after its end it can still
// be renewed.
func (c *Context) Phase(now time.Time, grace time.Duration) Phase {
	switch {
	case now.Before(c.Expires):
		return Live
	case now.Before(c.Expires.Add(grace)) && now.Before(c.Limit):
		return Lapsed
	}
	return Over
}

// Lifetime returns the end of a context that is established or renewed now,
// and false if it lasts as long as it may already.
func (c *Context) Lifetime(now time.Time, most time.Duration) (expires time.Time, ok bool) {
	expires = now.Add(most)
	if expires.After(c.Limit) {
		expires = c.Limit
	}
	// What is kept is what is written.
	expires = expires.Truncate(time.Millisecond)
	return expires, expires.After(now) && c.Expires.Before(c.Limit.Truncate(time.Millisecond))
}

// NewID returns a fresh identifier: a random UUID as a URN, with 122 bits that
// nobody can guess.
func NewID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails: it ends the process instead
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// shown bounds what is repeated of the peer's words.
func shown(s string) string {
	const most = 100
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

func when(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return xmltree.FormatTime(t)
}
