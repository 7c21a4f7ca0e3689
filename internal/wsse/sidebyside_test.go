package wsse

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// Pieces of one list are decrypted one after the other where the next form of the
// message is put together. Each comes to stand in its place, whatever its size, its
// type and its place in the list, and the rest of the message stays what it was.
func TestPiecesSideBySide(t *testing.T) {
	plain := write(t, "", Protection{Sign: PartTimestamp}, x509Token(rsaUser(), RefDirect, 0))
	block := func(name string, size int) string {
		return `<h:` + name + ` xmlns:h="urn:h">` + strings.Repeat(name, size) + `</h:` + name + `>`
	}
	l := reader(t)
	l.contexts[sharedName] = secret(t)
	for _, sizes := range [][4]int{{0, 0, 0, 0}, {1, 2, 3, 4}, {5000, 0, 0, 1}, {0, 5000, 1, 0}, {1, 0, 5000, 3}, {0, 1, 2, 5000}, {3000, 3000, 3000, 3000}} {
		pieces := []struct{ around, plain, typ string }{
			{`<w:EncryptedHeader xmlns:w="` + xmltree.WSSE11 + `">%s</w:EncryptedHeader>`, block("A", sizes[0]), xmlenc.Element},
			{`<h:H xmlns:h="urn:h">%s</h:H>`, "\n " + block("B", sizes[1]) + "\t", xmlenc.Element},
			{`<h:H xmlns:h="urn:h">%s</h:H>`, strings.Repeat("text ", sizes[2]), xmlenc.Content},
			{"", block("D", sizes[3]) + block("E", 1) + "between" + block("F", 0), xmlenc.Content},
		}
		closed, open := "", ""
		var ids []string
		var body []byte
		for i, p := range pieces {
			ids = append(ids, fmt.Sprintf("ed-%d", i))
			data := sealedWith(t, ids[i], p.plain, p.typ, secret(t), named(sharedName))
			switch {
			case p.around == "":
				body = data
			case strings.HasPrefix(p.around, "<w:"): // all of it is replaced
				closed, open = closed+fmt.Sprintf(p.around, data), open+p.plain
			default:
				closed, open = closed+fmt.Sprintf(p.around, data), open+fmt.Sprintf(p.around, p.plain)
			}
		}
		last := pieces[len(pieces)-1].plain
		for range len(ids) {
			ids = append(ids[1:], ids[0])
			for _, ids := range [][]string{ids, backwards(ids)} {
				list := behind(t, plain, endTimestamp, referenceList(ids))
				form := func(header, body string) []byte {
					return swap(t, swap(t, list, `</s:Header>`, []byte(header+`</s:Header>`)), `>in the clear<`, []byte(">"+body+"<"))
				}
				msg, want := form(closed, string(body)), form(open, last)
				ev, err := receive(t, bytes.Clone(msg), l, Policy{TLS: true}, now, 0)
				if err != nil {
					t.Fatalf("%v as %q: %v", sizes, ids, err)
				}
				if got := ev.Envelope.Root.Doc().Source(); !bytes.Equal(got, want) {
					t.Errorf("%v as %q:\n%.3000s, want\n%.3000s", sizes, ids, got, want)
				}
			}
		}
	}
}

func backwards(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Reverse(ids)
	return ids
}

// A piece that is listed again and again is refused, however much of the message it is.
func TestPieceListedManyTimes(t *testing.T) {
	plain := write(t, "", Protection{Sign: PartTimestamp}, x509Token(rsaUser(), RefDirect, 0))
	l := reader(t)
	l.contexts[sharedName] = secret(t)
	data := sealedWith(t, "ed", strings.Repeat("text ", 20_000), xmlenc.Content, secret(t), named(sharedName))
	for n, want := range map[int]Class{1: 0, 2: ClassWrapping, 5: ClassWrapping, 20: ClassWrapping} {
		msg := behind(t, plain, endTimestamp, referenceList(slices.Repeat([]string{"ed"}, n)))
		_, err := receive(t, swap(t, msg, `>in the clear<`, []byte(">"+string(data)+"<")), l, Policy{TLS: true}, now, 0)
		if ClassOf(err) != want {
			t.Errorf("listed %d times: %v", n, err)
		}
	}
}
