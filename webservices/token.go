package webservices

import (
	"crypto"
	"fmt"
	"io"
	"time"

	"wstrust"
	"wstrust/internal/reveal"
)

// A SecurityToken is WS_SECURITY_TOKEN: an issued token and, mostly, the key
// that proves its possession. [RequestSecurityToken] and
// [CreateXmlSecurityToken] make them; [FreeSecurityToken] overwrites the key.
// It must not be used by two calls at once.
type SecurityToken struct {
	token *wstrust.Token // nil once it is freed, or renewed away
}

// String tells what kind of token it is, and neither token nor key.
func (t SecurityToken) String() string {
	if t.token == nil {
		return "SecurityToken, freed"
	}
	return "SecurityToken: " + t.token.String()
}

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (t SecurityToken) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// A SecurityKeyHandle is WS_SECURITY_KEY_HANDLE: one of the three types below.
type SecurityKeyHandle interface {
	// KeyHandleType says which it is.
	KeyHandleType() SecurityKeyHandleType
	key() wstrust.Key
}

// A RawSymmetricSecurityKeyHandle is WS_RAW_SYMMETRIC_SECURITY_KEY_HANDLE. The
// octets are copied; overwrite your own.
type RawSymmetricSecurityKeyHandle struct {
	RawKeyBytes []byte // 16 to 64 octets
}

// String does not tell the key.
func (h RawSymmetricSecurityKeyHandle) String() string {
	return fmt.Sprintf("symmetric key of %d octets", len(h.RawKeyBytes))
}

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (h RawSymmetricSecurityKeyHandle) Format(f fmt.State, _ rune) { io.WriteString(f, h.String()) }

// An NcryptAsymmetricSecurityKeyHandle is
// WS_NCRYPT_ASYMMETRIC_SECURITY_KEY_HANDLE.
type NcryptAsymmetricSecurityKeyHandle struct {
	AsymmetricKey crypto.Signer // RSA or ECDSA
}

// A CapiAsymmetricSecurityKeyHandle is WS_CAPI_ASYMMETRIC_SECURITY_KEY_HANDLE.
type CapiAsymmetricSecurityKeyHandle struct {
	Provider crypto.Signer // RSA or ECDSA
	KeySpec  uint32        // of no effect
}

// KeyHandleType implements [SecurityKeyHandle].
func (RawSymmetricSecurityKeyHandle) KeyHandleType() SecurityKeyHandleType {
	return WS_SECURITY_KEY_HANDLE_TYPE_RAW_SYMMETRIC
}

// KeyHandleType implements [SecurityKeyHandle].
func (NcryptAsymmetricSecurityKeyHandle) KeyHandleType() SecurityKeyHandleType {
	return WS_SECURITY_KEY_HANDLE_TYPE_NCRYPT_ASYMMETRIC
}

// KeyHandleType implements [SecurityKeyHandle].
func (CapiAsymmetricSecurityKeyHandle) KeyHandleType() SecurityKeyHandleType {
	return WS_SECURITY_KEY_HANDLE_TYPE_CAPI_ASYMMETRIC
}

func (h RawSymmetricSecurityKeyHandle) key() wstrust.Key { return wstrust.SymmetricKey(h.RawKeyBytes) }

func (h NcryptAsymmetricSecurityKeyHandle) key() wstrust.Key {
	return wstrust.SignerKey(h.AsymmetricKey)
}
func (h CapiAsymmetricSecurityKeyHandle) key() wstrust.Key { return wstrust.SignerKey(h.Provider) }

// An XmlSecurityTokenProperty is WS_XML_SECURITY_TOKEN_PROPERTY.
type XmlSecurityTokenProperty struct {
	ID    XmlSecurityTokenPropertyID // which property
	Value any                        // of the type that the ID names
}

// CreateXmlSecurityToken is WsCreateXmlSecurityToken: it makes a token of an
// element. Without a key it is a bearer token. With one, the property
// ATTACHED_REFERENCE is required. Nothing in the token is verified.
func CreateXmlSecurityToken(tokenXML *XMLBuffer, tokenKey SecurityKeyHandle, properties []XmlSecurityTokenProperty, token **SecurityToken, e *Error) HRESULT {
	const op = "CreateXmlSecurityToken: "
	if tokenXML == nil || token == nil {
		return e.fail(E_INVALIDARG, op+"no XML, or nowhere to store the token")
	}
	x, err := tokenXML.one()
	if err != nil {
		return e.because(E_INVALIDARG, err)
	}
	var key wstrust.Key
	if tokenKey != nil {
		key = tokenKey.key()
	}
	t, err := wstrust.ParseToken(x, key)
	if err != nil {
		return e.because(E_INVALIDARG, err)
	}
	var attached, unattached wstrust.XML
	var from, till time.Time
	seen := map[XmlSecurityTokenPropertyID]bool{}
	for _, p := range properties {
		if seen[p.ID] {
			return e.fail(E_INVALIDARG, op+"property %d is given twice", p.ID)
		}
		seen[p.ID] = true
		var err error
		ok := true
		switch p.ID {
		case WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE:
			var b *XMLBuffer
			if b, ok = p.Value.(*XMLBuffer); ok {
				attached, err = b.one()
			}
		case WS_XML_SECURITY_TOKEN_PROPERTY_UNATTACHED_REFERENCE:
			var b *XMLBuffer
			if b, ok = p.Value.(*XMLBuffer); ok {
				unattached, err = b.one()
			}
		case WS_XML_SECURITY_TOKEN_PROPERTY_VALID_FROM_TIME:
			from, ok = p.Value.(time.Time)
		case WS_XML_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME:
			till, ok = p.Value.(time.Time)
		default:
			ok = false
		}
		if err != nil {
			return e.because(E_INVALIDARG, err)
		}
		if !ok {
			return e.fail(E_INVALIDARG, op+"property %d: unknown, or a value of type %T", p.ID, p.Value)
		}
	}
	switch proof := tokenKey != nil; {
	case proof && attached == "":
		return e.fail(E_INVALIDARG, op+"a token with a key needs the property ATTACHED_REFERENCE")
	case !proof && (attached != "" || unattached != ""):
		return e.fail(E_INVALIDARG, op+"references are for tokens with a key")
	}
	if t, err = t.WithReferences(attached, unattached); err == nil {
		t, err = t.WithValidity(from, till)
	}
	if err != nil {
		return e.because(E_INVALIDARG, err)
	}
	*token = &SecurityToken{t}
	return S_OK
}

// FreeSecurityToken is WsFreeSecurityToken. The proof key is overwritten, and
// the token is of no use any more. A channel that was created with the token
// has a copy and is not affected.
func FreeSecurityToken(token *SecurityToken) {
	if token == nil || token.token == nil {
		return
	}
	token.token.Wipe(reveal.Permit{})
	token.token = nil
}

// GetSecurityTokenProperty is WsGetSecurityTokenProperty: it stores a property
// through value, a pointer to the type that the property has. heap must be given
// for SYMMETRIC_KEY, and must be nil for every other property: it owns the key,
// and [FreeHeap] overwrites it. What is stored lives on when the token is freed.
func GetSecurityTokenProperty(token *SecurityToken, id SecurityTokenPropertyID, value any, heap *Heap, e *Error) HRESULT {
	const op = "GetSecurityTokenProperty: "
	if token == nil || token.token == nil {
		return e.fail(E_INVALIDARG, op+"no token, or one that was freed")
	}
	if secret := id == WS_SECURITY_TOKEN_PROPERTY_SYMMETRIC_KEY; secret != (heap != nil) {
		return e.fail(E_INVALIDARG, op+"a heap goes with SYMMETRIC_KEY, and with nothing else")
	}
	t := token.token
	var hr HRESULT = E_INVALIDARG
	switch id {
	case WS_SECURITY_TOKEN_PROPERTY_KEY_TYPE:
		hr = store(value, keyTypeOf(t))
	case WS_SECURITY_TOKEN_PROPERTY_VALID_FROM_TIME:
		from, _ := t.Validity()
		hr = store(value, from)
	case WS_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME:
		_, till := t.Validity()
		hr = store(value, till)
	case WS_SECURITY_TOKEN_PROPERTY_SERIALIZED_XML:
		hr = store(value, buffer(t.XML()))
	case WS_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE_XML:
		hr = store(value, buffer(t.AttachedReference()))
	case WS_SECURITY_TOKEN_PROPERTY_UNATTACHED_REFERENCE_XML:
		hr = store(value, buffer(t.UnattachedReference()))
	case WS_SECURITY_TOKEN_PROPERTY_SYMMETRIC_KEY:
		into, ok := value.(*[]byte)
		if key := t.SymmetricKey(reveal.Permit{}); ok && into != nil && key != nil {
			*into = heap.keep(key)
			hr = S_OK
		}
	}
	if hr != S_OK {
		return e.fail(hr, op+"property %d: unknown, not of this token, or a value of type %T", id, value)
	}
	return S_OK
}

func keyTypeOf(t *wstrust.Token) SecurityKeyType {
	switch t.KeyType() {
	case wstrust.Symmetric:
		return WS_SECURITY_KEY_TYPE_SYMMETRIC
	case wstrust.PublicKey:
		return WS_SECURITY_KEY_TYPE_ASYMMETRIC
	}
	return WS_SECURITY_KEY_TYPE_NONE
}
