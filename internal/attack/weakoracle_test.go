package attack

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" // an algorithm that a case is about
	"crypto/rsa"
	"math/big"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

const tripleDES = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"

// tell is what a verifier says that gives its reasons: an oracle.
func (m *weakMessage) tell(data, around xmltree.Elem) string {
	ek := descendants(around, "EncryptedKey")[0]
	wrapped := text64(child(child(ek, "CipherData"), "CipherValue"))
	if algorithm(child(ek, "EncryptionMethod")) == alg.RSA15 {
		key := m.w.service.signer.(*rsa.PrivateKey)
		block := new(big.Int).Exp(new(big.Int).SetBytes(wrapped), key.D, key.N).FillBytes(make([]byte, key.Size()))
		switch zero := bytes.IndexByte(block[2:], 0); {
		case block[0] != 0 || block[1] != 2:
			return "evil: no padding of PKCS #1"
		case zero < 8:
			return "evil: no end of padding"
		case len(block)-3-zero != 32:
			return "evil: no key of this size"
		}
		return "evil: a key"
	}
	session, err := xmlenc.OpenKey(ek, m.w.service.key, alg.Legacy, 0)
	if err != nil {
		return "evil: the key does not decrypt"
	}
	text := text64(child(child(data, "CipherData"), "CipherValue"))
	block := must(aes.NewCipher(session.Secret()))
	if len(text) < 32 || len(text)%16 != 0 {
		return "evil: length"
	}
	plain := make([]byte, len(text)-16)
	cipher.NewCBCDecrypter(block, text[:16]).CryptBlocks(plain, text[16:])
	if pad := int(plain[len(plain)-1]); pad < 1 || pad > 16 {
		return "evil: padding"
	} else if _, err := xmltree.Parse(plain[:len(plain)-pad], wide); err != nil {
		return "evil: text"
	}
	return "evil: signature"
}

func openTripleDES(key, text []byte) []byte {
	if len(text) < 16 || len(text)%8 != 0 {
		return nil
	}
	block := must(des.NewTripleDESCipher(key))
	plain := make([]byte, len(text)-8)
	cipher.NewCBCDecrypter(block, text[:8]).CryptBlocks(plain, text[8:])
	return plain[:len(plain)-int(plain[len(plain)-1])%9]
}

func sealTripleDES(key, plain []byte) []byte {
	pad := 8 - len(plain)%8
	plain = append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	block := must(des.NewTripleDESCipher(key))
	out := make([]byte, 8+len(plain))
	copy(out, "test iv.")
	cipher.NewCBCEncrypter(block, out[:8]).CryptBlocks(out[8:], plain)
	return out
}
