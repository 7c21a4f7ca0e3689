package wsse

import (
	"testing"
	"time"

	"wstrust/internal/xmltree"
)

// The first instant of the year 1, which programs write that have set no time, is a
// time that is long past, and not one that is missing: it expires a message, makes
// room for no second time, and marks no digest of a password as one without an age.
func TestTimesThatWereNotSet(t *testing.T) {
	at := func(d time.Duration) string { return xmltree.FormatTime(now.Add(d)) }
	for _, never := range []string{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "0001-01-01T02:00:00+02:00"} {
		for name, content := range map[string]string{
			"created":         "<C>" + never + "</C>",
			"created, twice":  "<C>" + never + "</C><C>" + at(0) + "</C>",
			"expires":         "<C>" + at(0) + "</C><E>" + never + "</E>",
			"expires, twice":  "<C>" + at(0) + "</C><E>" + never + "</E><E>" + at(time.Minute) + "</E>",
			"the whole world": "<C>" + never + "</C><E>" + at(time.Minute) + "</E>",
		} {
			if _, err := receive(t, stamped(t, content), trust(client()), Policy{TLS: true}, now, 0); err == nil || ClassOf(err) != ClassExpired {
				t.Errorf("%s %s: %v", name, never, err)
			}
		}
		nonce := []byte("nonce-nonce-nonce")
		token := `<o:UsernameToken xmlns:o="` + xmltree.WSSE + `"><o:Username>alice</o:Username><o:Password Type="` + passwordDigest + `">` + base64Of(digest(nonce, never, []byte("pw"))) + `</o:Password>` +
			`<o:Nonce>` + base64Of(nonce) + `</o:Nonce><u:Created xmlns:u="` + xmltree.WSU + `">` + never + `</u:Created></o:UsernameToken>`
		l := trust()
		l.Password = func(p Password) bool { return p.Matches([]byte("pw")) }
		if _, err := receive(t, protect(t, Options{Tokens: []Token{Issued{XML: []byte(token)}}}), l, Policy{TLS: true}, now, 0); err == nil || ClassOf(err) != ClassExpired {
			t.Errorf("a digest of %s: %v", never, err)
		}
	}
}

// A timestamp has one creation time, and at most one end after it.
func TestTimesStandOnce(t *testing.T) {
	c, e := "<C>"+xmltree.FormatTime(now)+"</C>", "<E>"+xmltree.FormatTime(now.Add(time.Minute))+"</E>"
	for content, want := range map[string]Class{c: 0, c + e: 0, c + e + e: ClassFormat, c + c + e: ClassFormat, c + e + c: ClassFormat, e + c: ClassFormat, e + c + e: ClassFormat} {
		if _, err := receive(t, stamped(t, content), trust(client()), Policy{TLS: true}, now, 0); ClassOf(err) != want || (err == nil) != (want == 0) {
			t.Errorf("%s: %v", content, err)
		}
	}
}

// A message may be valid for a day, and for no longer.
func TestLongestValidity(t *testing.T) {
	for ttl, want := range map[time.Duration]Class{maxTTL: 0, maxTTL + time.Millisecond: ClassExpired} {
		content := "<C>" + xmltree.FormatTime(now) + "</C><E>" + xmltree.FormatTime(now.Add(ttl)) + "</E>"
		if _, err := receive(t, stamped(t, content), trust(client()), Policy{TLS: true}, now, 0); ClassOf(err) != want {
			t.Errorf("%v: %v", ttl, err)
		}
	}
}
