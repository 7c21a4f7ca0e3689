package saml_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wstrust/saml"
)

// The zero time, which programs write that have set none, is long past where it
// stands, and is not a limit that is missing.
func TestTimesThatWereNotSet(t *testing.T) {
	never := time.Time{}.Add(time.Microsecond) // which is written as the zero time
	for name, c := range map[string]struct {
		change func(*saml.Build)
		want   error
	}{
		"conditions end":   {func(b *saml.Build) { b.Conditions.NotBefore, b.Conditions.NotOnOrAfter = time.Time{}, never }, saml.ErrExpired},
		"confirmation end": {confirm(saml.Confirmation{Kind: saml.Bearer, NotOnOrAfter: never}), saml.ErrExpired},
		"both":             {func(b *saml.Build) { b.Conditions.NotBefore, b.Conditions.NotOnOrAfter = never, never }, saml.ErrCondition},
		"conditions begin": {func(b *saml.Build) { b.Conditions.NotBefore = never }, nil},
	} {
		for _, v := range []saml.Version{saml.V11, saml.V20} {
			if v == saml.V11 && name == "confirmation end" {
				continue // which has none
			}
			text := token(t, v, c.change)
			if !strings.Contains(text, `="0001-01-01T00:00:00`) {
				t.Fatalf("set-up error: no such time in %s", text)
			}
			if _, err := saml.Verify([]byte(text), trusted(), "", rp); !errors.Is(err, c.want) {
				t.Errorf("%v, %s: %v", v, name, err)
			}
		}
	}
}
