package wst

import (
	"slices"
	"strings"
	"testing"
)

// The URIs, written out: a table that is computed from parts is checked
// against one that is not.
func TestURIs(t *testing.T) {
	const (
		t13 = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
		t05 = "http://schemas.xmlsoap.org/ws/2005/02/trust"
	)
	for _, c := range []struct{ got, want string }{
		{Trust13.Namespace(), t13},
		{Trust14.Namespace(), t13},
		{Trust2005.Namespace(), t05},
		{Trust13.ContextNamespace(), "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"},
		{Trust2005.ContextNamespace(), "http://schemas.xmlsoap.org/ws/2005/02/sc"},
		{Trust13.ContextTokenType(), "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512/sct"},
		{Trust2005.ContextTokenType(), "http://schemas.xmlsoap.org/ws/2005/02/sc/sct"},
		{Trust13.StatusTokenType(), t13 + "/RSTR/Status"},
		{Trust2005.StatusTokenType(), t05 + "/RSTR/Status"},
		{Trust13.PSHA1(), t13 + "/CK/PSHA1"},
		{Trust2005.PSHA1(), t05 + "/CK/PSHA1"},
		{Trust13.nonce(), t13 + "/Nonce"},
		{Trust2005.symmetricKey(), t05 + "/SymmetricKey"},
		{Trust13.KeyTypeURI(Bearer), t13 + "/Bearer"},
		{Trust13.KeyTypeURI(Symmetric), t13 + "/SymmetricKey"},
		{Trust13.KeyTypeURI(PublicKey), t13 + "/PublicKey"},
		{Trust13.KeyTypeURI(KeyTypeUnspecified), ""},
		{Trust2005.KeyTypeURI(Bearer), "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey"},
		{Trust2005.KeyTypeURI(PublicKey), t05 + "/PublicKey"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	for _, c := range []struct {
		a                        Action
		typ, request, old, fresh string
	}{
		{Issue, "/Issue", "/RST/Issue", "/RSTR/Issue", "/RSTRC/IssueFinal"},
		{Renew, "/Renew", "/RST/Renew", "/RSTR/Renew", "/RSTR/RenewFinal"},
		{Validate, "/Validate", "/RST/Validate", "/RSTR/Validate", "/RSTR/ValidateFinal"},
		{Cancel, "/Cancel", "/RST/Cancel", "/RSTR/Cancel", "/RSTR/CancelFinal"},
		{NewContext, "/Issue", "/RST/SCT", "/RSTR/SCT", "/RSTR/SCT"},
		{RenewContext, "/Renew", "/RST/SCT/Renew", "/RSTR/SCT/Renew", "/RSTR/SCT/Renew"},
		{CancelContext, "/Cancel", "/RST/SCT/Cancel", "/RSTR/SCT/Cancel", "/RSTR/SCT/Cancel"},
	} {
		for _, v := range []struct {
			Version
			ns, reply string
		}{{Trust13, t13, c.fresh}, {Trust14, t13, c.fresh}, {Trust2005, t05, c.old}} {
			if got := v.RequestType(c.a); got != v.ns+c.typ {
				t.Errorf("%s %s: request type %s", v.Version, c.a, got)
			}
			if got := v.RequestAction(c.a); got != v.ns+c.request {
				t.Errorf("%s %s: request action %s", v.Version, c.a, got)
			}
			if got := v.ReplyAction(c.a); got != v.ns+v.reply {
				t.Errorf("%s %s: reply action %s", v.Version, c.a, got)
			}
			if got := v.ReplyActions(c.a); got[0] != v.ReplyAction(c.a) {
				t.Errorf("%s %s: reply actions %v", v.Version, c.a, got)
			}
			a, pv, ok := ParseAction(v.RequestAction(c.a))
			if !ok || a != c.a || pv.Namespace() != v.ns {
				t.Errorf("%s %s: its action parses as %s %s %t", v.Version, c.a, pv, a, ok)
			}
		}
	}
}

func TestParseActionOddities(t *testing.T) {
	a, v, ok := ParseAction(Trust13.Namespace() + "/RST/SCT-Cancel")
	if !ok || a != CancelContext || v != Trust13 {
		t.Errorf("SCT-Cancel: %s %s %t", a, v, ok)
	}
	for _, bad := range []string{"", "urn:x", Trust13.ReplyAction(Issue), Trust13.Namespace() + "/RST/issue"} {
		if _, _, ok := ParseAction(bad); ok {
			t.Errorf("%q is an action", bad)
		}
	}
}

// Sheet 6.9: IssueFinal, Issue and the collection's IssueFinal are all taken;
// the strict client refuses the last.
func TestReplyActions(t *testing.T) {
	final := Trust13.Namespace() + "/RSTRC/IssueFinal"
	got := Trust13.ReplyActions(Issue)
	for _, want := range []string{final, Trust13.Namespace() + "/RSTR/IssueFinal", Trust13.Namespace() + "/RSTR/Issue"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among %v", want, got)
		}
	}
	strict := Trust13.StrictReplyActions(Issue)
	if slices.Contains(strict, final) || len(strict) != len(got)-1 {
		t.Errorf("strict: %v", strict)
	}
	for a := Issue; a < actions; a++ {
		for _, v := range []Version{Trust13, Trust2005, Trust14} {
			for _, uri := range v.ReplyActions(a) {
				if !strings.HasPrefix(uri, v.Namespace()+"/RSTR") {
					t.Errorf("%s %s: %s", v, a, uri)
				}
			}
		}
	}
}

func TestBearerSpellings(t *testing.T) {
	three := []string{
		"http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer",
		"http://docs.oasis-open.org/ws-sx/wstrust/200512/Bearer",
		"http://docs.oasis-open.org/wssx/wstrust/200512/Bearer",
	}
	if got := Trust13.BearerURIs(); !slices.Equal(got, three) {
		t.Errorf("1.3: %v", got)
	}
	none := "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey"
	if got := Trust2005.BearerURIs(); !slices.Equal(got, append([]string{none}, three...)) {
		t.Errorf("2005: %v", got)
	}
	// The caller may change what he got.
	Trust13.BearerURIs()[0] = "x"
	if Trust13.KeyTypeURI(Bearer) != three[0] {
		t.Error("the table was handed out")
	}
}

func TestSameTokenType(t *testing.T) {
	same := [][2]string{
		{"urn:oasis:names:tc:SAML:1.0:assertion", TokenSAML11},
		{"urn:oasis:names:tc:SAML:2.0:assertion", TokenSAML20},
		{"urn:x", "urn:x"},
	}
	for _, c := range same {
		if !SameTokenType(c[0], c[1]) || !SameTokenType(c[1], c[0]) {
			t.Errorf("%s and %s differ", c[0], c[1])
		}
	}
	for _, c := range [][2]string{{TokenSAML11, TokenSAML20}, {TokenSAML20, ""}, {"urn:x", "urn:X"}} {
		if SameTokenType(c[0], c[1]) {
			t.Errorf("%s and %s are the same", c[0], c[1])
		}
	}
}
