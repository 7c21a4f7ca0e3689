package httpauth

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strings"
)

// An algorithm is one of Digest's.
type algorithm struct {
	name string
	make func() hash.Hash
	sess bool
}

// algorithms of Digest, from the best to the worst. MD5 is what most servers
// have; over TLS it is no worse than Basic.
var algorithms = [...]algorithm{
	{"SHA-256-sess", sha256.New, true},
	{"SHA-256", sha256.New, false},
	{"MD5-sess", md5.New, true},
	{"MD5", md5.New, false},
}

// algorithmNamed finds an algorithm.
func algorithmNamed(name string) (algorithm, bool) {
	i := slices.IndexFunc(algorithms[:], func(a algorithm) bool { return strings.EqualFold(a.name, name) })
	if i < 0 {
		return algorithm{}, false
	}
	return algorithms[i], true
}

// hash is H of RFC 7616, over parts with colons between them.
func (a algorithm) hash(parts ...string) string {
	d := a.make()
	d.Write([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(d.Sum(nil))
}

// find returns the best challenge of a scheme that can be answered.
func (a *Auth) find(resp *http.Response, s Scheme) *challenge {
	all := challenges(resp.Header.Values(challengeHeader(a.status())))
	for _, alg := range algorithms {
		for i := range all {
			c := &all[i]
			if strings.EqualFold(c.scheme, s.String()) && strings.EqualFold(c.algorithm(), alg.name) && c.params["nonce"] != "" && c.qop() != nil {
				return c
			}
		}
	}
	return nil
}

func (c *challenge) algorithm() string {
	if name := c.params["algorithm"]; name != "" {
		return name
	}
	return "MD5"
}

// qop returns the quality of protection to write, "" in the old form without,
// and nil if there is none that we have.
func (c *challenge) qop() *string {
	offered, ok := c.params["qop"]
	value := ""
	if !ok {
		return &value
	}
	for q := range strings.SplitSeq(offered, ",") {
		if strings.EqualFold(strings.TrimSpace(q), "auth") {
			value = "auth"
			return &value
		}
	}
	return nil
}

func (a *Auth) remember(c *challenge) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last, a.used = c, 0
}

// basic writes the credential of RFC 7617.
func (a *Auth) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.Name+":"+a.password()))
}

func (a *Auth) password() string {
	if a.Password == nil {
		return ""
	}
	return a.Password()
}

// digest answers the challenge in use.
func (a *Auth) digest(method, uri string) (string, error) {
	var random [16]byte
	rand.Read(random[:])
	a.mu.Lock()
	c := a.last
	a.used++
	count := a.used
	a.mu.Unlock()
	if c == nil {
		return "", errors.New("httpauth: no Digest challenge to answer")
	}
	return c.answer(a.Name, a.password(), method, uri, base64.RawURLEncoding.EncodeToString(random[:]), count)
}

// answer writes the credentials of RFC 7616, section 3.4.
func (c *challenge) answer(user, password, method, uri, cnonce string, count uint32) (string, error) {
	alg, known := algorithmNamed(c.algorithm())
	qop := c.qop()
	if !known || qop == nil {
		return "", errors.New("httpauth: the Digest challenge cannot be answered")
	}
	h := alg.hash
	realm, nonce := c.params["realm"], c.params["nonce"]
	a1 := h(user, realm, password)
	if alg.sess {
		a1 = h(a1, nonce, cnonce)
	}
	a2 := h(method, uri)
	nc := fmt.Sprintf("%08x", count)
	name := user
	hashed := strings.EqualFold(c.params["userhash"], "true")
	if hashed {
		name = h(user, realm)
	}
	var b strings.Builder
	put := func(k, v string, quoted bool) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		if quoted {
			v = quote(v)
		}
		b.WriteString(k + "=" + v)
	}
	put("username", name, true)
	put("realm", realm, true)
	put("nonce", nonce, true)
	put("uri", uri, true)
	if c.params["algorithm"] != "" {
		put("algorithm", alg.name, false)
	}
	if *qop == "" {
		put("response", h(a1, nonce, a2), true)
	} else {
		put("response", h(a1, nonce, nc, cnonce, *qop, a2), true)
		put("qop", *qop, false)
		put("nc", nc, false)
		put("cnonce", cnonce, true)
	}
	if opaque, ok := c.params["opaque"]; ok {
		put("opaque", opaque, true)
	}
	if hashed {
		put("userhash", "true", false)
	}
	return "Digest " + b.String(), nil
}

// quote writes a quoted string.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(clean(s)) + `"`
}

// clean drops what would end the header line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
