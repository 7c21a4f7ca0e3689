package attack

import (
	"fmt"
	"strings"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// w16messages wrap the parts of messages that are signed and then encrypted.
func w16messages(w *world) (out []*attack) {
	sealed := func(v soap.Version, scope string) *file {
		return open(w.message(recipe{soap: v, signer: "rsa", parts: everything, scope: scope, mod: func(_ *soap.Outgoing, o *wsse.Options) {
			o.Protection = wsse.AsymmetricSignEncrypt(w.service.cert)
			o.Protection.Sign, o.Protection.Encrypt = everything, wsse.PartBody
		}}))
	}
	for _, v := range versions {
		for _, how := range []string{"plain", "encrypted"} {
			for _, p := range places {
				if p.name == "inside-body" && how == "encrypted" {
					continue // there is no element to put it into
				}
				f := sealed(v, "")
				body := f.cut(f.at("Body"))
				evil := string(requestBody(evilScope))
				if how == "encrypted" {
					// The attacker encrypts his own for the service; anybody can.
					other := sealed(v, evilScope)
					evil = strings.ReplaceAll(string(childAt(other.at("Body"), 0).Standalone()), id(childAt(other.at("Body"), 0)), "evil-data")
					key := string(child(other.security(), "EncryptedKey").Standalone())
					key = strings.ReplaceAll(key, id(childAt(other.at("Body"), 0)), "evil-data")
					f.before(f.signature(), key)
				}
				f.into(f.doc.Root(), `<b:Body xmlns:b="`+v.Namespace()+`">`+evil+`</b:Body>`)
				p.put(f, body)
				a := w.octets("W16", "message-"+how+"-"+p.name, v, f.src, dPlace|dRequired, wsse.ClassWrapping)
				a.proof = func() error {
					n, err := proven(w.decrypted(parse(f.src)), w.honest())
					if err == nil && n == 0 {
						err = fmt.Errorf("nothing is signed")
					}
					return err
				}
				out = append(out, a)
			}
		}
	}
	return out
}

// nested has references to elements inside each other: each digests nearly the
// whole of the message anew.
func nested(w *world) (out []*attack) {
	for _, v := range versions {
		for _, n := range []int{8, 24} {
			body := `<o:T xmlns:o="urn:orders"><o:Address>` + evilScope + `</o:Address>` + strings.Repeat("x", 100<<10) + `</o:T>`
			for i := range n {
				body = fmt.Sprintf(`<o:N xmlns:o="urn:orders" xmlns:wsu="%s" wsu:Id="n%d">%s</o:N>`, xmltree.WSU, i, body)
			}
			f := open(w.message(recipe{soap: v, signer: "x509", parts: everything, body: []byte(body)}))
			f.resign(w.client.signer, func(h *handmade) {
				for _, e := range f.all("N") {
					if len(h.refs) < 30 {
						h.refs = append(h.refs, refTo(e))
					}
				}
			})
			a := w.octets("P8", fmt.Sprintf("nested-%d", n), v, f.src, dPlace, wsse.ClassWrapping, wsse.ClassLimit)
			a.fast = true
			out = append(out, a)
		}
	}
	return out
}
