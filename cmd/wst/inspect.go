package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wstrust/internal/xmltree"
	"wstrust/saml"
)

func inspectCommand(u *ui) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show what a token says, without verifying any of it",
		Long: `Inspect shows what a SAML assertion says: who it is about, how it is confirmed,
whom it is for, how its times compare with now, who claims to have signed it.

Nothing is verified: whoever made the file can have written all of it. Use
"wst verify" before you believe any.

FILE is a token's XML, what "wst issue -o json" printed, or any message with an
assertion in it; - is standard input. No key is shown.`,
		Example: `  wst inspect token.xml
  wst issue ... | wst inspect -
  wst inspect -o json token.json | jq .audiences`,
		Args: exactly("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			return inspect(u, args[0], output, time.Now())
		},
	}
	cmd.Flags().VarP(newChoice(&output, "text", "json"), "output", "o", "how to write the result")
	return cmd
}

func inspect(u *ui, name, output string, now time.Time) error {
	t, err := u.readToken("inspect", name)
	if err != nil {
		return err
	}
	e := findAssertion(t.root)
	if !e.OK() {
		return usage(notReadable(t.root), "inspect: %s: <%s> in namespace %.100q is no SAML assertion and holds none", name, t.root.Local(), t.root.Space())
	}
	a, err := saml.ReadUnverifiedElem(e)
	if err != nil {
		return &failure{exitUsage, fmt.Errorf("inspect: %s: %w", name, err), "the file is not a SAML assertion as the specification has it; ask whoever issued it"}
	}
	c := newCard(a)
	if output == "json" {
		out, err := json.MarshalIndent(c, "", "  ")
		if err != nil {
			return err
		}
		return u.print(append(out, '\n'))
	}
	headline := fmt.Sprintf("%s: %s assertion, UNVERIFIED: nothing below has been checked", displayName(name), c.Version)
	if !e.Same(t.root) {
		headline = fmt.Sprintf("%s: %s assertion at %s, UNVERIFIED: nothing below has been checked", displayName(name), c.Version, e.Path())
	}
	text := c.text(headline, now)
	if u.colourOut {
		text = strings.Replace(text, "UNVERIFIED", yellow+"UNVERIFIED"+reset, 1)
	}
	if t.keyType != keyBearer {
		text += fmt.Sprintf("  %-15s %s key, in the file, not shown\n", "proof key", t.keyType)
	}
	return u.print([]byte(text))
}

func displayName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// findAssertion is the first assertion at or below e.
func findAssertion(e xmltree.Elem) xmltree.Elem {
	if saml.Is(e) {
		return e
	}
	for c := range e.Children {
		if found := findAssertion(c); found.OK() {
			return found
		}
	}
	return xmltree.Elem{}
}

func notReadable(e xmltree.Elem) string {
	if e.Is(xmltree.SAML20, "EncryptedAssertion") || e.Is(xmltree.XENC, "EncryptedData") {
		return "it is encrypted: only the service it was issued for can read it"
	}
	return "wst can look into SAML 1.1 and 2.0 assertions only"
}

// keyKind says what kind of public key k is.
func keyKind(k crypto.PublicKey) string {
	switch k := k.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA-%d key", k.N.BitLen())
	case *ecdsa.PublicKey:
		return k.Curve.Params().Name + " key"
	}
	return fmt.Sprintf("%T", k)
}
