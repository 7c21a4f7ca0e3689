package devsts

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// devUser is the name of the user made on the first start.
const devUser = "dev"

// loadUsers reads or makes the state's own users: the file "users", lines
// name:argon2id-hash, and the file "dev-password" with the generated password
// in the clear, so that it can be told again after a restart.
func loadUsers(dir string, c cost) (people map[string]hash, dev User, err error) {
	path, secret := filepath.Join(dir, "users"), filepath.Join(dir, "dev-password")
	people, err = readUsers(path)
	if errors.Is(err, fs.ErrNotExist) {
		// The password first: a crash between the two leaves no hash without it.
		dev = User{Name: devUser, Password: rand.Text()}
		if err := writeFile(secret, []byte(dev.Password+"\n")); err != nil {
			return nil, User{}, err
		}
		people = map[string]hash{devUser: newHash(c, dev.Password)}
		return people, dev, writeFile(path, []byte(devUser+":"+people[devUser].String()+"\n"))
	}
	if err != nil {
		return nil, User{}, err
	}
	password, err := os.ReadFile(secret)
	if errors.Is(err, fs.ErrNotExist) {
		return people, User{}, nil // its owner removed it: the user stays, the password is not told
	}
	if err != nil {
		return nil, User{}, fmt.Errorf("devsts: dev password: %w", err)
	}
	return people, User{Name: devUser, Password: strings.TrimSpace(string(password))}, nil
}

func readUsers(path string) (map[string]hash, error) {
	people := make(map[string]hash)
	err := eachLine(path, func(name, rest string) error {
		h, err := parseHash(rest)
		if err != nil {
			return err
		}
		people[name] = h
		return nil
	})
	return people, err
}

// readPlainUsers reads a file of lines name:password and hashes the passwords.
// The order of the names is that of the file.
func readPlainUsers(path string, c cost) (people map[string]hash, names []string, err error) {
	people = make(map[string]hash)
	err = eachLine(path, func(name, password string) error {
		if password == "" {
			return errors.New("the password is empty")
		}
		if _, twice := people[name]; twice {
			return errors.New("the name stands in the file twice")
		}
		people[name] = newHash(c, password)
		names = append(names, name)
		return nil
	})
	return people, names, err
}

// eachLine calls f for each line name:rest. Empty lines and lines that begin
// with # are skipped. A password may hold colons and spaces; a carriage return
// at the end of the line is not part of it.
func eachLine(path string, f func(name, rest string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("devsts: users: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, ok := strings.Cut(line, ":")
		if !ok || !goodName(name) {
			return fmt.Errorf("devsts: users: %s:%d: want name:password", path, n)
		}
		if err := f(name, rest); err != nil {
			return fmt.Errorf("devsts: users: %s:%d: %w", path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("devsts: users: %s: %w", path, err)
	}
	return nil
}

// goodName admits what can stand in an assertion and in a log line.
func goodName(name string) bool {
	if name == "" || len(name) > 256 || !utf8.ValidString(name) || strings.TrimSpace(name) != name {
		return false
	}
	return strings.IndexFunc(name, unicode.IsControl) < 0
}
