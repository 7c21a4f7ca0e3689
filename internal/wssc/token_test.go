package wssc

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

func root(t testing.TB, octets []byte) xmltree.Elem {
	t.Helper()
	d, err := xmltree.Parse(octets, xmltree.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, octets)
	}
	return d.Root()
}

func TestToken(t *testing.T) {
	for _, want := range []Token{
		{Version: wst.Trust13, ID: "urn:uuid:1"},
		{Version: wst.Trust2005, ID: "urn:uuid:1", Instance: "urn:uuid:2", WSUID: "_sct"},
		{Version: wst.Trust13, ID: "a&b<c", Cookie: []byte{1, 2, 3}, WSUID: "x"},
	} {
		got, err := ReadToken(root(t, want.Write()))
		if err != nil || got.Version != want.Version || got.ID != want.ID || got.Instance != want.Instance || got.WSUID != want.WSUID || !bytes.Equal(got.Cookie, want.Cookie) {
			t.Errorf("%s: read as %+v, %v", want.Write(), got, err)
		}
		for _, ref := range [][]byte{want.Unattached(), want.Write()} {
			target, err := ReadTarget(ref, want.Version)
			if err != nil || target.ID != want.ID || target.Instance != want.Instance || !target.Means(want) {
				t.Errorf("%s: read as %+v, %v", ref, target, err)
			}
		}
	}
	if a := string((Token{Version: wst.Trust2005, WSUID: "_sct"}).Attached()); !strings.Contains(a, `URI="#_sct" ValueType="http://schemas.xmlsoap.org/ws/2005/02/sc/sct"`) {
		t.Errorf("attached reference %s", a)
	}
}

// The token in MS-LWSSP's own example of a renewed context, in its shape.
func TestTokenOfOthers(t *testing.T) {
	got, err := ReadToken(root(t, []byte(`<SecurityContextToken u:Id="_sct" xmlns="http://schemas.xmlsoap.org/ws/2005/02/sc" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">
	<Identifier> urn:uuid:1 </Identifier><Instance>urn:uuid:2</Instance><x:Extra xmlns:x="urn:x"/></SecurityContextToken>`)))
	if err != nil || got.ID != "urn:uuid:1" || got.Instance != "urn:uuid:2" || got.WSUID != "_sct" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTokenRefused(t *testing.T) {
	const sc = `xmlns="http://schemas.xmlsoap.org/ws/2005/02/sc"`
	for name, x := range map[string]string{
		"other element":    `<Token ` + sc + `><Identifier>urn:a</Identifier></Token>`,
		"other namespace":  `<SecurityContextToken xmlns="urn:x"><Identifier>urn:a</Identifier></SecurityContextToken>`,
		"no identifier":    `<SecurityContextToken ` + sc + `/>`,
		"two identifiers":  `<SecurityContextToken ` + sc + `><Identifier>urn:a</Identifier><Identifier>urn:b</Identifier></SecurityContextToken>`,
		"empty identifier": `<SecurityContextToken ` + sc + `><Identifier> </Identifier></SecurityContextToken>`,
		"long identifier":  `<SecurityContextToken ` + sc + `><Identifier>` + strings.Repeat("x", 513) + `</Identifier></SecurityContextToken>`,
		"comment inside":   `<SecurityContextToken ` + sc + `><Identifier>urn:a<!-- --></Identifier></SecurityContextToken>`,
		"two instances":    `<SecurityContextToken ` + sc + `><Identifier>urn:a</Identifier><Instance>1</Instance><Instance>2</Instance></SecurityContextToken>`,
		"empty instance":   `<SecurityContextToken ` + sc + `><Identifier>urn:a</Identifier><Instance/></SecurityContextToken>`,
		"bad cookie":       `<SecurityContextToken ` + sc + `><Identifier>urn:a</Identifier><c:Cookie xmlns:c="` + cookieSpace + `">!</c:Cookie></SecurityContextToken>`,
		"two cookies":      `<SecurityContextToken ` + sc + `><Identifier>urn:a</Identifier><c:Cookie xmlns:c="` + cookieSpace + `">AA==</c:Cookie><c:Cookie xmlns:c="` + cookieSpace + `">AA==</c:Cookie></SecurityContextToken>`,
		"huge cookie":      `<SecurityContextToken ` + sc + `><Identifier>urn:a</Identifier><c:Cookie xmlns:c="` + cookieSpace + `">` + strings.Repeat("AAAA", 4000) + `</c:Cookie></SecurityContextToken>`,
	} {
		if got, err := ReadToken(root(t, []byte(x))); !errors.Is(err, xmltree.ErrFormat) {
			t.Errorf("%s: read as %+v, %v", name, got, err)
		}
	}
}

func TestTargetRefused(t *testing.T) {
	const open, end = `<w:SecurityTokenReference xmlns:w="` + xmltree.WSSE + `">`, `</w:SecurityTokenReference>`
	for name, x := range map[string]string{
		"nothing":         ``,
		"other element":   `<x/>`,
		"empty":           open + end,
		"two references":  open + `<w:Reference URI="urn:a"/><w:Reference URI="urn:b"/>` + end,
		"no URI":          open + `<w:Reference/>` + end,
		"only a hash":     open + `<w:Reference URI="#"/>` + end,
		"long URI":        open + `<w:Reference URI="` + strings.Repeat("x", 600) + `"/>` + end,
		"other type":      open + `<w:Reference URI="urn:a" ValueType="urn:x"/>` + end,
		"other version":   open + `<w:Reference URI="urn:a" ValueType="http://schemas.xmlsoap.org/ws/2005/02/sc/sct"/>` + end,
		"key identifier":  open + `<w:KeyIdentifier>urn:a</w:KeyIdentifier>` + end,
		"token, old name": string(Token{Version: wst.Trust2005, ID: "urn:a"}.Write()),
	} {
		if got, err := ReadTarget([]byte(x), wst.Trust13); err == nil {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
}

func TestTargetMeans(t *testing.T) {
	token := Token{ID: "urn:a", Instance: "urn:1", WSUID: "x"}
	for target, want := range map[Target]bool{
		{ID: "urn:a"}:                     true,
		{ID: "urn:a", Instance: "urn:1"}:  true,
		{ID: "urn:a", Instance: "urn:2"}:  false,
		{ID: "urn:b"}:                     false,
		{ID: "urn:b", Instance: "urn:1"}:  false,
		{WSUID: "x"}:                      true,
		{WSUID: "y"}:                      false,
		{}:                                false,
		{ID: "urn:a", WSUID: "somewhere"}: false,
		{Instance: "urn:1"}:               false,
	} {
		if got := target.Means(token); got != want {
			t.Errorf("%+v: %v", target, got)
		}
	}
}

func TestCodes(t *testing.T) {
	for c := BadContextToken; c <= RequestFailed; c++ {
		for _, v := range []Version{wst.Trust13, wst.Trust2005, wst.Trust14} {
			if got := CodeOf(c.Name(v)); got != c {
				t.Errorf("%d in %v is read as %d", c, v, got)
			}
		}
		if c.Reason() == "" {
			t.Errorf("%d has no text", c)
		}
	}
	if c := CodeOf("urn:x", "BadContextToken"); c != 0 {
		t.Errorf("another namespace is read as %d", c)
	}
	if k, v, ok := ParseAction("http://schemas.xmlsoap.org/ws/2005/02/trust/RST/SCT-Cancel"); !ok || k != Cancel || v != wst.Trust2005 {
		t.Errorf("RST/SCT-Cancel: %v %v %v", k, v, ok)
	}
	if _, _, ok := ParseAction("http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue"); ok {
		t.Error("RST/Issue is about a context")
	}
}
