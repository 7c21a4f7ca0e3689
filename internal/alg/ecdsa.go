package alg

import (
	"crypto/ecdsa"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// XML Signature writes an ECDSA signature as r followed by s, each big-endian and
// as long as the order of the curve; crypto/ecdsa and hardware modules speak DER.

const (
	maxOrderBytes = 66                        // P-521
	maxDER        = 4 + 2*(2+1+maxOrderBytes) // SEQUENCE of two INTEGERs
	derSequence   = 0x30
	derInteger    = 0x02
)

func orderBytes(pub *ecdsa.PublicKey) int { return (pub.Curve.Params().N.BitLen() + 7) / 8 }

// verifyECDSA checks r||s. Values out of range are left to crypto/ecdsa, which
// refuses zero and anything from the order up.
func verifyECDSA(pub *ecdsa.PublicKey, digest, value []byte) bool {
	n := orderBytes(pub)
	if len(value) != 2*n {
		return false
	}
	var der [maxDER]byte
	return ecdsa.VerifyASN1(pub, digest, appendDER(der[:0], value[:n], value[n:]))
}

// appendDER writes the SEQUENCE of two INTEGERs.
func appendDER(d, r, s []byte) []byte {
	var body [maxDER]byte
	b := appendInteger(appendInteger(body[:0], r), s)
	d = append(d, derSequence)
	if len(b) >= 0x80 {
		d = append(d, 0x81)
	}
	return append(append(d, byte(len(b))), b...)
}

// appendInteger writes a DER INTEGER with the value of big-endian p, which is no
// longer than maxOrderBytes.
func appendInteger(b, p []byte) []byte {
	for len(p) > 1 && p[0] == 0 {
		p = p[1:]
	}
	if p[0] >= 0x80 {
		b = append(b, derInteger, byte(len(p)+1), 0)
	} else {
		b = append(b, derInteger, byte(len(p)))
	}
	return append(b, p...)
}

// rawECDSA turns the DER of a signer into r||s. The signer may be foreign, so
// nothing about its answer is taken for granted.
func rawECDSA(pub *ecdsa.PublicKey, der []byte) ([]byte, error) {
	var sig struct{ R, S *big.Int }
	order := pub.Curve.Params().N
	rest, err := asn1.Unmarshal(der, &sig)
	if err != nil || len(rest) > 0 ||
		sig.R.Sign() <= 0 || sig.R.Cmp(order) >= 0 || sig.S.Sign() <= 0 || sig.S.Cmp(order) >= 0 {
		return nil, fmt.Errorf("alg: sign with P-%d key: the key gave no ECDSA signature", pub.Curve.Params().BitSize)
	}
	n := orderBytes(pub)
	raw := make([]byte, 2*n)
	sig.R.FillBytes(raw[:n])
	sig.S.FillBytes(raw[n:])
	return raw, nil
}
