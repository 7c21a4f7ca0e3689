package xmlenc

import (
	"bytes"
	"errors"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// What is decrypted in somebody's room is what is decrypted elsewhere, and nothing
// before or behind the room is touched. Too little room is none.
func TestDataInRoom(t *testing.T) {
	session, other := secretKey(t, 32), secretKey(t, 32)
	for cipher, suite := range map[string]alg.Suite{alg.AES256GCM: alg.Modern, alg.AES256CBC: alg.Basic256} {
		for _, plain := range []string{"", "<a/>", "fifteen octets!", "sixteen octets!!", string(bytes.Repeat([]byte("0123456789"), 500))} {
			data := parse(t, built(t, func(b *xmltree.Builder) error {
				return SealBy(b, cipher, []byte(plain), Content, "", session, nil, suite)
			}))
			octets, err := CipherValue(data)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := data.First(xmltree.XENC, "CipherData").First(xmltree.XENC, "CipherValue").TextOctets()
			need := len(text) / 4 * 3 // of base64, whose padding shows later
			for size, in := range map[int]bool{0: false, need - 1: false, need: true, need + 100: true} {
				around := bytes.Repeat([]byte{'#'}, 40+size+40)
				room := around[40 : 40 : 40+size]
				for _, key := range []alg.Key{other, session} { // the second try is in the same room
					x, err := ReadData(data, suite, room)
					if err != nil || !bytes.Equal(x.Start(), octets[:12]) {
						t.Fatalf("%x, %v, want %x", x.Start(), err, octets[:12])
					}
					if there := size > 0 && &x.Start()[0] == &around[40]; there != in {
						t.Errorf("%s in %d octets where it takes %d: in the room %v", cipher, size, need, there)
					}
					got, err := x.Open(key)
					if key.Equal(session) && (err != nil || string(got) != plain) {
						t.Errorf("%s in %d octets: %q, %v", cipher, size, clip(got), err)
					}
					if key.Equal(other) && cipher == alg.AES256GCM && (!errors.Is(err, alg.ErrDecrypt) || got != nil) {
						t.Errorf("%s under another key: %q, %v", cipher, clip(got), err)
					}
					if len(got) > need {
						t.Errorf("%d octets of text from %d of base64", len(got), len(text))
					}
				}
				if end := around[40+size:]; string(bytes.Trim(around[:40], "#"))+string(bytes.Trim(end, "#")) != "" {
					t.Errorf("%s in %d octets: %q before, %q behind", cipher, size, around[:40], end)
				}
			}
		}
	}
}

func clip(p []byte) []byte { return p[:min(len(p), 64)] }
