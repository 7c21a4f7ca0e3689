package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"wstrust/saml"
)

// A card is what people and scripts are told of an assertion. Whether any of it
// is true, the headline says and the card does not know.
type card struct {
	Verified   bool        `json:"verified"`
	Version    string      `json:"version"`
	ID         string      `json:"id"`
	Issuer     string      `json:"issuer"`
	Issued     time.Time   `json:"issued"`
	Subject    string      `json:"subject"`
	Format     string      `json:"subject_format,omitempty"`
	Confirmed  []string    `json:"confirmation"`
	NotBefore  *time.Time  `json:"not_before"`
	NotAfter   *time.Time  `json:"not_after"`
	Audiences  [][]string  `json:"audiences"`
	OneTimeUse bool        `json:"one_time_use,omitempty"`
	Unknown    []string    `json:"unknown_conditions,omitempty"`
	Authn      []authn     `json:"authentication,omitempty"`
	Attributes []attribute `json:"attributes,omitempty"`
	Signature  *signature  `json:"signature"`
}

type authn struct {
	Instant time.Time `json:"instant"`
	Class   string    `json:"class"`
}

type attribute struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

type signature struct {
	Method           string `json:"method"`
	Digest           string `json:"digest"`
	Canonicalization string `json:"canonicalization"`
	Signer           string `json:"signer,omitempty"`             // subject of the certificate
	Fingerprint      string `json:"signer_fingerprint,omitempty"` // SHA-256 of it
}

func newCard(a *saml.Unverified) *card {
	c := &card{
		Version: a.Version.String(), ID: a.ID, Issuer: a.Issuer, Issued: a.IssueInstant.UTC(),
		Subject: a.Subject.NameID, Format: a.Subject.Format,
		Confirmed: []string{}, Audiences: a.Conditions.Audiences,
		NotBefore: stamp(a.Conditions.NotBefore), NotAfter: stamp(a.Conditions.NotOnOrAfter),
		OneTimeUse: a.Conditions.OneTimeUse, Unknown: a.Conditions.Unknown,
	}
	if a.Subject.EncryptedID.OK() {
		c.Subject = "(encrypted)"
	}
	if c.Audiences == nil {
		c.Audiences = [][]string{}
	}
	for _, conf := range a.Subject.Confirmations {
		c.Confirmed = append(c.Confirmed, describe(conf))
	}
	for _, s := range a.Authn {
		c.Authn = append(c.Authn, authn{s.Instant.UTC(), s.Class})
	}
	for _, at := range a.Attributes {
		c.Attributes = append(c.Attributes, attribute{at.Name, at.Values})
	}
	if a.EncryptedAttributes > 0 {
		c.Attributes = append(c.Attributes, attribute{Name: fmt.Sprintf("(%d encrypted)", a.EncryptedAttributes)})
	}
	if a.Signed {
		c.Signature = &signature{Method: a.SignatureMethod, Digest: a.DigestMethod, Canonicalization: a.Canonicalization}
		c.Signature.by(a.Signer)
	}
	return c
}

func (s *signature) by(c *x509.Certificate) {
	if c != nil {
		s.Signer, s.Fingerprint = c.Subject.String(), fingerprint(c)
	}
}

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// describe says how one confirmation works.
func describe(c saml.Confirmation) string {
	words := []string{c.Kind.String()}
	switch {
	case c.Kind == saml.OtherKind:
		words[0] = c.Method
	case c.Certificate != nil:
		words = append(words, "key of certificate "+c.Certificate.Subject.String())
	case c.Public != nil:
		words = append(words, keyKind(c.Public))
	case len(c.EncryptedKey) > 0:
		words = append(words, "a symmetric key, encrypted for the service")
	}
	if c.Recipient != "" {
		words = append(words, "recipient "+c.Recipient)
	}
	if c.InResponseTo != "" {
		words = append(words, "in response to "+c.InResponseTo)
	}
	if !c.NotOnOrAfter.IsZero() {
		words = append(words, "until "+clock(c.NotOnOrAfter))
	}
	return strings.Join(words, ", ")
}

// text writes the card for people.
func (c *card) text(headline string, now time.Time) string {
	var b strings.Builder
	b.WriteString(printable(headline) + "\n")
	row := func(name, format string, args ...any) {
		value := strings.ReplaceAll(printable(fmt.Sprintf(format, args...)), "\n", "\n                  ")
		fmt.Fprintf(&b, "  %-15s %s\n", name, value)
	}
	row("id", "%s", c.ID)
	row("issuer", "%s", c.Issuer)
	row("issued", "%s", when(c.Issued, now))
	row("subject", "%s", orNone(c.Subject))
	if c.Format != "" {
		row("  format", "%s", c.Format)
	}
	for _, s := range c.Confirmed {
		row("confirmation", "%s", s)
	}
	if len(c.Confirmed) == 0 {
		row("confirmation", "none: nobody may present it")
	}
	if c.NotBefore != nil {
		row("valid from", "%s", when(*c.NotBefore, now))
	}
	if c.NotAfter != nil {
		row("valid until", "%s", when(*c.NotAfter, now))
	} else {
		row("valid until", "not stated")
	}
	for _, any := range c.Audiences {
		row("audience", "%s", strings.Join(any, "\nor "))
	}
	if len(c.Audiences) == 0 {
		row("audience", "none: it is for anyone")
	}
	if c.OneTimeUse {
		row("condition", "to be used once")
	}
	for _, s := range c.Unknown {
		row("condition", "%s, which is not understood", s)
	}
	for _, s := range c.Authn {
		row("authenticated", "%s, %s", when(s.Instant, now), s.Class)
	}
	for _, a := range c.Attributes {
		row("attribute", "%s = %s", a.Name, strings.Join(a.Values, "\nand "))
	}
	if s := c.Signature; s == nil {
		row("signature", "none")
	} else {
		row("signature", "%s, digest %s, %s", short(s.Method), short(s.Digest), short(s.Canonicalization))
		if s.Signer != "" {
			row("signer", "%s", s.Signer)
			row("  SHA-256", "%s", s.Fingerprint)
		} else {
			row("signer", "not named by a certificate")
		}
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// short is the last part of an algorithm's URI.
func short(uri string) string {
	if i := strings.LastIndexAny(uri, "#/"); i >= 0 && i < len(uri)-1 {
		return uri[i+1:]
	}
	if strings.HasSuffix(uri, "xml-exc-c14n#") {
		return "xml-exc-c14n"
	}
	return orNone(uri)
}

// when writes a time with its distance from now.
func when(t, now time.Time) string {
	d := t.Sub(now).Round(time.Second)
	switch {
	case t.IsZero():
		return "not stated"
	case d > 0:
		return fmt.Sprintf("%s (in %s)", clock(t), span(d))
	case d < 0:
		return fmt.Sprintf("%s (%s ago)", clock(t), span(-d))
	}
	return clock(t) + " (now)"
}

// span writes a duration in its two largest units.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
