package webservices

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A propertyFile is the vectors of one kind of property: the type of its
// identifiers, what their names begin with, and how a row is run.
type propertyFile struct {
	name, typ, prefix string
	run               func(p *propertyRun)
}

// propertyFiles are all kinds of properties.
var propertyFiles = []propertyFile{
	{"channel.tsv", "ChannelPropertyID", "WS_CHANNEL_PROPERTY_", runChannelProperty},
	{"request.tsv", "RequestSecurityTokenPropertyID", "WS_REQUEST_SECURITY_TOKEN_PROPERTY_", runRequestProperty},
	{"message.tsv", "MessagePropertyID", "WS_MESSAGE_PROPERTY_", runMessageProperty},
	{"reader.tsv", "XMLReaderPropertyID", "WS_XML_READER_PROPERTY_", runReaderProperty},
	{"security.tsv", "SecurityPropertyID", "WS_SECURITY_PROPERTY_", runSecurityProperty},
	{"binding.tsv", "SecurityBindingPropertyID", "WS_SECURITY_BINDING_PROPERTY_", runBindingProperty},
	{"listener.tsv", "ListenerPropertyID", "WS_LISTENER_PROPERTY_", runListenerProperty},
	{"serversecurity.tsv", "SecurityPropertyID", "WS_SECURITY_PROPERTY_", runServerSecurityProperty},
	{"serverbinding.tsv", "SecurityBindingPropertyID", "WS_SECURITY_BINDING_PROPERTY_", runServerBindingProperty},
	{"received.tsv", "MessagePropertyID", "WS_MESSAGE_PROPERTY_", runReceivedProperty},
	{"xmltoken.tsv", "XmlSecurityTokenPropertyID", "WS_XML_SECURITY_TOKEN_PROPERTY_", runXMLTokenProperty},
	{"token.tsv", "SecurityTokenPropertyID", "WS_SECURITY_TOKEN_PROPERTY_", runTokenProperty},
	{"context.tsv", "SecurityContextPropertyID", "WS_SECURITY_CONTEXT_PROPERTY_", runContextProperty},
	{"error.tsv", "ErrorPropertyID", "WS_ERROR_PROPERTY_", runErrorProperty},
	{"fault.tsv", "FaultErrorPropertyID", "WS_FAULT_ERROR_PROPERTY_", runFaultProperty},
}

// withoutFunction are identifiers that no function takes.
var withoutFunction = []string{"MetadataPropertyID", "PolicyPropertyID"}

// A propertyRun is one row being run.
type propertyRun struct {
	*testing.T
	row
	values *values
	id     uint32
	value  any
	want   HRESULT
	fake   *fake
}

// Every property with its legal and its illegal values, as the files in
// testdata/vectors say.
func TestPropertyVectors(t *testing.T) {
	all := enumerations(t)
	for _, file := range propertyFiles {
		t.Run(file.name, func(t *testing.T) {
			ids := ofType(all, file.typ)
			v := &values{constants: all}
			f := newFake(t, says(500, "text/plain", "enough"))
			var done []ranProperty
			for _, r := range vectorRows(t, file.name) {
				t.Run(fmt.Sprint(r.line), func(t *testing.T) {
					v.t, v.fixtures = t, vectorFixtures(t)
					p := &propertyRun{T: t, row: r, values: v, value: v.of(r.field["value"]), want: result(t, r.field["want"]), fake: f}
					name := r.field["property"]
					var ok bool
					if p.id, ok = ids[file.prefix+name]; !ok {
						if _, err := fmt.Sscan(name, &p.id); err != nil {
							t.Fatalf("%s: there is no property %s", r.at(), name)
						}
					}
					file.run(p)
					done = append(done, ranProperty{file.prefix + name, p})
				})
			}
			isComplete(t, file, ids, all, done)
		})
	}
	told := slices.Clone(withoutFunction)
	for _, c := range all {
		if strings.HasSuffix(c.typ, "PropertyID") && !slices.Contains(told, c.typ) &&
			!slices.ContainsFunc(propertyFiles, func(f propertyFile) bool { return f.typ == c.typ }) {
			t.Errorf("there is no file of vectors for %s", c.typ)
			told = append(told, c.typ)
		}
	}
}

type ranProperty struct {
	name string
	p    *propertyRun
}

// list are the named values of a field, by the identifiers of the same kind.
func (p *propertyRun) list(prefix string) (ids []uint32, vals []any) {
	p.Helper()
	for _, n := range namedValues(p, p.field["with"]) {
		c, ok := p.values.constants[prefix+n.name]
		if !ok {
			p.Fatalf("%s: there is no %s%s", p.at(), prefix, n.name)
		}
		ids, vals = append(ids, c.value), append(vals, p.values.of(n.text))
	}
	return ids, vals
}

// shown are the sentences of the column shows.
func (p *propertyRun) shown(verb string) (out []string) {
	for _, s := range splitOutside(p.field["shows"], ';') {
		s = strings.TrimSpace(s)
		if rest, ok := strings.CutPrefix(s, verb+" "); ok {
			out = append(out, fill(strings.Trim(rest, "`"), rst{}))
		}
	}
	return out
}

// got compares a code with what is wanted.
func (p *propertyRun) got(hr HRESULT, e *Error) bool {
	p.Helper()
	if hr != p.want {
		text := ""
		if e != nil {
			text = e.Error()
		}
		p.Errorf("%s: %v, want %v: %s", p.at(), hr.String(), p.want.String(), text)
	}
	return hr == p.want && hr == S_OK
}

// equal compares what was read with what is expected.
func (p *propertyRun) equal(got, want any) {
	p.Helper()
	if g, w := reflect.ValueOf(got), reflect.ValueOf(want); g.Kind() == reflect.Func && w.Kind() == reflect.Func {
		if g.Pointer() != w.Pointer() {
			p.Errorf("%s: another function", p.at())
		}
		return
	}
	if !reflect.DeepEqual(got, want) {
		p.Errorf("%s: reads %#v, want %#v", p.at(), got, want)
	}
}

// wire compares what a peer got with the column shows: what was sent, in this
// order, and what was not.
func (p *propertyRun) wire(m rst) {
	p.Helper()
	var b strings.Builder
	for k, v := range m.headers {
		fmt.Fprintf(&b, "%s: %s\n", k, strings.Join(v, ", "))
	}
	all := b.String() + "\n" + m.raw
	rest := all
	for _, want := range p.shown("sent") {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			p.Errorf("%s: no %s, or not in its place, in\n%s", p.at(), want, all)
		}
		rest = after
	}
	for _, not := range p.shown("not") {
		if strings.Contains(all, not) {
			p.Errorf("%s: %s in\n%s", p.at(), not, all)
		}
	}
}

// flags are the types whose constants go together.
var flags = []string{"HTTPHeaderAuthScheme", "CertFailure", "SecureProtocol"}

// isComplete asks of the vectors of one kind that they name every property, each
// with a value that it takes and with one that it does not; every constant of
// the type of the value; both ends of a range; a value of another type; and,
// where a list is given, the property twice.
func isComplete(t *testing.T, file propertyFile, ids map[string]uint32, all map[string]constant, done []ranProperty) {
	t.Helper()
	for name := range ids {
		var good, bad, values []any
		twice, out := false, false
		for _, d := range done {
			if d.name != name {
				continue
			}
			do := d.p.field["do"]
			twice = twice || do == "twice"
			out = out || strings.HasPrefix(d.p.field["shows"], "out: ")
			switch {
			case do == "twice":
			case d.p.want == S_OK:
				good = append(good, d.p.value)
			default:
				bad = append(bad, d.p.value)
			}
			if do != "get" && do != "twice" {
				values = append(values, d.p.value)
			}
		}
		switch {
		case len(good)+len(bad) == 0:
			t.Errorf("%s: %s has no vector", file.name, name)
		case out:
			continue
		case len(bad) == 0:
			t.Errorf("%s: %s has no vector that is refused", file.name, name)
		case len(good) == 0:
			t.Errorf("%s: %s has no vector that is accepted, and none says why", file.name, name)
		}
		if len(values) == 0 {
			continue
		}
		if !twice && slices.Contains([]string{"channel.tsv", "request.tsv", "message.tsv", "security.tsv", "binding.tsv", "listener.tsv", "serversecurity.tsv", "serverbinding.tsv", "xmltoken.tsv"}, file.name) {
			t.Errorf("%s: %s is never given twice", file.name, name)
		}
		if len(good) == 0 {
			continue
		}
		typ := reflect.TypeOf(good[0])
		if !slices.ContainsFunc(bad, func(x any) bool { return reflect.TypeOf(x) != typ }) {
			t.Errorf("%s: %s never has a value of another type", file.name, name)
		}
		for _, want := range mustHave(typ, all) {
			if !slices.ContainsFunc(values, func(x any) bool { return reflect.DeepEqual(x, want) }) {
				t.Errorf("%s: %s never has the value %#v", file.name, name, want)
			}
		}
	}
}

// mustHave are the values of a type that vectors try in any case.
func mustHave(typ reflect.Type, all map[string]constant) []any {
	if typ == nil {
		return nil
	}
	of := func(n uint64) any { return reflect.ValueOf(n).Convert(typ).Interface() }
	consts := ofType(all, typ.Name())
	switch {
	case typ.PkgPath() != "" && len(consts) > 0:
		out := []any{}
		least, most, sum := uint32(math.MaxUint32), uint32(0), uint32(0)
		for _, n := range consts {
			out = append(out, of(uint64(n)))
			least, most, sum = min(least, n), max(most, n), sum|n
		}
		if slices.Contains(flags, typ.Name()) {
			return append(out, of(0), of(uint64(sum)), of(uint64(sum)+1))
		}
		if least > 0 {
			out = append(out, of(uint64(least)-1))
		}
		return append(out, of(uint64(most)+1))
	case typ == reflect.TypeFor[bool]():
		return []any{true, false}
	case typ == reflect.TypeFor[time.Duration]():
		return []any{time.Duration(0), -time.Second}
	case typ.Kind() == reflect.Uint32:
		return []any{of(0), of(1), of(math.MaxUint32)}
	case typ.Kind() == reflect.Uint64:
		return []any{of(0), of(math.MaxUint64)}
	case typ.Kind() == reflect.Pointer:
		return []any{reflect.Zero(typ).Interface()}
	case typ.Kind() == reflect.String:
		return []any{""}
	}
	return nil
}
