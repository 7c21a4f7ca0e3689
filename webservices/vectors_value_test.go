package webservices

import (
	"crypto/x509"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"wstrust/cache"
)

// values reads the values of vectors, which are written as Go expressions:
// literals, the constants of this package, conversions and composite literals
// of the types in vectorTypes, and the names of fixtures.
type values struct {
	t         testing.TB
	constants map[string]constant
	fixtures  map[string]func() any // a name, or a name before ()
}

// vectorTypes are the types that a vector can name.
var vectorTypes = func() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, v := range []any{
		int(0), uint16(0), uint32(0), uint64(0), string(""), false, []byte(nil), time.Duration(0),
		time.Time{},
		ChannelPropertyID(0), ChannelState(0), ChannelType(0), ChannelBinding(0), Encoding(0), EnvelopeVersion(0), AddressingVersion(0),
		TransferMode(0), CookieMode(0), HTTPProxySettingMode(0), IPVersion(0), MessagePropertyID(0), XMLReaderPropertyID(0),
		SecurityBindingType(0), MessageSecurityUsage(0), ProtectionLevel(0), SecurityHeaderVersion(0), SecurityHeaderLayout(0),
		SecurityTimestampUsage(0), SecurityAlgorithmSuiteName(0), SecurityAlgorithmID(0), SecurityPropertyID(0), SecurityBindingPropertyID(0),
		HTTPHeaderAuthScheme(0), HTTPHeaderAuthTarget(0), CertFailure(0), SecureProtocol(0), WindowsIntegratedAuthPackage(0),
		ExtendedProtectionPolicy(0), ExtendedProtectionScenario(0), SecurityTokenPropertyID(0), XmlSecurityTokenPropertyID(0),
		SecurityContextPropertyID(0), EndpointAddressExtensionType(0), ErrorPropertyID(0), FaultErrorPropertyID(0), CallbackModel(0),
		ReadOption(0), ListenerState(0), TrustVersion(0), SecureConversationVersion(0), RequestSecurityTokenAction(0), SecurityKeyType(0),
		SecurityKeyEntropyMode(0), SecurityBearerKeyTypeVersion(0), RequestSecurityTokenPropertyID(0), HRESULT(0),
		CustomHTTPProxy{},
		HTTPRedirectCallbackContext{},
		SystemProxy(nil), RevocationCheck(nil),
		EndpointAddress{},
		XMLBuffer{},
		MessageProperty{},
		XMLReaderProperty{},
		DNSEndpointIdentity{},
		UPNEndpointIdentity{},
		SPNEndpointIdentity{},
		RSAEndpointIdentity{},
		CertEndpointIdentity{},
		UnknownEndpointIdentity{},
		SecurityAlgorithmSuite{},
		CertificateValidationCallbackContext{},
		SecurityToken{},
		Fault{},
		FaultCode{},
		FaultReason{},
		XMLQName{},
		RequestSecurityTokenProperty{},
		RawSymmetricSecurityKeyHandle{},
	} {
		typ := reflect.TypeOf(v)
		name := typ.Name()
		if name == "" {
			name = typ.String()
		}
		out[name] = typ
	}
	out["SecurityContext"] = reflect.TypeFor[SecurityContext]()
	out["negotiator"] = reflect.TypeFor[negotiator]()
	return out
}()

// of evaluates a value.
func (v *values) of(text string) any {
	v.t.Helper()
	e, err := parser.ParseExpr(text)
	if err != nil {
		v.t.Fatalf("value %s: %v", text, err)
	}
	return v.eval(e, nil)
}

// eval evaluates an expression; want is the type that its place has, or nil.
func (v *values) eval(e ast.Expr, want reflect.Type) any {
	v.t.Helper()
	switch e := e.(type) {
	case *ast.ParenExpr:
		return v.eval(e.X, want)
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			if err != nil {
				v.t.Fatal(err)
			}
			return fill(s, rst{})
		}
		n, err := strconv.ParseInt(e.Value, 0, 64)
		if err != nil {
			v.t.Fatal(err)
		}
		return int(n)
	case *ast.Ident:
		return v.name(e.Name)
	case *ast.UnaryExpr:
		switch x := v.eval(e.X, pointed(want)); {
		case e.Op == token.AND:
			p := reflect.New(reflect.TypeOf(x))
			p.Elem().Set(reflect.ValueOf(x))
			return p.Interface()
		case e.Op == token.SUB:
			return -x.(int)
		}
	case *ast.BinaryExpr: // flags
		x, y := reflect.ValueOf(v.eval(e.X, want)), reflect.ValueOf(v.eval(e.Y, want))
		if e.Op == token.OR && x.Type() == y.Type() {
			out := reflect.New(x.Type()).Elem()
			out.SetUint(x.Uint() | y.Uint())
			return out.Interface()
		}
	case *ast.CallExpr:
		return v.call(e)
	case *ast.CompositeLit:
		return v.composite(e, want)
	}
	v.t.Fatalf("a value cannot be a %T", e)
	return nil
}

func pointed(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return nil
}

func (v *values) name(name string) any {
	v.t.Helper()
	switch name {
	case "nil":
		return nil
	case "true", "false":
		return name == "true"
	case "INFINITE":
		return INFINITE
	}
	if c, ok := v.constants[name]; ok {
		return reflect.ValueOf(c.value).Convert(v.typ(c.typ)).Interface()
	}
	if f, ok := v.fixtures[name]; ok {
		return f()
	}
	v.t.Fatalf("%s: neither a constant nor a fixture", name)
	return nil
}

func (v *values) typ(name string) reflect.Type {
	v.t.Helper()
	typ, ok := vectorTypes[name]
	if !ok {
		v.t.Fatalf("%s is not in vectorTypes", name)
	}
	return typ
}

// typeOf reads a type.
func (v *values) typeOf(e ast.Expr) reflect.Type {
	v.t.Helper()
	switch e := e.(type) {
	case *ast.Ident:
		return v.typ(e.Name)
	case *ast.StarExpr:
		return reflect.PointerTo(v.typeOf(e.X))
	case *ast.ArrayType:
		if id, ok := e.Elt.(*ast.Ident); ok && id.Name == "byte" {
			return reflect.TypeFor[[]byte]()
		}
		return reflect.SliceOf(v.typeOf(e.Elt))
	case *ast.ParenExpr:
		return v.typeOf(e.X)
	case *ast.SelectorExpr:
		switch e.Sel.Name {
		case "CertPool":
			return reflect.TypeFor[x509.CertPool]()
		case "Logger":
			return reflect.TypeFor[slog.Logger]()
		case "Cache":
			return reflect.TypeFor[cache.Cache]()
		}
	}
	v.t.Fatalf("a type cannot be a %T", e)
	return nil
}

// call is a conversion, or one of the functions duration, ago and long.
func (v *values) call(e *ast.CallExpr) any {
	v.t.Helper()
	if len(e.Args) != 1 {
		v.t.Fatal("a call has one argument")
	}
	if name, ok := e.Fun.(*ast.Ident); ok {
		switch name.Name {
		case "duration":
			d, err := time.ParseDuration(v.eval(e.Args[0], nil).(string))
			if err != nil {
				v.t.Fatal(err)
			}
			return d
		case "long": // a URL of that many octets
			return "https://x/" + strings.Repeat("a", v.eval(e.Args[0], nil).(int)-len("https://x/"))
		}
	}
	typ := v.typeOf(e.Fun)
	arg := v.eval(e.Args[0], typ)
	if arg == nil {
		return reflect.Zero(typ).Interface()
	}
	return reflect.ValueOf(arg).Convert(typ).Interface()
}

// composite makes a struct or a slice. Elements without a type have that of
// their place.
func (v *values) composite(e *ast.CompositeLit, want reflect.Type) any {
	v.t.Helper()
	typ := want
	if e.Type != nil {
		typ = v.typeOf(e.Type)
	}
	out := reflect.New(typ).Elem()
	for i, x := range e.Elts {
		if typ.Kind() == reflect.Slice {
			out = reflect.Append(out, v.fit(x, typ.Elem()))
			continue
		}
		field := out.Field(i)
		if kv, ok := x.(*ast.KeyValueExpr); ok {
			field, x = out.FieldByName(kv.Key.(*ast.Ident).Name), kv.Value
		}
		if y := v.fit(x, field.Type()); y.IsValid() {
			field.Set(y)
		}
	}
	return out.Interface()
}

// fit evaluates an expression for a place of a type.
func (v *values) fit(e ast.Expr, typ reflect.Type) reflect.Value {
	v.t.Helper()
	x := reflect.ValueOf(v.eval(e, typ))
	switch {
	case !x.IsValid():
		return reflect.Zero(typ)
	case typ.Kind() != reflect.Interface && x.Type() != typ:
		return x.Convert(typ)
	}
	return x
}

// A named value is NAME=VALUE, of which a field holds several between
// semicolons outside of quotes.
type namedValue struct{ name, text string }

func namedValues(t testing.TB, text string) []namedValue {
	t.Helper()
	var out []namedValue
	for _, part := range splitOutside(text, ';') {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			t.Fatalf("%q is not NAME=VALUE", part)
		}
		out = append(out, namedValue{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return out
}

// splitOutside splits at a separator that is not within quotes.
func splitOutside(text string, sep byte) []string {
	var out []string
	quote, from := byte(0), 0
	for i := range len(text) {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '`':
			quote = c
		case c == sep:
			out = append(out, text[from:i])
			from = i + 1
		}
	}
	if rest := strings.TrimSpace(text[from:]); rest != "" {
		out = append(out, rest)
	}
	return out
}

// The language of values, itself.
func TestVectorValues(t *testing.T) {
	v := &values{t: t, constants: enumerations(t), fixtures: map[string]func() any{"seven": func() any { return uint32(7) }}}
	for text, want := range map[string]string{
		"1": "int 1", "uint32(4294967295)": "uint32 0xffffffff", `"a;b"`: `string "a;b"`, "true": "bool true", "nil": "<nil> <nil>", "seven": "uint32 0x7",
		"WS_ENCODING_RAW": "webservices.Encoding 0x8", "Encoding(9)": "webservices.Encoding 0x9", `duration("-1s")`: "time.Duration -1000000000",
		"WS_CERT_FAILURE_CN_MISMATCH|WS_CERT_FAILURE_INVALID_DATE": "webservices.CertFailure 0x3",
		"(*XMLBuffer)(nil)": "*webservices.XMLBuffer <nil>",
		"[]MessageProperty{{WS_MESSAGE_PROPERTY_MAX_PROCESSED_HEADERS, uint32(8)}, {99, nil}}": "[]webservices.MessageProperty []webservices.MessageProperty{webservices.MessageProperty{ID:0xd, Value:0x8}, webservices.MessageProperty{ID:0x63, Value:interface {}(nil)}}",
		`XMLQName{NS: "n", LocalName: "l"}`:                                                    `webservices.XMLQName webservices.XMLQName{LocalName:"l", NS:"n"}`,
	} {
		x := v.of(text)
		if got := fmt.Sprintf("%T %#v", x, x); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if got := splitOutside("A=`<a;b>`; B=1", ';'); len(got) != 2 || got[1] != "B=1" {
		t.Errorf("%q", got)
	}
}
