// Package devsts is a token issuer for development, with a service that demands
// its tokens: what "wst sts --dev" runs, and package wstrusttest. The issuer is
// the real one of package sts, and checks all it is sent; what is for
// development only is where its keys and users come from.
//
// All of that lies in one folder, readable by its owner only, and is kept over
// restarts:
//
//	ca.pem, ca-key.pem            certificate authority of all the following
//	signer.pem, signer-key.pem    signs the tokens
//	server.pem, server-key.pem    TLS, for localhost and the loopback addresses
//	service.pem, service-key.pem  the demo service's: opens symmetric proof keys
//	client.pem, client-key.pem    a client's, to sign with and for TLS
//	users                         lines name:argon2id-hash
//	dev-password                  of the user dev, in the clear
package devsts

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"wstrust/cache"
	"wstrust/service"
)

// Options say where the state is and what is added to it.
type Options struct {
	Dir       string       // state folder; made if it is not there
	Key       string       // kind of the signer's key when it is first made: "rsa" (if empty) or "p256"
	UsersFile string       // further users, lines name:password; "" for none
	ClientCA  string       // file of further authorities for client certificates, PEM; "" for none
	Audiences []string     // the services that tokens are issued for, besides the demo service; empty: see [State.Handler]
	Logger    *slog.Logger // told of requests, refusals and tokens; nil is silence

	// InsecureFastPasswords hashes passwords with next to no work: for tests,
	// which would do little else.
	InsecureFastPasswords bool
}

// A State is an opened state folder.
type State struct {
	o                                   Options
	authority                           *authority
	signer, server, serviceCert, client tls.Certificate
	users                               *checker
	told                                []User
	clientCAs                           *x509.CertPool
}

// Open opens the state folder: it makes what is missing and keeps what is
// there. Two processes must not make the same folder at the same time.
func Open(o Options) (*State, error) {
	signerKey := newRSA
	switch o.Key {
	case "", "rsa":
	case "p256":
		signerKey = newP256
	default:
		return nil, fmt.Errorf("devsts: unknown kind of key %q: want rsa or p256", o.Key)
	}
	if o.Dir == "" {
		return nil, errors.New("devsts: no state folder given")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("devsts: state folder: %w", err)
	}
	s := &State{o: o}
	if err := s.openCertificates(signerKey, time.Now()); err != nil {
		return nil, err
	}
	return s, s.openUsers()
}

func (s *State) openCertificates(signerKey keyMaker, now time.Time) (err error) {
	if s.authority, err = openAuthority(s.o.Dir, now); err != nil {
		return err
	}
	const sign = x509.KeyUsageDigitalSignature
	for _, l := range []struct {
		into *tls.Certificate
		open func(leaf, time.Time) (tls.Certificate, error)
		leaf leaf
	}{
		{&s.signer, s.authority.open, leaf{file: "signer", name: "wstrust development signer", key: signerKey, usage: sign, life: longLife}},
		{&s.server, s.authority.renew, leaf{file: "server", name: "localhost", key: newP256, usage: sign, ext: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, local: true, life: serverLife}},
		{&s.serviceCert, s.authority.open, leaf{file: "service", name: "wstrust development service", key: newRSA, usage: sign | x509.KeyUsageKeyEncipherment, life: longLife}},
		{&s.client, s.authority.open, leaf{file: "client", name: "wstrust development client", key: newRSA, usage: sign, ext: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, life: longLife}},
	} {
		if *l.into, err = l.open(l.leaf, now); err != nil {
			return err
		}
	}
	s.clientCAs = x509.NewCertPool()
	s.clientCAs.AddCert(s.authority.Leaf)
	if s.o.ClientCA == "" {
		return nil
	}
	more, err := os.ReadFile(s.o.ClientCA)
	if err != nil {
		return fmt.Errorf("devsts: client authority: %w", err)
	}
	return addCertificates(s.clientCAs, more, s.o.ClientCA)
}

// addCertificates adds every certificate of a PEM file, and wants them all to
// be good: a pool from which one silently fell out is hard to find.
func addCertificates(pool *x509.CertPool, data []byte, path string) error {
	found := 0
	for {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			break
		}
		if b.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return fmt.Errorf("devsts: client authority: %s: %w", path, err)
		}
		pool.AddCert(c)
		found++
	}
	if found == 0 {
		return fmt.Errorf("devsts: client authority: %s: no PEM certificate in it", path)
	}
	return nil
}

func (s *State) openUsers() error {
	c := defaultCost()
	if s.o.InsecureFastPasswords {
		c = cost{memory: 8, time: 1, threads: 1}
	}
	people, dev, err := loadUsers(s.o.Dir, c)
	if err != nil {
		return err
	}
	if dev.Name != "" {
		s.told = append(s.told, dev)
	}
	if s.o.UsersFile != "" {
		more, names, err := readPlainUsers(s.o.UsersFile, c)
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, twice := people[name]; twice {
				return fmt.Errorf("devsts: users: %s: %q is a user already", s.o.UsersFile, name)
			}
			s.told = append(s.told, User{Name: name})
		}
		maps.Copy(people, more)
	}
	s.users = newChecker(c, people, 2*runtime.GOMAXPROCS(0))
	return nil
}

// Check implements [service.Users]. Digests cannot be checked against hashes
// and are refused, after the same work.
func (s *State) Check(ctx context.Context, name string, p service.Password) (bool, error) {
	password, clear := p.Text()
	ok, err := s.users.check(ctx, name, password)
	return ok && clear, err
}

// CA returns the authority that issued the server's certificate and, unless
// there are further ones, all that clients sign with.
func (s *State) CA() *x509.Certificate { return s.authority.Leaf }

// Signer returns the certificate that the tokens are signed with.
func (s *State) Signer() *x509.Certificate { return s.signer.Leaf }

// Client returns the client certificate in the folder, with its key.
func (s *State) Client() tls.Certificate { return s.client }

// Service returns the certificate and key of the demo service. Symmetric proof
// keys are encrypted for it, whichever service the token is for, so that other
// services of a test can open them with it.
func (s *State) Service() tls.Certificate { return s.serviceCert }

// ServerTLS returns the configuration with which [State.Serve] listens. It asks
// clients for a certificate and demands none.
func (s *State) ServerTLS() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{s.server},
		ClientAuth:   tls.RequestClientCert,
		ClientCAs:    s.clientCAs,
		MinVersion:   tls.VersionTLS12,
	}
}

// Ready tells where everything is for the given base URL.
func (s *State) Ready(base string) Ready {
	file := func(name string) string {
		path := filepath.Join(s.o.Dir, name)
		if abs, err := filepath.Abs(path); err == nil {
			return abs
		}
		return path
	}
	return Ready{
		Trust13: base + pathTrust13, Trust2005: base + pathTrust2005,
		Service: base + pathService, ServiceAction: Action,
		CA: file("ca.pem"), Signer: file("signer.pem"), Users: append([]User{}, s.told...),
		ClientCert: file("client.pem"), ClientKey: file("client-key.pem"),
	}
}

// Serve answers requests on ln, over TLS, until ctx ends; it then lets requests
// under way finish for a few seconds and returns nil. It closes ln.
func (s *State) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler:           s.Handler(Base(ln.Addr())),
		TLSConfig:         s.ServerTLS(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.o.Logger.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	go func() { stopped <- srv.ServeTLS(ln, "", "") }()
	select {
	case err := <-stopped:
		return fmt.Errorf("devsts: serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if srv.Shutdown(grace) != nil {
		_ = srv.Close() // whoever is still there has had his time
	}
	<-stopped
	return nil
}

// NewReplay makes a replay store for this process alone: what it remembers is
// lost with the process, as [cache.Memory] says. Its limit is enough for about a
// thousand messages a second, each remembered for ten minutes.
func NewReplay() (*cache.Cache, error) {
	secret := make([]byte, cache.KeySize)
	rand.Read(secret)
	key, err := cache.NewKey("process", secret)
	if err != nil {
		return nil, err
	}
	return cache.New(cache.NewMemory(256<<20), key)
}
