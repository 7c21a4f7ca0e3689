package httpauth

import "strings"

// A challenge is one challenge of a WWW-Authenticate header.
type challenge struct {
	scheme string
	token  string            // token68 form
	params map[string]string // names in lower case
}

// challenges reads headers of challenges. One header may hold several, and a
// comma ends a parameter or a challenge (RFC 9110, "WWW-Authenticate"). What
// cannot be read ends the list.
func challenges(headers []string) []challenge {
	var out []challenge
	for _, h := range headers {
		s := scanner{rest: h}
		for {
			s.skip(" \t,")
			name := s.word()
			if name == "" {
				break
			}
			c := challenge{scheme: name, params: map[string]string{}}
			s.skip(" \t")
			s.parameters(&c)
			out = append(out, c)
		}
	}
	return out
}

type scanner struct{ rest string }

func (s *scanner) skip(set string) { s.rest = strings.TrimLeft(s.rest, set) }

// word reads a token.
func (s *scanner) word() string {
	n := 0
	for n < len(s.rest) && s.rest[n] > ' ' && s.rest[n] < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, rune(s.rest[n])) {
		n++
	}
	w := s.rest[:n]
	s.rest = s.rest[n:]
	return w
}

// parameters reads what stands behind a scheme, up to the next scheme.
func (s *scanner) parameters(c *challenge) {
	for {
		before := s.rest
		name := s.word()
		s.skip(" \t")
		value, after := strings.CutPrefix(s.rest, "=")
		if name == "" || !after || value == "" || value[0] == ',' || value[0] == '=' {
			// No parameter: a token68, which may hold "/" and end in "=", or
			// the next scheme.
			s.rest = before
			if len(c.params) == 0 {
				n := strings.IndexAny(s.rest, ", \t")
				if n < 0 {
					n = len(s.rest)
				}
				c.token, s.rest = s.rest[:n], s.rest[n:]
			}
			return
		}
		s.rest = s.rest[1:]
		s.skip(" \t")
		value = ""
		if strings.HasPrefix(s.rest, `"`) {
			value = s.quoted()
		} else {
			value = s.word()
		}
		name = strings.ToLower(name)
		if _, twice := c.params[name]; !twice {
			c.params[name] = value
		}
		s.skip(" \t")
		if !strings.HasPrefix(s.rest, ",") {
			return
		}
		s.skip(" \t,")
		if s.rest == "" {
			return
		}
		// Another parameter, or another scheme? Only the former has a "=".
		ahead := scanner{s.rest}
		ahead.word()
		ahead.skip(" \t")
		if !strings.HasPrefix(ahead.rest, "=") {
			return
		}
	}
}

// quoted reads a quoted string.
func (s *scanner) quoted() string {
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; c {
		case '"':
			s.rest = s.rest[i+1:]
			return b.String()
		case '\\':
			if i++; i < len(s.rest) {
				b.WriteByte(s.rest[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	s.rest = ""
	return b.String()
}
