package xmldsig

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"
)

// A distinguished name as it is compared: relative names in the order of the
// certificate, each a sorted list of "type=value" with the type as an object
// identifier and the value in lower case with its spaces run together.
type dname [][]string

// nameIs reports whether a distinguished name as people and programs write it
// (RFC 4514, RFC 2253, and the older comma forms, in either order) is the name
// with the DER encoding given. It only ever selects among trusted
// certificates, so it may be generous about case and white space.
func nameIs(written string, der []byte) bool {
	a, ok := parseName(written)
	if !ok {
		return false
	}
	b, ok := decodeName(der)
	if !ok || len(a) != len(b) || len(a) == 0 {
		return false
	}
	if slices.EqualFunc(a, b, slices.Equal[[]string]) {
		return true
	}
	slices.Reverse(a)
	return slices.EqualFunc(a, b, slices.Equal[[]string])
}

// nameTypes are the short names of attribute types, in lower case.
var nameTypes = [...]struct{ name, oid string }{
	{"cn", "2.5.4.3"},
	{"sn", "2.5.4.4"},
	{"serialnumber", "2.5.4.5"},
	{"c", "2.5.4.6"},
	{"l", "2.5.4.7"},
	{"st", "2.5.4.8"},
	{"s", "2.5.4.8"},
	{"street", "2.5.4.9"},
	{"o", "2.5.4.10"},
	{"ou", "2.5.4.11"},
	{"t", "2.5.4.12"},
	{"title", "2.5.4.12"},
	{"postalcode", "2.5.4.17"},
	{"gn", "2.5.4.42"},
	{"givenname", "2.5.4.42"},
	{"dnq", "2.5.4.46"},
	{"dnqualifier", "2.5.4.46"},
	{"organizationidentifier", "2.5.4.97"},
	{"uid", "0.9.2342.19200300.100.1.1"},
	{"dc", "0.9.2342.19200300.100.1.25"},
	{"e", "1.2.840.113549.1.9.1"},
	{"email", "1.2.840.113549.1.9.1"},
	{"emailaddress", "1.2.840.113549.1.9.1"},
}

func decodeName(der []byte) (dname, bool) {
	var seq pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &seq); err != nil || len(rest) > 0 {
		return nil, false
	}
	var out dname
	for _, set := range seq {
		var rdn []string
		for _, tv := range set {
			s, ok := tv.Value.(string)
			if !ok {
				return nil, false
			}
			rdn = append(rdn, tv.Type.String()+"="+fold(s))
		}
		slices.Sort(rdn)
		out = append(out, rdn)
	}
	return out, true
}

// parseName reads the written form.
func parseName(s string) (dname, bool) {
	const most = 4096 // of a name; a longer one is in no certificate
	if len(s) > most || !utf8.ValidString(s) {
		return nil, false
	}
	var out dname
	var rdn []string
	for {
		typ, rest, ok := strings.Cut(s, "=")
		if !ok {
			return nil, false
		}
		oid, ok := typeOID(strings.TrimSpace(typ))
		if !ok {
			return nil, false
		}
		value, sep, rest, ok := nameValue(rest)
		if !ok {
			return nil, false
		}
		rdn = append(rdn, oid+"="+fold(value))
		if sep != '+' {
			slices.Sort(rdn)
			out, rdn = append(out, rdn), nil
		}
		if sep == 0 {
			return out, true
		}
		s = rest
	}
}

func typeOID(s string) (string, bool) {
	low := strings.ToLower(s)
	for _, t := range nameTypes {
		if t.name == low {
			return t.oid, true
		}
	}
	low = strings.TrimPrefix(low, "oid.")
	if low == "" || strings.Trim(low, "0123456789.") != "" {
		return "", false
	}
	return low, true
}

// nameValue reads one value up to its separator: ',', ';' or '+', or 0 at the end.
func nameValue(s string) (value string, sep byte, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t\r\n")
	if strings.HasPrefix(s, "#") {
		end := strings.IndexAny(s, ",;+")
		if end < 0 {
			end = len(s)
		}
		der, err := hex.DecodeString(strings.TrimSpace(s[1:end]))
		if err != nil {
			return "", 0, "", false
		}
		if left, err := asn1.Unmarshal(der, &value); err != nil || len(left) > 0 {
			return "", 0, "", false
		}
		return split(value, s[end:])
	}
	var b strings.Builder
	quoted, i := strings.HasPrefix(s, `"`), 0
	if quoted {
		i = 1
	}
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i++; i == len(s) {
				return "", 0, "", false
			}
			if i+1 < len(s) {
				if octet, err := hex.DecodeString(s[i : i+2]); err == nil {
					b.Write(octet)
					i++
					continue
				}
			}
			b.WriteByte(s[i])
		case quoted && c == '"':
			return split(b.String(), strings.TrimLeft(s[i+1:], " \t\r\n"))
		case !quoted && (c == ',' || c == ';' || c == '+'):
			return split(b.String(), s[i:])
		default:
			b.WriteByte(c)
		}
	}
	if quoted {
		return "", 0, "", false
	}
	return split(b.String(), "")
}

func split(value, tail string) (string, byte, string, bool) {
	if tail == "" {
		return value, 0, "", true
	}
	if tail[0] != ',' && tail[0] != ';' && tail[0] != '+' {
		return "", 0, "", false
	}
	return value, tail[0], tail[1:], true
}

// fold prepares a value for comparison without case and with white space run together.
func fold(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}
