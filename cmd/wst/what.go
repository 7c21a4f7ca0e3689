package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wstrust"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// whatFlags say what is asked for.
type whatFlags struct {
	appliesTo  string
	tokenType  string
	keyType    string
	keySize    int
	entropy    string
	useKey     string
	ephemeral  bool
	onBehalfOf string
	actAs      string
	claims     []string
	lifetime   time.Duration
	parameters []string
}

func (f *whatFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.appliesTo, "applies-to", "", "`URL` of the service that the token is for; '' leaves that to the issuer, which few allow")
	fl.StringVar(&f.tokenType, "token-type", "", "saml2, saml11 or a `URI`; the issuer chooses if empty")
	fl.Var(newChoice(&f.keyType, keyBearer, keySymmetric, keyPublic), "key-type", "proof key: none, one the issuer makes, or a key pair of yours")
	fl.IntVar(&f.keySize, "key-size", 0, "size of a symmetric key in `BITS`, 128 to 512; 256 if not given")
	fl.Var(newChoice(&f.entropy, "server", "client", "combined"), "entropy", "who makes a symmetric key")
	fl.StringVar(&f.useKey, "use-key", "", "key pair of a public-key token, a PEM `FILE`; that of --cert if not given")
	fl.BoolVar(&f.ephemeral, "ephemeral-key", false, "make a fresh key pair (RSA-2048) for this public-key token; -o json keeps it")
	fl.StringVar(&f.onBehalfOf, "on-behalf-of", "", "`FILE` with the token of the party that the new token is for")
	fl.StringVar(&f.actAs, "act-as", "", "`FILE` with the token of the party to act as; needs --trust 1.4 at most issuers")
	fl.StringArrayVar(&f.claims, "claim", nil, "a claim that the token should make, `URI=VALUE`, or the URI alone; may be repeated")
	fl.DurationVar(&f.lifetime, "lifetime", 0, "ask for this `DURATION` of validity, such as 30m; the issuer's choice if not given")
	fl.StringArrayVar(&f.parameters, "parameter", nil, "`FILE` with one XML element, added to the request as it is; may be repeated")
}

// request turns the flags into what the library asks for.
func (f *whatFlags) request(u *ui, cmd *cobra.Command, who *requester) (wstrust.TokenRequest, error) {
	req := wstrust.TokenRequest{AppliesTo: f.appliesTo, TokenType: f.tokenType, KeySize: f.keySize, Lifetime: f.lifetime}
	switch f.tokenType {
	case "saml2":
		req.TokenType = wst.TokenSAML20
	case "saml11":
		req.TokenType = wst.TokenSAML11
	default:
		if f.tokenType != "" && !strings.Contains(f.tokenType, ":") {
			return req, usage("it is saml2, saml11 or a URI", "--token-type: %.100q is not known", f.tokenType)
		}
	}
	if f.lifetime < 0 {
		return req, usage("such as 30m", "--lifetime: it is negative")
	}
	if err := f.keys(cmd, who, u, &req); err != nil {
		return req, err
	}
	for _, c := range f.claims {
		claim, err := parseClaim(c)
		if err != nil {
			return req, err
		}
		req.Claims = append(req.Claims, claim)
	}
	for _, name := range f.parameters {
		data, err := u.readFile("--parameter", name)
		if err != nil {
			return req, err
		}
		d, err := xmltree.Parse(data, xmltree.Limits{Bytes: maxFile})
		if err != nil {
			return req, &failure{exitUsage, fmt.Errorf("--parameter: %s: %w", name, err), "it must be one XML element"}
		}
		req.Parameters = append(req.Parameters, wstrust.XML(d.Root().Raw()))
	}
	var err error
	if req.OnBehalfOf, err = u.other("--on-behalf-of", f.onBehalfOf); err != nil {
		return req, err
	}
	req.ActAs, err = u.other("--act-as", f.actAs)
	return req, err
}

func (f *whatFlags) keys(cmd *cobra.Command, who *requester, u *ui, req *wstrust.TokenRequest) (err error) {
	given := cmd.Flags().Changed
	if f.keyType != keySymmetric && (given("key-size") || given("entropy")) {
		return usage("add --key-type symmetric", "issue: --key-size and --entropy are about symmetric keys, and this is a %s token", f.keyType)
	}
	if f.keyType != keyPublic && (f.useKey != "" || f.ephemeral) {
		return usage("add --key-type public", "issue: --use-key and --ephemeral-key are about key pairs, and this is a %s token", f.keyType)
	}
	switch f.keyType {
	case keyBearer:
		req.KeyType = wstrust.Bearer
	case keySymmetric:
		req.KeyType = wstrust.Symmetric
		req.Entropy = map[string]wstrust.EntropyMode{
			"server": wstrust.ServerEntropy, "client": wstrust.ClientEntropy, "combined": wstrust.CombinedEntropy,
		}[f.entropy]
	case keyPublic:
		req.KeyType = wstrust.PublicKey
		if err := together(cmd, "use-key", "ephemeral-key"); err != nil {
			return err
		}
		switch {
		case f.ephemeral:
			req.UseKey, err = rsa.GenerateKey(rand.Reader, 2048) // issuers of every kind take RSA
		case f.useKey != "":
			req.UseKey, err = u.privateKey("--use-key", f.useKey)
		case who.cert != nil:
			key, ok := who.cert.PrivateKey.(crypto.Signer)
			if !ok {
				return usage("use --ephemeral-key", "--cert: its key cannot sign")
			}
			req.UseKey = key
			req.UseKeyCertificate, err = x509.ParseCertificate(who.cert.Certificate[0])
		default:
			err = usage("give one with --use-key or --cert, or have one made with --ephemeral-key", "issue: a public-key token needs a key pair")
		}
	}
	return err
}

// parseClaim splits URI=VALUE at the first "=".
func parseClaim(s string) (wstrust.Claim, error) {
	uri, value, _ := strings.Cut(s, "=")
	if !strings.Contains(uri, ":") {
		return wstrust.Claim{}, usage("write it like http://schemas.example.com/role=doctor", "--claim: what stands before = is not a URI")
	}
	return wstrust.Claim{URI: uri, Value: value}, nil
}

// other reads the token of another party. Its proof key, if it has one, is not
// ours to use.
func (u *ui) other(flag, name string) (*wstrust.Token, error) {
	if name == "" {
		return nil, nil
	}
	t, err := u.readToken(flag, name)
	if err != nil {
		return nil, err
	}
	return wstrust.ParseToken(wstrust.XML(t.xml), wstrust.Key{})
}
