package webservices

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A vector is an answer of an issuer, the rule of MS-LWSSP that it is about,
// and what a channel makes of it by default and with the strict profile.
type vector struct {
	name, rule, trust, ask, lax, strict, envelope string
}

func vectors(t *testing.T) []vector {
	t.Helper()
	files, err := filepath.Glob("testdata/lwssp/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatal(len(files), err)
	}
	var out []vector
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		head, body, ok := strings.Cut(string(src), "\n---\n")
		if !ok {
			t.Fatalf("%s: no envelope", name)
		}
		v := vector{name: strings.TrimSuffix(filepath.Base(name), ".txt"), envelope: body}
		for line := range strings.Lines(head) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			field, ok := map[string]*string{"rule": &v.rule, "trust": &v.trust, "ask": &v.ask, "default": &v.lax, "strict": &v.strict}[key]
			if !ok {
				t.Fatalf("%s: %q", name, line)
			}
			*field = value
		}
		out = append(out, v)
	}
	return out
}

var strictProfile = ChannelProperty{WS_CHANNEL_PROPERTY_EX_STRICT_PROFILE, true}

// What is taken, by the vectors.
func TestProfileVectors(t *testing.T) {
	about := map[string]bool{}
	for _, v := range vectors(t) {
		ids, _, _ := strings.Cut(v.rule, ": ")
		for id := range strings.FieldsSeq(ids) {
			about[id] = true
		}
		t.Run(v.name, func(t *testing.T) {
			if v.ask == "cancel" {
				cancels(t, v)
				return
			}
			f := newFake(t, says(200, soap12, v.envelope))
			var props []prop
			switch v.ask {
			case "key":
				props = append(props, keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC))
			case "bearer":
				props = append(props, keyType(WS_SECURITY_KEY_TYPE_NONE))
			case "combined":
				props = append(props, entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED))
			case "context":
				props = append(props, entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED), prop{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT})
			}
			if v.trust == "1.3" {
				props = append(props, trust(WS_TRUST_VERSION_1_3))
			}
			for want, extra := range map[string][]ChannelProperty{v.lax: {f.root()}, "strict " + v.strict: {f.root(), strictProfile}} {
				c := open(t, f.URL, alice(), extra...)
				before := &SecurityToken{}
				token := before
				var e Error
				hr := RequestSecurityToken(c, props, &token, nil, &e)
				if hr.String() != strings.TrimPrefix(want, "strict ") {
					t.Errorf("%s: %v, want %s: %v", v.rule, hr, want, e.Error())
				}
				if (token != before) != (hr == S_OK) {
					t.Error("the token variable")
				}
			}
		})
	}
	coversRules(t, "answer", about)
}

// cancels closes a channel with a conversation, and gets the vector for an
// answer.
func cancels(t *testing.T, v vector) {
	for strict, want := range map[bool]string{false: v.lax, true: v.strict} {
		f := newFake(t, converses(t, v.envelope))
		sd := overTLS()
		sd.SecurityBindings = append(sd.SecurityBindings, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: alice()})
		c := open(t, f.URL, sd, f.root(), ChannelProperty{WS_CHANNEL_PROPERTY_EX_STRICT_PROFILE, strict})
		var e Error
		if hr := RequestReply(c, "urn:x", nil, nil, nil, &e); hr != S_OK {
			t.Fatal(hr, e.Error())
		}
		if hr := CloseChannel(c, nil, &e); hr.String() != want {
			t.Errorf("%s: strict %v: %v, want %s: %v", v.rule, strict, hr, want, e.Error())
		}
		if m := f.last(t); !strings.HasSuffix(m.Header.Action, "/Cancel") {
			t.Errorf("nothing was cancelled: %s", m.Header.Action)
		}
	}
}
