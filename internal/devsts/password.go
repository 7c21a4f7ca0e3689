package devsts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is what one password check takes: memory in KiB, passes, threads.
// 19 MiB and two passes is the least that is commonly advised for argon2id;
// about 25 ms on a small server.
type cost struct {
	memory  uint32
	time    uint32
	threads uint8
}

func defaultCost() cost { return cost{memory: 19 << 10, time: 2, threads: 1} }

// maxCost bounds what a line of a users file may ask for.
func maxCost() cost { return cost{memory: 1 << 20, time: 64, threads: 16} }

const (
	saltSize = 16
	hashSize = 32
)

// A hash is one argon2id password hash.
type hash struct {
	cost
	salt, sum []byte
}

func newHash(c cost, password string) hash {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return hash{c, salt, c.sum(password, salt, hashSize)}
}

func (c cost) sum(password string, salt []byte, n int) []byte {
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, uint32(n))
}

func (h hash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.cost.sum(password, h.salt, len(h.sum)), h.sum) == 1
}

// String gives the usual textual form, $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func (h hash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memory, h.time, h.threads, b64.EncodeToString(h.salt), b64.EncodeToString(h.sum))
}

var errHash = errors.New("not an argon2id hash of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash within limits")

func parseHash(s string) (hash, error) {
	var h hash
	var version int
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" {
		return hash{}, errHash
	}
	if _, err := fmt.Sscanf(f[2]+" "+f[3], "v=%d m=%d,t=%d,p=%d", &version, &h.memory, &h.time, &h.threads); err != nil {
		return hash{}, errHash
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(f[4])
	h.sum, err2 = base64.RawStdEncoding.Strict().DecodeString(f[5])
	max := maxCost()
	switch {
	case err1 != nil, err2 != nil, version != argon2.Version,
		h.time < 1, h.time > max.time, h.threads < 1, h.threads > max.threads,
		h.memory < 8*uint32(h.threads), h.memory > max.memory,
		len(h.salt) < 8, len(h.salt) > 64, len(h.sum) < 16, len(h.sum) > 64:
		return hash{}, errHash
	}
	return h, nil
}

// A checker compares passwords, a few at a time: each comparison takes cost
// memory, and requests come in any number.
type checker struct {
	people map[string]hash
	nobody hash // compared with when the name is unknown, so that it takes as long
	slots  chan struct{}
}

func newChecker(c cost, people map[string]hash, slots int) *checker {
	return &checker{people: people, nobody: newHash(c, rand.Text()), slots: make(chan struct{}, slots)}
}

// check says whether name has this password. It does the same work for a name
// that does not exist.
func (c *checker) check(ctx context.Context, name, password string) (bool, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	h, known := c.people[name]
	if !known {
		h = c.nobody
	}
	return h.matches(password) && known, nil
}
