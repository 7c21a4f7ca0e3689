package wssc

import (
	"encoding/base64"
	"errors"
	"strings"

	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// cookieSpace is the namespace of the Cookie element that WCF puts behind
// Identifier and Instance, and reads there. Other stacks keep what they do not
// know. (WS-SecureConversation leaves the token open for elements of others.) It
// is that of WCF's own fault codes as well.
const cookieSpace = "http://schemas.microsoft.com/ws/2006/05/security"

const (
	maxName   = 512      // characters of an Identifier or Instance
	maxCookie = 10 << 10 // octets of a Cookie
)

// A Token is a SecurityContextToken.
type Token struct {
	Version      Version // Trust13 or Trust2005
	ID, Instance string
	Cookie       []byte // what the service sealed into it; nil if there is none
	WSUID        string // wsu:Id, by which a message refers to it
}

// Write returns the token as an element that can stand alone. Without a WSUID
// it has no wsu:Id.
func (t Token) Write() []byte {
	var b xmltree.Builder
	space := t.Version.ContextNamespace()
	b.Start(space, "SecurityContextToken")
	if t.WSUID != "" {
		b.Attr(xmltree.WSU, "Id", t.WSUID)
	}
	b.Elem(space, "Identifier", t.ID)
	if t.Instance != "" {
		b.Elem(space, "Instance", t.Instance)
	}
	if len(t.Cookie) != 0 {
		raw := append([]byte(nil), `<sec:Cookie xmlns:sec="`+cookieSpace+`">`...)
		raw = base64.StdEncoding.AppendEncode(raw, t.Cookie)
		b.Raw(append(raw, `</sec:Cookie>`...))
	}
	b.End()
	return b.Bytes()
}

// Attached returns the SecurityTokenReference for a message that has the token:
// by its wsu:Id, as [MS-LWSSP] demands.
func (t Token) Attached() []byte { return t.reference("#"+t.WSUID, "") }

// Unattached returns the SecurityTokenReference for a message that does not
// have the token.
func (t Token) Unattached() []byte { return t.reference(t.ID, t.Instance) }

func (t Token) reference(uri, instance string) []byte {
	var b xmltree.Builder
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	b.Start(xmltree.WSSE, "Reference")
	b.Attr("", "URI", uri)
	if instance != "" {
		b.Attr(t.Version.ContextNamespace(), "Instance", instance)
	}
	b.Attr("", "ValueType", t.Version.ContextTokenType())
	b.End()
	b.End()
	return b.Bytes()
}

// IsToken reports whether e is a SecurityContextToken of either version.
func IsToken(e xmltree.Elem) bool {
	return e.Local() == "SecurityContextToken" && (e.Space() == space13 || e.Space() == space2005)
}

// ReadToken reads a SecurityContextToken. An element of somebody else's in it is
// passed over. Errors wrap [xmltree.ErrFormat].
func ReadToken(e xmltree.Elem) (Token, error) {
	t := Token{Version: wst.Trust13}
	if !IsToken(e) {
		return t, e.Errorf("%s where a security context token should be", shown(e.Local()))
	}
	if e.Space() == space2005 {
		t.Version = wst.Trust2005
	}
	t.WSUID, _ = e.Attr(xmltree.WSU, "Id")
	id, err := e.One(e.Space(), "Identifier")
	if err != nil {
		return t, err
	}
	if t.ID, err = name(id); err != nil {
		return t, err
	}
	instance, err := e.Maybe(e.Space(), "Instance")
	if err != nil {
		return t, err
	}
	if instance.OK() {
		if t.Instance, err = name(instance); err != nil {
			return t, err
		}
	}
	cookie, err := e.Maybe(cookieSpace, "Cookie")
	if err != nil || !cookie.OK() {
		return t, err
	}
	if from, to := cookie.ContentRange(); to-from > base64.StdEncoding.EncodedLen(maxCookie) {
		return t, cookie.Errorf("a cookie of %d characters", to-from)
	}
	t.Cookie, err = cookie.Base64()
	return t, err
}

// name reads an identifier.
func name(e xmltree.Elem) (string, error) {
	s, err := e.Token()
	switch {
	case err != nil:
		return "", err
	case s == "":
		return "", e.Errorf("%s is empty", e.Local())
	case len(s) > maxName:
		return "", e.Errorf("%s has %d characters", e.Local(), len(s))
	}
	return s, nil
}

// A Target is the context that a request to renew or cancel names.
type Target struct {
	ID, Instance string // Instance is "" where it is not said
	WSUID        string // in place of ID: the wsu:Id of a token in the same message
}

// errTarget says that a request does not say which context it is about.
var errTarget = errors.New("wssc: the target is no reference to a security context")

// ReadTarget reads what stands in RenewTarget or CancelTarget: a reference, or
// the token itself.
func ReadTarget(element []byte, v Version) (Target, error) {
	d, err := xmltree.Parse(element, xmltree.Limits{Bytes: len(element) + 1})
	if err != nil {
		return Target{}, err
	}
	root := d.Root()
	if root.Is(v.ContextNamespace(), "SecurityContextToken") {
		t, err := ReadToken(root)
		return Target{ID: t.ID, Instance: t.Instance}, err
	}
	if !root.Is(xmltree.WSSE, "SecurityTokenReference") {
		return Target{}, errTarget
	}
	ref, err := root.One(xmltree.WSSE, "Reference")
	if err != nil {
		return Target{}, err
	}
	if err := root.OnlyElements(); err != nil {
		return Target{}, err
	}
	uri, _ := ref.Attr("", "URI")
	if t, ok := ref.Attr("", "ValueType"); ok && t != v.ContextTokenType() {
		return Target{}, errTarget
	}
	if id, local := strings.CutPrefix(uri, "#"); local && id != "" {
		return Target{WSUID: id}, nil
	}
	if uri == "" || uri == "#" || len(uri) > maxName {
		return Target{}, errTarget
	}
	instance, _ := ref.Attr(v.ContextNamespace(), "Instance")
	return Target{ID: uri, Instance: instance}, nil
}

// Means reports whether the target is the context that proved itself, whose
// token in the message is t. A reference without an instance means any.
func (g Target) Means(t Token) bool {
	if g.WSUID != "" {
		return g.WSUID == t.WSUID
	}
	return g.ID == t.ID && (g.Instance == "" || g.Instance == t.Instance)
}
