package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// runDerivation runs one named vector of a file.
func runDerivation(c corpus, r row) (result, error) {
	var file struct {
		Vectors []struct {
			Name                                   string
			IssuerEntropy, RequestorEntropy, Key   []byte
			KeySizeBits                            int
			Nonce, Created, PasswordOctets, Digest string
		}
	}
	if err := json.Unmarshal(c.read(r.File), &file); err != nil {
		return result{}, err
	}
	for _, v := range file.Vectors {
		switch {
		case v.Name != r.Params["vector"]:
		case v.Digest != "":
			return agreed(), passwordDigest(v.Nonce, v.Created, v.PasswordOctets, v.Digest)
		default:
			if got := alg.PSHA1(v.RequestorEntropy, v.IssuerEntropy, v.KeySizeBits/8); !bytes.Equal(got, v.Key) {
				return result{}, fmt.Errorf("another key: %x", got)
			}
			return agreed(), computedKey(v.RequestorEntropy, v.IssuerEntropy, v.Key)
		}
	}
	return result{}, errors.New("no such vector")
}

// computedKey takes the vector through a request for a token and its answer.
func computedKey(ours, theirs, want []byte) error {
	for _, v := range []wst.Version{wst.Trust13, wst.Trust2005} {
		n, err := wst.New(wst.Request{
			KeyType: wst.Symmetric, Entropy: wst.CombinedEntropy, KeySize: 8 * len(want), ClientEntropy: wst.NewSecret(ours),
		}, v, wst.Options{})
		if err != nil {
			return err
		}
		if _, err := n.Step(xmltree.Elem{}, noon); err != nil {
			return err
		}
		a := wst.Response{
			Context: n.Context(), Token: []byte(`<t:Token xmlns:t="urn:example:token"/>`), ComputedKey: v.PSHA1(),
			ServerEntropy: wst.NewSecret(theirs), KeySize: 8 * len(want),
		}
		out, err := a.Write(v, wst.Issue)
		if err != nil {
			return err
		}
		d, err := xmltree.Parse(out, xmltree.Limits{})
		if err != nil {
			return err
		}
		if _, err := n.Step(d.Root(), noon); err != nil {
			return err
		}
		if got := n.Issued().Proof.Bytes(); !bytes.Equal(got, want) {
			return fmt.Errorf("%v: another key: %x", v, got)
		}
	}
	return nil
}

// passwordDigest reads the digest in a message of its time. A vector whose
// password is octets and no text must match all the same.
func passwordDigest(nonce, created, password64, digest string) error {
	var octets []byte
	if err := json.Unmarshal([]byte(`"`+password64+`"`), &octets); err != nil {
		return err
	}
	token := `<o:UsernameToken xmlns:o="` + xmltree.WSSE + `"><o:Username>user</o:Username>` +
		`<o:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">` + digest + `</o:Password>` +
		`<o:Nonce>` + nonce + `</o:Nonce><u:Created xmlns:u="` + xmltree.WSU + `">` + created + `</u:Created></o:UsernameToken>`
	at, err := xmltree.ParseTime(created)
	if err != nil {
		return err
	}
	message := bytes.ReplaceAll(envelope(token), []byte(noon.Format("2006-01-02T15:04:05Z")), []byte(created))
	for _, right := range []bool{true, false} {
		p, err := readMessage(message)
		if err != nil {
			return err
		}
		try := bytes.Clone(octets)
		if !right {
			try[0] ^= 1
		}
		cred := wsse.Credentials{Password: func(p wsse.Password) bool { return p.Matches(try) }}
		ev, err := p.Verify(cred, wsse.Policy{TLS: true, RequireTimestamp: true}, at)
		if right && (err != nil || ev.Username == nil || !ev.Username.Digest) {
			return fmt.Errorf("not the digest of the password: %v", err)
		}
		if !right && wsse.ClassOf(err) != wsse.ClassTrust {
			return fmt.Errorf("a wrong password: %v", err)
		}
	}
	return nil
}
