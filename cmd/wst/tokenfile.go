package main

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wstrust"
	"wstrust/internal/alg"
	"wstrust/internal/reveal"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// A tokenFile is what "wst issue -o json" prints.
type tokenFile struct {
	Token     []byte     `json:"token"`      // base64 of the issuer's octets
	TokenType string     `json:"token_type"` // URI, "" if nobody said
	KeyType   string     `json:"key_type"`   // bearer, symmetric or public
	NotBefore *time.Time `json:"not_before"` // null if the issuer did not say
	NotAfter  *time.Time `json:"not_after"`  // null if the issuer did not say
	ProofKey  *string    `json:"proof_key"`  // base64 of a symmetric key, PEM of a private key, null for bearer
}

// Words for key types, in flags and token files.
const (
	keyBearer    = "bearer"
	keySymmetric = "symmetric"
	keyPublic    = "public"
)

// marshalToken writes a token and its proof key. key is the private key that a
// public-key token is bound to.
func marshalToken(t *wstrust.Token, key crypto.Signer) ([]byte, error) {
	f := tokenFile{Token: []byte(t.XML()), TokenType: t.Type()}
	from, till := t.Validity()
	f.NotBefore, f.NotAfter = stamp(from), stamp(till)
	switch t.KeyType() {
	case wstrust.Symmetric:
		f.KeyType = keySymmetric
		text := base64.StdEncoding.EncodeToString(t.SymmetricKey(reveal.Permit{}))
		f.ProofKey = &text
	case wstrust.PublicKey:
		f.KeyType = keyPublic
		text, err := keyPEM(key)
		if err != nil {
			return nil, err
		}
		f.ProofKey = &text
	default:
		f.KeyType = keyBearer
	}
	out, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}

func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// A storedToken is a token read back from a file.
type storedToken struct {
	xml       []byte // one element, as it was issued
	root      xmltree.Elem
	tokenType string
	keyType   string
	from      time.Time
	till      time.Time
	key       wstrust.Key             // zero for bearer
	proof     func() (alg.Key, error) // the same; nil for bearer
}

// readToken reads a token file: the token's own XML, which makes it a bearer
// token, or what -o json printed.
func (u *ui) readToken(flag, name string) (*storedToken, error) {
	data, err := u.readFile(flag, name)
	if err != nil {
		return nil, err
	}
	return u.parseToken(flag, name, data)
}

// parseToken is readToken of a file that was read already.
func (u *ui) parseToken(flag, name string, data []byte) (*storedToken, error) {
	t := &storedToken{xml: data, keyType: keyBearer}
	next, name := `it must be the XML of a token, or what "wst issue -o json" printed`, displayName(name)
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 {
		return nil, usage(next, "%s: %s is empty", flag, name)
	}
	if trimmed[0] == '{' {
		if err := t.fromJSON(u, data); err != nil {
			return nil, usage(next, "%s: %s: %w", flag, name, err)
		}
	}
	d, err := xmltree.Parse(t.xml, xmltree.Limits{Bytes: maxFile})
	if err != nil {
		return nil, &failure{exitUsage, fmt.Errorf("%s: %s holds no token: %w", flag, name, err), next}
	}
	t.root = d.Root()
	t.xml = t.root.Raw() // without XML declaration, and the newline an editor adds
	if a, err := saml.ReadUnverifiedElem(t.root); err == nil {
		if t.from.IsZero() {
			t.from = a.Conditions.NotBefore
		}
		if t.till.IsZero() {
			t.till = a.Conditions.NotOnOrAfter
		}
	}
	return t, nil
}

// fromJSON never repeats what stands in the file: there is a key in it.
func (t *storedToken) fromJSON(u *ui, data []byte) error {
	var f tokenFile
	if err := json.Unmarshal(data, &f); err != nil {
		return errors.New("it begins like JSON and cannot be read as such")
	}
	if len(f.Token) == 0 {
		return errors.New(`"token" is missing`)
	}
	t.xml, t.tokenType, t.keyType = f.Token, f.TokenType, f.KeyType
	if f.NotBefore != nil {
		t.from = *f.NotBefore
	}
	if f.NotAfter != nil {
		t.till = *f.NotAfter
	}
	if f.KeyType == keyBearer {
		return nil
	}
	if f.ProofKey == nil || *f.ProofKey == "" {
		return fmt.Errorf(`a token with key_type %.20q needs its "proof_key"`, f.KeyType)
	}
	switch f.KeyType {
	case keySymmetric:
		secret, err := base64.StdEncoding.DecodeString(*f.ProofKey)
		if err != nil {
			return errors.New(`"proof_key" is not base64`)
		}
		u.keep([]byte(*f.ProofKey))
		t.key = wstrust.SymmetricKey(secret)
		t.proof = func() (alg.Key, error) { return alg.SecretKey(secret) }
	case keyPublic:
		key, err := parseKey([]byte(*f.ProofKey))
		if err != nil {
			return fmt.Errorf(`"proof_key": %w`, err)
		}
		t.key = wstrust.SignerKey(key)
		t.proof = func() (alg.Key, error) { return alg.PrivateKey(key) }
	default:
		return fmt.Errorf("key_type %.20q is not known", f.KeyType)
	}
	return nil
}

// current refuses a token whose time is over or has not come, before it is sent
// anywhere. The service decides for itself in any case.
func (t *storedToken) current(name string, now time.Time) error {
	const next = "ask for a new one with \"wst issue\"; if it is new, set this machine's clock"
	if !t.till.IsZero() && !now.Before(t.till) {
		return fail(exitClock, next, "token %s: expired at %s, and this clock says %s; nothing was sent", name, clock(t.till), clock(now))
	}
	if !t.from.IsZero() && now.Add(saml.DefaultSkew).Before(t.from) {
		return fail(exitClock, next, "token %s: not valid before %s, and this clock says %s; nothing was sent", name, clock(t.from), clock(now))
	}
	return nil
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
