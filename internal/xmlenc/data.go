package xmlenc

import (
	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// Data is an xenc:EncryptedData element that was read, and whose cipher the
// suite admits. It is for readers who must decide about it before they open it.
type Data struct {
	d *encrypted
	s alg.Suite
}

// ReadData reads an xenc:EncryptedData element. The ciphertext and then the
// plaintext are put into room, if its capacity is enough for the former. Errors
// are those of [Open].
func ReadData(e xmltree.Elem, s alg.Suite, room []byte) (Data, error) {
	d, err := readData(e, s, room)
	return Data{d, s}, err
}

// Algorithm returns the identifier of the block cipher.
func (x Data) Algorithm() string { return x.d.uri }

// Start returns the first 12 octets of the ciphertext, or fewer if it has not
// as many: the nonce of GCM, and most of the initialization vector of CBC.
func (x Data) Start() []byte { return x.d.value[:min(len(x.d.value), 12)] }

// Open decrypts the data, once: the plaintext takes the place of the ciphertext.
// Errors are those of the function [Open].
func (x Data) Open(key alg.Key) ([]byte, error) { return x.d.open(key, x.s) }
