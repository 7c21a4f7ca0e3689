package httpauth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Server authenticates the requests that come to a server. Its exported fields
// must not change once it is in use.
//
// Digest has the algorithms SHA-256 and MD5, the quality of protection auth, and
// nonces of this Server: those of another one, or of this one before it was
// restarted, are stale, and the client is told another.
type Server struct {
	Schemes      Scheme // Basic, Digest or both
	BasicRealm   string
	DigestRealm  string
	DigestDomain string // where else the credential of Digest is good, as URIs; empty is the whole host

	// Check reports whether a password is the user's, for Basic.
	Check func(ctx context.Context, name, password string) (bool, error)
	// Secret returns what is known of a user's password, for Digest. The zero
	// Secret is of nobody.
	Secret func(ctx context.Context, name, realm string) (Secret, error)

	nonces nonces
	now    func() time.Time // of tests; time.Now if nil
}

// A Secret is what Digest is verified with: a password, or the hash in
// hexadecimal of "name:realm:password" in each algorithm, which counts before the
// password.
type Secret struct{ Password, SHA256, MD5 string }

// maxCredential bounds a header, in octets: whoever judges a password hashes it.
const maxCredential = 8 << 10

// Errors of Authenticate.
var (
	// ErrMissing is a request without a credential.
	ErrMissing = errors.New("httpauth: the request has no credential")
	// ErrStale is a credential that would be right with a new nonce.
	ErrStale = errors.New("httpauth: the nonce is too old, came before, or is not of this server")
	// ErrWrong is a credential that is not a user's.
	ErrWrong = errors.New("httpauth: no such user, or the password is wrong")
)

// Authenticate returns the name of the user who sent a request. Errors are for
// the log. A user who does not exist and a wrong password are one error, and as
// much work.
func (s *Server) Authenticate(r *http.Request) (name string, err error) {
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return "", ErrMissing
	}
	if len(headers) > 1 || len(headers[0]) > maxCredential {
		return "", errors.New("httpauth: more than one credential, or one that is too long")
	}
	scheme, _, _ := strings.Cut(headers[0], " ")
	switch {
	case s.Schemes&Basic != 0 && strings.EqualFold(scheme, "Basic"):
		return s.basic(r)
	case s.Schemes&Digest != 0 && strings.EqualFold(scheme, "Digest"):
		return s.digest(r, headers[0])
	}
	return "", fmt.Errorf("httpauth: the scheme %.20q is not offered", scheme)
}

// Challenge writes what a request that was not authenticated is answered with
// besides the status 401. err is what Authenticate said of it.
func (s *Server) Challenge(h http.Header, err error) {
	if s.Schemes&Digest != 0 {
		nonce := s.nonces.make(s.clock())
		more := ""
		if s.DigestDomain != "" {
			more += ", domain=" + quote(s.DigestDomain)
		}
		if errors.Is(err, ErrStale) {
			more += ", stale=true"
		}
		for _, name := range offered {
			h.Add(challengeHeader(http.StatusUnauthorized), "Digest realm="+quote(s.DigestRealm)+", nonce="+quote(nonce)+`, qop="auth", algorithm=`+name+", charset=UTF-8"+more)
		}
	}
	if s.Schemes&Basic != 0 {
		h.Add(challengeHeader(http.StatusUnauthorized), "Basic realm="+quote(s.BasicRealm)+`, charset="UTF-8"`)
	}
}

// offered are the algorithms of Digest, the better one first (RFC 7616, section
// 3.7).
var offered = [...]string{"SHA-256", "MD5"}

func (s *Server) clock() time.Time {
	if s.now != nil {
		return s.now()
	}
	return time.Now()
}

func (s *Server) basic(r *http.Request) (string, error) {
	name, password, ok := r.BasicAuth()
	if !ok || !isName(name) {
		return "", errors.New("httpauth: the credential of Basic cannot be read, or has no name")
	}
	right, err := s.Check(r.Context(), name, password)
	return verdict(name, right, err)
}

// isName reports whether a name can be a user's. Both schemes say that it is in
// UTF-8, and it goes to logs and stores that have nothing else.
func isName(s string) bool { return s != "" && utf8.ValidString(s) }

func verdict(name string, right bool, err error) (string, error) {
	switch {
	case err != nil:
		return "", fmt.Errorf("httpauth: user %.100q could not be checked: %w", name, err)
	case !right:
		return "", fmt.Errorf("%w: user %.100q", ErrWrong, name)
	}
	return name, nil
}

// digest verifies a credential of Digest: first that somebody who knows the
// password wrote it for this request, then that it is not an old one. Only who
// knows the password is told that the nonce is stale, and only his nonces are
// remembered.
func (s *Server) digest(r *http.Request, header string) (string, error) {
	c, err := s.credential(r, header)
	if err != nil {
		return "", err
	}
	secret, err := s.Secret(r.Context(), c.name, s.DigestRealm)
	a1 := c.alg.hash(c.name, s.DigestRealm, secret.Password) // for nobody, too
	known := secret.Password != ""
	if stored := map[string]string{"SHA-256": secret.SHA256, "MD5": secret.MD5}[c.alg.name]; stored != "" {
		a1, known = strings.ToLower(stored), true
	}
	want := c.alg.hash(a1, c.params["nonce"], c.params["nc"], c.params["cnonce"], "auth", c.alg.hash(r.Method, r.RequestURI))
	equal := subtle.ConstantTimeCompare([]byte(want), []byte(strings.ToLower(c.params["response"]))) == 1
	name, err := verdict(c.name, equal && known, err)
	if err == nil && !s.nonces.use(c.params["nonce"], c.count, s.clock()) {
		err = fmt.Errorf("%w: user %.100q", ErrStale, c.name)
	}
	return name, err
}

// A credential is one of Digest, of which nothing is verified.
type credential struct {
	name   string
	alg    algorithm
	count  uint32
	params map[string]string
}

// credential reads a credential, and refuses what no password makes good.
func (s *Server) credential(r *http.Request, header string) (*credential, error) {
	all := challenges([]string{header})
	if len(all) != 1 {
		return nil, errors.New("httpauth: the credential of Digest cannot be read")
	}
	p := all[0].params
	c := &credential{name: p["username"], params: p}
	if extended, ok := strings.CutPrefix(p["username*"], "UTF-8''"); ok && c.name == "" {
		var err error
		if c.name, err = url.PathUnescape(extended); err != nil {
			return nil, errors.New("httpauth: the user name of Digest cannot be read")
		}
	}
	name := all[0].algorithm()
	for _, o := range offered {
		if strings.EqualFold(name, o) {
			c.alg, _ = algorithmNamed(o)
		}
	}
	count, err := strconv.ParseUint(p["nc"], 16, 32)
	c.count = uint32(count)
	switch {
	case !isName(c.name):
		return nil, errors.New("httpauth: the credential of Digest has no user name")
	case c.alg.make == nil:
		return nil, fmt.Errorf("httpauth: the algorithm %.20q of Digest is not offered", name)
	case p["realm"] != s.DigestRealm:
		return nil, fmt.Errorf("httpauth: the realm %.100q is not ours", p["realm"])
	case p["uri"] != r.RequestURI:
		return nil, errors.New("httpauth: the credential of Digest is for another URI")
	case !strings.EqualFold(p["qop"], "auth") || err != nil || len(p["nc"]) != 8 || p["cnonce"] == "":
		return nil, errors.New("httpauth: the credential of Digest has no qop, nc or cnonce")
	}
	return c, nil
}
