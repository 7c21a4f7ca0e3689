package wst

import (
	"slices"
	"time"

	"wstrust/internal/xmltree"
)

// DefaultSkew is how far the clocks of issuer and client may differ if
// [Options] do not say.
const DefaultSkew = 5 * time.Minute

// check holds the answer against the request, in everything but the proof key.
func (a *Response) check(r *Request, v Version, now time.Time, o Options) error {
	for _, part := range []func(*Request, Version, time.Time, Options) error{
		a.checkContext, a.checkContent, a.checkType, a.checkKeyType, a.checkAppliesTo, a.checkLifetime,
	} {
		if err := part(r, v, now, o); err != nil {
			return err
		}
	}
	return nil
}

// checkContext tells our answer from somebody else's. MS-LWSSP demands the
// attribute; WS-Trust issuers often leave it out.
func (a *Response) checkContext(r *Request, _ Version, _ time.Time, o Options) error {
	_, present := a.at.rstr.Attr("", "Context")
	if a.Context != r.Context && (present || o.Strict) {
		return mismatch(a.at.rstr, "Context is %s, and the request's is %s", clip(a.Context), clip(r.Context))
	}
	return nil
}

// checkContent asks for what the action is about, and for nothing else.
func (a *Response) checkContent(r *Request, _ Version, _ time.Time, o Options) error {
	has := len(a.Token) != 0
	switch r.Action.verb() {
	case Issue, Renew:
		if !has {
			return a.at.rstr.Errorf("no token in the answer to %s", r.Action)
		}
	case Validate:
		if !has && a.Status == nil {
			return a.at.rstr.Errorf("neither a status nor a token in the answer to %s", r.Action)
		}
	case Cancel:
		// Windows does not look (MS-LWSSP, product note 7).
		if !a.Cancelled && !o.Lenient && !o.Strict {
			return a.at.rstr.Errorf("the answer does not say that the token is cancelled")
		}
		if has {
			return mismatch(a.Element, "a token in the answer to %s", r.Action)
		}
	}
	return nil
}

// checkType compares token types as asked for, as announced, and as the token
// itself shows.
func (a *Response) checkType(r *Request, v Version, _ time.Time, _ Options) error {
	asked := r.TokenType
	if asked == v.StatusTokenType() {
		asked = "" // it says that no token is wanted
	}
	shown := ""
	if len(a.Token) != 0 {
		shown = typeOf(a.Element)
	}
	announced := a.TokenType
	if announced == v.StatusTokenType() {
		announced = ""
	}
	if asked != "" && announced != "" && !SameTokenType(asked, announced) {
		return mismatch(a.at.tokenType, "token type is %s, and %s was asked for", clip(announced), clip(asked))
	}
	for _, want := range []string{asked, announced} {
		// A type that we would not recognise by its element proves nothing.
		if want != "" && shown != "" && recognised(want) && !SameTokenType(want, shown) {
			return mismatch(a.Element, "the token is %s, and its type is said to be %s", clip(a.Element.Local()), clip(want))
		}
	}
	if r.Action == NewContext || r.Action == RenewContext {
		return contextToken(a.Element, v)
	}
	return nil
}

// recognised reports whether typeOf can return t.
func recognised(t string) bool {
	return slices.Contains([]string{
		TokenSAML11, TokenSAML20, Trust13.ContextTokenType(), Trust2005.ContextTokenType(),
	}, canonicalType(t))
}

// contextToken asks for a security context token that names its context.
func contextToken(e xmltree.Elem, v Version) error {
	if !e.Is(v.ContextNamespace(), "SecurityContextToken") {
		return mismatch(e, "%s where a security context token should be", clip(e.Local()))
	}
	id, err := e.One(v.ContextNamespace(), "Identifier")
	if err != nil {
		return err
	}
	_, err = token(id)
	return err
}

// checkKeyType refuses a key type that is not the one asked for: a token
// without proof in place of one with it is the downgrade, and the other way
// round we would hold a token that we cannot use.
func (a *Response) checkKeyType(r *Request, v Version, _ time.Time, o Options) error {
	if !a.at.keyType.OK() {
		return nil
	}
	want := r.KeyType
	if want == KeyTypeUnspecified && (r.symmetric() || o.Strict && r.Action != Renew) {
		want = Symmetric
	}
	if want != KeyTypeUnspecified && a.KeyType != want {
		return mismatch(a.at.keyType, "key type is %s, and %s was asked for", a.KeyType, want)
	}
	if o.Strict {
		// By product note 6 of MS-LWSSP the client refuses two of the
		// spellings of bearer. Public keys it has not asked for.
		uri, _ := a.at.keyType.Token()
		if uri == errataBearer || uri == schemaBearer {
			return mismatch(a.at.keyType, "key type %s is outside of the profile", clip(uri))
		}
	}
	return nil
}

func (a *Response) checkAppliesTo(r *Request, _ Version, _ time.Time, _ Options) error {
	if r.AppliesTo != "" && a.AppliesTo != "" && a.AppliesTo != r.AppliesTo {
		return mismatch(a.at.appliesTo, "the token is for %s, and was asked for %s", clip(a.AppliesTo), clip(r.AppliesTo))
	}
	return nil
}

// checkLifetime refuses a token that is over, or has not begun although it was
// not asked for in advance. Both clocks are told, since one of them is wrong.
func (a *Response) checkLifetime(r *Request, _ Version, now time.Time, o Options) error {
	skew := o.Skew
	if skew == 0 {
		skew = DefaultSkew
	}
	if !a.Expires.IsZero() && !now.Before(a.Expires.Add(skew)) {
		return refuse(ErrExpired, a.at.lifetime, "the lifetime ended at %s, and our clock says %s",
			when(a.Expires), when(now))
	}
	begin := now
	if r.Created.After(begin) {
		begin = r.Created
	}
	if a.Created.After(begin.Add(skew)) {
		return mismatch(a.at.lifetime, "the lifetime begins at %s, and our clock says %s", when(a.Created), when(now))
	}
	return nil
}
