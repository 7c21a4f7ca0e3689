package service

import "context"

// Users says whether a user has a password.
type Users interface {
	// Check reports whether p is the password of the user name. It must take
	// the same path, and about as long, for a name that does not exist: who
	// has an account is a secret, too. An error says that the question could
	// not be answered; the message is then refused as if the answer were no.
	Check(ctx context.Context, name string, p Password) (bool, error)
}

// A Password is what a client showed for a password: the password itself or a
// digest of it. It never prints.
type Password struct {
	text    func() (string, bool)
	matches func(string) bool
}

// Text returns the password itself. ok is false if the client sent a digest,
// which only somebody who has the password in the clear can check.
func (p Password) Text() (password string, ok bool) {
	if p.text == nil {
		return "", false
	}
	return p.text()
}

// Matches reports whether the client showed this password, in the clear or as a
// digest. It compares in constant time.
func (p Password) Matches(password string) bool {
	return p.matches != nil && p.matches(password)
}
