package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
)

// ciphers are the words of --cipher.
var ciphers = map[string]string{
	"aes128-gcm": alg.AES128GCM, "aes192-gcm": alg.AES192GCM, "aes256-gcm": alg.AES256GCM,
	"aes128-cbc": alg.AES128CBC, "aes192-cbc": alg.AES192CBC, "aes256-cbc": alg.AES256CBC,
}

// oaepDigests and oaepMasks are the words of --oaep.
var (
	oaepDigests = map[string]string{
		"sha1": alg.DigestSHA1, "sha256": alg.DigestSHA256, "sha384": alg.DigestSHA384, "sha512": alg.DigestSHA512,
	}
	oaepMasks = map[string]string{
		"sha1": alg.MGF1SHA1, "sha224": alg.MGF1SHA224, "sha256": alg.MGF1SHA256, "sha384": alg.MGF1SHA384, "sha512": alg.MGF1SHA512,
	}
)

// howEncrypted adds what --cipher and --oaep say.
func (f *protectFlags) howEncrypted(p *wsse.Protection) error {
	if f.cipher == "" && f.oaep == "" {
		return nil
	}
	if p.Encrypt == 0 && len(p.EncryptHeaders) == 0 && !p.Symmetric {
		return usage("say what to encrypt", "protect: --cipher or --oaep, and nothing is encrypted")
	}
	if f.cipher != "" {
		uri, ok := ciphers[f.cipher]
		if !ok {
			return usage("it is one of "+words(ciphers), "--cipher: %.40q is not known", f.cipher)
		}
		p.Cipher = uri
	}
	if f.oaep == "" {
		return nil
	}
	if p.Recipient == nil {
		return usage("leave --oaep out", "protect: --oaep, and no key is sent to a --recipient")
	}
	digest, mask, two := strings.Cut(f.oaep, "/")
	if !two {
		mask = digest
	}
	t := alg.Transport{URI: alg.RSAOAEP1, DigestURI: oaepDigests[digest], MGFURI: oaepMasks[mask]}
	if t.DigestURI == "" || t.MGFURI == "" {
		return usage("the digest is one of "+words(oaepDigests)+", the mask behind a slash one of "+words(oaepMasks), "--oaep: %.40q is not known", f.oaep)
	}
	if mask == "sha1" {
		t.URI, t.MGFURI = alg.RSAOAEP, "" // the form that peers of XML Encryption 1.0 know
	}
	p.Transport = t
	return nil
}

func words(of map[string]string) string { return strings.Join(slices.Sorted(maps.Keys(of)), ", ") }

// howDerived adds what --derived-with says.
func (f *protectFlags) howDerived(p *wsse.Protection) error {
	if f.derivedWith == "" {
		return nil
	}
	d := &p.DerivedKeys
	numbers := map[string]*int{"offset": &d.Offset, "generation": &d.Generation, "length": &d.Length, "nonce": &d.Nonce}
	for word := range strings.SplitSeq(f.derivedWith, ",") {
		name, value, given := strings.Cut(strings.TrimSpace(word), "=")
		into := numbers[name]
		switch {
		case name == "label" && given:
			d.Label = value
		case into != nil && given:
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 {
				return usage("give a number", "--derived-with: %s: %.40q is none", name, value)
			}
			*into = n
		case word == "inline":
			d.Inline = true
		case word == "implied":
			p.Derived = wsse.Implied13
		case word == "2005":
			p.Derived = wsse.Derived2005
		default:
			return usage("it is a comma list of label=TEXT, offset=N, generation=N, length=N, nonce=N, inline, implied and 2005", "--derived-with: %.40q is not known", word)
		}
	}
	return nil
}
