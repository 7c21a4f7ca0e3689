package wssc

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

func establish(t testing.TB, v Version, req wst.Request) (*wst.Negotiation, *Request) {
	t.Helper()
	req.Action = wst.NewContext
	n, err := wst.New(req, v, wst.Options{})
	if err != nil {
		t.Fatal(err)
	}
	body, err := n.Step(xmltree.Elem{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReadRequest(n.RequestAction(), root(t, body))
	if err != nil {
		t.Fatal(err)
	}
	return n, r
}

// Both sides come to the same key, by every kind of entropy.
func TestRequestAnswered(t *testing.T) {
	for _, v := range []Version{wst.Trust13, wst.Trust2005} {
		for _, e := range []wst.EntropyMode{wst.ServerEntropy, wst.ClientEntropy, wst.CombinedEntropy} {
			for _, bits := range []int{0, 128, 512} {
				n, r := establish(t, v, wst.Request{Entropy: e, KeySize: bits})
				c := &Context{ID: "urn:a", Created: noon, Expires: noon.Add(time.Hour)}
				a, err := r.Make(c, alg.Key{}, alg.Modern)
				if err != nil {
					t.Fatal(err)
				}
				octets, err := a.Write([]byte("cookie"))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := n.Step(root(t, octets), noon); err != nil {
					t.Fatalf("%v %v %d: %v", v, e, bits, err)
				}
				h, err := NewHeld(n.Issued())
				want := bits / 8
				if bits == 0 {
					want = 32
				}
				if err != nil || !h.Key.Equal(c.Key) || len(c.Key.Secret()) != want || h.ID != "urn:a" || !h.Till.Equal(c.Expires) {
					t.Errorf("%v %v %d: %v, %v", v, e, bits, h, err)
				}
				if !bytes.Contains(h.Token, []byte("Y29va2ll")) || !bytes.Contains(h.Attached, []byte(`URI="#sct-`)) || !bytes.Contains(h.Unattached, []byte(`URI="urn:a"`)) {
					t.Errorf("%s, %s, %s", h.Token, h.Attached, h.Unattached)
				}
			}
		}
	}
}

// A key is of a size that the suite admits, and another than before.
func TestRequestKeys(t *testing.T) {
	for _, c := range []struct {
		suite alg.Suite
		bits  int
		ok    bool
	}{
		{alg.Basic256, 0, true},
		{alg.Basic256, 128, false},
		{alg.Basic256, 512, false},
		{alg.Basic128, 0, true},
		{alg.Basic128, 128, true},
		{alg.Basic128, 512, false},
		{alg.Modern, 512, true},
	} {
		for _, e := range []wst.EntropyMode{wst.ServerEntropy, wst.ClientEntropy, wst.CombinedEntropy} {
			_, r := establish(t, wst.Trust13, wst.Request{Entropy: e, KeySize: c.bits})
			_, err := r.Make(&Context{ID: "urn:a"}, alg.Key{}, c.suite)
			if (err == nil) != c.ok || err != nil && !errors.As(err, new(*Error)) {
				t.Errorf("%s, %d bits, %v: %v", c.suite, c.bits, e, err)
			}
		}
	}
	_, r := establish(t, wst.Trust13, wst.Request{Entropy: wst.ClientEntropy, ClientEntropy: wst.NewSecret(key(t, 5).Secret())})
	if _, err := r.Make(&Context{}, key(t, 5), ""); err == nil {
		t.Error("the key is what it was")
	}
}

// What peers leave out is not held against them.
func TestRequestOfOthers(t *testing.T) {
	const open = `<t:RequestSecurityToken xmlns:t="` + xmltree.Trust13 + `"><t:RequestType>` + xmltree.Trust13
	const ref = `<w:SecurityTokenReference xmlns:w="` + xmltree.WSSE + `"><w:Reference URI="urn:a"/></w:SecurityTokenReference>`
	for name, c := range map[string]struct {
		action, body string
		kind         Kind
	}{
		"no token type":         {"/RST/SCT", open + `/Issue</t:RequestType></t:RequestSecurityToken>`, Establish},
		"target without a type": {"/RST/SCT/Cancel", open + `/Cancel</t:RequestType><t:CancelTarget>` + ref + `</t:CancelTarget></t:RequestSecurityToken>`, Cancel},
		"renewal without types": {"/RST/SCT/Renew", open + `/Renew</t:RequestType><t:RenewTarget>` + ref + `</t:RenewTarget></t:RequestSecurityToken>`, Renew},
	} {
		r, err := ReadRequest(xmltree.Trust13+c.action, root(t, []byte(c.body)))
		if err != nil || r.Kind != c.kind || c.kind != Establish && r.Target.ID != "urn:a" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if _, err := ReadRequest("urn:x", xmltree.Elem{}); err == nil {
		t.Error("another action")
	}
}
